"""The texts of a service: what they say, that any path comes through, and that we know our own files again."""

from __future__ import annotations

import ast
import os
import plistlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from board.errors import BoardError
from supervisor.install import host_of
from supervisor.launchd import Launchd, agent_text
from supervisor.systemd import Systemd
from supervisor.tmux import session_name
from supervisor.unit import Service, Standing, standing, unit_text
from tests.programs import environment

PLAIN = Service(
    name="shop-1a2b3c4d",
    board="/home/ada/shop/tasks.yaml",
    folder="/home/ada/shop",
    argv=("/opt/crewboard/bin/python", "-P", "-m", "supervisor", "run", "--board", "/home/ada/shop/tasks.yaml"),
    env={"PATH": "/home/ada/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
    umask=0o027,
    secrets="/home/ada/.config/crewboard/environment",
)
UNIT = """\
[Unit]
Description=Crewboard (/home/ada/shop/tasks.yaml)
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=:/opt/crewboard/bin/python -P -m supervisor run --board /home/ada/shop/tasks.yaml
WorkingDirectory=/home/ada/shop
Environment=LANG=C.UTF-8
Environment=PATH=/home/ada/bin:/usr/bin:/bin
EnvironmentFile=-/home/ada/.config/crewboard/environment
UMask=0027
WatchdogSec=60
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 5
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=default.target
"""
HOSTILE = [
    *("two words", "100%", "%h", "%%", "$HOME", "${HOME}", "$$", "a$", '"', "'", "it's", "a\\", "\\n", "\\", " ", "a "),
    *(";", "; rm", "#", "=", "a=b", "-", "@x", "!", "é 漢 🦀", "\u00a0", "*", "`id`", "$(id)", "[Service]"),
]


def at(folder: str, name: str = "tasks.yaml") -> Service:
    board = f"{folder}/{name}"
    return replace(PLAIN, board=board, folder=folder, argv=(*PLAIN.argv[:-1], board))


def value(text: str, key: str) -> str:
    found = [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]
    assert len(found) == 1, found
    return found[0]


def words_of(line: str) -> list[str]:
    """As systemd splits it; escapes inside double quotes are C's, and so Python's."""
    words = re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"\'\\]+', line)
    assert " ".join(words) == line
    return [expanded(ast.literal_eval(word) if word.startswith('"') else word) for word in words]


def expanded(text: str) -> str:
    """A percent sign that isn't doubled would be a specifier."""
    assert "%" not in text.replace("%%", "")
    return text.replace("%%", "%")


def test_the_whole_unit() -> None:
    """All of it as it was agreed, behind the line that makes it ours.

    Mutants: KillMode left to its default, which ends tmux and every worker; Restart=always, which a stop can't stop.
    """
    mark, _, body = unit_text(PLAIN).partition("\n")
    assert body == UNIT
    assert mark.startswith("# Written by `supervisor install`")


@pytest.mark.parametrize("name", HOSTILE)
def test_any_path_comes_through(name: str) -> None:
    """Unquoted by hand, it is the path again.

    Mutants: `%` as it is, a quote as it is, a backslash as it is; a blank or a backslash at the line's end.
    """
    text = unit_text(at(f"/home/ada/{name}"))
    assert value(text, "ExecStart")[0] == ":"  # without it, `$` would be a variable
    assert words_of(value(text, "ExecStart")[1:]) == list(at(f"/home/ada/{name}").argv)
    folder = expanded(value(text, "WorkingDirectory"))
    assert os.path.normpath(folder) == f"/home/ada/{name}"
    assert not folder.endswith((" ", "\\"))
    assert len(text.splitlines()) == len(unit_text(PLAIN).splitlines())


@pytest.mark.parametrize("name", HOSTILE)
def test_any_path_variable_comes_through(name: str) -> None:
    """The PATH is one assignment, whatever its folders are called."""
    text = unit_text(replace(PLAIN, env={"PATH": f"/opt/{name}/bin:/bin"}))
    assert words_of(value(text, "Environment")) == [f"PATH=/opt/{name}/bin:/bin"]


@pytest.mark.parametrize("name", ["a\nExecStartPre=/bin/false", "\t", "\x7f", "\udcff", "\x85"])
@pytest.mark.parametrize("write", [unit_text, agent_text])
def test_what_no_unit_can_name_is_refused(name: str, write: type[str]) -> None:
    """A line break would be the next setting, and bytes that are no UTF-8 a line that is ignored. Mutant: no check."""
    with pytest.raises(BoardError, match="no service can name") as caught:
        write(at(f"/home/ada/{name}"))
    assert caught.value.remedy
    assert str(caught.value).isprintable()


def test_a_program_in_a_folder_with_quotes_is_started_by_env() -> None:
    """systemd takes no quote and no backslash in a program's path, but any in an argument."""
    odd = replace(PLAIN, argv=("/home/o'neill/bin/python", *PLAIN.argv[1:]))
    assert value(unit_text(odd), "ExecStart").startswith(':/usr/bin/env -- "/home/o\'neill/bin/python" -P')


# --- systemd's own word on it


def verified(text: str, folder: Path) -> str:
    """What `systemd-analyze` says of a unit with this text; it may say more of other units of the machine."""
    unit, runtime = folder / "crewboard-test.service", folder / "runtime"
    unit.write_text(text, encoding="utf-8")
    runtime.mkdir(mode=0o700, exist_ok=True)
    env = environment(XDG_RUNTIME_DIR=str(runtime), HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"))
    argv = ["systemd-analyze", "--user", "verify", str(unit)]
    done = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return "".join(line for line in done.stderr.splitlines(keepends=True) if unit.name in line)


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@needs_systemd
@pytest.mark.parametrize(
    "name", ["plain", "two words", "%h 100%", "$HOME", "${HOME}$$", 'q"', "it's", "b\\", "é 漢", "e "]
)
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    """It knows every key and value, and finds the program where it really is: a wrongly quoted path isn't there."""
    home = tmp_path / name
    home.mkdir()
    program = home / "python"
    program.symlink_to("/bin/true")
    service = at(str(home))
    service = replace(service, argv=(str(program), *service.argv[1:]), env={"PATH": f"{home}:/bin"})
    assert verified(unit_text(service), tmp_path) == ""


@needs_systemd
def test_systemd_would_find_what_is_wrong(tmp_path: Path) -> None:
    """The judge before is awake: an unknown key and a program that isn't there are told."""
    text = unit_text(replace(PLAIN, argv=("/bin/true",))).replace("UMask", "UMusk")
    assert "UMusk" in verified(text, tmp_path)
    assert "/opt/crewboard" in verified(unit_text(PLAIN), tmp_path)


# --- launchd


def test_the_agent() -> None:
    """What launchd reads, by the library that reads it. Mutant: no AbandonProcessGroup, which may end the workers."""
    read = plistlib.loads(agent_text(PLAIN).encode())
    assert read == {
        "Label": "crewboard.shop-1a2b3c4d",
        "ProgramArguments": list(PLAIN.argv),
        "WorkingDirectory": PLAIN.folder,
        "EnvironmentVariables": dict(PLAIN.env),
        "Umask": 0o027,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "AbandonProcessGroup": True,
        "ExitTimeOut": 90,
        "StandardErrorPath": "/home/ada/shop/.board/supervisor.err",
    }


@pytest.mark.parametrize("name", [*HOSTILE, "<&>", "]]>", "-->", "<plist"])
def test_any_path_comes_through_the_agent(name: str) -> None:
    """XML's own characters too, and the seal holds."""
    text = agent_text(at(f"/Users/ada/{name}"))
    assert plistlib.loads(text.encode())["ProgramArguments"][-1] == f"/Users/ada/{name}/tasks.yaml"
    assert standing(text) is Standing.OURS


# --- whose a file is


@pytest.mark.parametrize("text", [unit_text(PLAIN), agent_text(PLAIN)], ids=["unit", "agent"])
def test_our_own_files_are_known_again(text: str) -> None:
    """As they were written, changed by one character, or without our line. Mutant: the line alone makes it ours."""
    assert standing(text) is Standing.OURS
    assert standing(text.replace("0027", "0022").replace(">23<", ">18<")) is Standing.EDITED
    assert standing(text + "\n") is Standing.EDITED
    assert standing(text.replace("Written by", "Witten by")) is Standing.FOREIGN
    assert standing("") is Standing.FOREIGN
    assert standing(None) is Standing.ABSENT


# --- one service a board


def test_each_board_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Readable, the same each time, and another for a namesake elsewhere or a second board beside it."""
    boards = ["/a/shop/tasks.yaml", "/b/shop/tasks.yaml", "/a/shop/other.yaml"]
    names = [host_of(board, {"XDG_CONFIG_HOME": str(tmp_path)}, "linux").name for board in boards]
    assert len(set(names)) == 3
    assert all(name.startswith("crewboard-shop-") and name.endswith(".service") for name in names)
    assert names[0] == f"crewboard-{session_name(boards[0])}.service"


def test_the_machine_decides_on_the_kind(tmp_path: Path) -> None:
    """launchd on macOS, systemd elsewhere; where files lie is what each of them looks through."""
    env = {"XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/bin:.:/bin:bin:/usr/bin", "TMUX_TMPDIR": "/t", "SECRET": "x"}
    unit, agent = host_of("/b/tasks.yaml", env, "linux"), host_of("/b/tasks.yaml", env, "darwin")
    assert isinstance(unit, Systemd)
    assert isinstance(agent, Launchd)
    assert unit.path == f"{tmp_path}/systemd/user/{unit.name}"
    assert agent.path.endswith(f"/Library/LaunchAgents/{agent.name}.plist")
    assert unit.service.env == {"PATH": "/usr/bin:/bin", "TMUX_TMPDIR": "/t"}
    assert unit.service.secrets == f"{tmp_path}/crewboard/environment"
    assert "SECRET" not in unit.text() + agent.text()

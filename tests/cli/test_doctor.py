"""`supervisor doctor`: what is well is said, what isn't has a remedy, and each check is seen to fail."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from board.store import FileStore
from supervisor import doctor
from supervisor.cli import main
from supervisor.doctor import examine
from supervisor.machine import how_to_install
from supervisor.mounts import Mount, kind_of, longest, mount_of, parse
from supervisor.patient import Finding, Patient, patient_of
from tests.programs import environment

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
BOARD = """\
version: 1
settings:
  tmux: {{socket: {socket}}}
agents:
  odd: {{start: [no-such-program-4711, "${{prompt}}"]}}
tasks:
  - id: one
    title: One
    run: "true"
"""


@pytest.fixture
def place(tmp_path: Path, tmux_socket: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BOARD_FILE", raising=False)
    (tmp_path / "tasks.yaml").write_text(BOARD.format(socket=tmux_socket))
    (tmp_path / ".board").mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(name: str) -> Finding:
    """What the doctor says of one thing, on the board here."""
    findings = [each for each in examine(patient_of(None, os.environ)) if each.name == name]
    assert len(findings) == 1, findings
    return findings[0]


@needs_tmux
@pytest.mark.tmux
def test_a_healthy_board_has_no_failure(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, a line a check; `--json` says the same with a word to branch on."""
    assert main(["doctor"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("LEVEL    CHECK")
    assert "\nfailure" not in said.out
    assert main(["doctor", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    names = {each["name"] for each in told["findings"]}
    assert {"python", "tmux", "git", "socket", "server", "board", "file system", "lock", "disk", "pidfd"} <= names
    assert all(set(each) == {"name", "level", "detail", "remedy"} for each in told["findings"])


def test_it_writes_nothing_but_the_lock(place: Path) -> None:
    """A doctor's visit leaves the folder as it was, but for the lock that it tried."""
    before = (place / "tasks.yaml").read_bytes()
    examine(patient_of(None, os.environ))
    assert (place / "tasks.yaml").read_bytes() == before
    assert {path.name for path in (place / ".board").iterdir()} <= {"lock", ".gitignore"}


def path_without(place: Path, *missing: str) -> str:
    """A PATH of one folder that holds what we need but for `missing`."""
    folder = place / "bin"
    folder.mkdir()
    for program in {"tmux", "git", "sh", "env", "uname"} - set(missing):
        real = shutil.which(program)
        if real is not None:
            (folder / program).symlink_to(real)
    return str(folder)


def test_missing_programs_are_named_with_how_to_install_them(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without tmux nothing works: a failure and exit 1. Without git, worktrees don't."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", path_without(place, "tmux", "git"))
        assert found("tmux") == Finding("tmux", "failure", "tmux is not installed", how_to_install("tmux"))
        assert found("git").level == "warning"
        assert main(["doctor"]) == 1
        assert "apk add tmux" in capsys.readouterr().out
        board = place / "tasks.yaml"
        board.write_text(board.read_text().replace("settings:\n", "settings:\n  worktrees: {enabled: true}\n"))
        assert found("git").level == "failure"


@pytest.mark.parametrize(("said", "level"), [("tmux 3.1c", "failure"), ("tmux 3.2", "ok"), ("tmux master", "ok")])
def test_the_oldest_tmux(place: Path, monkeypatch: pytest.MonkeyPatch, said: str, level: str) -> None:
    """3.2 will do, what is older won't, and a build that doesn't tell is believed."""
    folder = place / "bin"
    folder.mkdir()
    (folder / "tmux").write_text(f"#!{sys.executable}\nprint('{said}')\n")
    (folder / "tmux").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(folder))
        assert found("tmux").level == level


def test_a_broken_board_is_a_failure_and_the_rest_is_still_looked_at(place: Path) -> None:
    """The first problem stands there with its place."""
    (place / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: one\n    stauts: todo\n  - id: TWO\n")
    finding = found("board")
    assert finding.level == "failure"
    assert finding.detail.startswith('tasks.yaml:4:5: unknown key "stauts"')
    assert found("disk").level == "ok"


def test_without_a_board_the_machine_is_looked_at(place: Path) -> None:
    """No board is a failure of its own and hides no other finding."""
    (place / "tasks.yaml").unlink()
    shutil.rmtree(place / ".board")
    assert found("board").level == "failure"
    assert found("python").level == "ok"


def test_a_missing_program_of_an_agent_is_a_failure_when_it_is_needed(place: Path) -> None:
    """An agent that no open task names is only a warning."""
    assert found("agent odd").level == "warning"
    board = place / "tasks.yaml"
    board.write_text(board.read_text() + "  - id: two\n    title: Two\n    agent: odd\n    brief: gone.md\n")
    finding = found("agent odd")
    assert finding.level == "failure"
    assert "no-such-program-4711" in finding.detail
    assert finding.remedy.startswith("install no-such-program-4711")
    assert found("briefs").level == "failure"


def test_the_socket_must_be_short_and_its_folder_ours(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that no socket can have is told before tmux stumbles over it."""
    for folder in (str(place / ("x" * 120)), "/nonexistent/folder"):
        with monkeypatch.context() as patch:
            patch.setenv("TMUX_TMPDIR", folder)
            finding = found("socket")
        assert (finding.level, finding.remedy) == ("failure", "set TMUX_TMPDIR to a short path of a folder of your own")


def test_what_others_could_open_is_refused(place: Path) -> None:
    """tmux itself refuses a folder that others may enter."""
    folder = Path(os.environ["TMUX_TMPDIR"]) / f"tmux-{os.getuid()}"
    folder.mkdir(mode=0o755)
    finding = found("socket")
    assert (finding.level, finding.remedy) == ("failure", f"chmod 700 {folder}")


def test_a_held_lock_is_told_with_its_holder(place: Path) -> None:
    """Somebody at work is no failure; who it is stands there."""
    with FileStore("tasks.yaml").locked():
        finding = found("lock")
    assert finding.level == "warning"
    assert f"pid {os.getpid()}" in finding.detail
    assert found("lock").level == "ok"


def test_leftovers_of_dead_writers_are_named(place: Path) -> None:
    """Only what is old: a writer may be at work."""
    path = place / "tasks.yaml.4711.board-tmp"
    path.write_text("half")
    assert found("leftovers").level == "ok"
    old = time.time() - 3600
    os.utime(path, (old, old))
    finding = found("leftovers")
    assert (finding.level, finding.remedy) == ("warning", f"rm {path}")


def test_a_clock_that_went_back_is_noticed(place: Path) -> None:
    """The board can't have been written in the future."""
    ahead = time.time() + 7200
    os.utime(place / "tasks.yaml", (ahead, ahead))
    assert found("clock").level == "warning"


@pytest.mark.parametrize(("free", "level"), [(300 << 20, "ok"), (100 << 20, "warning"), (1 << 20, "failure")])
def test_room_on_the_disk(place: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    """A full disk stops every write; a nearly full one is told in time."""
    monkeypatch.setattr(doctor, "SHORT_OF_DISK", shutil.disk_usage(place).free + (200 << 20) - free)
    monkeypatch.setattr(doctor, "OUT_OF_DISK", shutil.disk_usage(place).free + (20 << 20) - free)
    assert found("disk").level == level


TABLE = """\
/dev/sda1 / ext4 rw 0 0
host:/export /srv nfs4 rw 0 0
me@host:/ /home/me/far\\040away fuse.sshfs rw 0 0
tmpfs /srv tmpfs rw 0 0
share /srv/deep 9p rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "fstype"),
    [
        ("/etc", "ext4"),
        ("/srvother", "ext4"),
        ("/srv", "tmpfs"),
        ("/srv/deep/er", "9p"),
        ("/home/me/far away/b", "fuse.sshfs"),
    ],
)
def test_the_mount_of_a_path_is_the_nearest_and_the_newest(path: str, fstype: str) -> None:
    """By whole components, and of two at one point the later; mutants: a plain prefix, the first of two."""
    mount = longest(path, parse(TABLE))
    assert mount is not None
    assert mount.fstype == fstype


def test_locks_are_trusted_on_local_disks_alone() -> None:
    """Networks are a failure, a program's own file system too, and what can't be told is a warning."""
    assert {kind_of(each) for each in ("ext4", "xfs", "btrfs", "tmpfs", "apfs", "overlay", "zfs", "fuseblk")} == {
        "local"
    }
    assert {kind_of(each) for each in ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.rclone")} == {"remote"}
    assert kind_of("virtiofs") == "unsure"
    assert longest("/x", []) is None
    assert mount_of("/") is not None


@pytest.mark.parametrize(("fstype", "level"), [("nfs4", "failure"), ("virtiofs", "warning"), ("ext4", "ok")])
def test_a_board_on_a_network_is_a_loud_failure(
    place: Path, monkeypatch: pytest.MonkeyPatch, fstype: str, level: str
) -> None:
    """Two machines could both win there."""
    monkeypatch.setattr(doctor, "mount_of", lambda _: Mount("/far", fstype))
    assert found("file system").level == level


def test_a_check_that_fails_itself_stops_no_other(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a warning that says what happened."""

    def broken(_: Patient) -> Finding:
        raise OSError("no such luck")

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor.python_version))
    first, second = examine(patient_of(None, os.environ))
    assert (first.level, first.detail) == ("warning", "could not tell: no such luck")
    assert second.level == "ok"


# --- the version of an agent

SAYS = """\
agents:
  odd: {{start: [{program}, "${{prompt}}"], version: [{program}, --version]{more}}}
"""


def saying(place: Path, script: str, more: str = ', tested: ["2.1.329"], screens: claude') -> Finding:
    """What is found of an agent whose program is this script; an open task names it."""
    program = place / "agent.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    board = place / "tasks.yaml"
    head, _, tasks = board.read_text().partition("tasks:\n")
    agents = SAYS.format(program=program, more=more)
    board.write_text(f"{head.partition('agents:')[0]}{agents}tasks:\n{tasks}  - {{id: two, prompt: x, agent: odd}}\n")
    return found("agent odd")


def test_a_version_that_was_tried_is_well(place: Path) -> None:
    """It is named with those that it was tried with, however the program words it."""
    finding = saying(place, 'echo "2.1.329 (Claude Code)"')
    assert finding.level == "ok"
    assert finding.detail.rpartition("/")[2] == (
        "agent.sh 2.1.329, tried with 2.1.329, no hooks: what it does is read off its screen, "
        "a later start is a new conversation"
    )


def test_another_version_is_a_warning_that_says_what_may_not_work(place: Path) -> None:
    """The screens may be others, and how to find out. Mutant: a newer version is as good."""
    finding = saying(place, "echo codex-cli 2.1.330")
    assert finding.level == "warning"
    assert "2.1.330, tried with 2.1.329, " in finding.detail
    assert finding.detail.endswith(": its screens may look otherwise, and then its state is `unknown`")
    assert finding.remedy.startswith("supervisor explain ID")


@pytest.mark.parametrize("script", ["exit 1", "echo hello", "echo 2.1.329; exit 3", "kill -9 $$"])
def test_a_program_that_says_no_version_is_a_warning(place: Path, script: str) -> None:
    """It may be broken. Mutants: a failed question's output counts; silence is a version."""
    finding = saying(place, script)
    assert (finding.level, "doesn't say its version" in finding.detail) == ("warning", True)


def test_screens_that_nobody_knows_are_a_warning(place: Path) -> None:
    """With those that are known."""
    finding = saying(place, "echo 1.0", ", screens: clod")
    assert (finding.level, 'no screens are known of "clod"' in finding.detail) == ("warning", True)
    assert "claude" in finding.remedy


def test_an_agent_without_screens_says_what_is_missing(place: Path) -> None:
    """Of which no state is read, and which nobody tried."""
    finding = saying(place, "echo 1.0", "")
    assert (finding.level, finding.detail.rpartition("/")[2]) == (
        "ok",
        "agent.sh 1.0, never tried, its state is not read, a later start is a new conversation",
    )


def test_who_starts_another_program_is_not_asked_for_that_ones_version(place: Path) -> None:
    """A profile made of a shipped one, with a program of its own. Mutant: `claude` is asked all the same."""
    board = place / "tasks.yaml"
    board.write_text(
        board.read_text().replace("[no-such-program-4711,", "[sh, -c,").replace("{start:", "{use: claude, start:")
    )
    lacks = (
        "no hooks: what it does is read off its screen, its conversation can't be learnt: a later start is a new one"
    )
    assert found("agent odd") == Finding("agent odd", "ok", f"sh, {lacks}")


def test_trust_that_cannot_be_told_is_a_warning(place: Path) -> None:
    """Asked for, and of no effect: the person is told so. Mutant killed: silence."""
    finding = saying(place, "echo 1.0", ", trust: worktree")
    assert (finding.level, "can't be told to trust a folder" in finding.detail) == ("warning", True)
    assert "codex and gemini" in finding.remedy


def test_a_profile_that_is_wrong_is_found_with_its_place(place: Path) -> None:
    """In a file of the board's own, also where nobody uses it. Mutants killed: only the board's entries are looked at;
    unknown keys passed over."""
    folder = place / ".board" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vim.yaml").write_text("start: [vim]\nsesion: chosen\n")
    finding = found("agent vim")
    assert finding.level == "warning"
    assert finding.detail == '.board/agents/vim.yaml:2:1: unknown key "sesion" (did you mean "session"?)'

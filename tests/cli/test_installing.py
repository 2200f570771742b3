"""`supervisor install` and `uninstall`: what is written, what is asked of systemd in which order, and what is refused.

The `systemctl` and `loginctl` here are the test's own: they write down what they were asked for and answer as they are
told to. What systemd itself makes of the unit is looked at in `tests/unit/test_unit.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli import main
from supervisor.doctor import examine
from supervisor.install import host_of
from supervisor.instance import Instance
from supervisor.patient import Finding, patient_of
from supervisor.unit import Standing, sealed_line, standing
from tests.cli.conftest import Run, use
from tests.programs import Ended

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
    pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no systemd"),
]

SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$STUB/calls"
[ ! -e "$STUB/deaf" ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
case "$*" in
  *Version*) echo Version=252 ;;
  *MainPID*) cat "$STUB/pid" 2>/dev/null || echo 0 ;;
  *ActiveState*) cat "$STUB/state" 2>/dev/null || printf 'ActiveState=inactive\\nUnitFileState=disabled\\n' ;;
  *"$(cat "$STUB/fails" 2>/dev/null || echo nothing)"*) echo "Job failed." >&2; exit 1 ;;
  *restart*) echo 4711 > "$STUB/pid"; printf 'ActiveState=active\\nUnitFileState=enabled\\n' > "$STUB/state" ;;
esac
"""
LOGINCTL = """\
#!/bin/sh
echo "loginctl $*" >> "$STUB/calls"
case "$*" in
  enable-linger) [ ! -e "$STUB/not-allowed" ] || { echo "Access denied" >&2; exit 1; }; echo yes > "$STUB/linger" ;;
  *) cat "$STUB/linger" 2>/dev/null || echo no ;;
esac
"""
BOARD = "version: 1\ntasks:\n  - id: one\n    title: One\n"


class Machine:
    """A board, a home and a service manager in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.board = folder / "shop" / "tasks.yaml"
        self.stub = folder / "stub"
        self.units = folder / "config" / "systemd" / "user"
        for path in (self.board.parent, self.stub, folder / "home"):
            path.mkdir()
        self.board.write_text(BOARD)
        for name, text in (("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL)):
            (self.stub / name).write_text(text)
            (self.stub / name).chmod(0o755)

    @property
    def unit(self) -> Path:
        return Path(host_of(str(self.board), os.environ, "linux").path)

    def asked(self) -> list[str]:
        """What the managers were asked to do; questions are left out, and all is forgotten."""
        calls = self.stub / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        deeds = [line.removeprefix("--user ") for line in lines if " show" not in line]
        return [line.replace(self.unit.name, "UNIT") for line in deeds]

    def says(self, name: str, text: str = "") -> None:
        (self.stub / name).write_text(text)

    def files(self) -> set[str]:
        """Everything that stands in the home and in the configuration."""
        return {str(path) for top in ("home", "config") for path in (self.folder / top).rglob("*") if path.is_file()}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    use(monkeypatch, made.board.parent)
    monkeypatch.setenv("STUB", str(made.stub))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", f"{made.stub}{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def supervisor(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*words: str) -> Ended:
        code = main(words)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def found(name: str) -> Finding:
    findings = [each for each in examine(patient_of(None, os.environ)) if each.name == name]
    assert len(findings) == 1, findings
    return findings[0]


def test_installing_writes_a_unit_and_turns_it_on(machine: Machine, supervisor: Run) -> None:
    """Read anew, enabled, started, in this order; what was written and whether it outlives the login is told."""
    ended = supervisor("install")
    assert (ended.code, ended.err) == (0, "")
    assert machine.asked() == ["daemon-reload", "enable UNIT", "restart UNIT"]
    text = machine.unit.read_text()
    assert f"-m supervisor run --board {machine.board}" in text
    assert standing(text) is Standing.OURS
    assert machine.files() == {str(machine.unit)}
    assert str(machine.unit) in ended.out
    assert "loginctl enable-linger" in ended.out


def test_installing_twice_is_harmless(machine: Machine, supervisor: Run) -> None:
    """The same text, running and enabled: it says so and touches nothing. Mutant: it is started anew each time."""
    supervisor("install")
    before, _ = machine.unit.stat().st_mtime_ns, machine.asked()
    ended = supervisor("install")
    assert ended.code == 0
    assert ended.out.startswith("supervisor: unchanged: ")
    assert machine.asked() == []
    assert machine.unit.stat().st_mtime_ns == before


def test_what_changed_is_written_and_started_anew(
    machine: Machine, supervisor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another PATH is another text. One that somebody stopped is started, though its text is the same."""
    supervisor("install")
    machine.asked()
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}/opt/agents/bin")
    assert supervisor("install").out.startswith("supervisor: updated: ")
    assert machine.asked() == ["daemon-reload", "enable UNIT", "restart UNIT"]
    assert "/opt/agents/bin" in machine.unit.read_text()
    machine.says("pid", "0")
    assert supervisor("install").out.startswith("supervisor: started: ")


def test_a_dry_run_prints_and_does_nothing(machine: Machine, supervisor: Run) -> None:
    """The text is the one that would be written; also where there is no service manager at all."""
    machine.says("deaf")
    shown = supervisor("install", "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    told = json.loads(supervisor("install", "--dry-run", "--json").out)["service"]
    assert told == {
        "kind": "systemd",
        "name": machine.unit.name,
        "path": str(machine.unit),
        "board": str(machine.board),
        "text": shown.out,
    }
    assert machine.files() == set()
    assert machine.asked() == []
    (machine.stub / "deaf").unlink()
    supervisor("install")
    assert machine.unit.read_text() == shown.out


def test_without_an_answer_nothing_is_left_behind(machine: Machine, supervisor: Run) -> None:
    """A container has no user manager: one line with the way to go, exit 1. Mutant: written before it is asked."""
    machine.says("deaf")
    ended = supervisor("install")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "Failed to connect to bus: No medium found" in ended.err
    assert "`supervisor start`" in ended.err
    assert machine.files() == set()
    assert machine.asked() == []


def test_without_systemd_nothing_is_left_behind(
    machine: Machine, supervisor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where there is no systemctl to ask with."""
    few = machine.folder / "few"
    few.mkdir()
    (few / "tmux").symlink_to(shutil.which("tmux") or "tmux")
    monkeypatch.setenv("PATH", str(few))
    ended = supervisor("install")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "`supervisor start`" in ended.err
    assert machine.files() == set()


@pytest.mark.parametrize("deed", ["daemon-reload", "enable", "restart"])
def test_what_fails_is_taken_back(machine: Machine, supervisor: Run, deed: str) -> None:
    """Whichever step fails: the unit is off, its file gone, and the journal is where to look. Mutant: no undoing."""
    machine.says("fails", deed)
    ended = supervisor("install")
    assert (ended.code, ended.out) == (1, "")
    assert f"systemctl --user {deed}" in ended.err
    assert f"Job failed; journalctl --user -u {machine.unit.name}" in ended.err
    assert machine.files() == set()
    assert machine.asked()[-3:] == ["disable --now UNIT", "daemon-reload", "reset-failed UNIT"]


def test_what_stood_there_comes_back(machine: Machine, supervisor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that ran is not lost to one that doesn't. Mutant: only what is new is undone."""
    supervisor("install")
    before = machine.unit.read_text()
    machine.asked()
    monkeypatch.setenv("LC_ALL", "C")
    machine.says("fails", "enable")
    assert supervisor("install").code == 1
    assert machine.unit.read_text() == before
    assert machine.files() == {str(machine.unit)}
    assert machine.asked() == ["daemon-reload", "enable UNIT"] * 2


@pytest.mark.parametrize("kind", ["a file", "masked", "a link to ours", "a folder"])
@pytest.mark.parametrize("words", [("install",), ("uninstall",), ("install", "--force"), ("uninstall", "--force")])
def test_what_is_not_ours_is_never_touched(machine: Machine, supervisor: Run, kind: str, words: tuple[str]) -> None:
    """Exit 5, whatever was asked; `--force` is about our own. Mutants: no look; force before the look."""
    unit = machine.unit
    unit.parent.mkdir(parents=True)
    match kind:
        case "a file":
            unit.write_text("[Service]\nExecStart=/bin/true\n")
        case "masked":
            unit.symlink_to("/dev/null")
        case "a link to ours":
            (machine.folder / "elsewhere").write_text(host_of(str(machine.board), os.environ, "linux").text())
            unit.symlink_to(machine.folder / "elsewhere")
        case _:
            unit.mkdir()
    before = (os.lstat(unit).st_ino, os.lstat(unit).st_mtime_ns)
    ended = supervisor(*words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (5, "", 1)
    assert "is not ours" in ended.err
    assert (os.lstat(unit).st_ino, os.lstat(unit).st_mtime_ns) == before
    assert machine.asked() == []
    assert found("service").level == "warning"


def test_what_a_person_changed_in_it_is_kept(machine: Machine, supervisor: Run) -> None:
    """A hand edit of our file is refused, and given up only when that is said. Mutant: our line alone makes it ours."""
    supervisor("install")
    edited = machine.unit.read_text().replace("RestartSec=5", "RestartSec=50")
    machine.unit.write_text(edited)
    machine.asked()
    for command in ("install", "uninstall"):
        ended = supervisor(command)
        assert ended.code == 5
        assert "was changed by hand; --force" in ended.err
        assert machine.unit.read_text() == edited
    assert machine.asked() == []
    assert found("service").remedy.startswith("supervisor install --force")
    assert supervisor("install", "--force").code == 0
    assert "RestartSec=5\n" in machine.unit.read_text()


def test_uninstalling_takes_back_what_was_installed(machine: Machine, supervisor: Run) -> None:
    """Off, gone, forgotten; other units stay, and once more is harmless. Mutant: a pattern instead of the one name."""
    supervisor("install")
    neighbour = machine.units / f"{machine.unit.name}.backup.service"
    neighbour.write_text(machine.unit.read_text())
    machine.asked()
    ended = supervisor("uninstall")
    assert (ended.code, ended.err) == (0, "")
    assert machine.asked() == ["disable --now UNIT", "daemon-reload", "reset-failed UNIT"]
    assert machine.files() == {str(neighbour)}
    again = supervisor("uninstall", "--json")
    assert (again.code, json.loads(again.out)["service"]["result"]) == (0, "absent")
    assert machine.asked() == []


def test_uninstalling_without_an_answer_changes_nothing(machine: Machine, supervisor: Run) -> None:
    """The service may run: its file stays until it is off. Mutant: the file goes first."""
    supervisor("install")
    machine.says("deaf")
    assert supervisor("uninstall").code == 1
    assert machine.unit.exists()


def test_uninstalling_needs_no_usable_board(machine: Machine, supervisor: Run) -> None:
    """Whoever broke the board or deleted it may still get rid of its service."""
    supervisor("install")
    machine.board.write_text("tasks: [")
    assert supervisor("uninstall").code == 0
    assert machine.files() == set()


def test_two_boards_have_two_services(machine: Machine, supervisor: Run) -> None:
    """Each is taken back alone."""
    second = machine.board.with_name("other.yaml")
    second.write_text(BOARD)
    supervisor("install")
    machine.says("pid", "0")
    assert supervisor("install", "--board", str(second)).code == 0
    assert len(machine.files()) == 2
    assert supervisor("uninstall", "--board", str(second)).code == 0
    assert machine.files() == {str(machine.unit)}


def test_a_board_that_somebody_else_keeps_is_refused(machine: Machine, supervisor: Run) -> None:
    """The service could not start beside it; the service's own supervisor is not somebody else. Mutant: no look."""
    side = machine.board.parent / ".board"
    side.mkdir()
    keeper = Instance(str(side))
    keeper.take("alice@here", 1_800_000_000.0)
    try:
        ended = supervisor("install")
        assert ended.code == 5
        assert "kept by alice@here" in ended.err
        assert machine.files() == set()
        machine.says("pid", str(os.getpid()))
        assert supervisor("install").code == 0
    finally:
        keeper.release()


def test_a_worker_installs_nothing(machine: Machine, supervisor: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment isn't the person's, and what it starts is to end with it."""
    monkeypatch.setenv("CREWBOARD_ATTEMPT", "home/one/1/1")
    assert supervisor("install").code == 5
    assert machine.files() == set()


def test_a_board_that_is_broken_is_not_installed(machine: Machine, supervisor: Run) -> None:
    """It could not be kept: exit 3 now instead of a service that fails each five seconds."""
    machine.board.write_text("tasks: [")
    assert supervisor("install").code == 3
    assert machine.files() == set()


def test_lingering_is_switched_on_only_when_asked_for(machine: Machine, supervisor: Run) -> None:
    """It is a setting of the whole account. Mutant: switched on with each installation."""
    told: dict[str, Any] = json.loads(supervisor("install", "--json").out)["service"]
    assert (told["result"], told["lingering"]) == ("installed", False)
    assert "loginctl enable-linger" not in machine.asked()
    told = json.loads(supervisor("install", "--linger", "--json").out)["service"]
    assert (told["result"], told["lingering"]) == ("unchanged", True)
    assert machine.asked() == ["loginctl enable-linger"]
    assert "lingering" not in supervisor("install").out.replace(str(machine.folder), "")


def test_lingering_that_is_not_allowed_is_told(machine: Machine, supervisor: Run) -> None:
    """The service stays installed: it is the lingering that failed, with who may do it."""
    machine.says("not-allowed")
    ended = supervisor("install", "--linger")
    assert ended.code == 1
    assert "Access denied; an administrator may do it" in ended.err
    assert machine.unit.exists()


def test_the_doctor_looks_at_the_service(machine: Machine, supervisor: Run) -> None:
    """None, running, failed, or one that starts another installation than this."""
    assert found("service") == Finding("service", "ok", "none is installed")
    supervisor("install")
    assert found("service") == Finding("service", "ok", f"{machine.unit.name}: active, enabled")
    machine.says("state", "ActiveState=failed\nUnitFileState=enabled\n")
    finding = found("service")
    assert finding.level == "failure"
    assert f"journalctl --user -u {machine.unit.name}" in finding.remedy
    machine.says("deaf")
    assert found("service").detail.endswith("its manager does not answer")
    (machine.stub / "deaf").unlink()
    moved = host_of(str(machine.board), os.environ, "linux").text().replace(sys.executable, "/gone/python")
    machine.unit.write_text(resealed(moved))
    assert found("service").detail == f"{machine.unit.name} starts another installation"


def resealed(text: str) -> str:
    """As another installation of ours would have written it."""
    body = text.partition("\n")[2]
    return sealed_line("# ", body) + body

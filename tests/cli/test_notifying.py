"""`supervisor notify`, and what the doctor and `board check` say of the ways."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.cli import main
from supervisor.doctor import examine
from supervisor.notify.queue import Queue
from supervisor.patient import patient_of
from tests.cli.conftest import use
from tests.programs import Ended, environment
from tests.web_hook import web_hook

Keeper = Callable[..., Ended]


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keeper:
    """`supervisor WORDS` in a folder whose board has the given rules."""
    use(monkeypatch, tmp_path)
    monkeypatch.delenv("CREWBOARD_PHONE", raising=False)

    def ran(*words: str, rules: str | None = None) -> Ended:
        if rules is not None:
            (tmp_path / "tasks.yaml").write_text(f"version: 1\nsettings: {{notify: [{rules}]}}\ntasks: []\n")
        code = main(words)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def test_a_test_says_what_came_of_each_way(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 where one did not arrive, with why and without the address; in JSON too. Nothing is queued or journalled.

    Mutants: always 0; the address in the problem.
    """
    with web_hook() as hook:
        hook.answer = lambda: (200 if not hook.bodies else 404, {})
        monkeypatch.setenv("CREWBOARD_PHONE", f"{hook.url}/abcdefgh")
        rules = '{to: ["env:CREWBOARD_PHONE", "file:none"], command: "exit 4"}'
        found = keeper("notify", "--test", rules=rules)
        assert found.code == 1
        rows = [line.split(None, 2)[:2] for line in found.out.splitlines()[1:]]
        assert rows == [["env:CREWBOARD_PHONE", "sent"], ["file:none", "failed"], ["command:exit", "4"]]
        told = json.loads(keeper("notify", "--test", "--json").out)
        assert [each["problem"] for each in told["ways"]][::2] == ["HTTP 404", "exit 4"]
        assert "abcdefgh" not in json.dumps(told)
        assert [each["count"] for each in hook.messages] == [0, 0]
    assert keeper("notify", "--test", rules="{command: 'true'}").code == 0
    assert not Path(".board/notify").exists()


def test_a_library_says_nothing_of_its_own(keeper: Keeper, tmp_path: Path) -> None:
    """In a real process, whose stderr nobody catches before it is written: Apprise logs addresses."""
    keeper("notify", rules='{to: ["env:CREWBOARD_PHONE"]}')
    argv = [sys.executable, "-m", "supervisor", "notify", "--test"]
    env = environment(CREWBOARD_PHONE="nonsense://abcdefgh")
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Apprise can't read this address" in done.stdout
    assert "abcdefgh" not in done.stdout


def test_without_rules_nobody_is_told(keeper: Keeper) -> None:
    """And that is said, with where things are shown all the same."""
    assert keeper("notify", rules="").out.startswith("nobody is told of anything: settings.notify has no rules")
    assert keeper("notify", "--test").out.startswith("settings.notify has no rules")


def test_what_waits_is_shown(keeper: Keeper, tmp_path: Path) -> None:
    """Rules, what waits with its problem, and how many were given up."""
    rules = '{command: "true", kinds: [held], severity: warn}'
    assert keeper("notify", rules=rules).out.splitlines()[1].split() == ["command:true", "warn", "held"]
    queue = Queue(str(tmp_path / ".board"))
    queue.put(json.dumps({"way": "command:true", "attempts": 2, "due_at": 4e9, "problem": "HTTP 503"}))  # type: ignore[arg-type]
    queue.lose(3)
    found = keeper("notify")
    assert "HTTP 503" in found.out
    assert found.out.endswith("3 were given up: board log --event notification_failed\n")
    told = json.loads(keeper("notify", "--json").out)
    assert (told["waiting"][0]["attempts"], told["lost_count"]) == (2, 3)


def test_the_doctor_tries_no_way_and_shows_no_address(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that isn't set, a file that others can read, an address that nobody can read; and what is well.

    Mutants: each fault passed over.
    """
    monkeypatch.setenv("CREWBOARD_PHONE", "nonsense://abcdefgh")
    (tmp_path / "urls").write_text("json://127.0.0.1/x\n")
    ways = ("env:CREWBOARD_PHONE", "env:NOT_SET", "file:urls", "https://example.org/hook")
    keeper("notify", rules=f"{{to: [{', '.join(map(json.dumps, ways))}]}}")
    env = {"CREWBOARD_PHONE": "nonsense://abcdefgh"}
    found = {each.name: each for each in examine(patient_of(None, env)) if each.name.startswith("notify ")}
    assert [found[f"notify {way}"].level for way in ways] == ["warning", "warning", "warning", "ok"]
    assert "chmod 600" in found["notify file:urls"].detail
    assert "abcdefgh" not in str(found)
    (tmp_path / "urls").chmod(0o600)
    again = {each.name: each for each in examine(patient_of(None, env))}
    assert again["notify file:urls"].level == "ok"

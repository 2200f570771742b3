"""What came of a run, stored and shown: real tmux, real git, headless stand-ins, supervisors that die."""

from __future__ import annotations

import json
import signal
import stat
from pathlib import Path
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest

from tests import repositories as repos
from tests.agents import agent
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux


def stored(house: House, task: str) -> dict[str, Any]:
    path = house.side / "results" / f"{task}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def comes(house: House, task: str, **wanted: object) -> dict[str, Any]:
    """The stored result, once it says all of this."""

    def found() -> dict[str, Any]:
        result = stored(house, task)
        return result if result and all(result.get(key) == value for key, value in wanted.items()) else {}

    return eventually(found, 20, lambda: f"{task}: {wanted}, not {stored(house, task)}; {house.tail(task)}")


def everywhere(folder: Path, secret: str) -> list[Path]:
    paths = [path for path in folder.rglob("*") if path.is_file() and "bin" not in path.parts]
    return [path for path in paths if secret.encode() in path.read_bytes()]


def test_a_run_that_is_waited_for_says_what_came_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`board run --wait` takes the headless profile, follows the run, and prints the message, the commit and the check;
    its secret stands on no disk and on no screen, also where git has it. Mutant killed: the result written as it is."""
    repos.isolate(monkeypatch)
    for name, value in repos.IDENTITY.items():
        monkeypatch.setenv(name, value)
    token = "ghp_" + "".join(Random(11).choices(ascii_letters + digits, k=36))
    body = f"""
assert "propose a refactor" in sys.argv[-1], sys.argv
open("plan.md", "w").write("split it\\n")
for words in (["add", "plan.md"], ["commit", "-qm", "Propose a refactor, not {token}"]):
    subprocess.run(["git", *words], check=True)
print("I propose to split it.\\nThe key was {token}, by the way.")
"""
    robot = agent(house.folder, "robot", body)
    repos.unborn(tmp_path / "shop")
    house.folder = tmp_path / "shop"
    house.path, house.side = house.folder / "tasks.yaml", house.folder / ".board"
    house.write("", settings="  worktrees: {enabled: true, copy: []}\n")
    text = house.path.read_text().replace("done_when: []", "done_when: [clean]").removesuffix("tasks:\n")
    agents = (
        f"agents:\n  bot: {{start: ['false']}}\n  bot-headless: {{start: ['{robot}', '${{prompt}}'], settles: exit}}\n"
    )
    house.path.write_text(f"{text}{agents}tasks: []\n")
    (house.folder / ".gitignore").write_text("tasks.yaml\n.board\n")
    repos.commit(house.folder, ".gitignore", "tasks.yaml\n.board\n", "Start")
    house.start(env=repos.IDENTITY)
    ended = house.says("run", "Read it all and propose a refactor", "--agent", "bot", "--wait", "60s")
    assert ended.code == 0, (ended, house.tail(None))
    assert "added read-it-all-and-propose-a-refactor for bot-headless\n" in ended.err
    assert "I propose to split it.\n" in ended.out
    assert "The key was [REDACTED:" in ended.out
    result = comes(house, "read-it-all-and-propose-a-refactor", status="done")
    [subject] = [each["subject"] for each in result["commits"]]
    assert subject.startswith("Propose a refactor, not [REDACTED:")
    assert result["files"] == [{"path": "plan.md", "added": 1, "removed": 0}]
    assert (result["exit"], result["attempt"], result["commits_count"]) == ("exit 0", 1, 1)
    assert [each["check"] for each in result["checks"]] == ["clean"]
    assert "Propose a refactor, not [REDACTED:" in ended.out
    assert token not in ended.out + ended.err
    assert everywhere(house.side, token) == []
    path = house.side / "results" / "read-it-all-and-propose-a-refactor.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = house.says("result", "read-it-all-and-propose-a-refactor", "--json")
    assert json.loads(again.out)["result"]["message"].startswith("I propose to split it.\n")


def worker(house: House, body: str, **more: str) -> str:
    """A task whose agent, a stand-in for Claude Code, works in the board's folder and says itself that it is done."""
    lines = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  - {{id: t, run: {agent(house.folder, 'claude', body)}{lines}}}\n"


DONE = 'subprocess.run([sys.executable, "-m", "board", "done"], env=ENV, check=True, capture_output=True)'


def test_a_supervisor_that_died_leaves_the_result_to_the_next_one(house: House) -> None:
    """The task is settled while none lives: what came of it is told by the record, its message by the hook that spoke
    meanwhile; its secret lies nowhere. Mutant killed: what ended before our time is nobody's."""
    token = "ghp_" + "".join(Random(12).choices(ascii_letters + digits, k=36))
    body = f"""
hook("UserPromptSubmit", prompt="go")
wait_for("down")
{DONE}
hook("Stop", last_assistant_message="All is split.\\nThe key is {token}.", background_tasks=[], session_crons=[])
open(os.path.join(HERE, "said"), "w").close()
wait_for("end")
"""
    house.write(worker(house, body))
    first = house.start()
    house.happened("t", "agent_signal_seen")
    house.end(first, signal.SIGKILL)
    (house.folder / "down").touch()
    eventually((house.folder / "said").exists, 15, "it has said its last word")
    assert house.has("t", "done")
    assert stored(house, "t") == {}
    assert house.says("result", "t").code == 4
    house.start()
    result = comes(house, "t", status="done", message_source="hook")
    assert result["message"].startswith("All is split.\nThe key is [REDACTED:")
    assert everywhere(house.side, token) == []
    (house.folder / "end").touch()


def test_a_killed_supervisor_loses_no_result(house: House) -> None:
    """Killed once the end is on record, whether or not the result was written by then: the next one sees to it."""
    house.write("  - {id: t, run: 'echo begun; until test -e $HERE/go; do sleep 0.05; done; echo the last word'}\n")
    first = house.start()
    log = house.side / "output" / "t.log"
    eventually(lambda: log.exists() and "begun" in log.read_text(), 15, "its output is recorded")
    (house.folder / "go").touch()
    house.reaches("t", "done")
    house.end(first, signal.SIGKILL)
    house.start()
    result = comes(house, "t", status="done", exit="exit 0", message="begun\nthe last word")
    assert result["message_source"] == "output"


def test_a_death_is_a_result_and_a_later_run_replaces_it(house: House) -> None:
    """Held by a rule, with what it said; then done by a further attempt. A step whose brief nobody wrote is not begun.
    Mutant killed: one write."""
    (house.folder / "again").write_text("no")
    house.write(
        "  - {id: t, run: 'echo attempt $(cat $HERE/again); grep -q yes $HERE/again'}\n"
        "  - {id: u, kind: revew, agent: shell, prompt: 'true'}\n"
    )
    house.start()
    held = comes(house, "t", status="blocked", rule="not-resumable", message="attempt no")
    assert (held["exit"], held["attempt"]) == ("exit 1", 1)
    page = house.says("result", "t")
    assert page.code == 0
    assert "not-resumable" in page.out
    (house.folder / "again").write_text("yes")
    assert house.says("approve", "t").code == 0
    done = comes(house, "t", status="done", message="attempt yes")
    assert (done["exit"], done["attempt"]) == ("exit 0", 2)
    blocked = house.reaches("u", "blocked").blocked
    assert blocked is not None
    assert 'there is no brief "revew"' in blocked.on
    assert house.starts("u") == 0


def test_last_words_that_come_late_are_taken_in(house: House) -> None:
    """An agent says `board done` in the middle of its turn, and then what it has to say; once it is idle it is ended.
    Mutants killed: one write; no grace for a worker that called it done; the whole of it for one that is idle."""
    body = f"""
hook("SessionStart", source="startup")
{DONE}
wait_for("stored")
hook("Stop", last_assistant_message="Now I am through.", background_tasks=[], session_crons=[])
wait_for("end")
"""
    house.write(worker(house, body))
    text = house.path.read_text()
    house.path.write_text(text.replace("grace: 200ms", "grace: 30s"))
    house.start()
    comes(house, "t", status="done")
    (house.folder / "stored").touch()
    comes(house, "t", status="done", message="Now I am through.", message_source="hook")
    house.happened("t", "worker_stopped")

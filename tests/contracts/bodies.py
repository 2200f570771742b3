"""The contract of a shipped profile, as test bodies for any rig: a stand-in or the real program."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from supervisor.processes import identify, is_alive, send
from tests.contracts.rig import Rig
from tests.house import House
from tests.waiting import eventually

SETTINGS = "  stall_after: 10m\n  worktrees: {enabled: true, copy: []}\n"


class Case:
    """One task: its prompt, and what home its agent finds (`rig.Site`)."""

    def __init__(
        self, name: str, prompt: str, *, is_known: bool = True, is_resumable: bool = False, is_asked: bool = False
    ) -> None:
        self.name = name
        self.prompt = prompt
        self.is_known = is_known
        self.is_resumable = is_resumable
        self.is_asked = is_asked


def crew(house: House, rig: Rig, profile: str, cases: Iterable[Case]) -> None:
    """Each task with the shipped profile as it is, but for a home of its own."""
    agents, tasks = [], []
    for case in cases:
        home = rig.home(case.name, is_known=case.is_known, is_asked=case.is_asked)
        agents.append(f'  {case.name}: {{use: {profile}, env: {{HOME: "{home}"}}}}\n')
        tasks.append(
            f"  - {{id: {case.name}, agent: {case.name}, resumable: {str(case.is_resumable).lower()}, "
            f'prompt: "{case.prompt}"}}\n'
        )
    house.write("".join(tasks), settings=SETTINGS)
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents:\n{''.join(agents)}tasks:\n", 1), encoding="utf-8")


def seen(house: House, task: str) -> dict[str, Any]:
    found: dict[str, Any] = house.status().get("tasks", {}).get(task, {})
    return found


def comes_to(house: House, rig: Rig, task: str, state: str, rule: str | None = None) -> dict[str, Any]:
    def found() -> bool:
        view = seen(house, task)
        return view.get("agent_state") == state and (rule is None or view.get("agent_rule") == rule)

    eventually(found, rig.patience, lambda: f"{task} is {state}: {shown(house, task)} {house.tail(task)}")
    return seen(house, task)


def shown(house: House, task: str) -> str:
    """What its pane shows, for a test that failed."""
    view = seen(house, task)
    argv = ["tmux", "-L", house.socket, "capture-pane", "-p", "-J", "-t", str(view.get("pane"))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    return f"{view}\n{done.stdout}{done.stderr}"


def states(house: House, rig: Rig) -> None:
    """What an agent does is told as it is, from its start on; a first-run dialog is told and never typed at.

    Mutants: the trust screen's rule left out; `typed at` where any key reaches the dialog; a title believed that says
    `busy` for everything.
    """
    kind = rig.kind
    asked = rig.folder / "asked-for"
    cases = [
        Case("done", "HELLO"),
        Case("slow", "SLOW"),
        Case("asks", kind.ask.format(command=f"touch {asked}"), is_asked=True),
        Case("limit", "RATELIMIT"),
        Case("login", "AUTHFAIL"),
    ]
    if kind.dialog is not None:
        cases.append(Case("fresh", "HELLO", is_known=False))
    crew(house, rig, kind.agent, cases)
    house.start(env=rig.environment())
    if kind.dialog is not None:
        comes_to(house, rig, "fresh", "starting")
        comes_to(house, rig, "fresh", "asking", kind.dialog)
    comes_to(house, rig, "slow", "busy")
    comes_to(house, rig, "done", "idle")
    comes_to(house, rig, "asks", "asking")
    eventually(
        lambda: asked.name in (seen(house, "asks")["question"] or ""), rig.patience, lambda: shown(house, "asks")
    )
    comes_to(house, rig, "limit", kind.limited)
    comes_to(house, rig, "login", kind.refused)
    assert not asked.exists()
    assert len(rig.texts("task `slow`")) == 1
    if kind.dialog is not None:
        assert seen(house, "fresh")["agent_rule"] == kind.dialog
        assert rig.texts("task `fresh`") == []
    assert {house.starts(case.name) for case in cases} == {1}
    assert all(is_alive(identify(house.pid(case.name))) for case in cases)  # type: ignore[arg-type]


def goes_on(house: House, rig: Rig, profile: str, prompt: str = "SLOW") -> None:
    """Killed in the middle of a turn it is started again with its conversation: what was said before is before the
    model again, and there is one conversation, not two. Mutants: `resume` is `start`; another session's id."""
    crew(house, rig, profile, [Case("slow", prompt, is_resumable=True)])
    house.start(env=rig.environment())
    eventually(lambda: rig.texts("task `slow`"), rig.patience, lambda: f"its first turn: {house.tail('slow')}")
    if rig.kind.conversation is not None:
        home = rig.folder / "homes" / "slow"
        eventually(lambda: list(home.glob(rig.kind.conversation or "")), rig.patience, "its conversation on disk")
    worker = identify(house.pid("slow"))
    assert worker is not None
    send(worker, signal.SIGKILL)
    assert house.happened("slow", "worker_restarted")[0]["cause"] == "signal 9"
    again = eventually(
        lambda: next((each for each in rig.texts("task `slow`") if "This is attempt 2" in each[-1]), None),
        rig.patience,
        lambda: f"its second turn: {house.tail('slow')} {rig.texts('task `slow`')}",
    )
    has_first = any("task `slow`" in text and "This is attempt" not in text for text in again[:-1])
    assert has_first == rig.kind.keeps


def ends(house: House, rig: Rig) -> None:
    """Without a screen: exit 0 settles, anything else is a death with its code; a limit waits, and isn't tried again.

    Mutants: `settles` left out; any exit settles; `limited` left out.
    """
    kind = rig.kind
    assert kind.headless is not None
    cases = [Case("done", "HELLO"), *(Case(word.lower(), word) for word in kind.outcomes)]
    crew(house, rig, kind.headless, cases)
    house.start(env=rig.environment())
    house.reaches("done", "done", rig.patience)
    for word, code in kind.outcomes.items():
        task = house.reaches(word.lower(), "blocked", rig.patience)
        assert task.run is not None
        assert task.run.last_exit == f"exit {code}"
        assert house.starts(word.lower()) == 1


def refuses(rig: Rig) -> None:
    """Command lines that are wrong end at once, with the measured code."""
    home = rig.home("refusals")
    for each in rig.kind.refusals:
        done = rig.run(home, *each.argv)
        assert (done.returncode, each.says in done.stdout + done.stderr) == (each.code, True), (each, done)


def files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.rglob(pattern))

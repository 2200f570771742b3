"""The contract of a shipped profile, as test bodies for any rig: a stand-in or the real program."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable
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


def crew(house: House, rig: Rig, profile: str, cases: Iterable[Case], more: str = "") -> None:
    """Each task with the shipped profile as it is, but for a home of its own and whatever `more` keys say."""
    agents, tasks = [], []
    for case in cases:
        home = rig.home(case.name, is_known=case.is_known, is_asked=case.is_asked)
        agents.append(f'  {case.name}: {{use: {profile}, env: {{HOME: "{home}"}}{more}}}\n')
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


def in_a_screen(house: House, rig: Rig) -> None:
    """What an agent does is told as it is, from its start on; a first-run dialog is told and never typed at; and who is
    killed at work goes on (`goes_on`).

    Mutants seen red: no rule for Claude's trust dialog; a rule that takes Gemini's ready title for a question.
    """
    kind, asked = rig.kind, rig.folder / "asked-for"
    cases = [
        *([Case("done", "HELLO")] if kind.stays else []),
        Case("slow", "SLOW", is_resumable=True),
        Case("asks", kind.ask.format(command=f"touch {asked}"), is_asked=True),
        *([Case("limit", "RATELIMIT")] if kind.limited else []),
        *([Case("login", "AUTHFAIL")] if kind.refused else []),
        *([Case("fresh", "HELLO", is_known=False)] if kind.dialog else []),
    ]
    crew(house, rig, str(kind.screen), cases)
    house.start(env=rig.environment())
    if kind.dialog:
        comes_to(house, rig, "fresh", "asking", kind.dialog)
    comes_to(house, rig, "slow", "busy")
    if kind.stays:
        comes_to(house, rig, "done", "idle")
    comes_to(house, rig, "asks", "asking")
    eventually(
        lambda: asked.name in (seen(house, "asks")["question"] or ""), rig.patience, lambda: shown(house, "asks")
    )
    if kind.limited:
        comes_to(house, rig, "limit", kind.limited)
    if kind.refused:
        comes_to(house, rig, "login", kind.refused)
    assert not asked.exists()
    if kind.dialog:
        assert seen(house, "fresh")["agent_rule"] == kind.dialog
        assert rig.texts("task `fresh`") == [] or not kind.is_held
    assert {house.starts(case.name) for case in cases} == {1}
    assert all(lives(house.pid(case.name)) for case in cases)
    goes_on(house, rig, "slow", str(kind.screen))


def without_a_screen(house: House, rig: Rig) -> None:
    """Exit 0 settles, where the profile says so; anything else is a death with its code, and nobody tries again; and
    who is killed at work goes on (`goes_on`). Mutant seen red: a headless profile without `settles`."""
    kind = rig.kind
    failing = {word.lower(): code for word, code in kind.outcomes.items()}
    cases = [Case("done", "HELLO"), *(Case(word, word.upper()) for word in failing)]
    crew(house, rig, str(kind.headless), [*cases, Case("slow", "SLOW", is_resumable=True)])
    house.start(env=rig.environment())
    house.reaches("done", "done" if kind.settles else "blocked", rig.patience)
    for task, code in failing.items():
        run = house.reaches(task, "blocked", rig.patience).run
        assert run is not None
        assert run.last_exit == f"exit {code}"
        assert house.starts(task) == 1
    goes_on(house, rig, "slow", str(kind.headless))


def goes_on(house: House, rig: Rig, task: str, profile: str) -> None:
    """Killed in the middle of a turn it is started again with its conversation: what was said before is before the
    model again. Where it keeps none, or has none yet, it is told anew, and not refused.

    Mutants seen red: Claude's `resume` chooses the id again; Codex's begins a new conversation.
    """
    eventually(lambda: rig.texts(f"task `{task}`"), rig.patience, lambda: f"its first turn: {house.tail(task)}")
    pattern, keeps = rig.kind.conversation, profile in rig.kind.keeps
    if pattern and keeps:
        home = rig.folder / "homes" / task
        eventually(lambda: list(home.glob(pattern)), rig.patience, "its conversation is on disk")
    worker = identify(house.pid(task))
    assert worker is not None
    send(worker, signal.SIGKILL)
    assert house.happened(task, "worker_restarted")[0]["cause"] == "signal 9"
    again = eventually(
        lambda: next((each for each in rig.texts(f"task `{task}`") if "This is attempt 2" in each[-1]), None),
        rig.patience,
        lambda: f"its second turn: {house.tail(task)} {rig.texts(f'task `{task}`')}",
    )
    assert any("This is attempt" not in text for text in again[:-1]) or not keeps


def lives(pid: int) -> bool:
    process = identify(pid)
    return process is not None and is_alive(process)


def refuses(rig: Rig) -> None:
    """Command lines that are wrong end at once, with the measured code."""
    home = rig.home("refusals")
    for each in rig.kind.refusals:
        done = rig.run(home, *each.argv)
        assert (done.returncode, each.says in done.stdout + done.stderr) == (each.code, True), (each, done)

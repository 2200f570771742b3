"""Playing the demo: kill what is to be killed, approve what is to be approved, then check and tell."""

from __future__ import annotations

import os
import shutil
import sys
import time
from functools import partial

from board.errors import BoardError
from board.journal.shown import render
from board.model import ENDED, Status
from supervisor.demo.promises import PROMISES, Outcome, Promise
from supervisor.demo.stage import Stage, wait_until

WITHIN = 22.0  # seconds for everything that is played; the checks come after it
_MATTERING = ("worker_started", "worker_died", "worker_restarted", "step_held", "step_approved", "task_done")


def run(*, keep: bool, break_promise: int | None = None, within: float = WITHIN) -> int:
    """0 when each of the six promises was kept, 1 otherwise. Raises BoardError where tmux or git is missing.

    `break_promise` spoils the scene of one promise, to show that its check can fail; `within` bounds the play.
    """
    for program, why in (("tmux", "workers live in its panes"), ("git", "the workers of the demo commit")):
        if shutil.which(program) is None:
            raise BoardError(f"{program} is missing: {why}", install_hint(program))
    stage = Stage(break_promise)
    try:
        stage.build()
        return _play(stage, within, keep=keep)
    finally:
        stage.take_down(keep=keep)


def install_hint(program: str) -> str:
    """The install command of the common systems."""
    ways = ("apt install", "dnf install", "apk add", "pacman -S", "brew install")
    return " | ".join(f"{way} {program}" for way in ways)


def _play(stage: Stage, within: float, *, keep: bool) -> int:
    said = _Voice()
    said.say("a scratch repository, a board with seven tasks, and a real supervisor on a tmux server of its own")
    stage.start_supervisor()
    deadline = time.monotonic() + within
    if wait_until(lambda: bool(stage.lines("charges.txt")), deadline):
        pid = _killed(stage, "charge-cards", deadline)
        said.say(f"charge-cards has charged once; SIGKILL to its worker (pid {pid})")
    if wait_until((stage.top / "import-was-here").exists, deadline):
        pid = _killed(stage, "import-orders", deadline)
        said.say(f"import-orders is at batch 2 of 4; SIGKILL to its worker (pid {pid})")
    if wait_until(partial(_waits_at_gate, stage), deadline):
        said.say("deploy waits at its gate: board approve deploy")
        stage.command("approve", "deploy", "--as", "you")
    wait_until(partial(_is_over, stage), deadline)
    outcomes = [(promise, _checked(promise, stage)) for promise in PROMISES]
    said.journal(stage)
    said.table(outcomes)
    if keep:
        said.line(f"kept: {stage.repo} (board why charge-cards, supervisor logs print-config)")
    kept = sum(outcome.kept for _, outcome in outcomes)
    said.line(f"{kept} of {len(outcomes)} promises kept in {said.elapsed():.1f} s")
    return 0 if kept == len(outcomes) else 1


def _killed(stage: Stage, task: str, deadline: float) -> int | None:
    """The worker may have done its first deed before its start stands in the journal."""
    wait_until(lambda: bool(stage.journal(task, "worker_started")), deadline)
    return stage.kill_worker(task)


def _checked(promise: Promise, stage: Stage) -> Outcome:
    try:
        return promise.check(stage)
    except (BoardError, OSError, AssertionError) as error:
        return Outcome(kept=False, evidence=f"could not be checked: {error}")


def _waits_at_gate(stage: Stage) -> bool:
    return any(line["rule"] == "gated" for line in stage.journal("deploy", "decision_made"))


def _is_over(stage: Stage) -> bool:
    return all(task.status in ENDED or task.status is Status.BLOCKED for task in stage.board().tasks)


class _Voice:
    """Words to whoever looks on: live, plain where there is no terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def line(self, text: str = "") -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        self.line(f"[{self.elapsed():4.1f} s] {text}")

    def journal(self, stage: Stage) -> None:
        self.line("\nwhat the journal says (.board/journal):")
        for record in stage.journal(None, *_MATTERING):
            self.line(f"  {render(record)}")

    def table(self, outcomes: list[tuple[Promise, Outcome]]) -> None:
        self.line("\nthe six promises:")
        if self._colour:
            self._rich(outcomes)
            return
        width = max(len(promise.words) for promise, _ in outcomes)
        for promise, outcome in outcomes:
            self.line(f"  {promise.number}  {_word(outcome):6}  {promise.words:{width}}  {outcome.evidence}")
        self.line()

    def _rich(self, outcomes: list[tuple[Promise, Outcome]]) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table("", "", "promise", "evidence")
        for promise, outcome in outcomes:
            colour = "green" if outcome.kept else "red"
            table.add_row(str(promise.number), f"[{colour}]{_word(outcome)}[/]", promise.words, outcome.evidence)
        Console().print(table)


def _word(outcome: Outcome) -> str:
    return "kept" if outcome.kept else "BROKEN"

"""The six promises, each a check of what is on disk afterwards: record, journal, git and files. Nothing is narrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from board.instants import parse_instant
from board.model import Status, Task
from supervisor.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Outcome:
    """`evidence` says what was found, kept or not."""

    kept: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class Promise:
    number: int
    words: str
    tasks: tuple[str, ...]
    check: Callable[[Stage], Outcome]


def side_by_side(stage: Stage) -> Outcome:
    spans = {name: _span(stage, name) for name in ("docs", "api")}
    commits = {name: len(stage.commits(name)) for name in spans}
    if None in spans.values():
        return Outcome(kept=False, evidence=f"not both ended: {commits}")
    (one, one_end), (other, other_end) = (span for span in spans.values() if span is not None)
    overlap = min(one_end, other_end) - max(one, other)
    done = all(stage.task(name).status is Status.DONE for name in spans)
    kept = done and overlap > 0 and all(count == 1 for count in commits.values())
    return Outcome(
        kept, f"{overlap:.1f} s at the same time, one commit on each branch" if kept else f"{overlap=:.1f} {commits=}"
    )


def resumed(stage: Stage) -> Outcome:
    name = "import-orders"
    died = stage.journal(name, "worker_died")
    again = stage.journal(name, "worker_restarted")
    commits = sorted(stage.commits(name))
    whole = commits == [f"Import batch {number}" for number in (1, 2, 3, 4)]
    done = stage.task(name).status is Status.DONE
    by_kill = [line["cause"] for line in died] == ["signal 9"]
    kept = done and whole and by_kill and len(again) == 1 and again[0]["rule"] == "restart"
    found = f"{len(died)} death, {len(again)} restart, {len(commits)} commits, {stage.task(name).status}"
    return Outcome(kept, "signal 9, resumed at batch 3, no batch twice" if kept else found)


def held(stage: Stage) -> Outcome:
    name = "charge-cards"
    charges = len(stage.lines("charges.txt"))
    rule = _held_by(stage.task(name))
    explained = "not-resumable" in stage.why(name)
    starts = len(_starts(stage, name))
    kept = charges == 1 and starts == 1 and rule == "not-resumable" and explained
    return Outcome(
        kept, f"charged {charges} time, {stage.task(name).status} by rule {rule}, `board why` says so: {explained}"
    )


def stopped(stage: Stage) -> Outcome:
    name = "flaky-build"
    starts, rule = len(_starts(stage, name)), _held_by(stage.task(name))
    return Outcome(rule == "no-progress" and starts == 2, f"{starts} starts, {stage.task(name).status} by rule {rule}")


def gated(stage: Stage) -> Outcome:
    name = "deploy"
    approved, starts = stage.journal(name, "step_approved"), _starts(stage, name)
    waited = stage.journal(name, "decision_made")
    ran = len(stage.lines("deployed.txt"))
    in_order = bool(approved and starts) and approved[0]["ts"] < starts[0]["ts"]
    said = any(line["rule"] == "gated" for line in waited)
    kept = said and in_order and ran == 1 and stage.task(name).status is Status.DONE
    return Outcome(kept, f"waited: {said}, started after the approval: {in_order}, ran {ran} time")


def redacted(stage: Stage) -> Outcome:
    printed = any(stage.secret in line for line in stage.lines("printed.txt"))
    log = stage.side / "output" / "print-config.log"
    masked = log.is_file() and "[REDACTED:" in log.read_text(encoding="utf-8")
    leaks = stage.files_with(stage.secret)
    kept = printed and masked and not leaks
    return Outcome(kept, f"printed: {printed}, masked in the log: {masked}, files that hold it: {leaks or 'none'}")


PROMISES = (
    Promise(1, "two independent tasks run side by side", ("docs", "api"), side_by_side),
    Promise(2, "killed in a resumable step: resumed from its checkpoint", ("import-orders",), resumed),
    Promise(3, "killed in a step that may not be repeated: held for a person", ("charge-cards",), held),
    Promise(4, "failing the same way twice: stopped, no restart storm", ("flaky-build",), stopped),
    Promise(5, "a gated step waits for its approval, then runs", ("deploy",), gated),
    Promise(6, "a printed secret is in no file under .board/", ("print-config",), redacted),
)


def _held_by(task: Task) -> str | None:
    return task.blocked.rule if task.status is Status.BLOCKED and task.blocked is not None else None


def _starts(stage: Stage, name: str) -> list[dict[str, Any]]:
    return stage.journal(name, "worker_started", "worker_restarted")


def _span(stage: Stage, name: str) -> tuple[float, float] | None:
    starts, ends = _starts(stage, name), stage.journal(name, "task_done")
    if not starts or not ends:
        return None
    first, last = parse_instant(str(starts[0]["ts"])), parse_instant(str(ends[-1]["ts"]))
    return None if first is None or last is None else (first, last)

"""From what was seen to what it means. Pure. Only proof makes `Dead`; doubt is `Unknown` and decides nothing."""

from __future__ import annotations

from board.model import Task
from supervisor.activity import BeingEnded, Doing, Overdue, doing_of
from supervisor.model import Absent, Alive, Attempt, Dead, Exit, Lingering, Observation, Unknown, Verdict
from supervisor.policy import stall_limit


def attempt_of(task: Task, home: str) -> Attempt | None:
    """The attempt that the record says was started last at the current step, settled or not."""
    if not task.started or task.run is None:
        return None
    # The claim may have changed hands since: the attempt is known by the token that it was started under.
    # Token 0 is nobody's: a record that remembers none is about an attempt of which nothing can be left.
    token = task.run.token or (task.claim.token if task.claim is not None else task.last_token)
    return Attempt(home, task.id, token, task.run.attempt)


def judge(task: Task, attempt: Attempt | None, seen: Observation | None, stall_after: float = 0.0) -> Verdict:
    """The verdict on `attempt` at this task. An attempt that isn't the record's latest at the current step matters only
    as far as it still lives: what it does and how it ended says nothing about this step.

    `stall_after` is the board's, for a step that says none; 0 is never."""
    if seen is None or attempt is None:
        return Absent()
    verdict, is_latest = _verdict(task, seen), attempt == attempt_of(task, attempt.home)
    if isinstance(verdict, Alive) and is_latest:
        return Alive(verdict.pid, verdict.pane, _doing(task, seen, stall_after))
    return Absent() if isinstance(verdict, Dead) and not is_latest else verdict


def _doing(task: Task, seen: Observation, stall_after: float) -> Doing:
    if task.run is not None and task.run.ending is not None:
        return BeingEnded(task.run.ending)
    limit = task.step.max_runtime
    if limit and seen.ran_for is not None and seen.ran_for >= limit:
        return Overdue(limit)
    # Who waits for an answer is silent, and is no stall: it must not be ended for that.
    return seen.need or doing_of(seen.activity, stall_limit(task.step, stall_after))


def _verdict(task: Task, seen: Observation) -> Verdict:
    if not seen.listed and not seen.server_gone:
        return Unknown(seen.problem or "tmux could not be asked")
    if seen.process_lives is None and (seen.pane is None or not seen.pane_is_dead):
        return Unknown(seen.problem or "could not tell whether the process lives")
    if seen.process_lives and (seen.pane is not None or not (seen.listed or seen.server_gone)):
        return Alive(seen.pid, seen.pane)
    if seen.process_lives:
        return Lingering(1)  # it outlived its pane or its server: nobody can see or stop it any more
    if seen.others is None:
        return Unknown(seen.problem or "could not tell whether its children live")
    if seen.others:
        return Lingering(seen.others)
    recorded = task.run.ended_at if task.run is not None else None
    return Dead(_exit(task, seen), seen.at if recorded is None else recorded)


def _exit(task: Task, seen: Observation) -> Exit:
    if task.run is not None and task.run.ending is not None:
        # We ended it: whatever it made of the signal, even exit 0, it did not come to its end by itself.
        ended = seen.ended or Exit()
        return Exit(ended.status, ended.signal, str(task.run.ending))
    if seen.ended is not None and (seen.ended.status is not None or seen.ended.signal is not None):
        return seen.ended
    recorded = task.run.last_exit if task.run is not None and task.run.ended_at is not None else None
    if recorded is not None:
        return read_exit(recorded)
    if seen.server_gone:
        return Exit(cause="tmux server gone")
    if seen.pane is None:
        return Exit(cause="pane gone")
    return seen.ended or Exit()


def read_exit(words: str) -> Exit:
    """The exit that `Exit.words` wrote into a record."""
    kind, _, number = words.partition(" ")
    if number.isdecimal() and kind in ("exit", "signal"):
        return Exit(status=int(number)) if kind == "exit" else Exit(signal=int(number))
    return Exit() if words == Exit().words() else Exit(cause=words)

"""A small world for the law to live in: a board as records, tmux panes, processes, one clock, and who keeps watch.

Nothing here asks the code under test what is right. `Witness` writes down by hand what really happened to each step
(starts, words of a person, progress, falls of the server) and raises `Violation` the moment a promise is broken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from board.claims import Actor
from board.engine import Result
from board.errors import RefusedError
from board.model import Board, Claim
from board.moves import Ask, Outcome, Refused
from board.patch import patched
from board.records import read_board
from board.settings import RestartPolicy
from supervisor.activity import Activity, Glimpse
from supervisor.model import Attempt, Exit, Observation, Source
from tests.boards import HOLDER, NOW, Record


class Violation(AssertionError):
    """A promise of the law was broken in this history."""


def promise(holds: bool, words: str) -> None:
    if not holds:
        raise Violation(words)


@dataclass(frozen=True, slots=True)
class Plan:
    """One step as the person wrote it; the witness knows permissions from here and not from the board."""

    id: str
    resumable: bool
    gated: bool
    is_command: bool
    ends_stalls: bool = False
    longest: float = math.inf

    def record(self) -> Record:
        what = {"run": "work"} if self.is_command else {"prompt": "work"}
        gate = {"gate": "human"} if self.gated else {}
        stall = {"on_stall": "restart"} if self.ends_stalls else {}
        longest = {"max_runtime": f"{self.longest:g}s"} if self.longest < math.inf else {}
        return {"id": self.id, "resumable": self.resumable, **what, **gate, **stall, **longest}


@dataclass(slots=True)
class Story:
    """What really happened to one step: never read from its record. `words` are a person's approvals, each by the
    highest token of its instant: a word that is given while an attempt is being started is for the next one.
    `excused`: a mass death, which is not counted against the intensity, and from nothing else is it excused."""

    starts: int = 0
    words: list[int] = field(default_factory=list)
    progressed: bool = False
    excused: bool = False
    barren: int = 0
    counted: list[float] = field(default_factory=list)

    def forgive(self) -> None:
        self.barren = 0
        self.counted.clear()


class Identity(NamedTuple):
    """How a keeper knows a process again: its pid, which is handed out again soon, and its start."""

    pid: int
    ticks: int


@dataclass(slots=True)
class Process:
    """`began_at` and the instants of its quiet are of the clock that nobody sets."""

    attempt: Attempt
    step: str
    is_hardy: bool  # outlives its tmux server
    id: Identity
    lives: bool = True
    children: int = 0
    ended: Exit | None = None
    began_at: float = 0.0
    quiet_at: float = math.inf  # since when it hangs
    moved_at: float = -math.inf  # when it last moved on after it had hung
    hung_at: float = math.inf  # and since when it had

    @property
    def runs(self) -> int:
        return self.lives + self.children


Knows = Callable[[Identity, Identity], bool]


class Sight(NamedTuple):
    """What a keeper looks with: tmux's listing, since when it follows, and how it knows a process again."""

    panes: dict[str, Process] | None
    since: float
    knows: Knows


class Witness:
    """`is_split`: two supervisors at once. Then only the fence is left: permissions and tokens, but no tallies."""

    def __init__(self, plans: dict[str, list[Plan]], policy: RestartPolicy, *, is_split: bool) -> None:
        self.plans = plans
        self.policy = policy
        self.is_split = is_split
        self.stories = {(task, plan.id): Story() for task, steps in plans.items() for plan in steps}
        self.theirs: set[str] = set()  # held by a person
        self.over: set[str] = set()
        self.restarts = 0
        self.stall_after = math.inf
        self.ended: set[str] = set()  # the marks of those whom the keeper ended, called off or not
        self.endings = 0

    def plan(self, process: Process) -> Plan:
        return next(plan for plan in self.plans[process.attempt.task] if plan.id == process.step)

    def is_overdue(self, process: Process, at: float) -> bool:
        return at - process.began_at >= self.plan(process).longest

    def is_to_be_restarted(self, process: Process) -> bool:
        """Does it hang, at a step where a machine may end that and start it again?"""
        plan = self.plan(process)
        hangs = process.quiet_at < math.inf and self.stall_after < math.inf
        return hangs and plan.ends_stalls and plan.resumable and not plan.gated

    def sentenced(self, process: Process, seen_at: float) -> None:
        """Nobody is ended who works on what is wanted, but for who has run too long, or hangs and may be restarted."""
        since = min(process.quiet_at, process.hung_at if process.moved_at >= seen_at else math.inf)
        plan = self.plan(process)
        may = plan.ends_stalls and plan.resumable and not plan.gated
        hangs = seen_at - since >= self.stall_after
        promise(self.is_split or self.is_overdue(process, seen_at) or (may and hangs), f"ended at its work: {process}")

    def settled(self, mark: str) -> None:
        promise(self.is_split or mark not in self.ended, f"settled by an end that was ours: {mark}")

    def of(self, task: str) -> list[Story]:
        return [story for (name, _), story in self.stories.items() if name == task]

    def granted(self, task: str, by: str) -> None:
        promise(by != HOLDER or task not in self.over, f"{task} is over and was granted again")
        promise(by != HOLDER or task not in self.theirs, f"{task} was taken from a person")

    def started(self, new: Process, processes: list[Process], now: float) -> None:
        task, story = new.attempt.task, self.stories[new.attempt.task, new.step]
        plan = next(plan for plan in self.plans[task] if plan.id == new.step)
        live = [old for old in processes if old.attempt.task == task and old.runs]
        promise(not any(old.attempt.token == new.attempt.token for old in live), f"two workers of one token: {new}")
        promise(self.is_split or not live, f"started beside a living one: {new}, {live}")
        approved = any(word < new.attempt.token for word in story.words)
        promise(not plan.gated or approved, f"a gate was passed without a word: {new}")
        # By the wall clock, since it has to outlive the machine: what was forgiven while that was wrong stays forgiven.
        story.counted = [at for at in story.counted if now - self.policy.period < at]
        if approved:
            story.barren = 0
        elif story.starts:
            self._restarted(new, plan, story, now)
        story.starts += 1
        story.words = [word for word in story.words if word >= new.attempt.token]
        story.progressed = story.excused = False

    def _restarted(self, new: Process, plan: Plan, story: Story, now: float) -> None:
        self.restarts += 1
        promise(plan.resumable, f"repeated without permission: {new}")
        if self.is_split:
            return
        story.barren = 0 if story.progressed else story.barren + 1
        promise(story.barren <= self.policy.stale, f"restarted {story.barren} times without progress: {new}")
        if story.excused:
            return
        story.counted.append(now)
        promise(len(story.counted) <= self.policy.intensity, f"{len(story.counted)} restarts in a period: {new}")

    def together(self, tasks: set[str], processes: list[Process], marks: set[str]) -> None:
        """Who is said to have died together did die, by nobody's wish, and they are at least three."""
        promise(self.is_split or not marks & self.ended, f"of {marks} some were ended")
        promise(len(tasks) >= 3, f"{tasks} are no mass")
        alive = any(each.runs for each in processes if each.attempt.task in tasks)
        promise(self.is_split or not alive, f"of {tasks} some live")
        for (task, _), story in self.stories.items():
            story.excused |= task in tasks

    def fell(self) -> None:
        for story in self.stories.values():
            story.excused = True


class World:
    """The engine's part of the board, tmux and the process table. `serves`: the tmux server runs."""

    def __init__(self, records: list[Record], settings: Record, witness: Witness) -> None:
        self.now = NOW  # wall time, which may be set
        self.steady = 0.0  # and a clock that nobody sets
        self._ticks = 0
        self.records = {str(record["id"]): record for record in records}
        self.settings = settings
        self.witness = witness
        self.floors = dict.fromkeys(self.records, 0)
        self.panes: dict[str, Process] = {}
        self.processes: list[Process] = []
        self.serves = False
        self.heads = dict.fromkeys(self.records, 0)
        self.drifted: set[str] = set()
        self.is_tmux_blind = self.is_tree_blind = False
        self._board: Board | None = None

    def elapse(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds

    # --- what the ledger takes for its engine

    @property
    def grants(self) -> World:
        return self

    def highest(self, task: str) -> int:
        return self.floors[task]

    def board(self) -> Board:
        if self._board is None:
            self._board = read_board({"settings": self.settings, "tasks": list(self.records.values())})
        return self._board

    def change(self, task_id: str, actor: Actor, op: Callable[[Ask], Outcome]) -> Result:
        board = self.board()
        task = board.find(task_id)
        assert task is not None
        outcome = op(Ask(board, task, actor, round(self.now, 3)))
        if isinstance(outcome, Refused):
            raise RefusedError(outcome.message, outcome.remedy, outcome.reason)
        if outcome.grant is not None and outcome.grant != task.claim:
            self._granted(task_id, outcome.grant, task.claim)
        self.records[task_id] = patched(self.records[task_id], outcome.patch)
        self._board = None
        left = self.board()
        return Result(left, left.tasks[board.tasks.index(task)], outcome)

    def _granted(self, task: str, grant: Claim, before: Claim | None) -> None:
        if before is not None and before.token == grant.token:
            return
        promise(grant.token > self.floors[task], f"token {grant.token} of {task} was granted before")
        self.floors[task] = grant.token
        self.witness.granted(task, grant.by)

    # --- tmux and the processes

    def serve(self) -> None:
        self.serves = True

    def fall(self) -> None:
        """The tmux server dies, and with it whoever doesn't outlive it."""
        self.serves, self.panes = False, {}
        self.witness.fell()
        for process in self.processes:
            if not process.is_hardy:
                self.end(process, Exit(signal=1), children=0)

    def spawn(self, attempt: Attempt, step: str, *, is_hardy: bool) -> bool:
        """False where there is no server to start it in."""
        if not self.serves:
            return False
        process = Process(attempt, step, is_hardy, self._free_id(), began_at=self.steady)
        self.witness.started(process, self.processes, self.now)
        self.processes = [old for old in self.processes if old.runs or old.attempt.mark in self.panes]
        self.processes.append(process)
        self.panes = {mark: old for mark, old in self.panes.items() if old.attempt.task != attempt.task or old.lives}
        self.panes[attempt.mark] = process
        return True

    def _free_id(self) -> Identity:
        """The lowest pid that nobody has: the one of whoever died last comes back at once."""
        self._ticks += 1
        taken = {process.id.pid for process in self.living()}
        return Identity(min(set(range(1, len(taken) + 2)) - taken), self._ticks)

    def owner(self, known: Identity, knows: Knows) -> Process | None:
        """The living process that has this identity, as far as `knows` can tell."""
        return next((each for each in self.living() if each.id.pid == known.pid and knows(each.id, known)), None)

    def end(self, process: Process, how: Exit, children: int) -> None:
        process.ended = how if process.lives else process.ended
        process.lives, process.children = False, children

    def is_called_off(self, process: Process) -> bool:
        """Is it a worker of something that is over, taken away or stepped past, or one without a pane?"""
        record = self.records[process.attempt.task]
        claim, step = record.get("claim") or {}, record.get("step") or self.witness.plans[process.attempt.task][0].id
        is_wanted = record.get("status") in ("claimed", "in_progress") and claim.get("token") == process.attempt.token
        return not is_wanted or step != process.step or process.attempt.mark not in self.panes

    def living(self) -> Iterator[Process]:
        return (process for process in self.processes if process.lives)

    def observe(self, attempt: Attempt, known: Identity | None, sight: Sight) -> Observation:
        """What `sight` would see: a pane in the listing, a process it had learned of, others by their mark; and what a
        vigil that has followed it so long then would."""
        pane = (sight.panes or {}).get(attempt.mark)
        known = known or (pane.id if pane is not None and pane.lives else None)
        main = self.owner(known, sight.knows) if known is not None else None
        marked = sum(each.runs for each in self.processes if each.attempt == attempt)
        lives: bool | None = main is not None
        others: int | None = marked - (main is not None and main.attempt == attempt)
        if self.is_tree_blind:
            lives, others = (None, None) if known is not None else (False, None)
        return Observation(
            at=self.now,
            source=Source.TMUX if pane is not None else Source.TREE,
            listed=sight.panes is not None,
            pane="%1" if pane is not None else None,
            pane_is_dead=pane is not None and not pane.lives,
            pid=None if known is None else known.pid,
            process_lives=lives,
            others=others if not lives else 0,
            ended=pane.ended if pane is not None else None,
            ran_for=self.steady - main.began_at if lives and main is not None else None,
            activity=self._activity(main, sight.since) if lives and main is not None else None,
        )

    def _activity(self, process: Process, since: float) -> Activity:
        quiet = Glimpse(min(self.steady, max(process.quiet_at, since)), self.now, "", {})
        return Activity(Glimpse(self.steady, self.now, "", {}), quiet, quiet)


def records_of(plans: dict[str, list[Plan]], after: dict[str, list[str]]) -> list[Record]:
    def one(task: str, steps: list[Plan]) -> dict[str, Any]:
        return {"id": task, "steps": [step.record() for step in steps], "after": after.get(task, [])}

    return [one(task, steps) for task, steps in plans.items()]

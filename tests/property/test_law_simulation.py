"""The law in a small world: thousands of seeded histories in which anything may die between any two steps.

The loop below mimics the service's (look, judge, decide, act) around the real core and the real ledger; the clock moves
only when it sleeps. Each history ends in a calm, in which everything that is due has to come to an end.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, cast

import pytest

import supervisor.decide as law
import supervisor.ledger as book
from board.claims import Actor, Fence, Kind
from board.engine import Engine
from board.errors import RefusedError
from board.instants import format_instant
from board.model import ENDED, HELD, Board, Ending, Run, Status, Task
from board.moves import (
    Ask,
    Change,
    Outcome,
    Reason,
    Refused,
    advance,
    approve,
    cancel,
    checkpoint,
    claim,
    done,
    fail,
    release,
    reopen,
    unblock,
)
from board.patch import GONE
from board.queries import in_order, unmet
from board.settings import Backoff, RestartPolicy
from supervisor.activity import Doing, Overdue, Stalled
from supervisor.decide import decide
from supervisor.judge import attempt_of, judge
from supervisor.keeping import Facts, Incident, Keeping
from supervisor.ledger import Ledger, Opening
from supervisor.model import (
    Absent,
    Alive,
    Attempt,
    Case,
    Dead,
    Decision,
    End,
    Exit,
    Hold,
    Lingering,
    Look,
    Nothing,
    Observation,
    Rule,
    Settle,
    Start,
    Unknown,
    Unseen,
    Verdict,
    Wait,
    read_mark,
)
from supervisor.overview import is_ended_by_us
from supervisor.policy import recent
from supervisor.sight import Known
from tests.boards import HOLDER, HOME, NOW, Record, ask, claimed, ran
from tests.property.world import Identity, Plan, Process, Sight, Story, Violation, Witness, World, promise, records_of

Steps = Generator["float | None", None, None]  # yields between any two effects: an instant when it sleeps until then
AWAKE = -1.0
MASS = 3
SWEEP = 5.0
STALL = 60.0
LONGEST = 400.0  # seconds that anything may have to wait for in these histories


class Keeper:
    """One life of a supervisor: what it knows is gone when it dies, at whichever `yield`."""

    records_first = True
    notes_first = True
    judge = staticmethod(judge)
    is_ended_by_us = staticmethod(is_ended_by_us)
    knows = staticmethod(Identity.__eq__)

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world = world
        self.dice = dice
        self.born_at = world.now
        self.ledger = Ledger(cast("Engine", world), HOLDER)
        self.kept: dict[str, Keeping] = {}
        self.processes: dict[str, Identity] = {}
        self.last: dict[str, Observation] = {}
        self.seen_at: dict[str, float] = {}  # by the clock that nobody sets
        self.incident: Incident | None = None
        self.fell: set[str] = set()
        self.followed: dict[str, float] = {}  # a stall is counted anew in each life
        self.next_at: float | None = None

    def life(self) -> Steps:
        while True:
            self.next_at = None
            board = self.world.board()
            yield AWAKE
            panes = yield from self._listing(board)
            for task in board.tasks:
                self._look(task, panes)
                yield AWAKE
            self._note_deaths()
            for task in board.tasks:
                yield from self._enforce(task, board)
            self._close_incident()
            if panes is not None:
                yield from self._start_new(board)
            yield self.next_at

    # --- looking

    def _listing(self, board: Board) -> Generator[float, None, dict[str, Process] | None]:
        world = self.world
        if world.is_tmux_blind:
            return None
        if not world.serves:
            fallen = [task for task in board.tasks if self._is_ours(task) and attempt_of(task, HOME) is not None]
            yield AWAKE
            world.serve()
            yield AWAKE
            if fallen and not self.fell:
                self.incident = Incident.of("gone", world.now, fallen, board.settings.restart)
            self.fell |= {task.id for task in fallen}
        return dict(world.panes)

    def _look(self, task: Task, panes: dict[str, Process] | None) -> None:
        kept = self.kept.setdefault(task.id, Keeping(task, draw=self.dice.random()))
        kept.task = task
        stray = self._stray(task, panes)
        if stray is not None and not isinstance(self._judged(kept, stray, panes), Absent):
            return
        self._judged(kept, attempt_of(task, HOME), panes)

    def _judged(self, kept: Keeping, attempt: Attempt | None, panes: dict[str, Process] | None) -> Verdict:
        is_proved = isinstance(kept.verdict, Dead) and attempt is not None and kept.told_dead == attempt.mark
        if attempt is None:
            kept.known = None
        elif kept.mark != attempt.mark:
            kept.known = Known(attempt)
        kept.forget_facts_of_others()
        if attempt is not None and not is_proved:
            self.last[attempt.mark] = self._seen(attempt, panes)
        seen = self.last[attempt.mark] if attempt is not None else None
        kept.verdict = self.judge(kept.task, attempt, seen, self.world.board().settings.stall_after)
        return kept.verdict

    def _seen(self, attempt: Attempt, panes: dict[str, Process] | None) -> Observation:
        pane = (panes or {}).get(attempt.mark)
        if pane is not None and pane.lives:
            self.processes.setdefault(attempt.mark, pane.id)
        since = self.followed.setdefault(attempt.mark, self.world.steady)
        self.seen_at[attempt.mark] = self.world.steady
        seen = self.world.observe(attempt, self.processes.get(attempt.mark), Sight(panes, since, self.knows))
        return replace(seen, server_gone=attempt.task in self.fell)

    def _stray(self, task: Task, panes: dict[str, Process] | None) -> Attempt | None:
        """A worker of an earlier grant or step that still lives is looked at, and ended, first."""
        current = attempt_of(task, HOME)
        for mark, process in (panes or {}).items():
            attempt = read_mark(mark)
            if attempt is not None and attempt.task == task.id and attempt != current and process.runs:
                return attempt
        return None

    def _note_deaths(self) -> None:
        fresh = [kept for kept in self.kept.values() if isinstance(kept.verdict, Dead) and kept.told_dead != kept.mark]
        for kept in fresh:
            kept.told_dead = kept.mark
        living = sum(isinstance(kept.verdict, Alive) for kept in self.kept.values())
        dead = [kept for kept in fresh if self._is_ours(kept.task) and kept.death and not _has_settled(kept)]
        dead = [kept for kept in dead if not self.is_ended_by_us(kept.task)]
        failed = [kept.task for kept in dead]
        if len(failed) >= MASS and len(failed) > living and self.incident is None:
            marks = {kept.mark for kept in dead}
            self.world.witness.together({task.id for task in failed}, self.world.processes, marks)
            self.incident = Incident.of("together", self.world.now, failed, self.world.board().settings.restart)

    def _close_incident(self) -> None:
        if self.incident is None:
            return
        waiting = {name for name, kept in self.kept.items() if self._is_ours(kept.task)}
        for name in [name for name in self.incident.slots if name not in waiting]:
            del self.incident.slots[name]
            self.fell.discard(name)
        if not self.incident.slots:
            self.incident = None

    def _is_ours(self, task: Task) -> bool:
        return task.claim is not None and task.claim.by == HOLDER

    # --- deciding and acting

    def _enforce(self, task: Task, board: Board) -> Steps:
        kept = self.kept[task.id]
        lives = isinstance(kept.verdict, Alive | Lingering)
        if not (self._is_ours(task) or lives or (task.status is Status.TODO and not unmet(board, task))):
            return
        self._forget_old_facts(kept)
        for _ in range(4):  # so many facts there are
            kept.decision = decide(self._case(kept, board))
            if not isinstance(kept.decision.action, Look):
                break
            self._look_up(kept, kept.decision.action)
            yield AWAKE
        try:
            yield from self._act(kept)
        except RefusedError:
            self._at(self.world.now + 1)

    def _forget_old_facts(self, kept: Keeping) -> None:
        age = self.world.now - kept.facts.at
        starts = isinstance(kept.decision.action, Start | Wait) and not kept.facts.has_failed
        if (kept.facts.has_failed and age > 30) or (starts and age > 10):
            kept.facts = Facts()
        elif kept.facts.has_failed:
            self._at(kept.facts.at + 30.1)

    def _case(self, kept: Keeping, board: Board) -> Case:
        return Case(
            task=kept.task,
            holder=HOLDER,
            verdict=kept.verdict,
            now=self.world.now,
            policy=board.settings.restart,
            attempt=kept.known.attempt if kept.known else None,
            drift=kept.facts.drift,
            progressed=kept.facts.progress,
            slot_at=self.incident.slots.get(kept.task.id) if self.incident else None,
            draw=kept.draw,
            grace=board.settings.grace,
        )

    def _look_up(self, kept: Keeping, look: Look) -> None:
        task, run = kept.task, kept.task.run
        if self.world.is_tree_blind:
            fact: Any = Unseen.FAILED
        elif look.fact == "drift":
            fact = "branch changed" if task.id in self.world.drifted else None
        else:
            fact = run is None or run.progressed or run.head != str(self.world.heads[task.id])
        setattr(kept.facts, look.fact, fact)
        kept.facts.at = self.world.now

    def _act(self, kept: Keeping) -> Steps:
        task, decision = kept.task, kept.decision
        match decision.action:
            case Nothing() | Look():
                pass
            case Wait(until=until):
                if kept.death is not None and self._is_ours(task):
                    self.ledger.note_end(task, *kept.death)
                if until is not None:
                    self._at(until)
            case Settle():
                yield AWAKE
                yield from self._settle(kept)
            case Hold(on=on):
                yield AWAKE
                self.ledger.hold(task, on, str(decision.rule), decision.why, kept.death)
            case End(ending=ending):
                self._sentence(kept)
                yield AWAKE
                yield from self._end(kept, ending)
            case Start() as start if self._is_ours(task):
                yield from self._start(kept, start)
            case Start():
                pass  # a fresh one waits for its place

    def _settle(self, kept: Keeping) -> Steps:
        task = kept.task
        self.world.witness.settled(kept.mark)
        if not self._is_ours(task):
            task = self.ledger.take_up(task).task
            yield AWAKE
        if task.next_step() is not None:
            self.ledger.settle(task, kept.death)
        else:
            self.ledger.finish(task, {}, kept.death)

    def _sentence(self, kept: Keeping) -> None:
        for process in self._of(kept):
            if process.lives and not self.world.is_called_off(process):
                self.world.witness.sentenced(process, self.seen_at[kept.mark])

    def _end(self, kept: Keeping, ending: Ending | None) -> Steps:
        """Some make exit 0 of being told to end."""
        if ending is not None and self.notes_first:
            self.ledger.note_ending(kept.task, ending)
            yield AWAKE
        for process in self._of(kept):
            if not self.world.is_tree_blind:
                self.world.witness.endings += process.lives and ending is not None
                self.world.witness.ended |= {kept.mark} if process.lives and ending is not None else set()
                self.world.end(process, self.dice.choice([Exit(signal=15), Exit(0)]), children=0)
        if ending is not None and not self.notes_first:
            yield AWAKE
            self.ledger.note_ending(kept.task, ending)

    def _of(self, kept: Keeping) -> list[Process]:
        """Its own, by the mark that they bear, and whoever it is known to be."""
        assert kept.known is not None
        known = self.processes.get(kept.mark)
        owner = self.world.owner(known, self.knows) if known is not None else None
        return [each for each in self.world.processes if each.attempt == kept.known.attempt or each is owner]

    def _start_new(self, board: Board) -> Steps:
        held = {task.id for task in board.tasks if self._is_ours(task) and task.status in HELD}
        held -= {name for name, kept in self.kept.items() if kept.decision.rule is Rule.GATED}
        ready = [kept.task for kept in self.kept.values() if isinstance(kept.decision.action, Start)]
        for task in in_order([task for task in ready if task.status is Status.TODO]):
            kept = self.kept[task.id]
            if len(held) < board.settings.max_workers and isinstance(kept.decision.action, Start):
                held.add(task.id)
                try:
                    yield from self._start(kept, kept.decision.action)
                except RefusedError:
                    self._at(self.world.now + 1)

    def _start(self, kept: Keeping, start: Start) -> Steps:
        task, world = kept.task, self.world
        run, head, death = task.run, str(world.heads[task.id]), kept.death
        last_exit = death[0].words() if death else run.last_exit if run is not None and task.started else None
        yield AWAKE
        if self.records_first:
            attempt = self._begin(kept, Opening(start, head, last_exit))
            yield AWAKE
            world.spawn(attempt, task.step.id, is_hardy=self.dice.random() < 0.2)
        else:
            number = run.attempt + 1 if run is not None and task.started else 1
            early = Attempt(HOME, task.id, world.highest(task.id) + 1, number)
            world.spawn(early, task.step.id, is_hardy=False)
            yield AWAKE
            self._begin(kept, Opening(start, head, last_exit))
        if self.incident is not None:
            self.incident.slots.pop(task.id, None)
        self.fell.discard(task.id)
        kept.draw = self.dice.random()
        kept.decision = Decision(Rule.RESTART, Nothing())
        self._at(world.now)

    def _begin(self, kept: Keeping, opening: Opening) -> Attempt:
        result = self.ledger.begin(kept.task, opening)
        assert result.change.grant is not None
        assert result.task.run is not None
        return Attempt(HOME, kept.task.id, result.change.grant.token, result.task.run.attempt)

    def _at(self, instant: float) -> None:
        self.next_at = instant if self.next_at is None else min(self.next_at, instant)


def _has_settled(kept: Keeping) -> bool:
    return isinstance(kept.verdict, Dead) and kept.verdict.exit.is_success and kept.task.step.run is not None


# --- a history

PEOPLE = Actor("alice")


class History:
    """One seeded world and what befalls it. `trouble` of its turns are nature's and the people's, not the keepers'."""

    def __init__(self, seed: int, keeper: type[Keeper] = Keeper) -> None:
        self.dice = dice = random.Random(seed)
        self.keeper = keeper
        names = ["a", "b", "c", "d"][: dice.choice([1, 2, 2, 4])]
        plans = {name: [self._plan(step) for step in ("one", "two")[: dice.choice([1, 2])]] for name in names}
        policy = RestartPolicy(
            intensity=dice.choice([0, 1, 2, 3]),
            period=dice.choice([20.0, 600.0]),
            backoff=dice.choice([Backoff(), Backoff(0.0, 1.0, 0.0)]),
            stale=dice.choice([0, 1, 1, 2]),
        )
        settings = {
            "max_workers": dice.choice([1, 4]),
            "lease": dice.choice(["1m", "2h"]),
            "restart": {
                "intensity": policy.intensity,
                "period": f"{policy.period:g}s",
                "backoff": {"initial": f"{policy.backoff.initial:g}s", "factor": 2, "cap": "5m"},
                "stale": policy.stale,
                "spacing": "1s",
            },
        }
        if dice.random() < 0.7:
            settings["stall_after"] = f"{STALL:g}s"
        self.is_split = dice.random() < 0.15  # as if the lock had failed
        self.witness = Witness(plans, policy, is_split=self.is_split)
        self.witness.stall_after = STALL if "stall_after" in settings else math.inf
        after = {names[1]: [names[0]]} if len(names) > 1 and dice.random() < 0.3 else {}
        self.world = World(records_of(plans, after), settings, self.witness)
        self.has_takeovers = dice.random() < 0.5
        self.liveliness = dice.choice([0.05, 0.3, 0.6])
        self.lives = [self._born() for _ in range(2 if self.is_split else 1)]

    def _plan(self, step: str) -> Plan:
        dice = self.dice
        return Plan(
            step,
            dice.random() < 0.65,
            gated=dice.random() < 0.15,
            is_command=dice.random() < 0.6,
            ends_stalls=dice.random() < 0.5,
            longest=dice.choice([math.inf, 20.0, 100.0]),
        )

    def _born(self) -> tuple[Keeper, Steps]:
        keeper = self.keeper(self.world, self.dice)
        return keeper, keeper.life()

    def run(self, turns: int = 260) -> None:
        for _ in range(turns):
            if self.dice.random() < 0.82:
                self._turn(self.dice.randrange(len(self.lives)))
            else:
                self.dice.choices([event for event, _ in EVENTS], [weight for _, weight in EVENTS])[0](self)
        self.calm()

    def _turn(self, index: int) -> None:
        until = next(self.lives[index][1])
        if until is None or until >= 0:
            soon = until if until is not None else self.world.now + SWEEP
            self.world.elapse(max(0.0, min(soon - self.world.now, self.dice.choice([0.0, 1.0, SWEEP]))))

    # --- what may befall

    def _die(self) -> None:
        living = list(self.world.living())
        if living and self.dice.random() < 1 - self.liveliness:
            how = self.dice.choice([Exit(1), Exit(signal=9), Exit(), Exit(0)])
            self.world.end(self.dice.choice(living), how, children=self.dice.choice([0, 0, 1]))

    def _orphans_end(self) -> None:
        for process in self.world.processes:
            process.children = 0

    def _work(self) -> None:
        """A worker commits, or says how far it is; one of an earlier grant is refused and moves nothing that counts."""
        for process in self.world.living():
            if process.quiet_at < math.inf:
                continue
            task, story = process.attempt.task, self.witness.stories[process.attempt.task, process.step]
            if self.dice.random() < self.liveliness:
                note = f"{self.world.now} {self.dice.random()}"
                if self.dice.random() < 0.5:
                    self.world.heads[task] += 1
                    story.progressed = True
                elif self._say(process, lambda ask, note=note: checkpoint(ask, None, note)):  # type: ignore[misc]
                    story.progressed = True

    def _say(self, process: Process, op: Callable[[Ask], Outcome]) -> bool:
        actor = Actor("worker", process.attempt.token, Kind.WORKER)
        return self._try(process.attempt.task, actor, op)

    def _try(self, task: str, actor: Actor, op: Callable[[Ask], Outcome]) -> bool:
        try:
            self.world.change(task, actor, op)
        except RefusedError:
            return False
        return True

    def _finish(self) -> None:
        living = list(self.world.living())
        if living:
            self._finished(self.dice.choice(living))

    def _finished(self, process: Process) -> None:
        """An agent says that its step is over, and then ends; a command just ends."""
        task = self.world.board().find(process.attempt.task)
        assert task is not None
        if task.step.id == process.step and task.step.run is None:
            last = task.next_step() is None
            op = (lambda ask: done(ask, {})) if last else (lambda ask: advance(ask, process.step))
            if self._say(process, op) and last:
                self.witness.over.add(task.id)
        self.world.end(process, Exit(0), children=0)

    def _hang(self) -> None:
        """A worker hangs from now on; or moves on, after however long."""
        for process in self.world.living():
            if self.dice.random() < 0.5:
                continue
            if process.quiet_at < math.inf:
                process.hung_at, process.moved_at, process.quiet_at = process.quiet_at, self.world.steady, math.inf
            else:
                process.quiet_at = self.world.steady

    def _kill_keeper(self) -> None:
        index = self.dice.randrange(len(self.lives))
        self.lives[index] = self._born()
        self.world.elapse(self.dice.choice([0.0, 1.0, 100.0]))

    def _fall(self) -> None:
        self.world.fall()

    def _blink(self) -> None:
        self.world.is_tmux_blind = self.dice.random() < 0.4
        self.world.is_tree_blind = self.dice.random() < 0.4

    def _drift(self) -> None:
        task = self.dice.choice(list(self.world.records))
        self.world.drifted ^= {task}

    def _pass(self) -> None:
        self.world.elapse(self.dice.choice([1.0, 30.0, 700.0]))

    def _jump(self) -> None:
        """Somebody sets the clock."""
        self.world.now += self.dice.choice([-3600.0, -5.0, 5.0, 3600.0])

    # --- what people do

    def _person(self) -> None:
        task = self.dice.choice(self.world.board().tasks)
        deeds = [self._approve, self._unblock, self._cancel, self._reopen, self._fail, self._advance]
        deeds += [self._take, self._give_back] if self.has_takeovers else []
        self.dice.choices(deeds, [4, 2, 0.3, 1, 0.3, 1, 1, 2][: len(deeds)])[0](task)

    def _story(self, task: Task) -> Story:
        return self.witness.stories[task.id, task.step.id]

    def _approve(self, task: Task) -> None:
        held = task.status is Status.BLOCKED
        if self._try(task.id, PEOPLE, approve):
            self._story(task).words.append(self.world.floors[task.id])
            if held:
                self._story(task).forgive()

    def _unblock(self, task: Task) -> None:
        if self._try(task.id, PEOPLE, unblock):
            self._story(task).forgive()

    def _advance(self, task: Task) -> None:
        if task.status is Status.BLOCKED:
            self._try(task.id, PEOPLE, advance)
            self._story(task).words.clear()

    def _cancel(self, task: Task) -> None:
        self._gave_up(task, self._try(task.id, PEOPLE, cancel))

    def _fail(self, task: Task) -> None:
        self._gave_up(task, self._try(task.id, PEOPLE, lambda ask: fail(ask, "no use")))

    def _gave_up(self, task: Task, happened: bool) -> None:
        if happened:
            self._story(task).words.clear()
            self.witness.over.add(task.id)
            self.witness.theirs.discard(task.id)

    def _reopen(self, task: Task) -> None:
        if self._try(task.id, PEOPLE, reopen):
            self.witness.over.discard(task.id)
            for (name, step), story in self.witness.stories.items():
                if name == task.id and task.status is Status.DONE:
                    self.witness.stories[name, step] = Story(excused=story.excused)

    def _take(self, task: Task) -> None:
        """By force, in one breath: what the keeper sees next is the new claim."""
        if task.status in HELD and task.id not in self.witness.theirs:
            self._try(task.id, PEOPLE, lambda ask: release(ask, force=True))
            if self._try(task.id, PEOPLE, lambda ask: claim(ask, self.world.highest(task.id))):
                self.witness.theirs.add(task.id)

    def _give_back(self, task: Task) -> None:
        if task.id in self.witness.theirs and self._try(task.id, PEOPLE, lambda ask: release(ask, force=True)):
            self.witness.theirs.discard(task.id)

    # --- the end

    def calm(self) -> None:
        """Nothing dies any more and every look succeeds: what is due has to end."""
        self.world.is_tmux_blind = self.world.is_tree_blind = False
        self.world.drifted.clear()
        self.lives = [self._born()]
        for _ in range(400):
            until = next(self.lives[0][1])
            if until == AWAKE:
                continue
            if not self._restless():
                return
            self._orphans_end()
            for process in [each for each in self.world.living() if not self._is_to_be_ended(each)]:
                self._finished(process)
            pause = until - self.world.now if until is not None else SWEEP
            self.world.elapse(min(max(pause, 0.01), LONGEST))
        promise(False, f"forgotten: {self._restless()}")

    def _is_to_be_ended(self, process: Process) -> bool:
        """What no longer ends by itself is the keeper's to end."""
        is_due = self.witness.is_overdue(process, self.world.steady) or self.witness.is_to_be_restarted(process)
        return is_due and process.attempt.task not in self.witness.theirs

    def _restless(self) -> list[object]:
        keeper, board = self.lives[0][0], self.world.board()
        return [(task, keeper.kept.get(task.id)) for task in board.tasks if not self._rests(task, board, keeper)]

    def _rests(self, task: Task, board: Board, keeper: Keeper) -> bool:
        """Done or given up; held, with what it waits for; a person's; at a gate; or behind one that isn't done."""
        if task.status in ENDED:
            return not any(process.runs for process in self.world.processes if process.attempt.task == task.id)
        if task.status is Status.BLOCKED:
            return task.blocked is not None and bool(task.blocked.on) and bool(task.blocked.rule)
        kept = keeper.kept.get(task.id)
        waits = kept is not None and kept.task is task and kept.decision.rule is Rule.GATED
        behind = task.status is Status.TODO and bool(unmet(board, task))
        return task.id in self.witness.theirs or waits or behind


EVENTS: list[tuple[Callable[[History], None], float]] = [
    (History._die, 8),
    (History._work, 6),
    (History._finish, 2),
    (History._orphans_end, 2),
    (History._kill_keeper, 3),
    (History._hang, 3),
    (History._fall, 0.6),
    (History._blink, 2),
    (History._drift, 0.3),
    (History._pass, 1.5),
    (History._jump, 0.4),
    (History._person, 3),
]


# --- the promises

BATCH = 250


@pytest.mark.parametrize("first", range(0, 8 * BATCH, BATCH))
def test_no_history_breaks_the_law(first: int) -> None:
    """Whatever dies when, with looks that fail, pids that come back at once and clocks that are set: nothing is
    repeated without permission, doubled, restarted without progress or too often, or forgotten. The mutants below show
    that each of these is really looked for."""
    restarts = endings = 0
    for seed in range(first, first + BATCH):
        history = History(seed)
        try:
            history.run()
        except Violation as broken:
            raise AssertionError(f"seed {seed}: {broken}") from broken
        restarts += history.witness.restarts
        endings += history.witness.endings
    assert restarts > BATCH / 10, "the histories are too quiet to mean anything"
    assert endings > BATCH / 10, "nobody is ever ended"


def broken_promise(keeper: type[Keeper] = Keeper, tries: int = 1500) -> str:
    """The first promise that a history breaks; fails when all of them keep all promises."""
    for seed in range(tries):
        try:
            History(seed, keeper).run()
        except Violation as broken:
            return str(broken)
    raise AssertionError(f"{tries} histories noticed nothing")


def test_simulation_notices_no_token_check_in_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that was decided under an older token, or of what isn't held any more, is carried out."""
    monkeypatch.setattr(book, "fence", lambda task, actor: Fence.CURRENT)
    monkeypatch.setattr(book, "HELD", frozenset(Status))
    assert "granted again" in broken_promise()


def test_simulation_notices_progress_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every death passes for one after progress."""
    monkeypatch.setattr(law, "stale_after", lambda run, *, progressed: 0)
    assert "without progress" in broken_promise()


def test_simulation_notices_unknown_taken_for_dead() -> None:
    """A failed look passes for a proof."""

    def rash(task: Task, attempt: Attempt | None, seen: Observation | None, stall_after: float = 0.0) -> Verdict:
        verdict = judge(task, attempt, seen, stall_after)
        return Dead(Exit(), seen.at) if isinstance(verdict, Unknown) and seen is not None else verdict

    class Rash(Keeper):
        judge = staticmethod(rash)

    assert "beside a living one" in broken_promise(Rash)


def test_simulation_notices_a_pid_without_its_start() -> None:
    """Whoever has a dead worker's pid by now passes for it, and is ended in its place."""

    class Careless(Keeper):
        knows = staticmethod(lambda process, known: True)

    assert "ended at its work" in broken_promise(Careless)


def test_simulation_notices_the_record_written_after_the_start() -> None:
    """A supervisor that dies between the two has started something that nobody knows of."""

    class Hasty(Keeper):
        records_first = False

    assert broken_promise(Hasty).startswith(("two workers of one token", "repeated without permission"))


def test_simulation_notices_the_intensity_forgotten_at_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tally lives in memory: whoever restarts the supervisor begins it anew."""

    class Forgetful(Keeper):
        latest_at = 0.0

        def __init__(self, world: World, dice: random.Random) -> None:
            super().__init__(world, dice)
            Forgetful.latest_at = world.now

    def since_birth(run: Run, policy: RestartPolicy, now: float) -> tuple[float, ...]:
        return tuple(at for at in recent(run, policy, now) if at >= Forgetful.latest_at)

    monkeypatch.setattr(law, "recent", since_birth)
    assert "restarts in a period" in broken_promise(Forgetful)


DROPPED = {
    "unknown": "beside a living one",
    "alive": "beside a living one",
    "not_resumable": "forgotten",  # of these two the ledger refuses the start, again and again
    "gated": "forgotten",
    "no_progress": "without progress",
    "too_often": "restarts in a period",
}


@pytest.mark.parametrize("name", DROPPED)
def test_simulation_notices_a_rule_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule that guards a promise, taken out of the law, breaks that very promise."""
    monkeypatch.setattr(law, "RULES", tuple(rule for rule in law.RULES if rule.__name__ != name))
    assert DROPPED[name] in broken_promise()


def test_simulation_notices_a_step_repeated_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the law nor the write before the start asks whether the step may be repeated."""
    begin = book.begin

    def careless(ask: Ask, opening: Opening, floor: int) -> Outcome:
        steps = tuple(step._replace(resumable=True) for step in ask.task.steps)
        task = ask.task._replace(steps=steps, step=ask.task.step._replace(resumable=True))
        return begin(ask._replace(task=task), opening, floor)

    monkeypatch.setattr(law, "RULES", tuple(rule for rule in law.RULES if rule is not law.not_resumable))
    monkeypatch.setattr(book, "begin", careless)
    assert "without permission" in broken_promise()


def test_simulation_notices_a_mass_death_excused_from_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who died with the others is restarted whether anything advanced or not."""

    def no_progress(case: Case) -> Decision | None:
        return law.no_progress(case) if case.slot_at is None else None

    rules = tuple(no_progress if rule is law.no_progress else rule for rule in law.RULES)
    monkeypatch.setattr(law, "RULES", rules)
    assert "without progress" in broken_promise()


def test_simulation_notices_a_worker_ended_before_its_record() -> None:
    """A supervisor that dies between the two leaves an exit 0 behind that nobody can tell from success."""

    class Late(Keeper):
        notes_first = False

    assert "an end that was ours" in broken_promise(Late)


def test_simulation_notices_an_exit_taken_at_its_word() -> None:
    """What a worker makes of being ended passes for an end of its own."""

    def trusting(task: Task, attempt: Attempt | None, seen: Observation | None, stall_after: float = 0.0) -> Verdict:
        run = task.run._replace(ending=None) if task.run is not None else None
        return judge(task._replace(run=run), attempt, seen, stall_after)

    class Trusting(Keeper):
        judge = staticmethod(trusting)

    assert "an end that was ours" in broken_promise(Trusting)


def test_simulation_notices_our_own_endings_taken_for_a_mass_death() -> None:
    """Three that were ended at once would come back uncounted."""

    class Puzzled(Keeper):
        is_ended_by_us = staticmethod(lambda task: False)

    assert "some were ended" in broken_promise(Puzzled)


def test_simulation_notices_a_stall_that_ends_what_may_not_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """`on_stall: restart` passes for a permission to repeat."""
    monkeypatch.setattr("supervisor.living._may_restart", lambda step: True)
    assert "ended at its work" in broken_promise()


def test_simulation_notices_a_stall_that_is_judged_too_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time that the record allows is enough."""
    monkeypatch.setattr("supervisor.judge.stall_limit", lambda step, otherwise: otherwise / 2)
    assert "ended at its work" in broken_promise()


@pytest.mark.parametrize("doing", [Stalled, Overdue])
def test_simulation_notices_who_is_due_and_let_be(doing: type[Doing]) -> None:
    """A stall that should be ended, or a runtime that is over, is no cause for anything."""

    def indulgent(task: Task, attempt: Attempt | None, seen: Observation | None, stall_after: float = 0.0) -> Verdict:
        verdict = judge(task, attempt, seen, stall_after)
        is_due = isinstance(verdict, Alive) and isinstance(verdict.doing, doing)
        return Alive(1, "%1") if is_due else verdict

    class Indulgent(Keeper):
        judge = staticmethod(indulgent)

    assert "forgotten" in broken_promise(Indulgent)


def a_takeover() -> World:
    """A worker outlives its tmux server; a person takes its task and gives it back; then a new keeper comes."""
    plans = {"loop": [Plan("one", resumable=True, gated=False, is_command=True)]}
    world = World(records_of(plans, {}), {}, Witness(plans, RestartPolicy(), is_split=False))
    life = Keeper(world, random.Random(1)).life()
    while not world.processes:
        next(life)
    world.processes[0].is_hardy = True
    world.fall()
    world.change("loop", PEOPLE, lambda ask: release(ask, force=True))
    world.change("loop", PEOPLE, lambda ask: claim(ask, world.highest("loop")))
    world.change("loop", Actor("alice", 2), release)
    life = Keeper(world, random.Random(2)).life()
    for _ in range(60):
        until = next(life)
        world.now += SWEEP if until != AWAKE else 0.0
    return world


def test_a_worker_is_found_after_its_task_changed_hands() -> None:
    """It is known by the token that it was started under: ended first, and then the task goes on."""
    (worker,) = [process for process in a_takeover().processes if process.runs]
    assert (worker.attempt.token, worker.attempt.number) == (3, 2)


def test_a_takeover_notices_an_attempt_known_by_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked for under a later holder's token it isn't found, and a second one is started beside it."""
    told = attempt_of

    def by_claim(task: Task, home: str) -> Attempt | None:
        return told(task._replace(run=task.run._replace(token=None)) if task.run is not None else task, home)

    monkeypatch.setattr("supervisor.judge.attempt_of", by_claim)
    monkeypatch.setitem(globals(), "attempt_of", by_claim)
    with pytest.raises(Violation, match="beside a living one"):
        a_takeover()


def test_simulation_notices_what_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause that doesn't end keeps something due for ever."""
    monkeypatch.setattr(law, "due_at", lambda *given: NOW + 1e9)
    assert "forgotten" in broken_promise()


def test_simulation_notices_an_approval_that_is_not_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word, many attempts."""
    begin = book.begin

    def generous(ask: Ask, opening: Opening, floor: int) -> Outcome:
        outcome = begin(ask, opening, floor)
        kept = {"approved": ask.task.record.get("approved")}
        return outcome if isinstance(outcome, Refused) else outcome._replace(patch={**outcome.patch, **kept})

    monkeypatch.setattr(book, "begin", generous)
    assert "without a word" in broken_promise()


# --- the one write before a worker is ended


def noted(record: Record, shown: int | None) -> Outcome:
    """What the ledger would write of an ending, for a supervisor that knows the task by the token `shown`."""
    outcomes: list[Outcome] = []

    class Engine:
        def change(self, task_id: str, actor: Actor, op: Callable[[Ask], Outcome]) -> None:
            asked = ask({"id": "t", "run": "work", **record}, Actor(HOLDER, shown, Kind.SUPERVISOR))
            outcomes.append(op(asked))

    ledger = Ledger(cast("Engine", Engine()), HOLDER)  # type: ignore[arg-type]
    ledger.note_ending(ask({"id": "t", "run": "work", **record}, PEOPLE).task, Ending.STALLED)
    return outcomes[0]


RUNNING: Record = {"status": "in_progress", "claim": claimed(), "ran": ran(token=3)}


def test_an_ending_is_on_record_with_all_that_was_there() -> None:
    """The attempt stays as it was, and says why it is being ended."""
    outcome = noted(RUNNING, 3)
    assert isinstance(outcome, Change)
    assert outcome.patch == {"ran": {**RUNNING["ran"], "ending": "stalled"}}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, 2),
        ({"claim": claimed("alice", token=4)}, 3),
        ({"status": "todo", "claim": None, "last_token": 3}, 3),
        ({"status": "cancelled"}, 3),  # typed by hand: the claim still stands there
        ({"ran": ran("earlier", token=3)}, 3),
    ],
)
def test_an_ending_of_what_is_not_ours_any_more_is_refused(change: Record, shown: int) -> None:
    """So that no signal follows: who took the task, or moved it on, decides what becomes of its worker.
    Mutants killed: no token asked for; the status or the step not looked at."""
    assert isinstance(noted({**RUNNING, **change}, shown), Refused)


# --- the one write before a worker


def opened(record: Record, shown: int | None, **more: Any) -> Outcome:
    asked = ask({"id": "t", "run": "work", **record}, Actor(HOLDER, shown, Kind.SUPERVISOR), NOW, **more)
    return book.begin(asked, Opening(Start(resume=True, counted=True, stale=1), "3f2a9c1", "signal 9"), 7)


def test_a_start_is_one_write_with_all_that_must_be_remembered() -> None:
    """Token, attempt, tree, tallies and how the one before ended: on disk before there is a process.

    Kills: an attempt that isn't counted, tallies that are dropped, a claim kept with its old token.
    """
    died = ran(attempt=4, token=3, restarts=[NOW - 700, NOW - 9])
    outcome = opened({"status": "in_progress", "resumable": True, "claim": claimed(token=3), "ran": died}, 3)
    assert isinstance(outcome, Change)
    assert outcome.grant is not None
    assert (outcome.grant.by, outcome.grant.token) == (HOLDER, 8)
    tallies: Record = {"stale": 1, "restarts": [NOW - 9, NOW], "last_exit": "signal 9"}
    assert outcome.patch["ran"] == ran(attempt=5, started_at=NOW, token=8, head="3f2a9c1", **tallies)
    assert (outcome.patch["status"], outcome.patch["approved"]) == ("in_progress", GONE)


HELD_BY_US: Record = {"status": "in_progress", "claim": claimed(token=3)}
OPEN_GATE = {"step": "main", "by": "alice", "at": format_instant(NOW)}


@pytest.mark.parametrize(
    ("record", "shown", "reason"),
    [
        ({"status": "in_progress", "claim": claimed(token=4)}, 3, Reason.HELD),
        ({"status": "in_progress", "claim": claimed("alice", token=3)}, None, Reason.HELD),
        ({"status": "blocked", "blocked": {"on": "x", "by": "alice"}}, 3, Reason.HELD),
        ({"status": "cancelled"}, None, Reason.HELD),
        *[({"status": str(each), "claim": claimed(token=3)}, 3, Reason.HELD) for each in Status if each not in HELD],
        ({"status": "todo", "gate": "human"}, None, Reason.NOT_READY),
        ({"status": "todo", "after": ["other"]}, None, Reason.NOT_READY),
        ({"status": "todo", "ran": ran()}, None, Reason.NOT_READY),
        ({**HELD_BY_US, "ran": ran()}, 3, Reason.NOT_READY),
        ({**HELD_BY_US, "ran": ran(), "approved": {**OPEN_GATE, "step": "earlier"}}, 3, Reason.NOT_READY),
    ],
)
def test_a_start_is_refused_when_the_record_moved_on(record: Record, shown: int | None, reason: Reason) -> None:
    """Whatever happened between the decision and the write: granted anew, taken, held, given up, its gate shut, or the
    permission to repeat it withdrawn.

    Kills: a claim left behind by a hand's edit taken for a grant; a started step repeated because the law once said so.
    """
    outcome = opened(record, shown)
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    "record",
    [
        {**HELD_BY_US, "ran": ran(), "resumable": True},
        {**HELD_BY_US, "ran": ran(), "approved": OPEN_GATE},
        {**HELD_BY_US, "ran": ran("earlier")},
        {**HELD_BY_US, "ran": ran(), "resumable": True, "after": ["other"]},
    ],
)
def test_a_start_is_not_refused_more_than_the_law_asks(record: Record) -> None:
    """Permitted, approved or never started; and what is under way doesn't wait for its predecessors a second time."""
    assert isinstance(opened(record, 3), Change)


# --- one long day


def a_day(seconds_to_live: float, *, makes_progress: bool) -> Witness:
    """24 hours of one resumable command that ends with exit 1 so long after each start."""
    plans = {"loop": [Plan("one", resumable=True, gated=False, is_command=True)]}
    witness = Witness(plans, RestartPolicy(), is_split=False)
    world = World(records_of(plans, {}), {}, witness)
    keeper = Keeper(world, random.Random(1))
    life = keeper.life()
    born_at: dict[Attempt, float] = {}
    while world.now < NOW + 86400:
        until = next(life)
        if until == AWAKE:
            continue
        for process in world.living():
            age = world.now - born_at.setdefault(process.attempt, world.now)
            world.heads["loop"] += makes_progress
            witness.stories["loop", "one"].progressed |= makes_progress
            if age >= seconds_to_live:
                world.end(process, Exit(1), children=0)
        pause = until - world.now if until is not None else 12 * SWEEP
        world.now += min(max(pause, 0.5), 12 * SWEEP)
    return witness


def test_a_crash_loop_stops_at_its_second_death_without_progress() -> None:
    """In 24 hours: one start, one restart, and then a person is asked, however slowly it dies."""
    for seconds_to_live in (0.0, 1.5, 400.0):
        assert a_day(seconds_to_live, makes_progress=False).restarts == 1


def test_a_loop_that_makes_progress_stops_at_the_intensity() -> None:
    """Three restarts within ten minutes, and then a person is asked; one that lives longer goes on all day."""
    assert a_day(1.5, makes_progress=True).restarts == 3
    assert a_day(900.0, makes_progress=True).restarts > 80

"""What the supervisor sees, what that means, and what it does about it: three closed unions. Pure.

    Observation --judge--> Verdict --decide--> Decision(rule, action)

None means «could not tell» everywhere; an exit that tmux lost is two Nones and never a 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Literal

from board.model import Ending, Task
from board.settings import RestartPolicy
from supervisor.activity import Activity, Doing, Working
from supervisor.agents.needs import Need

SETUP = -1  # instead of a token, of which nobody was granted one: a command that readies the task's tree
_SETUP_WORD = "setup"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of one step under one grant; its mark stands on the pane and in the worker's environment.

    `home` is the board's session: two boards on one machine may have a task of the same name. With the token SETUP it
    is the `number`-th start of a setup command; to the law it is nobody's, as anything without a current token.
    """

    home: str
    task: str
    token: int
    number: int

    @property
    def mark(self) -> str:
        token = _SETUP_WORD if self.token == SETUP else self.token
        return f"{self.home}/{self.task}.{token}.{self.number}"

    @property
    def worker(self) -> str:
        return f"{self.task}.{_SETUP_WORD}" if self.token == SETUP else f"{self.task}.{self.number}"


def read_mark(mark: str | None) -> Attempt | None:
    found = re.fullmatch(rf"([^/]+)/([^/.]+)\.(\d+|{_SETUP_WORD})\.(\d+)", mark or "")
    if found is None:
        return None
    token = SETUP if found[3] == _SETUP_WORD else int(found[3])
    return Attempt(found[1], found[2], token, int(found[4]))


class Source(StrEnum):
    """How it was seen, in falling order of trust."""

    PIDFD = "pidfd"
    TMUX = "tmux"
    TREE = "process tree"
    SCREEN = "screen"
    BOARD = "board"


class Sure(StrEnum):
    """How sure it is: the kernel's word on this very process, somebody else's word, or nobody could tell."""

    PROVED = "proved"
    LIKELY = "likely"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended; both None when nobody can say. `cause` names a death that was no exit of its own."""

    status: int | None = None
    signal: int | None = None
    cause: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status == 0 and self.signal is None and self.cause is None

    def words(self) -> str:
        if self.cause is not None:
            return self.cause
        if self.signal is not None:
            return f"signal {self.signal}"
        return "exit unknown" if self.status is None else f"exit {self.status}"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one attempt.

    `listed` is False when tmux could not be asked at all. `pane` is None when the listing holds no pane with this
    attempt's mark. `process_lives` is about the worker itself, `others` about what else carries its mark. `ran_for` is
    how long the worker itself has run, by a clock that nobody sets; `activity` what it did, where that is followed;
    `need` what its agent needs a person for.
    """

    at: float
    source: Source
    listed: bool
    pane: str | None = None
    pane_is_dead: bool = False
    pid: int | None = None
    process_lives: bool | None = None
    others: int | None = 0
    ended: Exit | None = None
    server_gone: bool = False
    problem: str | None = None
    ran_for: float | None = None
    activity: Activity | None = None
    need: Need | None = None

    @property
    def sure(self) -> Sure:
        if self.process_lives is not None and self.others is not None and (self.listed or self.server_gone):
            return Sure.PROVED
        return Sure.LIKELY if self.pane_is_dead and self.others is not None else Sure.DOUBTFUL


@dataclass(frozen=True, slots=True)
class Absent:
    """No attempt at this step is on record: there is nothing that could have died."""


@dataclass(frozen=True, slots=True)
class Alive:
    pid: int | None
    pane: str | None
    doing: Doing = field(default_factory=Working)


@dataclass(frozen=True, slots=True)
class Lingering:
    """The worker itself is gone, and `count` processes with its mark live on: not yet dead."""

    count: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Proved: the process is gone, and nothing that it started lives."""

    exit: Exit
    at: float


@dataclass(frozen=True, slots=True)
class Unknown:
    why: str


Verdict = Absent | Alive | Lingering | Dead | Unknown


class Unseen(Enum):
    """A fact that has to be looked up outside: nobody looked yet, or the look failed."""

    NOT_LOOKED = "not looked"
    FAILED = "failed"


Fact = Literal["done_if", "drift", "limit", "login", "progress"]
Answer = bool | Unseen


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that the law may know about one task at one instant.

    `attempt` is what the verdict is about (None when nothing was seen), `drift` is why the tree can't be trusted
    (None: it can), `progressed` whether anything advanced since the last start, `limited_until` the end of a usage
    limit that the dead agent named, `login_refused` whether it ended over its login, `slot_at` the task's turn in the
    recovery after a mass death, `draw` a number in [0, 1) drawn once a death.
    """

    task: Task
    holder: str
    verdict: Verdict
    now: float
    policy: RestartPolicy
    attempt: Attempt | None = None
    settles_on_exit: bool = False
    done_if: Answer = Unseen.NOT_LOOKED
    drift: str | Unseen | None = Unseen.NOT_LOOKED
    progressed: Answer = Unseen.NOT_LOOKED
    limited_until: float | Unseen | None = None
    login_refused: Answer = False
    slot_at: float | None = None
    draw: float = 0.0
    grace: float = 10.0


class Rule(StrEnum):
    """The law's rules, in its order."""

    SETTLED = "settled"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    ALIVE = "alive"
    ALREADY_DONE = "already-done"
    NOT_RESUMABLE = "not-resumable"
    GATED = "gated"
    DRIFTED = "drifted"
    LIMITED = "limited"
    NO_PROGRESS = "no-progress"
    TOO_OFTEN = "too-often"
    MASS_DEATH = "mass-death"
    BACKOFF = "backoff"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`, or when something changes if that is None."""

    until: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """A fact is missing; decide again once it is known."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Settle:
    """The step is over: go on to the next one, or ask whether the task is done."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Block the task on a person; `on` is what for."""

    on: str


@dataclass(frozen=True, slots=True)
class End:
    """End the worker's whole tree, after `grace` seconds in which it may end by itself.

    With an `ending` it is a worker that nobody called off: the reason goes on record first, and then it is interrupted.
    """

    grace: float
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Start the step; `counted` says whether this restart counts against the intensity, `stale` is the new tally."""

    resume: bool
    counted: bool
    stale: int


Action = Nothing | Wait | Look | Settle | Hold | End | Start


@dataclass(frozen=True, slots=True)
class Decision:
    rule: Rule
    action: Action
    why: str = field(default="")

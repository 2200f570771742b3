"""One kind of agent as its profile says it, and how such a profile is put together from its layers. Pure.

A layer is what one board entry, file or template says; the nearest one wins, key by key. In the headless variant each
layer's own `headless:` stands over that layer's other keys, so that what is nearer still wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from board.errors import InvalidBoard
from supervisor.agents.answers import Answers, read_answers
from supervisor.agents.reading import Order, order_of
from supervisor.model import Exit

Session = Literal["chosen", "learnt", "none"]
Layer = Mapping[str, Any]

NONE: Final = "none"  # switches off what a template says
SESSION: Final = "${session}"
_BRIEFS: Final = ("${prompt}", "${brief_file}")
_BY_NAME: Final = ("answers", "env", "exits")  # mappings of which a nearer layer overrules single names
# Words on the command line, or about it: a start of one's own may be one that doesn't take them.
_OF_START: Final = ("hooks", "prompt", "session")
_OF_SCREEN: Final = ("answers", "prompt", "reads")
_READ: Final = frozenset({"hooks", "screens"})  # who says these himself reads by them, not where the template did


@dataclass(frozen=True, slots=True)
class Profile:
    """`start` and `resume` are argv with `${placeholders}`; `settles` is `exit` when exit 0 ends a prompt step.

    `screens` names the agent by whose rules its state is read; None for what has none. `version` asks the program for
    its version, and `tested` are those that the profile was tried with. `hooks` is the agent whose way of calling our
    hook this is, `reads` where its state is read. `is_typed`: who goes on with his conversation is typed his brief.
    """

    name: str
    start: tuple[str, ...]
    resume: tuple[str, ...]
    env: Mapping[str, str]
    settles: str = "said"
    limited: re.Pattern[str] | None = None
    screens: str | None = None
    version: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    hooks: str | None = None
    answers: Answers | None = None
    session: Session = "none"
    exits: Mapping[str, str] = field(default_factory=dict)
    auth: re.Pattern[str] | None = None
    trusts_worktree: bool = False
    reads: tuple[str, ...] = ()
    is_typed: bool = False

    @property
    def program(self) -> str:
        return self.start[0]

    @property
    def agent(self) -> str:
        """Whose conversations and trusted folders it has: of what is started itself, for nobody knows a wrapper's."""
        return self.program.rpartition("/")[2]

    @property
    def order(self) -> Order:
        """Who is listened to when it is told what it does, the most trusted first."""
        return order_of(self.reads)

    def meaning(self, ended: Exit) -> str | None:
        """What this end means, where the profile says so."""
        return None if ended.cause is not None else self.exits.get(ended.words().removeprefix("exit "))


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The nearest layer comes first."""
    wanted = next((layer["headless"] for layer in layers if isinstance(layer.get("headless"), bool)), False)
    data: dict[str, Any] = {}
    for layer in layers:
        data = _over(_varied(layer) if wanted else layer, data)
    return data


def _varied(layer: Layer) -> Layer:
    """In the headless variant. What is without a screen asks nothing there."""
    variant = layer.get("headless")
    if not isinstance(variant, Mapping):
        return layer
    return {**{key: value for key, value in layer.items() if key not in _OF_SCREEN}, **variant}


def _over(layer: Layer, nearer: Layer) -> dict[str, Any]:
    kept = {key: value for key, value in layer.items() if key not in _OF_START or "start" not in nearer}
    if _READ & nearer.keys():
        kept.pop("reads", None)
    both = {
        key: {**kept[key], **nearer[key]} for key in _BY_NAME if _is_mapping(kept, key) and _is_mapping(nearer, key)
    }
    return {**kept, **nearer, **both}


def _is_mapping(layer: Layer, key: str) -> bool:
    return isinstance(layer.get(key), Mapping)


def read_profile(name: str, data: Layer) -> Profile:
    """From merged layers that `check` has passed. Raises InvalidBoard where they don't say how it is started."""
    start = _words(data, "start")
    if not start:
        raise InvalidBoard(f'agent "{name}" has no start command', "give it `start: [program, …]` or `use: NAME`")
    resume = _words(data, "resume") or start
    return Profile(
        name,
        start,
        resume,
        _texts(data, "env"),
        str(data.get("settles", "said")),
        _pattern(data, "limited"),
        screens=_unless_none(data, "screens"),
        version=_words(data, "version"),
        tested=_words(data, "tested"),
        hooks=_unless_none(data, "hooks"),
        answers=read_answers(data.get("answers")),
        session=_session(data, start, resume),
        exits=_texts(data, "exits"),
        auth=_pattern(data, "auth"),
        trusts_worktree=data.get("trust") == "worktree",
        reads=_words(data, "reads"),
        is_typed=data.get("prompt") == "typed" and not any(brief in word for word in resume for brief in _BRIEFS),
    )


def _session(data: Layer, start: Sequence[str], resume: Sequence[str]) -> Session:
    said = data.get("session")
    for each in get_args(Session):
        if each == said:
            found: Session = each
            return found
    if any(SESSION in word for word in start):
        return "chosen"
    return "learnt" if any(SESSION in word for word in resume) else "none"


def _words(data: Layer, key: str) -> tuple[str, ...]:
    return tuple(str(word) for word in data.get(key) or ())


def _texts(data: Layer, key: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in (data.get(key) or {}).items()}


def _pattern(data: Layer, key: str) -> re.Pattern[str] | None:
    return re.compile(str(data[key]), re.MULTILINE) if data.get(key) else None


def _unless_none(data: Layer, key: str) -> str | None:
    wanted = data.get(key)
    return None if wanted in (None, NONE) else str(wanted)

"""What a row of the table of commands is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Arg(NamedTuple):
    """`names` and `options` are what argparse's `add_argument` takes."""

    names: tuple[str, ...]
    options: Mapping[str, Any]


class Command(NamedTuple):
    """`handler` is `module:function` in `board.cli`; `more` stands below the summary on its own page."""

    name: str
    group: str
    summary: str
    handler: str
    args: tuple[Arg, ...]
    example: str
    exits: str
    more: str = ""


GROUPS: Final = ("plan", "work", "decide", "look")
PLAN, WORK, DECIDE, LOOK = GROUPS


def option(name: str, metavar: str, text: str, **more: Any) -> Arg:
    return Arg((name,), {"metavar": metavar, "help": text, **more})


def flag(name: str, text: str, *short: str) -> Arg:
    return Arg((*short, name), {"action": "store_true", "help": text})


# What `board log` and `supervisor logs` are asked of the journal.
JOURNAL: Final = (
    option("--task", "ID", "only this task"),
    option("--event", "NAME,NAME", "only these events (again for more)", action="append"),
    option("--level", "LEVEL", "info, warn or error: this and what is worse", choices=("info", "warn", "error")),
    option("--since", "WHEN", "from 30m, 2h, 1d ago on, or from a day or an instant (UTC)"),
    option("--grep", "RE", "only lines that match a regular expression"),
    Arg(("-n", "--lines"), {"metavar": "N", "type": int, "help": "only the last N"}),
    flag("--events", "show what events there are, and stop"),
)
ID: Final = Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "the task (else $BOARD_TASK)"})
WAIT: Final = Arg(
    ("--wait",), {"metavar": "SPAN", "nargs": "?", "const": "", "help": "until it is over, or for so long: 90s, 30m"}
)
WHY: Final = "why, for the record"
BAD: Final = "3 the board can't be used"
MOVE: Final = f"0 done, {BAD}, 4 no such task, 5 refused, 75 busy"

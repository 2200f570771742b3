"""What `settings.notify` may say: rules of who is told of which items, when, and by which way. Pure; it sends nothing.

Addresses hold secrets as often as not, so a board names where one stands, a variable or a file, and not itself. What
may stand in a board is an address that nobody could use against its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from board.instants import parse_span

KINDS: Final = (
    *("permission", "question", "board", "writes", "supervisor", "mass-death", "held", "drift", "login", "limit"),
    *("turn", "refused", "gate", "person", "review", "blocked", "failed", "stall", "loop", "lost"),
)
SEVERITIES: Final = ("info", "warn", "error")

# No name or password, no query, and no part that looks like a token: letters and digits mixed, 16 and more.
_PLAIN: Final = r"(?!.*[@?#\s])(?!.*(?:^|[/:.])(?=[^/:.]{0,80}[0-9])(?=[^/:.]{0,80}[A-Za-z])[A-Za-z0-9_~-]{16,})"
# Those of which an address without a secret is a whole one.
_SCHEMES: Final = r"(?:https?|jsons?|xmls?|forms?|ntfys?|syslog)"
ADDRESS_PATTERN: Final = rf"^(?:desktop|env:[A-Za-z_][A-Za-z0-9_]*|file:.*\S|{_PLAIN}{_SCHEMES}://[A-Za-z0-9\[].*)$"
QUIET_PATTERN: Final = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
LIMIT_PATTERN: Final = r"^[1-9][0-9]{0,3}/(?:m|h|d)$"
_WINDOWS: Final = {"m": 60.0, "h": 3600.0, "d": 86400.0}


class Rate(NamedTuple):
    most: int = 20
    window: float = 3600.0


class Rule(NamedTuple):
    """Who is told of what. `kinds` is empty for all; `quiet` are minutes of the local day, from and to; `group` seconds
    are waited for more of the same message."""

    to: tuple[str, ...] = ()
    command: str | None = None
    kinds: tuple[str, ...] = ()
    severity: str = SEVERITIES[0]
    quiet: tuple[int, int] | None = None
    group: float = 10.0
    limit: Rate = Rate()

    @property
    def ways(self) -> tuple[str, ...]:
        """Each by a name of its own."""
        return (*self.to, *((f"command:{self.command}",) if self.command is not None else ()))


def read_rules(listed: Any) -> tuple[Rule, ...]:
    return tuple(_rule(each) for each in listed)


def _rule(record: Mapping[str, Any]) -> Rule:
    plain = Rule()
    group = parse_span(str(record.get("group", "")))
    return Rule(
        to=tuple(record.get("to") or ()),
        command=record.get("command"),
        kinds=tuple(record.get("kinds") or ()),
        severity=record.get("severity", plain.severity),
        quiet=_quiet(record.get("quiet")),
        group=plain.group if group is None else group,
        limit=_rate(record.get("limit")),
    )


def _quiet(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, last = (int(each[:2]) * 60 + int(each[3:]) for each in text.split("-"))
    return first, last


def _rate(text: str | None) -> Rate:
    if text is None:
        return Rate()
    count, _, unit = text.partition("/")
    return Rate(int(count), _WINDOWS[unit])

"""Which clock an agent reads: the zone that its environment names, else the machine's. The one door to zones' files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from supervisor.screen import Zones

VARIABLE: Final = "TZ"
_MACHINE: Final = "/etc/localtime"
_LONGEST: Final = 255


def zones_of(env: Mapping[str, str]) -> Zones:
    """Of a program with this environment. An empty name is UTC; a rule instead of a name (`CET-1CEST`) is not read."""
    return Zones(partial(_local, env.get(VARIABLE)), named)


def named(name: str) -> tzinfo | None:
    """None where this machine has no such zone."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name) if 0 < len(name) <= _LONGEST else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _local(said: str | None) -> tzinfo | None:
    if said == "":
        return UTC
    name = _MACHINE if said is None else said.removeprefix(":")
    return _in_file(name) if name.startswith("/") else named(name)


def _in_file(path: str) -> tzinfo | None:
    """A machine without the file keeps UTC, as its libraries do."""
    try:
        with open(path, "rb") as file:
            return ZoneInfo.from_file(file)
    except FileNotFoundError:
        return UTC if path == _MACHINE else None
    except (ValueError, OSError):
        return None

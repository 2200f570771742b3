"""What became of something that was to reach an agent. Pure."""

from __future__ import annotations

from typing import NamedTuple

UNSURE = "unknown whether it was delivered"


class Receipt(NamedTuple):
    """`delivered` only where the agent was seen to have taken it; else `why` says what was in the way."""

    delivered: bool
    why: str = ""

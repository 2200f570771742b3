"""What a pane's title and its bell say of the agent in it: one table, as for screens. Pure.

A title only counts where it was seen to be true. Claude Code's is the same whatever it does; Gemini's said «Ready» and
«Working…» while a first-run dialog was open, so of those two no rule makes anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from supervisor.agents.reading import Reading, Source, State

NO_RULE: Final = "no rule"


@dataclass(frozen=True, slots=True)
class TitleRow:
    """`sample` is a title as it was seen with this version."""

    agent: str
    rule: str
    state: State
    pattern: re.Pattern[str]
    version: str
    sample: str


TITLES: Final = (
    TitleRow("codex", "working", State.BUSY, re.compile(r"[⠀-⣿] \S"), "0.169.0", "⠴ repo"),
    TitleRow(
        *("codex", "action-required", State.ASKING, re.compile(r"\[ [!.] \] Action Required")),
        *("0.169.0", "[ ! ] Action Required | repo"),
    ),
    TitleRow(
        *("gemini", "action-required", State.ASKING, re.compile(r"✋ +Action Required")),
        *("0.61.0", "✋  Action Required (repo)"),
    ),
)
SPOKEN: Final = frozenset(row.agent for row in TITLES)


def read_title(agent: str, title: str, at: float) -> Reading | None:
    """None for an agent whose title says nothing; `unknown` for a title that this agent shows in several states."""
    if agent not in SPOKEN:
        return None
    row = next((row for row in TITLES if row.agent == agent and row.pattern.match(title)), None)
    if row is None:
        return Reading(Source.TITLE, State.UNKNOWN, NO_RULE, at)
    return Reading(Source.TITLE, row.state, row.rule, at)


def read_bell(at: float) -> Reading:
    """Somebody is called, for an unknown reason: a cause for a look at the screen, and no more."""
    return Reading(Source.BELL, State.UNKNOWN, "bell", at)

"""The mappings in a task's record that `board` and the supervisor write: the claim, the latest attempt, how it ended.

People read them; what they write themselves is in `vocabulary`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from board.keys import Table, needed, written
from board.model import Ending
from board.shapes import COUNT, ID, INSTANT, MAYBE_EMPTY, TEXT, Choice, Either, Flag, Items, Part, Span, Whole

_BY = written(TEXT, "Who did it.")
_AT = written(INSTANT, "When.")
_ENDED = {
    "by": _BY,
    "at": _AT,
    "why": written(MAYBE_EMPTY, "The reason that was given."),
    "commit": written(TEXT, "The commit that the work ended at."),
    "checks": written(Items(Either(TEXT, Part("held")), "a list of checks"), "What held when it was asked."),
    "forced": written(Flag(), "True where somebody overruled the definition of done: nothing was asked."),
}

WRITTEN: Final[Mapping[str, Table]] = {
    "claim": Table(
        "A granted lease.",
        {
            "by": needed(TEXT, "The holder."),
            "token": needed(Whole(1), "The fencing token: higher with each grant, shown at each write."),
            "at": needed(INSTANT, "When it was granted."),
            "expires_at": needed(INSTANT, "From then on somebody else may take over."),
        },
    ),
    "checkpoint": Table(
        "A recorded point from which a step can go on.",
        {
            "commit": written(TEXT, "The commit that holds the work so far."),
            "note": written(MAYBE_EMPTY, "Where the work stands, in words."),
            "at": needed(INSTANT, "When."),
        },
    ),
    "run": Table(
        "The latest attempt at a step.",
        {
            "step": needed(ID, "The step."),
            "attempt": needed(COUNT, "How often it was started."),
            "started_at": written(INSTANT, "When; on disk before the worker starts."),
            "token": written(COUNT, "The token that it was granted."),
            "head": written(TEXT, "The worktree's commit at that moment."),
            "progressed": written(Flag(), "True once a checkpoint has moved since."),
            "stale": written(COUNT, "Deaths in a row that brought nothing."),
            "restarts": written(Items(INSTANT, "a list of instants"), "The restarts that count against the intensity."),
            "ended_at": written(INSTANT, "When its worker was seen dead."),
            "last_exit": written(MAYBE_EMPTY, "The evidence of that death."),
            "ending": written(Choice(tuple(Ending)), "Why its worker is ended by us; on disk before the first signal."),
        },
    ),
    "blocked": Table(
        "What a blocked task waits for.",
        {
            "on": needed(TEXT, "What it waits for.", "blocked.on: name what it waits for"),
            "by": _BY,
            "at": _AT,
            "rule": written(TEXT, "The rule of the law that held it for a person."),
        },
        "{on: what it waits for}",
    ),
    "approved": Table(
        "A person's word for one attempt at a gated step.",
        {"step": needed(ID, "The step."), "by": _BY, "at": _AT},
    ),
    "held": Table(
        "A check that held.",
        {
            "check": needed(TEXT, "The item of `done_when`."),
            "exit": written(COUNT, "A command's exit status."),
            "took": written(Span(above_zero=False), "How long it took."),
            "at": written(INSTANT, "When, where it is older than the record: it held for this very commit at review."),
        },
    ),
    "said_done": Table(
        "A worker's word that the task is done, and what it rests on; a person's is still to come.",
        {**_ENDED, "note": written(MAYBE_EMPTY, "What to look at.")},
    ),
    "reopened": Table(
        "Why the task is to be worked on again.", {"by": _BY, "at": _AT, "why": written(MAYBE_EMPTY, "The reason.")}
    ),
    "done": Table("How the task came to be done.", _ENDED),
    "merged": Table(
        "How the task's branch was brought home.",
        {
            "by": _BY,
            "at": _AT,
            "into": needed(TEXT, "The branch that has the work."),
            "commit": needed(TEXT, "What that branch stood at afterwards."),
            "was": written(TEXT, "What it stood at before."),
            "why": written(MAYBE_EMPTY, "The reason that was given."),
            "forced": written(Flag(), "True where a person overruled what stood in the way."),
        },
        "{into: main, commit: 3f2a9c1}",
    ),
    "failed": Table("Why the task was given up.", _ENDED),
    "cancelled": Table("Why the task isn't wanted.", _ENDED),
}

"""Three versions of a board into one: what a person edited, over what others wrote meanwhile. Pure; writes nothing.

Theory of operation. There is the version that an edit began with, the edit, and the newest version that we wrote; often
the first and the last are the same. The person's text is the ground: their comments, order and layout stay. What only
we changed comes in as we wrote it; where both changed a task, `rules` says whose value stays, and each value that
doesn't is named as a clash, so that nothing is lost in silence. What the person may not do by saving a file: take back
what the machine wrote meanwhile, make a token fall, delete a claimed task or take its name.
The result is put together from blocks of the three texts, or spliced into the edit as a whole where they can't be cut;
either way it is read again before it is given out.
"""

from __future__ import annotations

from typing import NamedTuple

from board.document import Document
from board.merging import whole
from board.merging.blocks import Known, pieces, put_together
from board.merging.plan import Plan, plan
from board.merging.rules import MACHINE, WHOLE, Clash, Rules
from board.shapes import show

__all__ = ["MACHINE", "WHOLE", "Clash", "Merged", "event_fields", "merge", "sentences"]

Scalar = str | int | float | bool | None
_LONGEST = 2000  # characters of an event's text


class Merged(NamedTuple):
    """`theirs` and `ours` say what came from whom: `b.title`, `+new`, `-gone`, `old -> new`, `(order)`."""

    text: str
    clashes: tuple[Clash, ...]
    theirs: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()


def merge(base: str, edited: str, current: str, known: Known = lambda _: None, *, is_late: bool = False) -> Merged:
    """`edited` (the person's version of `base`) and `current` (the newest of ours) as one text.

    `known` gives the ids of blocks that were read before. With `is_late` the edit is older than one that `current`
    holds, and where both changed a value, the newer one stays. Raises InvalidBoard when one of the texts can't be
    parsed, or where the person's layout doesn't allow it safely.
    """
    if edited == current:
        return Merged(current, ())
    before, theirs, ours = pieces(base, known), pieces(edited, known), pieces(current, known)
    if before is not None and theirs is not None and ours is not None:
        made = plan(before.cells, theirs.cells, ours.cells, is_late=is_late)
        text = put_together(made, before, theirs, ours)
        if text is not None:
            return _merged(text, made)
    documents = Document(base), Document(edited), Document(current)
    made = plan(*map(whole.cells, documents), is_late=is_late)
    rules = Rules(is_late=is_late)
    text = whole.spliced(made, *documents, rules)
    made.clashes.extend(rules.clashes)
    return _merged(text, made)


def _merged(text: str, made: Plan) -> Merged:
    return Merged(text, tuple(made.clashes), tuple(made.theirs), tuple(made.ours))


def event_fields(merged: Merged) -> dict[str, Scalar]:
    """What the journal's `board_merged` says of a merge: of a prompt, only how long it is."""
    clashes = "; ".join(map(_measured, merged.clashes))
    told = {"theirs": ", ".join(merged.theirs), "ours": ", ".join(merged.ours), "clashes": clashes}
    cut = {name: words[:_LONGEST] for name, words in told.items() if words}
    return {**cut, "clashes_count": len(merged.clashes)}


def sentences(merged: Merged) -> tuple[str, ...]:
    """Each value that did not stay, for people."""
    return tuple(_sentence(clash) for clash in merged.clashes)


def _measured(clash: Clash) -> str:
    if clash.field != "prompt":
        return _sentence(clash)
    ours, theirs = (f"a text of {len(str(said))} characters" for said in (clash.ours or "", clash.theirs or ""))
    return _sentence(clash._replace(ours=ours, theirs=theirs))


def _sentence(clash: Clash) -> str:
    place = f"{clash.task}.{clash.field}" if clash.task is not None else clash.field
    stays, went = (clash.theirs, clash.ours) if clash.kept == "theirs" else (clash.ours, clash.theirs)
    if clash.field == WHOLE:
        return f"{clash.task} was {went or 'deleted'} on one side and stays {stays or 'as it is'}"
    return f"{place}: {show(stays)} stays, {show(went)} doesn't"

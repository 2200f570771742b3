"""What is on disk against what we put there: every edit by hand, merged with what was written meanwhile.

Theory of operation. Under the board's lock a board that isn't ours is somebody's edit of an older version, perhaps of
the newest one (`origin` finds it); the same goes for what an editor wrote into a file that we had replaced. Each is
merged three ways (`merge`): the version it began with, the edit, and the newest version of ours. Readers see the same
merge without writing it. An edit that may still be being written isn't looked at yet: a young file whose end isn't the
end of what it was before counts as cut: a finished edit of the very end is waited for in vain, for a moment.
Edits are taken in in the order of their saving; one that is older than an edit which the board has already doesn't
overrule it. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from board.errors import BeingSaved, InvalidBoard
from board.journal.events import Event, Scalar
from board.reading import decoded, revision
from board.replaced import Replaced
from board.store import SAVING_FOR, FileStore, Snapshot

if TYPE_CHECKING:
    from board.merge import Merged

BY_HAND: Final = "hand"  # who wrote a text that no command did; nobody can know more
_OLD: Final = "an older version was saved over the board, the newer stays; `board history restore REV` brings one back"
_TAIL: Final = 64  # characters by which the end of a file is known


class Reader(Protocol):
    """Who can tell whether a text is a board (`draft` raises InvalidBoard), and which blocks were read before."""

    def draft(self, text: str) -> object: ...

    def known_id(self, block: str) -> str | None: ...


class Edit(NamedTuple):
    """One edit by hand: the version that it began with, what became of that, and the merge. `replaced` says that it
    was written into a file that we had replaced."""

    base: str
    edited: str
    merged: Merged
    replaced: Replaced | None = None


class Settled(NamedTuple):
    """The board as it is meant now, and the edits in it. `broken` are replaced files that hold no board."""

    text: str
    edits: tuple[Edit, ...]
    broken: tuple[Replaced, ...]
    edited_ns: int  # when the newest of the edits was saved


def settled(store: FileStore, snapshot: Snapshot, reader: Reader) -> Settled | None:
    """None where the board is as we left it.

    Raises InvalidBoard for an edit that is no board, and BeingSaved where it may still be being written.
    """
    history = store.history
    changed = history.retired.changed()
    is_ours = history.is_ours(snapshot.rev)
    if is_ours and not changed:
        return None
    newest = snapshot.text if is_ours else _decoded(history.newest())
    if newest is None:
        return None
    saves = [_Save(one.changed_ns, _text_of(one), one) for one in changed]
    if not is_ours:
        saves.append(_Save(max([store.changed_ns(), *(save.at_ns for save in saves)]), snapshot.text, None))
    edits, broken, text, latest = [], [], newest, history.edited_ns()
    for save in sorted(saves, key=lambda save: save.at_ns):
        edit = _merged(store, save, text, reader, is_late=save.at_ns < latest)
        if edit is not None:
            edits.append(edit)
            text, latest = edit.merged.text, max(latest, save.at_ns)
        elif save.replaced is not None:
            broken.append(save.replaced)
    return Settled(text, tuple(edits), tuple(broken), latest) if edits or broken else None


class _Save(NamedTuple):
    """What somebody saved, and when; `replaced` where that went into a file that we had replaced."""

    at_ns: int
    text: str
    replaced: Replaced | None


def _merged(store: FileStore, save: _Save, current: str, reader: Reader, *, is_late: bool) -> Edit | None:
    """None for what is no edit: nothing to compare it with, or, in a replaced file, no board."""
    from board.merge import merge
    from board.origin import origin

    raw = save.text.encode("utf-8")
    began = _decoded(origin(store.history, raw, revision(raw)))
    if began is None:
        return None
    age = store.age_of(save.at_ns / 1e9)
    if age < SAVING_FOR and save.text[-_TAIL:] != began[-_TAIL:]:
        raise BeingSaved
    try:
        reader.draft(save.text)
        return Edit(began, save.text, merge(began, save.text, current, reader.known_id, is_late=is_late), save.replaced)
    except InvalidBoard:
        if save.replaced is None:
            raise
        if age < SAVING_FOR:
            raise BeingSaved from None
        return None


def _decoded(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8")


def _text_of(replaced: Replaced) -> str:
    """Empty, which is no board, where it isn't text at all."""
    try:
        return decoded(replaced.raw)
    except InvalidBoard:
        return ""


def told(found: Settled, rev_was: str, rev: str) -> Iterator[tuple[Event, tuple[str, ...]]]:
    """One event for each edit that was taken in, and what its author should hear: nothing where nobody lost a word."""
    from board.merge import event_fields, sentences

    for edit in found.edits:
        fields: dict[str, Scalar] = {"by": BY_HAND, "rev": rev, "rev_was": rev_was}
        if edit.replaced is None and edit.merged.text == edit.edited and not edit.merged.clashes:
            yield Event("board_edited", None, fields), ()
        else:
            is_old = edit.edited == edit.base and edit.merged.text != edit.edited
            words = (_OLD,) if is_old else sentences(edit.merged)
            yield Event("board_merged", None, {**fields, **event_fields(edit.merged)}), words
    for replaced in found.broken:
        kept = f"an edit that is no board is kept as {replaced.path}"
        yield Event("board_merged", None, {"by": BY_HAND, "kept": replaced.path}), (kept,)

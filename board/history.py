"""The versions of the board that we wrote, under `.board/history/`: derived, bounded, safe to delete at any time.

Theory of operation. Most versions are kept as how they differ from the one before: a board of five megabytes costs a
few hundred bytes a change (`versions`).

A version is kept before its text becomes the board (`ahead`); `head` names the one that did (`arrived`). One that is
newer than that, and whose text still stands aside, belongs to a writer at work or to one who died, and nobody has seen
it: it is no version yet. So a board whose revision is neither the head's nor that of a newer version was written by
somebody else. Where all of it is gone, there is nothing to compare with, and what stands there is taken as it is
(`adopt`); where it can't be read just then, that is an error, since a claim would be lost by guessing. Where a version
or the head can't be written, the board still is: then our own text may be taken for a hand edit, which costs a merge
and loses nothing. Writing is for who holds the board's lock; anybody may ask.

What a rename of ours took away stands in `replaced/`, see the module of that name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from board.delta import Delta, make_delta
from board.errors import BoardError
from board.reading import revision
from board.replaced import Retired
from board.versions import CHAIN, Version, Versions, is_there, read, size_of, write

KEEP: Final = 1000  # versions
KEEP_BYTES: Final = 64 * 1024 * 1024


class Head(NamedTuple):
    """The version that was put in place last."""

    number: int
    rev: str


def _none() -> frozenset[str]:
    return frozenset()


class History:
    """`aside` gives the revisions of the texts that wait beside the board to take its place, or did when their writer
    died. Whatever asks raises BoardError for what is there and can't be read."""

    def __init__(self, folder: str, aside: Callable[[], Collection[str]] = _none) -> None:
        self.folder = folder
        self.files = Versions(folder)
        self.retired = Retired(os.path.join(folder, "replaced"))
        self._aside = aside

    # --- writing: what can't be written is left out, since it is a copy

    def ahead(self, raw: bytes, was: bytes, rev: str, rev_was: str, edits: Sequence[str] = ()) -> Version | None:
        """Keeps `raw`, which is to take the place of `was`; None where that can't be done. With it the edits as they
        were made before they were merged into it: their authors may go on from there."""
        head = self.head()
        number = head.number + 1 if head is not None else self._last() + 1
        parent = self.files.named(head.number, rev_was) if head is not None and head.rev == rev_was else None
        delta = make_delta(parent.name, was, raw) if parent is not None and number % CHAIN else None
        if delta is None or len(delta) * 3 > len(raw):
            version = self.files.keep(number, rev, "full", raw)
        else:
            version = self.files.keep(number, rev, "delta", delta)
        if version is not None:
            self._note(number, edits)
        return version

    def withdraw(self, version: Version | None) -> None:
        """It won't become the board: whoever holds its text aside takes it away here first, or it counts as having
        been the board."""
        if version is not None:
            self._drop([version])

    def withdraw_text(self, rev: str) -> bool:
        """The same for a text that was found aside; False where there is no such version."""
        head = self._noted_head()
        found = [one for one in self.files.listed() if one.rev == rev and (head is None or one.number > head.number)]
        self._drop(found)
        return bool(found)

    def _drop(self, versions: Sequence[Version]) -> None:
        numbers = {version.number for version in versions}
        for one in self.files.listed() if numbers else ():
            if one in versions or (one.is_note and one.number in numbers):
                self.files.forget(one)

    def arrived(self, version: Version | None) -> None:
        """`version` stands on disk now. A head that can't be written is taken away, since it would lie."""
        path = f"{self.folder}/head"
        try:
            if version is None:
                os.unlink(path)
                return
            # One write of always as many bytes: a head that is torn all the same is none, and the versions tell.
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(fd, f"{version.number:012d} {version.rev}\n".encode(), 0)
            finally:
                os.close(fd)
        except OSError:
            with suppress(OSError):
                os.unlink(path)
            return
        if not version.number % CHAIN:
            with suppress(BoardError):
                self._prune()

    def adopt(self, raw: bytes, rev: str, edits: Sequence[str] = ()) -> None:
        """What stands on disk, whoever wrote it, is the board: nothing of ours, or of these edits, is missing in it."""
        head = self.head()
        if head is not None and head.rev == rev:
            self._note(head.number, edits)
            return
        number = head.number + 1 if head is not None else self._last() + 1
        self._note(number, edits)
        self.arrived(self.files.keep(number, rev, "full", raw))

    def _note(self, number: int, edits: Sequence[str]) -> None:
        for edit in edits:
            raw = edit.encode("utf-8")
            self.files.keep(number, revision(raw), "note", raw)

    def begin(self, raw: bytes, rev: str) -> None:
        """What a first write of ours replaces is a version, too: an editor may have it open already."""
        if not is_there(f"{self.folder}/head") and self.head() is None:
            self.adopt(raw, rev)

    def edited_ns(self) -> int:
        """When the newest edit was saved that the board has."""
        try:
            return int(read(f"{self.folder}/edited") or 0)
        except ValueError:
            return 0

    def edited(self, at_ns: int) -> None:
        with suppress(OSError):
            write(f"{self.folder}/edited", str(at_ns).encode())

    def _prune(self) -> None:
        """Whole chains go, the oldest first: a version without the one that it differs from can't be read."""
        kept = list(reversed(self.versions()))
        size = 0
        for count, version in enumerate(kept, 1):
            size += size_of(f"{self.folder}/{version.name}")
            if version.is_full and (count >= KEEP or size >= KEEP_BYTES):
                for old in kept[count:]:
                    self.files.forget(old)
                return

    # --- reading

    def head(self) -> Head | None:
        """Where its file is gone, the newest version: a stale save must not pass for the newest board then."""
        noted = self._noted_head()
        if noted is not None:
            return noted
        versions = self.versions()
        return Head(versions[-1].number, versions[-1].rev) if versions else None

    def _noted_head(self) -> Head | None:
        try:
            number, rev = (read(f"{self.folder}/head") or b"").decode("ascii").split()
            return Head(int(number), rev)
        except ValueError:
            return None

    def is_ours(self, rev: str) -> bool:
        """Is a board of this revision one that we put in place, or were about to when we died?"""
        head = self.head()
        if head is None or head.rev == rev:
            return True
        return any(one.rev == rev and one.number > head.number and not one.is_note for one in self.versions())

    def versions(self) -> list[Version]:
        """Oldest first: all that stood on disk, as far as anybody can know."""
        found, head = self.files.listed(), self._noted_head()
        sure = head.number if head is not None else 0
        if not found or found[-1].number <= sure:
            return found
        aside = self._aside()
        stood = {one.number for one in found if not one.is_note and one.rev not in aside}
        return [one for one in found if one.number <= sure or one.number in stood]

    def find(self, rev: str) -> tuple[Version, bytes] | None:
        """The newest version with this revision, and its text."""
        for version in reversed(self.versions()):
            raw = self.files.load(version) if version.rev == rev else None
            if raw is not None:
                return version, raw
        return None

    def newest(self) -> bytes | None:
        """The text that we put in place last, as far as it can still be read. Where one of us died between the version
        and the head, nobody knows whether it came to stand there; that it did is what may be relied on already."""
        head = self.head()
        if head is None:
            return None
        kept = [one for one in reversed(self.versions()) if not one.is_note]
        texts = (self.files.load(one) for one in kept if one.number > head.number or one.rev == head.rev)
        return next((text for text in texts if text is not None), None)

    def walk(self) -> Iterator[tuple[Version, bytes, Delta | None]]:
        """Every readable version, with its text and what it changed: see `Versions.walk`."""
        return self.files.walk(self.versions())

    def _last(self) -> int:
        return max((version.number for version in self.versions()), default=0)

"""Where records are written: one line, one `write`. Renames and cuts nothing, and never raises for a disk's sake.

All writers share the day's newest segment through `O_APPEND`; a full one is left as it is and the next number begun.
Each write is made under a shared `flock`, which no writer waits for: whoever seals a segment has the exclusive one for
that moment, so that between a writer's look at a segment and its write nobody seals it.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from board.journal.events import Event, instant, line_record
from board.journal.files import Segment, listed
from board.journal.known import known_from_environment
from board.journal.redact import Redacted, Redactor

if TYPE_CHECKING:
    from board.journal.loading import Wanted

MAX_BYTES: Final = 8 * 1024 * 1024
_KEY_BYTES: Final = 32


class Journal:
    """The journal in `folder` (made 0700 with its parent when missing). Not for several threads at once."""

    def __init__(self, folder: str, redactor: Redactor, *, fast: bool = False, max_bytes: int = MAX_BYTES) -> None:
        """`fast` pays 20 ms once for orjson: for who writes many lines. A segment may pass `max_bytes` by a line."""
        self._folder = folder
        self._redactor = redactor
        self._fast = fast
        self.max_bytes = max_bytes
        self.has_begun = False  # a segment behind others: then there is something to pack; whoever does resets it
        self._dumps: Callable[[object], str] | None = None
        self._fd: int | None = None
        self._segment = Segment("", 0)
        self._dropped = 0
        self._dropped_at = 0.0

    @property
    def dropped(self) -> int:
        """Records lost since the last `journal_dropped` was written."""
        return self._dropped

    def append(self, event: Event, at: float) -> None:
        """The record is in the file, whole, or counted as dropped. Raises ValueError for an unknown event."""
        line = self._rendered(event, at)
        if self._dropped and self._write(self._rendered(self._loss(), at), at):
            self._dropped = 0
        if not self._write(line, at):
            self._dropped_at = self._dropped_at if self._dropped else at
            self._dropped += 1

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _loss(self) -> Event:
        return Event("journal_dropped", fields={"dropped_count": self._dropped, "first_at": self._dropped_at})

    def _rendered(self, event: Event, at: float) -> Redacted:
        if self._dumps is None:
            self._dumps = _fast_dumps() if self._fast else _plain_dumps()
        return self._redactor.line(line_record(event, at), self._dumps)

    def _write(self, line: Redacted, at: float) -> bool:
        """False when the line is not wholly in the file; what is there of it is closed by the next writer."""
        data = line.encode("utf-8", "replace") + b"\n"
        try:
            fd = self._opened(instant(at)[:10])
            try:
                if _is_torn(fd):
                    data = b"\n" + data
                return os.write(fd, data) == len(data)
            finally:
                _unlock(fd)
        except OSError:
            return False

    def _opened(self, day: str) -> int:
        """With the shared lock on it."""
        if self._fd is not None and self._segment.day == day and self._may_append(self._fd):
            return self._fd
        numbers = [segment.number for segment in listed(self._folder) if segment.day == day]
        segment = Segment(day, max(numbers, default=1))
        while True:
            self.close()
            self._segment = segment
            self._fd = _appending(os.path.join(self._folder, segment.name))
            if self._fd is not None and self._may_append(self._fd):
                return self._fd
            segment = segment._replace(number=segment.number + 1)

    def _may_append(self, fd: int) -> bool:
        """Then we have the shared lock. Neither full, sealed, removed nor passed; nor just being sealed."""
        if not _has_locked(fd):
            return False
        now = os.fstat(fd)
        if now.st_nlink and now.st_mode & stat.S_IWUSR and now.st_size < self.max_bytes:
            return now.st_size > 0 or self._is_newest()
        return False

    def _is_newest(self) -> bool:
        """Of an empty segment: somebody slow may have made it anew after it was packed or deleted."""
        there = listed(self._folder)
        later = [each for each in there if each.day == self._segment.day and each[:2] >= self._segment[:2]]
        self.has_begun |= len(there) > 1
        return later in ([self._segment], [])


def make_redactor(board_folder: str, env: Mapping[str, str], wanted: "Wanted | None" = None) -> Redactor:
    """The redactor for this person, machine and board; `board_folder` is `.board`, which holds the marks' key. `wanted`
    is what the board's settings say: new patterns in it are tried out first, in a process of their own."""
    own, known = None, known_from_environment(env)
    if wanted is not None and _says_something(wanted):
        from board.journal.loading import load

        own, values, _ = load(board_folder, env, wanted)
        known = {name: value for name, value in {**known, **values}.items() if not own.is_allowed(value)}
    return Redactor(
        home=env.get("HOME", ""),
        user=env.get("USER") or env.get("LOGNAME", ""),
        host=os.uname().nodename,
        key=_installation_key(os.path.join(board_folder, "redact.key")),
        known=known,
        own=own,
    )


def _says_something(wanted: "Wanted") -> bool:
    is_more = bool(wanted.rules or wanted.allow or wanted.values_from or wanted.gitleaks)
    return is_more or wanted.prompts != "fingerprint"


def _installation_key(path: str) -> bytes:
    """The one key of this board; whoever comes first makes it. One of this process alone if none can be kept."""
    for _ in range(2):
        key = _read(path)
        if key is not None and len(key) == _KEY_BYTES:
            return key
        try:
            _offer_key(path, is_damaged=key is not None)
        except OSError:
            break
    key = _read(path)
    return key if key is not None and len(key) == _KEY_BYTES else os.urandom(_KEY_BYTES)


def _offer_key(path: str, *, is_damaged: bool) -> None:
    """A whole key appears under `path` or somebody else's is there: a link, unlike a file being written, is whole."""
    _make_folder(os.path.dirname(path))
    aside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, os.urandom(_KEY_BYTES))
        os.fsync(fd)
        if is_damaged:
            os.replace(aside, path)
        else:
            os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.close(fd)
        _unlink(aside)


def _read(path: str) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(fd, _KEY_BYTES + 1)
    finally:
        os.close(fd)


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _make_folder(folder: str) -> None:
    for path in (os.path.dirname(folder), folder):
        with suppress(FileExistsError):
            os.mkdir(path or ".", 0o700)


def _appending(path: str) -> int | None:
    """Read as well as written, only to see whether its last line is whole. None for one that was sealed."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        _make_folder(os.path.dirname(path))
        return os.open(path, flags, 0o600)
    except PermissionError:
        if os.stat(path).st_mode & stat.S_IWUSR:
            raise
        return None


def _has_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks here: then nobody can seal it either
    return True


def _unlock(fd: int) -> None:
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_UN)


def _is_torn(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def _plain_dumps() -> Callable[[object], str]:
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _fast_dumps() -> Callable[[object], str]:
    plain = _plain_dumps()
    try:
        from orjson import dumps
    except ImportError:
        return plain

    def encode(record: object) -> str:
        try:
            return dumps(record).decode()
        except TypeError:  # a whole number past 64 bits
            return plain(record)

    return encode

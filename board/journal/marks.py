"""What stands in a secret's or a prompt's place: how it is made and how it is known again. Hides nothing by itself."""

import re
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from hashlib import blake2b

# What may be written: made by the redactor, and by those that put such texts together.
Redacted = NewType("Redacted", str)

FAILED: Final = Redacted("[REDACTED:failed]")
CUT: Final = "[REDACTED:cut]"
WITHOUT_HASH: Final = ("failed", "cut")


class Marks:
    """Marks of one installation: the same value under the same key has the same mark, which tells nothing of it."""

    def __init__(self, key: bytes, kinds: Callable[[], Iterable[str]]) -> None:
        """`key` is not empty, of which at most 64 bytes are used. `kinds` are all that a mark may name; it is asked
        when a text may hold one."""
        if not key:
            raise ValueError("a redactor needs a key: marks without one can be guessed")
        self._key = key[:64]
        self._kinds = kinds

    @cached_property
    def grammar(self) -> str:
        return _grammar(tuple(sorted(set(self._kinds()))))

    @cached_property
    def _hash(self) -> "type[blake2b]":
        from hashlib import blake2b

        return blake2b

    @cached_property
    def _exact(self) -> re.Pattern[str]:
        return re.compile(self.grammar)

    @cached_property
    def _alone(self) -> re.Pattern[str]:
        return re.compile(self.grammar + r"[)\]}>.:]*")

    def mark(self, kind: str, secret: str) -> str:
        digest = self._hash(secret.encode("utf-8", "replace"), key=self._key, digest_size=4).hexdigest()
        return f"[REDACTED:{kind}:{digest}]"

    def is_marked(self, value: str) -> bool:
        """Our own mark and nothing else: who writes more than a mark can't hide behind it."""
        return value.startswith("[REDACTED:") and self._alone.fullmatch(value) is not None

    def is_word(self, s: str, at: int) -> bool:
        """A mark stands here, and a blank, a quote or nothing behind it."""
        m = self._exact.match(s, at) if s.startswith("[REDACTED:", at) else None
        return m is not None and s[m.end() : m.end() + 1] in ("", " ", "\t", "\n", '"', "'")

    def apart(self, s: str) -> list[str]:
        """Text and marks in turn: a mark has an odd index."""
        return self._exact.split(s) if "[REDACTED:" in s else [s]


def lines_of(text: Redacted) -> list[Redacted]:
    """Its lines, without their ends."""
    return [Redacted(line) for line in text.removesuffix("\n").split("\n")] if text else []


def fingerprint(text: str, key: bytes) -> str:
    """What may be said of a prompt: its length, and eight figures that are the same for the same text and key."""
    from hashlib import blake2b

    digest = blake2b(text.encode("utf-8", "replace"), key=key[:64], digest_size=4).hexdigest()
    return f"{len(text)} characters, {digest}"


@lru_cache(maxsize=8)
def _grammar(kinds: tuple[str, ...]) -> str:
    return r"(\[REDACTED:(?:(?:" + "|".join(kinds) + r"):[0-9a-f]{8}|" + "|".join(WITHOUT_HASH) + r")\])"

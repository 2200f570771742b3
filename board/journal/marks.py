"""What stands in a secret's or a prompt's place: how it is made and how it is known again. Hides nothing by itself."""

from typing import Final

from board.journal.rules import KINDS, compiled

MARKER: Final = r"(\[REDACTED:(?:(?:" + "|".join(sorted(KINDS)) + r"):[0-9a-f]{8}|failed|cut)\])"


def mark(kind: str, secret: str, key: bytes) -> str:
    from hashlib import blake2b

    digest = blake2b(secret.encode("utf-8", "replace"), key=key, digest_size=4).hexdigest()
    return f"[REDACTED:{kind}:{digest}]"


def is_marked(value: str) -> bool:
    """Our own mark and nothing else: who writes more than a mark can't hide behind it."""
    return compiled(MARKER + r"[)\]}>.:]*").fullmatch(value) is not None


def fingerprint(text: str, key: bytes) -> str:
    """What may be said of a prompt: its length, and eight figures that are the same for the same text and key."""
    from hashlib import blake2b

    digest = blake2b(text.encode("utf-8", "replace"), key=key, digest_size=4).hexdigest()
    return f"{len(text)} characters, {digest}"

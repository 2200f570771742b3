"""Waiting for what comes about, with a deadline: the tests' only clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")
_NEVER = Event()


def eventually(look: Callable[[], T], within: float = 10.0, what: str | Callable[[], str] = "") -> T:
    """The first truthy answer of `look`; fails the test after `within` seconds, naming the last answer."""
    deadline = time.monotonic() + within
    while not (answer := look()):
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise AssertionError(f"not within {within} s: {said or look}: {answer!r}")
        _NEVER.wait(0.02)
    return answer

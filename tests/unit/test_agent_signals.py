"""What a program says of itself through its terminal: read whole or not at all, wherever its text is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.reading import Source, State
from supervisor.agents.signals import is_status, read_signal
from supervisor.sink.escapes import LONGEST_STATUS, Tokens

WHOLE = "\x1b]7501;state=working:app=codex\x1b\\"


def statuses(*pieces: str) -> list[str]:
    tokens = Tokens()
    return [token.text for piece in pieces for token in tokens.feed(piece) if token.kind == "status"]


@pytest.mark.parametrize(
    ("words", "state", "rule"),
    [
        ("state=idle", State.IDLE, "idle"),
        ("state=working:app=codex", State.BUSY, "working"),
        ("state=blocked:app=codex:kind=permission", State.ASKING, "blocked, permission"),
        ("state=done:app=codex", State.IDLE, "done"),
        ("state=error:app=codex", State.FAILED, "error"),
    ],
)
def test_each_state_is_read(words: str, state: State, rule: str) -> None:
    """With the rule that tells it; an error is left to a screen that can tell a limit apart."""
    reading = read_signal(words, 7.0, has_screens=False)
    assert reading is not None
    assert (reading.source, reading.state, reading.rule, reading.at) == (Source.SIGNAL, state, rule, 7.0)
    with_screens = read_signal(words, 7.0, has_screens=True)
    assert with_screens is not None
    assert with_screens.state is (State.UNKNOWN if "error" in words else state)


@pytest.mark.parametrize(
    "words", ["", "state=", "state=well", "app=codex", "state=idle;x", "state=idle:app=a b", "state=idle\n", "?"]
)
def test_anything_else_is_none(words: str) -> None:
    """It goes no further than the reader. Mutant killed: any text is handed on."""
    assert not is_status(words)
    assert read_signal(words, 7.0, has_screens=False) is None


@given(st.lists(st.integers(0, len(WHOLE) + 4), max_size=6))
def test_where_it_is_cut_makes_no_difference(cuts: list[int]) -> None:
    """Once each, whatever stands around it. Mutant killed: only what comes in one piece."""
    text = f"a{WHOLE}b\r\n"
    places = sorted({0, *cuts, len(text)})
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert statuses(*pieces) == ["state=working:app=codex"]


def test_what_only_looks_like_one_is_none() -> None:
    """A title, an image, one that is cancelled, one that doesn't end; and one after those is read. Mutants killed: the
    length not bounded; images taken; a cancelled one taken."""
    long = f"\x1b]7501;{'x' * (LONGEST_STATUS + 1)}\x07"
    others = ("\x1b]0;7501;state=idle\x07", "\x1bP7501;state=idle\x1b\\", "\x1b]7501;state=idle\x18", long)
    assert statuses(*others) == []
    assert statuses(*others, "\x1b]7501;state=idle\x07") == ["state=idle"]
    assert statuses("\x1b]7501;", *["state=idle" * 1000] * 200) == []

"""Unit: the control-mode protocol as text, without a tmux."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.control import Exit, Notice, Parser, Reply, command_line, is_no_server, quote
from supervisor.tmux import session_name

TRANSCRIPT = (
    b"%begin 1795203610 277 0\n%end 1795203610 277 0\n%session-changed $0 one\n"
    b"%begin 1795203610 282 1\nfirst\n\n%exit\n%end 1795203610 281 1\n\xc3\xa9\xff\n%end 1795203610 282 1\n"
    b"%begin 1795203610 283 1\ncan't find window: @99\n%error 1795203610 283 1\n"
    b"%exit server exited unexpectedly\n"
)
MESSAGES = [
    Reply([], is_error=False, is_ours=False),
    Notice("%session-changed $0 one"),
    Reply(["first", "", "%exit", "%end 1795203610 281 1", "é\N{REPLACEMENT CHARACTER}"], is_error=False, is_ours=True),
    Reply(["can't find window: @99"], is_error=True, is_ours=True),
    Exit("server exited unexpectedly"),
]


def test_a_transcript_becomes_its_messages() -> None:
    """Replies, errors, notices and the end are told apart, and what a pane shows cannot end a block.

    Kills: ending a block at any `%end` line.
    """
    assert Parser().feed(TRANSCRIPT) == MESSAGES


@given(st.lists(st.integers(0, len(TRANSCRIPT)), max_size=12).map(sorted))
def test_cuts_make_no_difference(cuts: list[int]) -> None:
    """However the bytes are cut on the way, the same messages come out."""
    parser, edges = Parser(), [0, *cuts, len(TRANSCRIPT)]
    pieces = (TRANSCRIPT[start:stop] for start, stop in pairwise(edges))
    assert [message for piece in pieces for message in parser.feed(piece)] == MESSAGES


def test_a_plain_exit_has_no_reason() -> None:
    """A clean end of the server is an end, not a notice."""
    assert Parser().feed(b"%exit\n") == [Exit("")]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_command_is_one_line(text: str) -> None:
    """No argument can end the line, and so none can smuggle in a command of its own.

    Kills: leaving control characters as they are.
    """
    line = command_line([["display-message", text]])
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_a_nul_is_refused() -> None:
    """What no argument can hold is an error here and not a cut argument there."""
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


def test_only_proof_is_no_server() -> None:
    """A socket that we may not open says nothing about the server behind it.

    Kills: taking every "error connecting" for a dead server.
    """
    assert is_no_server("no server running on /x/y")
    assert is_no_server("error connecting to /x/y (No such file or directory)")
    assert not is_no_server("error connecting to /x/y (Permission denied)")
    assert not is_no_server("can't find session: x")


def test_session_names() -> None:
    """One board, one session: readable, safe for tmux, and different for boards in folders of the same name."""
    name = session_name("/home/me/My project.v2/tasks.yaml")
    assert name.startswith("My-project-v2-")
    assert name == session_name("/home/me/My project.v2/tasks.yaml")
    assert name != session_name("/home/you/My project.v2/tasks.yaml")
    assert session_name("/tasks.yaml").startswith("board-")
    assert session_name("/…/tasks.yaml").isascii()

"""A section of ours in somebody's file: every byte outside of its marks stays, and broken marks are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.marked import BEGIN, END, Broken, put, section

OLD, NEW = section("old\nwords"), section("new")
lines = st.lists(st.sampled_from([b"", b"# Title", b"  text \t", "é☃".encode(), b"\xff\xfe", b"<!-- other -->"]))
ends = st.sampled_from([b"\n", b"\r\n"])


@given(lines, lines, ends, st.booleans())
def test_only_the_section_changes(before: list[bytes], behind: list[bytes], end: bytes, is_open: bool) -> None:
    """What stands before and behind is the same, byte for byte, and a second time changes nothing."""
    head, tail = (b"".join(line + end for line in part) for part in (before, behind))
    tail = tail.removesuffix(end) if is_open else tail
    old = OLD.replace(b"\n", end)
    if not tail and is_open:
        old = old.removesuffix(end)
    once = put(head + old + tail, NEW)
    assert isinstance(once, bytes)
    assert once.startswith(head)
    assert once.endswith(tail)
    middle = once[len(head) : len(once) - len(tail)]
    assert middle.replace(b"\r\n", b"\n").rstrip(b"\n") == NEW.rstrip(b"\n")
    assert put(once, NEW) == once


@given(lines, ends, st.booleans())
def test_where_none_is_it_comes_last(before: list[bytes], end: bytes, is_open: bool) -> None:
    """Behind what is there, with an empty line between; and it is found there the next time."""
    head = b"".join(line + end for line in before)
    head = head.removesuffix(end) if is_open else head
    once = put(head, NEW)
    assert isinstance(once, bytes)
    assert once.startswith(head)
    assert put(once, NEW) == once
    if head:
        assert once[len(head) :].replace(b"\r\n", b"\n").endswith(NEW)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (BEGIN + b"\nx\n", 1),
        (b"x\n" + END + b"\n", 2),
        (END + b"\n" + BEGIN + b"\n", 1),
        (OLD + OLD, 5),
        (OLD + END + b"\n", 5),
        (BEGIN + b"\n" + OLD, 2),
    ],
)
def test_broken_marks_are_refused(data: bytes, line: int) -> None:
    """With the line that is wrong."""
    found = put(data, NEW)
    assert isinstance(found, Broken)
    assert found.line == line

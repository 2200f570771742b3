"""Generated boards: piece by piece against the whole, which `test_splice` compares with an independent reader."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, event, given, settings

from board.document import Document, splice
from board.errors import InvalidBoard
from board.patch import GONE
from tests.pieces import by_blocks, spliced_by_lines
from tests.property.boards import Written, boards, patches

MANY = settings(max_examples=80, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))


@MANY
@given(boards(), patches())
def test_plain_boards_are_read_and_changed_piece_by_piece(board: Written, patch: dict[str, Any]) -> None:
    """In block style the pieces always mean what the file means, and each change writes the same bytes.

    Mutants: `cut` that takes the line's start for the end of a list of column 0; `frame` without the tail.
    """
    text = board.text.removeprefix("\ufeff")
    read = by_blocks(text)
    if read is None:
        assert not any(line.startswith("tasks:") for line in text.splitlines())  # a quoted or spaced key
        return event("whole")
    assert read == Document(text).data
    assert_same_change(text, len(board.tasks) // 2, f"t{len(board.tasks) // 2}", patch)
    return event("by lines")


@MANY
@given(boards(strange=True), patches())
def test_strange_boards_mean_the_same_or_are_left_to_the_whole(board: Written, patch: dict[str, Any]) -> None:
    """Flow tasks, merges, aliases: where pieces are taken, they mean the same and are changed alike."""
    text = board.text.removeprefix("\ufeff")
    if by_blocks(text) is None:
        return event("whole")
    assert by_blocks(text) == Document(text).data
    assert_same_change(text, 0, "t0", patch)
    return event("by lines")


def assert_same_change(text: str, place: int, task_id: str, patch: dict[str, Any]) -> None:
    change = {key: GONE if value is None else value for key, value in patch.items()}
    try:
        whole = splice(Document(text), task_id, change)
    except InvalidBoard:
        whole = None
    new = spliced_by_lines(text, place, change)
    assert new in (None, whole)
    if new is None:
        event("a block that needs the whole")
        assert whole is None or not text.endswith("\n")

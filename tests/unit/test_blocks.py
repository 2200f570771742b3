"""Text cut by lines against text read as a whole, on boards that were written to deceive. See `tests/hostile.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from board.blocks import append_block, cut, dashes, read_block
from board.document import Document, append, pruned, splice
from board.errors import InvalidBoard
from board.patch import GONE
from board.roll import enrol
from board.syntax import MAX_DEPTH
from board.tree import MAX_UNFOLDED
from tests.hostile import LEGAL
from tests.pieces import by_blocks, spliced_by_lines
from tests.property.test_splice import as_it_is, asked_for, read

pytestmark = pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")  # legal, if odd

BY_LINES: Final = 34  # so many of them must be read by lines, or the lines weren't looked at
NOT_RUAMEL: Final = {
    "a tab behind the dash",
    "unicode line ends",
    "a next line mark",
}  # its pure reader can't read them

PATCHES: Final[dict[str, Mapping[str, Any]]] = {
    "a claim": {"status": "claimed", "claim": {"by": "x", "token": 1, "at": "2026-11-20T10:00:00Z"}},
    "another title": {"title": "- id: no\ntasks:"},
    "a key that goes": {"title": GONE, "x-s": GONE, "prompt": GONE, "x-more": GONE},
    "nothing": {},
}


@pytest.mark.parametrize("name", LEGAL)
def test_pieces_mean_what_the_whole_means(name: str) -> None:
    """Either the pieces mean together what the file means, or they are not taken for it; and both what ruamel reads.

    Mutants: a frame that doesn't ask where its key stands; anchors that aliases of the frame may mean; a block that may
    hold two items; `%` directives not looked for.
    """
    text = LEGAL[name].removeprefix("\ufeff")
    whole = Document(text).data
    assert by_blocks(text) in (None, whole)
    if name not in NOT_RUAMEL:
        assert whole == read(text)


def test_most_files_are_read_by_lines() -> None:
    """The slow way is for those that need it. Mutant: `cut` always None."""
    assert sum(by_blocks(text.removeprefix("\ufeff")) is not None for text in LEGAL.values()) >= BY_LINES


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("name", LEGAL)
@pytest.mark.parametrize("task_id", ["a", "b"])
def test_a_change_by_lines_is_the_change_of_the_whole(name: str, patch: str, task_id: str) -> None:
    """Both ways write the same bytes; ruamel reads what was asked for; no byte outside of the task's lines changes.

    Mutants: `splice_block` that doesn't compare; that takes a block which ends without a line end.
    """
    text, change = LEGAL[name].removeprefix("\ufeff"), PATCHES[patch]
    try:
        whole = splice(Document(text), task_id, change)
    except InvalidBoard:
        whole = None
    if by_blocks(text) is not None:
        new = spliced_by_lines(text, "ab".index(task_id), change)
        assert new in (None, whole)
        assert new is not None or whole is None or name in ("no end", "no end, windows")
    if whole is not None and name not in NOT_RUAMEL:
        asked = {key: None if value is GONE else value for key, value in change.items()}
        assert as_it_is(read(whole), task_id) == asked_for(read(text), task_id, asked)


@pytest.mark.parametrize("name", LEGAL)
def test_a_new_task_by_lines_is_the_new_task_of_the_whole(name: str) -> None:
    """Where the last blocks alone can take one more, the file is what the whole way makes of it."""
    text, record = LEGAL[name].removeprefix("\ufeff"), {"id": "c", "title": "C: one", "prompt": "one\n- id: d\ntwo"}
    if by_blocks(text) is None:
        return
    where = cut(text)
    assert where is not None
    made = append_block(text[where.starts[0] : where.end], record)
    if made is None:
        assert not text.endswith("\n")
        return
    whole = append(Document(text), record)
    assert text[: where.starts[0]] + made + text[where.end :] == whole
    assert pruned(Document(whole).data["tasks"][-1]) == record


def test_a_block_is_as_deep_as_its_place_allows() -> None:
    """Read alone or with the file, the same depth is refused. Mutant: `read_block` without `depth=1`."""
    for more, fits in ((0, True), (1, False)):
        depth = MAX_DEPTH - 3 + more  # the board, its tasks and the task stand around it
        text = f"version: 1\ntasks:\n  - id: a\n    x-deep: {'[' * depth}{']' * depth}\n"
        where = cut(text)
        assert where is not None
        assert (read_block(text[where.starts[0] :]) is not None) == fits
        if fits:
            assert Document(text).data["tasks"][0]["id"] == "a"
        else:
            with pytest.raises(InvalidBoard):
                Document(text)


def test_many_small_bombs_are_one() -> None:
    """Aliases that unfold within the limit in each task, and over it in all of them, are left to the whole reader.

    Mutant: `roll` without the sum.
    """
    one = "    x-a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n    x-b: &b [*a, *a, *a, *a, *a, *a]\n    x-c: [*b, *b, *b, *b]\n"
    task = f"  - id: t%d\n{one}"
    weight = read_block(task % 1).weight  # type: ignore[union-attr]
    many = MAX_UNFOLDED // weight
    few = "version: 1\ntasks:\n" + "".join(task % number for number in range(many))
    assert enrol(few, ("shell",), None) is not None
    assert enrol(few + task % many, ("shell",), None) is None


def test_dashes_are_found_only_in_their_column() -> None:
    text = "  - a\n   - b\n- c\n  -d\n  -\n  - e"
    assert [text[at : at + 5] for at in dashes(text, "  ", 0, len(text))] == ["  - a", "  -\n ", "  - e"]

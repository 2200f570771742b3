"""Splicing against an independent reader: what was asked for changes, and not one byte or comment more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from board.document import Document, append, splice
from board.errors import InvalidBoard
from board.patch import GONE
from tests.property.boards import Written, boards, chomped, patches, records

MANY = settings(max_examples=60, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))


class _Texts(SafeConstructor):
    """ruamel's safe constructor, for which an instant is a text as it is for us."""


_Texts.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def read(text: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Texts
    return yaml.load(text.removeprefix("\ufeff"))


def spliced(text: str, task_id: str, patch: Mapping[str, Any]) -> str:
    return splice(Document(text), task_id, {key: GONE if value is None else value for key, value in patch.items()})


def spliced_or_none(board: Written, task_id: str, patch: Mapping[str, Any]) -> str | None:
    """None when it is refused, with the task's place."""
    try:
        return spliced(board.text, task_id, patch)
    except InvalidBoard as error:
        refused = error
    assert refused.problems[0].line == board.around(task_id)[0].count("\n") + 1
    return None


def filled(value: Any) -> Any:
    """A key without a value means the same as no such key."""
    if isinstance(value, Mapping):
        return {key: filled(item) for key, item in value.items() if item is not None}
    return [filled(item) for item in value] if isinstance(value, list) else value


def asked_for(before: Any, task_id: str, patch: Mapping[str, Any]) -> Any:
    tasks = [filled({**task, **patch}) if task["id"] == task_id else task for task in before["tasks"]]
    return {**before, "tasks": tasks}


def as_it_is(after: Any, task_id: str) -> Any:
    tasks = [filled(task) if task["id"] == task_id else task for task in after["tasks"]]
    return {**after, "tasks": tasks}


def assert_only_the_task_changed(board: Written, after: str, task_id: str, patch: Mapping[str, Any]) -> None:
    before, behind = board.around(task_id)
    assert after.startswith(before)
    assert after.endswith(behind)
    middle, at = after[len(before) : len(after) - len(behind)], 0
    for piece in board.tasks[task_id]:
        if piece.key not in (*patch, "*"):
            found = middle.find(piece.text, at)
            if found < 0 and not board.text.endswith("\n"):  # it has become the last line, which had no end before
                found = len(middle) - len(chomped(piece.text)) if middle.endswith(chomped(piece.text)) else -1
            assert found >= at, f"not kept: {piece.text!r}"
            at = found + len(chomped(piece.text))


def assert_comments_are_kept(board: Written, after: str) -> None:
    for mark in board.comments:
        assert any(mark in line.partition("#")[2] for line in after.splitlines()), f"comment {mark} is lost"


def assert_line_ends_are_kept(text: str, after: str) -> None:
    assert after.endswith("\n") == text.endswith("\n")
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        assert after.count("\n") == after.count("\r\n")
    if "\r" not in text:
        assert "\r" not in after


@MANY
@given(boards(), patches())
def test_machine_keys_are_changed_and_nothing_else(board: Written, patch: dict[str, Any]) -> None:
    """In block style every patch goes in: the data are what was asked for, all other lines and each comment stay."""
    task_id = list(board.tasks)[len(board.tasks) // 2]
    after = spliced(board.text, task_id, patch)
    assert as_it_is(read(after), task_id) == asked_for(read(board.text), task_id, patch)
    assert_only_the_task_changed(board, after, task_id, patch)
    assert_comments_are_kept(board, after)
    assert_line_ends_are_kept(board.text, after)


@MANY
@given(boards(strange=True), patches())
def test_strange_styles_are_changed_right_or_refused(board: Written, patch: dict[str, Any]) -> None:
    """Flow tasks, merges, aliases: either exactly what was asked for, or InvalidBoard with the task's place."""
    task_id = list(board.tasks)[len(board.tasks) // 2]
    after = spliced_or_none(board, task_id, patch)
    if after is None:
        return event("refused")
    event("changed")
    assert as_it_is(read(after), task_id) == asked_for(read(board.text), task_id, patch)
    assert_only_the_task_changed(board, after, task_id, patch)
    assert_comments_are_kept(board, after)
    assert_line_ends_are_kept(board.text, after)
    return None


@MANY
@given(boards(), patches(), patches())
def test_changes_follow_each_other(board: Written, first: dict[str, Any], second: dict[str, Any]) -> None:
    """What a splice leaves behind can be spliced again, and the same patch twice changes nothing more."""
    once = spliced(board.text, "t0", first)
    twice = spliced(once, "t0", second)
    assert as_it_is(read(twice), "t0") == asked_for(as_it_is(read(once), "t0"), "t0", second)
    assert spliced(twice, "t0", second) == twice
    assert_comments_are_kept(board, twice)


@MANY
@given(boards(strange=True), records())
def test_a_task_is_added_at_the_end(board: Written, record: dict[str, Any]) -> None:
    """The new task is the last one as the reader sees it; every line, comment and line end of before stays."""
    after = append(Document(board.text), record)
    # In a file without a final newline, a block scalar's last line may only have got its end.
    befores = [read(board.text), read(board.text + "\n")]
    assert read(after) in [{**before, "tasks": [*before["tasks"], record]} for before in befores]
    kept = board.text.splitlines(keepends=True)
    assert [line for line in kept if line.rstrip("\r\n") not in after] == []
    assert_comments_are_kept(board, after)

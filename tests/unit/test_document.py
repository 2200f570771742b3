"""What a change does to a board's text, byte by byte, in the places where it is easy to be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from board.document import Document, append, splice
from board.errors import InvalidBoard
from board.patch import GONE

CLAIM = {"by": "bob", "token": 4}


def spliced(text: str, **patch: Any) -> str:
    return splice(Document(text), "a", patch)


def appended(text: str, **more: Any) -> str:
    return append(Document(text), {"id": "z", **more})


def board(*lines: str, eol: str = "\n", end: bool = True) -> str:
    return eol.join(["version: 1", "tasks:", "  - id: a", *("    " + line for line in lines)]) + (eol if end else "")


# --- keys that come


def test_a_new_key_is_one_line_behind_the_last() -> None:
    """Blank lines and comments between tasks stay where they are."""
    text = board("title: A  # note", "", "# about b", "x-b: 1") + "\n  # b is next\n  - id: b\n"
    assert spliced(text, status="todo") == text.replace("x-b: 1\n", "x-b: 1\n    status: todo\n")


def test_keys_keep_the_order_of_the_patch() -> None:
    """A board reads the same way for every task."""
    assert spliced(board("title: A"), status="claimed", claim=CLAIM) == board(
        "title: A", "status: claimed", "claim: {by: bob, token: 4}"
    )


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("end", [True, False])
def test_line_ends_are_the_files_own(eol: str, end: bool) -> None:
    """CRLF files get CRLF lines; without a final newline there is none afterwards either."""
    text = board("title: A", eol=eol, end=end)
    with_status = board("title: A", "status: todo", eol=eol, end=end)
    assert spliced(text, status="todo") == with_status
    assert spliced(with_status, status=GONE) == text
    assert spliced(board("title: A", "claim:", "  by: x", "  token: 1", eol=eol, end=end), claim=GONE) == text


def test_in_a_file_of_mixed_ends_the_neighbour_decides() -> None:
    """A CRLF file that somebody's tool has half converted doesn't get worse."""
    text = "version: 1\r\ntasks:\n  - id: a\n  - id: b\r\n"
    assert spliced(text, status="todo") == "version: 1\r\ntasks:\n  - id: a\n    status: todo\n  - id: b\r\n"


def test_behind_a_text_that_keeps_its_line_ends_nothing_is_written() -> None:
    """`|+` would take a line more for its own: the new key goes before it."""
    text = board("title: A", "prompt: |+", "  text", "", end=True)
    assert spliced(text, status="todo") == board("title: A", "status: todo", "prompt: |+", "  text", "")
    cut = board("title: A", "prompt: |", "  text", end=False)
    assert spliced(cut, status="todo") == board("title: A", "status: todo", "prompt: |", "  text", end=False)


# --- keys that go


def test_a_key_that_goes_takes_its_lines() -> None:
    """All of them, and nobody else's."""
    assert spliced(board("claim:", "    by: x", "    x-deep: [1,", "      2]", "title: A"), claim=GONE) == board(
        "title: A"
    )
    assert spliced(board("prompt: |", "  status: no", "", "title: A"), prompt=GONE) == board("", "title: A")


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (("claim: {by: x}  # why",), ("claim: null  # why",)),
        (("claim:  # why", "  by: x"), ("claim: null  # why",)),
        (("claim:", "  # one", "  by: x", "  # two", "  token: 3  # three"), ("claim: null  # one; two  # three",)),
        (("claim: {  # one", "  by: x,  # two", "  }"), ("claim: null  # one; two",)),
        (("claim: [a, # one", " ]"), ("claim: null  # one",)),
        (("claim: |  # one", "  # no comment"), ("claim: null  # one",)),
        (("claim:  # why", "status: todo"), ("claim:  # why", "status: todo")),
    ],
)
def test_comments_of_a_value_that_goes_stay(lines: tuple[str, ...], left: tuple[str, ...]) -> None:
    """The key stays with `null` for their sake. Mutants killed: flow leaves and block headers not looked into."""
    assert spliced(board(*lines), claim=GONE) == board(*left)


def test_the_first_key_of_an_item_holds_its_dash() -> None:
    """It can't go with its line."""
    text = "tasks:\n- status: todo\n  id: a\n"
    assert spliced(text, status=GONE) == "tasks:\n- status: null\n  id: a\n"


def test_a_line_stays_where_its_going_would_change_another() -> None:
    """Without the line of `claim`, the comment below it would become text of the prompt."""
    text = board("prompt: |", "    text", "claim: {by: x}", "    # a comment", "title: A")
    assert spliced(text, claim=GONE) == text.replace("{by: x}", "null")


# --- values that change


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("status: todo  # s", "status: claimed  # s"),
        ("status:   'todo'", "status:   claimed"),
        ('"status" : todo', '"status" : claimed'),
        ("status:", "status: claimed"),
        ("status:  # s", "status: claimed  # s"),
        ("status : # s", "status : claimed # s"),
        ("status: >-  # s\n      to\n      do", "status: claimed  # s"),
        ('status: "to\n      do"  # s', "status: claimed  # s"),
        ("status:\n      todo  # s", "status:\n      claimed  # s"),
        ("? status\n    : todo", "? status\n    : claimed"),
        ("status: &s todo", "status: claimed"),
        ("status: |\n      todo\u00a0", "status: claimed"),
    ],
)
def test_a_value_is_replaced_where_it_stands(before: str, after: str) -> None:
    """Quotes, gaps and comments of its line are the person's."""
    for more in ((), ("title: A",)):
        assert spliced(board(before, *more), status="claimed") == board(after, *more)


def test_a_block_mapping_is_changed_key_by_key() -> None:
    """Somebody who wrote a claim over several lines finds it so again, with what is said beside it."""
    text = board("claim:", "  by: x   # who", "  token: 1", "  x-old: 1", "title: A")
    after = board("claim:", "  by: bob   # who", "  token: 4", "  at: 2026-11-20T10:00:00Z", "title: A")
    assert spliced(text, claim={**CLAIM, "at": "2026-11-20T10:00:00Z"}) == after


def test_a_block_mapping_without_a_common_key_is_replaced() -> None:
    """There is no line to write the new keys behind."""
    text = board("claim:", "  x-a: 1  # one", "  x-b: 2", "title: A")
    assert spliced(text, claim=CLAIM) == board("claim: {by: bob, token: 4}  # one", "title: A")
    assert spliced(text, claim={}) == board("claim: {}  # one", "title: A")


def test_several_edits_at_one_place_keep_their_order() -> None:
    """The last key has no value yet, and another one comes behind it. Mutant killed: edits sorted by their text."""
    assert spliced(board("status:", end=False), status="claimed", claim=CLAIM) == board(
        "status: claimed", "claim: {by: bob, token: 4}", end=False
    )


# --- other styles


@pytest.mark.parametrize(
    ("item", "after"),
    [
        ("{id: a, status: todo}", "{id: a, status: claimed, claim: {by: bob, token: 4}}"),
        ("{id: a}", "{id: a, status: claimed, claim: {by: bob, token: 4}}"),
        ("{ id: a, }", "{ id: a, status: claimed, claim: {by: bob, token: 4}, }"),
        ('{"id": "a", "status": "todo"}', '{"id": "a", "status": claimed, "claim": {by: bob, token: 4}}'),
        ("{id: a, claim: {by: x, # c\n    token: 1}, x-b: 1}", None),
    ],
)
def test_a_flow_task_is_changed_in_its_braces(item: str, after: str | None) -> None:
    """JSON-like boards can be worked with; a comment within the braces doesn't swallow what follows."""
    made = spliced(f"version: 1\ntasks:\n  - {item}\n", status="claimed", claim=CLAIM)
    if after is None:
        assert "  # c\n" in made
        assert Document(made).data["tasks"] == [{"id": "a", "claim": CLAIM, "x-b": 1, "status": "claimed"}]
    else:
        assert made.replace('"claim"', "claim") == f"version: 1\ntasks:\n  - {after}\n".replace('"claim"', "claim")


def test_a_json_board_stays_one_document_of_braces() -> None:
    """A whole board in JSON is YAML too."""
    text = '{"version":1,"tasks":[{"id":"a","status":"todo"}]}'
    assert Document(spliced(text, status="claimed")).data["tasks"][0]["status"] == "claimed"
    assert Document(appended(text)).data["tasks"][1] == {"id": "z"}
    assert Document(appended('{"version":1,"tasks":[]}')).data["tasks"] == [{"id": "z"}]
    assert Document(appended('{"version":1}')).data["tasks"] == [{"id": "z"}]
    assert Document(appended('{"version":1,"tasks":null}')).data["tasks"] == [{"id": "z"}]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("x-c: &c {by: x}\ntasks:\n  - id: a\n    <<: *c\n", 3, 5),
        ("x-t: &t {id: a}\ntasks:\n  - *t\n", 3, 5),
        ("tasks:\n  - id: a\n    claim: &c {by: x}\n  - id: b\n    claim: *c\n", 2, 5),
        ("tasks:\n  - id: a\n    claim: &c\n      by: x\n  - id: b\n    claim: *c\n", 2, 5),
    ],
)
def test_what_can_not_be_changed_safely_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    """A value that other tasks share is nobody's to change. Mutant killed: the outcome not compared."""
    with pytest.raises(InvalidBoard) as refused:
        spliced(text, claim=CLAIM, by=GONE)
    problem = refused.value.problems[0]
    assert (problem.line, problem.column) == (line, column)
    assert not refused.value.torn


def test_an_anchor_of_the_tasks_own_is_no_obstacle() -> None:
    """Nobody else reads it."""
    assert spliced(board("claim: &c {by: x}"), claim=CLAIM) == board("claim: {by: bob, token: 4}")


def test_unicode_and_a_byte_order_mark_do_not_shift_places() -> None:
    """Offsets are characters, whatever their size in bytes."""
    text = "\ufeff" + board("title: 🎉ü日本 # 🎈", "status: todo # 🎉", "x-a: é")
    assert spliced(text, status="claimed") == text.replace("todo", "claimed")


# --- tasks that come


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tasks:\n  - id: a\n", "tasks:\n  - id: a\n  - id: z\n"),
        ("tasks:\n- id: a\nagents: {}\n", "tasks:\n- id: a\n- id: z\nagents: {}\n"),
        ("tasks:\n  - id: a", "tasks:\n  - id: a\n  - id: z"),
        ("tasks:\r\n  - id: a\r\n", "tasks:\r\n  - id: a\r\n  - id: z\r\n"),
        ("tasks:\n  - id: a\n\n  - id: b\n\n# end\n", "tasks:\n  - id: a\n\n  - id: b\n\n  - id: z\n\n# end\n"),
        (
            "tasks:\n  - id: a # last\n    # of a\n  # of all\n",
            "tasks:\n  - id: a # last\n    # of a\n  - id: z\n  # of all\n",
        ),
        ("tasks: []\n", "tasks:\n  - id: z\n"),
        ("tasks: []", "tasks:\n  - id: z"),
        ("tasks: []  # none\nagents: {}\n", "tasks:  # none\n  - id: z\nagents: {}\n"),
        ("tasks: [ # none\n  ]  # yet\n", "tasks:  # none  # yet\n  - id: z\n"),
        ("tasks:\n", "tasks:\n  - id: z\n"),
        ("tasks:", "tasks:\n  - id: z"),
        ("tasks:  # none\n\nagents: {}\n", "tasks:  # none\n  - id: z\n\nagents: {}\n"),
        ("tasks: null # none\n", "tasks: # none\n  - id: z\n"),
        ("tasks: ~\r\nagents: {}\r\n", "tasks:\r\n  - id: z\r\nagents: {}\r\n"),
        ("tasks: [{id: a}]\n", "tasks: [{id: a}, {id: z}]\n"),
        ("tasks: [{id: a}, # one\n  ]\n", "tasks: [{id: a}, {id: z}, # one\n  ]\n"),
        ("version: 1\n", "version: 1\ntasks:\n  - id: z\n"),
        ("version: 1", "version: 1\ntasks:\n  - id: z"),
        ("---\nversion: 1\n# end\n...\n", "---\nversion: 1\n# end\ntasks:\n  - id: z\n...\n"),
        ("---\ntasks:\n  - id: a\n...\n# end", "---\ntasks:\n  - id: a\n  - id: z\n...\n# end"),
        ("  version: 1\n", "  version: 1\n  tasks:\n    - id: z\n"),
        ("\ufefftasks: []\r\n", "\ufefftasks:\r\n  - id: z\r\n"),
    ],
)
def test_a_task_goes_to_the_end_of_the_list(before: str, after: str) -> None:
    """In every way in which a list of tasks may be written, or not be there yet."""
    assert appended(before) == after


def test_a_long_text_at_the_very_end_of_the_file() -> None:
    """Its last line end is its own, so the file gets one."""
    after = appended("tasks:\n  - id: a", prompt="one\ntwo\n")
    assert after == "tasks:\n  - id: a\n  - id: z\n    prompt: |\n      one\n      two\n"
    assert appended("tasks:\n  - id: a", prompt="one\ntwo").endswith("two")


@pytest.mark.parametrize("head", ["|", ">", "|+", "|-"])
def test_behind_a_long_text_at_the_very_end_of_the_file(head: str) -> None:
    """The file's last line gets the end that it lacks, and that is all."""
    text = f"tasks:\n  - id: a\n    prompt: {head}\n      one"
    assert appended(text) == text + "\n  - id: z"
    apart = f"tasks: []\nx-note: {head}\n  one"
    assert appended(apart) == f"tasks:\n  - id: z\nx-note: {head}\n  one"


def test_a_list_that_is_no_list_is_refused() -> None:
    """Nothing is written over what somebody meant otherwise."""
    for text in ("tasks: {a: 1}\n", "tasks: a\n", "x: &t []\ntasks: *t\n"):
        with pytest.raises(InvalidBoard):
            appended(text)


def test_what_is_no_board_is_told_with_its_place() -> None:
    """An empty file may be one that is being saved; a list is somebody's mistake."""
    for text in ("", "\n# only words\n", "\ufeff"):
        with pytest.raises(InvalidBoard) as empty:
            Document(text)
        assert empty.value.torn
    with pytest.raises(InvalidBoard) as listed:
        Document("# head\n- id: a\n")
    assert listed.value.problems[0][:2] == (2, 1)


def test_values_that_equal_nothing_do_not_forbid_a_change() -> None:
    """`.nan` isn't equal to itself, and still a board may hold one."""
    assert spliced(board("x-n: .nan"), status="todo") == board("x-n: .nan", "status: todo")

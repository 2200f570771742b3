"""Three versions of a board into one: nothing of anybody's is lost in silence, and no edit takes a claim back."""

from __future__ import annotations

import pytest

from board.document import Document
from board.errors import InvalidBoard
from board.merge import WHOLE, Clash, merge

BASE = """\
# head
version: 1
settings:
  lease: 2h
tasks:
  - id: a   # first
    title: A
    priority: 3

  - id: b
    title: B
    status: todo
"""
CLAIM = "    claim: {by: bob, token: 4, at: 2026-11-20T10:00:00Z, expires_at: 2026-11-20T12:00:00Z}\n"
CLAIMED = BASE.replace("    status: todo\n", "    status: claimed\n" + CLAIM)


def tasks(text: str) -> dict[str, dict[str, object]]:
    return {record["id"]: record for record in Document(text).data["tasks"]}


def test_one_sided_changes_are_taken_whole() -> None:
    """Whoever was alone in changing the board has it byte for byte."""
    edited = BASE.replace("title: A", "title: AA  # new")
    assert merge(BASE, edited, BASE).text == edited
    assert merge(BASE, BASE, CLAIMED).text == CLAIMED
    assert merge(BASE, CLAIMED, CLAIMED).text == CLAIMED


def test_a_claim_made_meanwhile_survives_an_edit_of_another_task() -> None:
    """The person's comments stay, and so does what was written to disk. Mutant: the edited text alone."""
    edited = BASE.replace("# head", "# my head").replace("title: A", "title: AA")
    merged = merge(BASE, edited, CLAIMED)
    assert merged.clashes == ()
    assert merged.text == edited.replace("    status: todo\n", "    status: claimed\n" + CLAIM)


def test_where_both_changed_a_task_the_machine_keeps_its_keys_and_the_person_the_rest() -> None:
    """A stale buffer can't take a claim back; its words count, and each value that lost is named.

    Mutants: the machine's keys settled like others; a clash that isn't told.
    """
    edited = BASE.replace("    title: B\n    status: todo\n", "    title: BB\n    status: cancelled\n    x-note: hi\n")
    ours = CLAIMED.replace("title: B\n", "title: Bee\n")
    merged = merge(BASE, edited, ours)
    found = tasks(merged.text)["b"]
    assert (found["status"], found["title"], found["x-note"]) == ("claimed", "BB", "hi")
    assert found["claim"] == tasks(ours)["b"]["claim"]
    assert set(merged.clashes) == {
        Clash("b", "title", "Bee", "BB", "theirs"),
        Clash("b", "status", "claimed", "cancelled", "ours"),
    }


def test_a_command_of_a_task_is_the_persons() -> None:
    """`run: ./x` is a command, not a record of the machine's: a changed one stays changed."""
    base = BASE.replace("    title: B\n", "    title: B\n    run: ./one\n")
    edited = base.replace("./one", "./two")
    ours = base.replace("    status: todo\n", "    status: claimed\n" + CLAIM)
    assert tasks(merge(base, edited, ours).text)["b"]["run"] == "./two"


def test_added_and_deleted_tasks_are_honoured_on_both_sides() -> None:
    """New tasks of both are there, deleted ones of both are gone; a change to what the other deleted is named."""
    edited = BASE.replace("  - id: a   # first\n    title: A\n    priority: 3\n\n", "") + "  - id: mine\n    title: M\n"
    ours = CLAIMED + "  - id: yours\n    title: Y\n"
    merged = merge(BASE, edited, ours)
    assert list(tasks(merged.text)) == ["b", "mine", "yours"]
    gone = BASE.split("\n  - id: b", maxsplit=1)[0] + "\n"
    mine = BASE.replace("title: A", "title: AA")
    assert list(tasks(merge(BASE, mine, gone).text)) == ["a"]
    kept = merge(BASE, BASE.replace("title: B", "title: BB"), gone)
    assert tasks(kept.text)["b"]["title"] == "BB"
    assert kept.clashes == (Clash("b", WHOLE, None, "changed", "theirs"),)


def test_settings_are_whoevers_who_changed_them() -> None:
    """A section that only the other changed is taken from them, comments too; where both did, the person has it."""
    ours = BASE.replace("lease: 2h", "lease: 3h  # longer")
    merged = merge(BASE, BASE.replace("title: A", "title: AA"), ours)
    assert "  lease: 3h" in merged.text
    assert "title: AA" in merged.text
    both = merge(BASE, BASE.replace("lease: 2h", "lease: 9h"), ours)
    assert "lease: 9h" in both.text
    assert [clash.field for clash in both.clashes] == ["settings"]
    added = merge(BASE, BASE.replace("title: A", "title: AA"), BASE + "agents:\n  me: {use: shell}\n")
    assert Document(added.text).data["agents"] == {"me": {"use": "shell"}}
    without = BASE.replace("settings:\n  lease: 2h\n", "")
    removed = merge(BASE, BASE.replace("title: A", "title: AA"), without)
    assert "settings" not in Document(removed.text).data


def test_what_cannot_be_merged_safely_is_refused() -> None:
    """A layout that can't be cut ends in a refusal, never in a guess."""
    base = "version: 1\ntasks: [{id: a, title: A}, {id: b, title: B}]\n"
    edited = base.replace("title: A", "title: AA")
    without = "version: 1\ntasks: [{id: a, title: A}]\n"
    with pytest.raises(InvalidBoard):
        merge(base, edited, without)

"""Three versions of a board into one: nothing of anybody's is lost in silence, and no edit takes a claim back."""

from __future__ import annotations

import pytest

from board.document import Document
from board.errors import InvalidBoard
from board.merge import WHOLE, Clash, event_fields, merge, sentences

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


def test_the_journal_has_no_words_of_a_prompt() -> None:
    """What a model is told, when two changed it, is told to its author in full and to the journal by its length.
    Mutant killed: the author's sentences in the journal."""
    base, mine, ours = (
        BASE.replace("title: B", f"title: B\n    prompt: {words}") for words in ("one", "mine", "theirs")
    )
    merged = merge(base, mine, ours)
    assert sentences(merged) == ('b.prompt: "mine" stays, "theirs" doesn\'t',)
    said = event_fields(merged)["clashes"]
    assert said == 'b.prompt: "a text of 4 characters" stays, "a text of 6 characters" doesn\'t'


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


# --- what saving a file may not do, also where nobody wrote meanwhile


def test_tokens_never_fall() -> None:
    """A claim taken out by hand is remembered, a lowered one stays as it was, a higher number is the person's.

    Mutants: `guarded` that gives the record back; a floor from the claim alone.
    """
    freed = merge(CLAIMED, BASE, CLAIMED)
    assert freed.text == BASE.rstrip("\n") + "\n    last_token: 4\n"
    lowered = merge(CLAIMED, CLAIMED.replace("token: 4", "token: 2"), CLAIMED)
    assert lowered.text == CLAIMED
    assert [(clash.field, clash.kept) for clash in lowered.clashes] == [("claim", "ours")]
    raised = CLAIMED.replace("token: 4", "token: 7")
    assert merge(CLAIMED, raised, CLAIMED).text == raised
    memory = BASE.replace("    title: B\n", "    title: B\n    last_token: 9\n")
    assert tasks(merge(memory, memory.replace("9", "3"), memory).text)["b"]["last_token"] == 9
    assert tasks(merge(memory, memory.replace("    last_token: 9\n", ""), memory).text)["b"]["last_token"] == 9


def test_a_deleted_task_stays_deleted_unless_it_is_claimed() -> None:
    """And what else was changed in it is named. Mutants: deleted whatever holds it; put back whatever it is."""
    without = BASE.split("\n  - id: b", maxsplit=1)[0] + "\n"
    assert merge(BASE, without, BASE).text == without
    kept = merge(CLAIMED, without, CLAIMED)
    assert tasks(kept.text) == tasks(CLAIMED)
    assert kept.clashes == (Clash("b", WHOLE, "claimed", "deleted", "ours"),)
    assert tasks(merge(BASE, without, CLAIMED).text) == tasks(CLAIMED)
    changed = merge(BASE, without, BASE.replace("title: B", "title: Bee"))
    assert list(tasks(changed.text)) == ["a"]
    assert changed.clashes == (Clash("b", WHOLE, "changed", "deleted", "theirs"),)


def test_a_renamed_task_takes_along_what_was_written_meanwhile() -> None:
    """The same content under a new id is the same task. Mutants: a rename seen as deleted and added; the machine's
    record left behind."""
    renamed = BASE.replace("- id: b", "- id: bee")
    done = BASE.replace("status: todo", "status: done")
    merged = merge(BASE, renamed, done)
    assert merged.text == renamed.replace("status: todo", "status: done")
    assert merged.theirs == ("b -> bee",)
    assert merge(BASE, renamed, BASE).text == renamed


def test_who_holds_a_task_keeps_its_name() -> None:
    """A grant is named after the id: while somebody holds the task it can't be renamed, and that is said."""
    renamed = CLAIMED.replace("- id: b", "- id: bee").replace("title: A", "title: AA")
    merged = merge(CLAIMED, renamed, CLAIMED)
    assert merged.text == CLAIMED.replace("title: A", "title: AA")
    assert merged.clashes == (Clash("b", "id", "b", "bee", "ours"),)


def test_what_the_machine_moved_it_moved_as_a_whole() -> None:
    """No mixture of a person's status with the machine's claim. Mutant: each of its keys settled alone."""
    base = BASE.replace("status: todo", "status: todo\n    step: one")
    theirs = base.replace("status: todo\n    step: one", "status: todo\n    step: two\n    last_token: 9")
    ours = base.replace("status: todo", "status: claimed\n" + CLAIM.rstrip())
    found = tasks(merge(base, theirs, ours).text)["b"]
    assert (found["status"], found["step"]) == ("claimed", "one")
    assert max(found.get("last_token", 0), found["claim"]["token"]) >= 4  # type: ignore[call-overload,index]


def test_an_edit_of_the_newest_version_is_the_persons() -> None:
    """Also of what the machine writes, when it wrote nothing meanwhile."""
    edited = BASE.replace("status: todo", "status: done")
    assert merge(BASE, edited, BASE).text == edited


def test_order_is_the_persons_or_whoevers_who_changed_it() -> None:
    """New tasks stand behind the one that they followed."""
    three = BASE + "  - id: c\n    title: C\n"
    head, a, b = (
        three.split("  - id: a")[0],
        "  - id: a" + three.split("  - id: a")[1].split("  - id: b")[0],
        CLAIMED[CLAIMED.index("  - id: b") :],
    )
    turned = head + BASE[BASE.index("  - id: b") :] + a + "  - id: c\n    title: C\n"
    merged = merge(three, turned, three.replace("    status: todo\n", "    status: claimed\n" + CLAIM))
    assert merged.text == head + b + a + "  - id: c\n    title: C\n"
    assert merged.theirs == ("(order)",)
    assert list(tasks(merge(three, three.replace("title: C", "title: CC"), turned).text)) == ["b", "a", "c"]
    between = three.replace("  - id: c", "  - id: new\n  - id: c")
    assert list(tasks(merge(three, turned, between).text)) == ["b", "new", "a", "c"]


def test_the_same_new_task_on_both_sides_is_one() -> None:
    theirs, ours = (
        f"{BASE}  - id: n\n    title: {title}\n    status: {status}\n"
        for title, status in (("T", "todo"), ("O", "done"))
    )
    merged = merge(BASE, theirs, ours)
    assert (tasks(merged.text)["n"]["title"], tasks(merged.text)["n"]["status"]) == ("T", "done")
    assert {clash.field for clash in merged.clashes} == {"title", "status"}


def test_an_edit_that_comes_late_overrules_no_newer_one() -> None:
    """Mutant: the last to be merged wins."""
    theirs, ours = BASE.replace("title: B", "title: old"), BASE.replace("title: B", "title: new")
    assert tasks(merge(BASE, theirs, ours, is_late=True).text)["b"]["title"] == "new"
    assert tasks(merge(BASE, theirs, ours).text)["b"]["title"] == "old"


def test_comments_of_both_sides_stay() -> None:
    """Also one that another writer put into a task that the person didn't touch, in any kind of file."""
    for change in (
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.rstrip("\n"),
    ):
        theirs, ours = BASE.replace("title: A", "title: AA  # theirs"), BASE.replace("title: B", "title: B  # ours")
        merged = merge(*map(change, (BASE, theirs, ours))).text
        assert merged == change(theirs.replace("title: B", "title: B  # ours"))


def test_the_summary_says_who_brought_what() -> None:
    theirs = BASE.replace("title: A", "title: AA") + "  - id: n\n"
    merged = merge(BASE, theirs, CLAIMED)
    assert merged.theirs == ("a.title", "+n")
    assert merged.ours == ("b.status", "b.claim")

"""What is an item, and when it ends: each kind from what stands on disk, with nothing running."""

from __future__ import annotations

from typing import Any

import pytest

from board.inbox.finding import items
from board.inbox.item import KINDS, Kind, Origin
from board.inbox.scene import Place
from board.instants import format_instant
from tests.boards import HOLDER, NOW, claimed, ran
from tests.scenes import Record, found, line, scene

AT = format_instant(NOW - 600)
HELD = {"on": "a person: step main ended (signal 9) and may not be repeated by a machine", "by": HOLDER, "at": AT}
GATED = {"id": "a", "run": "./x", "gate": "human"}
DIED = {"run": "./x", "ran": ran(last_exit="signal 9", ended_at=NOW - 30)}
SEEN = {"token": 1, "attempt": 1, "why": "pid 7 lives", "odd_since": AT}

# key of the item, the task that has it, and the same task without its cause
CASES: dict[str, tuple[Record, Record]] = {
    "gate:a": (GATED, {**GATED, "approved": {"step": "main", "by": "ann", "at": AT}}),
    "held:a": (
        {"id": "a", **DIED, "status": "blocked", "blocked": {**HELD, "rule": "not-resumable"}},
        {"id": "a", **DIED, "status": "todo", "resumable": True},
    ),
    "person:a": (
        {"id": "a", "status": "blocked", "blocked": {"on": "a person: stopped by ann", "by": HOLDER, "at": AT}},
        {"id": "a"},
    ),
    "blocked:a": ({"id": "a", "status": "blocked", "blocked": {"on": "a key", "by": "ann", "at": AT}}, {"id": "a"}),
    "review:a": ({"id": "a", "status": "review"}, {"id": "a", "status": "done", "done": {"by": "ann", "at": AT}}),
}


@pytest.mark.parametrize("key", CASES)
def test_the_record_alone_has_the_item_and_ends_it(key: str) -> None:
    """With nothing but the file, and no supervisor in sight. Mutants: a gate that asks for no `is_gated`; what was
    held counted as merely blocked; a review that is no item."""
    with_it, without = CASES[key]
    assert list(found(with_it, status={}, runs=None)) == [key]
    assert found(without, status={}, runs=None) == {}


def test_a_gate_behind_unfinished_work_asks_for_nobody() -> None:
    """Nobody is asked about what could not start anyway. Mutant: `unmet` not asked."""
    assert "gate:b" not in found({"id": "a"}, {**GATED, "id": "b", "after": ["a"]})
    assert "gate:b" in found({"id": "a", "status": "done"}, {**GATED, "id": "b", "after": ["a"]})


def test_a_gated_step_at_work_used_its_approval_and_asks_for_nobody() -> None:
    """A start takes the approval away: that is no new question, until the supervisor says that it waits again.

    Mutant: `is_gated` alone.
    """
    at_work = {**GATED, "status": "in_progress", "claim": claimed(), "ran": ran(token=3)}
    assert found(at_work) == {}
    assert list(found(at_work, status={"tasks": {"a": {"rule": "gated"}}})) == ["gate:a"]


def test_what_was_started_and_never_settled_needs_a_person() -> None:
    """A released step that no machine may repeat would wait for ever. Mutant: briefs that are risky passed over."""
    item = found({"id": "a", **DIED})["held:a"]
    assert "not resumable" in item.question
    assert "ended: signal 9" in " ".join(item.more)


def test_a_lease_that_ended_on_a_step_that_may_not_be_repeated() -> None:
    """`claim --next` passes it over, so somebody has to name it; not while a worker of ours lives.

    Mutants: the expiry not asked; the living worker not asked.
    """
    left = {"id": "a", "run": "./x", "status": "in_progress", "claim": claimed("bob", ttl=30), "ran": ran(token=3)}
    assert list(found(left, status={})) == ["person:a"]
    assert found(left, status={"tasks": {"a": {"pid": 7}}}) == {}
    assert found({**left, "claim": claimed("bob")}, status={}) == {}


def test_given_up_work_is_an_item_where_others_wait_for_it() -> None:
    """Alone it is the past; with dependants they would wait for ever. Mutant: dependants not asked."""
    failed = {"id": "a", "status": "failed", "failed": {"by": "ann", "at": AT, "why": "no API"}}
    assert found(failed) == {}
    item = found(failed, {"id": "b", "after": ["a"]})["failed:a"]
    assert (item.holds, "no API" in item.question) == (1, True)


@pytest.mark.parametrize(
    ("seen", "key"),
    [({"state": "stalled"}, "stall:a"), ({"state": "looping"}, "loop:a"), ({"rule": "limited"}, "limit:a")],
)
def test_what_the_supervisor_sees_lasts_as_long_as_it_sees_it(seen: Record, key: str) -> None:
    """The status says so, its writer lives, and the time is in it. Mutants: a dead supervisor's last word counts; a
    limit with a time counts."""
    work = {"id": "a", "status": "in_progress", "claim": claimed()}
    item = found(work, status={"tasks": {"a": {**SEEN, **seen}}})[key]
    assert item.since == NOW - 600
    assert key not in found(work, status={"tasks": {"a": {**SEEN, **seen}}}, runs=False)
    assert found(work, status={"tasks": {"a": {**SEEN, "state": "running", "rule": "alive"}}}) == {}
    assert found(work, status={"tasks": {"a": {**SEEN, "rule": "limited", "next_at": AT}}}) == {}


def test_a_refused_write_stays_until_its_task_ends() -> None:
    """One item a task, by the newest, with what was to be said. Mutants: one an event; tasks that ended count."""
    told = [line("write_refused", "a", 90, by="old", command="checkpoint", said="note: x"), line("write_refused", "a")]
    item = found({"id": "a"}, records=told)["refused:a"]
    assert "2 times" in item.question
    assert item.since == NOW - 60
    assert found({"id": "a", "status": "done"}, records=told) == {}
    assert item.cause != found({"id": "a"}, records=told[:1])["refused:a"].cause


def test_drift_is_read_as_the_status_has_it() -> None:
    """Of a task, of several kinds, of none; nonsense there is passed over. What is held for it is said once.

    Mutant: the held task not asked.
    """
    drift = {"kind": "behind", "detail": "9 commits behind main", "remedy": "git rebase main", "since": AT}
    listed = [{**drift, "task": "a"}, {**drift, "task": None, "kind": "stray"}, "x", {"task": "a"}]
    items = found({"id": "a"}, status={"drift": listed})
    assert set(items) == {"drift:a:behind", "drift:stray"}
    assert items["drift:a:behind"].do == ("git rebase main",)
    held = {"id": "a", "status": "blocked", "blocked": {**HELD, "rule": "drifted"}}
    assert set(found(held, status={"drift": listed[:1]})) == {"held:a"}


def test_the_whole_board_comes_first() -> None:
    """A broken file is an item with its places, and the last good board still gives the others."""
    items = found({"id": "a", "status": "review"}, {"id": "b", "after": ["a"]}, problems=("f:3:1: bad", "f:4:1: worse"))
    assert list(items) == ["board", "review:a"]
    assert items["board"].question == "f:3:1: bad (and 1 more)"


def test_a_mass_death_is_one_item() -> None:
    """With who waits for a turn; it ends with the incident."""
    incident = {"cause": "tmux server gone", "at": AT, "waiting": ["a", "b"]}
    item = found({"id": "a"}, status={"incident": incident})["mass-death"]
    assert (item.holds, item.since) == (2, NOW - 600)
    assert "mass-death" not in found({"id": "a"}, status={"incident": None})


@pytest.mark.parametrize(
    ("stopped", "work", "is_item"),
    [(False, True, True), (False, False, True), (True, True, True), (True, False, False)],
)
def test_nobody_keeps_the_board(*, stopped: bool, work: bool, is_item: bool) -> None:
    """Who was asked to stop, and left nothing behind, is missed by nobody. Mutants: each of the two not asked."""
    task: dict[str, Any] = {"id": "a", **({"status": "in_progress", "claim": claimed()} if work else {})}
    status = {"stopped_at": AT} if stopped else {}
    assert ("supervisor" in found(task, status=status, runs=False)) is is_item
    assert "supervisor" not in found(task, status=status, runs=True)
    assert "supervisor" not in found(task, status=status, runs=None)


def test_what_cant_be_written() -> None:
    """By the status while it can be written, else by the journal; over once it was written again.

    Mutants: `write_recovered` not read; the status' own failure told although it was written since.
    """
    assert "writes" in found(status={"unwritable": {"problem": "disk full", "since": AT}})
    failed, mended = line("write_failed", problem="disk full"), line("write_recovered", None, 30)
    assert "disk full" in found(records=[failed])["writes"].question
    assert found(records=[failed, mended]) == {}
    late = line("status_failed", None, -5, problem="no room")
    assert "writes:status" in found(records=[late])
    assert found(records=[line("status_failed", problem="no room")]) == {}


def test_what_is_missing_is_told() -> None:
    """Lost records and lost output of a task; a reader that was replaced is no news."""
    dropped = line("output_dropped", "a", dropped_bytes=9, why="full")
    assert set(found(records=[line("journal_dropped", dropped_count=3), dropped])) == {"lost:journal", "lost:output:a"}
    died = line("sink_died", problem="x", outcome="none")
    assert "lost:reader" in found(records=[died])
    assert found(records=[died, line("sink_started", None, 1)]) == {}


def test_every_item_of_a_task_says_where_it_is() -> None:
    """Host, board, task, step, session, window, pane, folder and branch, whatever made the item. Mutants: each of the
    nine left out; the lost output of a task told of the whole board."""
    windows = {"window": "@4", "pane": "%4"}
    asks = {"agent_state": "asking", "agent_rule": "permission-prompt"}
    live = {"p": asks, "q": {"agent_state": "asking"}, "n": {"agent_state": "failed"}, "m": {"agent_state": "limited"}}
    ended = {"turn": {"waits": True}}
    live |= {"t": ended, "s": {"state": "stalled"}, "l": {"state": "looping"}, "u": {"rule": "limited"}}
    tasks = [{"id": name, "status": "in_progress", "claim": claimed()} for name in live]
    tasks += [{**with_it, "id": f"{name}".replace(":", "-")} for name, (with_it, _) in CASES.items()]
    tasks += [{"id": "f", "status": "failed"}, {"id": "z", "after": ["f"]}]
    status = {
        "tasks": {each["id"]: {**windows, **live.get(each["id"], {})} for each in tasks},
        "drift": [{"task": "z", "detail": "x"}],
    }
    told = [line("write_refused", "z"), line("output_dropped", "z", dropped_bytes=9)]
    whole = scene(*tasks, status=status, records=told)
    made = items(whole._replace(place=lambda task: Place(f"/w/{task.id}", task.id)))
    kinds = {item.kind for item in made}
    assert set(Kind) - kinds == {Kind.BOARD, Kind.WRITES, Kind.SUPERVISOR, Kind.MASS_DEATH}
    for item in made:
        task = item.key.split(":")[-1] if item.kind in (Kind.LOST,) else item.key.split(":")[1]
        assert item.origin == Origin("here", "/b/tasks.yaml", task, "main", "crew", "@4", "%4", f"/w/{task}", task), (
            item.key
        )


def test_every_kind_has_a_meaning_and_a_place() -> None:
    """Also those that nobody asks yet: what agents will ask comes first among equals."""
    assert set(KINDS) == set(Kind)
    assert [*Kind][:2] == [Kind.PERMISSION, Kind.QUESTION]


def test_a_new_death_is_another_cause_under_the_same_key() -> None:
    """So whoever put the old one off hears of the new one. Mutant: a cause that is the key."""
    blocked = {**HELD, "rule": "not-resumable"}
    one = found({"id": "a", **DIED, "status": "blocked", "blocked": blocked})
    other = found({"id": "a", **DIED, "status": "blocked", "blocked": {**blocked, "at": format_instant(NOW)}})
    again = found({"id": "a", **DIED, "status": "blocked", "blocked": blocked})
    assert one["held:a"].cause == again["held:a"].cause != other["held:a"].cause

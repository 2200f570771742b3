"""What is told of tasks that are over: which, when, in which words; and once, whoever dies in between."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from board.inbox.item import Item, Kind, Origin
from board.instants import format_instant
from board.journal.redact import Redactor
from board.results import ending_of, run_of
from board.store import FileStore
from supervisor.notify.endings import FRESH, PATIENCE, Over, is_ready, message_of, over, without_said_twice
from supervisor.notify.queue import Queue
from supervisor.notify.telling import Telling
from tests.boards import NOW, board, ran
from tests.crash.sweep import DIED, ended, fork

DAY = 86400.0
AT = format_instant(NOW)


def done(name: str = "t", at: float = NOW, attempt: int = 1, **more: Any) -> dict[str, Any]:
    by = {"by": "me", "at": format_instant(at)}
    return {
        "id": name,
        "title": "What it is",
        "status": "done",
        "notify": True,
        "done": by,
        "run": ran(attempt=attempt),
        **more,
    }


def told_of(*records: Mapping[str, Any], now: float = NOW) -> list[Over]:
    return list(over(board(*records), now))


def result(each: Over, **more: Any) -> dict[str, Any]:
    ending = ending_of(each.task)
    return {"of": "" if ending is None else ending.of, "run": run_of(each.task), "message_source": "hook", **more}


def said(*records: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    found = told_of(*records)
    stored = {each.key: result(each, **more) for each in found}
    return message_of(found, "/b/tasks.yaml", stored, lambda text: text.replace("hunter2", "[R]"))


def test_only_what_asked_for_it_and_is_over_and_is_news() -> None:
    """Mutants killed: the key not asked; an old ending told; blocked taken for an end."""
    blocked = {**done("e"), "status": "blocked", "blocked": {"on": "a key", "by": "me", "at": AT}}
    ends = {
        "b": {**done("b"), "status": "failed", "failed": {"by": "me", "at": AT, "why": "no"}},
        "c": {**done("c"), "status": "review", "said_done": {"by": "me", "at": AT}},
        "d": {"id": "d", "status": "cancelled", "notify": True, "cancelled": {"by": "me", "at": AT, "why": "moot"}},
    }
    going = {"id": "f", "status": "todo", "notify": True}
    silent, asked_not = done("g", notify=False), done("h", notify=None)
    found = told_of(done(), *ends.values(), blocked, going, silent, asked_not, done("i", at=NOW - FRESH))
    assert [each.task.id for each in found] == ["t", "b", "c", "d"]
    assert [each.why for each in found] == [None, "no", None, "moot"]


def test_one_run_ends_once() -> None:
    """Who agrees to a review has read of it; a further run is news. Mutants killed: a cause for each status; none."""
    at_review = told_of({**done(), "status": "review", "said_done": {"by": "me", "at": AT}})[0]
    agreed = told_of(done(at=NOW + 60), now=NOW + 60)[0]
    again = told_of(done(attempt=2))[0]
    assert (at_review.key, at_review.cause) == (agreed.key, agreed.cause)
    assert (again.key, again.cause != agreed.cause) == (agreed.key, True)


def test_a_result_is_waited_for_and_not_for_ever() -> None:
    """Another run's is none; nothing is waited for where nothing ran. Mutants killed: any result taken; no end."""
    [each] = told_of(done())
    assert not is_ready(each, None, NOW + 1)
    assert not is_ready(each, {"of": "another"}, NOW + 1)
    assert is_ready(each, result(each), NOW + 1)
    assert is_ready(each, None, NOW + PATIENCE)
    [by_hand] = told_of({**done(), "run": None})
    assert is_ready(by_hand, None, NOW)


def test_the_words_of_one_ending() -> None:
    """How it ended, why, and its message: redacted, then cut; its end where it is output. Mutants killed: cut first;
    another run's message."""
    message = said({**done(), "status": "failed", "failed": {"by": "me", "at": AT, "why": "no hunter2"}}, took_s=61.2)
    assert (message["title"], message["count"], message["items"]) == ("t: failed", 1, [])
    assert message["text"] == "What it is\nit was given up, after 1m01s: no [R]\nboard result t"
    assert message["ended"][0]["do"] == ["board result t --board /b/tasks.yaml"]
    long = said(done(), message="first " + "x" * 786 + " hunter2 and more")
    assert "hunt" not in long["text"]
    assert "\nfirst xxx" in long["text"]
    output = said(done(), message="first\n" + "x" * 2000 + "\nlast", message_source="output")
    assert "last\nboard result t" in output["text"]
    assert "first" not in output["text"]
    other = said(done(), run="main.9.9", message="another's")
    assert other["text"] == "What it is\nit is done\nboard show t"


def test_several_endings_are_a_list() -> None:
    message = said(done("a"), done("b"), message="Split it.\nThe key is hunter2.")
    assert (message["title"], message["count"]) == ("2 tasks are over", 2)
    assert message["text"].splitlines()[0] == "a: done. Split it. The key is [R]."
    many = said(*(done(f"t{at}") for at in range(30)))
    assert (len(many["ended"]), many["count"]) == (20, 30)
    assert many["text"].endswith("and 10 more: board list")


def test_what_is_told_as_an_ending_is_not_told_as_an_item() -> None:
    """A review and a given-up task; whatever else it asks is an item like any other. Mutant killed: all its items."""
    items = [Item(f"{kind}:{name}", kind, Origin(task=name), "?") for name in ("t", "u") for kind in Kind]
    kept = without_said_twice(items, board(done(), done("u", notify=None)))
    assert {each.key for each in items} - {each.key for each in kept} == {"review:t", "failed:t"}


# --- once, on disk


class Teller:
    def __init__(self, folder: Path, notify: str, *records: Mapping[str, Any]) -> None:
        self.store = FileStore(str(folder / "tasks.yaml"))
        self.queue = Queue(self.store.side)
        self.rules = json.loads(notify)
        self.records = records
        self.sent: list[dict[str, Any]] = []

    def look(self, now: float = NOW) -> float | None:
        read = board(*self.records, notify=self.rules)
        redactor = Redactor(home="/home/dev", user="dev", host="box", key=b"k", known={})
        return Telling(self.store, self.queue, read, redactor, now).tell([])

    def send(self) -> list[str]:
        """What a sender takes; the titles."""
        taken = self.queue.entries()
        for entry in taken:
            self.sent.append(dict(entry.record))
            self.queue.remove(entry.name)
        return [str(entry.record["title"]) for entry in taken]


def without_run(name: str, at: float = NOW) -> dict[str, Any]:
    return {**done(name, at), "run": None}


def test_every_way_tells_of_it_whatever_its_rule_is_for(tmp_path: Path) -> None:
    """Once, though two rules have it, at their hours and in their groups; not again by a rule that changed.
    Mutants killed: `kinds` asked; a message a rule; the memory by rule."""
    rules = '[{"to": ["desktop", "env:A"], "kinds": ["board"], "group": "0"}, {"to": ["desktop"], "command": "x"}]'
    teller = Teller(tmp_path, rules, without_run("a"))
    assert teller.look() == NOW + 10.0
    assert sorted(str(entry.record["way"]) for entry in teller.queue.entries()) == ["desktop", "env:A"]
    assert teller.send() == ["a: done", "a: done"]
    teller.look(NOW + 10)
    assert [entry.record["way"] for entry in teller.queue.entries()] == ["command:x"]
    teller.send()
    teller.rules = json.loads(rules.replace('"board"', '"held"'))
    assert teller.look(NOW + 20) is None
    assert teller.send() == []


def test_an_ending_waits_for_its_result(tmp_path: Path) -> None:
    """And is looked for again by itself; the message is then in it. Mutant killed: told at once."""
    teller = Teller(tmp_path, '[{"to": ["desktop"], "group": "0"}]', done("a"))
    again = teller.look()
    assert again is not None
    assert NOW < again < NOW + PATIENCE
    assert teller.send() == []
    place = Path(teller.store.side) / "results"
    place.mkdir()
    [each] = told_of(done("a"))
    (place / "a.json").write_text(json.dumps({"v": 1, **result(each, message="Split it.")}))
    teller.look(again)
    teller.send()
    assert "Split it." in teller.sent[0]["text"]


_CALLS = frozenset({"open", "os.rename", "os.remove", "os.listdir", "os.mkdir"})


def _dying(work: Any, at: int) -> None:
    left = at

    def hook(event: str, _: Any) -> None:
        nonlocal left
        if event in _CALLS:
            left -= 1
            if left < 0:
                os._exit(DIED)

    sys.addaudithook(hook)
    work()


@pytest.mark.parametrize("ways", ['["desktop"]', '["desktop", "env:A"]'])
def test_it_is_told_once_whoever_dies_in_between(tmp_path: Path, ways: str) -> None:
    """The teller dies before each of its calls to the system, a sender takes what it finds, and the next teller looks:
    each way has it once, and nothing is left. Mutants killed: put, then remembered (twice); remembered, then put
    (never); what was held not let go by the next; held messages that nobody remembers stay."""
    count = len(json.loads(ways))
    for death in range(1000):
        folder = tmp_path / str(death)
        folder.mkdir()
        teller = Teller(folder, f'[{{"to": {ways}, "group": "0"}}]', without_run("a"))
        code = ended(fork(partial(_dying, teller.look, death)))
        assert code in (0, DIED)
        teller.send()
        for later in (1, 2):
            teller.look(NOW + later)
            teller.send()
        assert sorted(each["way"] for each in teller.sent) == sorted(json.loads(ways)), death
        assert [path.name for path in Path(teller.queue.folder).glob(".*.json")] == [], death
        assert len(teller.sent) == count
        if code == 0:
            break
    assert death > 8

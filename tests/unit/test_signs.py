"""What is told of a live worker: which event, with what evidence, and never a secret cut in half."""

from __future__ import annotations

import pytest

from board.journal.events import Event, line_record
from board.journal.kinds import EVENTS
from board.model import Ending
from supervisor.activity import Activity, BeingEnded, Block, Doing, Glimpse, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.signs import evidence, is_told, sample, seen_by, state, words
from tests.boards import NOW

FIRST = Glimpse(0.0, NOW - 60, "a", {})
SEEN = Activity(Glimpse(60.0, NOW, "a", {}, Block(("trying",), 9)), FIRST, FIRST, cpu_s=0.02)
STALLED, LOOPING = Stalled(NOW - 60, 60), Looping(NOW - 60, ("trying",), 9)
ASKING = Asking(NOW - 9, "permission-prompt", "screen", "May I use hush-hush-hush-hush?")
LIMITED, FAILING = AtLimit(NOW - 9, "usage-limit", "screen", NOW + 600), Failing(NOW - 9, "login", "screen", "401")
NEEDS: list[Doing] = [ASKING, LIMITED, FAILING]
ALL: list[Doing] = [Working(), STALLED, LOOPING, Overdue(60), BeingEnded(Ending.STALLED), *NEEDS]


def as_it_is(text: str) -> str:
    return text


def told(doing: Doing, before: Doing) -> str | None:
    found = evidence(doing, SEEN, before, as_it_is)
    if found is None:
        return None
    line = line_record(Event(found[0], "t", found[1]), NOW)
    assert "dropped_fields" not in line
    assert EVENTS[found[0]]
    return found[0]


@pytest.mark.parametrize(
    ("before", "doing", "event"),
    [
        (Working(), STALLED, "worker_stalled"),
        (LOOPING, STALLED, "worker_stalled"),
        (Working(), LOOPING, "loop_seen"),
        (STALLED, LOOPING, "loop_seen"),
        (STALLED, Working(), "worker_resumed"),
        (LOOPING, Working(), "worker_resumed"),
        (Working(), ASKING, "agent_asked"),
        (STALLED, LIMITED, "agent_limited"),
        (ASKING, FAILING, "agent_failed"),
        (ASKING, Working(), "worker_resumed"),
        (Working(), Overdue(60), None),
        (STALLED, BeingEnded(Ending.STALLED), None),
        (Overdue(60), Working(), None),
    ],
)
def test_each_change_has_its_event(before: Doing, doing: Doing, event: str | None) -> None:
    """With fields that the closed list knows; whoever is ended is told as such when that is done."""
    assert told(doing, before) == event


def test_the_evidence_is_what_was_measured() -> None:
    """How long, by what means, and how sure: silence is never proof."""
    assert evidence(STALLED, SEEN, Working(), as_it_is) == (
        "worker_stalled",
        {
            "source": "tmux, process tree",
            "sure": "likely",
            "stalled_at": NOW - 60,
            "quiet_for_s": 60.0,
            "cpu_s": 0.02,
        },
    )
    loop = evidence(LOOPING, SEEN, Working(), as_it_is)
    assert loop is not None
    assert loop[1] == {
        "source": "screen",
        "sure": "likely",
        "looped_at": NOW - 60,
        "repeated_for_s": 60.0,
        "lines_count": 1,
        "times_count": 9,
        "line": "trying",
    }


def test_a_line_is_redacted_before_it_is_cut() -> None:
    """A redactor that sees the half of a secret doesn't know it. Mutant killed: cut first."""
    secret = "x" * 70 + " hush-hush-hush-hush"
    shown = sample((secret,), lambda text: text.replace("hush-hush-hush-hush", "[REDACTED]"))
    assert "hush" not in shown
    assert len(sample(("y" * 500,), as_it_is)) == 80
    assert sample((), as_it_is) == ""


@pytest.mark.parametrize("doing", ALL)
def test_words_stay_the_same_while_nothing_changes(doing: Doing) -> None:
    """They stand in the status file, which is written anew whenever a word of it changes."""
    assert words(doing) == words(doing)
    assert (words(doing) == "") is isinstance(doing, Working)
    assert state(doing) in ("running", "stalled", "looping", "stopping", "asking", "limited", "failing")
    assert bool(seen_by(doing)) is isinstance(doing, Stalled | Looping | Asking | AtLimit | Failing)


def test_a_need_is_told_with_its_rule_and_its_source_and_redacted() -> None:
    """The question is fit for other eyes, and nothing of it is in the words for the status. Mutant: told raw."""
    found = evidence(ASKING, None, Working(), lambda text: text.replace("hush-hush-hush-hush", "[REDACTED]"))
    fields = {"rule": "permission-prompt", "source": "screen", "sure": "likely", "asked_at": NOW - 9}
    assert found == ("agent_asked", {**fields, "question": "May I use [REDACTED]?"})
    assert all("hush" not in words(doing) for doing in NEEDS)


def test_another_question_is_told_and_the_same_one_is_not() -> None:
    """By the same source, asked at another time; whoever else sees the same question, or a file that is kept anew, is
    no news. Mutants killed: only another kind of need is told; another source's word is another question."""
    first = Asking(NOW - 9, "Bash", "hook", "rm a")
    assert is_told(first, first)
    assert not is_told(Asking(NOW, "Bash", "hook", "rm a"), first)
    assert is_told(Asking(NOW, "permission-prompt", "screen", "rm a?"), first)
    assert is_told(Asking(NOW, "waiting", "file"), Asking(NOW - 9, "waiting", "file"))
    assert not is_told(LIMITED, first)


def test_a_limit_says_until_when() -> None:
    """Where it named that. Mutant killed: only since when."""
    assert "until 20" in words(LIMITED)
    assert "until" not in words(AtLimit(NOW - 9, "usage-limit", "screen"))

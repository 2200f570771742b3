"""What an agent is told: every shipped brief is filled in whole, people's own come first, a missing one is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from board.briefs import SHIPPED, WORDS, brief_text, faults, kinds
from board.errors import BoardError
from board.model import Task
from supervisor.launch import Left, Site, prepare
from supervisor.model import Attempt
from supervisor.profiles import Profile
from tests.boards import ran, task

PROFILE = Profile("robot", ("robot", "${prompt}"), ("robot", "${prompt}"), {})


def told(side: Path, of: Task, number: int = 1, left: Left | None = None) -> str:
    site = Site(str(side.parent / "tasks.yaml"), str(side), "/tree", of.id, left or Left())
    return prepare(of, Attempt("home", of.id, 3, number), PROFILE, site, "grant").brief


def of_kind(kind: str | None, **more: Any) -> Task:
    return task(title="Look", prompt="the words; $HOME stays", **({"kind": kind} if kind else {}), **more)


@pytest.fixture
def side(tmp_path: Path) -> Path:
    (tmp_path / ".board" / "briefs").mkdir(parents=True)
    return tmp_path / ".board"


@pytest.mark.parametrize("kind", [None, *SHIPPED])
@pytest.mark.parametrize("number", [1, 2])
def test_a_brief_is_filled_in_whole(side: Path, kind: str | None, number: int) -> None:
    """No placeholder is left over, the words are in it, and each says how to say where one is and what not to touch."""
    text = told(side, of_kind(kind, run=ran(attempt=number, last_exit="signal 9")), number)
    assert re.findall(r"\$\{\w+\}", text) == []
    for said in ("the words; $HOME stays", "board checkpoint --note", "board block --on", "board advance", "stale"):
        assert said in text, said
    assert ("signal 9" in text) == (number == 2)
    if kind in ("review", "adversarial-review"):
        assert "board review --note" in text
        assert "Change nothing that you" in text
        assert "ush nothing" in text
    else:
        assert "board done" in text


def test_a_second_start_is_told_what_it_finds(side: Path) -> None:
    """A brief that is the same each time says what the last attempt left."""
    left = Left("3f2a9c1, half of it", "3 files changed")
    text = told(side, of_kind("fix", run=ran(attempt=2, last_exit="exit 1")), 2, left)
    assert "exit 1. Last checkpoint: 3f2a9c1, half of it. Its tree stands 3 files changed." in text
    assert "Last checkpoint" not in told(side, of_kind("fix"), 1)


def test_a_review_names_whose_work_it_is_about(side: Path) -> None:
    """Of the tasks that it comes after; else of its own task's earlier steps."""
    assert "`board diff api`, `board result api`" in told(side, of_kind("review", after=["api"]))
    assert "`board diff t`" in told(side, of_kind("review"))


def test_the_words_of_a_brief_are_known(side: Path) -> None:
    """What `board check` takes for known is what is filled in."""
    (side / "briefs" / "all.md").write_text("".join(f"{word}=${{{word}}}\n" for word in sorted(WORDS)))
    text = told(side, of_kind("all"))
    assert re.findall(r"\$\{\w+\}", text) == []
    assert list(faults(str(side))) == []


def test_peoples_own_come_first(side: Path) -> None:
    """Of our names and of new ones; what happens to a step is nobody's kind."""
    (side / "briefs" / "review.md").write_text("Our way: ${words}")
    (side / "briefs" / "security.md").write_text("Secure ${task}")
    (side / "briefs" / "start.md").write_text("Begin")
    assert told(side, of_kind("review")) == "Our way: the words; $HOME stays\n"
    assert told(side, of_kind("security")) == "Secure t\n"
    assert told(side, of_kind(None)) == "Begin\n"
    assert kinds(str(side)) == ["adversarial-review", "fix", "review", "security"]


def test_what_cannot_be_had_is_named(side: Path) -> None:
    """A brief that isn't there, one that is no text, a word that nobody fills in."""
    with pytest.raises(BoardError, match=r'there is no brief "revew"; make .*/revew.md, or name one of'):
        told(side, of_kind("revew"))
    (side / "briefs" / "bad.md").write_bytes(b"\xff\xfe")
    (side / "briefs" / "typo.md").write_text("Do ${wrods} and ${nothing_like_it}, $HOME")
    with pytest.raises(BoardError, match=r"can't read the brief .*: it is not UTF-8"):
        brief_text(str(side), "bad")
    assert [fault.split(": ", 1)[1] for fault in faults(str(side))][1:] == [
        'nothing is filled in for ${wrods} (did you mean "${words}"?)',
        "nothing is filled in for ${nothing_like_it}",
    ]

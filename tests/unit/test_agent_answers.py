"""How agents are answered, as profiles say it: read whole, and sure only on the screens that were seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from board.document import Document
from board.profile import QUESTIONS
from board.records import read_board
from board.templates import template_names
from supervisor.agents.answers import PAUSE, Answers, read_answers
from supervisor.agents.reading import State
from supervisor.agents.screens import TABLE
from supervisor.profiles import Profiles
from tests.screens import read_sample

SHIPPED = [name.removesuffix(".yaml") for name in template_names("agents")]
EMPTY = read_board(Document("version: 1\ntasks: []\n").data)


def test_all_that_a_profile_says_arrives() -> None:
    """Mutants killed: the pause read as text; `deny` read from `allow`; a hook that may decide unless it is said."""
    said = {"hook": True, "pause": "250ms", "confirm": {"allow": ["y", "Enter"], "deny": ["n", "Enter"], "sure": "^Y"}}
    answers = read_answers(said)
    assert answers is not None
    assert (answers.hook, answers.pause) == (True, 0.25)
    assert answers.keys == {"confirm": {"allow": ("y", "Enter"), "deny": ("n", "Enter")}}
    assert answers.sure["confirm"].search("a\nYes")
    assert read_answers({"confirm": {"allow": ["y"]}}) == Answers(False, PAUSE, {"confirm": {"allow": ("y",)}})
    assert read_answers({}) is read_answers(None) is None


def test_every_question_that_a_screen_asks_may_have_keys() -> None:
    """What the table of screens calls a question can be named in a profile, and no other word.
    Mutant killed: a name is missing among the keys of `answers`."""
    assert {row.rule for row in TABLE if row.state is State.ASKING} <= set(QUESTIONS)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_keys_are_for_screens_that_were_seen(tmp_path: Path, name: str) -> None:
    """Each rule with keys is one of that agent's, and what makes its `allow` sure, if there is one, is on its sample.
    Mutants killed: keys for a rule of another agent; Claude's «1. Yes» looked for at a line's very start."""
    profile = Profiles(str(tmp_path)).find(EMPTY, name)
    for rule in profile.answers.keys if profile.answers is not None else ():
        rows = [row for row in TABLE if (row.agent, row.rule) == (profile.screens, rule)]
        assert rows
        assert profile.answers is not None
        for row in rows if "allow" in profile.answers.keys[rule] else ():
            assert profile.answers.sure[rule].search(read_sample(row.agent, row.sample).text)


def test_an_allow_is_not_sure_where_the_first_line_is_another(tmp_path: Path) -> None:
    """A question with choices of its own is no permission: there «1» would pick one of them.
    Mutant killed: `sure` without the word."""
    answers = Profiles(str(tmp_path)).find(EMPTY, "claude").answers
    assert answers is not None
    assert not answers.sure["permission-prompt"].search(read_sample("claude", "question").text)
    assert not answers.sure["permission-prompt"].search(read_sample("claude", "permission-auto").text)
    assert not answers.sure["permission-prompt"].search(" ❯ 1. Yes, and switch to auto mode\n   2. No")

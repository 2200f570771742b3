"""People's own rules: where their secrets stand, which are false alarms, and what a rule does that can't be used."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.journal.marks import Marks, fingerprint
from board.journal.own import Own, OwnRule
from board.journal.redact import Redactor

DICE = random.Random(20261120)
HEX = "".join(DICE.choices("0123456789ABCDEF", k=20))
OTHER = "".join(DICE.choices("0123456789ABCDEF", k=20))
ACME = OwnRule("acme", "ACME-", "ACME-[0-9A-F]{16,}+")
KEY = b"k" * 32


def redactor(own: Own, known: dict[str, str] | None = None) -> Redactor:
    return Redactor(home="", user="", host="", key=KEY, known=known or {}, own=own)


def shown(text: str, *rules: OwnRule, **more: tuple[str, ...]) -> str:
    """What comes out, each mark as `<kind>`."""
    out = redactor(Own(rules, **more)).text(text)  # type: ignore[arg-type]
    return re.sub(r"\[REDACTED:(\w+):[0-9a-f]{8}\]", r"<\1>", out)


def test_a_rule_finds_each_of_its_secrets() -> None:
    """Kind, start and end; group 1, where it took part, is the secret, else the whole match is.
    Mutants killed: group 0 always; group 1 where it is None."""
    text = f"a ACME-{HEX} b ACME-{OTHER}\nACME-12"
    assert [text[start:end] for _, start, end in Own((ACME,)).find(text)] == [f"ACME-{HEX}", f"ACME-{OTHER}"]
    one = OwnRule("pin", "pin ", "pin (?:no|([0-9]{6}))")
    found = [(kind, start, end) for kind, start, end in Own((one,)).find("pin 123456, pin no")]
    assert found == [("pin", 4, 10), ("pin", 12, 18)]


def test_a_text_without_the_literal_is_never_searched() -> None:
    """Also where the pattern alone would find something: the literal is what a clean line costs.
    Mutant killed: the literal isn't asked for."""
    assert list(Own((OwnRule("x", "never", "[a-z]+"),)).find("some words")) == []


def test_an_empty_match_is_no_secret() -> None:
    """A pattern that accepts nothing marks nothing.
    Mutant killed: `start <= end`."""
    assert list(Own((OwnRule("x", "abc", "z*"),)).find("abc abc")) == []


def test_overlapping_secrets_are_one() -> None:
    """Whatever rule found which part, all of it is masked, once.
    Mutants killed: the second dropped; the end of the first kept."""
    left, right = OwnRule("left", "aaa", "a+b+"), OwnRule("right", "aaa", "b+c+")
    assert shown("-aaabbbccc-", left, right) == "-<left>-"
    assert shown("-aaabbbccc-", right, left) == "-<left>-"


def test_a_rule_that_cannot_be_used_hides_whole_lines() -> None:
    """Each line with its literal, from its first visible character to its last, and no other line.
    Mutants killed: the word alone; every line; the line break too."""
    rule = OwnRule("acme", "ACME-", None)
    assert shown(f"one\n  key: ACME-{HEX} and {OTHER} \nthree\nACME-", rule) == "one\n  <acme> \nthree\n<acme>"
    assert shown("nothing of it", rule) == "nothing of it"


def test_false_alarms_stay() -> None:
    """Exact texts and patterns behind `re:`; for people's own rules, for ours, and for known values alike.
    Mutants killed: texts as patterns; patterns as texts; `allow` not asked by our own rules."""
    own = Own((ACME,), (f"ACME-{HEX}", "re:^EXAMPLE", "a.c"))
    assert own.is_allowed(f"ACME-{HEX}")
    assert own.is_allowed("EXAMPLE-1")
    assert not own.is_allowed("an EXAMPLE-1")
    assert not own.is_allowed("abc")
    text = redactor(own).text(f"ACME-{HEX} ACME-{OTHER} password=EXAMPLE{HEX} password={OTHER}x")
    assert f"ACME-{HEX}" in text
    assert f"EXAMPLE{HEX}" in text
    assert OTHER not in text


def test_marks_that_stand_there_stay() -> None:
    """A rule that would match our own mark takes what is around it, so that redacting twice changes nothing.
    Mutants killed: marks are searched too; only a match that is a mark as a whole is left alone."""
    greedy = OwnRule("acme", "acme", r"\S*acme\S*")
    made = redactor(Own((greedy,)))
    once = made.text(f"x acme{HEX} y")
    assert once == f"x {Marks(KEY, lambda: ['acme']).mark('acme', f'acme{HEX}')} y"
    assert made.text(once) == once
    beside = made.text(f"{once}acme{OTHER}")
    assert OTHER not in beside
    assert made.text(beside) == beside


def test_a_forged_mark_hides_nothing() -> None:
    """A mark of a kind that no rule has is text like any other.
    Mutant killed: any word as a mark's kind."""
    rule = OwnRule("acme", "ACME-", r"ACME-\S+")
    assert shown("ACME-[REDACTED:nosuchkindatall1:deadbeef]", rule) == "<acme>"


@given(st.text(alphabet="aACME-01F[]:\n \u00e9", max_size=80), st.booleans())
def test_twice_is_once(text: str, is_usable: bool) -> None:
    """Whatever the text, a second pass finds nothing to do, and no secret of a rule is left.
    Mutant killed: marks are searched too."""
    rule = OwnRule("acme", "ACME-", r"ACME-\S+" if is_usable else None)
    made = redactor(Own((rule,)))
    once = made.text(text)
    assert made.text(once) == once
    assert not re.search(r"ACME-[01F]", once)


def test_a_prompt_is_told_by_length_and_fingerprint() -> None:
    """Same text and key, same figures; another key or text, others; nothing of the text.
    Mutant killed: the digest without a key."""
    said = fingerprint("do the thing", KEY)
    assert re.fullmatch("12 characters, [0-9a-f]{8}", said)
    assert said == fingerprint("do the thing", KEY)
    assert len({said[-8:], fingerprint("do the thing", b"other")[-8:], fingerprint("do the thinG", KEY)[-8:]}) == 3


@pytest.mark.parametrize(("prompts", "kept"), [("fingerprint", False), ("keep", True), (None, False)])
def test_a_prompt_in_a_record_is_kept_only_where_the_board_says_so(prompts: str | None, kept: bool) -> None:
    """By default the field holds a fingerprint; kept, it is redacted as any other text.
    Mutants killed: a redactor without `own` keeps prompts; a kept prompt isn't redacted."""
    own = None if prompts is None else Own((ACME,), prompts=prompts)  # type: ignore[arg-type]
    made = Redactor(home="", user="", host="", key=KEY, known={}, own=own)
    line = made.line({"prompt": f"use ACME-{HEX}, please", "note": "kept"}, repr)
    assert ("please" in line) is kept
    assert HEX not in line
    assert "'kept'" in line

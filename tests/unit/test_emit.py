"""What we write reads as the same value in every reader: YAML 1.1 (PyYAML), 1.2 (ruamel.yaml) and our own."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from board.emit import block_task, inline
from board.errors import UsageError
from board.syntax import parse

TRICKY = (
    *("", " ", " a", "a ", "\t", "a\tb", "\n", "a\nb", "a\r\nb", "\r", "\x00", "\x07", "\x1b[0m", "\x7f", "\x85"),
    *("\xa0", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "�", "🎉", "ünï", "日本", "a\u0301", "\U0001fffe"),
    *("null", "Null", "NULL", "~", "none", "true", "True", "FALSE", "yes", "No", "on", "OFF", "y", "N", "Y", "1"),
    *("-1", "+1", "0", "007", "0x1f", "0o17", "0b10101", "0b1010101", "1_000", "1.5", "1.", ".5", "1e5", "1e400"),
    *("12e4567", "1234567", "12345678e5", "190:20:30", "1:30", "1:30.5", ".inf", "-.INF", ".nan", ".NaN", "inf"),
    *("nan", "_1", "+", "-", "--", "2026-11-20", "2026-11-20 10:00:00", "2026-11-20t10:00:00+02:00", "=", "<<"),
    *("<", "?", "? a", ":", "a:", ": a", "a: b", "a:b", "::", "- a", "-a", "a - b", "#", "# a", "a #b", "a#b"),
    *("a # b", "!", "!!str a", "!a", "&a", "*a", "a *b", "%", "%YAML", "@a", "`a`", "'", "''", '"', 'a"b'),
    *("it's", "'a'", '"a"', "[", "]", "[a]", "{", "}", "{a}", "a, b", ",", "|", ">", "|-", "---", "--- a", "..."),
    *("..", ".", "./a", "~/a", "/a/b", "a/b", "C:\\a", "\\", "\\n", "a\\", "٣s", "1d", "2h", "100ms", "3f2a9c1"),
)  # fmt: skip


def read_by_each(text: str) -> list[Any]:
    return [yaml.safe_load(text), YAML(typ="safe", pure=True).load(text), ours(text)]


def ours(text: str) -> Any:
    tree = parse(text)
    return tree.plain(tree.root)


def assert_same_string(value: str) -> None:
    for made in (inline(value), inline([value]), inline({value: value}), f"k: {inline(value)}", f"- {inline(value)}"):
        for found in read_by_each(made):
            leaf = found if isinstance(found, str) else next(iter(found.values() if isinstance(found, dict) else found))
            assert type(leaf) is str
            assert leaf == value
    assert [list(found) for found in read_by_each(inline({value: 1}))] == [[value]] * 3


@pytest.mark.parametrize("value", TRICKY, ids=ascii)
def test_tricky_strings_read_as_themselves(value: str) -> None:
    """Whatever a word looks like, each reader gets the string. Mutants killed: `0b` hashes plain, words unquoted."""
    assert_same_string(value)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("0123456789abcdefx_:.+-eT Zoyn~", max_size=12))
@example("0b11010")
@example("12e45678")
def test_any_string_reads_as_itself(value: str) -> None:
    """The same for strings that nobody thought of, and for those that nearly are numbers, spans or commits."""
    assert_same_string(value)


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"\A[0-9a-f]{7,64}\Z") | st.from_regex(r"\A[0-9]+[eb][0-9]+\Z"))
def test_a_commit_is_never_a_number(value: str) -> None:
    """A commit's hash may consist of digits alone, or look like `12e4567` or `0b10101`."""
    assert_same_string(value)


@pytest.mark.parametrize("value", [chr(0xD800), "a" + chr(0xDCFF) + "b"], ids=ascii)
def test_what_is_no_unicode_is_refused(value: str) -> None:
    """Half a character can't stand in a UTF-8 file: refused as the caller's words, not written as something else."""
    for text in (value, f"line\n{value}\nline"):
        with pytest.raises(UsageError, match="not valid Unicode"):
            block_task({"id": "a", "prompt": text}, 2)


def test_instants_spans_and_commits_stand_plain() -> None:
    """They are read and grepped by people, and a hook may compare them as text."""
    for text in ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.120Z", "30s", "2h", "3f2a9c1", "in_progress", "a/b.md"):
        assert inline(text) == text
    assert (
        inline({"at": "2026-11-20T10:00:00Z", "by": "alice@devbox"}) == "{at: 2026-11-20T10:00:00Z, by: alice@devbox}"
    )


@pytest.mark.parametrize("value", [None, True, False, 0, -7, 1.5, 1e-7, math.inf, -math.inf, [], {}, [[], {}], (1, 2)])
def test_other_values_keep_their_type(value: Any) -> None:
    """Each reader of YAML 1.2 gets the value; `1e-07` is a string to readers of 1.1 alone."""
    wanted = list(value) if isinstance(value, tuple) else value
    assert ours(inline(value)) == wanted
    assert YAML(typ="safe", pure=True).load(inline(value)) == wanted


def test_not_a_number_is_written_as_such() -> None:
    """It is no word `NaN`."""
    assert math.isnan(ours(inline(math.nan)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(TRICKY)).map("\n".join))
@example("a\n\n")
@example("\n\na\nb\n")
@example("a\n  \n")
@example("a\n   b\n")
@example("  a\nb")
def test_a_long_text_reads_as_itself(text: str) -> None:
    """As a literal block where that is safe, quoted where it isn't: the same text for each reader."""
    for indent in (0, 2, 4):
        for record in ({"id": "a", "prompt": text}, {"id": "a", "prompt": text, "x-last": "é"}):
            whole = "\n".join(["tasks:", *block_task(record, indent), "end: 1", ""])
            for found in read_by_each(whole):
                assert found == {"tasks": [record], "end": 1}


def test_a_long_text_is_a_literal_block() -> None:
    """People can read and edit a prompt of several lines as it stands."""
    assert block_task({"id": "a", "prompt": "one\n  two\n\nthree\n"}, 2) == [
        "  - id: a",
        "    prompt: |",
        "      one",
        "        two",
        "",
        "      three",
    ]

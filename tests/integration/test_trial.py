"""Patterns are tried out in a process that ends by itself: quick ones pass, hostile ones don't, and it is paid once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from board.journal import ordeal
from board.journal.trial import Tried, Verdict, verdicts

QUICK = [
    ("ACME-", "ACME-[0-9A-F]{16,}"),
    ("key=", r"key=(\S{8,64})"),
    ("tok_", r"tok_[A-Za-z0-9]{20,}(?:-[a-z]{2})?"),
    ("id: ", r"(?<=id: )\w+(?=;)"),
    ("key", r"(?i)[a-z]{2,9}[_-]?key['\"]?\s{0,3}[:=]\s{0,3}['\"]?([0-9a-z]{32})\b"),
    ("abc", "(?:abc)++"),
    ("", "^EXAMPLE-"),
]
SLOW = [
    ("ACME", "ACME(a+)+$"),
    ("aaa", "(a|a)*b"),
    ("aaa", "(a|ab|b)*c"),
    ("x=x", "x=x(.*)(.*)(.*)y"),
    ("tok", r"tok(\w+\s?)*;"),
    ("tok", r"(.*?,){11}tokP"),
    ("tok", "tok.*x"),
    ("abc", r"(?:[a-z]+\d?)+!"),
    ("aab", "(?=(a+)+b)aab"),
    ("abc", r"^(([a-z])+.)+[A-Z]([a-z])+$"),
    ("x:y", r"\s+x:y"),
    ("foo", r"(?:x+x+)+y"),
    ("---", r"---BEGIN[\s\S]*?---END"),
    ("", "(b+)+$"),
    ("tok", "tok([a-m]|[k-z])+!"),
    ("tok", "tok=(?:[a-z]y|[0-9x]y)*!"),
    ("tok", "id: (?:[0-9]+|[a-f0-9]+)*tok"),
]


def test_quick_patterns_pass(tmp_path: Path) -> None:
    """What people write for a token is not taken for hostile.
    Mutant killed: what the process says isn't counted."""
    assert verdicts([Tried(*rule) for rule in QUICK], str(tmp_path)) == [Verdict.QUICK] * len(QUICK)


@pytest.mark.parametrize("rule", SLOW, ids=[rule[1] for rule in SLOW])
def test_hostile_patterns_are_found(rule: tuple[str, str], tmp_path: Path) -> None:
    """Exponential ones and polynomial ones, also those that only many literals one behind the other make slow.
    Mutants killed: no failing end; no repetition of the pattern's own units; the literal isn't repeated."""
    assert verdicts([Tried(*rule)], str(tmp_path)) == [Verdict.SLOW]


def test_one_slow_pattern_condemns_no_other(tmp_path: Path) -> None:
    """The process ends at the slow one, and the rest is tried in another.
    Mutants killed: all behind a slow one are slow; the order is that of the answers."""
    mixed = [QUICK[0], SLOW[0], QUICK[1], SLOW[1], SLOW[0], QUICK[0]]
    said = verdicts([Tried(*rule) for rule in mixed], str(tmp_path))
    assert [verdict is Verdict.SLOW for verdict in said] == [False, True, False, True, True, False]


def cache_of(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache/trials"


def test_a_verdict_is_kept_under_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A known rule needs no process; another one does, and so does every one when the file is gone.
    Mutants killed: nothing kept; the literal isn't in the key."""
    folder = cache_of(tmp_path)
    rules = [Tried(*QUICK[0]), Tried(*SLOW[0])]
    first = verdicts(rules, str(folder))
    assert len(list(folder.iterdir())) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-such-python"))
    assert verdicts(rules, str(folder)) == first
    assert verdicts([Tried("other", QUICK[0][1])], str(folder)) == [Verdict.UNKNOWN]
    for path in folder.iterdir():
        path.unlink()
    assert verdicts(rules, str(folder)) == [Verdict.UNKNOWN] * 2


def test_what_could_not_be_told_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process there is no verdict, and the next look asks again.
    Mutant killed: an unknown verdict is kept."""
    folder = cache_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", str(tmp_path / "no-such-python"))
        assert verdicts([Tried(*QUICK[0])], str(folder)) == [Verdict.UNKNOWN]
    assert not folder.exists()
    assert verdicts([Tried(*QUICK[0])], str(folder)) == [Verdict.QUICK]


@pytest.mark.parametrize("junk", [b"", b"unknown", b"slowly", b"\xff\xfe", b"quick" * 1000, None])
def test_a_damaged_verdict_is_none(junk: bytes | None, tmp_path: Path) -> None:
    """Cut, binary, too long, or a folder in its place: it is tried again.
    Mutant killed: whatever isn't `slow` is quick."""
    folder = cache_of(tmp_path)
    verdicts([Tried(*SLOW[0])], str(folder))
    (path,) = folder.iterdir()
    path.unlink()
    if junk is None:
        path.mkdir()
    else:
        path.write_bytes(junk)
    assert verdicts([Tried(*SLOW[0])], str(folder)) == [Verdict.SLOW]


def test_nothing_is_left_where_there_is_no_cache(tmp_path: Path) -> None:
    """Who only looks at a board begins none of its folders.
    Mutant killed: `makedirs`."""
    verdicts([Tried(*QUICK[0])], str(tmp_path / ".board/cache/trials"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rule", [*QUICK, *SLOW], ids=[rule[1] for rule in [*QUICK, *SLOW]])
def test_hostile_lines_are_as_long_as_they_should_be(rule: tuple[str, str]) -> None:
    """Each size is there, short ones first, and a rule's literal is in some of them.
    Mutant killed: one size only."""
    made = list(ordeal.lines(rule[1], rule[0]))
    sizes = [len(line) for line in made]
    assert sizes[0] <= 1_010
    assert max(sizes) > 45_000
    assert any(rule[0] in line for line in made)


def test_a_pattern_of_everything_has_its_lines() -> None:
    """Every construct of Python's patterns is walked through, and what is made of it is text.
    Mutant killed: an unknown construct raises."""
    pattern = r"(?P<a>x)(?(a)y|z)(?:a|b){2,3}?[^\s\d]*+(?>q+)(?<!n)(?=m)\b^$.\W\S\D[^a]\1[a-f\w]{,2}(?i:k)"
    re.compile(pattern)
    seeds = list(ordeal.seeds_of(pattern, "lit"))
    assert all(seed.unit and isinstance(seed.before, str) for seed in seeds)
    assert {seed.unit for seed in seeds} >= {"a", "q", "lit"}


def test_the_process_is_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees neither the environment's Python settings nor a `re.py` that lies where we stand.
    Mutant killed: without -I."""
    (tmp_path / "re.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert verdicts([Tried(*QUICK[0])], str(tmp_path / "none")) == [Verdict.QUICK]

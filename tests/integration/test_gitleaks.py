"""Rules in gitleaks' format, read by RE2: what their documents promise of each key, and bad files of every kind."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from board.journal.gitleaks import Rules, entropy, kind_of, rules_of

pytest.importorskip("re2")
DICE = random.Random(11)
A, B = ("".join(DICE.choices("abcdefghjkmnpqrstuvwxyz23456789", k=16)) for _ in range(2))
CORP = """
[[rules]]
id = "corp-key"
regex = '''corp_[a-z0-9]{12,}'''
keywords = ["CORP_"]
"""


def rules(folder: Path, text: str, name: str = "g.toml") -> Rules:
    (folder / name).write_text(text, encoding="utf-8")
    return rules_of(str(folder), name, {})


def found(folder: Path, text: str, line: str) -> list[tuple[str, str]]:
    made = rules(folder, text)
    assert made.problems == ()
    return [(kind, line[start:end]) for kind, start, end in made.find(line)]


def test_a_rule_finds_its_secret(tmp_path: Path) -> None:
    """By its regex, under its id as far as a mark can hold it; positions are those of the text, not of its bytes.
    Mutant killed: positions in UTF-8."""
    assert found(tmp_path, CORP, f"é \U0001f600 corp_{A} é") == [("corpkey", f"corp_{A}")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Corp-API-key", "corpapikey"), ("a" * 30, "a" * 16), ("1pass", "x1pass"), ("-", "x"), ("known", "xknown")],
)
def test_kinds_fit_into_a_mark(name: str, kind: str) -> None:
    """A mark's grammar is exact, and `known` means something else."""
    assert kind_of(name) == kind


def test_keywords_are_asked_first(tmp_path: Path) -> None:
    """Without regard to case; a text with none of them is not searched; a rule without keywords searches all.
    Mutants killed: by case; keywords ignored."""
    text = "[[rules]]\nid = 'x'\nregex = '[a-z0-9]{16}'\nkeywords = ['Needs', 'other']\n"
    assert found(tmp_path, text, f"NEEDS {A}") == [("x", A)]
    assert found(tmp_path, text, f"word {A}") == []
    assert found(tmp_path, text.replace("['Needs', 'other']", "[]"), A) == [("x", A)]


def test_the_group_is_the_secret(tmp_path: Path) -> None:
    """`secretGroup`, else the first group that took part, else all of it.
    Mutants killed: group 0 always; group 1 always."""
    text = "[[rules]]\nid = 'x'\nregex = '(k)=([a-z0-9]{16})'\nsecretGroup = 2\n"
    assert found(tmp_path, text, f"k={A}") == [("x", A)]
    text = "[[rules]]\nid = 'x'\nregex = '(?:k=([a-z]+!)|l=([a-z0-9]{16}))'\n"
    assert found(tmp_path, text, f"l={A}") == [("x", A)]


def test_entropy_is_a_threshold(tmp_path: Path) -> None:
    """A secret with as much or less is none.
    Mutants killed: the entropy of the whole match; `<`."""
    text = "[[rules]]\nid = 'x'\nregex = 'k=([a-z0-9]{16})'\nentropy = 3\n"
    assert found(tmp_path, text, f"k={A}") == [("x", A)]
    assert found(tmp_path, text, f"k={'abcdefgh' * 2}") == []
    assert (entropy(""), entropy("aaaa"), entropy("ab"), entropy("abcdefgh")) == (0.0, 0.0, 1.0, 3.0)


ALLOW = "[[rules]]\nid = 'x'\nregex = 'k=([a-z0-9]{16,})'\n"


@pytest.mark.parametrize(
    ("allow", "line", "is_secret"),
    [
        ("[[rules.allowlists]]\nregexes = ['^abc']", f"k=abc{A}", False),
        ("[[rules.allowlists]]\nregexes = ['^k=']", f"k={A}", True),
        ("[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^k=']", f"k={A}", False),
        ("[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['^# ']", f"first\n# k={A}\nk", False),
        ("[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['first']", f"first\n# k={A}", True),
        ("[[rules.allowlists]]\nstopwords = ['EXAMPLE']", f"k=example{A}", False),
        ("[rules.allowlist]\nstopwords = ['example']", f"k=example{A}", False),
        ("[[rules.allowlists]]\ncondition = 'AND'\nstopwords = ['abc']\nregexes = ['xyz']", f"k=abc{A}", True),
        ("[[rules.allowlists]]\ncondition = 'AND'\nstopwords = ['abc']\nregexes = ['xyz']", f"k=abcxyz{A}", False),
        ("[[rules.allowlists]]\nstopwords = ['abc']\nregexes = ['xyz']", f"k=abc{A}", False),
        ("[[rules.allowlists]]\npaths = ['.*']", f"k={A}", True),
        ("[[rules.allowlists]]\ncommits = ['abc']\nstopwords = ['abc']", f"k=abc{A}", False),
        ("[[rules.allowlists]]\ncondition = 'AND'\npaths = ['.*']\nstopwords = ['abc']", f"k=abc{A}", True),
        ("[[allowlists]]\nstopwords = ['abc']", f"k=abc{A}", False),
        ("[allowlist]\nstopwords = ['abc']", f"k=abc{A}", False),
        ("[[allowlists]]\ntargetRules = ['y']\nstopwords = ['abc']", f"k=abc{A}", True),
        ("[[allowlists]]\ntargetRules = ['x']\nstopwords = ['abc']", f"k=abc{A}", False),
    ],
)
def test_allow_lists(allow: str, line: str, is_secret: bool, tmp_path: Path) -> None:
    """By secret, match or line, all or any; what is only about paths or commits allows nothing here.
    Mutants killed: `condition` ignored; `regexTarget` ignored; `targetRules` ignored; AND without its paths."""
    assert bool(found(tmp_path, ALLOW + allow, line)) is is_secret


def test_a_file_extends_another(tmp_path: Path) -> None:
    """Its rules come with the other's, save those that it disables; one with the same id completes it.
    Mutants killed: the other's rules win; disabled ones stay; keywords are replaced."""
    (tmp_path / "base.toml").write_text(
        CORP
        + "[[rules]]\nid = 'off'\nregex = 'off_[a-z0-9]{16}'\n"
        + "[[rules]]\nid = 'on'\nregex = 'on_[a-z0-9]{16}'\nkeywords = ['on_']\n"
        + "[allowlist]\nstopwords = ['sample']\n"
    )
    text = (
        "[extend]\npath = 'base.toml'\ndisabledRules = ['off']\n"
        "[[rules]]\nid = 'on'\nregex = 'on[_-][a-z0-9]{16,}'\nkeywords = ['on-']\n"
    )
    line = f"corp_{A} off_{A} on_{A} on-{B} on-sample{A}"
    assert found(tmp_path, text, f"on_{A}") == [("on", f"on_{A}")]
    assert found(tmp_path, text, line) == [("corpkey", f"corp_{A}"), ("on", f"on_{A}"), ("on", f"on-{B}")]


def test_their_default_rules_are_not_ours_to_use(tmp_path: Path) -> None:
    """It is said, with what to do; the file's own rules hold all the same."""
    made = rules(tmp_path, "[extend]\nuseDefault = true\n" + CORP)
    (problem,) = made.problems
    assert problem.startswith("g.toml: [extend] useDefault: ")
    assert "[extend] path" in problem
    assert [kind for kind, _, _ in made.find(f"corp_{A}")] == ["corpkey"]


@pytest.mark.parametrize("regex", ["(", "a++", "(?<=x)a", "(a)\\\\1", "x{1001}"])
def test_a_regex_that_re2_cannot_read_is_told(regex: str, tmp_path: Path) -> None:
    """With file and rule, and the other rules hold.
    Mutant killed: one bad rule ends the file."""
    made = rules(tmp_path, f"[[rules]]\nid = 'bad'\nregex = \"{regex}\"\n" + CORP)
    (problem,) = made.problems
    assert problem.startswith("g.toml: rule bad: regex: ")
    assert "b'" not in problem
    assert len(made.rules) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "it is not TOML: "),
        ("[[rules]]\nregex = 'x'", "a rule without an id"),
        ("[[rules]]\nid = 'x'\nregex = 5", "rule x: regex: int"),
        ("[[rules]]\nid = 'x'\nregex = 'x'\nsecretGroup = 2", "rule x: secretGroup 2; its regex has 0 groups"),
        ("[[rules]]\nid = 'x'\nregex = 'x'\nsecretGroup = 'a'", "rule x: secretGroup 'a'"),
        ("[[rules]]\nid = 'x'\nregex = 'x'\nentropy = 'a'", "rule x: entropy 'a'"),
        ("[extend]\npath = 'g.toml'", "no more than 3 files"),
        ("[extend]\npath = 'gone.toml'", "gone.toml: no such file or directory"),
        ("a = " + "[" * 20_000, "it is not TOML: "),
    ],
)
def test_bad_files_are_told(text: str, words: str, tmp_path: Path) -> None:
    """One line each, and no traceback."""
    made = rules(tmp_path, text)
    assert [words in problem for problem in made.problems] == [True]


@pytest.mark.parametrize(
    "text", ["rules = 5", "[rules]\nid = 'x'", "rules = [1, 'a']", "extend = 1\nallowlist = [3]", ""]
)
def test_what_has_no_rules_has_none(text: str, tmp_path: Path) -> None:
    """Keys of another shape than gitleaks' are no rules."""
    assert rules(tmp_path, text) == Rules(())


def test_files_of_every_kind(tmp_path: Path) -> None:
    """A folder, a loop, 10 MB, binary: one problem each."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "large").write_bytes(b"# " + b"x" * 10_000_000)
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "loop", "large", "binary", "pipe", "gone"):
        made = rules_of(str(tmp_path), name, {})
        assert made.rules == ()
        assert [problem.startswith(f"{name}: ") for problem in made.problems] == [True]


def test_half_a_character_is_searched_past(tmp_path: Path) -> None:
    """RE2 reads UTF-8, and a text of ours may hold what UTF-8 doesn't know.
    Mutant killed: the error is let through, and the redactor fails closed for the whole text."""
    assert found(tmp_path, CORP, f"\ud800 corp_{A}") == [("corpkey", f"corp_{A}")]


def test_a_hostile_line_costs_no_more_than_its_length(tmp_path: Path) -> None:
    """RE2 has no backtracking: what would take for ever elsewhere ends."""
    assert found(tmp_path, "[[rules]]\nid = 'x'\nregex = '(a+)+$'\n", "a" * 50_000 + "!") == []


def test_without_re2_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One problem with the extra's name, and no rules."""
    monkeypatch.setitem(sys.modules, "re2", None)
    made = rules(tmp_path, CORP)
    assert made == Rules((), ('g.toml: needs RE2: uv tool install "crewboard[gitleaks]"',))

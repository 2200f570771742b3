"""YAML as a board reads it: 1.2 values, places of everything, and no file that can hang or fill the machine."""

from __future__ import annotations

import math
import re
import resource
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.errors import InvalidBoard
from board.syntax import MAX_DEPTH, parse
from board.tree import MAX_UNFOLDED, Node
from tests.programs import environment


def plain(text: str) -> Any:
    tree = parse(text)
    return tree.plain(tree.root)


def refusal(text: str) -> tuple[int, int, str]:
    with pytest.raises(InvalidBoard) as refused:
        plain(text)
    (problem,) = refused.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            (word, word)
            for word in ("yes", "no", "on", "off", "y", "n", "Yes", "1_000", "1:30", "0b1", "=", "TRue", "nan")
        ],
        *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
        *[("true", True), ("True", True), ("FALSE", False)],
        *[("0", 0), ("-7", -7), ("+7", 7), ("007", 7), ("0x1f", 31), ("0o17", 15), ("9" * 19, int("9" * 19))],
        *[
            ("1.5", 1.5),
            ("-.5", -0.5),
            ("1.", 1.0),
            ("1e5", 1e5),
            ("1E-2", 0.01),
            (".inf", math.inf),
            ("-.Inf", "-.Inf"),
        ],
        ("9" * 5000, "9" * 5000),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("2026-11-20", "2026-11-20"),
        *[("'1'", "1"), ('"null"', "null"), ("!!str 1", "1"), ("! 1", "1"), ("|\n  1", "1"), (">-\n  a\n  b\n", "a b")],
    ],
)
def test_scalars_are_yaml_1_2(text: str, value: Any) -> None:
    """Words are strings, instants stay text, quoted is quoted; no number is too long to be read."""
    found = plain(f"k: {text}")["k"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_equals_itself_in_a_record() -> None:
    """Comparing two readings of a board works even where it says `.nan`."""
    assert plain("k: .nan") == plain("k: .nan")
    assert math.isnan(plain("k: .nan")["k"])


def leaves(node: Node) -> list[Node]:
    below = [leaf for item in node.items for leaf in leaves(item)]
    below += [leaf for pair in node.pairs for part in pair for leaf in leaves(part)]
    return below or [node]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1), min_size=1),
    st.sampled_from(["\n", "\r\n"]),
)
def test_places_are_those_of_the_text(words: list[str], eol: str) -> None:
    """Offsets, lines and columns count characters, also behind emoji and with CRLF."""
    quoted = ["'" + word.replace("'", "''") + "'" for word in words]
    text = "# 🎉é" + eol + "".join(f"- {word} # 🎈{eol}" for word in quoted)
    root = parse(text).root
    assert root is not None
    assert [text[leaf.start : leaf.end] for leaf in leaves(root)] == quoted
    assert [(leaf.line, leaf.column) for leaf in leaves(root)] == [(number + 1, 2) for number in range(len(words))]


def test_a_block_ends_with_its_last_leaf() -> None:
    """Comments and blank lines behind it aren't its own."""
    text = "a:\n  b: 1  # c\n\n# d\ne: 2\n"
    root = parse(text).root
    assert root is not None
    value = root.get("a")
    assert value is not None
    assert text[value.start : value.end] == "b: 1"


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("a: 1\nb: [1\n", 3, 1, "','"),
        ("a: 1\n b: 2\n", 2, 3, "mapping values"),
        ("a: 1\n\tb: 2\n", 2, 1, "tab|token"),
        ("a: 'x\n", 2, 1, "end of stream"),
        ("a: 1\na: 2\n", 2, 1, '"a" stands twice'),
        ("x: {a: 1, a: 2}\n", 1, 11, '"a" stands twice'),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: !!python/object:os.system x\n", 1, 4, "tag"),
        ("a: !include x\n", 1, 4, "tag"),
        ("a: *b\n", 1, 4, r"\*b has no anchor"),
        ("a: &b [*b]\n", 1, 8, "inside its own anchor"),
        ("a: 1\n<<: 2\n", 2, 5, "merges a mapping"),
        ("a: 1\nb: \x00\n", 2, 4, ""),
        ("a: \x1b[0m\n", 1, 4, ""),
        ("é: \ufffe\n", 1, 4, ""),
        ('a: "\\q"\n', 1, 5, "escape"),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, line: int, column: int, word: str) -> None:
    """One problem, counted from 1, at the character that a person has to look at."""
    problem = refusal(text)
    assert problem[:2] == (line, column)
    assert re.search(word, problem[2])


def test_a_broken_file_may_be_one_that_is_being_saved() -> None:
    """Whoever reads may look again in a moment; what is whole, but forbidden, isn't looked at twice."""
    for text, torn in (("a: [1", True), ("a: 'x", True), ("a: 1\na: 2", True), ("- " * 99, False), ("a: !x 1", False)):
        with pytest.raises(InvalidBoard) as refused:
            parse(text)
        assert refused.value.torn is torn


def test_merges_are_unfolded_and_own_keys_win() -> None:
    """`<<` may name one mapping or several, the first of which wins; a quoted one is a key."""
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  c: 3\n  '<<': 4\n"
    assert plain(text)["z"] == {"a": 1, "b": 1, "c": 3, "<<": 4}


def test_depth_has_an_end() -> None:
    """As deep as anybody writes, and no deeper; a file can't exhaust the stack."""
    deep = MAX_DEPTH - 1
    assert plain("a: " + "[" * deep + "]" * deep)
    assert "deeper" in refusal("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)[2]
    assert "deeper" in refusal("- " * 10_000 + "a")[2]


def bomb(levels: int, width: int = 10) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


HOSTILE = {
    "alias bomb": f"{bomb(12)!r}",
    "merge bomb": (
        "'a0: &a0 {x: 1}\\n' + ''.join(f'a{n}: &a{n} {{k{n}: 1, <<: [*a{n-1}, *a{n-1}]}}\\n' for n in range(1, 60))"
    ),
    "deep flow": "'a: ' + '[' * 10_000",
    "deep braces": "'{a: ' * 10_000",
    "deep blocks": "'- ' * 10_000",
    "deep indents": "'\\n'.join(' ' * n + 'a:' for n in range(3_000))",
    "one long line": "'a: ' + 'x' * 5_000_000",
    "many quotes": "'a: ' + '\"' * 1_000_000",
    "question marks": "'? ' * 10_000",
    "anchors": "''.join(f'a{n}: &a{n} 1\\n' for n in range(5_000))",
    "zeros": "'\\0' * 5_000_000",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_can_hang_or_fill_the_machine(name: str) -> None:
    """Whatever is handed in, there is an answer within a second of the processor and 200 MB of memory.
    Mutants killed: no limit of depth; unfolded aliases not counted."""
    program = (
        "from board.errors import InvalidBoard\nfrom board.syntax import parse\n"
        f"text = {HOSTILE[name]}\n"
        "try:\n    tree = parse(text); tree.plain(tree.root)\nexcept InvalidBoard as error:\n    print(error)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    limits = (2 * 1024**3, 2 * 1024**3)
    done = subprocess.run(
        [sys.executable, "-c", program + "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout.split()[-1]) < 200 * 1024
    assert after.ru_utime - before.ru_utime < 1.5


def test_aliases_unfold_up_to_a_limit() -> None:
    """Sharing a few settings is fine; a bomb is told by its name and its place."""
    assert len(plain(bomb(5))["a4"]) == 10
    assert "alias bomb" in refusal(bomb(8))[2]
    assert MAX_UNFOLDED < 10**6

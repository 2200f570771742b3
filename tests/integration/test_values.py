"""Known values: files and variables that people name, read whatever they turn out to be, and never told."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.journal.dotenv import env_file_values
from board.journal.values import MAX_BYTES, MAX_VALUES, known_values

DICE = random.Random(7)


def secret() -> str:
    return "".join(DICE.choices("abcdefghjkmnpqrstuvwxyz23456789", k=15)) + "9Z"


A, B, C, D, E, F = (secret() for _ in range(6))


def values(folder: Path, *sources: str, **env: str) -> set[str]:
    found = known_values(str(folder), sources, env)
    assert list(found.problems) == []
    return set(found.values.values())


def test_a_dotenv_file_is_read_as_programs_read_it() -> None:
    """Quotes, `export`, escapes, comments, several lines, a byte order mark and carriage returns.
    Mutants killed: a `#` inside a word is a comment; single quotes know escapes; `export` is part of the name."""
    text = f"""\ufeff# {A}
export ONE="{A} \\n\\"x\\"" # said
TWO='{B} # \\n'
THREE={C}#1 # said
FOUR=
FIVE: {D}
  SIX = {E}\r
SEVEN="a
{F}"
no entry
"""
    assert env_file_values(text) == {
        "ONE": f'{A} \n"x"',
        "TWO": f"{B} # \\n",
        "THREE": f"{C}#1",
        "FOUR": "",
        "FIVE": D,
        "SIX": E,
        "SEVEN": f"a\n{F}",
    }


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text(max_size=30)))
def test_what_is_written_in_double_quotes_is_read_back(given_: dict[str, str]) -> None:
    """Whatever a value holds, written with its quotes and backslashes escaped it comes back as it was."""
    lines = [f'{name}="{value.translate({92: chr(92) * 2, 34: chr(92) + chr(34)})}"' for name, value in given_.items()]
    assert env_file_values("\n".join(lines)) == given_


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """What is no `.env` file sets nothing, or something; it raises nothing."""
    assert all(isinstance(value, str) for value in env_file_values(text).values())


def test_each_scalar_of_json_and_yaml_is_a_value(tmp_path: Path) -> None:
    """However deep it stands; names are none, and comments of YAML aren't either.
    Mutants killed: only the top of a JSON file; YAML's quotes kept; lists left out."""
    (tmp_path / "a.json").write_text(json.dumps({"name-of-it": {"x": [A, {"y": B}]}, "n": 12345678, "t": True}))
    (tmp_path / "b.yaml").write_text(
        f"# {F}\ntop: &one {A} # {F}\nnested:\n  'key': \"{B}\"\n  - {C}\n  - {{k: {D}, l: '{E}'}}\n"
    )
    assert values(tmp_path, "a.json") == {A, B}
    assert values(tmp_path, "b.yaml") == {A, B, C, D, E}


def test_a_block_of_yaml_is_taken_line_by_line(tmp_path: Path) -> None:
    """A key of several lines is known by each of them."""
    (tmp_path / "k.yml").write_text(f"key: |\n  {A}\n  {B}\n")
    assert values(tmp_path, "k.yml") == {A, B}


def test_only_what_is_worth_masking_is_a_value(tmp_path: Path) -> None:
    """Masking words, numbers and short texts would spoil clean lines.
    Mutant killed: everything is worth it."""
    (tmp_path / ".env").write_text(f"A=production\nB=8080\nC=12345678\nD=x1\nE={A}\n")
    assert values(tmp_path, ".env") == {A}


def test_variables_are_named_by_globs(tmp_path: Path) -> None:
    """By case, whatever the name says of its value.
    Mutant killed: only names that say secret."""
    assert values(tmp_path, "env:DEPLOY_*", "env:ONE", DEPLOY_A=A, DEPLOY=B, ONE=C, deploy_x=D) == {A, C}


def test_files_are_looked_for_from_the_board_and_from_home(tmp_path: Path) -> None:
    """Relative to the board's folder; `~/` is home; an absolute path is itself.
    Mutant killed: relative to where we stand."""
    (tmp_path / "board").mkdir()
    for name, value in (("board/a", A), ("b", B), ("c", C)):
        (tmp_path / name).write_text(f"X={value}\n")
    assert values(tmp_path / "board", "a", "~/b", str(tmp_path / "c"), HOME=str(tmp_path)) == {A, B, C}


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "no such file or directory"),
    "folder": (folder, "it is a folder"),
    "loop": (loop, "too many levels of symbolic links"),
    "pipe": (os.mkfifo, "it is no file"),
    "large": (lambda path: path.write_bytes(b"A=" + b"x" * 10_000_000), "it is larger than 1 MiB"),
    "binary": (lambda path: path.write_bytes(f"A={A}\0".encode()), "it is no text"),
    "latin": (lambda path: path.write_bytes(f"A={A}\xe9".encode("latin-1")), "it is no UTF-8 text"),
    "deep.json": (lambda path: path.write_text("[" * 100_000 + f'"{A}"'), "it is not JSON"),
    "torn.json": (lambda path: path.write_text(f'{{"a": "{A}'), "it is not JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_source_that_cannot_be_read_is_a_problem(name: str, tmp_path: Path) -> None:
    """Its place in the list, its name and what is wrong, never anything of what it holds; the others are read.
    Mutants killed: the error's own words; the first problem ends it; a pipe is waited for."""
    make, words = HOSTILE[name]
    make(tmp_path / name)
    (tmp_path / "good").write_text(f"X={B}\n")
    found = known_values(str(tmp_path), [name, "good"], {})
    assert list(found.problems) == [(0, f"{name}: {words}")]
    assert set(found.values.values()) == {B}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_problem(tmp_path: Path) -> None:
    """As any other that can't be read."""
    (tmp_path / "x").write_text(f"X={A}\n")
    (tmp_path / "x").chmod(0)
    assert list(known_values(str(tmp_path), ["x"], {}).problems) == [(0, "x: permission denied")]


def test_too_many_values_are_told(tmp_path: Path) -> None:
    """What is beyond the limit isn't masked: that is said, with where the limit lies.
    Mutant killed: cut without a word."""
    lines = "".join(f"V{number}={A}{number}\n" for number in range(MAX_VALUES + 5))
    (tmp_path / "x").write_text(lines)
    found = known_values(str(tmp_path), ["x"], {})
    assert len(found.values) == MAX_VALUES
    ((place, problem),) = found.problems
    assert (place, "more than 2,000 values" in problem) == (0, True)
    assert len(lines) < MAX_BYTES

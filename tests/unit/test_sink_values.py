"""Which values a worker's log must not hold: of its environment, and of `.env` files in its tree."""

from __future__ import annotations

import os
from pathlib import Path

from board.journal.dotenv import env_file_forms
from supervisor.sink.values import of_environment, of_tree

TEXT = """\
# a comment=not-this-one
PLAIN=plain-value-1
export EXPORTED=exported-value-2
  SPACED = spaced value 3
SINGLE='single $quoted-4'
DOUBLE="double \\"quoted\\" 5"
LINES="line-one-of-6
line-two-of-6"
COMMENTED=commented-value-7 # a comment
YAML: yaml-value-8
EMPTY=
NUMBER=1234567890
WORD=development
no setting here
LAST=last-value-9"""


def test_a_file_of_settings_is_read_as_shells_and_libraries_do() -> None:
    """Each of their readings. Mutants killed: only the first form; the raw form alone."""
    found = list(env_file_forms(TEXT))
    assert ("PLAIN", "plain-value-1") in found
    assert ("EXPORTED", "exported-value-2") in found
    assert ("SPACED", "spaced value 3") in found
    assert ("SINGLE", "single $quoted-4") in found
    assert {("DOUBLE", 'double "quoted" 5'), ("DOUBLE", 'double \\"quoted\\" 5')} <= set(found)
    assert ("LINES", "line-one-of-6\nline-two-of-6") in found
    assert {("COMMENTED", "commented-value-7"), ("COMMENTED", "commented-value-7 # a comment")} <= set(found)
    assert ("YAML", "yaml-value-8") in found
    assert ("LAST", "last-value-9") in found
    assert not any("not-this-one" in value for _, value in found)


def test_of_a_tree_only_the_files_of_the_patterns_and_the_values_worth_masking(tmp_path: Path) -> None:
    """Hidden files and folders too; a pipe, a folder or a missing file is none, and nothing waits for it."""
    (tmp_path / ".env").write_text(TEXT)
    (tmp_path / ".env.local").write_text("LOCAL=local-value-10\n")
    (tmp_path / "other").write_text("OTHER=other-value-11\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".env").write_text("DEEP=deep-value-12\n")
    (tmp_path / ".env.d").mkdir()
    os.mkfifo(tmp_path / ".env.pipe")
    values = set(of_tree(str(tmp_path), [".env*"]).values())
    assert {"plain-value-1", "local-value-10"} <= values
    assert not values & {"other-value-11", "deep-value-12", "1234567890", "development"}
    assert "deep-value-12" in of_tree(str(tmp_path), ["/**/.env"]).values()
    assert of_tree(str(tmp_path / "gone"), [".env*"]) == {}


def test_of_an_environment_what_its_names_say_is_secret() -> None:
    env = [b"API_TOKEN=abcd-1234-efgh", b"HOME=/home/somebody", b"PASSWORD=short", b"", b"no equals sign"]
    assert set(of_environment(env).values()) == {"abcd-1234-efgh"}

"""`read_settings`: what a board says is kept as said, and what it leaves out has its default."""

from __future__ import annotations

import random
from typing import Any

import pytest

from board.check import problems
from board.document import Document
from board.inbox.item import Kind, Severity
from board.notices import KINDS, SEVERITIES, Rate, Rule
from board.records import read_task
from board.settings import Journaling, Redact, RedactRule, Worktrees, read_settings


@pytest.mark.parametrize(
    ("said", "copy"),
    [
        ({}, (".env*",)),
        ({"copy": None}, (".env*",)),
        ({"copy": []}, ()),
        ({"copy": ["conf/*"]}, ("conf/*",)),
    ],
)
def test_an_empty_list_of_copies_means_no_copies(said: dict[str, Any], copy: tuple[str, ...]) -> None:
    """Secrets stay where they are when the board says `copy: []`; only a missing list has the default.

    Mutant killed: an empty list that counts as none at all (`or`).
    """
    assert read_settings({"worktrees": said}).worktrees == Worktrees(copy=copy)


@pytest.mark.parametrize(
    ("said", "bytes_"),
    [("64MiB", 64 << 20), ("1.5kB", 1500), ("2GB", 2 * 10**9), (4096, 4096), (0, 0), ("0kB", 0)],
)
def test_sizes_are_read_as_they_are_written(said: object, bytes_: int) -> None:
    """Powers of two for `KiB`, of ten for `kB`, plain numbers are bytes; 0 is a word too, not a silence.

    Mutant killed: `parse_size(…) or default`.
    """
    assert read_settings({"journal": {"max_bytes": said}}).journal == Journaling(max_bytes=bytes_)


def test_a_wrong_size_is_told_with_its_place_and_a_right_one() -> None:
    """Whoever writes `64 megs` is told where, and what to write instead."""
    board = "version: 1\nsettings:\n  journal: {max_bytes: 64 megs, segment_bytes: 12}\n"
    want = "a size such as 64MiB or 500kB, or a number of bytes"
    assert [problem.at("f") for problem in problems(Document(board))] == [
        f'f:3:24: settings.journal.max_bytes: expected {want}, 0 or more, got "64 megs"',
        f"f:3:48: settings.journal.segment_bytes: expected {want}, 1000 or more, got 12",
    ]


def test_a_board_without_a_word_on_stalls_has_none() -> None:
    """Nobody is looked at who didn't ask for it."""
    assert read_settings({}).stall_after == 0
    assert read_settings({"stall_after": "10m"}).stall_after == 600


def test_a_step_has_its_own_word_before_its_tasks() -> None:
    """What a task says of stalls and runtime holds for each of its steps that says nothing; 0 is a word too.

    Mutants killed: the task's word before the step's; a task's word that its steps don't hear.
    """
    shared = {"stall_after": "10m", "on_stall": "restart", "max_runtime": "2h"}
    own = {"stall_after": 0, "on_stall": "tell", "max_runtime": "1h"}
    steps = [{"id": "one", "run": "true", **own}, {"id": "two", "run": "true"}]
    one, two = read_task({"id": "t", **shared, "steps": steps}).steps
    assert (one.stall_after, one.on_stall, one.max_runtime) == (0, "tell", 3600)
    assert (two.stall_after, two.on_stall, two.max_runtime) == (600, "restart", 7200)
    assert read_task({"id": "t", "run": "true", **shared}).step == two._replace(id="main")
    plain = read_task({"id": "t", "run": "true"}).step
    assert (plain.stall_after, plain.on_stall, plain.max_runtime) == (None, "tell", None)


def test_redaction_is_kept_as_said() -> None:
    """Each key of `settings.redact`, in the order of the lists; without a word it is what every board has.
    Mutants killed: `literal` and `regex` exchanged; a key forgotten."""
    assert read_settings({}).redact == read_settings({"redact": {}}).redact == Redact()
    said = {
        "rules": [
            {"kind": "a", "literal": "AAA", "regex": "A+", "x-why": 1},
            {"kind": "b", "literal": "B", "regex": "C"},
        ],
        "allow": ["x", "re:y"],
        "values_from": [".env", "env:X_*"],
        "prompts": "keep",
        "gitleaks": "g.toml",
    }
    rules = (RedactRule("a", "AAA", "A+"), RedactRule("b", "B", "C"))
    assert read_settings({"redact": said}).redact == Redact(rules, ("x", "re:y"), (".env", "env:X_*"), "keep", "g.toml")


def test_the_kinds_of_items_are_the_inboxes() -> None:
    """What a rule may name is what there is. Mutant: a kind that the board's words don't have."""
    assert list(Kind) == list(KINDS)
    assert list(Severity) == list(SEVERITIES)


_URL = "https://hooks.example.org/"
_SAFE = (
    "desktop",
    "env:PHONE",
    "file:~/.config/urls",
    "ntfy://crew",
    "json://localhost:8080/hook",
    _URL + "crew/board-items",
)


def _secret(length: int) -> str:
    dice = random.Random(length)
    return "".join(dice.choices("abcdefghijkmnpqrstuvwxyz", k=length - 4)) + "".join(dice.choices("2345679", k=4))


@pytest.mark.parametrize("address", _SAFE)
def test_an_address_without_a_secret_may_stand_in_a_board(address: str) -> None:
    """So may the name of where one stands."""
    assert problems(Document(f'version: 1\nsettings: {{notify: [{{to: ["{address}"]}}]}}\n')) == ()


@pytest.mark.parametrize(
    "address",
    [
        f"tgram://{_secret(20)}/1234",
        f"slack://{_secret(9)}/{_secret(9)}/{_secret(24)}",
        f"https://me:{_secret(8)}@example.org/",
        f"{_URL}{_secret(24)}",
        f"{_URL}x?token={_secret(8)}",
        f"ntfy://{_secret(16)}",
        f"json://example.org/a/{_secret(16).upper()}/b",
        f"discord://{_secret(12)}/x",
        _secret(20),
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_shown(address: str) -> None:
    """A name and password, a query, a part like a token, or a service whose address is a secret by itself.

    Mutants: each of the pattern's parts left out; the value shown as in other findings.
    """
    [found] = problems(Document(f'version: 1\nsettings: {{notify: [{{to: ["{address}"]}}]}}\n'))
    assert "put it into a variable (env:NAME) or a file that only you can read (file:PATH)" in found.message
    assert address[-8:] not in found.message


def test_a_rule_that_tells_nobody_is_a_problem() -> None:
    """With its place; and what a rule says is kept as said."""
    [found] = problems(Document("version: 1\nsettings:\n  notify:\n    - kinds: [held]\n"))
    assert found.at("f") == "f:4:7: settings.notify[0]: needs `to` (a list of addresses) or `command`"
    said = {"to": ["desktop"], "command": "./x", "kinds": ["held"], "severity": "warn", "quiet": "22:00-07:30"}
    [rule] = read_settings({"notify": [{**said, "group": "0", "limit": "3/m"}]}).notify
    assert rule == Rule(("desktop",), "./x", ("held",), "warn", (1320, 450), 0.0, Rate(3, 60.0))
    assert rule.ways == ("desktop", "command:./x")
    assert read_settings({"notify": [{"command": "./x"}]}).notify == (Rule(command="./x"),)

"""The JSON Schema and `check` are printed from one table; here an independent validator shows that they agree."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.check import problems
from board.document import Document
from board.schema import schema, text
from board.shapes import (
    MOST_PORTS,
    Choice,
    Either,
    Flag,
    FlagOrText,
    Items,
    Named,
    Number,
    Part,
    Regex,
    Shape,
    Size,
    Span,
    Text,
    Veiled,
    Whole,
)
from board.vocabulary import TABLES

FORMATS = jsonschema.FormatChecker(formats=["regex"])
VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=FORMATS)
# What a schema can't say: whether a name is unique, exists, or leads back to itself.
REFERENCES = (
    "unknown task",
    "unknown step",
    "unknown agent",
    "unknown profile template",
    "duplicate ",
    "waits for itself",
    "has room for",
)

AT = "2026-11-20T10:00:00Z"
RICH: dict[str, Any] = {
    "version": 1,
    "settings": {
        "lease": "2h",
        "max_workers": 4,
        "grace": 0,
        "tmux": {"socket": "crewboard"},
        "restart": {
            "intensity": 3,
            "period": "10m",
            "backoff": {"initial": "2s", "factor": 1.5, "cap": "5m"},
            "stale": 1,
        },
        "done_when": ["clean"],
        "ports": {"from": 20000, "to": 20099},
        "done_timeout": "10m",
        "review": "human",
        "unlock": "review",
        "checkpoint": "auto",
        "worktrees": {"enabled": True, "root": "../x", "base": "main", "copy": [".env*"], "setup": []},
        "redact": {
            "rules": [{"kind": "acme", "literal": "ACME-", "regex": "ACME-[0-9A-F]{16,}+"}],
            "allow": ["ACME-0000000000000000", "re:^EXAMPLE-"],
            "values_from": [".secrets.env", "env:DEPLOY_*"],
            "prompts": "keep",
            "gitleaks": ".gitleaks.toml",
        },
        "journal": {"max_bytes": "64MiB", "max_age": 0, "free_bytes": 0, "segment_bytes": 4096},
        "drift": {"every": "5m"},
        "notify": [
            {"to": ["desktop", "env:PHONE"], "kinds": ["held"], "severity": "warn", "quiet": "22:00-07:00"},
            {"command": "./tell.sh", "group": 0, "limit": "20/h"},
        ],
    },
    "agents": {
        "mine": {
            "about": "x",
            "start": ["a", ""],
            "resume": ["b"],
            "env": {"K": ""},
            "limited": "a|b",
            "settles": "said",
            "headless": {"start": ["a", "-p"], "settles": "exit"},
            "exits": {"1": "an error", "signal 9": "killed"},
            "answers": {"hook": True, "pause": "150ms", "permission-prompt": {"allow": ["1"], "deny": ["Escape"]}},
        },
        "other": {"use": "shell", "headless": True},
    },
    "tasks": [
        {
            "id": "a",
            "title": "A",
            "status": "in_progress",
            "agent": "mine",
            "priority": 0,
            "labels": ["x"],
            "steps": [
                {"id": "s", "run": "x", "gate": "human", "done_if": "y"},
                {
                    "id": "t",
                    "prompt": "x",
                    "resumable": True,
                    "stall_after": 0,
                    "on_stall": "tell",
                    "max_runtime": "2h",
                },
            ],
            "ports": ["web", "api"],
            "step": "t",
            "port": {"web": 20412, "api": 3000},
            "claim": {"by": "x", "token": 1, "at": AT, "expires_at": AT},
            "last_token": 1,
            "checkpoint": {"commit": "abc", "note": "", "at": AT},
            "run": {"step": "s", "attempt": 1, "started_at": AT, "progressed": True, "stale": 0, "restarts": [AT]},
            "stall_after": "10m",
            "approved": {"step": "s", "by": "x", "at": AT},
            "x-own": {"any": [1, None]},
        },
        {"id": "b", "status": "blocked", "blocked": {"on": "x", "by": "y", "at": AT, "rule": "gated"}, "prompt": "x"},
        {"id": "c", "run": "make", "resumable": True, "ran": {"step": "main", "attempt": 2, "ending": "stalled"}},
        {
            "id": "d",
            "status": "done",
            "done": {"by": "x", "at": AT, "checks": ["clean"], "forced": False},
            "said_done": {"note": "", "checks": [{"check": "make", "exit": 0, "took": "1.5s", "at": AT}, "clean"]},
            "reopened": {"by": "x", "at": AT, "why": ""},
            "merged": {"by": "x", "at": AT, "into": "main", "commit": "abc", "was": "def", "why": "", "forced": True},
            "brief": "b.md",
        },
        {"id": "e", "status": "failed", "failed": {"why": "x"}, "cancelled": {"commit": "abc"}, "worktree": False},
    ],
}


def check_passes(board: Any) -> bool:
    messages = [problem.message for problem in problems(Document(json.dumps(board)))]
    return all(any(words in message for words in REFERENCES) or "a cycle:" in message for message in messages)


def schema_passes(board: Any) -> bool:
    return bool(VALIDATOR.is_valid(board))


def assert_agreement(board: Any) -> None:
    by_check, by_schema = check_passes(board), schema_passes(board)
    assert by_check == by_schema, (
        problems(Document(json.dumps(board))),
        [error.message for error in VALIDATOR.iter_errors(board)],
    )


def test_the_schema_is_a_schema() -> None:
    """It is valid draft 2020-12, and its text is the same bytes each time."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(text()) == schema()
    assert text() == text()
    assert text().endswith("}\n")


def test_a_rich_board_passes_both() -> None:
    """The board that the agreement tests start from is right, so that what they change is what they test."""
    assert schema_passes(RICH)
    assert problems(Document(json.dumps(RICH))) == ()


def _shapes(shape: Shape) -> Iterator[Any]:
    """Values that sit on both sides of a shape's borders."""
    yield from (None, True, 0, 1, -1, 1.5, "", " ", "x", "yes", [], {}, [None], {"x-own": 1}, {"zzz": 1})
    match shape:
        case Text() | Veiled():
            yield from (
                *("desktop", "env:A", "file:", "ntfy://a", "slack://a", "https://a/b?c", "https://a@b", "https://"),
                "a" * 63,
                "a" * 65,
                "A",
                "a-",
                "-a",
                "known",
                "re:",
                "re:x",
                "env:",
                "env:X_*",
                "abc",
                "  a",
                AT,
                AT[:-1],
                "2026-02-29 10:00:00Z",
                "2028-02-29T10:00:00+01:00",
            )
        case Span():
            yield from (
                "0",
                "0s",
                "1h30m",
                "30m1h",
                "1.5h",
                "s",
                "1 h",
                "100ms",
                "1000000d",
                "9" * 9 + "ms",
                "0.0s",
                "01s",
            )
        case Regex() | Size():
            yield from ("(", "a|b", "(?P<until>x)")
            yield from ("64MiB", "0.5GB", "1kB", "0kB", "64mib", "64 MiB", "64M", "4096", "1000000kB", "1e3kB", "1.kB")
            yield from (999, 1000, 10**15, 10**15 + 1)
        case Whole(low, high):
            yield from (low, low - 1, low + 1, high, (high or 0) + 1, str(low), 10**18)
        case Number(low):
            yield from (low, low - 0.1, low + 0.1)
        case Choice(words):
            yield from (*words, words[0].upper())
        case Items(item):
            yield from ([value] for value in _shapes(item))
            yield from ([f"a{number}" for number in range(count)] for count in (MOST_PORTS, MOST_PORTS + 1))
        case Named(_, value):
            yield from ({name: {"use": "shell"}} for name in ("ok", "x-ok", "not ok", "-", "_"))
            yield from ({"name": inner} for inner in _shapes(value))
            yield from ({name: "x"} for name in ("0", "255", "256", "01", "signal 9", "signal 0", "signal", "x-1"))
        case Either(plain, part):
            yield from (*_shapes(plain), *_shapes(part))
        case Part(name):
            yield dict.fromkeys(TABLES[name].keys)
            yield from ({key: "x"} for key in TABLES[name].keys)
        case Flag() | FlagOrText():
            yield from (
                "true",
                True,
                False,
                "none",
                "a/b",
                "../c d",
                "",
                " ",
                "yes",
                "No",
                "TRUE",
                "yesterday",
                1,
                ["a"],
            )


_HOMES: dict[str, list[str | int]] = {
    "board": [],
    "settings": ["settings"],
    "tmux": ["settings", "tmux"],
    "restart": ["settings", "restart"],
    "backoff": ["settings", "restart", "backoff"],
    "worktrees": ["settings", "worktrees"],
    "ports": ["settings", "ports"],
    "redact": ["settings", "redact"],
    "redact_rule": ["settings", "redact", "rules", 0],
    "journal": ["settings", "journal"],
    "drift": ["settings", "drift"],
    "notify": ["settings", "notify", 0],
    "profile": ["agents", "mine"],
    "headless": ["agents", "mine", "headless"],
    "answers": ["agents", "mine", "answers"],
    "answer": ["agents", "mine", "answers", "permission-prompt"],
    "task": ["tasks", 0],
    "step": ["tasks", 0, "steps", 0],
    "claim": ["tasks", 0, "claim"],
    "checkpoint": ["tasks", 0, "checkpoint"],
    "run": ["tasks", 0, "run"],
    "approved": ["tasks", 0, "approved"],
    "blocked": ["tasks", 1, "blocked"],
    "done": ["tasks", 3, "done"],
    "said_done": ["tasks", 3, "said_done"],
    "held": ["tasks", 3, "said_done", "checks", 0],
    "reopened": ["tasks", 3, "reopened"],
    "merged": ["tasks", 3, "merged"],
    "failed": ["tasks", 4, "failed"],
    "cancelled": ["tasks", 4, "cancelled"],
}


def _home(board: Any, name: str) -> Any:
    for part in _HOMES[name]:
        board = board[part]
    return board


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, table in TABLES.items() for key in table.keys])
def test_they_agree_on_every_key(name: str, key: str) -> None:
    """For each key of each mapping: absent, misspelt, and with values on both sides of every border."""
    for value in _shapes(TABLES[name].keys[key].shape):
        board = copy.deepcopy(RICH)
        _home(board, name)[key] = value
        assert_agreement(board)
    absent = copy.deepcopy(RICH)
    _home(absent, name).pop(key, None)
    assert_agreement(absent)
    misspelt = copy.deepcopy(RICH)
    _home(misspelt, name)[key + "z"] = 1
    assert not check_passes(misspelt)
    assert_agreement(misspelt)


_TASK_KEYS = {
    "status": st.sampled_from(["todo", "blocked", "in_progress", "done", None, "nope"]),
    "prompt": st.sampled_from(["x", "", None]),
    "run": st.sampled_from(["make", None, {}, {"step": "main", "attempt": 1}]),
    "ran": st.sampled_from(["make", None, {"step": "main", "attempt": 1}]),
    "steps": st.sampled_from(
        [[], None, [{"id": "s", "run": "x"}], [{"id": "s"}], [{"id": "s", "run": "x", "prompt": None}]]
    ),
    "resumable": st.sampled_from([True, None]),
    "gate": st.sampled_from(["human", None]),
    "done_if": st.sampled_from(["x", None]),
    "claim": st.sampled_from([None, {}, RICH["tasks"][0]["claim"]]),
    "blocked": st.sampled_from([None, {}, {"on": "x"}, {"on": None}, "x"]),
}


@settings(max_examples=400)
@given(st.fixed_dictionaries({}, optional=_TASK_KEYS))
def test_they_agree_on_what_may_stand_together(task: dict[str, Any]) -> None:
    """Steps against own work, command against record, blocked against its reason."""
    assert_agreement({"version": 1, "tasks": [{"id": "a", **task}]})


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


_ANY_KEY = st.one_of(st.sampled_from(sorted({key for table in TABLES.values() for key in table.keys})), st.just("x-q"))
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 12), st.sampled_from(["", "a", "x y", "10m", AT, "human", "todo"])
)
_ANY = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_ANY_KEY, inner, max_size=3))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(_paths(RICH))), _ANY, st.booleans()), min_size=1, max_size=3))
def test_they_agree_on_boards_that_were_changed_anywhere(changes: list[tuple[Any, Any, bool]]) -> None:
    """A right board with values replaced or taken out at random places is right for both or for neither."""
    board = copy.deepcopy(RICH)
    for path, value, is_removal in changes:
        _change(board, path, value, is_removal=is_removal)
    assert_agreement(board)


def _change(board: Any, path: tuple[str | int, ...], value: Any, *, is_removal: bool) -> None:
    for part in path[:-1]:
        try:
            board = board[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(board, dict):
        if is_removal:
            board.pop(path[-1], None)
        else:
            board[path[-1]] = value
    elif isinstance(board, list) and isinstance(path[-1], int) and path[-1] < len(board):
        board[path[-1]] = value


def test_everything_is_explained() -> None:
    """An editor has a sentence for each mapping and each key."""
    definitions = [schema(), *schema()["$defs"].values()]
    sentences = [part["description"] for part in definitions]
    sentences += [key["description"] for part in definitions for key in part["properties"].values()]
    assert all(sentence.endswith(".") and len(sentence) > 4 for sentence in sentences)

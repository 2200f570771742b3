"""What faces may show: records of any depth, and what stands there when redacting itself goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from board.cli import outlet
from board.errors import BoardError
from board.fault import what, where
from board.journal.events import Event
from board.journal.faces import document, for_report, for_terminal, told
from board.journal.redact import FAILED, Redactor
from board.journal.sink import Journal
from supervisor.status import read_status, write_status
from tests.planted import KINDS, planted

AT = 1795169580.12


class Faulty(str):
    """A known value at which the redactor stumbles when it makes its forms."""

    __slots__ = ()

    def split(self, *_: Any) -> NoReturn:
        raise LookupError(str(self))

    def isascii(self) -> NoReturn:
        raise LookupError(str(self))


def faulty(secret: str) -> Redactor:
    return Redactor(home="/home/dev", user="dev", host="devbox", key=b"k", known={"NAME_TOKEN": Faulty(secret)})


def dumps(x: object) -> str:
    return json.dumps(x, ensure_ascii=False)


def test_a_record_of_any_depth_is_redacted() -> None:
    """Texts in lists, in records and in keys; numbers and words of ours stay as they are."""
    for kind in KINDS:
        secret = planted(kind)
        redactor = for_terminal(secret.env)
        record = {"a": [{"why": f"x {secret.text}"}, (secret.text,)], secret.text: 1, "n": 1.5, "no": None, "is": True}
        shown = told(redactor, record)
        assert secret.secret not in dumps(shown)
        assert dumps(shown).count("REDACTED") == 3
        assert (shown["n"], shown["no"], shown["is"]) == (1.5, None, True)


def test_what_is_no_json_is_redacted_text() -> None:
    """An object that nobody thought of can't carry a secret past the redactor by its repr."""
    secret = planted("forge")
    assert secret.secret not in document(for_terminal({}), {"a": {1: Path(secret.text)}, "b": {secret.text}}, dumps)


def test_a_terminal_keeps_its_places_a_report_does_not() -> None:
    """Errors name files as they can be opened and holders as they are called; a trace-back is for other eyes too."""
    env = {"HOME": "/home/dev", "USER": "dev"}
    assert for_terminal(env).text("/home/dev/x dev@devbox") == "/home/dev/x dev@devbox"
    assert for_report(env).text("/home/dev/x") == "~/x"


def test_a_name_of_a_place_stays_only_where_it_was_asked_for() -> None:
    """A status says by whom it was written, and no secret even there. Mutant: what is placed is not redacted at all."""
    secret = planted("forge")
    redactor = Redactor(home="/home/dev", user="dev", host="devbox", key=b"k", known={})
    record = {"supervisor": {"by": "supervisor@devbox", "x": secret.text}, "why": "supervisor@devbox"}
    shown = json.loads(document(redactor, record, dumps, placed=("supervisor",)))
    assert (shown["supervisor"]["by"], shown["why"]) == ("supervisor@devbox", "supervisor@host")
    assert secret.secret not in dumps(shown)


def test_a_task_is_found_by_its_id() -> None:
    """An id stays the key that readers look for, whatever its letters are to the redactor. Mutant: keys redacted."""
    redactor = for_terminal({"DEPLOY_TOKEN": "refund-tests-9"})
    shown = json.loads(document(redactor, {"tasks": {"refund-tests-9": {"why": "refund-tests-9"}}}, dumps))
    assert list(shown["tasks"]) == ["refund-tests-9"]
    assert shown["tasks"]["refund-tests-9"]["why"].startswith("[REDACTED:known:")


def test_a_broken_redactor_shows_nothing() -> None:
    """Errors for people and for scripts: the mark of the failure stands there, and never the text.

    Mutants: the text itself, or an exception, where redacting fails.
    """
    secret = planted("known")
    redactor = faulty(secret.text)
    assert outlet.lines([secret.text, "harmless"], redactor) == [FAILED, FAILED]
    shown = json.loads(outlet.record({"error": {"message": secret.text, "exit_code": 1}}, redactor))
    assert shown == {"error": {"message": FAILED, "exit_code": 1}}


class _Raising(Redactor):
    """Worse: one that breaks its promise never to raise."""

    def text(self, s: str) -> NoReturn:
        raise LookupError(s)

    value = text  # type: ignore[assignment]


def test_a_redactor_that_raises_shows_nothing() -> None:
    """The doors don't rely on the redactor's own care. Mutants: `lines`, `record` and `document` without their net."""
    secret = planted("forge").text
    raising = _Raising(home="", user="", host="", key=b"k", known={})
    assert outlet.lines([secret], raising) == [FAILED]
    assert json.loads(outlet.record({"message": secret}, raising)) == FAILED
    assert json.loads(document(raising, {"message": secret}, dumps)) == FAILED


def test_a_broken_redactor_writes_nothing(tmp_path: Path) -> None:
    """The status and the journal fail closed, and stay what their readers can read."""
    secret = planted("known").text
    write_status(str(tmp_path), document(faulty(secret), {"tasks": {"api": {"why": secret, "pid": 3}}}, dumps))
    assert read_status(str(tmp_path)) == {"tasks": {"api": {"why": FAILED, "pid": 3}}}
    for fast in (False, True):
        journal = Journal(str(tmp_path / "journal"), faulty(secret), fast=fast)
        journal.append(Event("task_blocked", "api", {"on": secret, "token": 3}), AT)
        journal.close()
    raw = next((tmp_path / "journal").iterdir()).read_text()
    assert secret not in raw
    assert [json.loads(line)["on"] for line in raw.splitlines()] == [FAILED, FAILED]


def test_what_the_list_does_not_know_is_counted_and_never_written(tmp_path: Path) -> None:
    """Unknown fields leave their number in the line, neither their values nor their names. Mutant: they are kept."""
    secrets = [planted(kind).text for kind in KINDS]
    journal = Journal(str(tmp_path / "journal"), for_terminal({}))
    odd: dict[str, Any] = {secrets[0]: 1, "surprise": secrets[1], "on": [secrets[2]], "by": "ann", "note": secrets[3]}
    journal.append(Event("task_blocked", "api", odd), AT)
    journal.close()
    raw = next((tmp_path / "journal").iterdir()).read_text()
    assert json.loads(raw)["dropped_fields"] == 4
    assert not any(planted(kind).secret in raw for kind in KINDS)
    assert "surprise" not in raw


def test_an_exception_is_told_by_its_type_at_least() -> None:
    """Also one that fails while it is shown; its place is the innermost frame of ours."""

    class Unshown(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert what(Unshown()) == "Unshown"
    assert what(KeyError("x")) == "KeyError: 'x'"
    assert what(KeyError()) == "KeyError"
    with pytest.raises(TypeError) as seen:
        read_status(3)  # type: ignore[arg-type]
    assert str(where(seen.value.__traceback__)).startswith("supervisor.status:")
    assert where(None) is None


def test_an_error_stays_one_line() -> None:
    """Whatever it holds: line ends, escapes, marks."""
    error = BoardError("a\nb\x1b[2J\u202ec\r")
    assert len(outlet.lines([str(error)])) == 1
    assert outlet.lines([str(error)])[0].isprintable()

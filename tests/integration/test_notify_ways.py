"""Messages on their way out: a web server that misbehaves, real commands, files of addresses, the queue on disk."""

from __future__ import annotations

import json
import os
import random
import stat
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from board.journal.read import records
from board.journal.redact import Redacted
from board.journal.sink import Journal, make_redactor
from supervisor.notify.queue import MOST, Queue
from supervisor.notify.sending import ATTEMPTS, FIRST_PAUSE, Place, Sender, deliver
from supervisor.notify.targets import addresses
from supervisor.notify.ways import by_url
from tests.web_hook import Hook, web_hook

MESSAGE = {"title": "a: held", "text": "step main ended", "count": 1, "dropped_count": 0, "items": []}
NOW = time.time()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as made:
        yield made


class Office:
    """A queue in a folder, and a sender that is started again and again, as the supervisor does."""

    def __init__(self, folder: Path, *ways: str, within: float = 5.0) -> None:
        self.folder = folder
        self.side = str(folder / ".board")
        self.redactor = make_redactor(self.side, {})
        self.queue = Queue(self.side)
        self.ways = ways
        self.place = Place(str(folder), {"PATH": os.environ["PATH"]}, within)

    def post(self, way: str | None = None) -> None:
        record = {"v": 1, "way": self.redactor.text(way or self.ways[0]), "at": NOW, **MESSAGE}
        self.queue.put(self.redactor.line(record, json.dumps) if way else _plain(record))

    def flush(self, now: float = NOW) -> None:
        journal = Journal(f"{self.side}/journal", self.redactor)
        Sender(self.queue, self.redactor, journal, self.place, self.ways).flush(now)

    def told(self) -> list[dict[str, Any]]:
        return list(records(f"{self.side}/journal"))

    def outcomes(self) -> list[str]:
        return [str(each.get("outcome", each["event"])) for each in self.told()]


def _plain(record: dict[str, Any]) -> Redacted:
    made: Redacted = json.dumps(record)  # type: ignore[assignment]
    return made


def test_a_web_hook_is_given_the_items_as_json(tmp_path: Path, hook: Hook) -> None:
    """Once; the message is gone from the queue then, and the journal has it."""
    office = Office(tmp_path, f"{hook.url}/crew")
    office.post()
    office.flush()
    office.flush()
    assert (hook.messages, hook.paths) == ([MESSAGE], ["/crew"])
    assert office.queue.names() == []
    assert [(each["event"], each["sent_count"]) for each in office.told()] == [("notification_sent", 1)]


@pytest.mark.parametrize("code", [500, 503, 408])
def test_what_fails_is_sent_again_after_a_longer_and_longer_pause(tmp_path: Path, hook: Hook, code: int) -> None:
    """Not before it is due, and at last given up and counted. Mutants: no pause; the same pause; never given up."""
    hook.answer = lambda: (code, {})
    office = Office(tmp_path, hook.url)
    office.post()
    now = NOW
    for attempt in range(ATTEMPTS):
        office.flush(now)
        office.flush(now + min(3600.0, FIRST_PAUSE * 2**attempt) - 0.01)
        assert len(hook.bodies) == attempt + 1
        now += min(3600.0, FIRST_PAUSE * 2**attempt)
    assert office.outcomes() == [*["later"] * (ATTEMPTS - 1), "given up"]
    assert (office.queue.names(), office.queue.lost()) == ([], 1)


@pytest.mark.parametrize("asked", ["90", formatdate(NOW + 90, usegmt=True)], ids=["seconds", "date"])
def test_who_asks_for_patience_gets_it(tmp_path: Path, hook: Hook, asked: str) -> None:
    """429 with seconds or with a date: nothing is sent before. Mutants: the header not read; its date not read."""
    hook.answer = lambda: (429, {"Retry-After": asked})
    office = Office(tmp_path, hook.url)
    office.post()
    office.flush()
    hook.answer = lambda: (200, {})
    office.flush(NOW + 85)
    assert len(hook.bodies) == 1
    office.flush(NOW + 91)
    assert len(hook.bodies) == 2
    assert office.outcomes() == ["later", "notification_sent"]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 302])
def test_a_clear_no_is_not_asked_again(tmp_path: Path, hook: Hook, code: int) -> None:
    """And no message follows a redirection to somebody else. Mutants: retried; redirections followed."""
    with web_hook() as other:
        hook.answer = lambda: (code, {"Location": f"{other.url}/x"})
        office = Office(tmp_path, hook.url)
        office.post()
        office.flush()
        office.flush(NOW + 9999)
        assert (len(hook.bodies), other.bodies, office.outcomes()) == (1, [], ["given up"])


def test_nobody_listens(tmp_path: Path) -> None:
    """A refused connection is a moment's trouble."""
    with web_hook() as gone:
        url = gone.url
    office = Office(tmp_path, url)
    office.post()
    office.flush()
    assert office.outcomes() == ["later"]
    assert "refused" in str(office.told()[0]["problem"])


def test_a_server_that_never_answers_costs_its_time_and_no_more(tmp_path: Path, hook: Hook) -> None:
    """The next message goes out in the same run, and the attempt was on disk before it was made.

    Mutants: no deadline; the attempt counted afterwards.
    """
    seen: list[int] = []

    def stall() -> None:
        seen.extend(entry.attempts for entry in office.queue.entries() if entry.way == hook.url)

    hook.answer = stall
    office = Office(tmp_path, hook.url, "command:touch went", within=0.3)
    office.post(hook.url)
    office.post("command:touch went")
    office.flush()
    assert (tmp_path / "went").exists()
    assert (seen, office.outcomes()) == ([1], ["later", "notification_sent"])


def test_a_command_has_the_message_on_stdin_and_its_words_in_its_environment(tmp_path: Path) -> None:
    """In the board's folder."""
    command = 'cat > got; printf "%s|%s" "$CREWBOARD_TITLE" "$CREWBOARD_TEXT" > words; pwd > where'
    office = Office(tmp_path, f"command:{command}")
    office.post()
    office.flush()
    assert json.loads((tmp_path / "got").read_text()) == MESSAGE
    assert (tmp_path / "words").read_text() == "a: held|step main ended"
    assert Path((tmp_path / "where").read_text().strip()).samefile(tmp_path)


@pytest.mark.parametrize(("command", "problem"), [("echo no; exit 3", "exit 3: no"), ("sleep 60", "not done within")])
def test_a_command_that_fails_or_hangs(tmp_path: Path, command: str, problem: str) -> None:
    """It is ended with all that it started, and tried again later. Mutants: the exit code not asked; no time-out."""
    office = Office(tmp_path, f"command:{command}", within=0.3)
    office.post()
    office.flush()
    assert office.outcomes() == ["later"]
    assert str(office.told()[0]["problem"]).startswith(problem)


def test_a_way_that_the_board_does_not_name_any_more(tmp_path: Path, hook: Hook) -> None:
    """Nothing is sent there, whatever waits. Mutant: the queue's own word is taken."""
    office = Office(tmp_path, "command:true")
    office.post(hook.url)
    office.flush()
    assert (hook.bodies, office.outcomes()) == ([], ["given up"])


def _private(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def test_several_addresses_in_a_file_are_served_once_each(tmp_path: Path, hook: Hook) -> None:
    """Who has it is left out of the next attempt. Mutant: all of them again."""
    with web_hook() as other:
        hook.answer = lambda: (503, {})
        _private(tmp_path / "urls", f"# mine\n{hook.url}/a\n\n{other.url}/b\n")
        office = Office(tmp_path, "file:urls")
        office.post()
        office.flush()
        hook.answer = lambda: (200, {})
        office.flush(NOW + 20)
        assert (hook.paths, other.paths, office.queue.names()) == (["/a", "/a"], ["/b"], [])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    """With the remedy. Mutant: the mode not asked."""
    _private(tmp_path / "urls", "ntfy://x\n", mode)
    found = addresses("file:urls", str(tmp_path), {})
    assert (found.urls, "chmod 600" in found.fault) == ((), True)


def test_an_address_stands_nowhere_but_where_its_owner_put_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in the queue nor in the journal nor on a terminal, also not where a library names it in an error.

    Mutant: the problem redacted without the address.
    """
    dice = random.Random(7)
    secret = "".join(dice.choices("abcdefghijklmnop", k=18))
    url = f"http://127.0.0.1:1/{secret} x"  # Python's own error names what it can't ask for
    hidden = f"nonsense://{secret}/x"
    _private(tmp_path / "urls", f"{hidden}\nhttp://[{secret}/\n")
    office = Office(tmp_path, "env:PHONE", "file:urls")
    office.place = Place(str(tmp_path), {"PHONE": url})
    for way in office.ways:
        office.post(way)
    office.flush()
    kept = [path for path in Path(office.side).rglob("*") if path.is_file()]
    assert len(office.told()) == 2
    assert [str(path) for path in kept if secret.encode() in path.read_bytes()] == []
    assert secret not in str(deliver("file:urls", MESSAGE, office.place, office.redactor, NOW, frozenset()))
    assert capfd.readouterr() == ("", "")


def test_the_queue_is_private_and_bounded(tmp_path: Path) -> None:
    """0700 and 0600; beyond the bound the oldest go, and are counted. Mutants: the newest go; nobody counts."""
    office = Office(tmp_path, "desktop")
    for number in range(MOST + 3):
        office.queue.put(_plain({"way": "desktop", "number": number}))
    assert office.queue.make_room() == 3
    assert [entry.record["number"] for entry in office.queue.entries()] == list(range(3, MOST + 3))
    assert office.queue.lost() == 3
    assert stat.S_IMODE(Path(office.queue.folder).stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(office.queue.folder).iterdir()} == {0o600}


def test_damaged_messages_are_passed_over(tmp_path: Path, hook: Hook) -> None:
    """What can't be read is sent to nobody, and stops no other."""
    office = Office(tmp_path, hook.url)
    office.post()
    for number, text in enumerate(("", "{", "[]", "\x00")):
        Path(office.queue.folder, f"0000{number}.json").write_text(text)
    office.flush()
    assert len(hook.bodies) == 1


def test_only_one_sender_at_a_time(tmp_path: Path) -> None:
    """A second one leaves; the lock goes with its holder."""
    queue = Queue(str(tmp_path / ".board"))
    with queue.alone() as first, queue.alone() as second:
        assert (first, second) == (True, False)
    with queue.alone() as third:
        assert third


def test_apprise_serves_what_it_knows(hook: Hook) -> None:
    """Its own kind of address reaches a server of ours; what it can't read is said without the address."""
    pytest.importorskip("apprise")
    url = hook.url.replace("http", "json", 1)
    assert by_url(f"{url}/x", MESSAGE, NOW).problem == ""
    assert hook.messages[0]["message"] == "step main ended"
    hook.answer = lambda: (500, {})
    assert by_url(f"{url}/x", MESSAGE, NOW).problem == "the service did not take it"
    assert by_url("nonsense://x", MESSAGE, NOW).is_final
    hook.answer = lambda: None
    assert by_url(f"{url}/x", MESSAGE, NOW, within=0.3).problem == "no answer within 0.3 s"

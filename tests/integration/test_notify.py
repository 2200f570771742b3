"""A real supervisor that tells people: what needs them, once, whoever is killed or hangs; and the badge in its tmux."""

from __future__ import annotations

import json
import signal
import subprocess
from random import Random
from string import ascii_letters, digits

import pytest

from supervisor.notify.queue import Queue
from tests.house import House
from tests.waiting import eventually
from tests.web_hook import web_hook

pytestmark = pytest.mark.tmux

DIES = "  - {id: a, run: 'kill -9 $$'}\n  - {id: b, after: [a]}\n"


def rule(ways: str, group: str = "0") -> str:
    return f"  notify: [{{{ways}, group: {group}}}]\n"


def tmux(house: House, *words: str) -> str:
    argv = ["tmux", "-L", house.socket, "-f", "/dev/null", *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False).stdout


def test_a_death_that_needs_a_person_is_told_once_and_again_after_the_next(house: House) -> None:
    """By every way of the rule; not again when the supervisor comes back, whatever else is told then; a new death is
    news. Mutant: the memory not kept on disk.
    """
    with web_hook() as hook:
        house.write(DIES, settings=rule(f'to: ["{hook.url}"], command: "cat >> got; echo >> got"'))
        first = house.start()
        eventually(lambda: len(hook.bodies) == 1 and len(house.lines("got")) == 1, 15, lambda: house.tail(None))
        [message] = hook.messages
        assert (message["title"], message["items"][0]["key"], message["items"][0]["holds"]) == ("a: held", "held:a", 1)
        assert json.loads(house.lines("got")[0]) == message
        house.end(first)
        house.start()
        house.path.write_text(f"{house.path.read_text()}  - {{id: c, run: 'true', gate: human}}\n")
        eventually(lambda: len(hook.bodies) >= 2, 15, lambda: house.tail(None))
        assert house.says("approve", "a").code == 0
        eventually(lambda: len(hook.bodies) >= 3, 15, lambda: house.tail(None))
        assert [each["title"] for each in hook.messages] == ["a: held", "c: gate", "a: held"]
        sent = house.happened(None, "notification_sent")
        assert {each["items_count"] for each in sent} == {1}
        folder = house.side / "notify"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_message_outlives_the_supervisor(house: House) -> None:
    """It was queued, nobody took it, we are killed: the next one sends it, and nothing of our own death.

    Mutant: what the dead one's status says is told (neither waited for ours, nor known to run).
    """
    queue = Queue(str(house.side))
    with web_hook() as hook:
        house.write(DIES, settings=rule(f'to: ["{hook.url}"]'))
        with queue.alone():
            first = house.start()
            eventually(queue.names, 15, lambda: house.tail(None))
            house.end(first, signal.SIGKILL)
        assert hook.bodies == []
        house.start()
        eventually(lambda: not queue.names(), 15, lambda: house.tail(None))
        assert {each["title"] for each in hook.messages} == {"a: held"}


def test_a_way_that_hangs_delays_nothing(house: House) -> None:
    """While a command sleeps for ever the board is kept as always. Mutant: the sender waited for in the loop."""
    house.write(DIES, settings=rule('command: "touch began; exec sleep 600"'))
    house.start()
    eventually((house.folder / "began").exists, 15, "the command hangs")
    text = house.path.read_text()
    house.path.write_text(f"{text}  - {{id: c, run: 'true'}}\n")
    house.reaches("c", "done", 10)


def test_a_mass_death_is_one_message(house: House) -> None:
    """Of all who died with the server; the group of the rule waits for them. Mutant: one message an item."""
    tasks = "".join(f"  - {{id: w{at}, run: 'touch up{at}; exec sleep 600'}}\n" for at in range(4))
    with web_hook() as hook:
        house.write(tasks, settings=rule(f'to: ["{hook.url}"], kinds: [mass-death, held]', "1s"))
        house.start()
        eventually(lambda: all((house.folder / f"up{at}").exists() for at in range(4)), 15, "all run")
        tmux(house, "kill-server")
        eventually(lambda: hook.bodies, 20, lambda: house.tail(None))
        for at in range(4):
            house.reaches(f"w{at}", "blocked")
        keys = {item["key"] for item in hook.messages[0]["items"]}
        assert len(keys) >= 4
        assert len(hook.bodies) == 1


def test_an_end_is_told_once_with_its_message(house: House) -> None:
    """Of a task that asks for it, by a rule that is for other things; with what it said last, its secret masked; not
    again by the next supervisor, and once more after another run. Mutants killed: endings told by kind;
    the memory of them not kept."""
    token = "ghp_" + "".join(Random(13).choices(ascii_letters + digits, k=36))
    house.write(
        f"  - {{id: a, notify: true, run: 'echo x >> n; echo the key is {token}; wc -l < n'}}\n"
        "  - {id: b, run: 'true'}\n",
        settings="  notify: [{command: 'cat >> got; echo >> got', kinds: [board], group: 0}]\n",
    )
    first = house.start()
    [line] = house.wrote("got", within=20)
    message = json.loads(line)
    assert (message["title"], message["items"]) == ("a: done", [])
    assert "the key is [REDACTED:" in message["text"]
    assert message["text"].endswith("\n1\nboard result a")
    house.reaches("b", "done")
    house.happened(None, "notification_sent")
    house.end(first, signal.SIGKILL)
    house.start()
    house.path.write_text(f"{house.path.read_text()}  - {{id: c, notify: true, run: 'true'}}\n")
    assert json.loads(house.wrote("got", 2, within=20)[1])["title"] == "c: done"
    assert house.says("reopen", "a").code == 0
    assert json.loads(house.wrote("got", 3, within=20)[2])["text"].endswith("\n2\nboard result a")
    assert [each for each in (house.side / "notify").iterdir() if token in each.read_text()] == []


def test_the_badge_shows_how_many_and_which_window(house: House) -> None:
    """In our own server alone, and gone when nothing needs anybody; windows keep their names.

    Mutants: the mark never taken back; the window renamed.
    """
    house.write("  - {id: a, run: 'kill -9 $$'}\n  - {id: c, run: 'exec sleep 600'}\n")
    house.start()
    session = str(house.status()["session"])
    format_ = "#{window_name} #{@crewboard_needs}|#{T:status-right}|#{T:window-status-format}"
    listing = ("list-windows", "-t", f"={session}", "-F", format_)

    def shown(task: str) -> str:
        return next((line for line in tmux(house, *listing).splitlines() if line.startswith(f"{task} ")), "")

    eventually(lambda: shown("a").startswith("a 1|"), 15, lambda: tmux(house, *listing))
    assert "1 needs you" in shown("a")
    assert ":a!" in shown("a")
    assert shown("c").startswith("c |")
    house.reaches("a", "blocked")
    assert house.says("cancel", "a").code == 0
    eventually(lambda: shown("a").startswith("a |"), 15, lambda: tmux(house, *listing))
    assert "need" not in shown("a")

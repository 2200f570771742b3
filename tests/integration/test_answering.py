"""Answers from `board answer` to a receipt: a real supervisor, real tmux, and a stand-in that takes keys and pastes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from board import requests
from tests.house import House
from tests.programs import Ended
from tests.screens import FOLDER
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

PROMPTER = Path(__file__).parent.parent / "prompter.py"
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


class Crew:
    """A house whose tasks are worked on by stand-ins, one named pipe each."""

    def __init__(self, house: House) -> None:
        self.house = house

    def has(self, *tasks: tuple[str, ...], answers: str = "") -> None:
        lines, agents = [], []
        for name, agent, *first in tasks:
            os.mkfifo(self.house.folder / name)
            files = [str(self.house.folder / each) for each in (f"{name}.given", name)]
            argv = json.dumps([sys.executable, str(PROMPTER), agent, str(FOLDER / agent), *files, *first])
            agents.append(f"  {name}: {{use: {agent}, start: {argv}, resume: {argv}{answers}}}\n")
            lines.append(f"  - {{id: {name}, prompt: work, agent: {name}, resumable: true}}\n")
        self.house.write("".join(lines))
        text = self.house.path.read_text(encoding="utf-8")
        self.house.path.write_text(text.replace("tasks:\n", f"agents:\n{''.join(agents)}tasks:\n", 1))
        self.house.start()

    def tell(self, task: str, *lines: str) -> None:
        with (self.house.folder / task).open("w", encoding="utf-8") as pipe:
            pipe.write("".join(f"{line}\n" for line in lines))

    def given(self, task: str) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.house.lines(f"{task}.given")]

    def seen(self, task: str) -> dict[str, Any]:
        found: dict[str, Any] = self.house.status().get("tasks", {}).get(task, {})
        return found

    def does(self, task: str, state: str, words: str = "") -> None:
        def holds() -> bool:
            seen = self.seen(task)
            return seen.get("agent_state") == state and words in (seen.get("question") or "")

        eventually(holds, 20, lambda: f"{task} is {state}: {self.seen(task)}")

    def answered(self, task: str, count: int = 1) -> list[dict[str, Any]]:
        return eventually(lambda: len(found := self.house.journal(task, "answer_given")) >= count and found, 10)

    def waits(self) -> list[Path]:
        return list((self.house.side / "decisions").glob("*.ask"))


@pytest.fixture
def crew(house: House) -> Crew:
    return Crew(house)


def undelivered(ended: Ended, why: str) -> None:
    assert ended.code == 5, ended
    assert why in ended.err
    assert ended.err.count("\n") == 1


def test_a_permission_is_answered_by_keys_and_each_answer_is_on_record(crew: Crew) -> None:
    """Allow and deny, each by its own key, with a receipt; a menu without a plain yes gets none; nothing that was
    answered is left on disk, and no secret stands in the record.

    Mutants killed: Enter instead of the profile's key; the menu's first line not looked at.
    """
    house = crew.house
    odd = (FOLDER / "claude" / "permission.txt").read_text(encoding="utf-8").replace("1. Yes\n", "1. Yes, always\n")
    (house.folder / "strange.txt").write_text(odd, encoding="utf-8")
    crew.has(
        ("a", "claude", "show permission"),
        ("b", "codex", "show permission"),
        ("odd", "claude", f"show {house.folder}/strange.txt"),
    )
    for task in ("a", "b", "odd"):
        crew.does(task, "asking")
    ended = house.says("answer", "a", "allow", "--as", "alice", "--json")
    assert ended.code == 0, ended
    told = json.loads(ended.out)["answer"]
    assert (told["task"], told["answer"], told["delivered"], told["how"]) == ("a", "allow", True, "keys")
    assert crew.given("a") == [{"picked": "1", "on": "permission"}]
    line = crew.answered("a")[0]
    assert (line["by"], line["answer"], line["how"], line["delivered"], line["request"]) == (
        *("alice", "allow", "keys", True, told["request"]),
    )
    assert house.says("answer", "b", "deny").out == "answered b: deny, by keys\n"
    assert crew.given("b") == [{"picked": "Escape", "on": "permission"}]
    undelivered(house.says("answer", "odd", "allow"), "doesn't offer a plain yes")
    assert crew.given("odd") == []
    undelivered(house.says("answer", "odd", "go on"), "answer allow, or deny")

    # To an idle agent a text is typed; what is secret in it stays out of the record.
    crew.does("a", "idle")
    assert house.says("answer", "a", f"use {SECRET}").out == "answered a: text, by typing\n"
    assert crew.given("a")[-1] == {"submitted": f"use {SECRET}"}
    assert list((house.side / "requests").iterdir()) == []
    kept = b"".join(path.read_bytes() for path in house.side.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert "[REDACTED:" in crew.answered("a", 2)[-1]["text"]


def test_a_hook_that_waits_gets_the_answer_of_its_very_question(crew: Crew) -> None:
    """Beside the open dialog: allowed once, denied once with words; the pane gets no key. A hook that waits with
    another question gets nothing, and keys are used; one whose dialog a person answered ends without a word.

    Mutant killed: a hook chosen by its task alone.
    """
    crew.has(("a", "claude", "show permission"), ("b", "claude", "show permission"))
    crew.tell("a", "hook touch made-up-file")
    crew.tell("b", "hook rm -rf something-else")
    for task in ("a", "b"):
        crew.does(task, "asking")
    eventually(lambda: len(crew.waits()) == 2, 20)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in crew.waits())
    assert crew.house.says("answer", "a", "allow").out == "answered a: allow, by hook\n"
    eventually(lambda: crew.given("a"), 5)
    assert crew.given("a") == [{"decided": "allow", "message": ""}]
    assert crew.house.says("answer", "b", "allow").out == "answered b: allow, by keys\n"
    assert crew.given("b") == [{"picked": "1", "on": "permission"}]

    crew.does("a", "idle")
    crew.tell("a", "show permission", "hook touch made-up-file")
    crew.does("a", "asking")
    eventually(lambda: len(crew.waits()) == 2, 20)
    ended = crew.house.says("answer", "a", "deny", "use", "the", "other", "file")
    assert ended.out == "answered a: deny, by hook\n", ended
    eventually(lambda: len(crew.given("a")) == 2, 5)
    assert crew.given("a")[1] == {"decided": "deny", "message": "use the other file"}
    assert {each["how"] for each in crew.answered("a", 2)} == {"hook"}
    assert not list((crew.house.side / "decisions").glob("*.json"))


def test_a_question_takes_a_number_or_a_label_of_its_menu(crew: Crew) -> None:
    """By keys, while that menu is open; what it doesn't offer is no answer. Mutant killed: any text's first digit."""
    crew.has(("a", "claude", "show question"))
    crew.does("a", "asking", "Which color?")
    undelivered(crew.house.says("answer", "a", "Green"), "its menu offers: 1 Red, 2 Blue")
    undelivered(crew.house.says("answer", "a", "3"), "its menu offers: 1 Red, 2 Blue")
    undelivered(crew.house.says("answer", "a", "allow"), "no keys are known")
    assert crew.given("a") == []
    assert crew.house.says("answer", "blue").out == "answered a: text, by keys\n"
    assert crew.given("a") == [{"picked": "2", "on": "question"}]


def test_an_answer_reaches_only_what_was_asked(crew: Crew) -> None:
    """The question changed after the person saw it, or it is older than its patience, or a person looks back in the
    pane: refused, and no key arrives.

    Mutants killed: the question not compared; `until` not looked at.
    """
    house = crew.house
    crew.has(("a", "claude", "show permission"))
    crew.does("a", "asking", "touch made-up-file")
    side, seen = str(house.side), crew.seen("a")
    wish = requests.Wish(
        *(requests.new_id(), "alice", "a", "allow", "", 0.0, 2e9),
        question=seen["question"],
        since=seen["agent_since"],
        attempt=f"{seen['token']}.{seen['attempt']}",
    )
    cases = {
        "asks something else": wish._replace(question="Do you want to proceed?\nrm -rf /"),
        "too late": wish._replace(until=1.0),
        "another attempt": wish._replace(attempt="1.99"),
    }
    for why, each in cases.items():
        refused = each._replace(id=requests.new_id())
        requests.put(side, refused)
        found = eventually(lambda name=refused.id: requests.receipt(side, name), 10, why)  # type: ignore[misc]
        assert not found.delivered
        assert why in found.why

    # The status still tells of the old question when the screen shows a new one.
    crew.tell("a", "show permission-write")
    requests.put(side, wish)
    found = eventually(lambda: requests.receipt(side, wish.id), 10)
    assert not found.delivered
    assert "another question" in found.why or "something else" in found.why

    crew.does("a", "asking", "made-up.txt")
    _tmux(house, "copy-mode", "-t", seen["pane"])
    undelivered(house.says("answer", "allow"), "copy mode")
    assert crew.given("a") == []
    _tmux(house, "send-keys", "-t", seen["pane"], "-X", "cancel")
    assert house.says("answer", "allow").code == 0
    assert crew.given("a") == [{"picked": "1", "on": "permission-write"}]


def _tmux(house: House, *words: str) -> None:
    argv = ["tmux", "-N", "-L", house.socket, *words]
    subprocess.run(argv, check=True, timeout=10, capture_output=True, env=house.environment())


def test_an_answer_is_never_given_twice_across_a_death(crew: Crew) -> None:
    """A supervisor that is killed between the paste and the receipt: the next one types nothing, and says that nobody
    knows. Mutant killed: what was under way is not looked for at the start."""
    house = crew.house
    crew.has(("a", "claude"))
    crew.does("a", "idle")
    crew.tell("a", "deaf")
    argv = [sys.executable, "-m", "board", "answer", "a", "once only", "--wait", "60s"]
    asking = subprocess.Popen(
        argv, cwd=house.folder, env=house.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        eventually(lambda: list((house.side / "requests").glob("*.underway")), 20)
        pid = int(house.status()["supervisor"]["pid"])
        os.kill(pid, signal.SIGKILL)
        house.start()
        out, err = asking.communicate(timeout=30)
    finally:
        asking.kill()
    assert (asking.returncode, out) == (5, "")
    assert "unknown whether it was delivered" in err
    line = crew.answered("a")[0]
    assert (line["delivered"], line.get("how")) == (False, None)
    assert requests.underway(str(house.side)) == []
    pane = crew.seen("a").get("pane") or "%1"
    shown = subprocess.run(
        ["tmux", "-N", "-L", house.socket, "capture-pane", "-p", "-t", pane],
        capture_output=True, text=True, timeout=10, check=True, env=house.environment(),
    )  # fmt: skip
    assert shown.stdout.count("once only") <= 1
    assert crew.given("a") == []


def test_who_can_be_answered_is_said_before_anything_is_asked(crew: Crew) -> None:
    """No supervisor, nobody who asks, a name that was mistyped, words that can't be typed: one line, its exit code, and
    no request is left. Mutants killed: a mistyped name is typed into the one agent that asks."""
    house = crew.house
    house.write("  - {id: refund, prompt: work}\n")
    ended = house.says("answer", "refund", "allow")
    assert (ended.code, ended.err) == (5, "board: no supervisor runs: nobody could deliver it; supervisor start\n")
    house.path.unlink()
    crew.has(("refund", "claude", "show permission"), ("other", "claude"))
    crew.does("refund", "asking")
    crew.does("other", "idle")
    assert house.says("answer", "refnd", "allow").code == 4
    assert house.says("answer", "refnd").code == 4
    assert "asking now: refund" in house.says("answer", "somebody", "go on").err
    ended = house.says("answer", "other", "allow")
    assert (ended.code, ended.err) == (5, "board: other doesn't ask: its agent is idle; supervisor attach other\n")
    for words in (
        ("refund",),
        ("refund", "a\x1bb"),
        ("refund", " "),
        ("refund", "allow", "it"),
        ("refund", "allow", "--wait", "soon"),
    ):
        assert house.says("answer", *words).code == 2, words
    crew.tell("other", "show permission")
    crew.does("other", "asking")
    ended = house.says("answer", "allow")
    assert (ended.code, ended.err.count("\n")) == (4, 1)
    assert "refund" in ended.err
    assert "other" in ended.err
    assert list((house.side / "requests").iterdir()) == []
    assert crew.given("refund") == crew.given("other") == []

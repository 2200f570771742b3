"""Answers from `board answer` to a receipt: a real supervisor, real tmux, and a stand-in that takes keys and pastes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
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

    def has(self, *tasks: tuple[str, ...], **more: str) -> None:
        """`more` ends the profile of the task of that name. Nobody asks them to finish: that would be typed, too."""
        lines, agents = [], []
        for name, agent, *first in tasks:
            os.mkfifo(self.house.folder / name)
            files = [str(self.house.folder / each) for each in (f"{name}.given", name)]
            argv = json.dumps([sys.executable, str(PROMPTER), agent, str(FOLDER / agent), *files, *first])
            rest = f"settles: exit{more.get(name, '')}"
            agents.append(f"  {name}: {{use: {agent}, start: {argv}, resume: {argv}, {rest}}}\n")
            lines.append(f"  - {{id: {name}, prompt: work, agent: {name}, resumable: true}}\n")
        self.house.write("".join(lines))
        text = self.house.path.read_text(encoding="utf-8")
        self.house.path.write_text(text.replace("tasks:\n", f"agents:\n{''.join(agents)}tasks:\n", 1))
        self.house.start()

    def ready(self, *tasks: str) -> None:
        for task in tasks:
            self.does(task, "asking")

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

    def waits(self, task: str = "*") -> list[Path]:
        return list((self.house.side / "decisions").glob(f"*.{task}.*.ask"))

    def signal(self, number: int) -> None:
        """The supervisor that is at work."""
        os.kill(int(self.house.status()["supervisor"]["pid"]), number)


@pytest.fixture
def crew(house: House) -> Crew:
    return Crew(house)


def undelivered(ended: Ended, why: str) -> None:
    assert ended.code == 5, ended
    assert why in ended.err
    assert ended.err.count("\n") == 1


def test_an_answer_by_keys_or_typed_reaches_what_was_asked_or_nobody(crew: Crew) -> None:
    """One house in which agents ask at the same time; each part says what it guarantees."""
    house = crew.house
    odd = (FOLDER / "claude" / "permission.txt").read_text(encoding="utf-8").replace("1. Yes\n", "1. Yes, always\n")
    (house.folder / "strange.txt").write_text(odd, encoding="utf-8")
    house.write("  - {id: refund, prompt: work}\n")
    ended = house.says("answer", "refund", "allow")
    assert (ended.code, ended.err) == (5, "board: no supervisor runs: nobody could deliver it; supervisor start\n")
    house.path.unlink()
    crew.has(
        ("a", "claude", "show permission"),
        ("b", "codex", "show permission"),
        ("odd", "claude", f"show {house.folder}/strange.txt"),
        ("color", "claude", "show question"),
        ("refund", "claude", "show permission"),
        ("other", "claude"),
    )
    crew.ready("a", "b", "odd", "color", "refund")
    crew.does("other", "idle")
    who_can_be_answered(crew)
    a_permission(crew)
    a_question(crew)
    only_what_was_asked(crew)
    assert list((house.side / "requests").iterdir()) == []


def who_can_be_answered(crew: Crew) -> None:
    """Nobody who asks, a name that was mistyped, words that can't be typed: one line and its exit code.

    Mutant killed: words behind a name that isn't there are typed into whoever asks.
    """
    says = crew.house.says
    assert says("answer", "refnd", "allow").code == 4
    assert says("answer", "refnd").code == 4
    assert "asking now: a, b, odd, color, refund" in says("answer", "somebody", "go on").err
    ended = says("answer", "other", "allow")
    assert (ended.code, ended.err) == (5, "board: other doesn't ask: its agent is idle; supervisor attach other\n")
    for words in (
        ("refund",),
        ("refund", "a\x1bb"),
        ("refund", " "),
        ("refund", "allow", "it"),
        ("refund", "allow", "--wait", "soon"),
    ):
        assert says("answer", *words).code == 2, words
    ended = says("answer", "allow")
    assert (ended.code, ended.err.count("\n")) == (4, 1)
    assert "asking now: a, b, odd, color, refund" in ended.err
    assert [crew.given(task) for task in ("refund", "other")] == [[], []]


def a_permission(crew: Crew) -> None:
    """Allow and deny, each by its own key, with a receipt; a menu without a plain yes gets none; nothing that was
    answered is left on disk, and no secret stands in the record.

    Mutants killed: Enter instead of the profile's key; the menu's first line not looked at.
    """
    house = crew.house
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
    assert house.says("answer", "other", f"use {SECRET}").out == "answered other: text, by typing\n"
    assert crew.given("other") == [{"submitted": f"use {SECRET}"}]
    kept = b"".join(path.read_bytes() for path in house.side.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert "[REDACTED:" in crew.answered("other")[-1]["text"]


def a_question(crew: Crew) -> None:
    """It takes a number or a label of its menu by keys; what that doesn't offer is no answer. Mutant killed: any text's
    first digit."""
    crew.does("color", "asking", "Which color?")
    undelivered(crew.house.says("answer", "color", "Green"), "its menu offers: 1 Red, 2 Blue")
    undelivered(crew.house.says("answer", "color", "3"), "its menu offers: 1 Red, 2 Blue")
    undelivered(crew.house.says("answer", "color", "allow"), "no keys are known")
    assert crew.given("color") == []
    assert crew.house.says("answer", "color", "blue").out == "answered color: text, by keys\n"
    assert crew.given("color") == [{"picked": "2", "on": "question"}]


def only_what_was_asked(crew: Crew) -> None:
    """The question changed after the person saw it, or it is older than its patience, or a person looks back in the
    pane: refused, and no key arrives.

    Mutants killed: the question not compared; `until` not looked at.
    """
    house = crew.house
    crew.does("refund", "asking", "touch made-up-file")
    side, seen = str(house.side), crew.seen("refund")
    wish = requests.Wish(
        *(requests.new_id(), "alice", "refund", "allow", "", 0.0, 2e9),
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
    crew.tell("refund", "show permission-write")
    requests.put(side, wish)
    found = eventually(lambda: requests.receipt(side, wish.id), 10)
    assert not found.delivered
    assert "another question" in found.why or "something else" in found.why

    crew.does("refund", "asking", "made-up.txt")
    _tmux(house, "copy-mode", "-t", seen["pane"])
    undelivered(house.says("answer", "refund", "allow"), "copy mode")
    assert crew.given("refund") == []
    _tmux(house, "send-keys", "-t", seen["pane"], "-X", "cancel")
    assert house.says("answer", "refund", "allow").code == 0
    assert crew.given("refund") == [{"picked": "1", "on": "permission-write"}]


def _tmux(house: House, *words: str) -> None:
    argv = ["tmux", "-N", "-L", house.socket, *words]
    subprocess.run(argv, check=True, timeout=10, capture_output=True, env=house.environment())


def test_a_hook_that_waits_gets_the_answer_of_its_very_question(crew: Crew) -> None:
    """Beside the open dialog; each part says what it guarantees."""
    asks = {
        "yes": ("show permission", "hook touch made-up-file"),
        "no": ("show permission", "hook touch made-up-file"),
        "else": ("show permission", "hook rm -rf something-else"),
        "key": ("ask - touch for-key",),
        "escape": ("ask - touch for-escape",),
        "parts": ("ask p1 touch of-first", "ask p2 touch of-second"),
    }
    crew.has(*((name, "claude", *first) for name, first in asks.items()))
    crew.ready(*asks)
    eventually(lambda: len(crew.waits()) == 7, 20)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in crew.waits())
    for name, key in (("key", "1"), ("escape", "Escape")):
        _tmux(crew.house, "send-keys", "-t", crew.seen(name)["pane"], key)
    by_its_hook(crew)
    two_that_ask_at_once(crew)
    by_whoever_is_at_the_pane(crew)
    assert not list((crew.house.side / "decisions").glob("*.json"))


def by_its_hook(crew: Crew) -> None:
    """Allowed once, denied once with words; the pane gets no key. A hook that waits with another question gets nothing,
    and keys are used.

    Mutant killed: a hook chosen by its task alone.
    """
    says = crew.house.says
    assert says("answer", "yes", "allow").out == "answered yes: allow, by hook\n"
    eventually(lambda: crew.given("yes"), 10)
    assert crew.given("yes") == [{"decided": "allow", "message": ""}]
    assert says("answer", "else", "allow").out == "answered else: allow, by keys\n"
    assert crew.given("else")[0] == {"picked": "1", "on": "permission"}
    ended = says("answer", "no", "deny", "use", "the", "other", "file")
    assert ended.out == "answered no: deny, by hook\n", ended
    eventually(lambda: crew.given("no"), 10)
    assert crew.given("no") == [{"decided": "deny", "message": "use the other file"}]
    assert [crew.answered(task)[0]["how"] for task in ("yes", "no")] == ["hook", "hook"]


def by_whoever_is_at_the_pane(crew: Crew) -> None:
    """Their key answers, and the hook that waits ends without a word: by what the agent's hooks tell next, or, where a
    no makes none of them speak, by what its screen shows.

    Mutants killed: a question is settled by hooks alone; never settled.
    """
    for task, key in (("key", "1"), ("escape", "Escape")):
        eventually(lambda name=task: not crew.waits(name), 20, task)  # type: ignore[misc]
        eventually(lambda name=task: len(crew.given(name)) == 2, 10, task)  # type: ignore[misc]
        said = {"hook": "said nothing", "command": f"touch for-{task}"}
        assert crew.given(task) == [{"picked": key, "on": "permission"}, said]
        assert crew.house.journal(task, "answer_given") == []


def two_that_ask_at_once(crew: Crew) -> None:
    """Each sub-agent is answered by its own question, one after the other, and the second one's is not forgotten with
    the first one's.

    Mutants killed: the second question is lost with the first; any later word settles a question.
    """
    crew.does("parts", "asking", "of-first")
    assert crew.house.says("answer", "parts", "allow").out == "answered parts: allow, by hook\n"
    crew.does("parts", "asking", "of-second")
    ended = crew.house.says("answer", "parts", "deny", "not", "this")
    assert ended.out == "answered parts: deny, by hook\n", ended
    eventually(lambda: len(crew.given("parts")) == 2, 10)
    assert crew.given("parts") == [
        {"decided": "allow", "message": "", "command": "touch of-first"},
        {"decided": "deny", "message": "not this", "command": "touch of-second"},
    ]


def asked(crew: Crew, *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "board", "answer", *words, "--wait", "60s"]
    house, pipe = crew.house, subprocess.PIPE
    return subprocess.Popen(argv, cwd=house.folder, env=house.environment(), stderr=pipe, stdout=pipe, text=True)


def shown(crew: Crew, task: str) -> str:
    argv = ["tmux", "-N", "-L", crew.house.socket, "capture-pane", "-p", "-t", crew.seen(task)["pane"]]
    environment = crew.house.environment()
    return subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True, env=environment).stdout


def test_an_answer_outlives_the_supervisor_or_its_receipt_tells(crew: Crew) -> None:
    """Told to leave while it types, it finishes, or takes back what it could not submit, and says so. Killed between
    the paste and the receipt, nobody knows, and the next one types nothing. Whoever is asked right behind a start is
    answered once somebody has looked, and not refused.

    Mutants killed: what is under way is cancelled at once; what stands in the box is left there; what was under way is
    not looked for at the start; a question that nobody has seen yet is none (by the command, and by the supervisor).
    """
    house = crew.house
    pauses = {"soon": ", answers: {pause: 600ms}", "late": ", answers: {pause: 20s}"}
    crew.has(*((name, "claude") for name in ("soon", "late", "deaf")), ("asks", "codex", "show permission"), **pauses)
    for task in ("soon", "late", "deaf"):
        crew.does(task, "idle")
    crew.does("asks", "asking")
    question = crew.seen("asks")
    with contextlib.ExitStack() as stack:
        soon, late = (stack.enter_context(asked(crew, task, f"for {task}")) for task in ("soon", "late"))
        for task in ("late", "soon"):
            eventually(lambda name=task: f"for {name}" in shown(crew, name) or crew.given(name), 20, task)  # type: ignore[misc]
        crew.signal(signal.SIGTERM)
        assert soon.communicate(timeout=30) == ("answered soon: text, by typing\n", "")
        out, err = late.communicate(timeout=30)
        assert (late.returncode, out) == (5, "")
        assert "the supervisor had to leave; taken back" in err
        eventually(lambda: "for late" not in shown(crew, "late"), 10)
    assert (crew.given("soon"), crew.given("late")) == ([{"submitted": "for soon"}], [])
    eventually(lambda: house.journal(None, "supervisor_stopped"), 15)

    house.start()
    assert house.says("answer", "deny").out == "answered asks: deny, by keys\n"
    crew.tell("asks", "show permission")
    crew.does("asks", "asking")
    crew.tell("deaf", "deaf")
    with asked(crew, "deaf", "once only") as asking:
        eventually(lambda: list((house.side / "requests").glob("*.underway")), 20)
        crew.signal(signal.SIGKILL)
        # What a person answered in the moment of the death is there before anybody has looked.
        wish = requests.Wish(requests.new_id(), "alice", "asks", "deny", "", time.time(), time.time() + 30)
        attempt = f"{question['token']}.{question['attempt']}"
        requests.put(str(house.side), wish._replace(question=question["question"], attempt=attempt))
        house.start()
        out, err = asking.communicate(timeout=30)
    assert (asking.returncode, out) == (5, "")
    assert "unknown whether it was delivered" in err
    line = crew.answered("deaf")[0]
    assert (line["delivered"], line.get("how")) == (False, None)
    assert requests.underway(str(house.side)) == []
    found = eventually(lambda: requests.receipt(str(house.side), wish.id), 20)
    assert (found.delivered, found.how) == (True, "keys")
    assert shown(crew, "deaf").count("once only") <= 1
    assert crew.given("deaf") == []

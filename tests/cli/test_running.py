"""`board run` and `board result` without a supervisor: what is added, what is refused, how waiting ends."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from board.document import Document
from tests.cli.conftest import Run
from tests.programs import board, started
from tests.waiting import eventually

LONG = "Analyse the module that takes the money and propose how it could be split in two, with reasons"


def tasks(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Document((folder / "tasks.yaml").read_text()).data["tasks"]
    return found


def test_words_become_a_task(run: Run, folder: Path) -> None:
    """A title of whole words, an id that nobody has, the headless profile; comments stay, and who starts it is said."""
    said = run("run", *LONG.split(), "--in-place", "--done-when", "make", "--resumable")
    assert said.code == 0
    name = "analyse-the-module-that-takes-the-money-and"
    assert said.out == f"added {name} for claude-headless; board result {name} shows what came of it\n"
    assert said.err == "board: no supervisor keeps this board, so nobody starts it: supervisor start\n"
    assert tasks(folder)[-1] == {
        "id": name,
        "title": "Analyse the module that takes the money and propose how it could be…",
        "status": "todo",
        "prompt": LONG,
        "resumable": True,
        "worktree": False,
        "done_when": ["make"],
        "agent": "claude-headless",
    }
    assert run("run", LONG, "-q").out == f"{name}-2\n"
    short = run("run", "Tidy up", "--json", "--title", "Tidy")
    assert json.loads(short.out)["task"]["id"] == "tidy"
    assert tasks(folder)[-1]["prompt"] == "Tidy up"
    assert (folder / "tasks.yaml").read_text().startswith("# a comment that stays\n")
    assert [line["event"] for line in json.loads(f"[{run('log', '--json').out.replace(chr(10), ',').rstrip(',')}]")][
        -1
    ] == "task_added"


@pytest.mark.parametrize(
    ("agents", "words", "chosen"),
    [
        ("", (), "claude-headless"),
        ("", ("--screen",), "claude"),
        ("", ("--agent", "codex"), "codex-headless"),
        ("", ("--agent", "aider"), "aider"),
        ("", ("--agent", "codex-headless"), "codex-headless"),
        ("mine: {use: claude}", (), "mine-headless"),
        ("mine: {use: claude}", ("--screen",), "mine"),
        ("mine: {use: claude, headless: true}", (), "mine"),
        ("mine: {use: aider}", (), "mine"),
        ("mine: {start: [a], headless: {start: [b]}}", (), "mine-headless"),
        ("claude: {start: [./wrapper]}", (), "claude"),
        ("claude: {use: claude, start: [./wrapper]}", (), "claude"),
        ("mine: {use: claude}, mine-headless: {use: claude-headless}", ("--agent", "mine"), "mine-headless"),
        ("claude: {start: [claude], settles: exit}", (), "claude"),
        ("claude: {use: claude}, codex: {use: codex}", (), "claude-headless"),
    ],
)
def test_an_agent_that_ends_by_itself_is_preferred(
    run: Run, folder: Path, agents: str, words: tuple[str, ...], chosen: str
) -> None:
    """The one that is named, else the only one, else claude; never round what the board itself says of it.
    Mutants killed: a start of one's own passed over; a variant that the board's rules don't know."""
    text = (folder / "tasks.yaml").read_text()
    (folder / "tasks.yaml").write_text(text.replace("version: 1\n", f"version: 1\nagents: {{{agents}}}\n"))
    assert run("run", "Do it", *words, "-q").code == 0
    assert tasks(folder)[-1]["agent"] == chosen


def test_a_variant_in_a_file_is_taken(run: Run, folder: Path) -> None:
    """Although the entry on the board has none. Mutant killed: files not asked."""
    text = (folder / "tasks.yaml").read_text()
    (folder / "tasks.yaml").write_text(text.replace("version: 1\n", "version: 1\nagents: {bot: {start: [bot]}}\n"))
    (folder / ".board" / "agents").mkdir(parents=True)
    (folder / ".board" / "agents" / "bot-headless.yaml").write_text("start: [bot, -p]\nsettles: exit\n")
    assert run("run", "Do it", "-q").code == 0
    assert tasks(folder)[-1]["agent"] == "bot-headless"


def test_words_from_stdin(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, as it stands; the title is its first line that says anything."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n  First line \n\n- second: line #3\n"))
    assert run("run", "-", "-q").out == "first-line\n"
    assert (tasks(folder)[-1]["title"], tasks(folder)[-1]["prompt"]) == (
        "First line",
        "First line \n\n- second: line #3",
    )


def test_what_cannot_be_run_is_one_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is added: no words, no such agent, several of them, a span that is none."""
    before = (folder / "tasks.yaml").read_text()
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    for words, said in (
        ((), "say what is to be done"),
        (("-",), "say what is to be done"),
        (("x", "--title", " "), "the title is empty"),
        (("x", "--agent", "claud"), 'unknown agent "claud" (did you mean "claude"?)'),
        (("x", "--id", "api"), 'there is a task "api" already'),
        (("x", "--wait", "soon"), '--wait takes a span such as 10m, not "soon"'),
    ):
        ended = run("run", *words)
        assert (ended.code, ended.out) == (2, ""), ended
        assert said in ended.err
        assert ended.err.count("\n") == 1
    assert (folder / "tasks.yaml").read_text() == before
    (folder / "tasks.yaml").write_text(
        before.replace("version: 1\n", "version: 1\nagents: {a: {use: aider}, b: {use: codex}}\n")
    )
    assert "several agents are defined here, so name one; --agent a or b" in run("run", "x").err


def test_who_wants_to_be_told_of_the_end_says_so(run: Run, folder: Path) -> None:
    """It is a key of the task; that nobody is told is said where that is so. Mutants killed: the key left out; the
    warning always."""
    nowhere = "board: settings.notify says nowhere to send to, so nobody is told of its end\n"
    assert nowhere in run("run", "Do it", "--notify").err
    assert tasks(folder)[-1]["notify"] is True
    assert nowhere not in run("run", "Do more").err
    assert "notify" not in tasks(folder)[-1]
    text = (folder / "tasks.yaml").read_text()
    (folder / "tasks.yaml").write_text(
        text.replace("version: 1\n", "version: 1\nsettings: {notify: [{to: [desktop], kinds: [board]}]}\n")
    )
    assert nowhere not in run("run", "Do it all", "--notify").err
    (folder / "tasks.yaml").write_text(text.replace("notify: true", "notify: soon"))
    assert 'notify: expected true or false, got "soon"' in run("check").err


def test_waiting_ends_and_the_task_goes_on(run: Run, folder: Path) -> None:
    """A time-out is 75 with the way to go on waiting, after a line of progress; the words may stand behind `--wait`."""
    said = run("run", "Do it", "--wait", "100ms")
    assert (said.code, said.out) == (75, "")
    assert "do-it: todo, it is ready\n" in said.err
    assert "do-it is not over after 100ms, and goes on; board result do-it --wait" in said.err
    assert tasks(folder)[-1]["id"] == "do-it"
    again = run("result", "do-it", "--wait", "1ms")
    assert again.code == 75


def test_ctrl_c_leaves_the_task_alone(tmp_path: Path) -> None:
    """It is said how to wait again, and the exit code is a shell's."""
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks: []\n")
    process = started("run", "--wait", "Do it", cwd=tmp_path)
    assert process.stderr is not None
    heard = [process.stderr.readline() for _ in range(3)]
    assert heard[-1] == b"do-it: todo, it is ready\n", heard
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"board: do-it goes on; board result do-it --wait\n")
    assert "do-it" in (tmp_path / "tasks.yaml").read_text()


def test_the_end_is_told_whoever_brings_it_about(tmp_path: Path) -> None:
    """Blocked is 5 with why, done is 0; a board that is broken meanwhile is waited for."""
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks:\n  - {id: t}\n  - {id: u}\n")
    blocked = started("result", "t", "--wait", cwd=tmp_path)
    done = started("result", "--wait", "u", cwd=tmp_path)
    for process, name in ((blocked, "t"), (done, "u")):
        assert process.stderr is not None
        assert process.stderr.readline() == f"{name}: todo, it is ready\n".encode()
    text = (tmp_path / "tasks.yaml").read_text()
    (tmp_path / "tasks.yaml").write_text("version: [\n")
    eventually(lambda: board("list", cwd=tmp_path).code == 3, 10)
    (tmp_path / "tasks.yaml").write_text(text)
    assert board("block", "t", "--on", "a key", cwd=tmp_path).code == 0
    assert board("claim", "u", "--as", "ann", cwd=tmp_path).code == 0
    assert board("done", "u", "--as", "ann", cwd=tmp_path).code == 0
    _, err = blocked.communicate(timeout=60)
    assert blocked.returncode == 5
    assert b"board: t is blocked: it waits for a key" in err
    assert done.communicate(timeout=60)[0] == b""
    assert done.returncode == 0


# --- results


def store(folder: Path, name: str, **fields: Any) -> None:
    place = folder / ".board" / "results"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.json").write_text(json.dumps({"v": 1, "of": "", "task": name, **fields}))


def test_what_is_not_there_is_said(run: Run, folder: Path) -> None:
    """No such task, one that has not run, one that runs, one that never ran: each with its code and what to do."""
    assert run("result", "apy").code == 4
    ready = run("result", "api")
    assert (ready.code, ready.err) == (4, "board: api has not run yet; board why api\n")
    store(folder, "api", message="of a task that had this name")
    assert run("result", "api").code == 4
    run("claim", "api", "--as", "ann")
    held = run("result", "api")
    assert (held.code, held.err) == (75, "board: api is claimed: nothing has come of it yet; board result api --wait\n")
    run("start", "api", "--as", "ann")
    assert run("result", "api").code == 75
    (folder / ".board" / "results" / "api.json").unlink()
    run("done", "api", "--as", "ann")
    gone = run("result", "api")
    assert (gone.code, gone.out) == (4, "")
    assert "no result of api is stored; a running supervisor writes it within seconds: supervisor start" in gone.err
    run("cancel", "ship")
    assert "ship is cancelled, and nothing was ever started for it" in run("result", "ship").err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 2, "of": ""}', '{"v": 1}', "\udcff"])
def test_a_result_that_is_none_is_no_trouble(run: Run, folder: Path, text: str) -> None:
    """It is said, and nothing breaks."""
    run("claim", "api", "--as", "ann")
    run("start", "api", "--as", "ann")
    run("done", "api", "--as", "ann")
    store(folder, "api")
    (folder / ".board" / "results" / "api.json").write_text(text, errors="surrogateescape")
    said = run("result", "api")
    assert (said.code, said.out) == (4, "")
    assert "the stored result of api can't be read; a running supervisor writes it" in said.err


def test_a_result_is_shown_as_it_may_be(run: Run, folder: Path) -> None:
    """Plain when piped, without a secret and without a control character, and whatever else may stand in the file."""
    secret = "ghp_" + "A1b2" * 9
    store(
        folder,
        "old",
        status="done",
        title="Old",
        message=f"first \x1b[31m\nthe key {secret}",
        message_source="hook",
        commits=[{"commit": "3f2a9c1d" * 5, "subject": "Split it"}, 7],
        commits_count=30,
        files=[{"path": "a.py", "added": 3, "removed": None}],
        checks=[{"check": "clean"}],
        took_s="long",
        exit="exit 0",
    )
    said = run("result", "old")
    assert (said.code, said.err) == (0, "")
    assert secret not in said.out
    assert "\x1b" not in said.out
    assert said.out.startswith("old  done\n  Old\n\nWHAT")
    assert "its last message:\n  first \n  the key [REDACTED:" in said.out
    assert "3f2a9c1d3  Split it\nand 29 more\n" in said.out
    assert "3      binary   a.py\n" in said.out
    assert secret not in run("result", "old", "--json").out

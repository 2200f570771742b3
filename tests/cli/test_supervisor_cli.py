"""The `supervisor` program as a person uses it: real processes, a real tmux server of each test's own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli import main
from supervisor.cli.table import COMMANDS
from supervisor.control import NoServer
from supervisor.instance import read_note
from supervisor.processes import ProcessId, identify, is_alive, send
from supervisor.tmux import Tmux, session_name
from tests.cli.conftest import Run, steady, use
from tests.programs import Ended, environment
from tests.waiting import eventually

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SNAPSHOTS = Path(__file__).parent / "snapshots"
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


def agreed(name: str, text: str) -> None:
    path = SNAPSHOTS / f"supervisor-{name}.txt"
    if os.environ.get("BOARD_UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


class Bench:
    """A board with one long worker, on a tmux socket of its own."""

    def __init__(self, folder: Path, socket: str, tmux_folder: str) -> None:
        self.folder = folder
        self.socket = socket
        self.env = environment(TMUX_TMPDIR=tmux_folder)
        self.side = str(folder / ".board")
        self.board = folder / "tasks.yaml"

    def write(self, *tasks: str) -> None:
        head = f"version: 1\nsettings:\n  tmux: {{socket: {self.socket}}}\n  lease: 1h\ntasks:\n"
        self.board.write_text(head + "".join(tasks), encoding="utf-8")

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "supervisor", *words]

    def run(self, *words: str, stdin: str = "", **env: str) -> Ended:
        done = subprocess.run(
            self.argv(*words),
            cwd=self.folder,
            env={**self.env, **env},
            input=stdin.encode(),
            capture_output=True,
            timeout=90,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def status(self) -> dict[str, Any]:
        ended = self.run("status", "--json")
        assert (ended.code, ended.err) == (0, "")
        found: dict[str, Any] = json.loads(ended.out)
        return found

    def journal(self) -> list[dict[str, Any]]:
        files = sorted((self.folder / ".board" / "journal").glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]

    def worker(self, task: str) -> ProcessId:
        """The process of a task's worker, once it is at work."""
        found: list[ProcessId] = []

        def at_work() -> bool:
            seen = self.status()["tasks"][task]
            process = identify(seen["pid"]) if seen["state"] == "running" else None
            found.extend([process] if process else [])
            return bool(found)

        eventually(at_work)
        return found[-1]

    def end(self) -> None:
        """Lets the supervisor go by itself: the tmux client of a killed one could outlive its server's end."""
        note = read_note(self.side)
        if note is None or note.process.pid == os.getpid():
            return
        send(note.process, signal.SIGTERM)
        with contextlib.suppress(AssertionError):
            eventually(lambda: is_alive(note.process) is False, within=10)
        send(note.process, signal.SIGKILL)


@pytest.fixture
def bench(tmp_path: Path, tmux_socket: str) -> Iterator[Bench]:
    made = Bench(tmp_path, tmux_socket, os.environ["TMUX_TMPDIR"])
    made.write(NAP, LATER)
    yield made
    made.end()


NAP = """\
  - id: nap
    title: Sleep
    run: echo good morning; exec sleep 600
    resumable: true
"""
LATER = """\
  - id: later
    title: Later
    after: [nap]
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`supervisor WORDS` within this process."""

    def ran(*words: str) -> Ended:
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


# --- pages and refusals


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_page_has_an_example_and_exit_codes(run: Run, folder: Path, name: str) -> None:
    """Every command's page says what was agreed, fits a screen, and ends well."""
    page = run(name, "--help")
    assert (page.code, page.err) == (0, "")
    assert "example:\n  " in page.out
    assert "exit codes:\n  0 " in page.out
    assert len(page.out.splitlines()) <= 42
    assert "--break" not in page.out
    assert "--in-background" not in page.out
    agreed(f"help-{name}", page.out)


def test_the_overview_names_every_command(run: Run, bench: Bench) -> None:
    """`supervisor` and `supervisor --help` are one page, in a real process too; no command is missing from it."""
    page = bench.run("--help")
    assert page.code == 0
    assert bench.run() == page
    for name in COMMANDS:
        assert f"\n  {name} " in page.out
    agreed("help", page.out)
    assert bench.run("--version").out.startswith("supervisor")


REFUSALS = {
    "unknown-command": (2, "stats"),
    "unknown-option": (2, "status", "--foo"),
    "unknown-option-alone": (2, "--foo"),
    "once-and-dry": (2, "run", "--once", "--dry-run"),
    "workers-and-id": (2, "stop", "api", "--workers"),
    "no-terminal": (2, "attach", "api"),
    "next-and-id": (2, "attach", "api", "--next"),
    "nobody-next": (4, "attach", "--next"),
    "unknown-shell": (2, "completion", "tcsh"),
    "no-such-values": (2, "redact", "--env-file", "nowhere.json"),
    "bad-width": (2, "redact", "--width", "0"),
    "stop-unknown-task": (4, "stop", "apj"),
    "logs-unknown-task": (4, "logs", "apj"),
    "logs-outside": (4, "logs", "../status"),
    "why-unknown-task": (4, "why", "apj"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_one_line(run: Run, folder: Path, name: str) -> None:
    """What is refused says so on stderr alone, in one line with the program's name and the documented exit code."""
    code, *words = REFUSALS[name]
    ended = run(*map(str, words))
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("supervisor")
    assert ended.err.count("\n") == 1
    agreed(f"refused-{name}", steady(ended.err, folder))


def test_a_refusal_in_json(run: Run, folder: Path) -> None:
    """Wherever `--json` stands, stdout holds one error object and stderr still has the line."""
    for words in (("--json", "logs", "apj"), ("logs", "apj", "--json")):
        ended = run(*words)
        assert ended.code == 4
        assert json.loads(ended.out)["error"]["reason"] == "not_found"
        assert ended.err.startswith('supervisor: no task "apj"')


def test_an_internal_error_is_one_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends with exit 1 and one line, without a trace-back."""
    monkeypatch.setitem(COMMANDS, "status", COMMANDS["status"]._replace(handler="watching:nothing"))  # type: ignore[arg-type]
    ended = run("status")
    assert ended.code == 1
    assert ended.err.startswith("supervisor: internal error: ")
    assert ended.err.count("\n") == 1


def test_completion_prints_the_line_for_each_shell(run: Run, folder: Path) -> None:
    """The line names this program and not the other one."""
    for shell in ("bash", "zsh", "fish"):
        hook = run("completion", shell).out
        assert "supervisor" in hook
        assert "board" not in hook


def test_completion_knows_commands_and_task_ids(bench: Bench) -> None:
    """A shell that asks is answered with the board's own ids."""

    def asked(line: str) -> list[str]:
        answer = bench.folder / "answer"
        env = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
        env |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "COMP_TYPE": "9"}
        bench.run(**env)
        return answer.read_text().split()

    assert "nap" in asked("supervisor attach n")
    assert "status" in asked("supervisor stat")
    assert "--dry-run" in asked("supervisor run --")
    assert "--in-background" not in asked("supervisor run --")


# --- a supervisor's life


@needs_tmux
@pytest.mark.tmux
def test_run_once_starts_what_is_ready_and_leaves(bench: Bench) -> None:
    """One pass starts the ready task, shows it, and leaves the worker to live on without a supervisor."""
    ended = bench.run("run", "--once")
    assert (ended.code, ended.err) == (0, "")
    assert "no supervisor runs (last one stopped" in ended.out
    assert "\nnap    in_progress  main  running  1 " in ended.out
    status = bench.status()
    assert status["running"] is False
    worker = identify(status["tasks"]["nap"]["pid"])
    assert worker is not None
    assert is_alive(worker)
    assert bench.run("run", "--once", "-q") == Ended(0, "", "")
    assert is_alive(worker)


@needs_tmux
@pytest.mark.tmux
def test_a_dry_run_touches_nothing(bench: Bench) -> None:
    """It says what it would do; the board stays as it is, no server is made, and nobody is said to have kept it."""
    before = bench.board.read_bytes()
    ended = bench.run("run", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("would start nap: ")
    assert ended.out.count("\n") == 1
    assert bench.board.read_bytes() == before
    assert read_note(bench.side) is None
    assert {event["event"] for event in bench.journal()} == {"would_act"}
    with pytest.raises(NoServer):
        Tmux(bench.socket).run("list-sessions")


@needs_tmux
@pytest.mark.tmux
def test_a_dry_run_answers_as_it_is_asked(bench: Bench) -> None:
    """With `--json` it is one object with a record a task, with `-q` only ids; all three say the same."""
    ended = bench.run("run", "--dry-run", "--json")
    assert (ended.code, ended.err) == (0, "")
    (would,) = json.loads(ended.out)["would"]
    assert list(would) == ["task", "step", "rule", "action", "why", "next_at"]
    assert (would["task"], would["step"], would["action"], would["next_at"]) == ("nap", "main", "start", None)
    assert bench.run("run", "--dry-run").out == f"would start nap: {would['rule']}: {would['why']}\n"
    assert bench.run("run", "--dry-run", "-q") == Ended(0, "nap\n", "")
    bench.write(NAP.replace("run: echo", "done_if: 'true'\n    run: echo"))
    (settled,) = json.loads(bench.run("run", "--dry-run", "--json").out)["would"]
    assert (settled["task"], settled["action"]) == ("nap", "settle")


@needs_tmux
@pytest.mark.tmux
def test_a_dry_run_beside_a_supervisor_is_answered_and_leaves_no_trace(bench: Bench) -> None:
    """It needs no lock and takes none, and what it sees is not told twice.

    Mutants: `take` in a dry run; a dry run's `worker_adopted` in the journal.
    """
    bench.write(*(NAP.replace("nap", f"nap{number}") for number in range(5)))
    assert bench.run("start", "-q") == Ended(0, "", "")
    for number in range(4):
        bench.worker(f"nap{number}")
    note, before = read_note(bench.side), bench.board.read_bytes()
    assert note is not None
    told = len(bench.journal())
    ended = bench.run("run", "--dry-run", "-q")
    assert ended == Ended(0, "nap4\n", "")
    assert [event["event"] for event in bench.journal()[told:]] == ["would_act"]
    assert read_note(bench.side) == note
    assert is_alive(note.process)
    assert bench.board.read_bytes() == before


@needs_tmux
@pytest.mark.tmux
@pytest.mark.parametrize("words", [("run",), ("run", "--once"), ("start",)], ids=" ".join)
def test_a_worker_starts_no_supervisor(bench: Bench, words: tuple[str, ...]) -> None:
    """It would carry the worker's mark and be ended with it: exit 5, one line, and nobody keeps the board.

    A dry run keeps nothing, so it is answered. Mutant: without `forbid_inside_worker`.
    """
    ended = bench.run(*words, CREWBOARD_ATTEMPT="home/nap.3.7")
    line = "supervisor: a supervisor inside a worker (nap.7) would end with it; start it from your own shell\n"
    assert ended == Ended(5, "", line)
    assert read_note(bench.side) is None
    assert bench.run("run", "--dry-run", "-q", CREWBOARD_ATTEMPT="home/nap.3.7").out == "nap\n"


@needs_tmux
@pytest.mark.tmux
def test_start_status_stop(bench: Bench) -> None:
    """`start` returns when the board is kept; `status` says by whom; `stop` leaves the worker alive."""
    started = bench.run("start", "--json")
    assert (started.code, started.err) == (0, "")
    keeper = json.loads(started.out)["supervisor"]
    assert keeper["socket"] == bench.socket
    assert keeper["session"] == session_name(str(bench.board))
    note = read_note(bench.side)
    assert note is not None
    assert note.process.pid == keeper["pid"]
    assert is_alive(note.process)
    worker = bench.worker("nap")
    page = bench.run("status").out
    assert f"(pid {keeper['pid']})" in page.splitlines()[0]
    assert "1 of 4 places taken" in page.splitlines()[0]
    assert "it waits for nap" in page
    stopped = bench.run("stop")
    assert (stopped.code, stopped.err) == (0, "")
    assert f"(pid {keeper['pid']})" in stopped.out
    assert is_alive(note.process) is False
    assert is_alive(worker)
    assert "no supervisor runs (last one stopped" in bench.run("status").out
    assert bench.run("stop") == Ended(0, "no supervisor runs: nothing to stop\n", "")
    assert list((bench.folder / ".board" / "requests").iterdir()) == []


@needs_tmux
@pytest.mark.tmux
def test_a_second_one_is_refused_with_who_and_since_when(bench: Bench) -> None:
    """Neither `start` nor `run` puts a second supervisor beside a living one."""
    assert bench.run("start", "-q") == Ended(0, "", "")
    note = read_note(bench.side)
    assert note is not None
    for words in (("start",), ("run",), ("run", "--once")):
        ended = bench.run(*words)
        assert (ended.code, ended.out) == (5, "")
        assert ended.err.startswith(f"supervisor: this board is kept by {note.by} (pid {note.process.pid}) since 2")
        assert ended.err.count("\n") == 1
    assert is_alive(note.process)


@needs_tmux
@pytest.mark.tmux
def test_run_says_when_it_is_ready_and_sigterm_leaves_workers_alive(bench: Bench) -> None:
    """In the foreground one line tells where it is; SIGTERM ends it with 0 and no worker with it."""
    keeper = subprocess.Popen(bench.argv("run"), cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE)
    assert keeper.stdout is not None
    with keeper.stdout as said:
        session = session_name(str(bench.board))
        line = f"supervisor: keeping tasks.yaml (pid {keeper.pid}, session {session}, tmux -L {bench.socket})\n"
        assert said.readline().decode() == line
        worker = bench.worker("nap")
        keeper.terminate()
        assert keeper.wait(20) == 0
    assert is_alive(worker)


@needs_tmux
@pytest.mark.tmux
@pytest.mark.parametrize("is_kept", [True, False])
def test_stop_workers_ends_them(bench: Bench, is_kept: bool) -> None:
    """With a supervisor or without one, every worker ends and a resumable task is free again."""
    assert bench.run("start").code == 0
    worker = bench.worker("nap")
    if not is_kept:
        assert bench.run("stop").code == 0
    ended = bench.run("stop", "--workers")
    assert (ended.code, ended.err) == (0, "")
    assert is_alive(worker) is False
    assert "status: in_progress" not in bench.board.read_text()
    assert bench.status()["running"] is False


@needs_tmux
@pytest.mark.tmux
@pytest.mark.parametrize("is_kept", [True, False])
def test_stop_of_one_task_ends_its_worker_alone(bench: Bench, is_kept: bool) -> None:
    """The named task's worker ends and a person decides about it; the other worker and the supervisor go on."""
    bench.write(NAP, NAP.replace("nap", "doze"), LATER)
    assert bench.run("start").code == 0
    nap, doze = bench.worker("nap"), bench.worker("doze")
    if not is_kept:
        assert bench.run("stop").code == 0
    ended = bench.run("stop", "nap")
    assert ended == Ended(0, "nap: its worker is ended\n", "")
    assert is_alive(nap) is False
    assert is_alive(doze)
    status = bench.status()
    assert status["running"] is is_kept
    assert status["tasks"]["nap"]["status"] == "blocked"
    assert bench.run("stop", "later").out == "later has no worker: nothing to stop\n"


DEAF = """
import signal, sys, time
from supervisor.instance import Instance
heard = []
signal.signal(signal.SIGHUP, lambda *_: heard.append(1))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7 if heard else 8))
Instance(".board").take("supervisor@test", time.time())
print("taken", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.slow
def test_one_that_takes_no_wish_is_woken_and_then_gets_sigterm(bench: Bench) -> None:
    """`stop` waits for no deaf supervisor, and its wish doesn't stay to stop the next one. Mutant: no `_withdrawn`."""
    (bench.folder / ".board").mkdir()
    argv = [sys.executable, "-c", DEAF]
    with subprocess.Popen(argv, cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE) as deaf:
        try:
            assert deaf.stdout is not None
            assert deaf.stdout.readline() == b"taken\n"
            assert bench.run("stop") == Ended(0, f"stopped supervisor@test (pid {deaf.pid})\n", "")
            assert deaf.wait(20) == 7
        finally:
            deaf.kill()
    assert list((bench.folder / ".board" / "requests").iterdir()) == []


@needs_tmux
@pytest.mark.tmux
def test_of_two_that_start_at_once_one_wins(bench: Bench) -> None:
    """The other is refused with exit 5 and one line, wherever it came too late."""
    racing = [
        subprocess.Popen(bench.argv("start", "-q"), cwd=bench.folder, env=bench.env, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [each.communicate(timeout=60)[1].decode() for each in racing]
    assert sorted(each.returncode for each in racing) == [0, 5]
    assert sum(text.count("this board is kept by") for text in said) == 1
    assert sum(text.count("\n") for text in said) == 1


def test_start_and_run_without_tmux_say_how_to_install_it(bench: Bench) -> None:
    """One line with the install commands of common systems, exit 1; nothing was started or written."""
    before = bench.board.read_bytes()
    for words in (("start",), ("run",), ("run", "--once")):
        ended = bench.run(*words, PATH="/nonexistent")
        assert (ended.code, ended.out) == (1, "")
        assert "apt install tmux / dnf install tmux / brew install tmux / apk add tmux" in ended.err
        assert ended.err.count("\n") == 1
    assert bench.board.read_bytes() == before


@needs_tmux
def test_start_on_a_broken_board_names_every_problem(bench: Bench) -> None:
    """Exit 3 and a line a problem; no process stays behind."""
    bench.board.write_text("version: 1\ntasks:\n  - id: a\n    stauts: todo\n  - id: B\n")
    ended = bench.run("start")
    assert (ended.code, ended.out) == (3, "")
    assert [line.startswith("tasks.yaml:") for line in ended.err.splitlines()] == [True, True]
    assert read_note(bench.side) is None


def test_a_folder_named_supervisor_beside_the_board_is_not_our_package(bench: Bench) -> None:
    """`start` runs our code, whatever lies in the board's folder. Mutant: without `-P`."""
    (bench.folder / "supervisor").mkdir()
    (bench.folder / "supervisor" / "__init__.py").touch()
    (bench.folder / "supervisor" / "__main__.py").write_text("raise SystemExit('not ours')")
    code = "import sys; from supervisor.cli import main; sys.exit(main(['start', '-q', '--board', 'tasks.yaml']))"
    argv = [sys.executable, "-P", "-c", code]
    assert subprocess.run(argv, cwd=bench.folder, env=bench.env, timeout=60, check=False).returncode == 0


# --- looking


@needs_tmux
@pytest.mark.tmux
def test_the_shape_of_the_status_in_json(bench: Bench) -> None:
    """Every open task stands in it with the same keys, seen or not, and a broken board is told beside them."""
    assert bench.run("start").code == 0
    bench.worker("nap")
    status = bench.status()
    assert status["running"] is True
    assert status["board"]["ok"] is True
    assert status["board"]["path"] == str(bench.board)
    assert set(status["tasks"]) == {"nap", "later"}
    assert set(status["tasks"]["nap"]) == set(status["tasks"]["later"])
    assert status["tasks"]["nap"]["do"] == ["supervisor attach nap"]
    assert status["tasks"]["later"]["state"] == "none"
    bench.board.write_text(bench.board.read_text() + "    stauts: todo\n")
    status = bench.status()
    assert status["board"]["ok"] is False
    assert 'unknown key "stauts"' in status["board"]["problems"][0]
    page = bench.run("status")
    assert page.code == 0
    assert "THE BOARD CAN'T BE USED; the last good one is kept:\n  tasks.yaml:" in page.out
    assert "\nnap " in page.out


def test_status_without_any_supervisor(run: Run, folder: Path) -> None:
    """A board that nobody ever kept is shown by its record alone, and a missing one is exit 3."""
    page = run("status")
    assert page.code == 0
    agreed("status-never-kept", page.out)
    assert set(json.loads(run("status", "--json").out)["tasks"]) == {"api", "tests", "ship"}
    (folder / "tasks.yaml").unlink()
    assert run("status").code == 3


@needs_tmux
@pytest.mark.tmux
def test_watching_prints_a_page_for_each_change_and_ends_at_an_interrupt(bench: Bench) -> None:
    """Piped, an empty line stands between two pages; Ctrl-C ends it with 0 and without a trace-back."""
    argv = bench.argv("status", "--watch")
    with subprocess.Popen(
        argv, cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        first = [watching.stdout.readline().decode() for _ in range(4)]
        assert first[0].startswith("no supervisor runs (none has kept this board yet)")
        bench.write(NAP, LATER, "  - id: third\n    title: Third\n")
        second = [watching.stdout.readline().decode() for _ in range(6)]
        assert second[0] == "\n"
        assert second[-1].startswith("third ")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
        assert watching.stderr.read() == b""


def test_a_closed_pipe_is_quiet(bench: Bench) -> None:
    """`supervisor status | head -0` complains of nothing."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    argv = bench.argv("status")
    done = subprocess.run(
        argv, cwd=bench.folder, env=bench.env, stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")


@needs_tmux
@pytest.mark.tmux
def test_why_is_the_boards_own(bench: Bench) -> None:
    """Both programs give one answer."""
    argv = [sys.executable, "-m", "board", "why", "later"]
    theirs = subprocess.run(argv, cwd=bench.folder, env=bench.env, capture_output=True, timeout=60, check=True).stdout
    assert bench.run("why", "later").out == theirs.decode()


@needs_tmux
@pytest.mark.tmux
def test_logs_show_a_worker_and_never_its_secret(bench: Bench) -> None:
    """Live, followed, and afterwards: a planted secret is a mark. Mutant: lines that don't pass the redactor."""
    secret = f"ghp_{secrets.token_hex(20)}"
    (bench.folder / "say.sh").write_text(f"echo before\necho token is {secret}\necho after\nexec sleep 600\n")
    bench.write(NAP.replace("echo good morning; exec sleep 600", "sh say.sh"))
    assert bench.run("logs", "nap").out == "nap has printed nothing yet\n"
    assert bench.run("start").code == 0
    bench.worker("nap")
    eventually(lambda: "after" in bench.run("logs", "nap").out)
    live = bench.run("logs", "nap", "--no-times").out.splitlines()
    assert live[0] == "=== attempt 1 (token 1)"
    assert [live[1], live[-1]] == ["before", "after"]
    assert "[REDACTED:github:" in live[2]
    found = [json.loads(line) for line in bench.run("logs", "nap", "--json").out.splitlines()]
    assert [each["line"] for each in found] == live
    assert all(re.fullmatch(STAMP, each["ts"]) for each in found)
    with _following(bench, "nap", "--no-times") as lines:
        assert [next(lines) for _ in range(4)] == live
        assert bench.run("stop", "nap").code == 0
        assert next(lines) == "=== attempt 1 (token 1) ended: stopped by a person"
    kept = bench.run("logs", "nap", "--no-times").out.splitlines()
    assert kept == [*live, "=== attempt 1 (token 1) ended: stopped by a person"]
    everything = "".join([*live, *kept, json.dumps(found), bench.run("logs").out, bench.run("status", "--json").out])
    assert secret not in everything
    assert [path for path in Path(bench.side).rglob("*") if path.is_file() and secret in _text(path)] == []


@contextlib.contextmanager
def _following(bench: Bench, *words: str) -> Iterator[Iterator[str]]:
    argv = bench.argv("logs", *words, "-f")
    with subprocess.Popen(argv, cwd=bench.folder, env=bench.env, stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        try:
            yield (line.decode().rstrip("\n") for line in following.stdout)
        finally:
            following.send_signal(signal.SIGINT)
            assert following.wait(20) == 130


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


LOG = """\
an old line without its instant
=== attempt 1 (token 1) 2026-11-20T10:00:00.000Z
2026-11-20T10:00:00.100Z first
2026-11-20T10:00:01.000Z second
--- output dropped: 12 bytes 2026-11-20T10:00:02.000Z
2026-11-20T10:00:03.000Z third
"""


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ((), LOG.splitlines()),
        (("-n", "2"), LOG.splitlines()[-2:]),
        (("-n", "0"), ["nap has printed nothing of that kind"]),
        (("--since", "2026-11-20T10:00:01Z", "--no-times"), ["second", "--- output dropped: 12 bytes", "third"]),
        (("--grep", "^(first|third)$", "--no-times"), ["first", "third"]),
        (("--json", "-n", "1"), ['{"ts": "2026-11-20T10:00:03.000Z", "line": "third"}']),
    ],
)
def test_logs_shows_what_was_asked_for(bench: Bench, words: tuple[str, ...], shown: list[str]) -> None:
    """The last lines, those since an instant, those that match; with their instants or without. No tmux is needed."""
    path = Path(bench.side) / "output" / "nap.log"
    path.parent.mkdir(parents=True)
    path.write_text(LOG)
    assert bench.run("logs", "nap", *words).out.splitlines() == shown


def test_logs_shows_the_older_log_first_and_follows_into_a_new_one(bench: Bench) -> None:
    """A log that is put aside while it is followed is read to its end. Mutant: the new file's beginning alone."""
    path = Path(bench.side) / "output" / "nap.log"
    path.parent.mkdir(parents=True)
    path.with_name("nap.log.1").write_text("2026-11-20T10:00:00.000Z older\n")
    path.write_text("2026-11-20T10:00:01.000Z newer\n2026-11-20T10:00:02.000Z ha")
    with _following(bench, "nap", "--no-times") as lines:
        assert [next(lines), next(lines)] == ["older", "newer"]
        with path.open("a") as file:
            file.write("lf a line\n")
        path.replace(path.with_name("nap.log.1"))
        path.write_text("2026-11-20T10:00:03.000Z newest\n")
        assert [next(lines), next(lines)] == ["half a line", "newest"]


@pytest.mark.parametrize("words", [("--since", "soon"), ("--grep", "("), ("-n", "-1")])
def test_logs_refuses_what_it_cannot_read(bench: Bench, words: tuple[str, ...]) -> None:
    """A span, a pattern or a number that is none is said, with exit 2."""
    ended = bench.run("logs", "nap", *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


@needs_tmux
@pytest.mark.tmux
def test_logs_without_a_task_is_the_journal(bench: Bench) -> None:
    """What happened to all tasks, as `board log` tells it."""
    assert bench.run("run", "--once", "-q").code == 0
    said = bench.run("logs").out
    assert " worker_started nap/main " in said
    assert bench.run("logs", "--task", "nap", "--event", "worker_started", "-n", "1").out.count("\n") == 1
    assert bench.run("logs", "--level", "error", "-q").out == ""
    refused = bench.run("logs", "nap", "--event", "worker_started")
    assert (refused.code, refused.err.count("\n"), "--event asks the journal" in refused.err) == (2, 1, True)


@needs_tmux
@pytest.mark.tmux
def test_attach_goes_to_the_tasks_window_also_from_inside_of_tmux(bench: Bench) -> None:
    """On a terminal the client that appears looks at the task's window, whatever $TMUX says."""
    assert bench.run("start").code == 0
    bench.worker("nap")
    attached(bench, "nap", "attach", "nap")


def attached(bench: Bench, window: str, *words: str) -> None:
    """These words on a terminal: a client appears, and looks at this window."""
    tmux = Tmux(bench.socket)
    session = session_name(str(bench.board))
    client, terminal = pty.fork()
    if client == 0:
        os.chdir(bench.folder)
        argv = bench.argv(*words)
        os.execve(argv[0], argv, {**bench.env, "TERM": "xterm", "TMUX": "/nowhere,1,0"})
    try:
        clients = ("list-clients", "-t", f"={session}", "-F", "#{client_pid} #{window_name}")
        eventually(lambda: f"{client} {window}" in tmux.run(*clients).splitlines())
    finally:
        os.kill(client, signal.SIGTERM)
        os.waitpid(client, 0)
        os.close(terminal)


@needs_tmux
@pytest.mark.tmux
def test_attach_next_goes_to_the_first_item_that_has_a_window(bench: Bench) -> None:
    """Items without one are passed over, and put-off ones; where none has one, that is said.

    Mutants: the first item whatever it has; put-off ones counted.
    """
    tasks = """\
  - {id: gate, run: 'true', gate: human, priority: 0}
  - {id: dies, run: 'kill -9 $$', priority: 1}
"""
    bench.board.write_text(bench.board.read_text() + tasks)
    assert bench.run("start").code == 0
    bench.worker("nap")
    eventually(lambda: "held:dies" in bench.run("attach", "--next").out, 20)
    assert "; 1 more in board inbox" in bench.run("attach", "--next").out
    attached(bench, "dies", "attach", "--next")
    argv = [sys.executable, "-m", "board", "snooze", "dies", "-q"]
    assert subprocess.run(argv, cwd=bench.folder, env=bench.env, check=False).returncode == 0
    ended = bench.run("attach", "--next")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == "supervisor: nobody needs you in a window: 1 item has none; board inbox\n"


# --- redact


def test_redact_masks_what_it_is_given_and_what_it_knows(bench: Bench) -> None:
    """Token shapes and the values of the file are marks, everything else is copied as it is, without any board."""
    bench.board.unlink()
    token, plain = f"ghp_{secrets.token_hex(20)}", f"Zq{secrets.token_hex(8)}"
    values = bench.folder / "values.json"
    values.write_text(json.dumps({"DATABASE": plain}))
    text = f"one\n{token}\nhas {plain} inside\nlast, without an end"
    ended = bench.run("redact", "--env-file", str(values), stdin=text)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.split("\n")
    assert [lines[0], lines[3]] == ["one", "last, without an end"]
    assert lines[1].startswith("[REDACTED:github:")
    assert lines[2].startswith("has [REDACTED:known:")
    assert token not in ended.out
    assert plain not in ended.out


def test_redact_masks_a_key_over_several_lines(bench: Bench) -> None:
    """A private key is one secret, however its lines come in."""
    body = [secrets.token_hex(32) for _ in range(5)]
    text = "\n".join(["a", "-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", "b", ""])
    ended = bench.run("redact", stdin=text)
    assert not any(line in ended.out for line in body)
    assert ended.out.startswith("a\n")
    assert ended.out.endswith("\nb\n")


def test_redact_answers_each_line_as_it_comes(bench: Bench) -> None:
    """Nothing waits for the end of the input."""
    argv = bench.argv("redact")
    with subprocess.Popen(
        argv, cwd=bench.folder, env=bench.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for line in (b"first\n", b"second\n"):
            running.stdin.write(line)
            running.stdin.flush()
            assert running.stdout.readline() == line


def test_redact_never_tells_what_stands_in_a_bad_file(run: Run, folder: Path) -> None:
    """An unreadable file of values is a usage error whose message holds nothing of it."""
    secret = secrets.token_hex(16)
    for text in (f"{{{secret}", f'["{secret}"]'):
        (folder / "values.json").write_text(text)
        ended = run("redact", "--env-file", "values.json")
        assert ended.code == 2
        assert secret not in ended.err


def test_the_environment_of_these_tests_is_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own boards is seen from here."""
    use(monkeypatch, tmp_path)
    assert "BOARD_FILE" not in os.environ

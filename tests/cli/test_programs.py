"""Every command once as a real process: exit code, stdout and stderr apart."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from board.cli.table import COMMANDS
from tests import repositories as repos
from tests.cli.conftest import BOARD
from tests.grove import Grove, done
from tests.programs import Ended, argv, board, environment, started

SHOWN: set[str] = set()


def did(cwd: Path, *words: str, **env: str) -> Ended:
    """One command that must go well and say nothing on stderr."""
    SHOWN.add(words[0])
    ended = board(*words, cwd=cwd, env=env)
    assert (ended.code, ended.err) == (0, ""), (words, ended)
    return ended


def test_a_task_goes_from_an_empty_folder_to_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command works as a real program, from `init` to `reopen`, and the file stays one that `check` accepts."""
    assert did(tmp_path, "init").out.startswith("made tasks.yaml\n")
    assert json.loads((tmp_path / ".board/tasks.schema.json").read_text())["title"]
    assert did(tmp_path, "add", "Build the API", "--label", "x").out == "added build-the-api\n"
    assert did(tmp_path, "add", "Ship", "--after", "build-the-api", "-q").out == "ship\n"
    assert did(tmp_path, "next", "-q").out == "build-the-api\n"
    claimed = did(tmp_path, "claim", "--next", "--as", "alice").out
    assert claimed.startswith("claimed build-the-api as alice: token 1, until ")
    grant = Path(claimed.split("grant: ")[1].strip())
    assert json.loads(grant.read_text())["token"] == 1
    assert stat.S_IMODE(grant.stat().st_mode) == 0o600
    worker = {"BOARD_CLAIM": str(grant), "BOARD_TASK": "build-the-api"}
    assert did(tmp_path, "start", **worker).out == "started build-the-api: step main, attempt 1\n"
    assert did(tmp_path, "renew", **worker).out.startswith("renewed build-the-api: token 1")
    assert did(tmp_path, "checkpoint", "--note", "half", **worker).out == "checkpoint build-the-api: half\n"
    assert did(tmp_path, "block", "--on", "a key", **worker).out == "blocked build-the-api on a key\n"
    assert did(tmp_path, "inbox", "-q").out == "blocked:build-the-api\n"
    assert did(tmp_path, "snooze", "build-the-api").out.startswith("put off blocked:build-the-api until ")
    assert did(tmp_path, "unblock", "build-the-api").out == "unblocked build-the-api\n"
    assert "token 2" in did(tmp_path, "claim", "build-the-api", "--as", "alice").out
    did(tmp_path, "review", "build-the-api", "--note", "look", "--as", "alice")
    assert did(tmp_path, "done", "build-the-api").out == "done: build-the-api\n"
    assert did(tmp_path, "reopen", "build-the-api").out == "reopened build-the-api\n"
    did(tmp_path, "claim", "build-the-api", "--as", "bob")
    assert did(tmp_path, "release", "build-the-api", "--as", "bob").out == "released build-the-api\n"
    did(tmp_path, "claim", "build-the-api", "--as", "bob")
    assert did(tmp_path, "fail", "build-the-api", "--why", "no", "--as", "bob").out == "failed: build-the-api\n"
    assert did(tmp_path, "cancel", "ship", "--why", "moot").out == "cancelled ship\n"
    assert did(tmp_path, "list", "-q").out == "build-the-api\nship\n"
    assert board("run", "Look around", "-q", cwd=tmp_path).out == "look-around\n"
    SHOWN.add("run")
    did(tmp_path, "cancel", "look-around")
    assert did(tmp_path, "instructions", "-q").out.startswith("<!-- crewboard: begin")
    assert json.loads(did(tmp_path, "show", "ship", "--json").out)["task"]["status"] == "cancelled"
    assert "moot" in did(tmp_path, "why", "ship").out
    assert "task_cancelled ship" in did(tmp_path, "log", "ship").out
    assert did(tmp_path, "ports").out == "no ports: no such task has `ports` in its record\n"
    assert did(tmp_path, "check").out == "ok: 3 tasks\n"
    (tmp_path / ".board/results").mkdir()
    (tmp_path / ".board/results/ship.json").write_text('{"v": 1, "of": "", "message": "Shipped."}')
    assert did(tmp_path, "result", "ship", "-q").out == "Shipped.\n"
    assert json.loads(did(tmp_path, "schema").out)["title"]
    assert "argcomplete" in did(tmp_path, "completion", "bash").out
    assert "current" in did(tmp_path, "history").out
    assert did(tmp_path, "edit", EDITOR="true").out == "unchanged\n"
    steps = "  - id: two\n    steps:\n      - {id: a, prompt: x, gate: human}\n      - {id: b, run: 'true'}\n"
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks:\n" + steps)
    assert did(tmp_path, "approve", "two").out == "approved one attempt of two, step a\n"
    did(tmp_path, "claim", "two", "--as", "alice")
    assert did(tmp_path, "advance", "two", "--as", "alice").out == "advanced two to step b\n"
    repos.git(tmp_path, "init", "--quiet")
    assert did(tmp_path, "worktree", "list").out == "no trees\n"
    assert did(tmp_path, "drift").out == "no drift\n"
    assert did(tmp_path, "status").out.startswith("tasks.yaml: 1 in_progress, ")
    # Who is answered lives under a supervisor: see tests/integration/test_answering.py.
    SHOWN.add("answer")
    assert board("answer", "two", "allow", cwd=tmp_path).code == 5
    brings_home(tmp_path / "shop", monkeypatch)
    assert set(COMMANDS) == SHOWN


def brings_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs a repository."""
    repos.isolate(monkeypatch)
    grove = Grove(repos.repository(folder))
    grove.write(done("api", grove.work("api")))
    assert did(folder, "diff", "api", "--stat", "-q").out.startswith(" work.txt | 1 +\n")
    assert did(folder, "merge", "api").out.startswith("merged api into main: 1 commit, fast-forward; ")


def test_what_nobody_asked_to_change_stays(tmp_path: Path) -> None:
    """After a claim the file differs in the claimed task's new keys alone: comments, blanks and order stay."""
    (tmp_path / "tasks.yaml").write_text(BOARD)
    assert board("claim", "api", cwd=tmp_path).code == 0
    after = (tmp_path / "tasks.yaml").read_text().splitlines()
    kept = [line for line in after if not line.lstrip().startswith(("status:", "claim:"))]
    assert kept == BOARD.splitlines()


def test_readers_write_nothing(tmp_path: Path) -> None:
    """Looking at a board leaves no `.board/` behind. Mutant: a journal that is opened by every command."""
    (tmp_path / "tasks.yaml").write_text(BOARD)
    for words in (["list"], ["show", "api"], ["next"], ["check"], ["why", "api"], ["log"], ["inbox"], ["schema"]):
        assert board(*words, cwd=tmp_path).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["tasks.yaml"]


def test_the_board_is_found_as_git_finds_a_repository(tmp_path: Path) -> None:
    """`--board`, else `$BOARD_FILE`, else the nearest `tasks.yaml`; errors name it as the person would."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "tasks.yaml").write_text(BOARD)
    assert board("list", "-q", cwd=deep).out == "api\ntests\nship\n"
    (tmp_path / "a" / "tasks.yaml").write_text("version: 1\ntasks: 3\n")
    broken = board("list", cwd=deep)
    assert broken.code == 3
    assert broken.err.startswith("../tasks.yaml:2:8: ")
    assert board("list", "-q", cwd=deep, env={"BOARD_FILE": "../../tasks.yaml"}).code == 0
    assert board("--board", "../../tasks.yaml", "list", cwd=deep, env={"BOARD_FILE": "nowhere"}).code == 0
    nowhere = board("list", cwd=deep, env={"BOARD_FILE": "nowhere.yaml"})
    assert (nowhere.code, nowhere.out) == (3, "")
    assert "there is no nowhere.yaml" in nowhere.err


def test_a_reader_that_goes_away_is_met_with_silence(tmp_path: Path) -> None:
    """`board list | head -1` ends quietly, whatever is left to say. Mutant: no handler for BrokenPipeError."""
    tasks = "".join(f"  - id: t{number}\n    title: {'long ' * 40}\n" for number in range(2000))
    (tmp_path / "tasks.yaml").write_text(f"version: 1\ntasks:\n{tasks}")
    process = started("list", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    process.stderr.close()


def test_an_output_that_is_full_or_closed_is_one_line_or_none(tmp_path: Path) -> None:
    """A full disk behind stdout is exit 1 and one line; a closed stdout loses the answer, not the claim."""
    (tmp_path / "tasks.yaml").write_text(BOARD)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            argv("list"), cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"board: no space left on device\n"
    shell = ["sh", "-c", '"$@" >&-', "sh", *argv("claim", "api")]
    closed = subprocess.run(shell, cwd=tmp_path, env=environment(), capture_output=True, timeout=60, check=False)
    assert (closed.returncode, closed.stderr) == (0, b"")
    assert "by: tester@" in (tmp_path / "tasks.yaml").read_text()


def test_ctrl_c_ends_in_silence(tmp_path: Path) -> None:
    """SIGINT in the middle of a command is exit 130 without a traceback."""
    (tmp_path / "tasks.yaml").write_text(BOARD)
    process = started("log", "-f", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert board("claim", "api", cwd=tmp_path).code == 0
    assert b"task_claimed api" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize("debug", [False, True])
def test_our_own_fault_is_one_line(tmp_path: Path, *, debug: bool) -> None:
    """Whatever nobody thought of is exit 1 and one line; the traceback only on demand."""
    (tmp_path / "tasks.yaml").write_text(BOARD)
    (tmp_path / "sitecustomize.py").write_text(
        "import board.queries\n\ndef broken(*_):\n    raise LookupError('oh')\n\nboard.queries.waits_for = broken\n"
    )
    env = {"PYTHONPATH": f"{tmp_path}:{environment()['PYTHONPATH']}", **({"BOARD_DEBUG": "1"} if debug else {})}
    ended = board("list", cwd=tmp_path, env=env)
    line = "board: internal error: LookupError: oh; run with BOARD_DEBUG=1 for a traceback\n"
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith(line)
    assert ("Traceback" in ended.err) is debug

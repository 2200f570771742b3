"""`supervisor redact` as a filter: real processes, whatever comes in, and what it says of what it found."""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import string
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs import environment
from tests.waiting import eventually

MEGABYTE = 1024 * 1024


def drawn(length: int, seed: int = 1) -> str:
    return (
        "".join(random.Random(f"redacting {seed}").choices(string.ascii_letters + string.digits, k=length - 3)) + "x7Q"
    )


def argv(*words: str) -> list[str]:
    return [sys.executable, "-m", "supervisor", "redact", *words]


def redact(
    folder: Path, *words: str, stdin: bytes | str = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    data = stdin.encode() if isinstance(stdin, str) else stdin
    env = environment(**(env or {}))
    return subprocess.run(argv(*words), cwd=folder, env=env, input=data, capture_output=True, timeout=60, check=False)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv(*words), cwd=folder, env=environment(), **pipes) as process:  # type: ignore[call-overload]
        yield process


RULE = '{kind: acme, literal: "ACME-", regex: "ACME-[0-9A-F]{16,}"}'


def with_rules(folder: Path, settings: str = f"rules: [{RULE}]") -> None:
    text = f"version: 1\nsettings:\n  redact: {{{settings}}}\ntasks:\n  - {{id: a, title: A}}\n"
    (folder / "tasks.yaml").write_text(text)


ACME = "ACME-" + "0123456789ABCDEF"

# --- whose rules


def test_the_boards_rules_and_key_apply(tmp_path: Path) -> None:
    """In a folder with a board its own rules mask, and marks agree from run to run; `--no-board` has neither.

    Mutant seen red: a redactor of this run alone.
    """
    with_rules(tmp_path)
    first, second = (redact(tmp_path, stdin=f"a {ACME}\npassword={drawn(20)}\n").stdout for _ in range(2))
    assert first == second
    assert first.startswith(b"a [REDACTED:acme:")
    without = [redact(tmp_path, "--no-board", stdin=f"a {ACME}\npassword={drawn(20)}\n").stdout for _ in range(2)]
    assert without[0].startswith(f"a {ACME}\n".encode())
    assert without[0] != without[1]


def test_a_board_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Its rules would be missing: nothing is copied. Mutant seen red: the built-in rules instead."""
    (tmp_path / "tasks.yaml").write_text("tasks: [\n")
    ended = redact(tmp_path, stdin=f"a {ACME}\n")
    assert (ended.returncode, ended.stdout) == (3, b"")
    assert redact(tmp_path, "--no-board", stdin="a\n").stdout == b"a\n"
    elsewhere = redact(tmp_path, "--board", "nowhere.yaml", stdin="a\n")
    assert (elsewhere.returncode, elsewhere.stdout) == (3, b"")


def test_what_is_not_used_as_it_was_meant_is_told(tmp_path: Path) -> None:
    """A file of known values that isn't there means that less is masked: it is said, and the text goes on."""
    with_rules(tmp_path, "values_from: [.secrets]")
    ended = redact(tmp_path, stdin="a\n")
    assert (ended.returncode, ended.stdout) == (0, b"a\n")
    assert b"supervisor: settings.redact: .secrets: no such file" in ended.stderr


# --- known values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.json", '{{"A": "{0}"}}'),
        ("v.json", '{{"A": {{"b": ["{0}"]}}, "n": 12345678, "no": null}}'),
        ("values", '{{"A": "{0}"}}'),
        (".env", "A={0}\n"),
        (".env.local", "# mine\nexport A='{0}'\nB=\n"),
        ("v.env", '\ufeffA="{0}" # why\n'),
    ],
)
def test_a_file_of_values_may_be_json_or_env(tmp_path: Path, name: str, text: str) -> None:
    """Its values are masked wherever they stand, of JSON at any depth."""
    (tmp_path / name).write_text(text.format(drawn(24)))
    ended = redact(tmp_path, "--env-file", name, stdin=f"has {drawn(24)} inside\n")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"has [REDACTED:known:")


def test_several_files_of_values(tmp_path: Path) -> None:
    """Each counts, also a pipe that can be read only once."""
    (tmp_path / "v.json").write_text(json.dumps({"A": drawn(24)}))
    line = f"{drawn(24)} {drawn(24, 2)}"
    words = f"'{sys.executable}' -m supervisor redact --env-file v.json --env-file <(echo B={drawn(24, 2)})"
    done = subprocess.run(
        ["bash", "-c", words], cwd=tmp_path, env=environment(), input=line.encode(), capture_output=True, check=True
    )
    assert done.stdout.count(b"[REDACTED:known:") == 2


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("v.json", b"{%s"),
        ("v.json", b'["%s"]'),
        ("v.json", b"A=%s\n"),
        ("v.json", b"[" * 100_000),
        (".env", b"%s\n"),
        (".env", b"A=\xff%s\n"),
        (".env", b"A=%s" + b"x" * MEGABYTE),
        (".", b""),
    ],
)
def test_a_bad_file_of_values_is_one_line_that_tells_nothing_of_it(tmp_path: Path, name: str, raw: bytes) -> None:
    """Exit 2, its name and what is wrong; nothing is copied, for it would not be masked."""
    if name != ".":
        (tmp_path / name).write_bytes(raw.replace(b"%s", drawn(24).encode()))
    ended = redact(tmp_path, "--env-file", name, stdin=drawn(24))
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.count(b"\n") == 1
    assert name.encode() in ended.stderr
    assert drawn(24).encode() not in ended.stderr


# --- the report


def test_the_report_counts_by_kind_and_shows_no_value(tmp_path: Path) -> None:
    """How often, and how many different values, on stderr; what was marked before is not counted.

    Mutants seen red: the marks of the input counted as well; each place counted as a different value.
    """
    with_rules(tmp_path)
    before = redact(tmp_path, stdin=f"old {ACME}0\n").stdout.decode()
    text = f"{before}{ACME}1\n{ACME}1 {ACME}2\npassword={drawn(20)}\n"
    ended = redact(tmp_path, "--report", stdin=text)
    assert ended.returncode == 0
    assert ended.stdout.count(b"REDACTED:acme") == 4
    assert ended.stderr.decode().splitlines() == [
        "KIND      MASKED  DIFFERENT",
        "acme      3       2",
        "password  1       1",
    ]
    assert redact(tmp_path, "--report", stdin=ended.stdout).stderr == b"nothing was masked\n"


def test_the_report_as_json_and_without_the_text(tmp_path: Path) -> None:
    """One object, the last line of stderr; with `-q` stdout stays empty, without `--report` it does not."""
    text = f"password={drawn(20)}\n" * 3
    ended = redact(tmp_path, "--report", "--json", "-q", stdin=text)
    assert (ended.returncode, ended.stdout) == (0, b"")
    kind = {"kind": "password", "masked_count": 3, "different_count": 1, "is_more": False}
    assert json.loads(ended.stderr.splitlines()[-1]) == {"masked": [kind]}
    assert redact(tmp_path, "-q", stdin="a\n").stdout == b"a\n"


# --- a stream


def test_what_is_ready_is_written_at_once(tmp_path: Path) -> None:
    """A line comes out before the next one goes in. Mutant seen red: stdout not flushed."""
    with running(tmp_path, "--report") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"first\n", b"second\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 20)[0]
            assert process.stdout.readline() == line
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_closed_output_ends_it_quietly(tmp_path: Path) -> None:
    """Who reads only the head of a long text has it, and nobody complains; nor is anything reported."""
    for words in ("", "--report"):
        shell = f"yes | '{sys.executable}' -m supervisor redact {words} | head -1; echo ${{PIPESTATUS[1]}}"
        done = subprocess.run(
            ["bash", "-c", shell], cwd=tmp_path, env=environment(), capture_output=True, timeout=60, check=True
        )
        assert (done.stdout, done.stderr) == (b"y\n0\n", b"")


def test_ctrl_c_lets_nothing_be_lost(tmp_path: Path) -> None:
    """What was held back is written, redacted, the report is made, and the exit code is 130.

    Mutant seen red: the stream not closed.
    """
    with running(tmp_path, "--report") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"first\npassword=" + drawn(20).encode())
        process.stdin.flush()
        assert process.stdout.readline() == b"first\n"
        eventually(lambda: _sleeps(process.pid))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert out.startswith(b"password=[REDACTED:password:")
        assert err.splitlines()[1:] == [b"password  1       1"]


def _sleeps(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_any_bytes_go_through(tmp_path: Path) -> None:
    """What is no UTF-8 is replaced, also where a piece ends within a character, and no noise stops it."""
    noise = random.Random(7).randbytes(300_000)
    ended = redact(tmp_path, stdin=noise + b"\nnext\n")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.endswith(b"\nnext\n")
    ended.stdout.decode()
    assert redact(tmp_path, stdin=b"a\xff\xc3b\n").stdout.decode() == "a\ufffd\ufffdb\n"
    umlauts = "ä".encode() * 100_001
    assert redact(tmp_path, stdin=b"x" + umlauts, env={"LANG": "C", "PYTHONCOERCECLOCALE": "0"}).returncode == 0
    short = "größe\n".encode()
    assert redact(tmp_path, stdin=short, env={"PYTHONIOENCODING": "ascii"}).stdout == short


def test_a_closed_stdin_is_one_line(tmp_path: Path) -> None:
    """Exit 2, and no other file is read that was given its number."""
    shell = f"'{sys.executable}' -m supervisor redact <&-"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env=environment(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"supervisor: can't read stdin: it is closed\n"


def test_a_full_disk_is_our_fault(tmp_path: Path) -> None:
    """What can't be written ends it with exit 1 and one line."""
    done = subprocess.run(
        ["bash", "-c", f"echo a | '{sys.executable}' -m supervisor redact > /dev/full"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("line", ["compiling crate {n} of many, nothing to see\n", "one line without any end {n} "])
def test_a_lot_of_text_needs_little_memory(tmp_path: Path, line: str) -> None:
    """50 MB pass in at most 120 MB: it is no matter how much comes, or whether
    lines end. Mutant seen red: the pieces collected."""
    count = 50 * MEGABYTE // len(line)
    source = f"import sys\nfor n in range({count}): sys.stdout.write({line!r}.replace('{{n}}', str(n)))"
    pipes = {"env": environment(), "cwd": tmp_path, "stdout": subprocess.PIPE}
    made = subprocess.Popen([sys.executable, "-c", source], **pipes)  # type: ignore[call-overload]
    with made, subprocess.Popen(argv("--report"), stdin=made.stdout, **pipes) as process:  # type: ignore[call-overload]
        size = peak = 0
        while piece := os.read(process.stdout.fileno(), 1 << 20):
            size += len(piece)
            peak = max(peak, _peak(process.pid))
        assert process.wait() == 0
    assert size > 40 * MEGABYTE
    assert peak < 120 * MEGABYTE


def _peak(pid: int) -> int:
    """Bytes of its largest resident set so far; what `wait` tells has its parent's before the `exec` in it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return 0 if found is None else int(found[1]) * 1024

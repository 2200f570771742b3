"""How fast the redactor is, and what it costs: `uv run python -m tests.bench.redact`. Judges and tunes nothing.

The text is what terminals show, made under a seed, one line of 1,000 with a secret; a harder one is made of clean lines
of which half the words are about secrets. Beside it, in the same run and on the same text, stands detect-secrets, by
`uv run --with`, where it can be had. The best of three counts, in processor time: others may be at work.
"""

from __future__ import annotations

import json
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from board.journal.redact import Redactor
from board.journal.sieve import Sieve
from tests.bench.printed import text_of
from tests.programs import environment
from tests.redaction import full
from tests.redaction.clean import alterations, made

SIZE = 4_000_000  # characters of text
THEIR_SIZE = 200_000  # of which detect-secrets gets so many
HOSTILE_SIZE = 100_000
PIECE = 64 * 1024
TIMES = 3
LONGEST = 20.0  # seconds that detect-secrets gets for a line
_ALNUM = string.ascii_letters + string.digits
UNITS = {
    "one letter": "a",
    "digits": "7",
    "blanks": " ",
    "tabs": "\t",
    "base64": "QUJD+/x9",
    "hex": "deadbeef",
    "dashes": "-",
    "equal signs": "=",
    "colons": "a:",
    "slashes": "/a",
    "dots": "a.b.",
    "at signs": "a@",
    "quotes": '"',
    "backslashes": "\\",
    "written line ends": "\\n",
    "percent signs": "%41",
    "brackets": "[{(",
    "begun URLs": "https://a:b",
    "begun tokens": "gh" + "p_",
    "begun JWTs": "eyJ" + "hbGciOi.",
    "names of secrets": "password=",
    "names in JSON": '"token":"',
    "names without a value": "api_key ",
    "flags": "--password ",
    "headers": "Authorization: Bearer ",
    "begun blocks": "-----BEGIN PRIVATE KEY-----",
    "escape sequences": "\x1b[31m",
    "begun escape sequences": "\x1b[",
    "hidden links": "\x1b]8;;",
    "returns": "a\r",
    "marks": "[REDACTED:token:01234567]",
    "begun marks": "[REDACTED:",
    "no ASCII": "\u00e9\u4e2d",
}
THEIRS = """\
import json, signal, sys, time
from detect_secrets.core import scan
from detect_secrets.settings import default_settings
def late(*_): raise TimeoutError
signal.signal(signal.SIGALRM, late)
told = {}
with default_settings():
    for path in sys.argv[2:]:
        began = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]) if path.endswith('.hostile') else 0)
        try:
            lines = {found.line_number for found in scan.scan_file(path)}
            told[path] = (time.process_time() - began, len(lines))
        except TimeoutError:
            told[path] = (float(sys.argv[1]), -1)
        signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps(told))
"""


class Theirs(NamedTuple):
    seconds: float
    lines: int  # in which something was found


def known_values(count: int) -> dict[str, str]:
    dice = Random("bench known")
    return {f"SECRET_{n}": "".join(dice.choices(_ALNUM + "/+&'", k=dice.randrange(12, 40))) for n in range(count)}


def redactor(known: int, *, fast: bool) -> Redactor:
    made = Redactor(home="/home/dev", user="dev", host="build-7", key=b"k" * 32, known=known_values(known))
    made._sieve = Sieve([needle for needle, _ in made.needles()], made.marks, None, fast=fast)
    return made


def best(work: Callable[[], object]) -> float:
    took = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def through(one: Redactor, text: str) -> None:
    stream = one.stream()
    for at in range(0, len(text), PIECE):
        stream.feed(text[at : at + PIECE])
    stream.close()


def hostile() -> dict[str, str]:
    return {name: (unit * HOSTILE_SIZE)[:HOSTILE_SIZE] + "\n" for name, unit in UNITS.items()}


def theirs(folder: Path, texts: dict[str, str]) -> dict[str, Theirs] | None:
    """What detect-secrets took and found, by text; None where it can't be had."""
    paths = {name: folder / f"{number}{'' if name in _OURS else '.hostile'}" for number, name in enumerate(texts)}
    for name, path in paths.items():
        path.write_text(texts[name], encoding="utf-8")
    uv = [sys.executable, "-m", "uv"] if shutil.which("uv") is None else ["uv"]
    run = [*uv, "run", "-q", "--no-project", "--python", sys.executable, "--with", "detect-secrets", "python"]
    done = subprocess.run(
        [*run, "-c", THEIRS, str(LONGEST), *map(str, paths.values())],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return None
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {name: Theirs(*told[str(path)]) for name, path in paths.items()}


_OURS = ("text", "clean")


def start_up(folder: Path) -> tuple[float, float]:
    """Seconds of importing the journal's modules for a claim, by themselves, and of all imports; the best of eight."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks: [{id: a}]\n")
    took = []
    for turn in range(8):
        argv = [sys.executable, "-X", "importtime", "-m", "board", "claim" if not turn else "renew", "a", "--as", "x"]
        env = {key: value for key, value in environment().items() if key != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=True)
        rows = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if "|" in line]
        costs = [(name.strip(), int(own)) for own, _, name in rows if own.strip().isdigit()]
        took.append((sum(own for name, own in costs if name.startswith("board.journal")), sum(own for _, own in costs)))
    ours, everything = min(took)
    return ours / 1e6, everything / 1e6


def main() -> None:
    text = text_of(SIZE)
    clean = "\n".join(line for document in made("bench") for line in document.lines)
    with tempfile.TemporaryDirectory(prefix="cb") as name:
        folder = Path(name)
        start = start_up(folder)
        other = theirs(folder, {"text": text[:THEIR_SIZE], "clean": clean, **hostile()})
    slow = None if other is None else THEIR_SIZE / other["text"].seconds / 1e6
    print(f"{'terminal output':<44}{'MB/s':>8}{'beside detect-secrets':>24}")
    for known in (0, 50):
        for fast in (False, True):
            how = f"{'with [fast]' if fast else 'pure Python'}, {known or 'no'} known values"
            _speed(how, redactor(known, fast=fast), text, slow)
    _speed("pure Python, lines about secrets", redactor(0, fast=False), clean[:SIZE], slow)
    print(f"{'detect-secrets':<44}{'not installed here' if slow is None else f'{slow:>8.2f}'}")
    _hostile(other)
    _clean(clean, other)
    print(f"\nimports of the redactor and the journal for a claim: {start[0] * 1e3:.1f} of {start[1] * 1e3:.1f} ms")


def _speed(how: str, one: Redactor, text: str, slow: float | None) -> None:
    speed = len(text) / best(lambda: through(one, text)) / 1e6
    print(f"{how:<44}{speed:>8.1f}{'' if slow is None else f'{speed / slow:>22.0f} x'}")


def _hostile(other: dict[str, Theirs] | None) -> None:
    one = redactor(0, fast=False)
    took = {name: best(lambda line=line: through(one, line)) for name, line in hostile().items()}  # type: ignore[misc]
    print(f"\nthe worst of {len(took)} hostile lines of {HOSTILE_SIZE // 1000} kB")
    for name, seconds in sorted(took.items(), key=lambda pair: -pair[1])[:3]:
        print(f"{f'crewboard: {name}':<44}{seconds * 1e3:>8.0f} ms")
    _full()
    if other is not None:
        theirs = {name: told for name, told in other.items() if name in UNITS}
        for name, told in sorted(theirs.items(), key=lambda pair: -pair[1].seconds)[:3]:
            more = " and not done" if told.lines < 0 else ""
            print(f"{f'detect-secrets: {name}':<44}{told.seconds * 1e3:>8.0f} ms{more}")


def _full() -> None:
    """Beside a line of marks, which has nothing to mask: others may be at work, and the ratio says more."""
    marks = hostile()["marks"]
    lines = {way: full.line(way, HOSTILE_SIZE).text for way in full.WAYS}
    lines |= {"of all ways": full.mixed(HOSTILE_SIZE).text, "a record": full.record(HOSTILE_SIZE).text}
    print(f"the worst of {len(lines)} lines of {HOSTILE_SIZE // 1000} kB that are full of secrets")
    for known in (0, 50):
        one = redactor(known, fast=False)
        least = best(lambda: through(one, marks))  # noqa: B023 - called here
        took = {way: best(lambda line=line: through(one, line + "\n")) for way, line in lines.items()}  # type: ignore[misc]  # noqa: B023
        for way, seconds in sorted(took.items(), key=lambda pair: -pair[1])[:3]:
            what = f"crewboard: {way}, {known or 'no'} known values"
            print(f"{what:<56}{seconds * 1e3:>8.0f} ms, {seconds / least:.1f} of a line of marks")


def _clean(clean: str, other: dict[str, Theirs] | None) -> None:
    lines = clean.count("\n") + 1
    one = redactor(50, fast=True)
    altered = sum(1 for document in made("bench") for _ in alterations(one, document))
    print(f"\nof {lines:,} clean lines altered: {altered}, {altered / lines * 10_000:.1f} of 10,000")
    if other is not None:
        theirs = other["clean"].lines
        print(f"{'':<12}by detect-secrets: {theirs}, {theirs / lines * 10_000:.0f} of 10,000")


if __name__ == "__main__":
    main()

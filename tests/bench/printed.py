"""What a worker's terminal shows in a day, made under a seed: for benches of the redactor. Times nothing.

Words and code are those of the standard library, so that a word such as `key` is as frequent as programmers have it.
"""

from __future__ import annotations

import json
import re
import string
import sysconfig
from collections.abc import Callable
from pathlib import Path
from random import Random

_ALNUM = string.ascii_letters + string.digits
_MODULES = ("argparse", "ast", "csv", "dataclasses", "datetime", "difflib", "enum", "heapq", "inspect", "pathlib")
_STORIES = ("shutil", "statistics", "subprocess", "textwrap", "threading", "traceback", "typing", "uuid", "zipfile")


class Day:
    def __init__(self, seed: str) -> None:
        self._dice = Random(seed)
        library = Path(sysconfig.get_path("stdlib"))
        sources = [(library / f"{name}.py").read_text(encoding="utf-8") for name in (*_MODULES, *_STORIES)]
        self._code = [line for source in sources for line in source.splitlines()]
        self._words = re.findall(r"[A-Za-z][a-z]+", "\n".join(sources))

    def lines(self) -> list[str]:
        shapes: tuple[Callable[[], list[str]], ...] = (
            *(self._git_log, self._pytest, self._cargo, self._npm, self._ls, self._trace, self._json, self._diff),
            *(self._source, self._source, self._grep),
        )
        return self._dice.choice(shapes)()

    def with_secret(self, line: str) -> str:
        value = "".join(self._dice.choices(_ALNUM, k=36))
        how = (" gh" + "p_", " password=", ' {"token": "', " Authorization: Bearer ", " https://dev:")
        return line + self._dice.choice(how) + value

    # --- shapes

    def _say(self, count: int) -> str:
        return " ".join(self._dice.choices(self._words, k=count)).lower()

    def _hex(self, size: int) -> str:
        return self._dice.randbytes(size // 2).hex()

    def _path(self) -> str:
        return f"src/{'/'.join(self._say(1) for _ in range(3))}.py"

    def _number(self, top: int) -> int:
        return self._dice.randrange(top)

    def _git_log(self) -> list[str]:
        return [
            f"\x1b[33mcommit {self._hex(40)}\x1b[m\x1b[33m (\x1b[m\x1b[1;36mHEAD\x1b[m)\x1b[m",
            "Author: Ann Moss <ann@example.org>",
            "Date:   Fri Nov 20 10:13:00 2026 +0100",
            "",
            *(f"    {self._say(9)}" for _ in range(4)),
        ]

    def _pytest(self) -> list[str]:
        done = [
            f"{self._path()}::test_{self._say(1)} \x1b[32mPASSED\x1b[0m\x1b[32m [{n:3}%]\x1b[0m"
            for n in range(0, 100, 5)
        ]
        return [
            *done,
            f"E   AssertionError: assert {self._number(99)} == {self._number(99)}",
            f"{self._path()}:42: AssertionError",
        ]

    def _cargo(self) -> list[str]:
        names = [self._say(1) for _ in range(12)]
        rows = [f"\x1b[0m\x1b[1m\x1b[32m   Compiling\x1b[0m {name} v1.{self._number(99)}.0" for name in names]
        bars = "".join(f"    Building [{'=' * n:<24}>] {n}/25: {names[n % 12]}\r" for n in range(0, 25, 3))
        return [*rows, bars, f"\x1b[33mwarning\x1b[0m: unused variable: `{names[0]}`", "  --> src/main.rs:12:9", "   |"]

    def _npm(self) -> list[str]:
        names = [self._say(1) for _ in range(10)]
        rows = [f"npm http fetch GET 200 https://registry.example.org/{name} {self._number(900)}ms" for name in names]
        return [
            *rows,
            f"\x1b[K⠙ reify:{names[0]}: timing reifyNode:node_modules/{names[1]}\r⠹ reify\x1b[K",
            "added 12 packages",
        ]

    def _ls(self) -> list[str]:
        return [f"-rw-r--r-- 1 dev dev {self._number(99999):>6} Nov 20 10:13 {self._say(1)}.py" for _ in range(15)]

    def _trace(self) -> list[str]:
        frames = [
            line
            for _ in range(6)
            for line in (
                f'  File "{self._path()}", line {self._number(900)}, in {self._say(1)}',
                f"    return {self._say(1)}(x, 1)",
            )
        ]
        return ["Traceback (most recent call last):", *frames, f"ValueError: {self._say(6)}"]

    def _json(self) -> list[str]:
        return [
            json.dumps(
                {"ts": "2026-11-20T10:13:00.120Z", "level": "info", "msg": self._say(6), "id": self._hex(32), "ms": n}
            )
            for n in range(12)
        ]

    def _diff(self) -> list[str]:
        at = self._number(len(self._code) - 20)
        body = [
            f"\x1b[3{self._dice.choice('12')}m{self._dice.choice('+-')}{line}\x1b[m"
            for line in self._code[at : at + 12]
        ]
        return [
            f"\x1b[1mdiff --git a/{self._path()} b/{self._path()}\x1b[m",
            f"index {self._hex(8)}..{self._hex(8)} 100644",
            *body,
        ]

    def _source(self) -> list[str]:
        at = self._number(len(self._code) - 60)
        return self._code[at : at + 40]

    def _grep(self) -> list[str]:
        return [f"{self._path()}:{self._number(900)}:{self._dice.choice(self._code)}" for _ in range(10)]


def text_of(size: int, *, secrets: float = 1 / 1000) -> str:
    """`size` characters of it; so many lines have a secret."""
    day, dice = Day("bench"), Random("secrets")
    lines: list[str] = []
    length = 0
    while length < size:
        for line in day.lines():
            lines.append(day.with_secret(line) if dice.random() < secrets else line)
            length += len(lines[-1]) + 1
    return "\n".join(lines)[:size]

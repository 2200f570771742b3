"""Agent profiles: how one kind of worker is started and resumed, from the board, `.board/agents/` and our templates.

A profile is data; nothing here starts anything. A board's own entry wins over a file, a file over a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from board.errors import BoardError, InvalidBoard
from board.model import Board, Step, Task
from board.syntax import parse
from board.templates import template_names, template_text
from supervisor.agents.answers import Answers, read_answers

COMMAND_PROFILE = "run"  # what a `run` step uses: its own command line


@dataclass(frozen=True, slots=True)
class Profile:
    """`start` and `resume` are argv with `${placeholders}`; `settles` is `exit` when exit 0 ends a prompt step.

    `screens` names the agent by whose rules its state is read; None for what has none. `version` asks the program for
    its version, and `tested` are those that the profile was tried with. `hooks` is the agent whose way of calling our
    hook this is.
    """

    name: str
    start: tuple[str, ...]
    resume: tuple[str, ...]
    env: Mapping[str, str]
    settles: str = "said"
    limited: re.Pattern[str] | None = None
    screens: str | None = None
    version: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    hooks: str | None = None
    answers: Answers | None = None

    @property
    def program(self) -> str:
        return self.start[0]


class Profiles:
    def __init__(self, side: str) -> None:
        self._folder = Path(side) / "agents"
        self._read: dict[str, Mapping[str, Any]] = {}

    def forget(self) -> None:
        """Files are read once; from now on they are read again."""
        self._read.clear()

    def names(self) -> list[str]:
        own = [path.stem for path in sorted(self._folder.glob("*.yaml"))] if self._folder.is_dir() else []
        return sorted({*own, *(name.removesuffix(".yaml") for name in template_names("agents"))})

    def for_step(self, board: Board, task: Task, step: Step) -> Profile | None:
        """None for a step that no machine can start: a prompt on a task without an agent."""
        if step.run is not None:
            argv = ("sh", "-c", step.run)
            return Profile(COMMAND_PROFILE, argv, argv, {}, settles="exit")
        return None if task.agent is None else self.find(board, task.agent)

    def find(self, board: Board, name: str) -> Profile:
        """Raises InvalidBoard when nobody defines it or its definition says nothing usable."""
        merged: dict[str, Any] = {}
        seen: set[str] = set()
        wanted: str | None = name
        while wanted is not None and wanted not in seen:
            seen.add(wanted)
            layer = self._layer(board, wanted, is_first=wanted == name)
            merged = _over(layer, merged)
            wanted = layer.get("use")
            if wanted in seen and wanted is not None:
                merged = _over(self._template(wanted), merged)
                break
        return _profile(name, merged)

    def _layer(self, board: Board, name: str, *, is_first: bool) -> Mapping[str, Any]:
        if is_first and name in board.agents:
            return board.agents[name]
        return self._template(name)

    def _template(self, name: str) -> Mapping[str, Any]:
        if name not in self._read:
            self._read[name] = self._parsed(name)
        return self._read[name]

    def _parsed(self, name: str) -> Mapping[str, Any]:
        own = self._folder / f"{name}.yaml"
        try:
            text = own.read_text(encoding="utf-8") if own.is_file() else template_text(f"agents/{name}.yaml")
        except (OSError, BoardError):
            raise InvalidBoard(f'no agent profile "{name}"', f"known: {', '.join(self.names())}") from None
        tree = parse(text)
        data = tree.plain(tree.root)
        return data if isinstance(data, dict) else {}


def _over(layer: Mapping[str, Any], nearer: Mapping[str, Any]) -> dict[str, Any]:
    """Hooks are words on the command line: a start command of one's own may be one that doesn't take them."""
    kept = {key: value for key, value in layer.items() if key != "hooks" or "start" not in nearer}
    return {**kept, **nearer}


def _profile(name: str, data: Mapping[str, Any]) -> Profile:
    start = tuple(str(word) for word in data.get("start") or ())
    if not start:
        raise InvalidBoard(f'agent "{name}" has no start command', "give it `start: [program, …]` or `use: NAME`")
    resume = tuple(str(word) for word in data.get("resume") or start)
    limited = re.compile(str(data["limited"])) if data.get("limited") else None
    env = {str(key): str(value) for key, value in (data.get("env") or {}).items()}
    return Profile(
        name,
        start,
        resume,
        env,
        str(data.get("settles", "said")),
        limited,
        screens=str(data["screens"]) if data.get("screens") else None,
        version=tuple(map(str, data.get("version") or ())),
        hooks=_hooks(data),
        tested=tuple(map(str, data.get("tested") or ())),
        answers=read_answers(data.get("answers")),
    )


def _hooks(data: Mapping[str, Any]) -> str | None:
    """`none` switches off what a template says."""
    wanted = data.get("hooks")
    return None if wanted in (None, "none") else str(wanted)

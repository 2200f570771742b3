"""Agent profiles: how one kind of worker is started and resumed, from the board, `.board/agents/` and our templates.

A profile is data; nothing here starts anything. A board's own entry wins over a file, a file over a template, and
whoever uses its own name takes what the next one below says. NAME-headless is the board's own NAME in its headless
variant, unless somebody has said what NAME-headless is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from board.check import profile_problems
from board.errors import BoardError, InvalidBoard, Problem
from board.model import Board, Step, Task
from board.profile import HEADLESS, variants
from board.syntax import parse
from board.templates import template_names, template_text
from supervisor.profile import Layer, Profile, merged, read_profile

__all__ = ["COMMAND_PROFILE", "Profile", "Profiles"]

COMMAND_PROFILE: Final = "run"  # what a `run` step uses: its own command line
_MOST: Final = 256 * 1024  # characters of a profile's file
_SHIPPED: Final = "the templates"


class Profiles:
    def __init__(self, side: str) -> None:
        self._folder = Path(side) / "agents"
        self._read: dict[tuple[str, str], Layer | None] = {}

    def forget(self) -> None:
        """Files are read once; from now on they are read again."""
        self._read.clear()

    def names(self) -> list[str]:
        return sorted({*self.own(), *(name.removesuffix(".yaml") for name in template_names("agents"))})

    def own(self) -> list[str]:
        """Those that have a file of the board's own."""
        return [path.stem for path in sorted(self._folder.glob("*.yaml"))] if self._folder.is_dir() else []

    def for_step(self, board: Board, task: Task, step: Step) -> Profile | None:
        """None for a step that no machine can start: a prompt on a task without an agent."""
        if step.run is not None:
            argv = ("sh", "-c", step.run)
            return Profile(COMMAND_PROFILE, argv, argv, {}, settles="exit")
        return None if task.agent is None else self.find(board, task.agent)

    def find(self, board: Board, name: str) -> Profile:
        """Raises InvalidBoard when nobody defines it or its definition says nothing usable."""
        return read_profile(name, merged(self._layers(board, name)))

    def problems(self, name: str) -> tuple[Problem, ...]:
        """What is wrong with the board's own file of this profile, by place."""
        try:
            self._file(name)
        except InvalidBoard as error:
            return error.problems or (Problem(0, 0, error.message),)
        return ()

    def _layers(self, board: Board, name: str) -> list[Layer]:
        """The nearest first. Only the name that was asked for is looked up on the board."""
        layers: list[Layer] = []
        wanted: str | None = name
        if self._is_variant(board, name):
            wanted = name.removesuffix(HEADLESS)
            layers.append({"headless": True})
        rungs = {wanted: 0}
        while wanted is not None:
            layer, rung = self._layer(board, wanted, rungs.get(wanted, 1))
            layers.append(layer)
            rungs[wanted] = rung + 1
            used = layer.get("use")
            wanted = None if used is None else str(used)
        return layers

    def _is_variant(self, board: Board, name: str) -> bool:
        if not name.endswith(HEADLESS) or name in board.agents or self._file(name) is not None:
            return False
        return name in variants(board.agents, self.names())

    def _layer(self, board: Board, name: str, rung: int) -> tuple[Layer, int]:
        """What the board says (rung 0), a file (1) or a template (2): the first that says anything, and its rung."""
        if rung == 0 and name in board.agents:
            return board.agents[name], 0
        for below, read in ((1, self._file), (2, self._template)):
            layer = read(name) if below >= rung else None
            if layer is not None:
                return layer, below
        if rung > 1:
            raise InvalidBoard(f'the agent profile "{name}" uses itself', "let its `use` name another one")
        raise InvalidBoard(f'no agent profile "{name}"', f"known: {', '.join(self.names())}")

    def _file(self, name: str) -> Layer | None:
        key = (str(self._folder), name)
        if key not in self._read:
            self._read[key] = self._parsed_file(name)
        return self._read[key]

    def _parsed_file(self, name: str) -> Layer | None:
        own = self._folder / f"{name}.yaml"
        if "/" in name or not own.is_file():
            return None
        try:
            with open(own, encoding="utf-8") as file:
                text = file.read(_MOST + 1)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidBoard(f"can't read {own}: {error}", "make it a text that you can read") from None
        if len(text) > _MOST:
            raise InvalidBoard(f"{own} is too long", f"at most {_MOST} characters")
        return self._checked(text, str(own))

    def _checked(self, text: str, path: str) -> Layer:
        where = os.path.join(".board", "agents", os.path.basename(path))
        try:
            tree = parse(text)
            found = profile_problems(tree, self.names())
        except InvalidBoard as error:
            raise _broken(where, error.problems) from None
        if found:
            raise _broken(where, found)
        data = tree.plain(tree.root)
        assert isinstance(data, dict)
        return data

    def _template(self, name: str) -> Layer | None:
        key = (_SHIPPED, name)
        if key not in self._read:
            try:
                tree = parse(template_text(f"agents/{name}.yaml"))
            except BoardError:
                self._read[key] = None
            else:
                data = tree.plain(tree.root)
                self._read[key] = data if isinstance(data, dict) else None
        return self._read[key]


def _broken(where: str, problems: tuple[Problem, ...]) -> InvalidBoard:
    first = problems[0].at(where)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InvalidBoard(f"{first}{more}", "board schema lists the keys of a profile", problems)

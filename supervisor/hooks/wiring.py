"""How one start of an agent is told to call our hook: more words, variables and files, from `templates/hooks/`.

Nothing is written into a repository or a person's own settings, and nothing of theirs is put out of force. A template
is data: `json` and `toml` are written so, `file` puts what it says beside the board and stands for its path, `onto`
merges it with what a variable or a file already says, and `unless` names the word that a person gives instead.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from board.errors import InvalidBoard
from board.syntax import parse
from board.templates import template_names, template_text

_MOST = 1 << 20  # bytes of a file of settings that we merge with


class Place(NamedTuple):
    """The board's side folder, and the environment that the worker will have besides ours; its task and its tree."""

    side: str
    env: Mapping[str, str]
    task: str = ""
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Wiring:
    """`argv` stands right behind the program; `files` are texts by path."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def names() -> list[str]:
    """The agents that can be told."""
    return [name.removesuffix(".yaml") for name in template_names("hooks") if name.endswith(".yaml")]


def wire(agent: str, argv: Sequence[str], place: Place) -> Wiring:
    """`argv` is the start without hooks. Raises InvalidBoard for an agent that we have no hooks for."""
    if agent not in names():
        raise InvalidBoard(f'no hooks for an agent "{agent}"', f"`hooks:` one of {', '.join(names())}")
    given = _template(f"hooks/{agent}.yaml")
    if _has_own(given.get("unless"), argv):
        return Wiring()
    return _made(given, _Made(agent, place))


def may_be_trusted() -> list[str]:
    """The agents that can be told, for one start, to trust a folder."""
    return [name.removesuffix(".yaml") for name in template_names("trust")]


def trust(agent: str, place: Place) -> Wiring:
    """What tells an agent to trust the task's tree, and no other folder; nothing for one that can't be told."""
    if agent not in may_be_trusted():
        return Wiring()
    return _made(_template(f"trust/{agent}.yaml"), _Made(agent, place))


def _template(name: str) -> dict[str, Any]:
    data = parse(template_text(name))
    given = data.plain(data.root)
    assert isinstance(given, dict)
    return given


def _made(given: Mapping[str, Any], made: _Made) -> Wiring:
    files = {made.path(name): made.text(template_text(f"hooks/{own}")) for name, own in given.get("files", {}).items()}
    words = tuple(made.word(word) for word in given.get("argv", ()))
    env = {name: made.word(value) for name, value in given.get("env", {}).items()}
    return Wiring(words, env, {**files, **made.files})


def hook_words(agent: str) -> list[str]:
    """The command line of our own hook, by an absolute path."""
    program = os.path.join(os.path.dirname(sys.executable), "supervisor")
    ours = [program] if os.access(program, os.X_OK) else [sys.executable, "-P", "-m", "supervisor"]
    return [*ours, "hook", agent]


def _has_own(word: object, argv: Sequence[str]) -> bool:
    return isinstance(word, str) and any(each == word or each.startswith(f"{word}=") for each in argv)


class _Made:
    def __init__(self, agent: str, place: Place) -> None:
        self._agent = agent
        self._place = place
        self.files: dict[str, str] = {}

    def path(self, name: str) -> str:
        return os.path.join(os.path.abspath(self._place.side), "cache", "hooks", name)

    def text(self, text: str) -> str:
        return text.replace("${words}", json.dumps(hook_words(self._agent)))

    def word(self, said: Any) -> str:
        """One word of a command line, or a variable's value."""
        if not isinstance(said, dict):
            return str(self._filled(said))
        if "toml" in said:
            return "".join(f"{name}={_toml(self._filled(value))}" for name, value in said["toml"].items())
        value = self._filled(said["json"])
        for place in said.get("onto", ()):
            value = _onto(self._there(place), value)
        text = json.dumps(value)
        if "file" not in said:
            return text
        path = self.path(str(said["file"]).replace("${task}", self._place.task))
        self.files[path] = text
        return path

    def _filled(self, said: Any) -> Any:
        match said:
            case dict():
                return {self._filled(key): self._filled(value) for key, value in said.items()}
            case "${folder}":
                return self._place.tree
            case ["${words}"]:
                return hook_words(self._agent)
            case list():
                return [self._filled(value) for value in said]
            case "${hook}":
                return shlex.join(hook_words(self._agent))
            case "${hook} --decide":
                return shlex.join([*hook_words(self._agent), "--decide"])
            case "${url}":
                return Path(self.path(f"{self._agent}.js")).as_uri()
        return said

    def _there(self, place: str) -> Any:
        """What a variable (`$NAME`), the file that a variable names, or a file says; None where that is nothing."""
        env = {**os.environ, **self._place.env}
        try:
            if place.startswith("$"):
                return json.loads(env.get(place[1:], ""))
            path = os.path.join(env.get("HOME", ""), place[2:]) if place.startswith("~/") else place
            with open(env.get(place, "") if "/" not in place else path, encoding="utf-8") as file:
                return json.loads(file.read(_MOST))
        except (OSError, ValueError):
            return None


def _onto(there: Any, ours: Any) -> Any:
    """Ours behind theirs: mappings are merged, lists put together, and any other value stays theirs."""
    if isinstance(there, dict) and isinstance(ours, dict):
        return {**there, **{key: _onto(there.get(key), value) for key, value in ours.items()}}
    if isinstance(there, list) and isinstance(ours, list):
        return [*there, *ours]
    return ours if there is None else there


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    """As TOML writes it inline: its strings are JSON's, but for one sign."""
    match value:
        case bool() | int():
            return json.dumps(value)
        case dict():
            return "{" + ",".join(f"{_toml_key(key)}={_toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_toml, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")

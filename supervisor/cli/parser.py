"""From words to one of the supervisor's commands and its arguments. Nothing here runs a command."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from board.cli.failure import Misused
from board.cli.parser import Parser, fill, split
from board.cli.table import Command
from supervisor.cli.table import COMMANDS, HIDDEN

if TYPE_CHECKING:
    from board.cli.context import Context

__all__ = ["check_alone", "command_named", "handler", "parse", "split"]

Handler = Callable[["Context"], int | None]

_ALONE = ("-h", "--help", "--version", "--json", "-q", "--quiet")
_WITH_VALUE = ("--board", "--as")


def check_alone(words: list[str]) -> None:
    """Without a command only the common options make sense. Raises Misused."""
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word not in _ALONE and not word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            raise Misused("supervisor", f"unrecognized arguments: {word}")


def command_named(name: str) -> Command:
    command = COMMANDS.get(name)
    if command is None:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, 1)
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        raise Misused("supervisor", f'unknown command "{name}"{hint}')
    return command


def parse(command: Command, words: list[str]) -> argparse.Namespace:
    """Raises Misused, and SystemExit for `--help`."""
    args = build(command).parse_args(words)
    args.command = command.name
    return args


def build(command: Command) -> Parser:
    examples = "\n".join(f"  {line}" for line in command.example.splitlines())
    made = Parser(
        prog=f"supervisor {command.name}",
        description=command.summary,
        epilog=f"example:\n{examples}\n\nexit codes:\n  {command.exits}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    fill(made, command)
    for arg in HIDDEN.get(command.name, ()):
        made.add_argument(*arg.names, **{**arg.options, "help": argparse.SUPPRESS})
    return made


def handler(command: Command) -> Handler:
    from importlib import import_module

    module, _, function = command.handler.partition(":")
    found: Handler = getattr(import_module(f"supervisor.cli.{module}"), function)
    return found

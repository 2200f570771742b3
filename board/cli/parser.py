"""From words to a program's command and its arguments: one small argparse parser, made only for what was typed.

The options that every command has may stand before or after the command's name. Nothing here runs a command.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from board.cli.commands import Arg, Command
from board.cli.failure import Misused
from board.cli.table import COMMANDS
from board.errors import UsageError

if TYPE_CHECKING:
    from board.cli.context import Context

_WITH_VALUE: Final = ("--board", "--as")
_ALONE: Final = ("-h", "--help", "--version", "--json", "-q", "--quiet")

_IN_ANY_ENCODING: Final = ("board", "path", "env_file")  # names of files, which need not be UTF-8

Handler = Callable[["Context"], int | None]


class Program(NamedTuple):
    """`package` holds the handlers and `pages`; `hidden` are options by command that no page or shell shows."""

    name: str
    package: str
    commands: Mapping[str, Command]
    hidden: Mapping[str, tuple[Arg, ...]]


BOARD: Final = Program("board", "board.cli", COMMANDS, {})


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        head, choose, choices = message.partition("(choose from ")
        raise Misused(self.prog, head + choose + choices.replace("'", ""))  # newer Pythons don't quote them


class _Help(argparse.RawDescriptionHelpFormatter):
    """argparse makes one for every argument, and asks `shutil` for its width unless it is told one: 3 ms of imports."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=width() - 2)


def width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 20:
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def split(words: list[str]) -> tuple[list[str], str | None, list[str]]:
    """The options before the command, the command's name (None without one), and the words behind it."""
    at = 0
    while at < len(words):
        if words[at] in _WITH_VALUE:
            at += 2
        elif words[at].startswith("-") and words[at] != "-":
            at += 1
        else:
            return words[:at], words[at], words[at + 1 :]
    return words, None, []


def check_alone(program: Program, words: list[str]) -> None:
    """Without a command only the common options make sense. Raises Misused."""
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        if word in _WITH_VALUE:
            if at >= len(words):
                raise Misused(program.name, f"argument {word}: expected one argument")
            at += 1
        elif word not in _ALONE and not word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            raise Misused(program.name, f"unrecognized arguments: {word}")


def command_named(program: Program, name: str) -> Command:
    command = program.commands.get(name)
    if command is None:
        from difflib import get_close_matches

        near = get_close_matches(name, program.commands, 1)
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        raise Misused(program.name, f'unknown command "{name}"{hint}')
    return command


def parse(program: Program, command: Command, words: list[str]) -> argparse.Namespace:
    """Raises Misused, and SystemExit for `--help`."""
    args = build(program, command).parse_args(words)
    args.command = command.name
    for name, value in vars(args).items():
        if name not in _IN_ANY_ENCODING and isinstance(value, str) and not _is_utf8(value):
            raise UsageError(f"what was given as {name} is not UTF-8")
        if isinstance(value, str) and "\0" in value:
            raise UsageError(f"what was given as {name} holds a NUL")
    return args


def build(program: Program, command: Command) -> Parser:
    made = Parser(
        prog=f"{program.name} {command.name}",
        description=f"{command.summary}\n\n{command.more}" if command.more else command.summary,
        epilog=_epilog(command),
        formatter_class=_Help,
        allow_abbrev=False,
        add_help=False,
    )
    fill(program, made, command)
    return made


def fill(program: Program, made: argparse.ArgumentParser, command: Command) -> None:
    for arg in command.args:
        made.add_argument(*arg.names, **arg.options)
    for arg in program.hidden.get(command.name, ()):
        made.add_argument(*arg.names, **{**arg.options, "help": argparse.SUPPRESS})
    common = made.add_argument_group("every command")
    common.add_argument("--json", action="store_true", help="print JSON, errors too")
    common.add_argument(
        "--board", metavar="PATH", help="the board file (else $BOARD_FILE, else the nearest tasks.yaml)"
    )
    common.add_argument("--as", dest="as_name", metavar="NAME", help="who you are (else $BOARD_WORKER, else user@host)")
    common.add_argument("-q", "--quiet", action="store_true", help="only ids, or nothing")
    common.add_argument("-h", "--help", action="help", help="show this page")


def handler(program: Program, command: Command) -> Handler:
    from importlib import import_module

    module, _, function = command.handler.partition(":")
    found: Handler = getattr(import_module(f"{program.package}.{module}"), function)
    return found


def _epilog(command: Command) -> str:
    examples = "\n".join(f"  {line}" for line in command.example.splitlines())
    return f"example:\n{examples}\n\nexit codes:\n  {command.exits}"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

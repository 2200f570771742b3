"""Shell completion: what argcomplete asks us on each TAB, and the line that turns it on. Imported for that alone."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any, Final

from board.cli.context import Context
from board.cli.parser import Parser, fill
from board.errors import BoardError
from supervisor.cli.table import COMMANDS

_HOOKS: Final = {
    "bash": 'eval "$(register-python-argcomplete supervisor)"',
    "zsh": 'autoload -U bashcompinit && bashcompinit && eval "$(register-python-argcomplete supervisor)"',
    "fish": "register-python-argcomplete --shell fish supervisor | source",
}


def completion(ctx: Context) -> None:
    hook = _HOOKS[ctx.args.shell]
    if ctx.args.json:
        ctx.emit({"shell": ctx.args.shell, "hook": hook})
    else:
        ctx.say(hook)


def answer() -> None:
    """Answers the shell and ends the process, as argcomplete wants it."""
    import argcomplete

    argcomplete.autocomplete(tree())


def tree() -> Parser:
    """Every command as one parser with subparsers: what only completion needs."""
    top = Parser(prog="supervisor", allow_abbrev=False, add_help=True)
    top.add_argument("--version", action="store_true")
    top.add_argument("--board", metavar="PATH")
    top.add_argument("--as", dest="as_name", metavar="NAME")
    top.add_argument("--json", action="store_true")
    top.add_argument("-q", "--quiet", action="store_true")
    commands = top.add_subparsers(dest="command")
    for command in COMMANDS.values():
        made = commands.add_parser(command.name, help=command.summary, add_help=False)
        fill(made, command)
        for action in made._actions:  # noqa: SLF001 - argparse has no public way to them
            if action.dest == "id":
                action.completer = _ids  # type: ignore[attr-defined]
    return top


def _ids(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    """The ids on the board that the words so far name; none where it can't be used."""
    try:
        board = Context(parsed_args, os.environ, os.getcwd).read().board
    except (BoardError, OSError):
        return []
    return [task.id for task in board.tasks if task.id.startswith(prefix)]

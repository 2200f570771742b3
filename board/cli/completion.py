"""Shell completion: what argcomplete asks us on each TAB, and the line that turns it on. Imported for that alone."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any, Final

from board.cli.context import Context
from board.cli.parser import BOARD, Parser, Program, fill
from board.errors import BoardError
from board.model import Status

_HOOKS: Final = {
    "bash": 'eval "$(register-python-argcomplete {})"',
    "zsh": 'autoload -U bashcompinit && bashcompinit && eval "$(register-python-argcomplete {})"',
    "fish": "register-python-argcomplete --shell fish {} | source",
}


def completion(ctx: Context) -> None:
    tell_hook(ctx, BOARD)


def tell_hook(ctx: Context, program: Program) -> None:
    hook = _HOOKS[ctx.args.shell].format(program.name)
    if ctx.args.json:
        ctx.emit({"shell": ctx.args.shell, "hook": hook})
    else:
        ctx.say(hook)


def answer(program: Program) -> None:
    """Answers the shell and ends the process, as argcomplete wants it."""
    import argcomplete

    argcomplete.autocomplete(tree(program))


def tree(program: Program) -> Parser:
    """Every command as one parser with subparsers: what only completion needs."""
    top = Parser(prog=program.name, allow_abbrev=False, add_help=True)
    top.add_argument("--version", action="store_true")
    top.add_argument("--board", metavar="PATH")
    top.add_argument("--as", dest="as_name", metavar="NAME")
    top.add_argument("--json", action="store_true")
    top.add_argument("-q", "--quiet", action="store_true")
    commands = top.add_subparsers(dest="command")
    for command in program.commands.values():
        made = commands.add_parser(command.name, help=command.summary, add_help=False)
        fill(program, made, command)
        for action in made._actions:  # noqa: SLF001 - argparse has no public way to them
            if action.dest == "id" and command.name in _ABOUT_ITEMS:
                action.completer = _items  # type: ignore[attr-defined]
            elif action.dest in _COMPLETERS:
                action.completer = _COMPLETERS[action.dest]  # type: ignore[attr-defined]
    return top


def _ids(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    """The ids on the board that the words so far name; none where it can't be used."""
    try:
        board = Context(parsed_args, os.environ, os.getcwd).read().board
    except (BoardError, OSError):
        return []
    return [name for name in board.tasks.ids if name.startswith(prefix)]


def _several_ids(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    head, comma, last = prefix.rpartition(",")
    return [f"{head}{comma}{name}" for name in _ids(last, parsed_args)]


def _statuses(prefix: str, **_: Any) -> list[str]:
    head, comma, last = prefix.rpartition(",")
    return [f"{head}{comma}{word}" for word in Status if word.startswith(last)]


def _events(prefix: str, **_: Any) -> list[str]:
    from board.journal.kinds import EVENTS

    head, comma, last = prefix.rpartition(",")
    return [f"{head}{comma}{name}" for name in EVENTS if name.startswith(last)]


def _branches(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    from board.git_refs import branches

    try:
        found = branches(Context(parsed_args, os.environ, os.getcwd).folder)
    except (BoardError, OSError):
        return []
    return [name for name in found if name.startswith(prefix)]


def _items(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    """The items that there are, and the tasks."""
    from board.cli.inbox import look

    try:
        keys = [item.key for item in look(Context(parsed_args, os.environ, os.getcwd), is_all=True).items]
    except (BoardError, OSError):
        keys = []
    return [key for key in keys if key.startswith(prefix)] + _ids(prefix, parsed_args)


def _answers(prefix: str, parsed_args: Namespace, **_: Any) -> list[str]:
    """The task first, then what may be said."""
    given = getattr(parsed_args, "words", None) or []
    found = [name for name in ("allow", "deny") if name.startswith(prefix)]
    return found if given else _ids(prefix, parsed_args) + found


_ABOUT_ITEMS: Final = ("inbox", "snooze")
_COMPLETERS: Final = {
    "into": _branches,
    "words": _answers,
    "id": _ids,
    "after": _several_ids,
    "status": _statuses,
    "event": _events,
    "task": _ids,
}

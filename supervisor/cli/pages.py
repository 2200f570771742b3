"""The page that isn't about one command: the overview that `supervisor --help` shows."""

from __future__ import annotations

from supervisor.cli.table import COMMANDS, GROUPS

_HEAD = """\
usage: supervisor COMMAND [options]

Keeps a board's workers in tmux: starts what is ready, sees every death, restarts only what the record allows.
"""
_TAIL = """
every command:
  --json            print JSON, errors too
  --board PATH      the board file (else $BOARD_FILE, else the nearest tasks.yaml)
  --as NAME         who you are (else $BOARD_WORKER, else user@host)
  -q, --quiet       say less
  -h, --help        the command's own page
  --version         the version, without a command

exit codes:
  0 done; 1 our fault; 2 usage; 3 the board file is missing, broken or invalid; 4 no such task; 5 refused;
  75 busy, try again

example:
  supervisor doctor && supervisor start && supervisor status --watch
"""


def overview() -> str:
    parts = [_HEAD]
    for group in GROUPS:
        lines = [f"  {command.name:<12}{command.summary}\n" for command in COMMANDS.values() if command.group == group]
        parts += [f"\n{group}:\n", *lines]
    return "".join([*parts, _TAIL])

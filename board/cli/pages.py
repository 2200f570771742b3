"""The pages that aren't about one command: the overview that `board --help` shows."""

from __future__ import annotations

from board.cli.table import COMMANDS, GROUPS

_HEAD = """\
usage: board COMMAND [options]

A task board that people and coding agents share: one YAML file, edited by hand and by these commands.
"""
_TAIL = """
every command:
  --json            print JSON, errors too
  --board PATH      the board file (else $BOARD_FILE, else the nearest tasks.yaml)
  --as NAME         who you are (else $BOARD_WORKER, else user@host)
  -q, --quiet       only ids, or nothing
  -h, --help        the command's own page
  --version         the version, without a command

exit codes:
  0 done; 1 our fault; 2 usage; 3 the board file is missing, broken or invalid; 4 no such task, or nothing is
  ready; 5 refused; 75 busy, try again

example:
  board init && board add "Cover the refund path with tests" && board claim --next --as alice
"""


def overview() -> str:
    parts = [_HEAD]
    for group in GROUPS:
        lines = [f"  {command.name:<12}{command.summary}\n" for command in COMMANDS.values() if command.group == group]
        parts += [f"\n{group}:\n", *lines]
    return "".join([*parts, _TAIL])

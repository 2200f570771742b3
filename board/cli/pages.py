"""The page that isn't about one command: the overview that a program's `--help` shows."""

from __future__ import annotations

from typing import Final, NamedTuple

from board.cli.parser import BOARD, Program


class Words(NamedTuple):
    """What an overview says beside its commands; `quiet` is what `-q` does."""

    about: str
    quiet: str
    exits: str
    example: str


_WORDS: Final = Words(
    about="A task board that people and coding agents share: one YAML file, edited by hand and by these commands.",
    quiet="only ids, or nothing",
    exits="""\
  0 done; 1 our fault; 2 usage; 3 the board file is missing, broken or invalid; 4 no such task, or nothing is
  ready; 5 refused; 75 busy, try again
""",
    example='board init && board add "Cover the refund path with tests" && board claim --next --as alice',
)
_PAGE: Final = """\
usage: {name} COMMAND [options]

{words.about}
{groups}
every command:
  --json            print JSON, errors too
  --board PATH      the board file (else $BOARD_FILE, else the nearest tasks.yaml)
  --as NAME         who you are (else $BOARD_WORKER, else user@host)
  -q, --quiet       {words.quiet}
  -h, --help        the command's own page
  --version         the version, without a command

exit codes:
{words.exits}
example:
  {words.example}
"""


def overview() -> str:
    return page(BOARD, _WORDS)


def page(program: Program, words: Words) -> str:
    """The commands stand in groups, in the order of the program's table."""
    groups: dict[str, str] = {}
    for command in program.commands.values():
        head = groups.get(command.group, f"\n{command.group}:\n")
        groups[command.group] = f"{head}  {command.name:<14}{command.summary}\n"
    return _PAGE.format(name=program.name, words=words, groups="".join(groups.values()))

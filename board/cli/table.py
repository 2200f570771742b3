"""Every command in one table: its words, its options, its page. It parses and runs nothing.

A new command is a row in one of the modules beside this one, and a function that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from board.cli.commands import Command
from board.cli.table_changing import DECIDING, PLANNING, WORKING
from board.cli.table_looking import LOOKING
from board.cli.table_trees import TREES

COMMANDS: Final[Mapping[str, Command]] = {
    command.name: command for command in (*PLANNING, *WORKING, *DECIDING, *TREES, *LOOKING)
}

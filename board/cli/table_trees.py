"""The command about the tasks' trees. A row of the table only."""

from __future__ import annotations

from typing import Final

from board.cli.commands import BAD, DECIDE, Arg, Command, flag, option

ACTIONS: Final = ("list", "open", "park", "unpark", "remove", "prune")
_MORE: Final = """\
list    the trees, what is not committed, pushed or merged in each, what is parked
open    print where the task's tree is; --shell and --editor start one there
park    keep uncommitted work in the repository; the tree stays as it is
unpark  bring it back into the tree, what was staged staged again
remove  the tree, when nothing in it would be lost and nobody is in it
prune   remove the trees of ended tasks that are safe and old enough"""

TREES: Final = (
    Command(
        "worktree",
        DECIDE,
        "Look after the tasks' trees: list, open, park, unpark, remove, prune.",
        "worktrees:worktree",
        (
            Arg(("action",), {"metavar": "ACTION", "nargs": "?", "choices": ACTIONS, "help": ", ".join(ACTIONS)}),
            Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "the task (else $BOARD_TASK); list: only this one"}),
            flag("--size", "list: count sizes to the end, however long it takes"),
            flag("--create", "open: make the tree where there is none"),
            flag("--shell", "open: start $SHELL there"),
            flag("--editor", "open: start $VISUAL or $EDITOR there"),
            flag("--ignored", "park: also copied files such as .env that differ from the main tree's"),
            flag("--force", "remove: park first what would be lost"),
            flag("--branch", "remove, prune: also the branch, where it is merged"),
            option("--older", "SPAN", "prune: only trees unchanged for so long (else 7d)"),
            flag("--dry-run", "prune: only say what would be removed"),
        ),
        'cd "$(board worktree open refund-tests)"\nboard worktree remove refund-tests --force',
        f"0 done, 2 usage, {BAD}, 4 no such tree, 5 something would be lost or is in the way, 75 busy",
        _MORE,
    ),
)

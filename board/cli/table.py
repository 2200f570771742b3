"""Every command in one table: its words, its options, its page. It parses and runs nothing.

A new command is a row here and a function in one of the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Arg(NamedTuple):
    """`names` and `options` are what argparse's `add_argument` takes."""

    names: tuple[str, ...]
    options: Mapping[str, Any]


class Command(NamedTuple):
    """`handler` is `module:function` in `board.cli`."""

    name: str
    group: str
    summary: str
    handler: str
    args: tuple[Arg, ...]
    example: str
    exits: str


GROUPS: Final = ("plan", "work", "decide", "look")
_PLAN, _WORK, _DECIDE, _LOOK = GROUPS


def _option(name: str, metavar: str, text: str, **more: Any) -> Arg:
    return Arg((name,), {"metavar": metavar, "help": text, **more})


def _flag(name: str, text: str, *short: str) -> Arg:
    return Arg((*short, name), {"action": "store_true", "help": text})


ID: Final = Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "the task (else $BOARD_TASK)"})
_WHY: Final = "why, for the record"
_BAD: Final = "3 the board can't be used"
_MOVE: Final = f"0 done, {_BAD}, 4 no such task, 5 refused, 75 busy"

_PLANNING: Final = (
    Command(
        "init",
        _PLAN,
        "Make a new board, with comments that explain it.",
        "planning:init",
        (Arg(("path",), {"metavar": "PATH", "nargs": "?", "help": "a file or a folder (else ./tasks.yaml)"}),),
        "board init",
        "0 made, 1 can't be written, 5 there is one already",
    ),
    Command(
        "add",
        _PLAN,
        "Put a task on the board.",
        "planning:add",
        (
            Arg(("title",), {"metavar": "TITLE", "help": "one line for people"}),
            _option("--id", "ID", "its name (else made from the title)"),
            _option("--agent", "NAME", "the profile that works on it"),
            _option("--prompt", "TEXT", "what an agent is asked to do; - reads it from stdin"),
            _option("--run", "COMMAND", "a command instead of an agent"),
            _option("--brief", "FILE", "a Markdown file with the whole story, relative to the board"),
            _option("--after", "ID,ID", "ready when these are done"),
            _option("--priority", "N", "0 is first, 9 is last", type=int),
            _flag("--resumable", "a machine may start it again after a death"),
            _option("--gate", "human", "wait for `board approve`, each attempt anew", choices=("human",)),
            _option("--done-if", "COMMAND", "where it exits 0 there is nothing to run"),
            _option("--done-when", "CHECK", "its own definition of done (again for more)", action="append"),
            _option("--label", "WORD", "a word to find it by (again for more)", action="append"),
        ),
        'board add "Cover the refund path with tests" --after refund-api --priority 2',
        f"0 added, 2 the board's rules forbid it, {_BAD}, 75 busy",
    ),
    Command(
        "edit",
        _PLAN,
        "Edit the board in $VISUAL or $EDITOR; nothing is locked meanwhile.",
        "edit:edit",
        (),
        "EDITOR=vim board edit",
        "0 saved or unchanged, 1 the editor failed, 3 problems: the copy is kept, 75 busy",
    ),
    Command(
        "check",
        _PLAN,
        "Say everything that is wrong with the board file.",
        "reading:check",
        (_flag("--watch", "again after each save, until you interrupt it"),),
        "board check",
        "0 nothing is wrong, 3 there are problems",
    ),
    Command(
        "schema",
        _PLAN,
        "Print the JSON schema of board files, for editors.",
        "planning:schema",
        (_flag("--write", "write it to .board/tasks.schema.json instead"),),
        "board schema --write",
        "0 done, 1 can't be written",
    ),
)

_WORKING: Final = (
    Command(
        "claim",
        _WORK,
        "Take a task: a lease with a token that no later holder shares.",
        "holder:claim",
        (ID, _flag("--next", "the first task that is ready")),
        "board claim --next --as alice",
        f"0 granted, {_BAD}, 4 nothing is ready or no such task, 5 held or not ready, 75 busy",
    ),
    Command(
        "renew", _WORK, "Make your lease longer.", "holder:renew", (ID,), "board renew refund-tests --as alice", _MOVE
    ),
    Command(
        "release",
        _WORK,
        "Give a task back.",
        "holder:release",
        (ID, _flag("--force", "take it from whoever holds it; their token is stale then")),
        "board release refund-tests --as alice",
        _MOVE,
    ),
    Command(
        "start",
        _WORK,
        "Say that you begin; the attempt goes on record.",
        "holder:start",
        (ID,),
        "board start refund-tests --as alice",
        _MOVE,
    ),
    Command(
        "checkpoint",
        _WORK,
        "Record a point from which the step can go on.",
        "holder:checkpoint",
        (ID, _option("--commit", "SHA", "else HEAD of the task's tree"), _option("--note", "TEXT", "where it stands")),
        'board checkpoint refund-tests --note "4 of 7 endpoints" --as alice',
        _MOVE,
    ),
    Command(
        "advance",
        _WORK,
        "Settle the current step and go to the next one.",
        "holder:advance",
        (ID, _option("--step", "STEP", "the step that you mean (else $BOARD_STEP); refused when it is over")),
        "board advance refund-tests --step write --as alice",
        _MOVE,
    ),
    Command(
        "block",
        _WORK,
        "Say what a task waits for; its claim ends.",
        "holder:block",
        (
            ID,
            _option("--on", "WHAT", "what it waits for", required=True),
            _option("--by", "NAME", "who says so (else you)"),
        ),
        'board block refund-tests --on "staging API key" --as alice',
        _MOVE,
    ),
    Command(
        "review",
        _WORK,
        "Hand a task over for a person to look at.",
        "holder:review",
        (ID, _option("--note", "TEXT", "what to look at")),
        'board review refund-tests --note "see the last commit" --as alice',
        _MOVE,
    ),
    Command(
        "done",
        _WORK,
        "Check the definition of done, and settle the task when it holds.",
        "ending:done",
        (
            ID,
            _flag("--force", "settle it although it doesn't hold; needs --why"),
            _option("--why", "TEXT", _WHY),
        ),
        "board done refund-tests --as alice",
        f"0 done, 2 usage, {_BAD}, 4 no such task, 5 refused or not done, 75 busy",
    ),
    Command(
        "fail",
        _WORK,
        "Give a task up.",
        "ending:fail",
        (ID, _option("--why", "TEXT", _WHY, required=True)),
        'board fail refund-tests --why "the API is gone" --as alice',
        _MOVE,
    ),
)

_DECIDING: Final = (
    Command(
        "approve",
        _DECIDE,
        "Allow one attempt of the current step.",
        "person:approve",
        (ID,),
        "board approve refund-tests",
        _MOVE,
    ),
    Command(
        "unblock",
        _DECIDE,
        "Say that what a task waited for is there.",
        "person:unblock",
        (ID,),
        "board unblock refund-tests",
        _MOVE,
    ),
    Command(
        "cancel",
        _DECIDE,
        "Say that a task isn't wanted.",
        "person:cancel",
        (ID, _option("--why", "TEXT", _WHY)),
        'board cancel refund-tests --why "superseded"',
        _MOVE,
    ),
    Command(
        "reopen",
        _DECIDE,
        "Put an ended task back to todo.",
        "person:reopen",
        (ID,),
        "board reopen refund-tests",
        _MOVE,
    ),
)

_LOOKING: Final = (
    Command(
        "list",
        _LOOK,
        "Show the tasks.",
        "reading:list_tasks",
        (
            _option("--status", "S,S", "only these statuses"),
            _flag("--ready", "only what may be claimed now"),
            _option("--label", "WORD", "only tasks with this label"),
        ),
        "board list --status todo,blocked",
        f"0 shown, 2 no such status, {_BAD}",
    ),
    Command(
        "show",
        _LOOK,
        "Show one task.",
        "reading:show",
        (ID,),
        "board show refund-tests --json",
        f"0 shown, {_BAD}, 4 no such task",
    ),
    Command(
        "next",
        _LOOK,
        "Show the task that `claim --next` would take.",
        "reading:next_task",
        (),
        "board next",
        f"0 shown, {_BAD}, 4 nothing is ready",
    ),
    Command(
        "why",
        _LOOK,
        "Say why a task stands where it stands, and what happens next.",
        "why:why",
        (ID,),
        "board why refund-tests",
        f"0 shown, {_BAD}, 4 no such task",
    ),
    Command(
        "log",
        _LOOK,
        "Show what happened, from the journal.",
        "log:log",
        (
            Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "only this task (else $BOARD_TASK, else all)"}),
            _flag("--follow", "go on with what happens from now on", "-f"),
            _option("--event", "NAME", "only this event"),
            _option("--since", "SPAN", "only the last 30m, 2h, 1d"),
            _option("--grep", "RE", "only lines that match a regular expression"),
        ),
        "board log refund-tests --since 1h",
        f"0 shown, 2 usage, {_BAD}",
    ),
    Command(
        "completion",
        _LOOK,
        "Print the line that turns on shell completion.",
        "completion:completion",
        (Arg(("shell",), {"metavar": "SHELL", "choices": ("bash", "zsh", "fish"), "help": "bash, zsh or fish"}),),
        'eval "$(board completion bash)"',
        "0 printed, 2 no such shell",
    ),
)

COMMANDS: Final[Mapping[str, Command]] = {
    command.name: command for command in (*_PLANNING, *_WORKING, *_DECIDING, *_LOOKING)
}

"""The commands that look. Rows of the table only."""

from __future__ import annotations

from typing import Final

from board.cli.commands import BAD, ID, JOURNAL, LOOK, WAIT, Arg, Command, flag, option

ACTIONS: Final = ("list", "show", "diff", "restore")

LOOKING: Final = (
    Command(
        "list",
        LOOK,
        "Show the tasks.",
        "reading:list_tasks",
        (
            option("--status", "S,S", "only these statuses"),
            flag("--ready", "only what may be claimed now"),
            option("--label", "WORD", "only tasks with this label"),
        ),
        "board list --status todo,blocked",
        f"0 shown, 2 no such status, {BAD}",
    ),
    Command(
        "show",
        LOOK,
        "Show one task.",
        "reading:show",
        (ID,),
        "board show refund-tests --json",
        f"0 shown, {BAD}, 4 no such task",
    ),
    Command(
        "status",
        LOOK,
        "Show where the work stands, in one screen: branches, trees, ports, workers.",
        "standing:status",
        (flag("--watch", "again and again, until you interrupt it"),),
        "board status\nboard status --watch",
        f"0 shown, {BAD}",
        more=(
            "Of each task that is held, blocked, at review, or has a tree: its branch (= is the one of its own\n"
            "name), the commits that its base lacks and those that it lacks (+3 -1), uncommitted changes, ports\n"
            "(* listens), the age of its checkpoint, and what the supervisor says of its worker. git is asked\n"
            "now; no supervisor is needed."
        ),
    ),
    Command(
        "drift",
        LOOK,
        "Show where the board and the tasks' trees don't agree.",
        "drifting:drift",
        (Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "only this task (else $BOARD_TASK, else all)"}),),
        "board drift\nboard drift refund-tests --json",
        f"0 there is none, 1 could not tell, {BAD}, 4 no such task, 5 there is some",
    ),
    Command(
        "diff",
        LOOK,
        "Show what a task's branch changes, with what isn't committed yet.",
        "comparing:diff",
        (ID, flag("--stat", "only which files, and how much"), flag("--tool", "in git's difftool")),
        "board diff refund-tests --stat",
        f"0 shown, {BAD}, 4 no such task, 5 it has no branch",
    ),
    Command(
        "next",
        LOOK,
        "Show the task that `claim --next` would take.",
        "reading:next_task",
        (),
        "board next",
        f"0 shown, {BAD}, 4 nothing is ready",
    ),
    Command(
        "why",
        LOOK,
        "Say why a task stands where it stands, and what happens next.",
        "why:why",
        (ID,),
        "board why refund-tests",
        f"0 shown, {BAD}, 4 no such task",
    ),
    Command(
        "result",
        LOOK,
        "Show what came of a task's last run: its last message, commits, files, checks.",
        "resulting:result",
        (ID, WAIT),
        "board result refund-tests\nboard result refund-tests --wait 10m",
        f"0 shown, {BAD}, 4 no such task or nothing came of it yet, 5 blocked or failed after --wait, 75 it runs",
        "The supervisor stores it when a run ends: done, at review, blocked or failed. A later run replaces it; -q\n"
        "prints the message alone. Texts are redacted before they are stored.",
    ),
    Command(
        "log",
        LOOK,
        "Show what happened, from the journal.",
        "log:log",
        (
            Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "only this task (else $BOARD_TASK, else all)"}),
            flag("--follow", "go on with what happens from now on", "-f"),
            *JOURNAL,
        ),
        "board log refund-tests --since 1h\nboard log -f -n 20 --level warn",
        f"0 shown, 2 usage, {BAD}",
    ),
    Command(
        "ports",
        LOOK,
        "Show the tasks' ports and who listens there; grant what is missing.",
        "ports:ports",
        (
            Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "only this task (else $BOARD_TASK, else all)"}),
            flag("--grant", "find a free port for each name that has none, and reserve it"),
            flag("--env", "print lines that a shell may eval: export PORT_WEB=..."),
        ),
        'board ports\neval "$(board ports refund-tests --grant --env)"',
        f"0 shown or granted, {BAD}, 4 no such task or no port yet, 5 refused, 75 busy",
    ),
    Command(
        "inbox",
        LOOK,
        "Show what needs a person: the most blocking first, then the newest.",
        "inbox:inbox",
        (
            Arg(("id",), {"metavar": "ITEM", "nargs": "?", "help": "only this one, or all of a task, in full"}),
            flag("--watch", "show it anew whenever it changes"),
            flag("--all", "also what was put off"),
        ),
        "board inbox\nboard inbox held:charge-cards",
        f"0 shown, also when nothing needs you, {BAD}, 4 no such task or item",
        "Items are derived from the board, the supervisor's status and the journal: each ends by itself when what\n"
        "it is about does. A board file that can't be used is an item, and the last good board gives the others.",
    ),
    Command(
        "snooze",
        LOOK,
        "Put an item off: it comes back by itself, and at once when what it is about changes.",
        "inbox:snooze",
        (
            Arg(("id",), {"metavar": "ITEM", "nargs": "?", "help": "an item's name, or a task: all of its items"}),
            Arg(("--for",), {"dest": "span", "metavar": "SPAN", "help": "for so long: 30m, 2h, 1d (else 1h)"}),
            option("--until", "WHEN", "until this instant, such as 2026-11-20T10:00:00Z"),
            flag("--off", "bring it back now"),
        ),
        "board snooze held:charge-cards --for 2h",
        f"0 put off or brought back, 2 usage, {BAD}, 4 no such task or item, 75 busy",
    ),
    Command(
        "history",
        LOOK,
        "Show the board's versions, compare them, bring one back.",
        "history:history",
        (
            Arg(("action",), {"metavar": "ACTION", "nargs": "?", "choices": ACTIONS, "help": ", ".join(ACTIONS)}),
            Arg(("rev",), {"metavar": "REV", "nargs": "?", "help": "a version, by the first digits of its revision"}),
            Arg(("other",), {"metavar": "REV", "nargs": "?", "help": "diff: what to compare with (else the newest)"}),
            option("--limit", "N", "list: at most so many", type=int, default=20),
        ),
        "board history\nboard history diff 3f2a9c1\nboard history restore 3f2a9c1",
        f"0 shown or restored, 2 usage, {BAD}, 4 no such version, 75 busy",
    ),
    Command(
        "completion",
        LOOK,
        "Print the line that turns on shell completion.",
        "completion:completion",
        (Arg(("shell",), {"metavar": "SHELL", "choices": ("bash", "zsh", "fish"), "help": "bash, zsh or fish"}),),
        'eval "$(board completion bash)"',
        "0 printed, 2 no such shell",
    ),
)

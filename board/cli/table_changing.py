"""The commands that change a board: to plan, to work, to decide. Rows of the table only."""

from __future__ import annotations

from typing import Final

from board.cli.commands import BAD, DECIDE, ID, MOVE, PLAN, WAIT, WHY, WORK, Arg, Command, flag, option

PLANNING: Final = (
    Command(
        "init",
        PLAN,
        "Make a new board, with comments that explain it.",
        "planning:init",
        (Arg(("path",), {"metavar": "PATH", "nargs": "?", "help": "a file or a folder (else ./tasks.yaml)"}),),
        "board init",
        "0 made, 1 can't be written, 5 there is one already",
    ),
    Command(
        "add",
        PLAN,
        "Put a task on the board.",
        "planning:add",
        (
            Arg(("title",), {"metavar": "TITLE", "help": "one line for people"}),
            option("--id", "ID", "its name (else made from the title)"),
            option("--agent", "NAME", "the profile that works on it"),
            option("--prompt", "TEXT", "what an agent is asked to do; - reads it from stdin"),
            option("--run", "COMMAND", "a command instead of an agent"),
            option("--brief", "FILE", "a Markdown file with the whole story, relative to the board"),
            option("--after", "ID,ID", "ready when these are done"),
            option("--priority", "N", "0 is first, 9 is last", type=int),
            flag("--resumable", "a machine may start it again after a death"),
            option("--gate", "human", "wait for `board approve`, each attempt anew", choices=("human",)),
            option("--kind", "NAME", "its agent's brief: review, adversarial-review, fix, or your own"),
            option("--done-if", "COMMAND", "where it exits 0 there is nothing to run"),
            option("--done-when", "CHECK", "its own definition of done (again for more)", action="append"),
            option("--label", "WORD", "a word to find it by (again for more)", action="append"),
        ),
        'board add "Cover the refund path with tests" --after refund-api --priority 2',
        f"0 added, 2 the board's rules forbid it, {BAD}, 75 busy",
    ),
    Command(
        "run",
        PLAN,
        "Have an agent do something: a task in your words, which the supervisor starts.",
        "running:run",
        (
            Arg(("words",), {"metavar": "WORDS", "nargs": "*", "help": "what is to be done; - reads it from stdin"}),
            option("--agent", "NAME", "who does it (else the only one defined here, else claude)"),
            flag("--screen", "in the agent's own screen, although it has a headless profile"),
            option("--id", "ID", "its name (else made from the words)"),
            option("--title", "TEXT", "one line for people (else the first line of the words)"),
            option("--kind", "NAME", "its agent's brief: review, adversarial-review, fix, or your own"),
            flag("--in-place", "in the board's folder, without a worktree of its own"),
            flag("--resumable", "a machine may start it again after a death"),
            flag("--notify", "tell of its end by each way of settings.notify"),
            option("--done-when", "CHECK", "its own definition of done (again for more)", action="append"),
            WAIT,
        ),
        'board run "Analyse this module and propose a refactor" --wait 30m',
        f"0 added, or done or at review after --wait, 2 usage, {BAD}, 5 it is blocked or failed, 75 it goes on",
        more=(
            "Of an agent NAME the profile NAME-headless is taken where there is one: it ends by itself. With --wait\n"
            "its progress is told on stderr, and its result printed; Ctrl-C only ends the waiting."
        ),
    ),
    Command(
        "instructions",
        PLAN,
        "Print what an agent should know of the board, for the file that it reads.",
        "instructing:instructions",
        (
            option(
                "--agent",
                "NAME",
                "say which file this one reads: claude, codex, gemini, opencode, aider",
                choices=("claude", "codex", "gemini", "opencode", "aider"),
            ),
            option("--write", "FILE", "put it into this file, in the place of what stands between its marks"),
        ),
        "board instructions --agent claude --write CLAUDE.md",
        "0 printed, written, or there already, 1 can't be written, 2 usage, 5 the file's marks are broken, 75 busy",
        more=(
            "Claude Code reads CLAUDE.md; Codex and OpenCode read AGENTS.md; Gemini CLI reads GEMINI.md; Aider what\n"
            "--read names. Without marks it is put at the file's end; every other byte stays as it is."
        ),
    ),
    Command(
        "edit",
        PLAN,
        "Edit the board in $VISUAL or $EDITOR; nothing is locked meanwhile.",
        "edit:edit",
        (),
        "EDITOR=vim board edit",
        "0 saved or unchanged, 1 the editor failed, 3 problems: the copy is kept, 75 busy",
    ),
    Command(
        "check",
        PLAN,
        "Say everything that is wrong with the board file.",
        "reading:check",
        (flag("--watch", "again after each save, until you interrupt it"),),
        "board check",
        "0 nothing is wrong, 3 there are problems",
    ),
    Command(
        "schema",
        PLAN,
        "Print the JSON schema of board files, for editors.",
        "planning:schema",
        (flag("--write", "write it to .board/tasks.schema.json instead"),),
        "board schema --write",
        "0 done, 1 can't be written",
    ),
)

WORKING: Final = (
    Command(
        "claim",
        WORK,
        "Take a task: a lease with a token that no later holder shares.",
        "holder:claim",
        (ID, flag("--next", "the first task that is ready")),
        "board claim --next --as alice",
        f"0 granted, {BAD}, 4 nothing is ready or no such task, 5 held or not ready, 75 busy",
    ),
    Command(
        "renew", WORK, "Make your lease longer.", "holder:renew", (ID,), "board renew refund-tests --as alice", MOVE
    ),
    Command(
        "release",
        WORK,
        "Give a task back.",
        "holder:release",
        (ID, flag("--force", "take it from whoever holds it; their token is stale then")),
        "board release refund-tests --as alice",
        MOVE,
    ),
    Command(
        "start",
        WORK,
        "Say that you begin; the attempt goes on record.",
        "holder:start",
        (ID,),
        "board start refund-tests --as alice",
        MOVE,
    ),
    Command(
        "checkpoint",
        WORK,
        "Record a point from which the step can go on.",
        "holder:checkpoint",
        (ID, option("--commit", "SHA", "else HEAD of the task's tree"), option("--note", "TEXT", "where it stands")),
        'board checkpoint refund-tests --note "4 of 7 endpoints" --as alice',
        MOVE,
    ),
    Command(
        "advance",
        WORK,
        "Settle the current step and go to the next one.",
        "holder:advance",
        (ID, option("--step", "STEP", "the step that you mean (else $BOARD_STEP); refused when it is over")),
        "board advance refund-tests --step write --as alice",
        MOVE,
    ),
    Command(
        "block",
        WORK,
        "Say what a task waits for; its claim ends.",
        "holder:block",
        (
            ID,
            option("--on", "WHAT", "what it waits for", required=True),
            option("--by", "NAME", "who says so (else you)"),
        ),
        'board block refund-tests --on "staging API key" --as alice',
        MOVE,
    ),
    Command(
        "review",
        WORK,
        "Hand a task over for a person to look at.",
        "holder:review",
        (ID, option("--note", "TEXT", "what to look at")),
        'board review refund-tests --note "see the last commit" --as alice',
        MOVE,
    ),
    Command(
        "done",
        WORK,
        "Check the definition of done, and settle the task when it holds.",
        "ending:done",
        (
            ID,
            flag("--force", "settle it although it doesn't hold; needs --why"),
            option("--why", "TEXT", WHY),
        ),
        "board done refund-tests --as alice",
        f"0 done, 2 usage, {BAD}, 4 no such task, 5 refused or not done, 75 busy",
    ),
    Command(
        "fail",
        WORK,
        "Give a task up.",
        "ending:fail",
        (ID, option("--why", "TEXT", WHY, required=True)),
        'board fail refund-tests --why "the API is gone" --as alice',
        MOVE,
    ),
)

DECIDING: Final = (
    Command(
        "approve",
        DECIDE,
        "Allow one attempt of the current step.",
        "person:approve",
        (ID,),
        "board approve refund-tests",
        MOVE,
    ),
    Command(
        "answer",
        DECIDE,
        "Answer an agent that asks, or tell one something; the running supervisor delivers it.",
        "answering:answer",
        (
            Arg(
                ("words",),
                {
                    "metavar": "WORD",
                    "nargs": "+",
                    "help": "the task (needless where one alone asks), then allow, deny [WHY], TEXT, or - for stdin",
                },
            ),
            option("--wait", "SPAN", "for so long it may be delivered (else 20s); it never is later"),
            flag("--no-wait", "don't wait for the receipt"),
        ),
        "board answer refund-tests allow\nboard answer refund-tests deny use the staging key",
        f"0 delivered, 2 usage, {BAD}, 4 no such task, or not one that asks,\n  5 undelivered, and why; no supervisor"
        " runs; nothing is asked, 75 still under way",
        more=(
            "A permission is answered beside its open dialog, or by keys while the screen shows that very question.\n"
            "A question with options takes an option's number or label. Other text is typed into an empty input\n"
            "box, never over what somebody types there. What is not seen to arrive is undelivered."
        ),
    ),
    Command(
        "unblock",
        DECIDE,
        "Say that what a task waited for is there.",
        "person:unblock",
        (ID,),
        "board unblock refund-tests",
        MOVE,
    ),
    Command(
        "merge",
        DECIDE,
        "Bring a task's branch home, once its definition of done holds.",
        "landing:merge",
        (
            ID,
            option("--into", "BRANCH", "the branch to merge into (else the base's)"),
            flag("--force", "merge although it isn't done, or its checks don't hold; needs --why"),
            option("--why", "TEXT", WHY),
        ),
        "board merge refund-tests",
        f"0 merged, 2 usage, {BAD}, 4 no such task, 5 refused, not done, or conflicts, 75 busy",
        more=(
            "A plain merge by git: fast-forward where that can be, else a merge commit. A checkout that isn't\n"
            "clean, or in which git waits for somebody, is never touched; conflicts are named and left open\n"
            "there for you."
        ),
    ),
    Command(
        "cancel",
        DECIDE,
        "Say that a task isn't wanted.",
        "person:cancel",
        (ID, option("--why", "TEXT", WHY)),
        'board cancel refund-tests --why "superseded"',
        MOVE,
    ),
    Command(
        "reopen",
        DECIDE,
        "Put an ended task back to todo.",
        "person:reopen",
        (ID, option("--why", "TEXT", "for whoever works on it again")),
        'board reopen refund-tests --why "the error paths are missing"',
        MOVE,
    ),
)

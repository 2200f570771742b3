"""Every command of the supervisor in one table: its words, its options, its page. It parses and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from board.cli.commands import JOURNAL, Arg, Command, option
from board.cli.parser import Program
from supervisor.hooks.words import AGENTS, KINDS

GROUPS: Final = ("keep", "serve", "look", "more")
_KEEP, _SERVE, _LOOK, _MORE = GROUPS

_BAD: Final = "3 the board can't be used"
_NEEDS: Final = "1 tmux is missing or too old"


def _flag(name: str, text: str, *short: str) -> Arg:
    return Arg((*short, name), {"action": "store_true", "help": text})


_FORCE: Final = _flag("--force", "also when its file was changed by hand since")
_SERVICE: Final = "1 there is no user manager that answers, or it refused"


def _id(text: str) -> Arg:
    return Arg(("id",), {"metavar": "ID", "nargs": "?", "help": text})


_ALL: Final = (
    Command(
        "run",
        _KEEP,
        "Keep the board here, until SIGTERM or Ctrl-C; the workers stay.",
        "life:run",
        (
            _flag("--once", "look and act once, then leave"),
            _flag("--dry-run", "look once, say what would be done, and do nothing; also beside another one"),
        ),
        "supervisor run --dry-run",
        f"0 ended as asked, {_NEEDS}, {_BAD},\n  5 another one keeps it, or this is a worker",
    ),
    Command(
        "start",
        _KEEP,
        "Keep the board in the background.",
        "life:start",
        (),
        "supervisor start && supervisor status",
        f"0 it runs, {_NEEDS}, {_BAD},\n  5 one runs already, or this is a worker",
    ),
    Command(
        "stop",
        _KEEP,
        "Stop the supervisor, all workers too, or the worker of one task.",
        "stopping:stop",
        (
            _id("only this task's worker; a person then decides about the task"),
            _flag("--workers", "end all workers"),
        ),
        "supervisor stop --workers",
        f"0 stopped, or there was nothing to stop, {_BAD}, 4 no such task, 75 not ended within a minute",
    ),
    Command(
        "install",
        _SERVE,
        "Keep the board as a service: now, after a crash, and after each login.",
        "installing:install",
        (
            _flag("--dry-run", "print what would be written, and do nothing"),
            _flag("--linger", "also switch on lingering: it runs without a login, from the machine's start"),
            _FORCE,
        ),
        "supervisor install --dry-run",
        f"0 it runs, {_SERVICE}, {_BAD},\n  5 another supervisor keeps it, or the service's file isn't ours",
    ),
    Command(
        "uninstall",
        _SERVE,
        "Take the service back; the workers stay.",
        "installing:uninstall",
        (_FORCE,),
        "supervisor uninstall && supervisor stop --workers",
        f"0 it is gone, or there was none, {_SERVICE},\n  5 the service's file isn't ours",
    ),
    Command(
        "status",
        _LOOK,
        "Show who keeps the board, and what each task's worker does.",
        "watching:status",
        (_flag("--watch", "show it anew whenever it changes"),),
        "supervisor status --watch",
        f"0 shown, {_BAD} and none was ever kept",
    ),
    Command(
        "attach",
        _LOOK,
        "Go to the worker of a task in tmux; leave with C-b d.",
        "attaching:attach",
        (
            _id("the task (else the window that was last looked at)"),
            _flag("--next", "to the first of the inbox that has a window; without a terminal only say which"),
        ),
        "supervisor attach refund-tests\nsupervisor attach --next",
        f"0 left again, or said, 2 no terminal, {_BAD},\n  4 no such task, it has no window, or nobody needs you",
    ),
    Command(
        "logs",
        _LOOK,
        "Show what a task's workers printed, redacted; without a task what happened.",
        "logs:logs",
        (
            _id("the task (else the journal of all)"),
            _flag("--follow", "go on with what comes from now on", "-f"),
            *JOURNAL,
            _flag("--no-times", "leave out when each line was printed"),
        ),
        "supervisor logs refund-tests -f -n 20\nsupervisor logs --task refund-tests --since 1h",
        f"0 shown, 2 usage, {_BAD}, 4 no such task",
    ),
    Command(
        "why",
        _LOOK,
        "Say why a task stands where it stands, and what happens next.",
        "watching:why",
        (Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "the task (else $BOARD_TASK)"}),),
        "supervisor why refund-tests",
        f"0 shown, {_BAD}, 4 no such task",
    ),
    Command(
        "explain",
        _LOOK,
        "Say what a task's agent does, on whose word, and what the other sources said.",
        "explaining:explain",
        (
            Arg(("id",), {"metavar": "ID", "nargs": "?", "help": "the task (else $BOARD_TASK)"}),
            option("--screen", "FILE", "instead of a task: what `tmux capture-pane -p -J` printed; - is stdin"),
            option("--agent", "NAME", "… of this agent: claude, codex, gemini or opencode"),
        ),
        "supervisor explain refund-tests\nsupervisor explain --screen pane.txt --agent claude",
        f"0 told, 2 usage, or the capture can't be read, {_BAD},\n  4 no such task, or nobody looks at its worker",
    ),
    Command(
        "replay",
        _LOOK,
        "Decide recorded decisions again, each by itself, and show where today's law differs.",
        "replaying:replay",
        (
            Arg(("paths",), {"metavar": "PATH", "nargs": "*", "help": "journal files or folders (else this board's)"}),
            _flag("--all", "show every decision, also those that are the same"),
            option("--task", "ID", "only this task"),
            option("--since", "SPAN", "only the last 30m, 2h, 1d"),
            option("--intensity", "N", "what if so many restarts were allowed", type=int),
            option("--period", "SPAN", "… within this time"),
            option("--stale", "N", "… and so many in a row that brought nothing", type=int),
            option("--backoff", "SPAN", "… with this pause before each"),
        ),
        "supervisor replay --since 1d\nsupervisor replay --intensity 1 .board/journal",
        f"0 nothing differs, 2 a path can't be read, {_BAD},\n  5 something differs",
    ),
    Command(
        "notify",
        _LOOK,
        "Show who is told of what needs a person, and what still waits to be sent.",
        "notifying:notify",
        (_flag("--test", "send one message by each way now, and say what came of it"),),
        "supervisor notify --test",
        f"0 shown, or every test arrived, 1 one did not, {_BAD}",
        "The rules stand in settings.notify. An address with a secret stands in a variable (env:NAME) or in a file\n"
        "that only you can read (file:PATH). Telegram, Slack, ntfy and others need `crewboard[notify]`.",
    ),
    Command(
        "doctor",
        _LOOK,
        "Look for what would keep this board from being kept well on this machine.",
        "checking:doctor",
        (),
        "supervisor doctor",
        "0 no failure, 1 at least one",
    ),
    Command(
        "redact",
        _MORE,
        "Copy stdin to stdout without its secrets.",
        "redacting:redact",
        (
            Arg(
                ("--env-file",),
                {
                    "metavar": "F.json",
                    "action": "append",
                    "help": "mask these values too: a JSON object of names and values, or a .env file; may be repeated",
                },
            ),
            Arg(
                ("--width",),
                {
                    "metavar": "N",
                    "type": int,
                    "help": "a line of exactly N characters goes on in the next one",
                },
            ),
            _flag(
                "--report",
                "at the end say on stderr how much was masked, by kind, without values; with --json as one line of"
                " JSON; with -q nothing is copied",
            ),
            _flag("--no-board", "only the built-in rules, with marks of this run alone"),
        ),
        "env | supervisor redact\nsupervisor redact --report -q < build.log",
        f"0 copied, 1 can't be written, 2 stdin or a file of values can't be read,\n  {_BAD} (--no-board goes"
        " without), 130 Ctrl-C",
        "By the rules, the known values and the key of the board here; where there is none, by the\nbuilt-in rules.",
    ),
    Command(
        "scrub",
        _MORE,
        "Redact the old files under .board once more, by the rules that the board has now.",
        "scrubbing:scrub",
        (_flag("--dry-run", "say what would be masked where, and touch nothing"),),
        "supervisor scrub --dry-run && supervisor scrub",
        f"0 nothing is left to be masked, 1 a file can't be read or replaced, {_BAD},\n  75 a file is in use, and was"
        " left: try again later",
        "Gone through are the journal, the logs of what workers printed and status.json. Not touched are\n"
        "tasks.yaml and what holds the board's own text: history, claims, cache, edits.",
    ),
    Command(
        "sink",
        _MORE,
        "Read what workers print, and write it redacted into their logs; a supervisor starts it.",
        "sinking:sink",
        (),
        "supervisor sink",
        f"0 nobody was left to be read, {_BAD}, 5 another one reads already",
    ),
    Command(
        "hook",
        _MORE,
        "Tell what an agent does: its hooks call this in a worker, with their JSON on stdin.",
        "hooking:hook",
        (
            Arg(("agent",), {"metavar": "AGENT", "choices": AGENTS, "help": ", ".join(AGENTS)}),
            Arg(("payload",), {"metavar": "JSON", "nargs": "*", "help": "instead of stdin"}),
            Arg(
                ("--state",),
                {"metavar": "STATE", "choices": KINDS[:-1], "help": f"of a shell: {', '.join(KINDS[:-1])}"},
            ),
            option("--text", "WORDS", "what it asks, or what broke"),
        ),
        'supervisor hook shell --state asking --text "Which port?"',
        "0 whatever comes, in a worker and elsewhere: an agent is never disturbed; 2 no such agent or state",
    ),
    Command(
        "demo",
        _MORE,
        "Show all of it on a board of its own, in a minute.",
        "showing:demo",
        (_flag("--keep", "leave the demo's folder behind"),),
        "supervisor demo",
        "0 every promise was kept, 1 one was not",
    ),
    Command(
        "completion",
        _MORE,
        "Print the line that turns on shell completion.",
        "completion:completion",
        (
            Arg(
                ("shell",),
                {"metavar": "SHELL", "choices": ("bash", "zsh", "fish"), "help": "bash, zsh or fish"},
            ),
        ),
        'eval "$(supervisor completion bash)"',
        "0 printed, 2 no such shell",
    ),
)

COMMANDS: Final[Mapping[str, Command]] = {command.name: command for command in _ALL}

# Options for our own use: on no page, and in no shell's completion.
HIDDEN: Final[Mapping[str, tuple[Arg, ...]]] = {
    "run": (Arg(("--in-background",), {"action": "store_true"}),),
    "notify": (Arg(("--flush",), {"action": "store_true"}),),
    "demo": (
        Arg(("--break",), {"dest": "break_promise", "metavar": "N", "type": int}),
        Arg(("--within",), {"metavar": "SECONDS", "type": float, "default": 22.0}),
    ),
}

SUPERVISOR: Final = Program("supervisor", "supervisor.cli", COMMANDS, HIDDEN)

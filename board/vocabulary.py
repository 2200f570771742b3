"""What a board file may say: one table of keys for each mapping in it, read by both `check` and `schema`.

It judges no value (`shapes` does) and knows no places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from board.bookkeeping import WRITTEN
from board.keys import Key, Table, needed, written
from board.model import DEFAULT_PRIORITY, ONLY_STEP, Status
from board.notices import ADDRESS_PATTERN, KINDS, LIMIT_PATTERN, QUIET_PATTERN, SEVERITIES
from board.profile import TABLES as PROFILES
from board.shapes import (
    ALLOWED,
    CHECKS,
    COUNT,
    ID,
    KIND,
    LITERAL,
    NAME,
    OWN_PORT,
    PLACE,
    PORT,
    PORT_NAME,
    PORT_NAMES,
    SOURCES,
    TEXT,
    TEXTS,
    Choice,
    Either,
    Flag,
    Items,
    Named,
    Number,
    Part,
    Regex,
    Size,
    Span,
    Text,
    Veiled,
    Whole,
)

OWN: Final = "x-"  # keys that start so are people's own, in every mapping
VERSION: Final = 1
OF_ONE_STEP: Final = ("prompt", "resumable", "gate", "done_if", "kind")  # a task with `steps` has these in its steps
STATUSES: Final = Choice(tuple(Status))
REVIEWS: Final = Choice(("human", "none"))
UNLOCKS: Final = Choice((str(Status.DONE), str(Status.REVIEW)))


ITEM_KIND: Final = Text("a kind of item", f"^(?:{'|'.join(KINDS)})$")
QUIET: Final = Text("local hours such as 22:00-07:00", QUIET_PATTERN)
LIMIT: Final = Text("a limit such as 20/h, 3/m or 50/d", LIMIT_PATTERN)
ADDRESS: Final = Veiled(
    "desktop, env:NAME, file:PATH, or a URL without a secret (https, json, ntfy and the like)",
    ADDRESS_PATTERN,
    "put it into a variable (env:NAME) or a file that only you can read (file:PATH)",
)

_WORK = {
    "prompt": Key(TEXT, "What an agent is asked to do; it works until it says `board advance` or `board done`."),
    "run": Key(TEXT, "A command; exit 0 settles the step, anything else is a death."),
    "resumable": Key(Flag(), "May a machine start it again after a death? If not, a person decides.", default=False),
    "gate": Key(Choice(("human",)), "`human`: waits for `board approve`, each attempt anew."),
    "done_if": Key(TEXT, "A command; where it exits 0 the step is settled without being run."),
    "kind": Key(NAME, "Its agent's brief: `review`, `adversarial-review`, `fix`, or one of .board/briefs/NAME.md."),
    "stall_after": Key(
        Span(above_zero=False), "Without output and CPU for so long it is told as stalled; 0 is never. Also a task's."
    ),
    "on_stall": Key(
        Choice(("tell", "restart")), "`restart`: a stalled worker is ended, if a machine may start it again.", "tell"
    ),
    "max_runtime": Key(Span(above_zero=False), "A worker that runs for so long is ended; 0 is never. Also a task's."),
}

TABLES: Final[Mapping[str, Table]] = {
    "board": Table(
        "A board: tasks that people and coding agents share.",
        {
            "version": needed(
                Whole(VERSION, VERSION), "The format's version.", 'missing key "version": write version: 1'
            ),
            "settings": Key(Part("settings"), "How this board is run.", nullable=True),
            "agents": Key(
                Named(NAME, Part("profile")), "Profiles: how each agent is started and resumed.", nullable=True
            ),
            "tasks": Key(Items(Part("task"), "a list of tasks"), "The work, in any order.", nullable=True),
        },
    ),
    "settings": Table(
        "How this board is run.",
        {
            "lease": Key(Span(above_zero=True), "How long a claim lives without a write by its holder.", default="2h"),
            "max_workers": Key(COUNT, "At most so many workers at once; 0 starts none.", default=4),
            "grace": Key(Span(above_zero=False), "How long an unwanted worker may take to end.", default="10s"),
            "stall_after": Key(
                Span(above_zero=False), "Workers without output and CPU for so long are told as stalled; 0 is never."
            ),
            "tmux": Key(Part("tmux"), "The tmux server that workers run in."),
            "restart": Key(Part("restart"), "When a dead worker of a resumable step is started again."),
            "done_when": Key(CHECKS, "The definition of done, in the order of asking, unless a task has its own."),
            "done_timeout": Key(
                Span(above_zero=True), "How long each command of it may take; also a task's.", default="10m"
            ),
            "review": Key(REVIEWS, "`human`: what its worker calls done waits for a person. Also a task's.", "none"),
            "unlock": Key(
                UNLOCKS,
                "`review`: what comes after a task is ready when its worker calls it done. Or a task's.",
                "done",
            ),
            "checkpoint": Key(
                Choice(("said", "auto")), "`auto`: each commit in a worker's own tree is a checkpoint, unsaid.", "said"
            ),
            "worktrees": Key(Part("worktrees"), "Whether and where each task gets a git worktree of its own."),
            "ports": Key(Part("ports"), "Where the tasks' ports are taken from."),
            "redact": Key(Part("redact"), "What is masked in logs and journal, beside what always is."),
            "journal": Key(Part("journal"), "How much is kept of what happened."),
            "drift": Key(Part("drift"), "How often the tasks' trees are compared with the board."),
            "notify": Key(Items(Part("notify"), "a list of rules"), "Who is told of what needs a person."),
        },
    ),
    "tmux": Table(
        "The tmux server that workers run in.",
        {"socket": Key(NAME, "The name of its socket (`tmux -L NAME`).", default="crewboard")},
        "{socket: crewboard}",
    ),
    "restart": Table(
        "When a dead worker of a resumable step is started again.",
        {
            "intensity": Key(
                COUNT, "At most so many restarts within `period`; 0: the first death is final.", default=3
            ),
            "period": Key(Span(above_zero=True), "The time in which restarts are counted.", default="10m"),
            "backoff": Key(Either(Span(above_zero=False), Part("backoff")), "The pause before a restart; 0 is none."),
            "stale": Key(COUNT, "At most so many restarts in a row without progress.", default=1),
            "spacing": Key(Span(above_zero=False), "The pause between recoveries after a mass death.", default="1s"),
        },
        "{intensity: 3, period: 10m}",
    ),
    "backoff": Table(
        "The pause before restart n: `initial` times `factor` to the n-1, at most `cap`.",
        {
            "initial": Key(Span(above_zero=False), "The first pause.", default="2s"),
            "factor": Key(Number(1), "How much longer each further pause is.", default=2),
            "cap": Key(Span(above_zero=False), "The longest pause.", default="5m"),
        },
        "{initial: 2s, factor: 2, cap: 5m}",
    ),
    "worktrees": Table(
        "Whether and where each task gets a git worktree of its own.",
        {
            "enabled": Key(Flag(), "A worktree and a branch for each task.", default=False),
            "root": Key(
                TEXT, "The folder for worktrees; `{repo}` is the repository's name.", default="../{repo}.worktrees"
            ),
            "base": Key(TEXT, "The commit that new branches start from.", default="origin/HEAD"),
            "copy": Key(
                TEXTS,
                "Untracked files and folders to copy into a worktree (globs), beside what .worktreeinclude names.",
                default=[".env*"],
            ),
            "link": Key(TEXTS, "Untracked folders and files to link to the main tree's instead (globs).", default=[]),
            "setup": Key(TEXTS, "Commands to run in a new worktree, one after the other.", default=[]),
            "setup_timeout": Key(Span(above_zero=True), "How long each of them may take.", default="10m"),
        },
        "{enabled: true}",
    ),
    "ports": Table(
        "Where the tasks' ports are taken from: room for 16 at least, below what systems hand out by themselves.",
        {
            "from": Key(OWN_PORT, "The first one.", default=20000),
            "to": Key(OWN_PORT, "The last one.", default=29999),
        },
        "{from: 20000, to: 29999}",
    ),
    "redact": Table(
        "What is masked in logs and journal, beside what always is.",
        {
            "rules": Key(Items(Part("redact_rule"), "a list of rules"), "Secrets of your own kinds."),
            "allow": Key(ALLOWED, "False alarms: values as they are, or a regular expression after `re:`."),
            "values_from": Key(SOURCES, "Files (.env, JSON, YAML) of known values; `env:GLOB` for variables."),
            "prompts": Key(
                Choice(("fingerprint", "keep")),
                "`keep`: what a model was told is kept, redacted, instead of its length and fingerprint.",
                "fingerprint",
            ),
            "gitleaks": Key(TEXT, "A file of rules in gitleaks' format; needs `crewboard[gitleaks]`."),
        },
        "{values_from: [.secrets.env]}",
    ),
    "redact_rule": Table(
        "A secret of a kind of your own.",
        {
            "kind": needed(KIND, "What its mark says: `[REDACTED:kind:8hex]`."),
            "literal": needed(LITERAL, "A text that stands in each such secret, or beside it: looked for first."),
            "regex": needed(Regex(), "The secret, or in group 1; Python's, and quick on any line."),
        },
        '{kind: acme, literal: "ACME-", regex: "ACME-[0-9A-F]{16,}"}',
    ),
    "journal": Table(
        "How much is kept of what happened: full segments are packed, the oldest deleted; the newest stays.",
        {
            "max_bytes": Key(Size(0), "All segments together, packed as they are; 0 is no limit.", default="64MiB"),
            "max_age": Key(Span(above_zero=False), "Since a segment's last line; 0 is no limit.", default="90d"),
            "free_bytes": Key(
                Size(0), "So much of the disk is left free, except by the two newest; 0 is no limit.", default="100MiB"
            ),
            "segment_bytes": Key(Size(1000), "When a new segment is begun.", default="8MiB"),
        },
        "{max_bytes: 64MiB, max_age: 90d}",
    ),
    "drift": Table(
        "How often the supervisor compares the tasks' trees with the board, beside its looks after each event.",
        {"every": Key(Span(above_zero=False), "The pause between two looks; 0 looks at no tree at all.", default="5m")},
        "{every: 5m}",
    ),
    "notify": Table(
        "Who is told of what needs a person; each rule tells of its own.",
        {
            "to": Key(Items(ADDRESS, "a list of addresses", least=1), "Where to; a secret one by `env:` or `file:`."),
            "command": Key(TEXT, "A command that is given the items as JSON on stdin."),
            "kinds": Key(Items(ITEM_KIND, "a list of kinds of items", least=1), "Only these kinds of items; else all."),
            "severity": Key(Choice(SEVERITIES), "Only what is at least so severe.", SEVERITIES[0]),
            "quiet": Key(QUIET, "Local hours in which nothing is sent; what still holds then comes after them."),
            "group": Key(Span(above_zero=False), "So long more is waited for, to be told in one message.", "10s"),
            "limit": Key(LIMIT, "At most so many messages in a minute, an hour or a day.", "20/h"),
        },
        "{to: [desktop], severity: warn}",
    ),
    **PROFILES,
    "task": Table(
        "A unit of work.",
        {
            "id": needed(ID, "Its name: it also names branch, window and host."),
            "title": Key(TEXT, "One line for people; the prompt of a task that has no other."),
            "status": Key(STATUSES, "Where it stands; `board` moves it.", default=str(Status.TODO)),
            "agent": Key(NAME, "The profile that works on it."),
            "brief": Key(TEXT, "A Markdown file with the whole story, relative to the board."),
            "priority": Key(Whole(0, 9), "0 is first, 9 is last.", default=DEFAULT_PRIORITY),
            "after": Key(Items(ID, "a list of task ids"), "Ready when these are done."),
            **_WORK,
            "run": written(
                Either(TEXT, Part("run")),
                "A command (its attempts stand under `ran`); a mapping is the latest attempt, written by `board`.",
            ),
            "steps": Key(Items(Part("step"), "a list of steps", least=1), "Ordered parts, settled one by one."),
            "done_when": Key(CHECKS, "This task's own definition of done."),
            "done_timeout": Key(Span(above_zero=True), "How long each command of its definition of done may take."),
            "review": Key(REVIEWS, "`human`: what its worker calls done waits for a person; `none`: it does not."),
            "unlock": Key(UNLOCKS, "When what comes after it is ready: once it is `done`, or at `review` already."),
            "labels": Key(TEXTS, "Words to find it by."),
            "notify": Key(Flag(), "`true`: its end is told by each way of `settings.notify`.", default=False),
            "worktree": Key(
                PLACE,
                "`false` or `none`: work in the board's folder; a path: in that folder of yours, as it is.",
                default=True,
            ),
            "ports": Key(PORT_NAMES, "Names of free ports to be given to it, as $PORT_NAME; the first is $PORT, too."),
            "port": written(Named(PORT_NAME, PORT), "Written by `board`: the ports that it was given."),
            "step": written(ID, f"Written by `board`: the step it is at (`{ONLY_STEP}` where none are listed)."),
            "claim": written(Part("claim"), "Written by `board`: the lease of whoever works on it."),
            "last_token": written(COUNT, "Written by `board`: the highest fencing token ever granted."),
            "checkpoint": written(Part("checkpoint"), "Written by `board`: where the work can go on from."),
            "ran": written(Part("run"), "Written by `board`: the latest attempt, where `run` is a command."),
            "blocked": written(Part("blocked"), "What it waits for."),
            "approved": written(
                Part("approved"), "Written by `board`: a person's word for one attempt at a gated step."
            ),
            "said_done": written(Part("said_done"), "Written by `board`: its worker's word that it is done."),
            "reopened": written(Part("reopened"), "Written by `board`: why a person wants it worked on again."),
            "done": written(Part("done"), "Written by `board`: how it came to be done."),
            "merged": written(Part("merged"), "Written by `board`: how its branch was brought home."),
            "failed": written(Part("failed"), "Written by `board`: why it was given up."),
            "cancelled": written(Part("cancelled"), "Written by `board`: why it isn't wanted."),
        },
        "{id: a-name, title: What to do}",
    ),
    "step": Table(
        "An ordered part of a task; it has either a prompt or a command.",
        {"id": needed(ID, "Its name, unique within the task."), **_WORK},
        "{id: a-name, prompt: What to do}",
    ),
    **WRITTEN,
}

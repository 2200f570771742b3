"""What an agent's profile may say: the tables of keys for an entry of `agents:` and for a file in `.board/agents/`.

It judges no value (`shapes` does) and knows no agent but by the names of what they ask. And which entry of a board has
a headless variant, which goes by the entry's name with `-headless` behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from board.keys import Key, Table
from board.shapes import (
    ARGV,
    ENDINGS,
    MAYBE_EMPTY,
    NAME,
    TEXT,
    TEXTS,
    VARIABLE,
    Choice,
    Either,
    Flag,
    Items,
    Named,
    Part,
    Regex,
    Span,
    Text,
)

# The rules by which a screen is told to ask something: what an answer's keys are for.
QUESTIONS: Final = (
    *("permission-prompt", "question", "confirm", "trust-dialog", "hooks-review", "first-run-dialog"),
    *("bypass-dialog", "mcp-dialog", "api-key-dialog", "auto-mode-unchecked", "auto-mode-offer"),
)
SOURCES: Final = ("hook", "file", "signal", "title", "bell", "screen")
HEADLESS: Final = "-headless"
KEYS: Final = Items(Text("a key as tmux names it, such as 1, y, Enter or Escape", r"^\S{1,32}$"), "a list of keys", 1)

_VARIANT: Final = {
    "start": Key(ARGV, "Starts a worker; ${prompt}, ${brief_file}, ${task}, ${step}, ${session} are filled in."),
    "resume": Key(ARGV, "Goes on with `${session}` after a death; `start` where there is none."),
    "session": Key(
        Choice(("chosen", "learnt", "none")),
        "Who names its conversation: we do, at the first start; it does, and it is learnt; or nobody.",
    ),
    "env": Key(Named(VARIABLE, MAYBE_EMPTY), "Environment variables for the worker."),
    "settles": Key(Choice(("said", "exit")), "`exit`: exit 0 settles a prompt step, for headless agents.", "said"),
    "limited": Key(Regex(), "What the screen shows at a usage limit; groups `until` and `seconds` say how long."),
    "auth": Key(Regex(), "What the screen of one that ended shows where its login was refused."),
    "screens": Key(
        NAME, "The agent whose screens, titles and files it shows: its state is read by their rules; else `none`."
    ),
    "hooks": Key(
        Choice(("claude", "codex", "gemini", "opencode", "aider", "none")),
        "The agent whose hooks tell us what it does; else `none`.",
    ),
}

TABLES: Final[Mapping[str, Table]] = {
    "profile": Table(
        "How one kind of agent is started and resumed: a template's name, commands of your own, or both.",
        {
            "use": Key(NAME, "The template to start from; the other keys overrule it."),
            "about": Key(TEXT, "What this profile is, for people."),
            **_VARIANT,
            "headless": Key(
                Either(Flag(), Part("headless")),
                "`true`: the variant that prints and ends; or what is otherwise in that variant.",
            ),
            "version": Key(ARGV, "Asks the program for its version, for `supervisor doctor`."),
            "tested": Key(TEXTS, "The versions that this profile was tried with."),
            "program": Key(TEXT, "The program that `supervisor doctor` looks for."),
            "exits": Key(Named(ENDINGS, TEXT), "What its exit statuses mean, and the signals that end it."),
            "trust": Key(
                Choice(("worktree", "none")),
                "`worktree`: it is told to trust its task's own tree, no other folder.",
            ),
            "reads": Key(
                Items(Choice(SOURCES), "a list of sources", 1),
                "Where its state is read, the most trusted first; nowhere else.",
            ),
            "prompt": Key(
                Choice(("given", "typed")),
                "`typed`: one that goes on by a `resume` without ${prompt} is typed its brief, once its box is there.",
                "given",
            ),
            "answers": Key(Part("answers"), "How what it asks is answered."),
        },
        "{use: shell}",
    ),
    "headless": Table(
        "What is otherwise in the variant of an agent that prints and ends.", _VARIANT, "{start: [program, ...]}"
    ),
    "answers": Table(
        "How what an agent asks is answered: keys by the rule that told the question.",
        {
            "hook": Key(Flag(), "`true`: its hook may decide what it is told of.", default=False),
            "pause": Key(Span(above_zero=False), "Between a text and its Enter.", default="150ms"),
            **dict.fromkeys(QUESTIONS, Key(Part("answer"), "The keys for this question.")),
        },
        "{permission-prompt: {allow: [y], deny: [Escape]}}",
    ),
    "answer": Table(
        "The keys that answer one question; a choice without keys is left to a person at the pane.",
        {
            "allow": Key(KEYS, "The keys that allow it, this once."),
            "deny": Key(KEYS, "The keys that refuse it."),
            "sure": Key(Regex(), "What must be on the screen for the keys of `allow` to mean that."),
        },
        "{allow: [y], deny: [Escape]}",
    ),
}


def variants(agents: Mapping[str, Any], profiles: Collection[str]) -> Iterator[str]:
    """Names that stand for the headless variants of a board's own entries, with all that those say."""
    for name, own in agents.items():
        if isinstance(own, Mapping) and has_variant(own, profiles):
            yield f"{name}{HEADLESS}"


def has_variant(own: Mapping[str, Any], profiles: Collection[str]) -> bool:
    """An entry that only has a start of its own is never started in another way behind its back."""
    said = own.get("headless")
    if said is not None:
        return isinstance(said, Mapping)
    return "start" not in own and f"{own.get('use')}{HEADLESS}" in profiles

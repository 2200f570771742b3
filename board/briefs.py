"""Briefs: what an agent is told at a start, as templates of ours and of people's own in `.board/briefs`.

A step's `kind` names one; a step without is told `start`, and after a death `resume`. Nothing is filled in here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from board.errors import BoardError
from board.templates import template_text

SHIPPED: Final = ("review", "adversarial-review", "fix")
# Briefs for what happens to a step, whatever it is about: no step names one of them.
_OF_MOMENTS: Final = frozenset(("start", "resume", "finish", "continue"))
# What `${...}` may name in a brief.
WORDS: Final = frozenset(
    (
        *("task", "title", "step", "words", "brief", "agent", "folder", "on_branch", "attempt", "last_exit"),
        *("checkpoint", "stands", "sent_back", "session", "again", "subject"),
    )
)
_BRACED: Final = re.compile(r"\$\{([a-z_]+)\}")


def kinds(side: str) -> list[str]:
    """The briefs that a step may name on the board with this side folder."""
    return sorted({*SHIPPED, *_own(side)} - _OF_MOMENTS)


def brief_text(side: str, name: str) -> str:
    """People's own before ours. Raises BoardError where there is none of that name, or it can't be read."""
    own = os.path.join(side, "briefs", f"{name}.md")
    try:
        with open(own, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"can't read the brief {own}: {_why(error)}", "mend it, or remove it") from None
    if name not in SHIPPED and name not in _OF_MOMENTS:
        raise BoardError(f'there is no brief "{name}"', f"make {own}, or name one of {', '.join(kinds(side))}")
    return template_text(f"briefs/{name}.md")


def faults(side: str) -> Iterator[str]:
    """What is wrong with people's own briefs, a sentence each."""
    from difflib import get_close_matches

    for name in _own(side):
        try:
            text = brief_text(side, name)
        except BoardError as error:
            yield str(error)
            continue
        for word in dict.fromkeys(_BRACED.findall(text)):
            if word not in WORDS:
                near = get_close_matches(word, WORDS, 1)
                hint = f' (did you mean "${{{near[0]}}}"?)' if near else ""
                yield f"the brief {name}.md: nothing is filled in for ${{{word}}}{hint}"


def _own(side: str) -> list[str]:
    try:
        names = os.listdir(os.path.join(side, "briefs"))
    except OSError:
        return []
    return sorted(name[:-3] for name in names if name.endswith(".md") and not name.startswith("."))


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8"

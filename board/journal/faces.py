"""What a face may show, made `Redacted` here: error lines, a status, records that were read back. Writes nothing.

A person's own terminal is told where things are (`$HOME`, names of users and machines), but no secret; what goes into
a file or a report is told neither.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, Final

from board.journal.redact import FAILED, Redacted, Redactor, known_from_environment

_NAMES_LIMIT: Final = 16  # characters of a key that is a plain word of ours


@cache
def _key() -> bytes:
    """Marks agree within one process only: who merely looks makes no key, and an error may know of no board."""
    return os.urandom(32)


def for_terminal(env: Mapping[str, str]) -> Redactor:
    return Redactor(home="", user="", host="", key=_key(), known=known_from_environment(env))


def for_report(env: Mapping[str, str]) -> Redactor:
    """For what people paste elsewhere: places are hidden too."""
    user = env.get("USER") or env.get("LOGNAME", "")
    known = known_from_environment(env)
    return Redactor(home=env.get("HOME", ""), user=user, host=os.uname().nodename, key=_key(), known=known)


def told(redactor: Redactor, x: object, *, keys: bool = True) -> Any:
    """A record of any depth with every text in it redacted, with `keys` those too. What is no JSON is shown as its
    redacted text."""
    match x:
        case Mapping():
            named = ((_told_key(redactor, key) if keys else str(key), item) for key, item in x.items())
            return {name: told(redactor, item, keys=keys) for name, item in named}
        case list() | tuple():
            return [told(redactor, item, keys=keys) for item in x]
        case str():
            return redactor.text(x)
    return redactor.value(x)


def document(
    redactor: Redactor, record: Mapping[str, Any], dumps: Callable[[object], str], placed: Collection[str] = ()
) -> Redacted:
    """A record of ours as one text. Keys stay, for readers look tasks up by their ids; under those in `placed` names of
    places stay as well. `dumps` adds nothing but syntax."""
    try:
        named = for_terminal(os.environ) if placed else redactor
        shown = {key: told(named if key in placed else redactor, x, keys=False) for key, x in record.items()}
        return Redacted(dumps(shown))
    except Exception:  # noqa: BLE001 - fails closed: a record that can't be redacted is not shown
        return Redacted(dumps(FAILED))


def _told_key(redactor: Redactor, key: object) -> str:
    name = str(key)
    return name if len(name) <= _NAMES_LIMIT and name.isidentifier() and name.islower() else redactor.text(name)

"""Who asks: a worker by its grant file, a person by name, or an account that was never named. Decides no claim."""

from __future__ import annotations

import os
from collections.abc import Mapping

from board.claims import Actor, Kind
from board.errors import UsageError
from board.grants import Grants, grant_of_worker


class Asker:
    """One command's asker. Raises UsageError where `$BOARD_CLAIM` can't be read, or the name is empty."""

    def __init__(self, as_name: str | None, env: Mapping[str, str], grants: Grants) -> None:
        self._grants = grants
        self._grant = grant_of_worker(env)
        named = as_name if as_name is not None else env.get("BOARD_WORKER") or None
        if named is not None and not named.strip():
            raise UsageError("--as needs a name", 'such as --as "$USER"')
        self.is_named = named is not None
        self.name = self._grant.by if self._grant else named if named is not None else account(env)

    def about(self, task_id: str) -> Actor:
        """The asker of a move on this task, with the newest token that was granted to them for it."""
        if self._grant is not None:
            # Never looked up by name: a supervisor's workers all share one.
            token = self._grant.token if self._grant.task == task_id else None
            return Actor(self.name, token, Kind.WORKER)
        found = self._grants.find(task_id, self.name)
        return Actor(self.name, found.token if found else None, Kind.PERSON, self.is_named)

    def claiming(self, task_id: str) -> Actor:
        """The asker of a claim: a name that we made up is no proof of being the one who holds the task already."""
        if self._grant is None and not self.is_named:
            return Actor(self.name, None, Kind.PERSON, is_named=False)
        return self.about(task_id)


def account(env: Mapping[str, str]) -> str:
    """`user@host`, for a record that somebody did it."""
    user = env.get("USER") or env.get("LOGNAME") or _user_by_id()
    return f"{user}@{os.uname().nodename}"


def _user_by_id() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"

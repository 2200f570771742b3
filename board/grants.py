"""Grant files: `.board/claims/<task>.<token>.json`, 0600, one a grant and never rewritten.

They are how a worker shows its token without ever having it in a prompt, and the memory of the highest token ever
granted. Nothing here decides who may do what.

They aren't synced. The number itself is in the record, which is; a power failure that could take away a grant's file
takes the worker away that would show it. The name is enough for the memory, and reaches the disk with the board's own
sync where a file system logs names in order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from board.errors import BoardError, Unwritable, UsageError
from board.instants import format_instant
from board.model import Claim
from board.reading import why


class Grant(NamedTuple):
    task: str
    token: int
    by: str
    path: str


class Grants:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def path(self, task: str, token: int) -> str:
        return os.path.join(self.folder, f"{task}.{token}.json")

    def write(self, task: str, claim: Claim) -> str:
        """The path of the grant's file. The same grant again leaves the file as it is."""
        import json

        path = self.path(task, claim.token)
        record = {"task": task, "token": claim.token, "by": claim.by, "at": format_instant(claim.at)}
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except FileExistsError:
            return path
        except OSError as error:
            raise Unwritable(f"can't write {path}: {why(error)}", "nothing was changed") from None
        return path

    def highest(self, task: str) -> int:
        return max(self._tokens(task), default=0)

    def _tokens(self, task: str) -> list[int]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:  # without the memory of its tokens a task could be granted one a second time
            raise BoardError(f"can't read {self.folder}: {why(error)}", "nothing was changed") from None
        found = (name[len(task) + 1 : -5] for name in names if name.startswith(f"{task}.") and name.endswith(".json"))
        return [int(part) for part in found if part.isdigit()]

    def find(self, task: str, by: str) -> Grant | None:
        """The newest grant of this task to this name."""
        for token in sorted(self._tokens(task), reverse=True):
            grant = read_grant(self.path(task, token))
            if grant is not None and grant.by == by:
                return grant
        return None


def read_grant(path: str) -> Grant | None:
    """None where the file is gone or isn't a grant."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            record = json.loads(file.read(10_000))
        return Grant(str(record["task"]), int(record["token"]), str(record["by"]), path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def grant_of_worker(env: Mapping[str, str]) -> Grant | None:
    """The grant that `$BOARD_CLAIM` names; None when we are no worker. Raises UsageError when it can't be read: a
    worker without its token must not pass for a person."""
    path = env.get("BOARD_CLAIM")
    if not path:
        return None
    grant = read_grant(path)
    if grant is None:
        raise UsageError(f"$BOARD_CLAIM names {path}, which is no grant", "unset it if you aren't a worker")
    return grant

"""What the supervisor's hands work with: the engine, the record keeper, the redactor, the tmux server of the moment."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from board import worktree
from board.engine import Engine
from board.home import dot_git, home_of
from board.journal.events import Event, Scalar
from board.journal.redact import Redactor
from board.model import Board, Task
from board.settings import Redact
from supervisor.control import TmuxError
from supervisor.keeping import Keeping
from supervisor.launch import Site
from supervisor.ledger import Ledger
from supervisor.masks import Masks
from supervisor.output import keep_output
from supervisor.processes import ProcessId
from supervisor.profiles import Profiles
from supervisor.server import Server
from supervisor.tidying import Tidy


class Tops:
    """The main trees of repositories, asked of git once: three processes a question would stand before each restart.
    A repository that was moved or made anew is another one, by its `.git`."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], str] = {}

    def of(self, folder: str) -> str:
        """Raises BoardError as `worktree.main_top` does."""
        try:
            status = os.lstat(dot_git(folder) or folder)
        except OSError:
            return worktree.main_top(folder)
        key = (folder, status.st_dev, status.st_ino)
        if key not in self._known:
            self._known[key] = worktree.main_top(folder)
        return self._known[key]


# What a dry run sees (a death, a worker that lives) is for the journal of whoever keeps the board, once.
REHEARSED = frozenset({"would_act", "look_failed"})


@dataclass(slots=True)
class Tools:
    """What hands work with. `server` changes when tmux's server does; who `is_dry` only tells what it would do."""

    engine: Engine
    ledger: Ledger
    profiles: Profiles
    redactor: Redactor
    session: str
    watch: Callable[[ProcessId], None]
    server: Server | None = None
    is_dry: bool = False
    tops: Tops = field(default_factory=Tops)
    tidy: Tidy | None = None
    masks: Masks | None = None

    def mask_as(self, wanted: Redact) -> None:
        """From here on whatever is written is redacted as the board's settings say; each trouble is told once."""
        taken = self.masks.follow(wanted) if self.masks is not None else None
        if taken is None:
            return
        self.redactor = taken.redactor
        for trouble in taken.troubles:
            self.tell("redaction_weakened", None, path=trouble.path, problem=trouble.problem)

    def tell(self, name: str, task: str | None, **fields: Scalar) -> None:
        if self.is_dry and name not in REHEARSED:
            return
        given = {key: value for key, value in fields.items() if value is not None}
        self.engine.sink.append(Event(name, task, given), self.engine.clock())

    def site(self, board: Board, task: Task) -> Site:
        """Where the task works, if it has been made: its worktree, else the board's folder."""
        store = self.engine.store
        home = home_of(board, task, store.folder, self.tops.of)
        return Site(store.real, store.side, home or store.folder, task.id if home else None)

    async def capture(self, keeping: Keeping) -> None:
        """The attempt's output, redacted, behind what its task's log holds already; once an attempt."""
        known, server = keeping.known, self.server
        if known is None or known.pane is None or server is None or known.is_captured:
            return
        try:
            text = await server.capture(known.pane)
        except TmuxError as error:
            self.tell("look_failed", keeping.task.id, source="screen", problem=str(error))
            return
        known.is_captured = True
        known.screen = text
        kept = keep_output(self.engine.store.side, known.attempt, self.redactor, text)
        self.tell(
            "worker_output_captured",
            keeping.task.id,
            worker=known.attempt.worker,
            path=kept.path,
            lines_count=kept.lines,
            size_bytes=kept.size,
        )

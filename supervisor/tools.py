"""What the supervisor's hands work with: the engine, the record keeper, the redactor, the tmux server of the moment."""

from __future__ import annotations

import asyncio
import glob
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from board import worktree
from board.copying import copied_by_include
from board.engine import Engine
from board.errors import BoardError
from board.home import dot_git, home_of, named_folder
from board.journal.events import Event, Scalar
from board.journal.redact import Redactor, known_from_environment
from board.model import Board, Task
from board.settings import Redact
from supervisor.control import TmuxError
from supervisor.keeping import Keeping
from supervisor.launch import Site
from supervisor.ledger import Ledger
from supervisor.masks import Masks
from supervisor.model import Dead, Exit
from supervisor.output import keep_output
from supervisor.processes import ProcessId, environment_of
from supervisor.profiles import Profile, Profiles
from supervisor.recorder import Recorder, Source
from supervisor.screen import Zones
from supervisor.server import DRAIN, Server
from supervisor.sight import Known
from supervisor.sink.outlog import has_ending
from supervisor.sink.values import merged, of_environment
from supervisor.tidying import Tidy
from supervisor.zones import VARIABLE, zones_of


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
    """What hands work with. `server` changes when tmux's server does, and with it `inherited`, the values that all its
    workers know; who `is_dry` only tells what it would do; `wake` asks for a cycle now."""

    engine: Engine
    ledger: Ledger
    profiles: Profiles
    redactor: Redactor
    session: str
    watch: Callable[[ProcessId], None]
    recorder: Recorder = field(init=False)
    server: Server | None = None
    inherited: Mapping[str, str] = field(default_factory=dict)
    clock: Mapping[str, str] = field(default_factory=dict)  # what of that says which zone they are in
    is_dry: bool = False
    tops: Tops = field(default_factory=Tops)
    tidy: Tidy | None = None
    wake: Callable[[], None] = lambda: None
    masks: Masks | None = None

    def mask_as(self, wanted: Redact) -> None:
        """From here on whatever is written is redacted as the board's settings say; each trouble is told once."""
        taken = self.masks.follow(wanted) if self.masks is not None else None
        if taken is None:
            return
        self.redactor = taken.redactor
        for trouble in taken.troubles:
            self.tell("redaction_weakened", None, path=trouble.path, problem=trouble.problem)

    _piping: asyncio.Future[None] | None = None

    def tell(self, name: str, task: str | None, **fields: Scalar) -> None:
        if self.is_dry and name not in REHEARSED:
            return
        given = {key: value for key, value in fields.items() if value is not None}
        self.engine.sink.append(Event(name, task, given), self.engine.clock())

    def site(self, board: Board, task: Task) -> Site:
        """Where the task works, if it is there: its worktree, the folder that a person named, else the board's."""
        store = self.engine.store
        home = home_of(board, task, store.folder, self.tops.of)
        tree = home or named_folder(task, store.folder) or store.folder
        return Site(store.real, store.side, tree, task.id if home else None)

    def meaning(self, board: Board, task: Task, ended: Exit) -> str | None:
        """What this end of the task's worker means, where its agent's profile says so."""
        try:
            profile = self.profiles.for_step(board, task, task.step)
        except BoardError:
            return None
        return None if profile is None else profile.meaning(ended)

    async def learn_environment(self, server: Server) -> None:
        """What workers inherit from this server must not stand in their logs."""
        listed = await server.environment(self.session)
        self.inherited = of_environment(listed)
        pairs = [each.decode("utf-8", "replace").partition("=") for each in listed]
        self.clock = {name: value for name, between, value in pairs if between and name == VARIABLE}

    def zones(self, profile: Profile | None) -> Zones:
        """By whose clock an agent of this profile says when its limit ends: its own, else that of all workers."""
        return zones_of({**self.clock, **(profile.env if profile is not None else {})})

    def source(self, board: Board, known: Known, env: Mapping[str, str], tree: str) -> Source:
        """Where the output of a worker with this environment (besides what it inherits) comes from."""
        assert known.pane is not None
        values = merged(self.inherited, known_from_environment(env))
        included = map(glob.escape, copied_by_include(tree))
        return Source(known.attempt, known.pane, tree, (*board.settings.worktrees.copy, *included), values)

    def adopt_output(self, board: Board, keeping: Keeping) -> None:
        """A worker that ran before our time is recorded from now on, if it isn't already."""
        known, server = keeping.known, self.server
        if known is None or known.pane is None or known.process is None or server is None or self.is_dry:
            return
        pairs = (each.decode("utf-8", "replace").partition("=") for each in environment_of(known.process.pid))
        env = {name: value for name, _, value in pairs}
        into = self.recorder.adopt(self.source(board, known, env, self.site(board, keeping.task).tree))
        if into is not None:
            self._piping = asyncio.ensure_future(self._pipe(server, known.pane, into))

    async def drain(self, pane: str) -> None:
        """Nobody records this pane any more."""
        if self.server is not None:
            await self._pipe(self.server, pane, DRAIN)

    async def _pipe(self, server: Server, pane: str, into: str) -> None:
        try:
            await server.pipe(pane, into)
        except TmuxError as error:
            self.tell("look_failed", None, source="output", problem=f"{type(error).__name__}: {error}")

    async def capture(self, keeping: Keeping, how: str | None = None) -> None:
        """The attempt is over (`how`, unless it is known dead), and its last screen known. All its output is in its log
        or on its way there; where it was not recorded, what its pane shows is put there. Once an attempt."""
        known, server = keeping.known, self.server
        if known is None or known.is_captured:
            return
        ended = keeping.verdict.exit.words() if isinstance(keeping.verdict, Dead) else how
        is_recorded = self.recorder.finish(known.attempt, ended)
        if known.pane is None or server is None:
            return
        try:
            text = await server.capture(known.pane)
        except TmuxError as error:
            self.tell("look_failed", keeping.task.id, source="screen", problem=str(error))
            return
        known.is_captured = True
        known.screen = text
        if is_recorded or has_ending(self.engine.store.side, known.attempt):
            return
        redactor = self.redactor.knowing(self.inherited)
        kept = keep_output(self.engine.store.side, known.attempt, redactor, text, self.engine.clock())
        self.tell(
            "worker_output_captured",
            keeping.task.id,
            worker=known.attempt.worker,
            path=kept.path,
            lines_count=kept.lines,
            size_bytes=kept.size,
        )

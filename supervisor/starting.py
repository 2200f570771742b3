"""Starting a worker: its ground (`readying`), the record that it starts, and only then its process.

No rule is decided here, and no tree made.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import NamedTuple

from board.briefs import brief_text
from board.errors import BoardError, RefusedError
from board.model import Board, Run, Task
from board.moves import Reason
from supervisor import looks
from supervisor.agents.conversation import Conversation
from supervisor.agents.conversations import remember
from supervisor.control import TmuxRefused
from supervisor.keeping import Keeping
from supervisor.launch import Launch, Left, Site, missing_program, prepare, write_files
from supervisor.ledger import Opening
from supervisor.leftover import left_in
from supervisor.model import Alive, Attempt, Dead, Exit, Rule, Start
from supervisor.panes import ATTEMPT_OPTION
from supervisor.porter import Porter
from supervisor.processes import identify
from supervisor.profiles import Profile
from supervisor.readying import Readier, block
from supervisor.resuming import conversation
from supervisor.sight import Known
from supervisor.tools import Tools
from supervisor.turns import record
from supervisor.turns.turn import Turn


class _Started(NamedTuple):
    task: Task
    run: Run
    attempt: Attempt


class _Told(NamedTuple):
    is_restart: bool
    died_at: float | None
    pid: int
    agent: str
    prompt: str | None
    conversation: Conversation | None


class Starter:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.porter = Porter(tools)
        self.readier = Readier(tools)

    async def start(self, keeping: Keeping, board: Board, action: Start) -> None:
        """The task's current step, running under a new token; or its task blocked with what was missing."""
        task, server = keeping.task, self.tools.server
        died_at = keeping.verdict.at if isinstance(keeping.verdict, Dead) else None
        site, profile = self.tools.site(board, task), self._profile(keeping, board)
        if server is None or profile is None or not await self._ready_ports(keeping):
            return
        is_new = looks.lacks_tree(task, site)
        if not await self.readier.ready(keeping, board, site):
            return
        if is_new and await self._is_otherwise(keeping, site):
            return
        head = keeping.facts.head or await looks.tip_of(site)
        # The last screen is asked for in the same breath: a server that is flooded takes its time for each answer.
        pane, _, left, talk = await asyncio.gather(
            server.open_window(self.tools.session, task.id, site.tree),
            self.tools.capture(keeping),
            self._left_in(task, site),
            conversation(self.tools, keeping, profile, site),
        )
        site = replace(site, left=left, conversation=talk)
        started, launch = self._record(keeping, profile, site, Opening(action, head, _last_exit(keeping)))
        keeping.known = Known(started.attempt, pane=pane.id, window=pane.window_id, is_ours=True)
        mark = {ATTEMPT_OPTION: started.attempt.mark}
        into = self.tools.recorder.begin(self.tools.source(board, keeping.known, launch.env, site.tree))
        try:
            pid = await server.respawn(pane.id, launch.argv, launch.env, launch.cwd, mark, into)
        except TmuxRefused as refusal:
            self.tools.recorder.finish(started.attempt, f"not started: {refusal}")
            ended = Exit(cause=f"not started: {refusal}")
            self.tools.ledger.note_end(started.task, ended, self.tools.engine.clock())
            return
        keeping.verdict = Alive(pid, pane.id)  # what was judged before was about the attempt before
        self._watch(keeping.known, pid)
        prompt = launch.brief if task.step.run is None else None
        self._tell_start(keeping, started.run, _Told(action.resume, died_at, pid, profile.name, prompt, talk))

    async def _is_otherwise(self, keeping: Keeping, site: Site) -> bool:
        """`done_if` could not be asked before there was a tree: unless it is a no there, the law decides anew."""
        if keeping.task.step.done_if is None:
            return False
        keeping.facts.done_if = await looks.done_if(keeping.task, site)
        keeping.facts.at = self.tools.engine.clock()
        return keeping.facts.done_if is not False

    async def _left_in(self, task: Task, site: Site) -> Left:
        """For an agent that goes on; a command asks for no words."""
        if task.step.run is not None or _next_number(task) == 1:
            return Left()
        return await left_in(task, site, self.tools.engine.clock(), self.tools.redactor.text)

    def _profile(self, keeping: Keeping, board: Board) -> Profile | None:
        """How the step is started; None (and its task blocked) when the program for it isn't there."""
        task = keeping.task
        profile = self.tools.profiles.for_step(board, task, task.step)
        if task.step.kind is not None and (fault := _brief_fault(self.tools.engine.store.side, task.step.kind)):
            block(self.tools, keeping, f"the brief of step {task.step.id}: {fault}")
            return None
        missing = missing_program(profile, self.tools.engine.store.folder) if profile is not None else None
        if profile is None or missing is None:
            return profile
        block(self.tools, keeping, f"the program {missing}, which is not on the PATH (agent {profile.name})")
        return None

    def _record(self, keeping: Keeping, profile: Profile, site: Site, opening: Opening) -> tuple[_Started, Launch]:
        """The start on disk, and what is to be started. What can fail is tried before: it must cost no attempt."""
        task, home = keeping.task, self.tools.session
        prepare(task, Attempt(home, task.id, 0, _next_number(task)), profile, site, "")
        result = self.tools.ledger.begin(task, opening)
        run, granted = result.task.run, result.change.grant
        assert run is not None
        assert granted is not None
        attempt = Attempt(home, task.id, granted.token, run.attempt)
        launch = prepare(result.task, attempt, profile, site, self.tools.engine.grants.path(task.id, granted.token))
        if task.step.run is None:
            write_files(launch)
            if launch.is_typed:
                owing = Turn(attempt.mark, owes=True)
                record.keep(self.tools.engine.store.side, task.id, owing, self.tools.redactor.text(""))
            if site.conversation is not None and site.conversation.id:
                remember(self.tools.engine.store.side, task.id, attempt.mark, site.conversation.id)
        return _Started(result.task, run, attempt), launch

    def _watch(self, known: Known, pid: int) -> None:
        known.process = identify(pid)
        if known.process is not None:
            known.is_watched = True
            self.tools.watch(known.process)

    def _tell_start(self, keeping: Keeping, run: Run, told: _Told) -> None:
        task, is_restart = keeping.task, told.is_restart
        waited = None if told.died_at is None else round(self.tools.engine.clock() - told.died_at, 3)
        self.tools.tell(
            "worker_restarted" if is_restart else "worker_started",
            task.id,
            **{**keeping.told(), "step": run.step},
            worker=f"{task.id}.{run.attempt}",
            rule=str(Rule.RESTART),
            cause=run.last_exit if is_restart else None,
            token=run.token,
            attempt=run.attempt,
            why=keeping.decision.why,
            pid=told.pid,
            pane=keeping.known.pane if keeping.known else None,
            agent=told.agent,
            commit=run.head,
            waited_s=waited if is_restart else None,
            prompt=told.prompt,
            conversation=told.conversation.why or None if told.conversation is not None else None,
        )

    async def _ready_ports(self, keeping: Keeping) -> bool:
        """The task as it stands with its ports; False, and it is blocked, where there are none left."""
        try:
            keeping.task = await self.porter.ready(keeping.task)
        except RefusedError as error:
            if error.reason != Reason.NO_PORT:
                raise
            block(self.tools, keeping, f"its ports: {error}")
            return False
        return True


def _brief_fault(side: str, kind: str) -> str | None:
    """Why the brief that a step names can't be had; looked up before a start is recorded."""
    try:
        brief_text(side, kind)
    except BoardError as error:
        return str(error)
    return None


def _next_number(task: Task) -> int:
    return task.run.attempt + 1 if task.run is not None and task.started else 1


def _last_exit(keeping: Keeping) -> str | None:
    """How the attempt before this one ended, as far as anybody knows."""
    if keeping.death is not None:
        return keeping.death[0].words()
    task = keeping.task
    return task.run.last_exit if task.run is not None and task.started else None

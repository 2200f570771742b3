"""Looking up which conversation an agent's start goes on with: what it said, its files, what the start before was told.

The answer is `agents.conversation`'s; here it is only asked, beside the loop and within a time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import NamedTuple

from board.model import Task
from supervisor.agents import conversations
from supervisor.agents.conversation import Conversation, Traces, chosen, learnt
from supervisor.control import TmuxError
from supervisor.hooks import tray
from supervisor.keeping import Keeping
from supervisor.launch import Site, place_of, prepare
from supervisor.model import Attempt
from supervisor.profile import Profile
from supervisor.tools import Tools

PATIENCE = 5.0  # seconds: a start waits no longer for files of an agent's


class _Before(NamedTuple):
    """The attempt before this start, and what is known of its conversation; `since` is None where there was none."""

    task: Task
    since: float | None = None
    heard: str = ""
    told: str = ""


async def conversation(tools: Tools, keeping: Keeping, profile: Profile, site: Site) -> Conversation | None:
    """None for an agent without conversations, and where it could not be told in time."""
    task = keeping.task
    if task.step.run is not None or profile.session == "none":
        return None
    before = _before(tools, keeping)
    trial = prepare(task, Attempt(tools.session, task.id, 0, 1 if before.since is None else 2), profile, site, "")
    env = {**os.environ, **await _inherited(tools), **trial.env}
    try:
        return await asyncio.wait_for(asyncio.to_thread(_looked, before, profile, site, env), PATIENCE)
    except (OSError, TimeoutError):
        return None


def _before(tools: Tools, keeping: Keeping) -> _Before:
    task, run, side = keeping.task, keeping.task.run, tools.engine.store.side
    if run is None or not task.started:
        return _Before(task)
    if run.token is None:
        return _Before(task, run.started_at)
    mark = Attempt(tools.session, task.id, run.token, run.attempt).mark
    known = keeping.known
    is_known = known is not None and known.attempt.mark == mark and known.hooked is not None
    heard = known.hooked if known is not None and is_known else tray.kept(side, task.id, mark)
    told = conversations.remembered(side, task.id, mark)
    return _Before(task, run.started_at, heard.session if heard is not None else "", told)


def _looked(before: _Before, profile: Profile, site: Site, env: Mapping[str, str]) -> Conversation:
    if profile.session == "chosen":

        def is_in_use(name: str) -> bool | None:
            return conversations.is_in_use(profile.agent, name, env, conversations.session_file(site.side, name))

        is_first = before.since is None
        return chosen(place_of(before.task, site), is_in_use, is_first=is_first, known=(before.heard, before.told))
    if before.since is None:
        return Conversation()
    found = conversations.talks(profile.agent, before.since, env)
    is_own = site.branch is not None
    tree = os.path.realpath(site.tree)
    return learnt(Traces(tree, before.since, found, before.heard, before.told, is_own_tree=is_own))


async def _inherited(tools: Tools) -> Mapping[str, str]:
    """What a worker has from the tmux server, which may be older than we are."""
    try:
        listed = await tools.server.environment(tools.session) if tools.server is not None else []
    except TmuxError:
        return {}
    pairs = (each.decode("utf-8", "replace").partition("=") for each in listed)
    return {name: value for name, between, value in pairs if between}

"""Storing what came of each run, beside the loop: final message, commits, checks, in `.board/results/<task>.json`.

Theory of operation. What is to be stored is told by the record alone: a task whose run ended in a way of which no
result is there. So nothing is announced to us, and a supervisor that dies between the record and the result leaves it
to the next one. A message may come after the ending (an agent says `board done`, and then its last words): for a while
it is looked at again, and the result written anew where there is more to say.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from board import results
from board.errors import BoardError
from board.journal.faces import document
from board.journal.redact import Redacted
from board.model import Board, Task
from board.results import Ending, ending_of, run_of
from board.views import View
from supervisor import lastwords
from supervisor.agents.reading import State
from supervisor.harvest import harvest
from supervisor.hooks import tray
from supervisor.hooks.latest import Latest
from supervisor.judge import attempt_of
from supervisor.lastwords import LastWords
from supervisor.overview import Overview
from supervisor.tools import Tools

TICK: Final = 0.5  # seconds between two glances
FRESH: Final = 60.0  # seconds after an ending in which more may be said
AFTER_FAULT: Final = 30.0  # seconds
LOG_BEHIND: Final = 3.0  # seconds in which a log gets its end
IN_TURN: Final = 12.0  # seconds for the end of the turn in which an agent called it done
KEPT_FOR: Final = 90 * 86400.0  # seconds
KEPT: Final = 500  # results, the newest ones
_TMP: Final = ".tmp"


@dataclass(slots=True)
class _Stored:
    """What is on disk of a task's result, and what its message was made of (None: by somebody before us)."""

    of: str
    news: object = None
    not_before: float = 0.0


class Results:
    def __init__(self, eyes: Overview, tools: Tools) -> None:
        self._eyes = eyes
        self._tools = tools
        self._view: View | None = None
        self._wanted: list[tuple[Task, Ending]] = []
        self._stored: dict[str, _Stored] = {}

    async def keep(self) -> None:
        """Until it is cancelled: what is not written then is written by the next supervisor."""
        while True:
            await self.round()
            await asyncio.sleep(TICK)

    async def round(self) -> None:
        view = self._eyes.board
        if view is None:
            return
        if view is not self._view:
            self._view, self._wanted = view, _wanted(view.board, self._tools.engine.clock())
        for task, ending in self._wanted:
            await self._mind(view.board, task, ending)

    @property
    def _side(self) -> str:
        return self._tools.engine.store.side

    async def _mind(self, board: Board, task: Task, ending: Ending) -> None:
        now = self._tools.engine.clock()
        stored = self._stored.get(task.id)
        if stored is None:
            stored = self._stored[task.id] = _Stored(await asyncio.to_thread(_of, self._side, task.id))
        is_fresh = ending.at is not None and 0 <= now - ending.at < FRESH
        if now < stored.not_before or (stored.of == ending.of and not is_fresh):
            return
        heard, log = self._heard(task), lastwords.stamp(self._side, task.id)
        message = heard.message if heard is not None else ""
        news = message or log
        if stored.of == ending.of and stored.news == news:
            return
        is_soon = log is not None and stored.of != ending.of and _is_soon(ending, heard, now)
        if is_soon and not await asyncio.to_thread(lastwords.is_whole, self._side, task.id):
            return
        try:
            await self._write(board, task, ending, message)
        except (BoardError, OSError) as error:
            stored.not_before = now + AFTER_FAULT
            self._tools.tell("look_failed", task.id, source="result", problem=str(error))
        else:
            self._stored[task.id] = _Stored(ending.of, news)

    def _heard(self, task: Task) -> Latest | None:
        """What the hook of its agent said, in this very attempt."""
        attempt = attempt_of(task, self._tools.session)
        kept = self._eyes.kept.get(task.id)
        known = kept.known if kept is not None else None
        if attempt is None:
            return None
        heard = known.hooked if known is not None and known.attempt == attempt else None
        return heard or tray.kept(self._side, task.id, attempt.mark)

    async def _write(self, board: Board, task: Task, ending: Ending, message: str) -> None:
        site, store = self._tools.site(board, task), self._tools.engine.store
        said = LastWords(message, "hook") if message else await asyncio.to_thread(lastwords.of_log, store.side, task.id)
        found = await asyncio.to_thread(harvest, board, task, site, store.folder)
        before = await asyncio.to_thread(_before, store.side, task)
        record = {
            "v": results.VERSION,
            "of": ending.of,
            **_about(task, ending),
            "message": said.text or None,
            "message_source": said.source if said.text else None,
            **found._asdict(),
            "commits": [each._asdict() for each in found.commits],
            "files": [each._asdict() for each in found.files],
        }
        if before is not None:
            record = _joined(record, before)
        text = document(self._tools.redactor, record, lambda x: json.dumps(x, ensure_ascii=False, indent=1))
        await asyncio.to_thread(put, store.side, task.id, text)


def _is_soon(ending: Ending, heard: Latest | None, now: float) -> bool:
    """May last words be on their way? An agent that is in the middle of its turn has yet to say them; one that is idle
    has said them."""
    if ending.at is None or (heard is not None and heard.state is State.IDLE and heard.message):
        return False
    return 0 <= now - ending.at < (IN_TURN if heard is not None and heard.state is State.BUSY else LOG_BEHIND)


def _wanted(board: Board, now: float) -> list[tuple[Task, Ending]]:
    """The newest endings first; what is long over is nobody's news."""
    found = []
    for place, task_id in enumerate(board.tasks.ids):
        if board.tasks.brief(place).status in results.ENDED and (task := board.find(task_id)) is not None:
            ending = ending_of(task)
            if ending is not None and (ending.at is None or now - ending.at < KEPT_FOR):
                found.append((task, ending))
    found.sort(key=lambda each: -(each[1].at or 0.0))
    return found[:KEPT]


def _of(side: str, task_id: str) -> str:
    found = _read(side, task_id)
    return "" if found is None else str(found["of"])


def _read(side: str, task_id: str) -> dict[str, Any] | None:
    """What can't be read is written anew."""
    try:
        return results.read(side, task_id)
    except (OSError, ValueError):
        return None


def _before(side: str, task: Task) -> dict[str, Any] | None:
    """What was stored of another ending of the same run: at review, say, before a person agreed."""
    found = _read(side, task.id)
    return found if found is not None and found.get("run") == run_of(task) else None


def _joined(record: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A tree may be gone by now, or its branch brought home: what was seen of the run then stays."""
    is_poorer = record["message_source"] != "hook" and before.get("message_source") == "hook"
    kept = ["message", "message_source"] if is_poorer or record["message"] is None else []
    if not record["commits_count"] and before.get("commits_count"):
        kept += ["branch", "base", "commit", "commits", "commits_count", "files", "files_count"]
    return {**record, **{name: before[name] for name in kept if name in before}}


def _about(task: Task, ending: Ending) -> dict[str, Any]:
    """What the record itself says of the run and its ending."""
    run = task.run
    assert run is not None
    ended = run.ended_at if run.ended_at is not None else ending.at
    took = None if run.started_at is None or ended is None else round(max(0.0, ended - run.started_at), 3)
    said = task.record.get("done") or task.record.get("said_done")
    return {
        "run": run_of(task),
        "task": task.id,
        "title": task.title,
        "status": str(task.status),
        "at": ending.at,
        "why": ending.why,
        "rule": task.blocked.rule if task.blocked is not None else None,
        "agent": task.agent,
        "step": run.step,
        "attempt": run.attempt,
        "exit": run.last_exit if run.ended_at is not None else None,
        "took_s": took,
        "checks": list(said.get("checks") or ()) if isinstance(said, Mapping) else [],
    }


# --- files


def put(side: str, task_id: str, text: Redacted) -> None:
    """Aside, then renamed: whoever reads it reads a whole one. Raises OSError."""
    place, path = results.folder(side), results.path_of(side, task_id)
    os.makedirs(place, 0o700, exist_ok=True)
    aside = f"{path}.{os.getpid()}{_TMP}"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode("utf-8", "replace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        with suppress(OSError):
            os.unlink(aside)
        raise
    _make_room(place, path)


def _make_room(place: str, newest: str) -> None:
    """At most so many, none of them too old; and what writers that died have left aside."""
    seen = []
    with suppress(OSError), os.scandir(place) as there:
        for entry in there:
            with suppress(OSError):
                seen.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
    seen.sort(reverse=True)
    now = seen[0][0] if seen else 0.0
    for number, (at, path) in enumerate(seen):
        is_left = path.endswith(_TMP) and now - at > FRESH
        if path != newest and (number >= KEPT or now - at > KEPT_FOR or is_left):
            with suppress(OSError):
                os.unlink(path)

"""From a task's step to what is handed to tmux: the worker's argv, environment and folder. It starts nothing itself."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from board.briefs import brief_text
from board.environs import environs
from board.errors import BoardError
from board.model import Run, Task
from supervisor.agents.conversation import Conversation, chosen_id
from supervisor.agents.conversations import session_file
from supervisor.hooks.wiring import Place, Wiring, trust, wire
from supervisor.model import Attempt
from supervisor.processes import ATTEMPT
from supervisor.profiles import Profile


@dataclass(frozen=True, slots=True)
class Launch:
    """`brief` is the rendered prompt, which the worker finds in the file `brief_path` as well. `files` are
    those that its hooks need, texts by path. `is_typed`: the brief is yet to be typed to it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    brief: str
    brief_path: str
    side: str
    files: Mapping[str, str] = field(default_factory=dict)
    is_typed: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What the attempt before left behind, in words: its last checkpoint, and its tree as it stands."""

    checkpoint: str = ""
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a worker works: the board's file and side folder, the task's tree and its branch. And which conversation it
    goes on with, where somebody has looked."""

    board: str
    side: str
    tree: str
    branch: str | None = None
    left: Left = Left()
    conversation: Conversation | None = None


def place_of(task: Task, site: Site) -> str:
    """What an id is chosen for: one step of one task of one board."""
    return f"{site.board}:{task.id}:{task.step.id}"


def brief_path(side: str, attempt: Attempt) -> str:
    return os.path.join(side, "cache", "briefs", f"{attempt.task}.{attempt.token}.md")


def prepare(task: Task, attempt: Attempt, profile: Profile, site: Site, grant: str) -> Launch:
    """`task` as it stands after the start was recorded. Raises BoardError for a brief that can't be rendered."""
    talk = site.conversation or _presumed(task, attempt, profile, site)
    words = {
        **_words(task, attempt, profile, site),
        "session": talk.id,
        "session_file": session_file(site.side, talk.id),
    }
    resumed = attempt.number > 1
    brief = _render(site, task.step.kind or ("resume" if resumed else "start"), words)
    path = brief_path(site.side, attempt)
    values = {**words, "prompt": brief, "brief_file": path}
    goes_on = resumed if profile.session == "none" else talk.goes_on
    argv = tuple(_fill(word, values, task.id) for word in (profile.resume if goes_on else profile.start))
    env = {key: _fill(value, values, task.id) for key, value in profile.env.items()}
    place = Place(site.side, env, task.id, os.path.realpath(site.tree))
    told = wire(profile.hooks, argv, place) if profile.hooks is not None else Wiring()
    # A folder that the board did not make is the person's own to trust.
    trusted = trust(profile.agent, place) if profile.trusts_worktree and site.branch is not None else Wiring()
    argv = (argv[0], *told.argv, *trusted.argv, *argv[1:])
    env = {**env, **told.env, **trusted.env}
    return Launch(
        argv,
        {**env, **_identity(task, attempt, site, grant)},
        site.tree,
        brief,
        path,
        site.side,
        {**told.files, **trusted.files},
        is_typed=goes_on and profile.is_typed,
    )


def _presumed(task: Task, attempt: Attempt, profile: Profile, site: Site) -> Conversation:
    """Before anybody has looked: the first id, which every start but the first goes on with. None can be learnt so."""
    return Conversation(chosen_id(place_of(task, site)), attempt.number > 1 and profile.session != "learnt")


def message(task: Task, site: Site, name: str) -> str:
    """What an agent at work is told, by the template `name`. Raises BoardError for one that can't be rendered."""
    on_branch = f" on branch `{site.branch}`" if site.branch else ""
    words = {"task": task.id, "title": task.title, "step": task.step.id, "folder": site.tree, "on_branch": on_branch}
    return _render(site, name, words)


def write_files(launch: Launch) -> None:
    """The brief, and what the hooks need. 0600: a brief may say more than the board does. Raises OSError."""
    os.makedirs(os.path.dirname(session_file(launch.side, "")), 0o700, exist_ok=True)
    for path, text in {**launch.files, launch.brief_path: launch.brief}.items():
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        aside = f"{path}.{os.getpid()}.tmp"
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(aside, path)


def brief_of(side: str, attempt: Attempt) -> str:
    """As it was written when that was started. Raises OSError, or UnicodeDecodeError."""
    return Path(brief_path(side, attempt)).read_text(encoding="utf-8")


def missing_program(profile: Profile, folder: str) -> str | None:
    """The program that this profile needs and that isn't there; looked up before a start is recorded."""
    program = profile.program
    if "${" in program:
        return None
    found = shutil.which(program, path=search_path()) if "/" not in program else _executable(folder, program)
    return None if found else program


def _executable(folder: str, program: str) -> str | None:
    path = os.path.join(folder, program)
    return path if os.access(path, os.X_OK) else None


def _identity(task: Task, attempt: Attempt, site: Site, grant: str) -> dict[str, str]:
    return {
        **environs(task, site.board, site.tree, is_own_tree=site.branch is not None),
        "BOARD_CLAIM": grant,
        "BOARD_WORKER": attempt.worker,
        ATTEMPT: attempt.mark,
        "PATH": search_path(),
    }


def search_path() -> str:
    """Ours, and behind it the folder of our own commands: a worker must find `board`."""
    path = os.environ.get("PATH", os.defpath)
    own = str(Path(sys.executable).parent)
    return path if own in path.split(os.pathsep) else f"{path}{os.pathsep}{own}"


def _words(task: Task, attempt: Attempt, profile: Profile, site: Site) -> dict[str, str]:
    run, checkpoint = task.run, task.checkpoint
    point = ", ".join(part for part in (checkpoint.commit, checkpoint.note) if part) if checkpoint else ""
    return {
        "task": task.id,
        "title": task.title,
        "step": task.step.id,
        "words": task.step.prompt or task.step.run or "",
        "brief": _brief(task, site),
        "agent": profile.name,
        "folder": site.tree,
        "on_branch": f" on branch `{site.branch}`" if site.branch else "",
        "attempt": str(attempt.number),
        "last_exit": (run.last_exit if run else None) or "unknown",
        "checkpoint": site.left.checkpoint or point or "none",
        "stands": f"It stands {site.left.tree}." if site.left.tree else "",
        "sent_back": _sent_back(task),
        "again": _again(run, site.left, point) if attempt.number > 1 else "",
        "subject": _subject(task),
    }


def _again(run: Run | None, left: Left, point: str) -> str:
    """For a brief that is the same at the first start and at each later one."""
    ended = (run.last_exit if run else None) or "unknown"
    stands = f" Its tree stands {left.tree}." if left.tree else ""
    checkpoint = left.checkpoint or point or "none"
    return (
        f"You did not get to the end before: the last attempt ended with {ended}. Last checkpoint: {checkpoint}."
        f"{stands} Look at what is already there, and don't repeat what is finished."
    )


def _subject(task: Task) -> str:
    """Whose work a step is about that judges or mends: that of the tasks which it comes after, else its own task's."""
    if not task.after:
        return f"what was done on this task before this step: `board diff {task.id}`, `git log`"
    return "; ".join(
        f"task `{name}`: `board show {name}`, `board diff {name}`, `board result {name}`" for name in task.after
    )


def _sent_back(task: Task) -> str:
    reopened = task.record.get("reopened")
    why = str(reopened.get("why") or "") if isinstance(reopened, Mapping) else ""
    return f"It was called done before, and sent back by a person: {why}" if why else ""


def _brief(task: Task, site: Site) -> str:
    if task.brief is None:
        return ""
    path = Path(site.board).parent / task.brief
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"can't read the brief {task.brief}: {error}", f"board edit, or make {path.name}") from None


def _render(site: Site, name: str, words: Mapping[str, str]) -> str:
    filled = _fill(brief_text(site.side, name), words, name)
    return re.sub(r"\n{3,}", "\n\n", filled).strip() + "\n"


def _fill(text: str, values: Mapping[str, str], where: str) -> str:
    """Only our `${names}`: any other dollar belongs to whoever wrote it."""
    try:
        return _Ours(text).safe_substitute(values)
    except ValueError as error:
        raise BoardError(f"{where}: {error}") from None


class _Ours(Template):
    """`${name}` and nothing else: `$HOME`, `$$` and `$1` stay as they are."""

    pattern = r"\$(?:(?P<escaped>(?!))|(?P<named>(?!))|\{(?P<braced>[a-z_]+)\}|(?P<invalid>(?!)))"  # type: ignore[assignment]

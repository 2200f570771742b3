"""What done means: a task's `done_when` items, asked of its tree one by one; nothing here moves a task.

An item is one of ours (`clean committed pushed merged pr`) or else a shell command. The output that a finding carries
is raw: whoever shows or keeps it redacts it first.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from board import git, git_refs
from board.program import Ended, Patience, environment, never, run_program

TAIL_LINES: Final = 20
_TAIL_BYTES: Final = 65536
_FORGE_TIMEOUT: Final = 30.0
_NAMED: Final = 3  # so many paths are named in a finding
# How to ask for the request of the branch that is checked out, and the word with which each forge is known.
_FORGES: Final = (
    ("gh", ("pr", "view", "--json", "state"), "github"),
    ("glab", ("mr", "view", "--output", "json"), "gitlab"),
)
_ASKED_FOR: Final = frozenset({"OPEN", "OPENED", "MERGED"})


class Finding(NamedTuple):
    """What came of one item. `exit_status` is a command's (negative: a signal), None where none came to its end.

    `detail` is one line: what failed and what to do. `tail` is the last lines of a command's output. `held_at` is the
    instant (as the record has it) of an answer that was given earlier and still holds.
    """

    item: str
    ok: bool
    exit_status: int | None
    seconds: float
    detail: str
    tail: str = ""
    held_at: str | None = None


class Terms(NamedTuple):
    """`base` is what `merged` asks about (the default branch without one); `timeout` holds for each command.

    `ignore` are files or folders, absolute or from the tree's top, whose changes don't count; `.board` never does.
    `env` is the environment of the commands, our own without one. Once `called_off` says yes, no command goes on.
    """

    base: str | None = None
    timeout: float = 600.0
    env: Mapping[str, str] | None = None
    ignore: tuple[str, ...] = ()
    called_off: Callable[[], bool] = never


def _say_nothing(_: object) -> None:
    return None


class Progress(NamedTuple):
    on_start: Callable[[str], object] = _say_nothing
    on_end: Callable[[Finding], object] = _say_nothing


class _Answer(NamedTuple):
    ok: bool
    detail: str
    exit_status: int | None = None
    tail: str = ""


_PLAIN: Final = Terms()
_SILENT: Final = Progress()


def _yes(detail: str, exit_status: int | None = None) -> _Answer:
    return _Answer(ok=True, detail=detail, exit_status=exit_status)


def _no(detail: str, exit_status: int | None = None) -> _Answer:
    return _Answer(ok=False, detail=detail, exit_status=exit_status)


def check(items: Iterable[str], tree: str, terms: Terms = _PLAIN, progress: Progress = _SILENT) -> tuple[Finding, ...]:
    """Asks every item, in order, whatever the ones before it said. Raises nothing of git's: doubt is a finding."""
    findings = []
    for item in items:
        progress.on_start(item)
        began = time.monotonic()
        answer = _ask(item.strip(), tree, terms)
        seconds = time.monotonic() - began
        finding = Finding(item, answer.ok, answer.exit_status, seconds, answer.detail, answer.tail)
        progress.on_end(finding)
        findings.append(finding)
    return tuple(findings)


def _ask(item: str, tree: str, terms: Terms) -> _Answer:
    if not os.path.isdir(tree):
        return _no(f"{tree} is not a folder; the task's tree is gone")
    question = _QUESTIONS.get(item)
    if question is None:
        return _ask_command(item, tree, terms)
    try:
        if git.root(tree) is None:
            return _no("not in a git repository; run `git init` or take it out of done_when")
        return question(tree, terms)
    except git.GitMissing as error:
        return _no(f"git is not installed or not on PATH; {error.remedy}")
    except git.GitError as error:
        return _no(f"could not tell: {error}")


def _ask_clean(tree: str, terms: Terms) -> _Answer:
    left = uncommitted(tree, terms.ignore)
    return _Answer(not left, f"{_listed(left)}; commit, ignore or remove" if left else "nothing left to commit")


def _ask_committed(tree: str, terms: Terms) -> _Answer:
    left = [change for change in uncommitted(tree, terms.ignore) if change.code != "??"]
    return _Answer(not left, f"{_listed(left)}; commit or restore" if left else "nothing staged or modified")


def uncommitted(tree: str, ignore: Iterable[str] = ()) -> list[git.Change]:
    """Everything that no commit holds, but for what `Terms.ignore` says. Raises GitError."""
    top = os.path.realpath(git.root(tree) or tree)
    named = [os.path.join(top, path) for path in ignore]
    ignored = {os.path.relpath(path, top) for name in named for path in (name, os.path.realpath(name))}
    return counted(git.changes(tree), ignored)


def counted(changes: Iterable[git.Change], ignored: Collection[str] = ()) -> list[git.Change]:
    """Without `.board`, and without what stands at or below the `ignored` paths (relative to the tree's top)."""
    return [change for change in changes if not _is_ignored(change.path, ignored)]


def _is_ignored(path: str, ignored: Collection[str]) -> bool:
    if ".board" in path.split("/")[:-1]:
        return True
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in ignored)


def _listed(changes: Sequence[git.Change]) -> str:
    names = [f"{change.code.strip()} {change.path}" for change in changes[:_NAMED]]
    more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return f"not committed: {', '.join(names)}{more}"


def _ask_pushed(tree: str, _: Terms) -> _Answer:
    if git.head(tree) is None:
        return _no("nothing is committed yet; commit, then push")
    count = git.unpushed(tree)
    if count is None:
        return _no("there is no remote to push to; `git remote add origin URL`")
    if count:
        name = git.branch(tree) or "HEAD:refs/heads/NAME"
        return _no(f"{_count(count, 'commit')} not on any remote; `git push -u origin {name}`")
    return _yes("every commit is on a remote")


def _ask_merged(tree: str, terms: Terms) -> _Answer:
    if git.head(tree) is None:
        return _no("nothing is committed yet")
    name = git_refs.branch_name(tree, terms.base or "")
    if name is None:
        return _no("no branch to merge into; set worktrees.base")
    answer = _merged_into(tree, name)
    if not answer.ok and "origin" in git.remotes(tree):  # merged on the forge, and nobody has fetched since
        try:
            git.fetch(tree)
        except git.GitError as error:
            return answer._replace(detail=f"{answer.detail} (and could not fetch: {error.message})")
        answer = _merged_into(tree, name)
    return answer


def _merged_into(tree: str, name: str) -> _Answer:
    refs = [ref for ref in (f"refs/remotes/origin/{name}", f"refs/heads/{name}", name) if git.has_commit(tree, ref)]
    if not refs:
        return _no(f"there is no branch {name} to merge into")
    said = [git.is_merged(tree, ref) for ref in refs]
    if any(said):
        return _yes(f"merged into {name}")
    if None in said:
        return _no(f"could not tell whether it is in {name}; `git fetch --unshallow`")
    return _no(f"not merged into {name} (several commits squashed into one can't be told: use `pr`)")


def _ask_pr(tree: str, terms: Terms) -> _Answer:
    import shutil

    env = {**environment(terms.env), "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}
    installed = [forge for forge in _FORGES if shutil.which(forge[0], path=env.get("PATH"))]
    if not installed:
        return _no("no way to ask; install gh (GitHub) or glab (GitLab) and log in")
    remotes = git.run(tree, "remote", "-v")
    likely = sorted(installed, key=lambda forge: forge[2] not in remotes)
    answer = _no("")
    for program, words, _ in likely:
        answer = _ask_forge((program, *words), tree, env)
        if answer.ok:
            return answer
    return answer


def _ask_forge(argv: tuple[str, ...], tree: str, env: Mapping[str, str]) -> _Answer:
    import json

    try:
        ended = run_program(argv, env, _FORGE_TIMEOUT, cwd=tree)
        state = str(json.loads(ended.stdout)["state"]).upper() if ended.status == 0 else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        return _no(f"could not read the answer of {argv[0]}: {error}")
    if state in _ASKED_FOR:
        return _yes(f"the request is {state.lower()}", ended.status)
    if state is not None:
        return _no(f"the request is {state.lower()}; open a new one", ended.status)
    if ended.status is None:
        return _no(f"{argv[0]} did not answer within {_FORGE_TIMEOUT:g} s")
    said = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"exit status {ended.status}"
    return _no(f"{argv[0]}: {said}; push, then `{argv[0]} {argv[1]} create`", ended.status)


def _ask_command(command: str, tree: str, terms: Terms) -> _Answer:
    argv, env = ("/bin/sh", "-c", command), environment(terms.env)
    try:
        ended = run_program(argv, env, Patience(terms.timeout, terms.called_off), cwd=tree, tail=_TAIL_BYTES)
    except (OSError, ValueError) as error:
        return _no(f"could not be started: {error}")
    lines = ended.stdout.decode(errors="replace").rstrip().split("\n")
    tail = "\n".join(line.rstrip("\r") for line in lines[-TAIL_LINES:])
    return _Answer(ended.status == 0, _how_it_ended(ended, terms.timeout), ended.status, tail)


def _how_it_ended(ended: Ended, timeout: float) -> str:
    match ended.status:
        case 0:
            return "exit status 0"
        case None:
            return f"not over after {timeout:g} s, so all of its processes were ended; fix it or raise done_timeout"
        case 126 | 127:
            return f"exit status {ended.status}: the shell can't run it; is it installed in this tree?"
        case int(status) if status < 0:
            return f"ended by {_signal_name(-status)}; run it again by hand in the tree"
        case status:
            return f"exit status {status}; fix what it complains about and ask again"


def _signal_name(number: int) -> str:
    known = {member.value: member.name for member in signal.Signals}
    return f"signal {number} ({known[number]})" if number in known else f"signal {number}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_QUESTIONS: Final[Mapping[str, Callable[[str, Terms], _Answer]]] = {
    "clean": _ask_clean,
    "committed": _ask_committed,
    "pushed": _ask_pushed,
    "merged": _ask_merged,
    "pr": _ask_pr,
}
OURS: Final = frozenset(_QUESTIONS)

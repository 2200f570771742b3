"""A task's definition of done asked of its tree, and the evidence that it held. It moves no task and writes nothing.

Theory of operation. No lock is held meanwhile: others write, and the tree may move under the checks. So its commit is
noted before the first of them, and when all have held it is looked at once more, with what was asked of cleanliness,
right before the caller writes. Items are asked in the order in which they are written: a command that changes files
makes a `clean` behind it fail, and undoes one before it. What a command said at review holds for the same commit in a
clean tree, and is not run again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from board.done import OURS, Finding, Progress, Terms, check
from board.environs import environs
from board.home import definition_of_done, head_of
from board.instants import format_span, parse_span
from board.model import Board, Status, Task
from board.program import never

TREE: Final = "HEAD"  # the item of a finding about the tree as a whole
_ABOUT_FILES: Final = ("clean", "committed")


class Scene(NamedTuple):
    """Where a task is asked: its tree, the board's file, and all of the board's own, whose changes don't count. `env`
    is what its commands inherit, our own environment without one."""

    tree: str
    board: str
    ours: tuple[str, ...]
    is_own_tree: bool
    env: Mapping[str, str] | None = None


class Quest(NamedTuple):
    """What is asked; `said` is the record of a worker's word, at review."""

    items: tuple[str, ...]
    scene: Scene
    terms: Terms
    said: Mapping[str, Any]


class Proof(NamedTuple):
    """`commit` is where the tree stood before the first check; None where there is none."""

    commit: str | None
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.ok)

    def evidence(self) -> dict[str, Any]:
        """As the record keeps it."""
        full = {"commit": self.commit, "checks": [_held(finding) for finding in self.findings] or None}
        return {key: value for key, value in full.items() if value is not None}


def quest(board: Board, task: Task, scene: Scene, called_off: Callable[[], bool] = never) -> Quest:
    """Once `called_off` says yes nothing more is asked, and what runs is ended: the proof is then worth nothing."""
    own = task.record.get("done_timeout")
    timeout = board.settings.done_timeout if own is None else parse_span(str(own))
    inherited = os.environ if scene.env is None else scene.env
    env = {**inherited, **environs(task, scene.board, scene.tree, is_own_tree=scene.is_own_tree)}
    terms = Terms(board.settings.worktrees.base, timeout or board.settings.done_timeout, env, scene.ours, called_off)
    said = task.record.get("said_done") if task.status is Status.REVIEW else None
    items = tuple(definition_of_done(board, task, scene.tree))
    return Quest(items, scene, terms, said if isinstance(said, Mapping) else {})


def prove(quest: Quest, progress: Progress | None = None) -> Proof:
    """Asks every item in order, whatever the ones before it said. A command takes as long as it takes."""
    commit = head_of(quest.scene.tree)
    held = _held_at_review(quest, commit)
    findings: list[Finding] = []
    for item in quest.items:
        if quest.terms.called_off():
            break
        known = held.get(item)
        asked = (known,) if known else check((item,), quest.scene.tree, quest.terms, progress or Progress())
        findings += asked
    return Proof(commit, tuple(findings))


def moved(quest: Quest, proof: Proof) -> Finding | None:
    """What is another way than it was when it was asked; None where the proof still stands."""
    tree, now = quest.scene.tree, head_of(quest.scene.tree)
    if now != proof.commit:
        was, is_now = (commit[:9] if commit else "no commit" for commit in (proof.commit, now))
        detail = f"it went from {was} to {is_now} while it was asked; ask again (a check that commits never ends)"
        return Finding(TREE, ok=False, exit_status=None, seconds=0.0, detail=detail)
    again = check([item for item in quest.items if item in _ABOUT_FILES], tree, quest.terms)
    for finding in again:
        if not finding.ok:
            detail = f"it held, and then a later check, or somebody, changed the tree: {finding.detail}"
            return finding._replace(detail=detail)
    return None


def _held_at_review(quest: Quest, commit: str | None) -> dict[str, Finding]:
    """The commands that held when a worker called this commit done, if nothing in its tree is another since."""
    said = quest.said
    listed = [one for one in said.get("checks") or () if isinstance(one, Mapping) and one.get("exit") == 0]
    listed = [one for one in listed if one.get("check") not in OURS]
    if not listed or commit is None or said.get("commit") != commit:
        return {}
    if not check(("clean",), quest.scene.tree, quest.terms)[0].ok:
        return {}
    return {str(one["check"]): _kept(one, said) for one in listed}


def _kept(one: Mapping[str, Any], said: Mapping[str, Any]) -> Finding:
    took, at = parse_span(str(one.get("took") or "0")) or 0.0, one.get("at") or said.get("at")
    detail = f"held at {at}, at this very commit"
    kept = Finding(str(one["check"]), ok=True, exit_status=0, seconds=took, detail=detail)
    return kept._replace(held_at=None if at is None else str(at))


def _held(finding: Finding) -> dict[str, Any]:
    took = f"{finding.seconds:.1f}s" if finding.seconds < 60 else format_span(finding.seconds)
    full = {"check": finding.item, "exit": finding.exit_status, "took": took, "at": finding.held_at}
    return {key: value for key, value in full.items() if value is not None}

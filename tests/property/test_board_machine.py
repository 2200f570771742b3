"""A board under everything at once, against a model of a few dicts that shares no code with it.

Seen to turn it red: a fence that lets stale tokens pass; leases that never run out; hand edits taken as they are; a
merge in which the person has the machine's keys; a claimed task that can be deleted by hand; tokens that an edit can
lower; the version that was put in place not noted; an exchange without a second look at what stands there.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from ruamel.yaml import YAML

from board import moves
from board.claims import Actor
from board.engine import Engine
from board.errors import RefusedError
from board.journal.events import Event
from board.store import FileStore

NAMES = st.sampled_from("abcde")
PEOPLE = st.sampled_from(["ann", "bob", "eve"])
NOTES = st.integers(0, 999).map(lambda number: f"note {number}")
LEASE = 60


@dataclass
class Told:
    """What the model knows of a task; `floor` is the highest number ever granted under its name."""

    title: str
    by: str | None = None
    token: int = 0
    until: float = 0.0
    note: str | None = None


@dataclass
class Buffer:
    """What a person has open: the text, and what the tasks were called then."""

    text: str
    titles: dict[str, str] = field(default_factory=dict)


class Died(BaseException):
    """The process ends here."""


class Nowhere:
    def append(self, event: Event, at: float) -> None: ...


class BoardMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cb"))
        self.path = self.folder / "tasks.yaml"
        self.path.write_text(f"# kept\nversion: 1\nsettings: {{lease: {LEASE}s}}\ntasks:\n  - id: z\n    title: last\n")
        self.now = 1_800_000_000.0
        self.tasks = {"z": Told("last")}
        self.floors: dict[str, int] = {}
        self.grants: list[tuple[str, str, int]] = []
        self.buffers: list[Buffer] = []
        self.engine = self._engine()
        self.dice = random.Random(1)
        self.edits = 0
        self.titles = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _engine(self) -> Engine:
        return Engine(FileStore(str(self.path)), Nowhere(), clock=lambda: self.now)

    def _save(self, text: str, *, in_place: bool) -> None:
        """Each edit also changes a comment: a text that is exactly an older one counts as that old version saved again,
        which the examples ask."""
        self.edits += 1
        text = re.sub(r"^# kept\n(# edit \d+\n)?", f"# kept\n# edit {self.edits}\n", text)
        if in_place:
            self.path.write_text(text)
        else:
            aside = self.folder / "swp"
            aside.write_text(text)
            aside.rename(self.path)
        past = time.time() - 1  # so that nobody waits here for an editor to be done
        os.utime(self.path, (past, past))
        self.engine.settle()

    def _title(self) -> str:
        """Never the same twice: two edits with the same line in them are two that can't be told apart."""
        self.titles += 1
        return f"title {self.titles}"

    # --- by command

    @rule(name=NAMES)
    def add(self, name: str) -> None:
        if name in self.tasks:
            return
        title = self._title()
        self.engine.add(lambda board: {"id": name, "title": title})
        self.tasks[name] = Told(title)

    @rule(name=NAMES, who=PEOPLE)
    def claim(self, name: str, who: str) -> None:
        if name not in self.tasks:
            return
        task = self.tasks[name]
        held = task.by is not None and self.now < task.until
        self._claim(name, who, may=not held)

    def _claim(self, name: str, who: str, *, may: bool) -> None:
        before = self.path.read_bytes()
        try:
            result = self.engine.change(
                name, Actor(who), lambda ask: moves.claim(ask, self.engine.grants.highest(ask.task.id))
            )
        except RefusedError:
            assert not may
            assert self.path.read_bytes() == before
            return
        assert may
        assert result.task.claim is not None
        token = result.task.claim.token
        assert token > self.floors.get(name, 0)
        self.floors[name] = token
        self.grants.append((name, who, token))
        told = self.tasks[name]
        self.tasks[name] = replace(told, by=who, token=token, until=self.now + LEASE)

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), note=NOTES)
    def checkpoint(self, data: st.DataObject, note: str) -> None:
        """Also with numbers that were taken over, given back, or whose task is gone and there again."""
        name, who, token = data.draw(st.sampled_from(self.grants))
        if name not in self.tasks:
            return
        task = self.tasks[name]
        current = (task.by, task.token) == (who, token)
        before = self.path.read_bytes()
        try:
            self.engine.change(name, Actor(who, token), lambda ask: moves.checkpoint(ask, None, note))
        except RefusedError:
            assert not current
            assert self.path.read_bytes() == before
            return
        assert current
        self.tasks[name] = replace(task, note=note, until=max(task.until, self.now + LEASE))

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        name, who, token = data.draw(st.sampled_from(self.grants))
        task = self.tasks.get(name)
        if task is None or (task.by, task.token) != (who, token):
            return
        self.engine.change(name, Actor(who, token), moves.release)
        self.tasks[name] = replace(task, by=None)

    @rule(seconds=st.integers(1, 2 * LEASE))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    # --- by hand

    def _block(self, text: str, name: str) -> str:
        start = text.index(f"  - id: {name}\n")
        end = text.find("\n  - id: ", start + 1)
        return text[start : end + 1 if end >= 0 else len(text)]

    @rule(name=NAMES, in_place=st.booleans())
    def retitle(self, name: str, in_place: bool) -> None:
        if name not in self.tasks:
            return
        text, title = self.path.read_text(), self._title()
        block = self._block(text, name)
        new = block.replace(f"title: {self.tasks[name].title}\n", f"title: {title}\n")
        self._save(text.replace(block, new), in_place=in_place)
        self.tasks[name] = replace(self.tasks[name], title=title)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """A claimed task stays, whoever deletes it in the file. One that was added by a write which the edit takes back
        with it may stay as well, since who never saw it would save the same."""
        if name not in self.tasks:
            return
        text = self.path.read_text()
        self._save(text.replace(self._block(text, name), ""), in_place=False)
        stays = f"  - id: {name}\n" in self.path.read_text()
        assert stays or self.tasks[name].by is None
        assert not stays or self.tasks[name].by is not None or name != "z"
        if not stays:
            del self.tasks[name]

    @rule(name=NAMES)
    def drop_the_claim(self, name: str) -> None:
        """Taking the line out frees the task, unless the edit takes back just what the claim brought; its number is
        remembered either way."""
        if name not in self.tasks or self.tasks[name].by is None:
            return
        text = self.path.read_text()
        block = self._block(text, name)
        kept = [line for line in block.splitlines(keepends=True) if not line.startswith("    claim:")]
        self._save(
            text.replace(
                block,
                "".join(kept).replace("status: claimed", "status: todo").replace("status: in_progress", "status: todo"),
            ),
            in_place=False,
        )
        if "    claim:" not in self._block(self.path.read_text(), name):
            self.tasks[name] = replace(self.tasks[name], by=None)

    @rule()
    def open_the_file(self) -> None:
        self.buffers.append(Buffer(self.path.read_text(), {name: task.title for name, task in self.tasks.items()}))

    @precondition(lambda self: self.buffers)
    @rule(data=st.data(), in_place=st.booleans())
    def save_an_old_buffer(self, data: st.DataObject, in_place: bool) -> None:
        """One title changed in a text that may be many writes old: nothing else of it counts."""
        buffer = data.draw(st.sampled_from(self.buffers))
        name = data.draw(st.sampled_from(sorted(buffer.titles)))
        if name not in self.tasks:
            return
        title = self._title()
        block = self._block(buffer.text, name)
        new = block.replace(f"title: {buffer.titles[name]}\n", f"title: {title}\n")
        self._save(buffer.text.replace(block, new), in_place=in_place)
        self.buffers.remove(buffer)
        self.tasks[name] = replace(self.tasks[name], title=title)

    # --- what else happens

    @rule()
    def another_process(self) -> None:
        self.engine = self._engine()

    @rule(name=NAMES, who=PEOPLE, behind=st.booleans())
    def die_in_a_claim(self, name: str, who: str, behind: bool) -> None:
        """Before the exchange of names, or behind it and before anybody was told."""
        task = self.tasks.get(name)
        if task is None or (task.by is not None and self.now < task.until):
            return

        def die(*_args: Any, **_more: Any) -> Any:
            raise Died

        store = self.engine.store
        if behind:
            store.history.arrived = die  # type: ignore[method-assign]
        else:
            store._swap_in = die  # type: ignore[method-assign]
        with suppress(Died):
            self.engine.change(name, Actor(who), lambda ask: moves.claim(ask, self.engine.grants.highest(ask.task.id)))
        token = self.engine.grants.highest(name)
        self.floors[name] = token
        if behind:
            self.tasks[name] = replace(task, by=who, token=token, until=self.now + LEASE)
            self.grants.append((name, who, token))
        self.engine = self._engine()
        # The next writer knows by what stands there whether that claim came about.
        self.engine.replace(lambda view: f"{view.text}# {token} of {name}\n")

    @rule(way=st.sampled_from(["deleted", "cut", "noise"]))
    def the_cache_is(self, way: str) -> None:
        for path in (self.folder / ".board" / "cache").glob("*"):
            if way == "deleted":
                path.unlink()
            else:
                raw = path.read_bytes()
                path.write_bytes(raw[: len(raw) // 2] if way == "cut" else self.dice.randbytes(len(raw)))
        self.engine = self._engine()

    # --- what always holds

    @invariant()
    def the_file_says_what_is_known(self) -> None:
        text = self.path.read_text()
        found = {task["id"]: task for task in YAML(typ="safe", pure=True).load(text)["tasks"]}
        assert found.keys() == self.tasks.keys()
        assert text.startswith("# kept\n")
        for name, told in self.tasks.items():
            task = found[name]
            claim = task.get("claim") or {}
            assert task["title"] == told.title
            assert (claim.get("by"), claim.get("token")) == ((told.by, told.token) if told.by else (None, None))
            assert (task.get("checkpoint") or {}).get("note") == told.note
            if told.token:
                assert max(claim.get("token", 0), task.get("last_token", 0)) >= told.token

    @invariant()
    def a_fresh_reader_sees_the_same(self) -> None:
        board = self._engine().read().board
        assert {task.id: (task.title, task.claim.by if task.claim else None) for task in board.tasks} == {
            name: (told.title, told.by) for name, told in self.tasks.items()
        }


TestBoardMachine = BoardMachine.TestCase
TestBoardMachine.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)

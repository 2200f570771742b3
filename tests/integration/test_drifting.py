"""When the supervisor looks at trees, and what it makes of a look: with a clock of the test's own, over real git."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from board.drift import Kind
from board.views import View
from supervisor.drifting import FIRST, Drifts
from supervisor.keeping import Keeping
from supervisor.model import Alive, Dead, Exit
from tests import repositories as repos
from tests.boards import claimed, ran
from tests.grove import Grove, done


class Watch:
    """Drifts over a grove, with what it told."""

    def __init__(self, grove: Grove, before: Any = None) -> None:
        self.grove = grove
        self.told: list[tuple[str, str, str]] = []
        self.ended = threading.Event()
        self.drifts = Drifts(str(grove.repo), self._tell, self.ended.set, before)
        self.kept: dict[str, Keeping] = {}

    def _tell(self, name: str, task: str, **fields: Any) -> None:
        self.told.append((name, task, fields["kind"]))

    def look(self, at: float) -> bool:
        """Whether a look was begun; it has ended on return."""
        self.ended.clear()
        text = self.grove.path.read_text()
        begun = self.drifts.look(View(text, str(hash(text)), self.grove.board()), self.kept, at)
        assert not begun or self.ended.wait(30)
        return begun

    def known(self) -> list[tuple[str, str]]:
        return [(each["task"], each["kind"]) for each in self.drifts.status()]


@pytest.fixture
def grove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grove:
    repos.isolate(monkeypatch)
    return Grove(repos.repository(tmp_path / "shop"))


def dirty(grove: Grove, *tasks: str) -> None:
    for task in tasks:
        (grove.tree(task) / "left.txt").touch()


def test_rarely_all_and_at_once_whoever_something_happened_to(grove: Grove) -> None:
    """The first look is a little after the start, the next five minutes later; between them only who is newly done is
    looked at, and nobody while all is as it was. Mutants: only slow looks; each change looks at all."""
    dirty(grove, "api", "web")
    grove.write(done("api", grove.tip("main")), {"id": "web"})
    watch = Watch(grove)
    assert [watch.look(0), watch.look(FIRST - 1), watch.known()] == [False, False, []]
    assert [watch.look(FIRST), watch.look(FIRST + 1), watch.known()] == [True, False, [("api", "dirty")]]
    (grove.tree("api") / "left.txt").unlink()
    grove.write(done("api", grove.tip("main")), {"id": "web", "status": "review"})
    assert [watch.look(20), watch.look(21), watch.look(22)] == [True, False, False]
    assert watch.known() == [("api", "dirty"), ("web", "dirty")]
    assert [watch.look(FIRST + 299), watch.look(FIRST + 300), watch.look(FIRST + 301)] == [False, True, False]
    assert watch.known() == [("web", "dirty")]
    seen, ended = "drift_seen", "drift_ended"
    assert watch.told == [(seen, "api", "dirty"), (seen, "web", "dirty"), (ended, "api", "dirty")]


def test_a_worker_that_dies_is_cause_for_a_look(grove: Grove) -> None:
    """Its tree may not be what it was; a renewed lease, a checkpoint or another task's change is no cause."""
    record = {"id": "api", "status": "in_progress", "claim": claimed(), "run": ran()}
    grove.tree("api")
    board = grove.write(record)
    watch = Watch(grove)
    watch.kept["api"] = Keeping(board.tasks[0], verdict=Alive(1, "%1"))
    assert [watch.look(at) for at in (0, FIRST, FIRST + 1)] == [False, True, False]
    grove.write({**record, "claim": claimed(at=1_795_169_700.0), "checkpoint": {"at": "2026-11-20T10:13:00Z"}})
    assert watch.look(10) is False
    repos.git(grove.tree("api"), "switch", "--quiet", "--create", "aside")
    watch.kept["api"].verdict = Dead(Exit(status=1), 10.0)
    assert [watch.look(11), watch.look(12)] == [True, False]
    assert watch.known() == [("api", "elsewhere")]


def test_what_could_not_be_told_changes_nothing(grove: Grove) -> None:
    """A drift that is known stays while its tree, or git itself, can't be asked. Mutant: doubt ends it."""
    dirty(grove, "api")
    grove.write(done("api", grove.tip("main")))
    watch = Watch(grove)
    assert [watch.look(at) for at in (0, FIRST, FIRST + 1)] == [False, True, False]
    head = grove.repo / ".git" / "worktrees" / "api" / "HEAD"
    kept = head.read_text()
    head.write_text("nonsense\n")
    assert [watch.look(at) for at in (400, 401)] == [True, False]
    (grove.repo / ".git").rename(grove.repo / "away")
    (grove.repo / ".git").touch()
    assert [watch.look(at) for at in (800, 801)] == [True, False]
    assert watch.known() == [("api", "dirty")]
    (grove.repo / ".git").unlink()
    (grove.repo / "away").rename(grove.repo / ".git")
    head.write_text(kept)
    (grove.tree("api") / "left.txt").unlink()
    assert [watch.look(at) for at in (1200, 1201)] == [True, False]
    assert (watch.known(), watch.told[1:]) == ([], [("drift_ended", "api", "dirty")])


def test_the_next_supervisor_goes_on_where_this_one_ended(grove: Grove) -> None:
    """What stood in the status is known with its beginning, whatever else stands there."""
    dirty(grove, "api")
    grove.write(done("api", grove.tip("main")))
    since = "2026-11-20T10:13:00Z"
    before = [{"task": "api", "kind": "dirty", "detail": "x", "remedy": "y", "since": since}]
    odd = [None, {}, {**before[0], "kind": "nonsense"}, {**before[0], "since": "nonsense"}]
    watch = Watch(grove, [*odd, *before])
    assert [watch.look(at) for at in (0, FIRST, FIRST + 1)] == [False, True, False]
    assert (watch.told, watch.drifts.status()[0]["since"]) == ([], since)
    assert Watch(grove, "nonsense").known() == []


def test_a_board_that_wants_no_looks(grove: Grove) -> None:
    """`every: 0` looks at nothing, and says nothing of what was known. Mutant: 0 is always."""
    dirty(grove, "api")
    grove.write(done("api", grove.tip("main")), settings=["drift: {every: 0}"])
    before = [{"task": "api", "kind": str(Kind.DIRTY), "detail": "x", "remedy": "y", "since": "2026-11-20T10:13:00Z"}]
    watch = Watch(grove, before)
    assert [watch.look(at) for at in (0, FIRST, 1000)] == [False, False, False]
    assert watch.known() == []

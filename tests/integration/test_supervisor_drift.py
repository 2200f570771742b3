"""The supervisor's looks at the tasks' trees: each drift is told once, and kept in the status with its beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import repositories as repos
from tests.grove import Grove
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

TREES = "  worktrees: {enabled: true, copy: []}\n  drift: {every: 200ms}\n"


@pytest.fixture
def grove(house: House, monkeypatch: pytest.MonkeyPatch) -> Grove:
    """The house's folder as a repository whose main branch is `develop`."""
    repos.isolate(monkeypatch)
    folder: Path = house.folder / "shop ü"
    made = Grove(repos.repository(folder, "develop"))
    house.folder, house.path, house.side = folder, made.path, folder / ".board"
    return made


def seen(house: House, task: str, kind: str) -> list[dict[str, Any]]:
    found = house.status().get("drift") or []
    return [each for each in found if (each["task"], each["kind"]) == (task, kind)]


def told(house: House, task: str, event: str) -> list[str]:
    return [line["kind"] for line in house.journal(task, event)]


def test_a_drift_is_told_once_and_once_when_it_is_over(house: House, grove: Grove) -> None:
    """A worker leaves a file behind and its task is done: that stands in the status with its instant, also for the
    next supervisor, and in the journal as one line each way. Mutants: told at each look; `before` unread."""
    house.write("  - {id: api, run: 'echo x > left.txt'}\n  - {id: web, run: 'true'}\n", settings=TREES)
    first = house.start()
    house.reaches("api", "done")
    house.reaches("web", "done")
    found = eventually(lambda: seen(house, "api", "dirty"), 15, lambda: str(house.tail(None)))
    eventually(lambda: len(house.journal(None, "drift_seen")) >= 1, 5)
    assert found[0]["remedy"].startswith("git -C '")
    assert seen(house, "web", "dirty") == []
    assert house.end(first) == 0
    second = house.start()
    repos.git(grove.repo, "branch", "--quiet", "kept", "api")
    (grove.tree("api") / "more.txt").touch()
    eventually(lambda: "2 changes" in (seen(house, "api", "dirty") or [{"detail": ""}])[0]["detail"], 25)
    assert seen(house, "api", "dirty")[0]["since"] == found[0]["since"]
    assert told(house, "api", "drift_seen") == ["dirty"]
    for name in ("left.txt", "more.txt"):
        (grove.tree("api") / name).unlink()
    eventually(lambda: not seen(house, "api", "dirty"), 25)
    assert told(house, "api", "drift_ended") == ["dirty"]
    assert house.end(second) == 0

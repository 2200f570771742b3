"""The folder of signals: bounded, in order, and never read by halves."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.hooks import tray
from supervisor.hooks.folder import LARGEST, make_room, names, put
from tests.agents import waiting

ASKS = b'{"at": 1.0, "mark": "m", "agent": "claude", "chain": [], "text": "q", "dropped": 0}'


def kinds(side: Path) -> list[str]:
    return [name.split(".")[2] for name in waiting(side)]


def test_signals_are_taken_once_and_in_their_order(tmp_path: Path) -> None:
    """By when they were said, not by when or where they were written; each file is gone then, 0600 until then."""
    for order, task in ((30, "b"), (4, "a"), (200, "a")):
        put(str(tmp_path), task, "asking", order, ASKS)
    modes = {(tmp_path / "signals" / name).stat().st_mode & 0o777 for name in waiting(tmp_path)}
    assert (modes, (tmp_path / "signals").stat().st_mode & 0o777) == ({0o600}, 0o700)
    assert [(each.order, each.task) for each in tray.take(str(tmp_path))] == [(4, "a"), (30, "b"), (200, "a")]
    assert tray.take(str(tmp_path)) == []
    assert waiting(tmp_path) == []


def test_a_full_folder_loses_the_least_first(tmp_path: Path) -> None:
    """Any number of words that somebody works cost no question and no end; the count says how many went. Mutants
    killed: the oldest of any kind dropped; nothing dropped; the newest word of a quiet task dropped."""
    side, most = str(tmp_path), 30
    put(side, "quiet", "asking", 0, ASKS)
    dropped = 0
    for order in range(1, most + 6):
        dropped += make_room(side, most)
        put(side, "loud", "idle" if order % 3 == 0 else "tool", order, ASKS)
    assert (len(waiting(tmp_path)), dropped) == (most, 6)
    assert (kinds(tmp_path).count("asking"), kinds(tmp_path).count("idle")) == (1, 11)
    for order in range(most + 6, 3 * most):
        make_room(side, most)
        put(side, "loud", "idle", order, ASKS)
    assert len(waiting(tmp_path)) == most
    assert {each.task for each in names(side)} == {"quiet", "loud"}
    assert max(each.order for each in names(side)) == 3 * most - 1


def test_what_is_no_signal_is_never_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder, a link, an endless file under a signal's name: read as none, and put away; other names are let
    be. Mutant killed: a pipe opened without O_NONBLOCK."""
    place = tmp_path / "signals"
    place.mkdir()
    names_of = [f"{order:020d}.t.idle.{order}.json" for order in range(4)]
    os.mkfifo(place / names_of[0])
    (place / names_of[1]).symlink_to("/dev/zero")
    (place / names_of[2]).write_bytes(b"{" * (LARGEST * 3))
    (place / names_of[3]).write_bytes(b"")
    (place / "notes.txt").write_text("mine")
    (place / "1.t.idle.5.json").write_text("{}")
    found = tray.waiting(str(tmp_path))
    assert [each.signal for each in found] == [None] * 4
    tray.drop(str(tmp_path), found)
    assert sorted(path.name for path in place.iterdir()) == ["1.t.idle.5.json", "notes.txt"]


def test_what_a_killed_hook_left_aside_is_swept(tmp_path: Path) -> None:
    """Not while somebody may still be writing it."""
    place = tmp_path / "signals"
    place.mkdir()
    aside = place / ".00000000000000000001.t.idle.7.json"
    aside.write_bytes(b"{")
    now = aside.stat().st_mtime
    tray.sweep(str(tmp_path), now + tray.LEFT_AFTER - 1)
    assert aside.exists()
    assert tray.waiting(str(tmp_path)) == []
    tray.sweep(str(tmp_path), now + tray.LEFT_AFTER + 1)
    assert not aside.exists()

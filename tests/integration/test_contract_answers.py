"""Permission asked and answered both ways, by effect: the command ran, or it didn't; and words for who is idle."""

from __future__ import annotations

import pytest

from tests.contracts.answering import answers
from tests.contracts.rig import KINDS, repository, standin
from tests.contracts.typing import stops_and_is_told
from tests.house import House

pytestmark = pytest.mark.tmux

WAYS = [("claude", "hook"), *((name, "keys") for name, kind in sorted(KINDS.items()) if kind.screen)]


@pytest.mark.parametrize(("agent", "how"), WAYS)
def test_a_permission_is_answered_both_ways(
    house: House, agent: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(house, standin(KINDS[agent], repository(house, monkeypatch)), how)


def test_who_stops_is_asked_once_and_takes_words(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claude's alone: its hooks tell of a turn's end at once, and all others are waited for by their screen's word."""
    stops_and_is_told(house, standin(KINDS["claude"], repository(house, monkeypatch)))

"""Permission asked and answered both ways, by effect: the command ran, or it didn't."""

from __future__ import annotations

import pytest

from tests.contracts.answering import answers
from tests.contracts.rig import KINDS, repository, standin
from tests.house import House

pytestmark = pytest.mark.tmux

SCREENED = sorted(name for name, kind in KINDS.items() if kind.screen)


@pytest.mark.parametrize("agent", SCREENED)
def test_a_permission_is_answered_both_ways(house: House, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(house, standin(KINDS[agent], repository(house, monkeypatch)))

"""Each shipped profile against a stand-in that does what the real program was measured to do, on real tmux.

The same bodies run against the real programs with `uv run pytest -m agents` (`test_agents_real.py`).
"""

from __future__ import annotations

import pytest

from tests.contracts import bodies
from tests.contracts.rig import KINDS, Rig, repository, standin
from tests.house import House

pytestmark = pytest.mark.tmux


@pytest.fixture(params=sorted(KINDS))
def rig(request: pytest.FixtureRequest, house: House, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return standin(KINDS[request.param], repository(house, monkeypatch))


@pytest.mark.parametrize("rig", sorted(name for name, kind in KINDS.items() if kind.screen), indirect=True)
def test_in_its_own_screen(house: House, rig: Rig) -> None:
    bodies.in_a_screen(house, rig)


def test_without_a_screen(house: House, rig: Rig) -> None:
    bodies.without_a_screen(house, rig)


def test_a_wrong_command_line_is_refused(rig: Rig) -> None:
    bodies.refuses(rig)

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


def test_what_it_does_is_told(house: House, rig: Rig) -> None:
    bodies.states(house, rig)


def test_it_goes_on_with_its_conversation(house: House, rig: Rig) -> None:
    bodies.goes_on(house, rig, rig.kind.agent)


def test_without_a_screen_its_exit_counts(house: House, rig: Rig) -> None:
    bodies.ends(house, rig)


def test_without_a_screen_it_goes_on(house: House, rig: Rig) -> None:
    assert rig.kind.headless is not None
    bodies.goes_on(house, rig, rig.kind.headless, rig.kind.headless_work)


def test_a_wrong_command_line_is_refused(rig: Rig) -> None:
    bodies.refuses(rig)

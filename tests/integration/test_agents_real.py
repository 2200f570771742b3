"""The contract of each shipped profile against the real program, where npm can bring it: `uv run pytest -m agents`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts import bodies
from tests.contracts.answering import answers
from tests.contracts.api import Api
from tests.contracts.real import PACKAGES, binary, real, version
from tests.contracts.rig import Rig, repository
from tests.contracts.typing import stops_and_is_told
from tests.house import House
from tests.waiting import eventually

OFFERS = (2, 1, 329)  # the version of Claude Code with which its offer was seen
pytestmark = pytest.mark.agents  # and not `tmux`: only who asks for agents gets them


@pytest.fixture(params=sorted(PACKAGES))
def rig(request: pytest.FixtureRequest, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    if "agents" not in str(request.config.option.markexpr).replace("not agents", ""):
        pytest.skip("real agents run when they are asked for: -m agents")
    cache = request.config.cache
    assert cache is not None
    program = binary(request.param, cache.mkdir("agents"))
    repo = repository(house, monkeypatch)
    with Api(request.param, repo.parent / "heard.jsonl") as api:
        yield real(request.param, repo, program, api)


def test_in_its_own_screen(house: House, rig: Rig) -> None:
    if rig.kind.screen is None:
        pytest.skip(f"no profile of {rig.kind.agent} has a screen")
    bodies.in_a_screen(house, rig)


def test_without_a_screen(house: House, rig: Rig) -> None:
    bodies.without_a_screen(house, rig)


def test_a_wrong_command_line_is_refused(rig: Rig) -> None:
    bodies.refuses(rig)


@pytest.mark.parametrize("how", ["hook", "keys"])
def test_a_permission_is_answered_both_ways(house: House, rig: Rig, how: str) -> None:
    if how == "hook" and rig.kind.agent != "claude":
        pytest.skip(f"{rig.kind.agent} is answered by keys alone")
    answers(house, rig, how)


def test_who_stops_is_asked_once_and_takes_words(house: House, rig: Rig) -> None:
    stops_and_is_told(house, rig)


def test_an_offer_is_declined_and_never_taken(house: House, rig: Rig) -> None:
    """Behind a first turn Claude Code offers to make its auto mode the default: that is no permission. A no from afar
    is a no, a yes is the person's at the pane, and no text is typed into it."""
    if rig.kind.agent != "claude":
        pytest.skip(f"{rig.kind.agent} offers nothing of the kind")
    found = version((rig.bin / "claude").resolve(), rig.folder)
    if tuple(map(int, found.split("."))) < OFFERS:
        pytest.skip(f"Claude Code {found} offers nothing of the kind yet")
    bodies.crew(house, rig, "claude", [bodies.Case("offered", "HELLO", is_asked=True)])
    house.start(env=rig.environment())
    settings = rig.folder / "homes" / "offered" / ".claude" / "settings.json"
    before = settings.read_text(encoding="utf-8")
    bodies.comes_to(house, rig, "offered", "asking")
    eventually(lambda: "auto mode" in (bodies.seen(house, "offered")["question"] or ""), rig.patience)
    assert house.says("answer", "offered", "allow").code == 5
    assert house.says("answer", "offered", "some words").code == 5
    said = house.says("answer", "offered", "deny")
    assert said.code == 0, (said, bodies.shown(house, "offered"))
    bodies.comes_to(house, rig, "offered", "idle")
    assert settings.read_text(encoding="utf-8") == before

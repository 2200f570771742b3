"""The contract of `board answer` with each agent that has a screen: both answers are told by what they do."""

from __future__ import annotations

from tests.contracts.bodies import Case, comes_to, crew, seen, shown
from tests.contracts.rig import Rig
from tests.house import House
from tests.waiting import eventually


def answers(house: House, rig: Rig, how: str) -> None:
    """Allowed, the command runs; denied, it doesn't, and nobody is asked any more. Each agent is answered alone, `how`
    says by what: an agent that would take a decision by its hook is told not to where that is by keys."""
    kind, made = rig.kind, {name: rig.folder / f"made-by-{name}" for name in ("allowed", "denied")}
    cases = [Case(name, kind.ask.format(command=f"touch {path}"), is_asked=True) for name, path in made.items()]
    crew(house, rig, str(kind.screen), cases, ", answers: {hook: false}" if how == "keys" else "")
    house.start(env=rig.environment())
    for name, path in made.items():
        _asks_for(house, rig, name, path.name)
    said = house.says("answer", "allowed", "allow")
    assert said.code == 0, (said, shown(house, "allowed"))
    eventually(made["allowed"].exists, rig.patience, lambda: shown(house, "allowed"))
    assert _is_asked(house, "denied", made["denied"].name)
    said = house.says("answer", "denied", "deny")
    if not kind.takes_no:
        assert said.code == 5, said
        return
    assert said.code == 0, (said, shown(house, "denied"))
    # Not always idle: behind a turn the real Claude Code may ask for something of its own.
    eventually(
        lambda: not _is_asked(house, "denied", made["denied"].name), rig.patience, lambda: shown(house, "denied")
    )
    assert not made["denied"].exists()
    assert [house.happened(name, "answer_given")[0]["how"] for name in made] == [how, how]


def _asks_for(house: House, rig: Rig, task: str, word: str) -> None:
    comes_to(house, rig, task, "asking")
    eventually(lambda: _is_asked(house, task, word), rig.patience, lambda: shown(house, task))


def _is_asked(house: House, task: str, word: str) -> bool:
    view = seen(house, task)
    return view.get("agent_state") == "asking" and word in (view.get("question") or "")

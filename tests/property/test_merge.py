"""Random boards, two random edits of each: nothing is lost in silence, and both ways of putting it together agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board.document import Document
from board.merge import WHOLE, Merged, merge
from board.merging import whole
from board.merging.plan import plan
from board.merging.rules import MACHINE, Rules, token_of
from tests.property.test_splice import read

MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
AT = "2026-11-20T10:00:00Z"
Tasks = dict[str, dict[str, Any]]

_TITLES = st.sampled_from(["one", "two", "three"])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": _TITLES,
    "priority": st.integers(0, 9),
    "status": st.sampled_from(["todo", "done", "in_progress"]),
    "x-note": _TITLES,
    "last_token": st.integers(1, 9),
    "claim": st.builds(lambda token: {"by": "bob", "token": token, "at": AT, "expires_at": AT}, st.integers(1, 9)),
}


@st.composite
def boards(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Tasks:
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True))
    return {name: draw(st.fixed_dictionaries({}, optional=_VALUES)) for name in names}


@st.composite
def edits(draw: Callable[[st.SearchStrategy[Any]], Any], tasks: Tasks) -> Tasks:
    edited = {name: dict(task) for name, task in tasks.items()}
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from("abcdefgh"))
        match draw(st.integers(0, 5)):
            case 0 if len(edited) > 1:
                edited.pop(name, None)
            case 1:
                names = draw(st.permutations(list(edited)))
                edited = {one: edited[one] for one in names}
            case _:
                key = draw(st.sampled_from(list(_VALUES)))
                task = edited.setdefault(name, {})
                if draw(st.integers(0, 3)):
                    task[key] = draw(_VALUES[key])
                else:
                    task.pop(key, None)
    return edited


def text_of(tasks: Tasks, mark: str = "") -> str:
    lines = ["version: 1", "tasks:"]
    for name, task in tasks.items():
        lines += [f"  - id: {name}", *(f"    {key}: {_flow(value)}" for key, value in task.items())]
    return "\n".join([*lines, *([f"# {mark}"] if mark else []), ""])


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    return str(value)


def records(text: str) -> Tasks:
    return {task.pop("id"): task for task in read(text)["tasks"] or ()}


@st.composite
def three(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[Tasks, Tasks, Tasks]:
    base = draw(boards())
    return base, draw(edits(base)), draw(edits(base))


def at_once(base: str, edited: str, current: str) -> Merged:
    """The same merge, spliced into the edit as a whole."""
    documents = Document(base), Document(edited), Document(current)
    made = plan(*map(whole.cells, documents))
    text = whole.spliced(made, *documents, Rules())
    return Merged(text, tuple(made.clashes))


@MANY
@given(three())
def test_nothing_is_lost_in_silence(versions: tuple[Tasks, Tasks, Tasks]) -> None:
    """Every value that one side changed stands in the result, or is named; claimed tasks are there, tokens don't fall.

    Mutants: the person's text alone; ours alone; a clash that isn't told; a claimed task deleted.
    """
    base, theirs, ours = versions
    merged = merge(text_of(base), text_of(theirs), text_of(ours))
    found = records(merged.text)
    named = {(clash.task, clash.field) for clash in merged.clashes}
    renamed = [word for word in merged.theirs if "->" in word]
    for name, task in ours.items():
        if "claim" in task:
            assert name in found
        if name in found:
            assert token_of(found[name]) >= token_of(task)
    if renamed:
        return  # who is who by then is asked by the examples
    for side, other in ((theirs, ours), (ours, theirs)):
        for name, task in side.items():
            for key in task.keys() | base.get(name, {}).keys():
                value = task.get(key)
                if value == base.get(name, {}).get(key) or (name, WHOLE) in named or (name, key) in named:
                    continue
                if name not in found:
                    assert name in base
                    assert name not in other
                elif key not in MACHINE:
                    assert found[name].get(key) == value


@MANY
@given(three())
def test_both_ways_of_putting_it_together_mean_the_same(versions: tuple[Tasks, Tasks, Tasks]) -> None:
    """By blocks and as a whole; and what nobody else touched is the edit, byte for byte."""
    base, theirs, ours = map(text_of, versions)
    assert records(merge(base, theirs, ours).text) == records(at_once(base, theirs, ours).text)
    assert merge(base, base, ours).text == ours
    assert merge(base, theirs, theirs).text == theirs


@MANY
@given(three())
def test_merged_once_is_merged(versions: tuple[Tasks, Tasks, Tasks]) -> None:
    """A merge that is on disk is an edit that changes nothing more."""
    base, theirs, ours = map(text_of, versions)
    merged = merge(base, theirs, ours).text
    assert merge(ours, merged, merged).text == merged
    again = merge(ours, merged, ours)
    assert records(again.text) == records(merged)

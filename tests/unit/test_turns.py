"""Whether an agent that stops is asked, told, or left to a person: how often, how soon, and on whose word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.reading import Heard, Reading, Source, State
from supervisor.turns.turn import (
    PACE,
    TRIES,
    Ask,
    Brief,
    Deed,
    Glance,
    GoOn,
    Leave,
    Progress,
    Turn,
    begun,
    decide,
    delivered,
    is_due,
    left,
    noticed,
    undelivered,
)
from tests.boards import NOW

NONE = Progress("a", "1")
FRESH_TURN = Turn("m", has_begun=True)


def says(
    state: State, at: float = NOW, since: float | None = None, source: Source = Source.HOOK, **more: Any
) -> dict[Source, Heard]:
    reading = Reading(source, state, "rule", at, since=at if since is None else since, **more)
    return {source: Heard(reading, 2, reading)}


def glance(heard: dict[Source, Heard], at: float = NOW, **more: Any) -> Glance:
    return Glance(**{"at": at, "heard": heard, "ran_for": 999.0, "is_counted": True, **more})


def idle(since: float, at: float = NOW, source: Source = Source.HOOK, **more: Any) -> Glance:
    return glance(says(State.IDLE, at, since, source), at, **more)


def deed(turn: Turn, seen: Glance, progress: Progress = NONE) -> Deed | None:
    """What is done about it now."""
    after = noticed(turn, seen)
    return decide(after, seen, progress) if is_due(after, seen) else None


def asked(at: float, on: Progress = NONE) -> Turn:
    return delivered(begun(FRESH_TURN, Ask(), on, at))


@pytest.mark.parametrize(
    ("seen", "rest"),
    [
        ({}, PACE.hooked),
        ({"is_counted": False}, PACE.seen),
        ({"source": Source.SCREEN}, PACE.seen),
        ({"source": Source.SCREEN, "is_interrupted": True}, PACE.interrupted),
    ],
)
def test_how_long_it_has_to_be_idle(seen: dict[str, Any], rest: float) -> None:
    """By who says so. Mutants killed: at once; a screen is trusted like a hook; an interrupted one isn't left alone;
    work behind it that nobody has counted yet."""
    assert deed(FRESH_TURN, idle(NOW - rest, **seen)) == Ask()
    assert deed(FRESH_TURN, idle(NOW - rest + 0.1, **seen)) is None


def test_a_turn_is_a_persons_by_its_prompt() -> None:
    """Neither the first prompt of the attempt nor the last text of ours is; where no hook tells of a prompt nobody can
    know. Mutants killed: each of the three."""
    turn = replace(FRESH_TURN, sent="ours")
    talks = {prompt: turn.is_talk("brief", prompt) for prompt in ("", "brief", "ours", "else")}
    assert talks == {"": False, "brief": False, "ours": False, "else": True}


@given(
    rest=st.integers(0, 2 * int(PACE.talked)),
    told=st.booleans(),
    progress=st.sampled_from([NONE, Progress("b", "1"), Progress("a", None)]),
    seen=st.fixed_dictionaries({"is_counted": st.booleans(), "is_interrupted": st.booleans()}),
    source=st.sampled_from([Source.HOOK, Source.SCREEN, Source.SIGNAL]),
)
def test_who_talks_with_a_person_is_left_alone(
    rest: int, told: bool, progress: Progress, seen: dict[str, bool], source: Source
) -> None:
    """Whoever says that it is idle, and whatever was asked before: nothing until it has been so for long, and from then
    on what would have come of any other stop. Mutants killed: an interruption shortens it; it is left alone for ever;
    what was asked before is forgotten."""
    turn = noticed(asked(NOW - 9999), glance(says(State.BUSY, NOW - 5000))) if told else FRESH_TURN
    looks = idle(NOW - rest, source=source, is_talk=True, **seen)
    found = deed(turn, looks, progress)
    if rest < PACE.talked:
        assert found is None
    elif not told or progress == Progress("b", "1"):
        assert found == Ask()
    else:
        assert isinstance(found, Leave)


def test_what_a_person_was_told_of_is_theirs_no_more_once_they_talk() -> None:
    """A stop that was left to them is over when they answer; that is no second stop of its own. Mutant killed: told
    again behind each answer."""
    waits = left(noticed(asked(NOW - 300), idle(NOW - 50)), "why")
    answered = noticed(waits, glance(says(State.BUSY)))
    assert not answered.waits
    assert deed(answered, idle(NOW - 99, is_talk=True)) is None
    assert isinstance(deed(answered, idle(NOW - 99)), Leave)


def test_not_within_its_first_seconds() -> None:
    """Its box is there before its first prompt is taken. Mutant killed: any age."""
    assert deed(FRESH_TURN, idle(NOW - 99, ran_for=PACE.first - 0.1)) is None
    assert deed(FRESH_TURN, idle(NOW - 99, ran_for=PACE.first)) == Ask()


def test_who_was_never_seen_to_begin_has_time_for_it() -> None:
    """A box that stands there since the start is no end of a turn: real agents take their first prompt late on a loaded
    machine. Mutants killed: asked like one that has worked; waited for without end; being started is a beginning, or an
    idle screen; work is none, or a limit with an end or without."""
    unbegun = noticed(Turn("m"), glance(says(State.STARTING)))
    assert deed(unbegun, idle(NOW - PACE.taken + 0.1, source=Source.SCREEN)) is None
    assert deed(unbegun, idle(NOW - PACE.taken, source=Source.SCREEN)) == Ask()
    does = [says(state) for state in (State.BUSY, State.ASKING, State.FAILED, State.LIMITED)]
    for each in (*does, says(State.LIMITED, until=NOW - 50)):
        begun_now = noticed(unbegun, glance(each))
        assert deed(begun_now, idle(NOW - PACE.seen, source=Source.SCREEN)) == Ask()
    for rule, rest in (("done", PACE.seen), ("idle", PACE.taken)):  # a signal that tells of an end, and one of none
        said = Reading(Source.SIGNAL, State.IDLE, rule, NOW, since=NOW - rest)
        early = replace(said, since=NOW - rest + 0.1)
        assert deed(unbegun, glance({Source.SIGNAL: Heard(early, 1, early)})) is None
        assert deed(unbegun, glance({Source.SIGNAL: Heard(said, 1, said)})) == Ask()
        shown = noticed(unbegun, idle(NOW - PACE.seen, source=Source.SCREEN))  # its screen was quicker
        late = noticed(shown, glance({Source.SIGNAL: Heard(said, 1, said)}))
        assert late.has_begun == (rule == "done")


@pytest.mark.parametrize("state", [each for each in State if each not in (State.IDLE, State.LIMITED)])
def test_nobody_else_is_asked(state: State) -> None:
    """Not who works, asks, has failed (a login that was refused, too), or of whom nobody can tell."""
    turn = replace(FRESH_TURN, ended_at=NOW - 99, ended_by=Source.HOOK)
    assert deed(turn, glance(says(state, NOW, NOW - 99))) is None


@pytest.mark.parametrize("state", [State.BUSY, State.ASKING])
def test_who_is_seen_at_work_is_not_asked(state: State) -> None:
    """Though its hook says that it stopped: one look at its screen is enough to doubt. Mutant killed: the authority's
    word alone; only a screen that was read twice."""
    once = Heard(Reading(Source.SCREEN, state, "rule", NOW), 1, None)
    assert deed(FRESH_TURN, glance({**says(State.IDLE, NOW, NOW - 99), Source.SCREEN: once})) is None
    title = says(state, NOW, NOW - 1, Source.TITLE)
    assert deed(FRESH_TURN, glance({**says(State.IDLE, NOW, NOW - 99), **title})) is None


def test_it_is_asked_once_and_again_only_after_progress() -> None:
    """A second stop without progress is a person's; with a commit, a checkpoint or a step it is asked again. A look at
    the tree that failed is no progress. Mutants killed: asked at each stop; never again; a failed look is progress."""
    turn = noticed(asked(NOW - 300), glance(says(State.BUSY, NOW - 200)))
    again = idle(NOW - 50)
    assert isinstance(deed(turn, again), Leave)
    assert deed(turn, again, Progress("a", "2")) == Ask()
    assert deed(turn, again, Progress("b", "1")) == Ask()
    assert isinstance(deed(turn, again, Progress("a", None)), Leave)
    assert isinstance(deed(noticed(asked(NOW - 300, Progress("a", None)), idle(NOW - 60)), idle(NOW - 50)), Leave)


def test_what_was_asked_has_time_to_begin() -> None:
    """Idle since before it was asked, it may be about to begin; then it is a person's. Mutants killed: left at once;
    asked again; waited for without end."""
    turn = noticed(asked(NOW - PACE.taken + 0.1), idle(NOW - 900, NOW))
    assert deed(turn, idle(NOW - 900)) is None
    late = noticed(asked(NOW - PACE.taken), idle(NOW - 900, NOW))
    assert isinstance(deed(late, idle(NOW - 900)), Leave)
    assert isinstance(deed(late, idle(NOW - 900), Progress("a", "2")), Leave)


def test_a_person_is_told_once_for_each_stop() -> None:
    """Who waits for a person isn't decided about again until it has worked. Mutant killed: told at each look."""
    waits = left(noticed(asked(NOW - 300), idle(NOW - 50)), "why")
    assert deed(waits, idle(NOW - 50)) is None
    worked = noticed(waits, glance(says(State.BUSY)))
    assert (worked.waits, worked.ended_at, worked.asked_at) == (False, None, NOW - 300)
    assert isinstance(deed(worked, idle(NOW - 5)), Leave)


def test_one_standstill_is_one_stop() -> None:
    """Whoever's word it is by: another source's, or a moment in which nobody can tell, makes no other stop. The same
    source's later word does. Mutants killed: each of the three."""
    stopped = noticed(FRESH_TURN, idle(NOW - 50))
    assert noticed(stopped, idle(NOW - 20, source=Source.SCREEN)).ended_at == NOW - 50
    assert noticed(stopped, glance({})) == stopped
    assert noticed(stopped, idle(NOW - 20)).ended_at == NOW - 20


def test_what_is_not_delivered_is_tried_again_and_then_a_persons() -> None:
    """So often and so far apart, with the reason. Mutants killed: tried at each look; without end; asked for good."""
    turn, at = noticed(FRESH_TURN, idle(NOW - 50)), NOW
    for pause in TRIES:
        assert deed(turn, idle(NOW - 50, at)) == Ask()
        turn = undelivered(turn, "a half-written line", at)
        assert turn.asked_at is None
        assert deed(turn, idle(NOW - 50, at + pause - 0.1)) is None
        at += pause
    turn = undelivered(turn, "a half-written line", at)
    assert (turn.waits, turn.why) == (True, "it could not be asked: a half-written line")
    assert deed(turn, idle(NOW - 50, at + 9999)) is None


def test_who_cannot_be_typed_to_is_a_persons_at_once() -> None:
    """Nobody knows its box."""
    assert isinstance(deed(FRESH_TURN, idle(NOW - 99, is_typeable=False)), Leave)


# --- limits


def limited(until: float | None, at: float = NOW) -> Glance:
    return glance(says(State.LIMITED, at, NOW - 99, Source.SCREEN, until=until), at)


def test_a_limit_that_is_over_is_told_once() -> None:
    """Some seconds behind the end that it named; one that named none isn't touched. Behind that it is a person's.
    Mutants killed: at the end itself; without an end; told at each look; never a person's."""
    turn = noticed(FRESH_TURN, limited(NOW))
    assert deed(turn, limited(NOW, NOW + PACE.over - 0.1)) is None
    at = NOW + PACE.over
    assert deed(turn, limited(NOW, at)) == GoOn(NOW)
    assert deed(FRESH_TURN, limited(None, NOW + 99999)) is None
    told = delivered(begun(turn, GoOn(NOW), NONE, at))
    assert deed(told, limited(NOW, at + PACE.taken - 0.1)) is None
    assert isinstance(deed(told, limited(NOW, at + PACE.taken)), Leave)


def test_a_clock_read_again_is_the_same_limit() -> None:
    """Behind its end «4:30 PM» means tomorrow's to whoever reads it anew, as after our own restart; another clock is
    another limit, and so is one after it has worked. Mutants killed: the end that was read last; never another one."""
    turn = noticed(FRESH_TURN, limited(NOW))
    assert noticed(turn, limited(NOW + 86400 + 30)).limit == NOW
    told = begun(turn, GoOn(NOW), NONE, NOW + 11)
    assert noticed(told, limited(NOW + 86400)).told_at == NOW + 11
    assert noticed(told, limited(NOW + 18000)) == replace(FRESH_TURN, limit=NOW + 18000)
    assert noticed(noticed(told, glance(says(State.BUSY))), limited(NOW + 86400)).told_at is None


def test_a_limit_does_not_take_the_question_away() -> None:
    """What it was asked before the limit is still known behind it. Mutant killed: a limit makes everything new."""
    turn = noticed(asked(NOW - 300), limited(NOW))
    assert (turn.asked_at, turn.asked_on) == (NOW - 300, NONE)


# --- whatever happens


STEPS = st.sampled_from(["busy", "idle", "wait", "commit", "fails", "dies"])


@given(st.lists(STEPS, min_size=30, max_size=60))  # of short ones, hardly any stops twice
def test_it_is_never_asked_twice_without_progress(steps: list[str]) -> None:
    """Whatever the agent does, whatever fails to be delivered, and whenever the supervisor is killed right behind the
    record: of two texts that came through, the second has a commit before it. Counted by hand. Mutant killed: asked at
    each stop."""
    disk = turn = FRESH_TURN
    now, commits, texts = NOW, 0, list[int]()
    state, since = "busy", NOW
    is_failing = False
    for step in steps:
        now += 1
        if step in ("busy", "idle") and step != state:
            state, since = step, now
        now += 500 if step == "wait" else 0
        commits += step == "commit"
        is_failing = step == "fails"
        heard = says(State(state), now, since)
        seen = glance(heard, now)
        turn = noticed(turn, seen)
        if not is_due(turn, seen):
            continue
        progress = Progress("a", str(commits))
        match decide(turn, seen, progress):
            case Ask() as ask:
                before, turn = turn, begun(turn, ask, progress, now)
                disk = turn
                if step == "dies":
                    turn = disk
                elif is_failing:
                    turn = disk = undelivered(before, "no", now)
                else:
                    texts.append(commits)
                    turn = delivered(turn)
            case Leave(why=why):
                turn = left(turn, why)
    assert len(set(texts)) == len(texts)


# --- its brief


def owing(**more: Any) -> Turn:
    return Turn("m", owes=True, **more)


def test_who_goes_on_is_told_its_brief_as_soon_as_its_box_is_there() -> None:
    """Not while it starts, is at work or asks, nor while nobody can tell; then at once, whoever sees it and however
    young it is. Mutants killed: it has to be idle for as long as one that is asked; told to one that is at work."""
    screen = {"source": Source.SCREEN, "ran_for": 0.5, "is_interrupted": True}
    assert deed(owing(), idle(NOW, **screen)) == Brief()
    for state in set(State) - {State.IDLE, State.LIMITED}:
        assert deed(owing(), glance(says(state), ran_for=0.5)) is None
    assert deed(owing(), idle(NOW, is_typeable=False)) == Leave("nobody knows how to type to it")
    doubted = says(State.IDLE) | says(State.BUSY, source=Source.SCREEN)
    assert deed(owing(), glance(doubted)) is None


def test_a_brief_is_told_once_and_is_no_ask() -> None:
    """Whether or not it came through; who does not begin is a person's, and who does and stops is still asked once.
    Mutants killed: told again; the ask is spent by it; who never begins is asked to finish what it doesn't know."""
    told = begun(noticed(owing(), idle(NOW)), Brief(), NONE, NOW)
    assert (told.owes, told.asked_at, told.asked_on) == (False, NOW, None)
    assert deed(told, idle(NOW, NOW + PACE.taken - 1)) is None
    assert deed(told, idle(NOW, NOW + PACE.taken)) == Leave("it was told its brief, and did not begin")
    worked = noticed(told, glance(says(State.BUSY, NOW + 5), NOW + 5))
    assert deed(worked, idle(NOW + 50, NOW + 50 + PACE.hooked)) == Ask()


def test_a_brief_that_can_not_be_told_is_a_persons() -> None:
    """After as many tries as anything else; from then on it is his, also what is told it. Mutants killed: for ever;
    typed over what the person has begun with it."""
    turn, at = noticed(owing(), idle(NOW)), NOW
    for number, pause in enumerate((*TRIES, None)):
        turn = undelivered(turn, "the box is in use", at)
        assert turn.tries == number + 1
        if pause is not None:
            assert deed(turn, idle(NOW, at + pause - 1)) is None
            at += pause
            assert deed(turn, idle(NOW, at)) == Brief()
    assert (turn.waits, turn.why) == (True, "it could not be told its brief: the box is in use")
    busy = noticed(turn, glance(says(State.BUSY, at + 5), at + 5))
    assert deed(busy, idle(at + 9, at + 99)) == Ask()

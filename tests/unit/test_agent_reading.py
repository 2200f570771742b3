"""From what several sources say to one state: who is believed, for how long, and how often it has to be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.needs import Asking, AtLimit, Failing, fit_to_show, need_of
from supervisor.agents.reading import (
    BACKGROUND,
    FRESH,
    NOBODY,
    OVERTAKEN,
    READS,
    TRUST,
    Heard,
    Reading,
    Source,
    State,
    confirmed,
    hear,
    order_of,
    says_still,
    settle,
)
from supervisor.agents.telling import UNSEEN_AGENT, agent_view

NOW = 1_795_169_580.0
SOURCES = list(Source)
STATES = list(State)


def said(source: Source, state: State, ago: float = 0.0, rule: str = "rule", **more: object) -> Reading:
    return Reading(source, state, rule, NOW - ago, **more)  # type: ignore[arg-type]


def heard(*readings: Reading) -> Heard:
    found: Heard | None = None
    for reading in readings:
        found = hear(found, reading)
    assert found is not None
    return found


@pytest.mark.parametrize(("better", "worse"), [(a, b) for a, b in product(SOURCES, SOURCES) if a < b and a != b])
def test_the_more_trusted_source_is_the_authority(better: Source, worse: Source) -> None:
    """Whatever order they come in, and however new the other one's word is. Mutants: the newest wins; the last wins."""
    first, second = sorted((better, worse), key=SOURCES.index)
    readings = [said(first, State.BUSY, 1.0), said(second, State.ASKING)]
    assert settle(readings, NOW).state is State.BUSY
    assert settle(reversed(readings), NOW).state is State.BUSY


@pytest.mark.parametrize("source", SOURCES)
def test_an_old_word_is_no_word(source: Source) -> None:
    """To the second of its window it counts, behind it the next source is asked, and then nobody.

    Mutants: no window; a window that is another source's."""
    old = said(source, State.ASKING, FRESH[source])
    assert settle([old], NOW).state is State.ASKING
    assert settle([old], NOW + 0.1) == NOBODY
    if source is not Source.SCREEN:
        assert settle([old, said(Source.SCREEN, State.IDLE, -0.1)], NOW + 0.1).state is State.IDLE


@pytest.mark.parametrize("source", SOURCES)
def test_who_cannot_tell_leaves_the_word_to_the_next(source: Source) -> None:
    """`unknown` of a trusted source is no authority; of all sources it is the answer. Mutant: unknown wins by rank."""
    readings = [said(source, State.UNKNOWN)]
    assert settle(readings, NOW) == NOBODY
    if source is not Source.SCREEN:
        assert settle([*readings, said(Source.SCREEN, State.BUSY)], NOW).state is State.BUSY


@pytest.mark.parametrize("source", sorted(READS))
def test_a_title_and_a_screen_are_read_twice(source: Source) -> None:
    """One read changes nothing: what stood before stands. Two that agree do; two that don't start anew.

    Mutants: one read is enough; any two reads are enough."""
    once = heard(said(source, State.ASKING))
    assert once.standing is None
    assert hear(once, said(source, State.ASKING)).standing is not None
    before = heard(said(source, State.BUSY, 9), said(source, State.BUSY, 8))
    flicker = hear(before, said(source, State.ASKING, 7))
    assert flicker.standing == before.standing
    other = hear(flicker, said(source, State.ASKING, 6, rule="another"))
    assert other.standing == before.standing
    assert hear(other, said(source, State.ASKING, 5, rule="another")).standing is not before.standing


@pytest.mark.parametrize("source", [each for each in SOURCES if each not in READS])
def test_an_agents_own_word_stands_at_once(source: Source) -> None:
    """Hooks and files speak for the agent itself."""
    assert heard(said(source, State.ASKING)).standing is not None


def test_since_is_the_first_of_those_in_a_row() -> None:
    """The first read, or the instant that the source itself names; another rule starts anew. Mutant: the last read."""
    found = heard(said(Source.SCREEN, State.ASKING, 9), said(Source.SCREEN, State.ASKING, 5))
    assert found.standing is not None
    assert (found.standing.first_at, found.standing.at) == (NOW - 9, NOW - 5)
    named = heard(said(Source.FILE, State.ASKING, 1, since=NOW - 99))
    assert named.standing is not None
    assert named.standing.first_at == NOW - 99
    assert heard(said(Source.FILE, State.BUSY, 3), said(Source.FILE, State.ASKING)).newest.first_at == NOW


def test_the_end_of_a_limit_stays_what_it_was() -> None:
    """«4:30 AM», read again a minute after it, is not tomorrow's. Mutant: the newest end is taken."""
    reads = (said(Source.SCREEN, State.LIMITED, ago, until=NOW + end) for ago, end in ((9, 60), (5, 60), (0, 86460)))
    standing = heard(*reads).standing
    assert standing is not None
    assert standing.until == NOW + 60


def test_what_did_not_change_is_still_so_but_was_not_read_again() -> None:
    """A confirmed word is fresh, and one read stays one. Mutant: to confirm is to read."""
    once = confirmed(heard(said(Source.SCREEN, State.ASKING, 60)), NOW)
    assert once.newest.at == NOW
    assert once.standing is None
    twice = confirmed(heard(said(Source.SCREEN, State.ASKING, 60), said(Source.SCREEN, State.ASKING, 59)), NOW)
    assert twice.standing is not None
    assert (twice.standing.at, twice.standing.first_at) == (NOW, NOW - 60)
    flicker = heard(
        said(Source.SCREEN, State.BUSY, 9), said(Source.SCREEN, State.BUSY, 8), said(Source.SCREEN, State.IDLE, 7)
    )
    kept = confirmed(flicker, NOW).standing
    assert kept is not None
    assert (kept.state, kept.at) == (State.BUSY, NOW - 8)


def beats(word: Reading) -> Callable[[Reading], bool]:
    """By an account of its own: who says otherwise, later, for three seconds, and may."""
    known = {"starting", "busy", "asking", "idle", "limited", "failed"} - {"starting"}
    allowed = {"idle": known - {"idle"}, "limited": {"busy", "asking"}, "failed": {"busy", "asking"}}
    may = allowed.get(word.state, known - {word.state})
    return lambda other: other.source != word.source and other.state in may and 3 <= NOW - other.at < NOW - word.at


@given(
    st.lists(
        st.builds(
            said,
            st.sampled_from(SOURCES),
            st.sampled_from(STATES),
            st.sampled_from([0.0, 1.0, 14.0, 15.0, 16.0, 119.0, 120.0, 121.0]),
        ),
        max_size=8,
    )
)
def test_the_answer_is_somebodys_fresh_word(readings: list[Reading]) -> None:
    """By an account of its own: of the sources that know something lately the first in the list; else nobody knows."""
    windows = {"process": 15, "hook": 120, "file": 15, "signal": 120, "title": 15, "bell": 15, "screen": 15}
    alive = [each for each in readings if each.state != "unknown" and NOW - each.at <= windows[each.source]]
    alive = [each for each in alive if each.source not in ("hook", "signal") or not any(map(beats(each), alive))]
    found = settle(readings, NOW)
    if not alive:
        assert found == NOBODY
        return
    ranks = ["process", "hook", "file", "signal", "title", "bell", "screen"]
    best = min(ranks.index(each.source) for each in alive)
    assert found.reading in alive
    assert found.reading is not None
    assert ranks.index(found.reading.source) == best
    assert found.state is found.reading.state


WORDS = st.lists(
    st.builds(
        said,
        st.sampled_from(SOURCES),
        st.sampled_from(STATES),
        st.sampled_from([0.0, 1.0, 2.0, 14.0, 15.0, 16.0, 119.0, 120.0, 121.0]),
    ),
    max_size=8,
)


def orders() -> st.SearchStrategy[tuple[Source, ...]]:
    """Of any of them, each once, in any order."""
    return st.lists(st.sampled_from(SOURCES), unique=True).map(tuple)


@given(WORDS, orders())
def test_an_order_of_ones_own_names_the_authority(readings: list[Reading], order: tuple[Source, ...]) -> None:
    """Who isn't in it is as if he had said nothing, neither as the authority nor as one who overtakes it; and of two
    that know something the one that stands further in front is believed, if he isn't overtaken.

    Mutants killed: the table's order; who isn't named comes last; who isn't named still overtakes."""
    windows = {"process": 15, "hook": 120, "file": 15, "signal": 120, "title": 15, "bell": 15, "screen": 15}
    known = [each for each in readings if each.source in order and each.state != "unknown"]
    alive = [each for each in known if NOW - each.at <= windows[each.source]]
    left = [each for each in alive if each.source not in ("hook", "signal") or not any(map(beats(each), alive))]
    found = settle(readings, NOW, order)
    if not left:
        assert found == NOBODY
        return
    assert found.reading in left
    assert found.reading is not None
    assert found.reading.source == next(each for each in order if any(each == other.source for other in left))


@given(WORDS, st.permutations(SOURCES))
def test_an_order_of_all_knows_what_anybody_knows(readings: list[Reading], order: list[Source]) -> None:
    """To trust them otherwise is not to hear less: nobody can tell in one order what can't be told in another.
    Mutant killed: the first source of the order alone is asked."""
    assert (settle(readings, NOW, tuple(order)) == NOBODY) is (settle(readings, NOW) == NOBODY)
    assert settle(readings, NOW, TRUST) == settle(readings, NOW)


@given(st.lists(st.sampled_from([each.value for each in SOURCES if each != "process"])))
def test_a_profiles_names_are_an_order(names: list[str]) -> None:
    """Each once, where it is named first; what is presumed goes before them all, as it does in the table; none named
    are all. Mutants killed: a second naming counts; an empty list hears nobody."""
    order = order_of(names)
    if not names:
        assert order == tuple(SOURCES)
        return
    assert (order[0], len(set(order)), set(order[1:])) == (Source.PROCESS, len(order), set(names))
    firsts = [names.index(source) for source in order[1:]]
    assert firsts == sorted(firsts)


@given(WORDS, orders())
def test_only_who_is_listened_to_is_shown(readings: list[Reading], order: tuple[Source, ...]) -> None:
    """In the order of trust, and the need is that of the same authority. Mutants killed: the need in the table's order;
    the sources in the table's order."""
    words = {each.source: Heard(each, 1, each) for each in readings}
    view = agent_view(words, NOW, redact, order)
    if words:
        assert view["agent_reads"] == [each.value for each in order if each != "process"]
        assert [each["source"] for each in view["agent_sources"]] == [each.value for each in order if each in words]
    need, settled = need_of(words, NOW, order), settle([each.newest for each in words.values()], NOW, order)
    assert need is None or (settled.reading is not None and need.source == settled.reading.source)
    assert (need is not None) is (settled.state in (State.ASKING, State.LIMITED, State.FAILED))


# --- words that are said once


@pytest.mark.parametrize(
    ("word", "other", "wins"),
    [
        (State.BUSY, State.IDLE, True),  # interrupted: no hook tells of it
        (State.ASKING, State.BUSY, True),  # answered at the pane, and the tool takes its time
        (State.ASKING, State.IDLE, True),
        (State.IDLE, State.BUSY, True),
        (State.IDLE, State.LIMITED, True),
        (State.LIMITED, State.IDLE, False),  # an idle box is what a screen shows behind a limit, too
        (State.FAILED, State.IDLE, False),
        (State.FAILED, State.BUSY, True),
        (State.BUSY, State.UNKNOWN, False),
    ],
)
@pytest.mark.parametrize("source", [Source.HOOK, Source.SIGNAL])
def test_who_speaks_once_is_overtaken(source: Source, word: State, other: State, *, wins: bool) -> None:
    """By another source that has said otherwise for three seconds, all of them since that word; not by one that said
    so before. Mutants killed: never overtaken; at once; by what was there before; an idle screen hides a limit."""
    spoken = said(source, word, 20)
    lasting = said(Source.SCREEN, other, since=NOW - OVERTAKEN)
    assert settle([spoken, lasting], NOW).state is (other if wins else word)
    assert settle([spoken, said(Source.SCREEN, other, since=NOW - OVERTAKEN + 0.1)], NOW).state is word
    assert settle([spoken, said(Source.SCREEN, other, since=NOW - 20)], NOW).state is word


def test_work_in_the_background_is_not_hidden_by_an_idle_screen() -> None:
    """The box is there while it runs. Mutant killed: any busy word is overtaken by an idle screen."""
    spoken = said(Source.HOOK, State.BUSY, 60, rule=BACKGROUND)
    assert settle([spoken, said(Source.SCREEN, State.IDLE, since=NOW - 50)], NOW).state is State.BUSY
    assert settle([spoken, said(Source.SCREEN, State.ASKING, since=NOW - 50)], NOW).state is State.ASKING


def test_a_waiting_agents_word_may_be_confirmed() -> None:
    """While nothing was written, or another source sees the same; not against another source, and never that it works:
    that has to be said again. Mutants killed: each of these four."""
    asks, works = (heard(said(Source.HOOK, state, 60)) for state in (State.ASKING, State.BUSY))
    same, other, silent = (heard(said(Source.SCREEN, each)) for each in (State.ASKING, State.IDLE, State.UNKNOWN))
    assert says_still(asks, [asks], NOW, is_untouched=True)
    assert not says_still(asks, [asks, silent], NOW, is_untouched=False)
    assert says_still(asks, [asks, same], NOW, is_untouched=False)
    assert not says_still(asks, [asks, other], NOW, is_untouched=True)
    assert says_still(asks, [asks, heard(said(Source.SCREEN, State.IDLE, 99))], NOW, is_untouched=True)
    assert not says_still(works, [works], NOW, is_untouched=True)
    screen = two(State.ASKING)[Source.SCREEN]
    assert not says_still(screen, [screen], NOW, is_untouched=True)
    left = heard(said(Source.HOOK, State.BUSY, 60, rule=BACKGROUND))
    assert says_still(left, [left, other], NOW, is_untouched=True)


def test_an_agents_next_question_is_another_one() -> None:
    """By its words, or by when it was asked; the screen's older words are not lent to it. Mutants killed: same tool,
    same question; the first question's time kept; the older dialog's words."""
    first = said(Source.HOOK, State.ASKING, 50, rule="Bash", detail="rm a", since=NOW - 50)
    second = said(Source.HOOK, State.ASKING, 10, rule="Bash", detail="rm b", since=NOW - 10)
    assert not first.is_same(second)
    again = hear(heard(first), replace(first, at=NOW - 5, since=NOW - 5))
    assert again.newest.first_at == NOW - 5
    screen = heard(*(said(Source.SCREEN, State.ASKING, ago, detail="May I rm a?") for ago in (40, 5)))
    need = need_of({Source.HOOK: heard(first, second), Source.SCREEN: screen}, NOW)
    assert need == Asking(NOW - 10, "Bash", "hook", "rm b")
    assert need_of({Source.HOOK: heard(first), Source.SCREEN: screen}, NOW) == Asking(
        NOW - 50, "Bash", "hook", "May I rm a?"
    )


def test_a_limits_end_may_be_the_screens() -> None:
    """A hook knows of the limit, the screen of its end. Mutant killed: the authority's end alone."""
    hook = heard(said(Source.HOOK, State.LIMITED, 5, rule="rate_limit"))
    assert need_of({Source.HOOK: hook, **two(State.LIMITED, until=NOW + 60)}, NOW) == AtLimit(
        NOW - 5, "rate_limit", "hook", NOW + 60
    )
    assert need_of({Source.HOOK: hook, **two(State.LIMITED, until=NOW)}, NOW) is None


# --- what it needs a person for


def two(state: State, **more: object) -> dict[Source, Heard]:
    return {Source.SCREEN: heard(*(said(Source.SCREEN, state, ago, **more) for ago in (2, 1)))}


@pytest.mark.parametrize("state", [State.STARTING, State.BUSY, State.IDLE, State.UNKNOWN])
def test_who_works_or_waits_needs_nobody(state: State) -> None:
    """Only asking, limited and failed are for a person."""
    assert need_of(two(state), NOW) is None


def test_needs_say_since_when_and_by_whom() -> None:
    """Each with its rule and its source; a limit that is over is none. Mutant: a limit without its end."""
    assert need_of(two(State.ASKING, detail="Red?"), NOW) == Asking(NOW - 2, "rule", "screen", "Red?")
    assert need_of(two(State.FAILED, detail="401"), NOW) == Failing(NOW - 2, "rule", "screen", "401")
    assert need_of(two(State.LIMITED), NOW) == AtLimit(NOW - 2, "rule", "screen", None)
    assert need_of(two(State.LIMITED, until=NOW + 9), NOW) == AtLimit(NOW - 2, "rule", "screen", NOW + 9)
    assert need_of(two(State.LIMITED, until=NOW), NOW) is None


def test_the_screens_words_are_the_question() -> None:
    """A file knows that something is asked, the screen shows what. An old or other screen lends no words."""
    file = heard(said(Source.FILE, State.ASKING, 1, rule="waiting", detail="waits for: permission prompt"))
    need = need_of({Source.FILE: file, **two(State.ASKING, detail="May I?")}, NOW)
    assert need == Asking(NOW - 1, "waiting", "file", "May I?")
    need = need_of({Source.FILE: file, **two(State.BUSY, detail="May I?")}, NOW)
    assert need == Asking(NOW - 1, "waiting", "file", "waits for: permission prompt")


def redact(text: str) -> str:
    return text.replace("SECRETWORD", "[REDACTED:test]")


def test_a_question_is_redacted_before_it_is_cut() -> None:
    """Also where the agent wrapped the secret over two lines of its dialog. Mutants: cut first; lines on their own."""
    assert fit_to_show("say SECRETWORD\nnow", redact) == "say [REDACTED:test]\nnow"
    assert "SECRET" not in fit_to_show("say SECRET\n   WORD now", redact)
    long = fit_to_show("x" * 595 + "SECRETWORD" + "y" * 100, redact)
    assert len(long) == 600
    assert "SECRET" not in long


def test_the_view_changes_only_when_something_does() -> None:
    """A later look at the same is the same view, and every view has the same keys. Mutant: it tells when it looked."""
    found = two(State.ASKING, detail="May I use SECRETWORD?")
    view = agent_view(found, NOW, redact)
    later = {source: confirmed(each, NOW + 5) for source, each in found.items()}
    assert agent_view(later, NOW + 5, redact) == view
    assert (view["agent_state"], view["agent_rule"], view["agent_source"]) == ("asking", "rule", "screen")
    assert view["agent_since"] == "2026-11-20T10:12:58Z"
    assert "SECRETWORD" not in str(view)
    assert view.keys() == agent_view({}, NOW, redact).keys() == UNSEEN_AGENT.keys()
    old = agent_view(found, NOW + 600, redact)
    assert (old["agent_state"], old["question"]) == ("unknown", None)
    assert old["agent_sources"][0]["last_at"] == "2026-11-20T10:12:59Z"

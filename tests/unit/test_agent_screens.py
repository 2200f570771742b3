"""Screens, titles and status files of agents: each rule is proved by what was captured, and told from all others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.instants import format_instant
from supervisor.agents.reading import Source, State
from supervisor.agents.region import BOX, FEED, FOOTER, SAID, WIDEST, Region, cut
from supervisor.agents.screens import AGENTS, LAYOUTS, NO_RULE, TABLE, TWO_RULES, read_screen
from supervisor.agents.statusfile import read_status_file
from supervisor.agents.titles import TITLES, read_title
from supervisor.processes import ProcessId
from supervisor.zones import zones_of
from tests.screens import Sample, read_sample, samples

AT = 1_795_169_580.0  # 2026-11-20T10:13:00Z
SAMPLES = samples()
TITLED = [each for each in SAMPLES if each.title]
NAMES = [f"{each.agent}-{each.name}" for each in SAMPLES]


def told(agent: str, text: str) -> tuple[State, str]:
    reading = read_screen(agent, text, AT)
    assert reading is not None
    return reading.state, reading.rule


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_a_sample_is_told_by_its_rule_and_by_no_other(sample: Sample) -> None:
    """The cross table: of all rules for this agent exactly one tells this screen, and it is the one in its head.

    Mutants: a rule without what it must not see beside it; «esc to interrupt» looked for in all that stands above the
    box; an error that counts though something was said after it; what is typed into the box counted.
    """
    parts = cut(sample.text, LAYOUTS[sample.agent])
    assert [row.rule for row in TABLE if row.agent == sample.agent and row.find(parts)] == [sample.rule]


@pytest.mark.parametrize("row", TABLE, ids=[f"{row.agent}-{row.rule}" for row in TABLE])
def test_a_rule_has_a_sample_of_its_version(row: object) -> None:
    """No rule is guessed: its sample is there, is about it, and names the version that it was seen with."""
    row = next(each for each in TABLE if each is row)
    sample = read_sample(row.agent, row.sample)
    assert sample.rule == row.rule
    assert row.version in sample.seen
    assert told(row.agent, sample.text) == (row.state, row.rule)


def test_rules_have_names_of_their_own() -> None:
    """A rule is known by its agent and its name."""
    names = [(row.agent, row.rule) for row in TABLE]
    assert len(set(names)) == len(names)
    assert set(LAYOUTS) == set(AGENTS)


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_a_screen_is_no_other_agents(sample: Sample) -> None:
    """Under another agent's rules a screen never asks, is limited or failed."""
    for agent in set(AGENTS) - {sample.agent}:
        assert told(agent, sample.text)[0] in (State.UNKNOWN, State.IDLE, State.BUSY)


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
@pytest.mark.parametrize("cut_off", [0, 3, 10])
def test_half_a_screen_makes_no_need(sample: Sample, cut_off: int) -> None:
    """A frame that is only half drawn is never more than the whole one: what is cut off at the bottom asks for nothing
    that the whole screen doesn't ask for. Mutant: a dialog that needn't be whole."""
    lines = sample.text.splitlines()
    state, _ = told(sample.agent, "\n".join(lines[: len(lines) - cut_off]))
    whole, _ = told(sample.agent, sample.text)
    if state in (State.ASKING, State.LIMITED, State.FAILED):
        assert state is whole or "stale" in sample.name


def test_what_scrolls_above_a_box_is_past() -> None:
    """Every screen that asks, above an idle box, is idle. Mutant: the whole screen searched for prompts."""
    for sample in SAMPLES:
        if told(sample.agent, sample.text)[0] is not State.ASKING:
            continue
        idle = read_sample(sample.agent, "idle-done").text
        assert told(sample.agent, f"{sample.text}\n{idle}") == (State.IDLE, "input-box")


def test_a_dialog_is_what_the_screen_ends_with() -> None:
    """Every screen that asks, with more written behind it, asks no more. Mutant: a dialog's end not looked at."""
    for sample in SAMPLES:
        if told(sample.agent, sample.text)[0] is State.ASKING:
            assert told(sample.agent, f"{sample.text}\nleft it again\n") == (State.UNKNOWN, NO_RULE)


@pytest.mark.parametrize("agent", AGENTS)
@given(st.text(alphabet=st.sampled_from("─❯›>┃╹▀✻●■ \n1.aA?│/"), max_size=400))
def test_no_text_breaks_the_reading(agent: str, text: str) -> None:
    """Whatever stands on a screen is read as something, and a box is at most so high."""
    assert read_screen(agent, text, AT) is not None
    parts = cut(text, LAYOUTS[agent])
    assert len(parts.said) <= SAID
    assert len(parts.footer) <= FOOTER
    assert len(parts.box) <= BOX or agent == "opencode"
    assert parts.text(Region.LIVE).count(FEED) == 1


def test_a_line_that_no_agent_draws_is_left_out_whole() -> None:
    """So that no screen takes long to be read, and no half of a line is shown. Mutant: cut where it gets too long."""
    text = read_sample("claude", "permission").text.replace("touch made-up-file", "touch " + "x" * WIDEST)
    reading = read_screen("claude", text, AT)
    assert reading is not None
    assert reading.state is State.ASKING
    assert "xxx" not in reading.detail


def test_an_empty_screen_and_an_unknown_agent() -> None:
    """`unknown` is an answer; an agent without rules has none."""
    assert told("claude", "") == (State.UNKNOWN, NO_RULE)
    assert read_screen("nobody", "", AT) is None


def test_two_rules_that_differ_decide_nothing() -> None:
    """Where an idle box and a retry are both told, nothing is said. Mutant: the first rule wins."""
    text = read_sample("opencode", "idle-done").text.rstrip("\n") + " [retrying in 3s attempt #1]\n"
    assert told("opencode", text) == (State.UNKNOWN, TWO_RULES)


def test_the_question_is_read_off_the_screen() -> None:
    """What is asked stands in the detail, without rules and frames."""
    reading = read_screen("claude", read_sample("claude", "permission").text, AT)
    assert reading is not None
    assert "touch made-up-file" in reading.detail
    assert "Do you want to proceed?\n❯ 1. Yes" in reading.detail
    assert "────" not in reading.detail


@pytest.mark.parametrize(
    ("agent", "sample", "first", "last"),
    [
        ("opencode", "permission-wide", "△ Permission required", "Allow once   Allow always   Reject"),
        ("gemini", "permission-told", "? Shell  touch /home/dev/elsewhere/asked-for", "3. No, suggest changes (esc)"),
    ],
)
def test_a_question_is_not_what_was_said_before_it(agent: str, sample: str, first: str, last: str) -> None:
    """A long prompt of several lines stands right above it, and what a wide screen tells beside it.

    Mutants killed: the open part is the question; what stands beside it is some of it; a frame's top is no beginning.
    """
    reading = read_screen(agent, read_sample(agent, sample).text, AT)
    assert reading is not None
    lines = reading.detail.splitlines()
    assert (lines[0], last in lines) == (first, True)
    assert not any(" " * 8 in line for line in lines)


def test_claudes_limit_names_its_end_by_the_clock_that_it_names() -> None:
    """In the zone that it says, wherever we are; of a zone that this machine doesn't know nobody can tell when that is,
    and nothing is made up. Mutants killed: the zone isn't looked at; an hour from now."""
    text = read_sample("claude", "usage-limit").text
    for zone, until in (("UTC", "16:30"), ("Europe/Berlin", "15:30"), ("Asia/Kolkata", "11:00"), ("Mars/Base", None)):
        reading = read_screen("claude", text.replace("(UTC)", f"({zone})"), AT, zones_of({"TZ": "America/Lima"}))
        assert reading is not None
        assert reading.state is State.LIMITED
        assert (reading.until and format_instant(reading.until)) == (until and f"2026-11-20T{until}:00Z")


def test_a_limit_names_its_end() -> None:
    """«try again at 4:30 AM», over two lines, is an instant by the clock of who says it; of another day with its date.
    Mutants killed: UTC; a date that ends at its first dot or line."""
    text = read_sample("codex", "usage-limit").text
    dated = text.replace("try again at 4:30 AM.", "try again at Nov 23rd,\n2026 4:30 AM.")
    for zone, hours in (("UTC", 28.5), ("Europe/Berlin", 27.5), ("America/Lima", 33.5), ("", 28.5)):
        for said, days in ((text, 0), (dated, 2)):
            reading = read_screen("codex", said, AT, zones_of({"TZ": zone}))
            assert reading is not None
            assert reading.until == 1_795_132_800.0 + days * 86400 + hours * 3600
    unknown = read_screen("codex", text, AT)
    assert unknown is not None
    assert (unknown.state, unknown.until) == (State.LIMITED, None)


@pytest.mark.parametrize("row", TITLES, ids=[f"{row.agent}-{row.rule}" for row in TITLES])
def test_a_title_is_told_by_its_rule(row: object) -> None:
    """Each title rule tells its own sample, and no other does."""
    row = next(each for each in TITLES if each is row)
    found = [each.rule for each in TITLES if each.agent == row.agent and each.pattern.match(row.sample)]
    assert found == [row.rule]


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each.title], ids=lambda each: f"{each.agent}-{each.name}"
)
def test_a_title_never_contradicts_the_screen(sample: Sample) -> None:
    """Each title that was captured with its screen says the same, or nothing.

    Mutant: Gemini's «Ready» taken for idle, which it showed beside its first-run dialogs.
    """
    reading = read_title(sample.agent, sample.title, AT)
    if reading is not None and reading.state is not State.UNKNOWN:
        assert reading.state is told(sample.agent, sample.text)[0]


# --- status files

ME = ProcessId(4711, 2622828)
SAID_BY_CLAUDE = {
    "pid": 4711,
    "procStart": "2622828",
    "version": "2.1.329",
    "tmux": "m:@3.%3",
    "status": "waiting",
    "statusUpdatedAt": 1795169570500,
    "waitingFor": "permission prompt",
}


def written(folder: Path, said: object) -> str:
    (folder / "4711.json").write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    ("status", "state"),
    [("waiting", State.ASKING), ("busy", State.BUSY), ("idle", State.UNKNOWN), ("x", State.UNKNOWN)],
)
def test_a_status_file_says_what_its_process_does(tmp_path: Path, status: str, state: State) -> None:
    """`idle` is left to the screen, which tells it from a limit and an error. Mutant: idle is idle."""
    reading = read_status_file(written(tmp_path, {**SAID_BY_CLAUDE, "status": status}), ME, AT)
    assert reading is not None
    assert (reading.source, reading.state, reading.rule) == (Source.FILE, state, status)
    assert reading.since == 1_795_169_570.5


@pytest.mark.parametrize(
    "said",
    [
        {**SAID_BY_CLAUDE, "procStart": "2622829"},
        {**SAID_BY_CLAUDE, "pid": 4712},
        {key: value for key, value in SAID_BY_CLAUDE.items() if key != "procStart"},
        "",
        '{"pid": 47',
        "[]",
    ],
)
def test_a_file_that_isnt_this_process_says_nothing(tmp_path: Path, said: object) -> None:
    """One that a killed process left behind, and whose pid was handed out again, is nobody's word; nor is half a file.

    Mutants: the start time not compared; a file that can't be read is an error.
    """
    assert read_status_file(written(tmp_path, said), ME, AT) is None
    assert read_status_file(str(tmp_path / "none"), ME, AT) is None


@pytest.mark.parametrize("since", [None, "yesterday", True, -5, (AT + 60) * 1000])
def test_an_odd_instant_is_left_out(tmp_path: Path, since: object) -> None:
    """A time that is none, or lies ahead, is not told."""
    reading = read_status_file(written(tmp_path, {**SAID_BY_CLAUDE, "statusUpdatedAt": since}), ME, AT)
    assert reading is not None
    assert reading.since is None

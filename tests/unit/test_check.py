"""`check` says everything that is wrong, where it is, and nothing about a board that is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.check import LISTED, check, problems
from board.document import Document
from board.errors import InvalidBoard
from board.instants import parse_instant, parse_span
from board.keys import Key
from board.settings import Settings, parse_size, read_settings
from board.shapes import INSTANT_PATTERN, SIZE_ABOVE_ZERO_PATTERN, SPAN_ABOVE_ZERO_PATTERN, SPAN_PATTERN, Part
from board.vocabulary import TABLES


def found(text: str, *profiles: str) -> list[str]:
    return [problem.at("f") for problem in problems(Document(text), profiles or ("shell",))]


def in_task(*lines: str) -> list[str]:
    """The problems of a board with one task `a`; its further keys start at line 4."""
    return found("version: 1\ntasks:\n  - id: a\n" + "".join(f"    {line}\n" for line in lines))


GOOD_TASKS = [
    [],
    ["title: x", "x-mine: {any: [thing, 1]}"],
    ["prompt: x", "run: {step: main, attempt: 1}"],
    ["run: make", "ran: {step: main, attempt: 1}"],
    ["run: {step: main, attempt: 0, restarts: [2026-11-20T10:00:00Z]}"],
    ["steps: [{id: b, run: make}, {id: c, prompt: go, gate: human}]", "step: c", "run: {step: b, attempt: 1}"],
    ["status: in_progress"],
    ["status: claimed"],
    ["claim:", "step:", "run:", "ran:", "blocked:", "done:", "checkpoint:", "approved: ~"],
    ["checkpoint: {commit: null, note: null, at: 2026-11-20 10:00:00+00:00}"],
    ["status: blocked", "blocked: {on: a key, rule: not-resumable}"],
    ["status: todo", "blocked: {on: left over by a hand edit}"],
    ["status: done", "claim: {by: x, token: 1, at: 2026-11-20T10:00:00Z, expires_at: 2026-11-20T10:00:00Z}"],
    ["done: {by: x, commit: 3f2a9c1, checks: [clean], forced: true}", "status: done"],
    ["agent: shell", "priority: 0", "labels: []", "after: []", "worktree: false", "x-: 1"],
]


@pytest.mark.parametrize("lines", GOOD_TASKS)
def test_a_right_task_has_no_problems(lines: list[str]) -> None:
    """What people and machines may write, key without a value where the splice leaves one, passes."""
    assert in_task(*lines) == []


BAD_VALUES = [
    ("stauts: todo", '4:5: unknown key "stauts" (did you mean "status"?)'),
    ("zzzzz: 1", '4:5: unknown key "zzzzz"'),
    ("12: 1", "4:5: unknown key 12"),
    ("X-mine: 1", '4:5: unknown key "X-mine"'),
    ("priority: high", '4:15: priority: expected a whole number from 0 to 9, got "high"'),
    ("priority: 10", "4:15: priority: expected a whole number from 0 to 9, got 10"),
    ("priority: true", "4:15: priority: expected a whole number from 0 to 9, got true"),
    ("priority: 5.0", "4:15: priority: expected a whole number from 0 to 9, got 5.0"),
    ("priority:", "4:5: priority: expected a whole number from 0 to 9, got nothing"),
    ("title:", "4:5: title: expected text, got nothing"),
    ("title: 2024", "4:12: title: expected text, got a number; put it in quotes"),
    ("title: true", "4:12: title: expected text, got a boolean; put it in quotes"),
    ('title: " "', '4:12: title: expected text, got " "'),
    ("title: [a]", "4:12: title: expected text, got a list"),
    ('title: {"a\\eb": 1}', "4:12: title: expected text, got a mapping"),
    ("resumable: yes", '4:16: resumable: expected true or false, got "yes": in YAML 1.2 that is text; write true'),
    ("resumable: Off", '4:16: resumable: expected true or false, got "Off": in YAML 1.2 that is text; write false'),
    ('resumable: "true"', '4:16: resumable: expected true or false, got "true": in YAML 1.2 that is text; write true'),
    ("resumable: 1", "4:16: resumable: expected true or false, got 1"),
    ("stall_after: soon", '4:18: stall_after: expected a span such as 30s, 10m or 1h30m, or 0, got "soon"'),
    ("max_runtime: 10", "4:18: max_runtime: expected a span such as 30s, 10m or 1h30m, or 0, got 10"),
    ("on_stall: kill", '4:15: on_stall: expected one of tell, restart, got "kill"'),
    ("on_stall: restrat", '4:15: on_stall: expected one of tell, restart, got "restrat" (did you mean "restart"?)'),
    ("stall_aftr: 1m", '4:5: unknown key "stall_aftr" (did you mean "stall_after"?)'),
    (
        "run: {step: main, attempt: 1, ending: tired}",
        '4:43: run.ending: expected one of stalled, max_runtime, got "tired"',
    ),
    ("gate: machine", '4:11: gate: expected human, got "machine"'),
    (
        "status: in-progress",
        "4:13: status: expected one of todo, claimed, in_progress, blocked, review, done, failed, cancelled,"
        ' got "in-progress" (did you mean "in_progress"?)',
    ),
    ("labels: a", '4:13: labels: expected a list of texts, got "a"'),
    ("labels: [a, 1]", "4:17: labels: expected text, got a number; put it in quotes"),
    ("labels: [a, ~]", "4:17: labels: expected text, got nothing"),
    ("steps: []", "4:12: steps: expected a list of steps, got an empty list"),
    ("steps: [go]", '4:13: steps: expected a mapping such as {id: a-name, prompt: What to do}, got "go"'),
    ("claim: {by: x, token: 1}", '4:12: missing key "at"'),
    ("claim: {by: x, token: 0}", "4:27: claim.token: expected a whole number, 1 or more, got 0"),
    ("blocked: {by: alice}", "4:14: blocked.on: name what it waits for"),
    ("blocked: a key", '4:14: blocked: expected a mapping such as {on: what it waits for}, got "a key"'),
    (
        "checkpoint: {at: tomorrow}",
        '4:22: checkpoint.at: expected an instant such as 2026-11-20T10:00:00Z, got "tomorrow"',
    ),
    ("checkpoint: {at: 2026-02-29T10:00:00Z}", "4:22: checkpoint.at: expected an instant"),
    ("checkpoint: {at: 2026-11-20T10:00:00Z, commit: 1234567}", "4:52: checkpoint.commit: expected text, got a number"),
    ("run: {step: main}", '4:10: missing key "attempt"'),
    ("run: [make]", "4:10: run: expected text, or a mapping, got a list"),
    (
        "run: {step: main, attempt: 1, restarts: [x]}",
        '4:46: run.restarts: expected an instant such as 2026-11-20T10:00:00Z, got "x"',
    ),
    ("agent: shel", '4:12: unknown agent "shel" (did you mean "shell"?)'),
    ("after: [a]", '4:13: after: "a" waits for itself'),
    ("after: [B]", '4:13: after: expected a DNS label (1 to 63 of a-z 0-9 -, no - at its ends), got "B"'),
    ("after: [b]", '4:13: after: unknown task "b"'),
    ("step: writ", '4:11: unknown step "writ"'),
    ("ran: {step: main, attempt: 1}", "4:5: ran: only where `run` is a command; here the attempt stands under `run`"),
    ("status: blocked", "4:13: blocked.on: name what it waits for, as `blocked: {on: ...}`"),
]


@pytest.mark.parametrize(("line", "expected"), BAD_VALUES)
def test_a_wrong_value_is_named_with_its_place(line: str, expected: str) -> None:
    """The message says what was expected, what stands there and what to write; line and column count from 1."""
    assert any(problem.startswith(f"f:{expected}") for problem in in_task(line)), in_task(line)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "ü", "a\\n"])
def test_an_id_is_a_dns_label(name: str) -> None:
    """An id becomes a branch, a window and a host: nothing else passes, a final newline neither."""
    assert "expected a DNS label" in "".join(found(f'version: 1\ntasks: [{{id: "{name}"}}]'))


@pytest.mark.parametrize("name", ["0", "a", "1-2", "a" * 63, "a--b"])
def test_a_dns_label_is_an_id(name: str) -> None:
    """Every DNS label passes, all digits too as long as they are quoted."""
    assert found(f'version: 1\ntasks: [{{id: "{name}"}}]') == []


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    """One run of `board check` is enough to repair a file."""
    text = "tasks:\n  - stauts: x\n    id: A\nsettings: {leas: 2h, max_workers: -1}\n"
    assert [line.split(" ")[0] + " " + line.split(" ")[1] for line in found(text)] == [
        "f:1:1: missing",
        "f:2:5: unknown",
        "f:3:9: id:",
        "f:4:12: unknown",
        "f:4:35: settings.max_workers:",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tasks: []", 'f:1:1: missing key "version": write version: 1'),
        ("version: 2", "f:1:10: version: expected 1, got 2"),
        ("version: true", "f:1:10: version: expected 1, got true"),
        ('version: "1"', 'f:1:10: version: expected 1, got "1"'),
        ("version:", "f:1:1: version: expected 1, got nothing"),
        ("{version: 1, tasks: {a: 1}}", "f:1:21: tasks: expected a list of tasks, got a mapping"),
        (
            "{version: 1, agents: {c: {}}}",
            "f:1:23: a profile needs `start` (how to start a worker) or `use` (a template's name)",
        ),
        ("{version: 1, agents: {c: {use: shel}}}", 'f:1:32: unknown profile template "shel" (did you mean "shell"?)'),
        ("{version: 1, agents: {c: ~}}", "f:1:23: agents.c: expected a mapping such as {use: shell}, got nothing"),
        (
            "{version: 1, agents: {a/b: {use: shell}}}",
            'f:1:23: expected a name of A-Z a-z 0-9 _ . - (at most 64), got "a/b"',
        ),
        (
            "{version: 1, agents: {c: {start: [c], limited: '('}}}",
            "f:1:48: agents.c.limited: missing ), unterminated subpattern (column 1)",
        ),
        (
            "{version: 1, agents: {c: {start: []}}}",
            "f:1:34: agents.c.start: expected a list of a program and its arguments, got an empty list",
        ),
        (
            "{version: 1, agents: {c: {start: [c], env: {KEY: 90210}}}}",
            "f:1:50: agents.c.env.KEY: expected text, got a number; put it in quotes",
        ),
        (
            "{version: 1, settings: {lease: 2 hours}}",
            'f:1:32: settings.lease: expected a span above 0 such as 30s, 10m or 1h30m, got "2 hours"',
        ),
        (
            "{version: 1, settings: {lease: 0}}",
            "f:1:32: settings.lease: expected a span above 0 such as 30s, 10m or 1h30m, got 0",
        ),
        (
            "{version: 1, settings: {restart: {backoff: {factor: .nan}}}}",
            "f:1:53: settings.restart.backoff.factor: expected a number, 1 or more, got nan",
        ),
        (
            "{version: 1, settings: {restart: {backoff: soon}}}",
            "f:1:44: settings.restart.backoff: expected a span such as 30s, 10m or 1h30m, or 0, or a mapping,"
            ' got "soon"',
        ),
    ],
)
def test_the_parts_around_the_tasks_are_checked_too(text: str, expected: str) -> None:
    """Version, settings and profiles have the same kind of messages; a value that may be a secret isn't repeated."""
    assert found(text) == [expected]


RULE = 'kind: acme, literal: "ACME-", regex: "ACME-[0-9]+"'


@pytest.mark.parametrize(
    ("redact", "expected"),
    [
        (
            f"rules: [{{{RULE.replace('+', ')')}}}]",
            "f:1:80: settings.redact.rules[0].regex: unbalanced parenthesis (column 11)",
        ),
        (
            f"rules: [{{{RULE}}}, {{{RULE.replace('[0-9]+', '[0-9')}}}]",
            "rules[1].regex: unterminated character set (column 6)",
        ),
        (f"rules: [{{{RULE.replace('acme', 'known')}}}]", "rules[0].kind: expected a word of a-z 0-9 (at most 16, not"),
        (f"rules: [{{{RULE.replace('acme', 'Acme')}}}]", 'cut, failed or known), got "Acme"'),
        (
            f"rules: [{{{RULE.replace('ACME-', 'AB', 1)}}}]",
            "rules[0].literal: expected a text of 3 to 200 characters that",
        ),
        (f"rules: [{{{RULE.replace('literal', 'literl')}}}]", 'unknown key "literl" (did you mean "literal"?)'),
        ("rules: [acme]", "rules[0]: expected a mapping such as {kind: acme, literal:"),
        ("rules: {a: b}", "rules: expected a list of rules, got a mapping"),
        ('allow: [ok, "re:(a"]', "allow[1]: missing ), unterminated subpattern (column 1)"),
        ('allow: ["re:"]', "allow[0]: expected a text, or a regular expression after re:"),
        ('values_from: ["env:"]', "values_from[0]: expected a file, or a variable's name after env:"),
        ("values_from: .env", 'values_from: expected a list of files, got ".env"'),
        ("prompts: kept", 'prompts: expected one of fingerprint, keep, got "kept" (did you mean "keep"?)'),
        ("gitleaks: [a]", "gitleaks: expected text, got a list"),
        ("value_from: [a]", 'unknown key "value_from" (did you mean "values_from"?)'),
        ("[]", "settings.redact: expected a mapping such as {values_from: [.secrets.env]}, got an empty list"),
    ],
)
def test_what_is_wrong_with_redaction_has_its_place(redact: str, expected: str) -> None:
    """With the whole name of the setting, for a pattern with the column in it, and with the nearest word.
    Mutants killed: the allow list's patterns aren't compiled; names from the nearest list item alone."""
    value = redact if redact == "[]" else f"{{{redact}}}"
    said = [line for line in found(f"{{version: 1, settings: {{redact: {value}}}}}") if expected in line]
    assert [line.startswith("f:1:") for line in said] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "version: 1",
        "version: 1\ntasks:\nagents:\nsettings:\n",
        "version: 1\nsettings: {grace: 0, restart: {backoff: 0, spacing: 0}}",
        "version: 1\nsettings: {restart: {backoff: 5s}}",
        "version: 1\nagents: {x-notes: anything, c: {use: shell, env: {TOKEN: abc, x-y: 1}}}",
    ],
)
def test_a_board_may_be_small(text: str) -> None:
    """A version is all that a board needs; sections may be there without content."""
    assert found(text) == []


def test_profiles_of_the_board_and_shipped_ones_are_known() -> None:
    """An agent is a profile of this file or a template; `x-` entries of people are neither."""
    tasks = "[{id: a, agent: c}, {id: b, agent: big}, {id: d, agent: x-c}]"
    text = f"version: 1\nagents: {{c: {{use: big}}, x-c: {{}}}}\ntasks: {tasks}"
    assert found(text, "big", "shell") == ['f:3:64: unknown agent "x-c"']


def test_duplicate_ids_name_the_first_line() -> None:
    """The second of two equal ids is the problem, and it says where the first one is; steps count for each task."""
    text = """version: 1
tasks:
  - id: a
    steps:
      - {id: s, run: x}
      - {id: s, run: y}
  - id: b
    steps: [{id: s, run: x}]
  - id: a
"""
    assert found(text) == [
        'f:6:14: duplicate step id "s" (first on line 5)',
        'f:9:9: duplicate id "a" (first on line 3)',
    ]


def test_a_step_has_exactly_one_of_prompt_and_run() -> None:
    """Neither and both are problems in a step; a task without steps only may not have both."""
    both, neither = "{id: b, prompt: x, run: y}", "{id: n}"
    assert in_task(f"steps: [{both}, {neither}]") == [
        "f:4:13: a step needs exactly one of `prompt` and `run`; this one has both",
        "f:4:41: a step needs exactly one of `prompt` and `run`; this one has neither",
    ]
    assert in_task("prompt: x", "run: y") == ["f:5:5: run: a task has a prompt or a command; write `steps` for both"]


def test_a_task_with_steps_leaves_the_work_to_them() -> None:
    """`prompt`, `run` and permissions beside `steps` would mean nothing, so they are problems, each one."""
    own = ["prompt: x", "run: make", "resumable: true", "gate: human", "done_if: x", "steps: [{id: s, run: x}]"]
    assert [line.split(":")[1] + line.split(":")[3] for line in in_task(*own)] == [
        "4 prompt",
        "5 run",
        "6 resumable",
        "7 gate",
        "8 done_if",
    ]


def test_a_todo_task_may_hold_a_claim() -> None:
    """A person may put the status back by hand and leave the claim: the board stays usable, the claim still counts."""
    claim = "claim: {by: x, token: 1, at: 2026-11-20T10:00:00Z, expires_at: 2026-11-20T12:00:00Z}"
    assert in_task(claim) == in_task("status: todo", claim) == in_task("status: in_progress", claim) == []


def test_a_cycle_is_told_once_with_its_whole_path() -> None:
    """However one comes upon it, a cycle is one problem, told from the task that stands first in the file."""
    text = """version: 1
tasks:
  - {id: x, after: [c]}
  - {id: a, after: [x, b]}
  - {id: b, after: [c]}
  - {id: c, after: [a]}
  - {id: d, after: [d, e]}
  - {id: e, after: [d]}
"""
    assert found(text) == [
        "f:3:21: after: a cycle: x -> c -> a -> x",
        "f:4:24: after: a cycle: a -> b -> c -> a",
        'f:7:21: after: "d" waits for itself',
        "f:7:24: after: a cycle: d -> e -> d",
    ]


def test_ten_thousand_tasks_in_a_ring_are_no_danger() -> None:
    """The search for cycles has no depth limit: a ring through all tasks is one problem."""
    count = 10_000
    lines = [f"  - {{id: t{index}, after: [t{(index + 1) % count}]}}" for index in range(count)]
    (only,) = found("version: 1\ntasks:\n" + "\n".join(lines))
    assert only.startswith("f:3:22: after: a cycle: t0 -> t1 -> t2 -> ")
    assert only.endswith("-> t9999 -> t0")


def test_many_ways_to_one_task_are_walked_once() -> None:
    """Sixty tasks that each wait for the next two make more ways than could ever be walked one by one."""
    lines = [f"  - {{id: t{index}, after: [t{index + 1}, t{index + 2}]}}" for index in range(60)]
    assert found("version: 1\ntasks:\n" + "\n".join([*lines, "  - id: t60", "  - id: t61"])) == []


def test_ten_thousand_misspelt_names_cost_no_minutes() -> None:
    """Near words are looked for within a budget: the first problems have one, and the report comes soon."""
    lines = [f"  - {{id: task-{index}, after: [taks-{index}]}}" for index in range(10_000)]
    wrong = found("version: 1\ntasks:\n" + "\n".join(lines))
    hinted = [line for line in wrong if "did you mean" in line]
    assert len(wrong) == LISTED + 1
    assert wrong[: len(hinted)] == hinted
    assert 1 <= len(hinted) <= 5


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=1, max_size=8))
def test_a_cycle_is_found_exactly_where_there_is_one(edges: list[list[int]]) -> None:
    """Against an oracle that peels off tasks whose predecessors are gone: what can't be peeled has a cycle."""
    known = [[target for target in after if target < len(edges)] for after in edges]
    text = "version: 1\ntasks:\n" + "".join(
        f"  - {{id: t{index}, after: [{', '.join(f't{target}' for target in after)}]}}\n"
        for index, after in enumerate(known)
    )
    left = set(range(len(known)))
    while free := {index for index in left if not left & set(known[index])}:
        left -= free
    assert bool(found(text)) == bool(left)


def test_merged_data_are_checked_and_placed_at_the_nearest_node() -> None:
    """A task that takes keys from an anchor is judged by what it ends up with, at the line where it stands."""
    text = """version: 1
x-base: &base {priority: 99, agent: shell}
x-task: &task {id: c, stauts: todo}
tasks:
  - id: a
    <<: *base
  - id: b
    <<: *base
    priority: 3
  - *task
"""
    assert found(text) == [
        "f:6:5: priority: expected a whole number from 0 to 9, got 99",
        'f:10:5: unknown key "stauts" (did you mean "status"?)',
    ]


def test_only_so_many_are_listed_and_the_rest_is_counted() -> None:
    """A wholly wrong file doesn't flood a terminal, and `check` still names the true number."""
    text = "version: 1\ntasks:\n" + "".join(f"  - {{id: t{index}, wrong{index}: 1}}\n" for index in range(LISTED + 7))
    listed = found(text)
    assert len(listed) == LISTED + 1
    assert listed[-1] == "f: and 7 more"
    with pytest.raises(InvalidBoard, match=r"^207 problems$") as caught:
        check(Document(text))
    assert len(caught.value.problems) == LISTED + 1


def test_check_raises_only_where_there_are_problems() -> None:
    """A right board passes in silence, one problem is counted in words that fit."""
    check(Document("version: 1"))
    with pytest.raises(InvalidBoard, match=r"^1 problem$"):
        check(Document("version: 2"))


def test_a_message_holds_no_control_characters() -> None:
    """A file from elsewhere can't drive the terminal of whoever checks it, nor flood it with one value."""
    (wrong,) = in_task(r'gate: "\e[31m\u202e' + "x" * 500 + '"')
    assert wrong.isprintable()
    assert len(wrong) < 140


@given(st.from_regex(INSTANT_PATTERN.removesuffix("$") + r"\Z", alphabet=st.characters(codec="ascii")))
def test_every_instant_that_passes_can_be_read(text: str) -> None:
    """The pattern knows the calendar: what it lets through is an instant, never a silent nothing."""
    assert parse_instant(text) is not None


@given(st.dates(), st.times(), st.sampled_from(["", "Z", "z", "+02:00", " -0330"]))
def test_every_instant_of_the_calendar_passes(day: object, time: object, zone: str) -> None:
    """The 29th of February passes in leap years, and so does every other day that there is."""
    text = f"{day}T{time}{zone}"
    assert in_task(f"checkpoint: {{at: '{text}'}}") == []


@given(st.from_regex(SPAN_PATTERN.removesuffix("$") + r"\Z", alphabet=st.characters(codec="ascii")))
def test_every_span_that_passes_can_be_read(text: str) -> None:
    """A span is never silently taken for the default."""
    assert parse_span(text) is not None


@given(st.from_regex(SPAN_ABOVE_ZERO_PATTERN.removesuffix("$") + r"\Z", alphabet=st.characters(codec="ascii")))
def test_a_span_above_zero_is_above_zero(text: str) -> None:
    """A lease of no length would give one task to everybody."""
    assert (parse_span(text) or 0) > 0


@given(st.from_regex(SIZE_ABOVE_ZERO_PATTERN.removesuffix("$") + r"\Z", alphabet=st.characters(codec="ascii")))
def test_every_size_that_passes_can_be_read(text: str) -> None:
    """A size is never silently taken for the default, and a segment holds at least a line."""
    assert (parse_size(text) or 0) >= 1000


def test_the_defaults_that_editors_show_are_the_ones_that_hold() -> None:
    """A board that spells out every default means what a board that says nothing means."""
    assert read_settings(_defaults("settings")) == Settings()


def _defaults(name: str) -> dict[str, object]:
    return {key: value for key, has in TABLES[name].keys.items() if (value := _default(has)) is not None}


def _default(key: Key) -> object:
    match key.shape:
        case Part(name):
            return _defaults(name)
        case _:
            return (
                _defaults("backoff") if key.default is None and "pause before a restart" in key.about else key.default
            )

"""A board's `settings.redact` on its way to whatever is written, by commands and by a supervisor."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from board.journal.loading import load
from board.journal.read import records
from board.journal.sink import make_redactor
from board.settings import Redact, RedactRule
from supervisor.doctor import redaction
from supervisor.masks import KeptJournal, Masks
from supervisor.patient import patient_of
from tests.house import House
from tests.programs import board, environment

DICE = random.Random(23)
HEX = "".join(DICE.choices("0123456789ABCDEF", k=20))
VALUE = "".join(DICE.choices("abcdefghjkmnpqrstuvwxyz23456789", k=15)) + "9Z"
ACME = RedactRule("acme", "ACME-", "ACME-[0-9A-F]{16,}")
SLOW = RedactRule("slow", "SLOW-", "SLOW-(a+)+$")
SLOW_RULE = "{kind: slow, literal: SLOW-, regex: 'SLOW-(a+)+$'}"
BOARD = """\
version: 1
settings:
  redact:
    rules:
      - {kind: acme, literal: "ACME-", regex: "ACME-[0-9A-F]{16,}"}
MORE\
tasks:
  - {id: a, title: A}
"""


def write(folder: Path, more: str = "") -> None:
    (folder / "tasks.yaml").write_text(BOARD.replace("MORE", more))


def notes(folder: Path) -> list[str]:
    return [str(record["note"]) for record in records(str(folder / ".board/journal")) if "note" in record]


def test_commands_redact_as_the_board_says(tmp_path: Path) -> None:
    """Rules, known values and false alarms hold for what a command writes into the journal, from the first line on.
    Mutants killed: `wanted` isn't passed; values are read from where we stand; the allow list isn't."""
    write(tmp_path, '    allow: ["re:^ACME-0000"]\n    values_from: [.env.shop, "env:SHOP_*"]\n')
    (tmp_path / ".env.shop").write_text(f"WHATEVER={VALUE}\n")
    (tmp_path / "else").mkdir()
    said = f"ACME-{HEX} ACME-{'0' * 20} {VALUE} {VALUE}2"
    words = ("--board", str(tmp_path / "tasks.yaml"), "--as", "me", "-q")
    board("claim", "a", *words, cwd=tmp_path / "else")
    ended = board("checkpoint", "a", *words, "--note", said, cwd=tmp_path / "else", env={"SHOP_X": f"{VALUE}2"})
    assert ended.code == 0, ended.err
    (note,) = notes(tmp_path)
    assert HEX not in note
    assert VALUE not in note
    assert f"ACME-{'0' * 20}" in note


def test_a_rule_that_cannot_be_used_stops_no_work_and_opens_nothing(tmp_path: Path) -> None:
    """Commands go on, and each line with its literal is masked as a whole; `board check` fails with place and remedy.
    Mutants killed: a slow rule is left out; `board claim` is refused; `check` says nothing."""
    write(tmp_path, '      - {kind: slow, literal: "SLOW-", regex: "SLOW-(a+)+$"}\n')
    assert board("claim", "a", "--as", "me", cwd=tmp_path).code == 0
    assert board("checkpoint", "a", "--as", "me", "--note", f"it is SLOW-{HEX} and {VALUE}", cwd=tmp_path).code == 0
    (note,) = notes(tmp_path)
    assert "[REDACTED:slow:" in note
    assert "it is" not in note
    ended = board("check", cwd=tmp_path)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("tasks.yaml:6:47: settings.redact.rules[1].regex: takes more than 50 ms on a line of ")
    assert "possessive" in ended.err


def test_a_file_that_is_not_there_yet_is_told_and_no_error(tmp_path: Path) -> None:
    """`board check` says it on stderr, and in JSON, and the board is right all the same.
    Mutants killed: exit 3 for it; nothing said."""
    write(tmp_path, "    values_from: [gone.env]\n")
    ended = board("check", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "ok: 1 task\n")
    assert ended.err == "tasks.yaml:6:19: settings.redact.values_from[0]: gone.env: no such file or directory\n"
    said = json.loads(board("check", "--json", cwd=tmp_path).out)
    assert said == {
        "ok": True,
        "tasks_count": 1,
        "notes": ["settings.redact.values_from[0]: gone.env: no such file or directory"],
    }


def test_no_value_is_ever_told(tmp_path: Path) -> None:
    """Whatever is wrong with a file of secrets, nothing of what it holds stands in what `check` and `doctor` say."""
    write(tmp_path, "    values_from: [torn.json, latin.env]\n    gitleaks: torn.toml\n")
    (tmp_path / "torn.json").write_text(f'{{"a": "{VALUE}", }}')
    (tmp_path / "latin.env").write_bytes(f"A={VALUE}\xe9".encode("latin-1"))
    (tmp_path / "torn.toml").write_text(f"a = {VALUE}")
    ended = board("check", cwd=tmp_path)
    assert ended.code == 3
    assert len(ended.err.splitlines()) == 3
    assert VALUE not in ended.out + ended.err


def test_the_doctor_tells_what_is_not_as_it_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing for a board without own rules, one line where all is well, else a line for each trouble.
    Mutants killed: a missing file is a failure; a slow rule is a warning."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks: []\n")
    assert redaction(patient_of("tasks.yaml", {})) == []
    write(tmp_path)
    assert [each.level for each in redaction(patient_of("tasks.yaml", {}))] == ["ok"]
    write(tmp_path, '      - {kind: slow, literal: "SLOW-", regex: "SLOW-(a+)+$"}\n    values_from: [gone]\n')
    found = redaction(patient_of("tasks.yaml", {}))
    assert [each.level for each in found] == ["failure", "warning"]
    assert all("settings.redact." in each.detail for each in found)


def test_an_allowed_value_is_no_known_value(tmp_path: Path) -> None:
    """What people called a false alarm stays, though it stands in a file of secrets.
    Mutant killed: known values aren't asked about."""
    (tmp_path / ".env").write_text(f"A={VALUE}\nB={HEX}\n")
    redactor = make_redactor(str(tmp_path / ".board"), {}, Redact(allow=(VALUE,), values_from=(".env",)))
    text = redactor.text(f"{VALUE} {HEX}")
    assert VALUE in text
    assert HEX not in text


def test_without_own_settings_nothing_more_is_imported(tmp_path: Path) -> None:
    """A claim on a board that says nothing about redaction pays for none of it; one that does pays for what it says.
    Mutants killed: `loading` is always imported; values without `values_from`; RE2 without a file."""
    program = (
        "import sys\nfrom board.cli import main\nmain(['claim', 'a', '--as', 'me', '-q'])\n"
        "print(sorted(set(sys.modules) & {'board.journal.own', 'board.journal.loading', 'board.journal.trial',"
        " 'board.journal.values', 'board.journal.gitleaks', 'subprocess', 're2', 'tomllib'}))"
    )

    def imported() -> list[str]:
        argv = [sys.executable, "-c", program]
        done = subprocess.run(argv, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
        return list(eval(done.stdout.splitlines()[-1]))

    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks:\n  - {id: a, title: A}\n")
    assert imported() == []
    (tmp_path / "tasks.yaml").write_text(
        "version: 1\nsettings: {redact: {values_from: ['env:A']}}\ntasks:\n  - {id: a, title: A}\n"
    )
    assert imported() == ["board.journal.loading", "board.journal.own", "board.journal.values"]


# --- a supervisor


@pytest.fixture
def masks(tmp_path: Path) -> Masks:
    side = tmp_path / ".board"
    (side / "cache").mkdir(parents=True)
    return Masks(KeptJournal(str(side / "journal"), make_redactor(str(side), {})), str(side), {})


def test_changed_settings_and_changed_files_are_taken_over(masks: Masks, tmp_path: Path) -> None:
    """And nothing is done while they are as they were.
    Mutants killed: the files aren't looked at; each look makes a new redactor."""
    assert masks.follow(Redact()) is not None
    assert masks.follow(Redact()) is None
    taken = masks.follow(Redact((ACME,)))
    assert taken is not None
    assert HEX not in taken.redactor.text(f"ACME-{HEX}")
    wanted = Redact(values_from=("a.env",))
    assert masks.follow(wanted) is not None
    assert masks.follow(wanted) is None
    (tmp_path / "a.env").write_text(f"A={VALUE}\n")
    taken = masks.follow(wanted)
    assert taken is not None
    assert VALUE not in taken.redactor.text(VALUE)


def test_each_trouble_is_told_once(masks: Masks) -> None:
    """Also when other settings change around it; one that went and came back is told again.
    Mutants killed: told at each change; never told again."""
    told = [masks.follow(wanted) for wanted in (Redact((SLOW,)), Redact((SLOW, ACME)), Redact(), Redact((SLOW,)))]
    assert [[trouble.path for trouble in taken.troubles] if taken else None for taken in told] == [
        ["settings.redact.rules[0].regex"],
        [],
        [],
        ["settings.redact.rules[0].regex"],
    ]


def test_the_journal_follows_from_the_next_line_on(tmp_path: Path) -> None:
    """The redactor of an open journal is another one at once.
    Mutant killed: the journal keeps the first."""
    from board.journal.events import Event

    side = str(tmp_path / ".board")
    journal = KeptJournal(f"{side}/journal", make_redactor(side, {}))
    masks = Masks(journal, side, {})
    journal.append(Event("task_blocked", "a", {"on": f"ACME-{HEX}"}), 0.0)
    masks.follow(Redact((ACME,)))
    journal.append(Event("task_blocked", "a", {"on": f"ACME-{HEX}"}), 0.0)
    journal.close()
    first, second = records(f"{side}/journal")
    assert HEX in str(first["on"])
    assert HEX not in str(second["on"])


def test_what_cannot_be_tried_hides_lines_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubt about a rule is no proof that it is slow, and none that it is quick: it masks more, and asks again.
    Mutants killed: an untried rule is used; one is left out."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-such-python"))
    loaded = load(str(tmp_path / ".board"), {}, Redact((ACME,), allow=("re:^x",)))
    assert [rule.regex for rule in loaded.own.rules] == [None]
    assert loaded.own.allow == ()
    assert ["could not be tried out" in trouble.message for trouble in loaded.troubles] == [True, True]


@pytest.mark.tmux
def test_a_running_supervisor_takes_a_new_rule_over(house: House) -> None:
    """A rule that is saved while it runs holds for the journal and the output of what comes after; a rule that can't be
    used is told once, and its lines are masked.
    Mutants killed: the journal alone follows; the output alone follows; a trouble at each look."""
    task = f"""
  - id: NAME
    run: "echo it is ACME-{HEX}; board checkpoint NAME --note ACME-{HEX}"
"""
    house.write(task.replace("NAME", "before"))
    house.start()
    house.reaches("before", "done")
    rule = f"  redact: {{rules: [{{kind: acme, literal: ACME-, regex: 'ACME-[0-9A-F]{{16,}}'}}, {SLOW_RULE}]}}\n"
    house.write(task.replace("NAME", "before") + task.replace("NAME", "after"), settings=rule)
    house.reaches("after", "done")
    assert len(house.happened(None, "redaction_weakened")) == 1
    assert house.happened("after", "worker_output_captured")
    text = (house.side / "output/after.log").read_text()
    assert "it is [REDACTED:acme:" in text
    assert HEX not in text
    (noted,) = house.journal("after", "checkpoint_recorded")
    assert HEX not in str(noted)
    assert len(house.journal(None, "redaction_weakened")) == 1


@pytest.mark.tmux
@pytest.mark.parametrize("settings", ["", "  redact: {prompts: keep}\n"])
def test_what_an_agent_is_told_is_told_by_its_fingerprint(settings: str, house: House) -> None:
    """The start's line has the prompt's length and fingerprint, and nothing under `.board/journal` or in the status has
    its words; a command is no prompt; `keep` keeps it.
    Mutants killed: the prompt as it is; the run's command too; `keep` ignored."""
    house.write(
        """
  - id: told
    agent: shell
    prompt: "true these words are for a model"
  - id: plain
    run: "true"
""",
        settings=settings,
    )
    house.start()
    (line,) = house.happened("told", "worker_started")
    (plain,) = house.happened("plain", "worker_started")
    assert "prompt" not in plain
    assert ("these words are" in line["prompt"]) is bool(settings)
    if not settings:
        assert line["prompt"].split(" ")[1:2] == ["characters,"]
        kept = "".join(path.read_text() for path in (house.side / "journal").iterdir())
        assert "for a model" not in kept + (house.side / "status.json").read_text()

"""The shipped agent profiles: each can be read, is found by its name, and keeps its conversation over a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from board.check import problems, profile_problems
from board.document import Document
from board.errors import InvalidBoard
from board.model import Board
from board.records import read_board
from board.syntax import parse
from board.templates import template_names, template_text
from supervisor.agents.conversation import Conversation
from supervisor.agents.reading import TRUST, Source
from supervisor.agents.screens import LAYOUTS
from supervisor.agents.statusfile import AGENTS as FILES
from supervisor.agents.titles import TITLES
from supervisor.launch import Site, prepare
from supervisor.model import Attempt, Exit
from supervisor.profile import merged, read_profile
from supervisor.profiles import Profile, Profiles

SIGNALS = {"codex"}  # who was seen to speak through its terminal
PRESUMED = (Source.PROCESS,)  # what we presume ourselves before anybody has spoken
SHIPPED = [name.removesuffix(".yaml") for name in template_names("agents")]
BOARD = """\
version: 1
agents:
  mine: {{use: {name}, env: {{EXTRA: "${{task}}"}}}}
tasks:
  - {{id: t, title: Do it, agent: mine, prompt: "the words; $HOME and $1 stay"}}
"""


def board_of(name: str) -> Board:
    return read_board(Document(BOARD.format(name=name)).data)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_profile_starts_and_resumes(tmp_path: Path, name: str) -> None:
    """No placeholder is left over, the words arrive as one argument, and the session's id is the same both times."""
    board = board_of(name)
    profile = Profiles(str(tmp_path)).find(board, "mine")
    site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path), str(tmp_path))
    first, later = (
        prepare(board.tasks[0], Attempt("home", "t", number, number), profile, site, "grant") for number in (1, 2)
    )
    for launch in (first, later):
        assert not any("${" in word for word in launch.argv)
        assert any("the words; $HOME and $1 stay" in word for word in launch.argv)
        assert launch.env["EXTRA"] == "t"
    assert "continued" in later.brief
    if "${session}" in profile.start:
        at = profile.start.index("${session}")
        assert first.argv[at] == later.argv[profile.resume.index("${session}")]


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    """The remedy lists what there is."""
    with pytest.raises(InvalidBoard, match='no agent profile "nobody"') as refused:
        Profiles(str(tmp_path)).find(board_of("nobody"), "mine")
    assert set(SHIPPED) <= set(refused.value.remedy.removeprefix("known: ").split(", "))


def test_a_board_needs_no_more_than_the_names() -> None:
    """`agents: {claude: {use: claude}}` is enough for each shipped one. Mutant: the names aren't given to `check`."""
    assert {"claude", "codex", "gemini", "shell"} <= set(SHIPPED)
    for name in SHIPPED:
        assert problems(Document(BOARD.format(name=name)), SHIPPED) == ()


@pytest.mark.parametrize(
    ("said", "hooks"),
    [("", "claude"), (", start: [./wrapper, go]", None), (", start: [./wrapper, go], hooks: claude", "claude")],
)
def test_a_start_of_ones_own_takes_no_hooks_unasked(tmp_path: Path, said: str, hooks: str | None) -> None:
    """They are words on its command line, which it may not know.
    Mutant killed: the template's hooks go with any start."""
    board = read_board(Document(f"version: 1\nagents:\n  mine: {{use: claude{said}}}\ntasks: []\n").data)
    assert Profiles(str(tmp_path)).find(board, "mine").hooks == hooks


# --- layers


def found(tmp_path: Path, said: str, name: str = "mine") -> Profile:
    board = read_board(Document(f"version: 1\nagents:\n  mine: {said}\ntasks: []\n").data)
    return Profiles(str(tmp_path)).find(board, name)


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "opencode"])
def test_the_headless_variant_is_one_word_away(tmp_path: Path, name: str) -> None:
    """`headless: true` is what the shipped `NAME-headless` is; neither shows or asks anything, both settle by exit 0.
    Mutants killed: the variant not laid over; the screen's answers kept."""
    quick, shipped = found(tmp_path, f"{{use: {name}, headless: true}}"), found(tmp_path, f"{{use: {name}-headless}}")
    assert replace(quick, name="") == replace(shipped, name="")
    assert (quick.settles, quick.screens, quick.hooks, quick.answers, quick.reads) == ("exit", None, None, None, ())
    whole = found(tmp_path, f"{{use: {name}}}")
    assert (whole.settles, whole.screens, quick.exits) == ("said", name, whole.exits)
    assert quick.start != whole.start


def test_what_is_nearer_wins_in_the_variant_too(tmp_path: Path) -> None:
    """A start of one's own stays, and single names are overruled among exits, answers and variables.
    Mutants killed: the template's variant over the person's start; a map replaced whole; `false` ignored."""
    own = found(tmp_path, "{use: claude, headless: true, start: [./mine], exits: {1: mine}, env: {A: b}}")
    assert own.start == ("./mine",)
    assert (own.exits["1"], own.exits["143"], own.env) == ("mine", "it was told to end", {"A": "b"})
    paused = found(tmp_path, "{use: claude, answers: {pause: 1s}}").answers
    assert paused is not None
    assert (paused.pause, paused.hook, "permission-prompt" in paused.keys) == (1.0, True, True)
    assert found(tmp_path, "{use: claude-headless, headless: false}").settles == "said"


def test_a_headless_name_stands_on_the_boards_own_entry(tmp_path: Path) -> None:
    """`claude-headless`, where the board says what `claude` is: its variables and its limit, and the template's
    printing start. Who has said what the name is, on the board or in a file, is not overruled; an entry that only has
    a start of its own has no variant. Mutants killed: the template alone; its start for the variant's; a file passed
    over; no look at whether there is a variant."""

    def of(agents: str, name: str) -> Profile:
        board = read_board(Document(f"version: 1\nagents: {agents}\ntasks: []\n").data)
        return Profiles(str(tmp_path)).find(board, name)

    own = of("{claude: {use: claude, env: {A: b}, limited: enough}}", "claude-headless")
    shipped = of("{}", "claude-headless")
    assert (own.env, own.limited and own.limited.pattern) == ({"A": "b"}, "enough")
    assert (own.start, own.settles, own.screens) == (shipped.start, "exit", None)
    assert of("{bot: {use: claude, env: {A: b}}}", "bot-headless").start == shipped.start
    both = of("{bot: {start: [bot], headless: {start: [bot, -p], settles: exit}}}", "bot-headless")
    assert (both.start, both.settles, both.name) == (("bot", "-p"), "exit", "bot-headless")
    for start in ("{start: [./wrapper]}", "{use: claude, start: [./wrapper]}"):
        assert of(f"{{claude: {start}}}", "claude-headless") == shipped
    with pytest.raises(InvalidBoard, match='no agent profile "bot-headless"'):
        of("{bot: {start: [bot]}}", "bot-headless")
    assert of("{claude: {use: claude, env: {A: b}}, claude-headless: {start: [x]}}", "claude-headless").start == ("x",)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "claude-headless.yaml").write_text("start: [y]\n")
    assert of("{claude: {use: claude, env: {A: b}}}", "claude-headless").start == ("y",)


def test_a_profile_may_stand_on_one_of_its_own_name(tmp_path: Path) -> None:
    """The board's on the file's, the file's on the template's; one that leads back to itself is refused.
    Mutants killed: the same layer twice; for ever round."""
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "claude.yaml").write_text("use: claude\nenv: {A: file}\n")
    (folder / "a.yaml").write_text("use: b\n")
    (folder / "b.yaml").write_text("use: a\n")
    board = read_board(Document("version: 1\nagents:\n  claude: {use: claude, env: {B: board}}\ntasks: []\n").data)
    profile = Profiles(str(tmp_path)).find(board, "claude")
    assert profile.env == {"A": "file", "B": "board"}
    assert profile.start[:2] == ("claude", "--session-id")
    with pytest.raises(InvalidBoard, match='the agent profile "a" uses itself'):
        Profiles(str(tmp_path)).find(board, "a")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("start: [x]\nanswer: 1\n", '.board/agents/odd.yaml:2:1: unknown key "answer" (did you mean "answers"?)'),
        ("start: [x]\nexits: {one: x}\n", "expected an exit status from 0 to 255, or signal and its number"),
        ("start: [x]\nlimited: '('\n", ".board/agents/odd.yaml:2:10: limited: missing ), unterminated subpattern"),
        ("use: clawd\n", 'unknown profile template "clawd" (did you mean "claude"?)'),
        ("about: x\n", "a profile needs `start`"),
        ("- x\n", "a profile is a mapping"),
        ("", "a profile is a mapping"),
        ("start: [x\n", ".board/agents/odd.yaml:"),
    ],
)
def test_a_file_of_ones_own_is_checked_like_the_board(tmp_path: Path, text: str, problem: str) -> None:
    """One line, with its place. Mutant killed: what is in a file is taken as it comes."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "odd.yaml").write_text(text)
    with pytest.raises(InvalidBoard) as refused:
        found(tmp_path, "{use: odd}")
    assert problem in refused.value.message
    assert "\n" not in refused.value.message


def test_ends_have_meanings(tmp_path: Path) -> None:
    """By status or signal; what we called an end ourselves has none. Mutant killed: `signal 9` looked up as `9`."""
    profile = found(tmp_path, "{start: [x], exits: {41: login, signal 9: killed, 9: nine}}")
    assert [profile.meaning(each) for each in (Exit(41), Exit(signal=9), Exit(9), Exit(7), Exit())] == [
        *("login", "killed", "nine"),
        *(None, None),
    ]
    assert profile.meaning(Exit(41, cause="stopped by a person")) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_right(name: str) -> None:
    """As a file of a person's own would have to be."""
    assert profile_problems(parse(template_text(f"agents/{name}.yaml")), SHIPPED) == ()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_says_where_its_state_is_read(tmp_path: Path, name: str) -> None:
    """What it names is what there is: hooks where they are wired, a title and a file where we can read them, a screen
    where rules are known, each in its order of trust. Mutant killed: a source that nobody reads."""
    profile = found(tmp_path, f"{{use: {name}}}")
    there = {
        "hook": profile.hooks is not None,
        "file": profile.screens in FILES,
        "signal": profile.screens in SIGNALS,
        "title": profile.screens in {row.agent for row in TITLES},
        "bell": profile.screens in LAYOUTS,
        "screen": profile.screens in LAYOUTS,
    }
    assert list(profile.reads) == [source for source, is_there in there.items() if is_there]


def test_a_profile_says_whom_to_listen_to(tmp_path: Path) -> None:
    """In its own order; all of them where it says nothing, and where the person says which hooks or screens it has, for
    the template's order was for others. Mutants killed: the template's order with the person's hooks; the table's."""
    assert found(tmp_path, "{use: claude, reads: [screen, hook]}").order == (*PRESUMED, Source.SCREEN, Source.HOOK)
    assert found(tmp_path, "{use: codex}").order == (*PRESUMED, Source.SIGNAL, Source.TITLE, Source.BELL, Source.SCREEN)
    for said in ("{start: [x]}", "{use: codex, hooks: codex}", "{use: codex, headless: true}"):
        assert found(tmp_path, said).order == TRUST
    both = found(tmp_path, "{use: codex, hooks: codex, reads: [hook]}")
    assert both.order == (*PRESUMED, Source.HOOK)


@pytest.mark.parametrize(
    ("said", "is_typed"),
    [
        ("{use: opencode}", True),
        ("{use: opencode, prompt: given}", False),
        ("{use: opencode, headless: true}", False),
        ("{use: opencode, start: [./mine]}", False),
        ("{use: opencode, resume: [opencode, -c, --prompt, '${prompt}']}", False),
        ("{use: opencode, resume: [./mine, '${brief_file}']}", False),
        ("{use: claude}", False),
        ("{start: [x], resume: [x, '${session}'], prompt: typed}", True),
    ],
)
def test_a_brief_is_typed_where_its_command_line_has_none(tmp_path: Path, said: str, *, is_typed: bool) -> None:
    """To who goes on alone: its first start has it. Mutants killed: told twice, by both ways; in the headless variant,
    which has no box; at the first start."""
    profile = found(tmp_path, said)
    assert profile.is_typed is is_typed
    task = board_of("claude").tasks[0]
    for number, talk in ((1, Conversation("s")), (2, Conversation("s")), (2, Conversation("s", goes_on=True))):
        site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path), str(tmp_path), conversation=talk)
        launch = prepare(task, Attempt("home", "t", number, number), profile, site, "grant")
        assert launch.is_typed is (is_typed and talk.goes_on)


def test_without_a_box_nothing_is_typed() -> None:
    """Also where the variant's `resume` has no words. Mutant killed: the screen's `prompt` in the variant."""
    variant = {"start": ["y"], "resume": ["y", "${session}"]}
    whole = {"start": ["x"], "resume": ["x", "${session}"], "prompt": "typed", "headless": variant}
    assert read_profile("mine", merged([{"use": "x"}, whole])).is_typed
    assert not read_profile("mine", merged([{"use": "x", "headless": True}, whole])).is_typed

"""How agents are told of our hook: quoted for any path, with nothing of a person's put out of force."""

from __future__ import annotations

import json
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from board.document import Document
from board.errors import InvalidBoard
from board.records import read_board
from supervisor.hooks.wiring import Place, Wiring, hook_words, names, wire
from supervisor.hooks.words import AGENTS, TABLES
from supervisor.launch import Site, prepare, write_files
from supervisor.model import Attempt
from supervisor.profiles import Profiles

ODD = """a b'"$(x)`y`\\z;&|<>*?é%20#"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Python in a folder whose name is odd in every syntax, with our command beside it."""
    folder = tmp_path / ODD
    folder.mkdir()
    program = folder / "supervisor"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return str(program)


def wired(agent: str, side: Path, **env: str) -> Wiring:
    return wire(agent, [agent, "go"], Place(str(side), env))


def commands(hooks: dict[str, Any]) -> set[str]:
    return {each["command"] for groups in hooks.values() for group in groups for each in group["hooks"]}


def test_every_agent_but_the_shell_can_be_told() -> None:
    """What has a table of words has a template, and the other way round."""
    assert {*names(), "shell"} == set(AGENTS)
    with pytest.raises(InvalidBoard, match='no hooks for an agent "vim"'):
        wired("vim", Path("/x"))


def test_claude_and_codex_get_hooks_by_their_command_line(odd: str, tmp_path: Path) -> None:
    """As JSON and as TOML that other readers understand, with our command quoted for a shell: no path breaks out.
    Mutants killed: a path that isn't quoted; TOML strings in single quotes."""
    flag, settings = wired("claude", tmp_path).argv
    assert flag == "--settings"
    flag, override = wired("codex", tmp_path).argv
    assert flag == "-c"
    for agent, hooks in (("claude", json.loads(settings)["hooks"]), ("codex", tomllib.loads(override)["hooks"])):
        plain = [odd, "hook", agent]
        deciding = [[*plain, "--decide"]] if agent == "claude" else []
        assert sorted(map(shlex.split, commands(hooks))) == [plain, *deciding]
        assert set(hooks) <= set(TABLES[agent])
    assert "bypass" not in override


def test_gemini_keeps_the_machines_settings(odd: str, tmp_path: Path) -> None:
    """Ours stand behind what the system's file says, in a file beside the board. Mutant killed: the file replaced."""
    theirs = tmp_path / "system.json"
    theirs.write_text(json.dumps({"ui": {"theme": "x"}, "hooks": {"AfterAgent": [{"hooks": [{"command": "mine"}]}]}}))
    made = wired("gemini", tmp_path, GEMINI_CLI_SYSTEM_SETTINGS_PATH=str(theirs))
    path = made.env["GEMINI_CLI_SYSTEM_SETTINGS_PATH"]
    assert path == str(tmp_path / "cache" / "hooks" / "gemini.json")
    said = json.loads(made.files[path])
    assert said["ui"] == {"theme": "x"}
    assert said["hooks"]["AfterAgent"][0] == {"hooks": [{"command": "mine"}]}
    ours = shlex.join([odd, "hook", "gemini"])
    assert commands(said["hooks"]) == {"mine", ours}
    assert set(said["hooks"]) <= set(TABLES["gemini"])
    assert all(each["timeout"] >= 1000 for each in said["hooks"]["BeforeTool"][0]["hooks"])


def test_opencode_keeps_the_plugins_that_its_environment_names(odd: str, tmp_path: Path) -> None:
    """One more plugin, by a URL that any path survives; the program's words stand in it as JSON."""
    side = tmp_path / ODD
    theirs = json.dumps({"plugin": ["theirs"], "model": "m"})
    made = wire("opencode", ["opencode"], Place(str(side), {"OPENCODE_CONFIG_CONTENT": theirs}))
    said = json.loads(made.env["OPENCODE_CONFIG_CONTENT"])
    assert (said["model"], said["plugin"][0]) == ("m", "theirs")
    [path] = made.files
    assert unquote(urlparse(said["plugin"][1]).path) == path
    line = next(line for line in made.files[path].splitlines() if line.startswith("const HOOK"))
    assert json.loads(line.removeprefix("const HOOK = ").removesuffix(";")) == [odd, "hook", "opencode"]


def test_who_gives_the_same_words_keeps_them(tmp_path: Path) -> None:
    """A person's own `--settings` or `--notifications-command` would be lost: then ours are left out."""
    place = Place(str(tmp_path), {})
    assert wire("claude", ["claude", "--settings", "{}"], place) == Wiring()
    assert wire("aider", ["aider", "--notifications-command=beep"], place) == Wiring()
    assert wire("aider", ["aider"], place).argv[-1] == shlex.join(hook_words("aider"))


def test_a_start_carries_them_and_the_repository_nothing(tmp_path: Path) -> None:
    """Right behind the program, at the first start and later; files beside the board, 0600. Mutants killed: hooks of a
    profile that says `none`; words behind the prompt."""
    text = "version: 1\nagents:\n  mine: {{use: {use}, hooks: {hooks}}}\ntasks: [{{id: t, agent: mine, prompt: go}}]\n"
    site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path / ".board"), str(tmp_path / "tree"))
    (tmp_path / "tree").mkdir()
    for use, hooks in (("claude", "claude"), ("gemini", "gemini"), ("claude", "none")):
        board = read_board(Document(text.format(use=use, hooks=hooks)).data)
        profile = Profiles(str(tmp_path / ".board")).find(board, "mine")
        for number in (1, 2):
            launch = prepare(board.tasks[0], Attempt("home", "t", 1, number), profile, site, "grant")
            write_files(launch)
            assert ("--settings" in launch.argv[1:2]) == (hooks == "claude")
            assert "go" in launch.argv[-1]
            assert set(launch.env) >= {"BOARD_CLAIM", "CREWBOARD_ATTEMPT"}
            assert all(Path(path).stat().st_mode & 0o777 == 0o600 for path in launch.files)
    assert list((tmp_path / "tree").iterdir()) == []
    assert [path.name for path in (tmp_path / ".board" / "cache" / "hooks").iterdir()] == ["gemini.json"]


def trusting(tmp_path: Path, agent: str, said: str, branch: str | None = "t") -> Any:
    text = f"version: 1\nagents:\n  mine: {{use: {agent}, hooks: none{said}}}\ntasks:\n"
    board = read_board(Document(f"{text}  - {{id: t, prompt: x, agent: mine}}\n").data)
    tree = tmp_path / ODD
    tree.mkdir(exist_ok=True)
    site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path), str(tree), branch)
    profile = Profiles(str(tmp_path)).find(board, "mine")
    return prepare(board.tasks[0], Attempt("h", "t", 1, 1), profile, site, "grant")


def test_codex_is_told_to_trust_the_tasks_tree_and_no_other(tmp_path: Path) -> None:
    """As TOML that another reader understands, whatever the folder is called, right behind the program.
    Mutants killed: a key that isn't quoted; trusted unasked; a person's own folder trusted."""
    launch = trusting(tmp_path, "codex", ", trust: worktree")
    at = launch.argv.index("-c")
    assert tomllib.loads(launch.argv[at + 1]) == {"projects": {str(tmp_path / ODD): {"trust_level": "trusted"}}}
    assert "-c" not in trusting(tmp_path, "codex", "").argv
    assert "-c" not in trusting(tmp_path, "codex", ", trust: worktree", branch=None).argv


def test_gemini_trusts_the_tree_beside_what_the_person_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file beside the board: their own entries stay, also one about this very tree.
    Mutants killed: their list replaced; ours over theirs; `--skip-trust`."""
    home = tmp_path / "home" / ".gemini"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.delenv("GEMINI_CLI_TRUSTED_FOLDERS_PATH", raising=False)
    theirs = home / "trustedFolders.json"
    theirs.write_text(json.dumps({"/mine": "TRUST_PARENT"}))
    launch = trusting(tmp_path, "gemini", ", trust: worktree")
    path = launch.env["GEMINI_CLI_TRUSTED_FOLDERS_PATH"]
    assert path.startswith(str(tmp_path / "cache"))
    assert json.loads(launch.files[path]) == {"/mine": "TRUST_PARENT", str(tmp_path / ODD): "TRUST_FOLDER"}
    theirs.write_text(json.dumps({str(tmp_path / ODD): "DO_NOT_TRUST"}))
    again = trusting(tmp_path, "gemini", ", trust: worktree")
    assert json.loads(again.files[path]) == {str(tmp_path / ODD): "DO_NOT_TRUST"}
    assert "--skip-trust" not in again.argv


@pytest.mark.parametrize("agent", ["claude", "shell"])
def test_who_cannot_be_told_is_told_nothing(tmp_path: Path, agent: str) -> None:
    """No bypass in its place."""
    assert trusting(tmp_path, agent, ", trust: worktree").argv == trusting(tmp_path, agent, "").argv

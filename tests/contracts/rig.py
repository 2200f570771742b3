"""What a contract test needs of one agent: the programs first on the PATH, homes, steering prompts, what was heard.

A stand-in and the real program are two rigs of one kind of agent: the test bodies are the same for both.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import repositories as repos
from tests.contracts.words import HEARD, heard
from tests.house import House
from tests.programs import ROOT, environment

KEY = "sk-ant-dummy-" + "0" * 40
_SCRIPT = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.contracts.standins import {agent}
{agent}.main()
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command line that is refused before anything happens: its code, and what it says."""

    argv: tuple[str, ...]
    code: int
    says: str


class Site(NamedTuple):
    """Where the agent works, where its model's service is, whether its person is through with the first run, and wants
    to be asked for each command."""

    folder: Path
    api: str
    is_known: bool
    is_asked: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One agent. `limited` and `refused` are what a limit and a refused login come to, None where that wasn't seen.
    `ask` is a prompt that makes it ask for a command, by the rule `asks`. `stays`: its screen is there after a turn.
    `keeps` are those of its profiles of which a later start goes on with the conversation, and `conversation` is where
    one is in the home. `outcomes` are how its headless profile ends at a prompt: exit codes."""

    agent: str
    limited: str | None
    refused: str | None
    ask: str = "RUN[{command}]"
    asks: str = "permission-prompt"
    dialog: str | None = "trust-dialog"
    is_held: bool = True  # by that dialog: the model is told nothing before somebody answers it
    screen: str | None = None  # its profiles
    headless: str | None = None
    stays: bool = True
    settles: bool = True
    takes_no: bool = True  # `board answer ID deny` is one of its answers
    keeps: tuple[str, ...] = ()
    conversation: str | None = None
    outcomes: Mapping[str, int] = field(default_factory=lambda: {"RATELIMIT": 1, "AUTHFAIL": 1})
    refusals: tuple[Refusal, ...] = ()
    furnish: Callable[[Path, Site], None] = lambda home, site: None


@dataclass(slots=True)
class Rig:
    """`repo` is where the board is, `folder` beside it holds all else. `env` is what the supervisor, and so its agents,
    are started with; `bin` goes first on their PATH."""

    kind: Kind
    folder: Path
    repo: Path
    bin: Path
    env: dict[str, str] = field(default_factory=dict)
    is_real: bool = False
    patience: float = 30.0  # seconds for an agent to come to a state
    api: str = "http://127.0.0.1:9"

    @property
    def record(self) -> Path:
        return self.folder / "heard.jsonl"

    def home(self, name: str, *, is_known: bool = True, is_asked: bool = False) -> Path:
        """A home of its own, with the files of a person who is through with the first run; without them otherwise."""
        home = self.folder / "homes" / name
        home.mkdir(parents=True, exist_ok=True)
        self.kind.furnish(home, Site(self.repo, self.api, is_known, is_asked))
        return home

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(self.bin), os.environ["PATH"]))
        return {**repos.IDENTITY, **self.env, "PATH": path, "HOME": str(self.home("nobody")), HEARD: str(self.record)}

    def texts(self, word: str) -> list[list[str]]:
        """What was put before the model in each request of conversations that hold this word, oldest first."""
        found = [each["texts"] for each in heard(self.record) if each["agent"] == self.kind.agent]
        return [texts for texts in found if any(word in text for text in texts)]

    def run(self, home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
        """The program as a script runs it, without a terminal."""
        return subprocess.run(
            [str(self.bin / self.kind.agent), *argv],
            cwd=self.repo,
            env={**environment(**self.environment()), "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def repository(house: House, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The house's board in a repository with a commit: each of its tasks has a worktree of its own."""
    repos.isolate(monkeypatch)
    repo = repos.repository(house.folder / "shop")
    house.folder, house.path, house.side = repo, repo / "tasks.yaml", repo / ".board"
    return repo


def standin(kind: Kind, repo: Path) -> Rig:
    folder = repo.parent
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    program = place / kind.agent
    program.write_text(_SCRIPT.format(python=sys.executable, root=str(ROOT), agent=kind.agent), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Rig(kind, folder, repo, place)


def _furnish_claude(home: Path, site: Site) -> None:
    said: dict[str, Any] = {"hasCompletedOnboarding": True, "theme": "dark"}
    said["customApiKeyResponses"] = {"approved": [KEY[-20:]], "rejected": []}
    if site.is_known:
        said["projects"] = {str(site.folder): {"hasTrustDialogAccepted": True}}
    (home / ".claude.json").write_text(json.dumps(said), encoding="utf-8")
    if site.is_asked:  # its auto mode has each action checked by a server that isn't there, and asks about that
        (home / ".claude").mkdir(exist_ok=True)
        mode = {"permissions": {"defaultMode": "default"}}
        (home / ".claude" / "settings.json").write_text(json.dumps(mode), encoding="utf-8")


def _furnish_codex(home: Path, site: Site) -> None:
    lines = ['model = "gpt-mock"', 'model_provider = "mock"', "check_for_update_on_startup = false"]
    lines += ["[analytics]", "enabled = false", "[model_providers.mock]", 'name = "mock"', 'wire_api = "responses"']
    lines += [f'base_url = "{site.api}/v1"', 'env_key = "MOCK_KEY"']
    lines += ["request_max_retries = 0", "stream_max_retries = 0"]
    lines += [f'[projects."{site.folder}"]', 'trust_level = "trusted"'] if site.is_known else []
    (home / ".codex").mkdir(exist_ok=True)
    (home / ".codex" / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _furnish_gemini(home: Path, site: Site) -> None:
    (home / ".gemini").mkdir(exist_ok=True)
    # It knows no worktrees: what is trusted is the folder that they and the repository are in.
    trusted = {str(site.folder.parent): "TRUST_FOLDER"} if site.is_known else {}
    (home / ".gemini" / "trustedFolders.json").write_text(json.dumps(trusted), encoding="utf-8")
    security = {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": True}}
    settings = {"security": security, "model": {"name": "gemini-2.5-flash"}}  # by itself it asks a model which to take
    (home / ".gemini" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def _furnish_opencode(home: Path, site: Site) -> None:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{site.api}/v1", "apiKey": "dummy"},
        "models": {"m1": {"name": "m1"}},
    }
    permission = {
        "bash": "ask",
        "external_directory": "allow",
    }  # the file that shows who was allowed is outside the tree
    said = {"model": "mock/m1", "small_model": "mock/m1", "share": "disabled", "permission": permission}
    place = home / ".config" / "opencode"
    place.mkdir(parents=True, exist_ok=True)
    (place / "opencode.json").write_text(json.dumps({**said, "provider": {"mock": provider}}), encoding="utf-8")


NOBODY = "5c1b6b4e-0000-4000-8000-00000000dead"

CLAUDE = Kind(
    "claude",
    limited="limited",
    refused="failed",
    screen="claude",
    headless="claude-headless",
    keeps=("claude",),  # one that prints is on disk from its first reply on: until then there is nothing to go on with
    conversation=".claude/projects/*/*.jsonl",
    furnish=_furnish_claude,
    refusals=(
        Refusal(("-p", "--resume", NOBODY, "go"), 1, "No conversation found with session ID"),
        Refusal(("-p", "--session-id", "nonsense", "go"), 1, "Invalid session ID"),
        Refusal(("-p", "--such-a-flag", "go"), 1, "unknown option"),
    ),
)
CODEX = Kind(
    "codex",
    limited="limited",
    refused="failed",
    ask="RUN[{command}] ESC",
    screen="codex",
    headless="codex-headless",
    keeps=("codex", "codex-headless"),
    conversation=".codex/sessions/*/*/*/rollout-*.jsonl",
    furnish=_furnish_codex,
    refusals=(
        Refusal(("exec", "resume", NOBODY, "go"), 1, "no rollout found for thread id"),
        Refusal(("exec", "--such-a-flag", "go"), 2, "unexpected argument"),
    ),
)
GEMINI = Kind(
    "gemini",
    limited=None,
    refused="failed",
    screen="gemini",
    headless="gemini-headless",
    is_held=False,
    outcomes={"AUTHFAIL": 1},
    keeps=("gemini", "gemini-headless"),
    conversation=".gemini/tmp/*/chats/session-*.jsonl",
    furnish=_furnish_gemini,
    refusals=(Refusal(("--resume", NOBODY, "-p", "go"), 42, "Error resuming session"),),
)
OPENCODE = Kind(
    "opencode",
    limited="busy",  # it tries again for minutes
    refused=None,
    dialog=None,
    screen="opencode",
    headless="opencode-headless",
    keeps=("opencode", "opencode-headless"),
    conversation=".local/share/opencode/opencode.db",
    takes_no=False,
    outcomes={},
    furnish=_furnish_opencode,
    refusals=(Refusal(("run", "--session", "ses_nobody", "go"), 1, "Session not found"),),
)
AIDER = Kind(
    "aider",
    limited=None,
    refused=None,
    asks="confirm",
    dialog=None,
    screen="aider",
    headless="aider",
    stays=False,
    settles=False,
    keeps=("aider",),
    outcomes={"AUTHFAIL": 0},
    refusals=(Refusal(("--such-a-flag",), 2, "unrecognized arguments"),),
)
KINDS = {kind.agent: kind for kind in (CLAUDE, CODEX, GEMINI, OPENCODE, AIDER)}

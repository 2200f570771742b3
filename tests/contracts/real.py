"""The real programs, from their registries' ordinary clients, with an empty home and a service on loopback.

They are looked for in `$CREWBOARD_AGENTS`, else in pytest's cache; what isn't there is installed into it by npm. Who
has neither npm nor a way out is skipped with the reason. Nothing of the person's is read: no home, no key, no login.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contracts.api import Api
from tests.contracts.rig import KEY, KINDS, Rig

PLACE = "CREWBOARD_AGENTS"
NOWHERE = "http://127.0.0.1:9"  # where everything goes that isn't for loopback
INSTALL = 600  # seconds


class Package(NamedTuple):
    """`binaries` are where the program itself lies, without its launcher. `alone`: it must not be told of a proxy (it
    would go there for loopback, too), and runs only where no network but loopback is."""

    name: str
    binaries: tuple[str, ...]
    alone: bool = False


PACKAGES = {
    "claude": Package("@anthropic-ai/claude-code", ("node_modules/@anthropic-ai/claude-code-*/claude",)),
    "codex": Package("@openai/codex", ("node_modules/@openai/codex-*/vendor/*/bin/codex",)),
    "gemini": Package("@google/gemini-cli", ("node_modules/@google/gemini-cli/bundle/gemini.js",), alone=True),
    "opencode": Package("opencode-ai", ("node_modules/opencode-*/bin/opencode",), alone=True),
}
QUIET = {
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
}
PROXIED = {
    "HTTPS_PROXY": NOWHERE,
    "HTTP_PROXY": NOWHERE,
    "https_proxy": NOWHERE,
    "http_proxy": NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


def binary(agent: str, cache: Path) -> Path:
    """The program, installed if it isn't there; skips the test where that can't be done."""
    if PACKAGES[agent].alone and not _is_alone():
        pytest.skip(f"{agent} runs without a network alone: see unshare(1)")
    place = Path(os.environ.get(PLACE) or cache)
    found = _found(place, agent)
    if found is None:
        _install(place, PACKAGES[agent])
        found = _found(place, agent)
    if found is None:
        pytest.skip(f"{PACKAGES[agent].name} brought no program for this machine into {place}")
    return found


def _is_alone() -> bool:
    """Is loopback all there is of a network?"""
    lines = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
    return not lines and not _others(Path("/proc/net/if_inet6"))


def _others(path: Path) -> list[str]:
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [line for line in lines if not line.endswith(" lo")]


def _found(place: Path, agent: str) -> Path | None:
    many = (path for pattern in PACKAGES[agent].binaries for path in sorted(place.glob(pattern)))
    return next((path for path in many if os.access(path, os.X_OK)), None)


def _install(place: Path, package: Package) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"npm isn't there to install {package.name}")
    place.mkdir(parents=True, exist_ok=True)
    argv = [npm, "install", "--prefix", str(place), "--no-audit", "--no-fund", "--force", f"{package.name}@latest"]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm didn't install {package.name} within {INSTALL} s")
    if done.returncode:
        pytest.skip(f"npm can't install {package.name}: {done.stderr.strip().splitlines()[-1:]}")


def version(program: Path, home: Path) -> str:
    env = {**os.environ, **QUIET, **PROXIED, "HOME": str(home)}
    done = subprocess.run([program, "--version"], env=env, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    assert found is not None, done
    return found[0]


def real(agent: str, repo: Path, program: Path, api: Api) -> Rig:
    folder = repo.parent
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (place / agent).symlink_to(program)
    rig = Rig(KINDS[agent], folder, repo, place, is_real=True, patience=90.0, api=api.url)
    quiet = QUIET if PACKAGES[agent].alone else {**QUIET, **PROXIED}
    return replace(rig, env={**quiet, **_pointed_at(agent, api.url)})


def _pointed_at(agent: str, url: str) -> dict[str, str]:
    match agent:
        case "claude":
            return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY, "CLAUDE_CODE_MAX_RETRIES": "1"}
        case "codex":
            return {"MOCK_KEY": "dummy"}
        case "gemini":
            return {"GEMINI_API_KEY": "dummy", "GOOGLE_GEMINI_BASE_URL": url}
    return {}

"""The house keeps its shape: every module stands alone, the leaf stays a leaf, no module outgrows the house rules."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.programs import ROOT, environment

MODULES = sorted(
    str(path.relative_to(ROOT)).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for package in ("board", "supervisor")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__main__.py"
)
HALVES = [MODULES[0::2], MODULES[1::2]]
THEIRS = ("argparse", "asyncio", "concurrent.futures", "dataclasses", "difflib", "email.message", "http.client", "json")
THEIRS += (
    "psutil",
    "random",
    "ruamel.yaml",
    "subprocess",
    "tempfile",
    "typing",
    "urllib.request",
    "uuid",
    "watchfiles",
)
LONGEST = 320


@pytest.mark.parametrize("half", HALVES, ids=["even", "odd"])
def test_each_module_imports_alone_without_a_warning(half: list[str]) -> None:
    """No module needs another one of ours to have been imported first: cycles and warnings show here. Of
    what others made much is imported once, which is most of the cost."""
    program = f"import sys, os, {', '.join(THEIRS)}\nfor name in sys.argv[1:]:\n    pid = os.fork()\n    if not pid:\n"
    program += "        __import__(name)\n        os._exit(0)\n    if os.waitpid(pid, 0)[1]:\n        sys.exit(name)\n"
    argv = [sys.executable, "-W", "error", "-c", program, *half]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_leaf_contract_names_every_other_room() -> None:
    """A new module of the board can't slip into the journal's imports: the contract lists them all."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    leaf = next(contract for contract in contracts if contract["source_modules"] == ["board.journal"])
    rooms = {name for name in MODULES if name.count(".") == 1 and name.startswith("board.")} - {"board.journal"}
    assert rooms - set(leaf["forbidden_modules"]) == set()


def test_no_module_hides_a_second_idea() -> None:
    """A module that outgrows the house size is split; tables may be a little longer."""
    long = {str(path): lines for path, lines in _lengths() if lines > LONGEST}
    assert long == {}


def _lengths() -> list[tuple[Path, int]]:
    paths = [path for package in ("board", "supervisor") for path in (ROOT / package).rglob("*.py")]
    return [(path.relative_to(ROOT), len(path.read_text(encoding="utf-8").splitlines())) for path in paths]

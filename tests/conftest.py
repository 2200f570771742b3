"""Fixtures that every tier may use: a tmux server of a test's own, which cannot leak."""

from __future__ import annotations

import compileall
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.house import House
from tests.programs import ROOT

# A loaded machine is no failed property: time is measured by the benches.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    """Hundreds of programs are started by tests: each finds our modules compiled, as an installation has them."""
    if not hasattr(config, "workerinput"):
        for package in ("board", "supervisor", "tests"):
            compileall.compile_dir(ROOT / package, quiet=2)


@pytest.fixture(autouse=True, scope="session")
def _no_state_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What programs keep for the machine is kept in a folder of this run: nobody's home is touched."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def tmux_socket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a private socket, in a folder of its own that the environment points to; its server ends here."""
    # A socket's path has room for about 100 characters: the test's own folder would be too long.
    folder = tempfile.mkdtemp(prefix="cb")
    socket = f"crewboard-test-{secrets.token_hex(4)}"
    monkeypatch.setenv("TMUX_TMPDIR", folder)
    monkeypatch.setenv("TMPDIR", folder)  # tasks' temporary folders end with it, too
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("TMUX_PANE", raising=False)
    yield socket
    argv = ["tmux", "-N", "-L", socket, "-f", "/dev/null", "kill-server"]
    subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(tmp_path: Path, tmux_socket: str) -> Iterator[House]:
    """A folder with a private tmux socket in which a test may start supervisors; all of them end here."""
    made = House(tmp_path, tmux_socket)
    yield made
    made.close()

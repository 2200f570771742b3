"""A launchd agent that keeps one board: its text, which is pure, and the door to launchctl.

Whether we may replace an agent is not decided here.
"""

from __future__ import annotations

import os
import plistlib
from collections.abc import Mapping
from dataclasses import dataclass

from board.errors import BoardError
from board.program import run_program
from supervisor.systemd import BACKGROUND
from supervisor.unit import Service, forbid_unprintable, sealed_line

_TIMEOUT = 60.0  # seconds
_LEAVE = 90  # seconds to leave in, as systemd gives them; launchd's own are 20


def agent_name(name: str) -> str:
    return f"crewboard.{name}"


def agent_text(service: Service) -> str:
    """Raises BoardError for a path that no property list can hold."""
    for text in (service.board, service.folder, *service.argv, *service.env.values()):
        forbid_unprintable(text)
    record = {
        "Label": agent_name(service.name),
        "ProgramArguments": list(service.argv),
        "WorkingDirectory": service.folder,
        "EnvironmentVariables": dict(sorted(service.env.items())),
        "Umask": service.umask,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "AbandonProcessGroup": True,
        "ExitTimeOut": _LEAVE,
        "StandardErrorPath": os.path.join(service.folder, ".board", "supervisor.err"),
    }
    body = plistlib.dumps(record, sort_keys=False).decode()
    head, mark, rest = body.partition("<plist")
    return f"{head}{sealed_line('<!-- ', body, ' -->')}{mark}{rest}"


@dataclass(frozen=True, slots=True)
class Launchd:
    """The agent of one board, in the domain of the user who is logged in."""

    service: Service
    env: Mapping[str, str]

    kind = "launchd"

    @property
    def name(self) -> str:
        return agent_name(self.service.name)

    @property
    def path(self) -> str:
        return os.path.join(os.path.expanduser("~"), "Library", "LaunchAgents", f"{self.name}.plist")

    def text(self) -> str:
        return agent_text(self.service)

    def need(self) -> None:
        """Raises BoardError without a domain to put the agent in, as in a login over ssh alone."""
        status, said = self._launchctl("print", _domain())
        if status != 0:
            raise BoardError(f"launchd's domain {_domain()} doesn't answer: {said}", BACKGROUND)

    def pid(self) -> int | None:
        _, said = self._launchctl("print", self._target())
        found = [line.split("=")[1].strip() for line in said.splitlines() if line.strip().startswith("pid =")]
        return int(found[0]) if found and found[0].isdigit() else None

    def state(self) -> tuple[str, str]:
        """In systemd's words: an agent that is loaded is one that each login loads."""
        status, _ = self._launchctl("print", self._target())
        return ("active" if self.pid() else "inactive"), ("enabled" if status == 0 else "disabled")

    def put_on(self) -> None:
        self._launchctl("bootout", self._target())
        self._must("enable", self._target())
        self._must("bootstrap", _domain(), self.path)

    def take_off(self) -> None:
        status, _ = self._launchctl("print", self._target())
        if status == 0:
            self._must("bootout", self._target())

    def forget(self) -> None:
        """launchd keeps nothing of an agent that was booted out."""

    def journal(self) -> str:
        return f"launchctl print {self._target()}"

    def _target(self) -> str:
        return f"{_domain()}/{self.name}"

    def _must(self, *words: str) -> None:
        status, said = self._launchctl(*words)
        if status != 0:
            raise BoardError(f"launchctl {' '.join(words)}: {said}", self.journal())

    def _launchctl(self, *words: str) -> tuple[int | None, str]:
        try:
            ended = run_program(["launchctl", *words], self.env, _TIMEOUT)
        except OSError as error:
            raise BoardError(f"launchctl can't be run: {error}", BACKGROUND) from None
        return ended.status, (ended.stdout or ended.stderr).decode("utf-8", "replace").strip()


def _domain() -> str:
    return f"gui/{os.getuid()}"

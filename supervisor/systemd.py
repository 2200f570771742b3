"""The door to systemd's user manager and to loginctl: units put on and taken off, and what is known of them.

Which text a unit has, and whether we may replace one, is not decided here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from board.errors import BoardError
from board.program import Ended, run_program
from supervisor.unit import Service, unit_name, unit_text

_ASK = 10.0  # seconds for a question
_START = 120.0  # seconds until a unit that is being started is ready, or has failed
BACKGROUND = "`supervisor start` keeps the board in the background without it"


@dataclass(frozen=True, slots=True)
class Systemd:
    """The unit of one board. `env` says where units lie and how the manager is reached."""

    service: Service
    env: Mapping[str, str]

    kind = "systemd"

    @property
    def name(self) -> str:
        return unit_name(self.service.name)

    @property
    def path(self) -> str:
        return os.path.join(config_home(self.env), "systemd", "user", self.name)

    def text(self) -> str:
        return unit_text(self.service)

    def need(self) -> None:
        """Raises BoardError when there is no user manager that answers."""
        try:
            ended = self._systemctl("show", "--property=Version")
        except OSError:
            raise BoardError("there is no systemd here (no systemctl)", BACKGROUND) from None
        if ended.status != 0:
            raise BoardError(f"systemd's user manager doesn't answer: {_complaint(ended)}", BACKGROUND)

    def pid(self) -> int | None:
        """The supervisor that this unit runs; None when it runs none, or can't be asked."""
        try:
            said = self._systemctl("show", "--property=MainPID", "--value", self.name).stdout.strip()
        except OSError:
            return None
        return int(said) if said.isdigit() and int(said) > 0 else None

    def state(self) -> tuple[str, str]:
        """Two of systemd's own words: how it is (`active`, `failed`, …), and whether a login starts it (`enabled`, …).

        Raises OSError without systemctl; both are empty where the manager doesn't answer.
        """
        said = self._systemctl("show", "--property=ActiveState", "--property=UnitFileState", self.name).stdout
        known = dict(line.partition("=")[::2] for line in said.decode("utf-8", "replace").splitlines())
        return known.get("ActiveState", ""), known.get("UnitFileState", "")

    def put_on(self) -> None:
        """The unit's file, as it is now, is what runs and what each login starts. Raises BoardError."""
        self._must("daemon-reload")
        self._must("enable", self.name)
        self._must("restart", self.name, timeout=_START)  # workers stay, so that a running one may be started anew

    def take_off(self) -> None:
        """It runs no more, and no login starts it. Raises BoardError."""
        self._must("disable", "--now", self.name, timeout=_START)

    def forget(self) -> None:
        """After the file went away: nothing of it is kept in the manager's memory. Fails in silence."""
        for words in (("daemon-reload",), ("reset-failed", self.name)):
            try:
                self._systemctl(*words)
            except OSError:
                return

    def journal(self) -> str:
        return f"journalctl --user -u {self.name}"

    def _must(self, *words: str, timeout: float = _ASK) -> None:
        try:
            ended = self._systemctl(*words, timeout=timeout)
        except OSError as error:
            raise BoardError(f"systemctl can't be run: {error}", BACKGROUND) from None
        if ended.status != 0:
            raise BoardError(f"systemctl --user {' '.join(words)}: {_complaint(ended)}", self.journal())

    def _systemctl(self, *words: str, timeout: float = _ASK) -> Ended:
        return run_program(["systemctl", "--user", *words], reaching(self.env), timeout)


def config_home(env: Mapping[str, str]) -> str:
    """An absolute path: a relative one there is to be ignored (XDG base directories)."""
    named = env.get("XDG_CONFIG_HOME", "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), ".config")


def reaching(env: Mapping[str, str]) -> dict[str, str]:
    """`env` with the folder in which the manager listens, which `su` and cron leave out."""
    folder = f"/run/user/{os.getuid()}"
    known = {} if env.get("XDG_RUNTIME_DIR") or not os.path.isdir(folder) else {"XDG_RUNTIME_DIR": folder}
    return {**env, **known}


# --- lingering


def lingers(env: Mapping[str, str]) -> bool | None:
    """Whether what a user's manager runs outlives the login; None when loginctl can't tell."""
    argv = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        said = run_program(argv, env, _ASK).stdout.strip()
    except OSError:
        return None
    return {b"yes": True, b"no": False}.get(said)


def linger(env: Mapping[str, str]) -> None:
    """Lingering is on from now. Raises BoardError."""
    remedy = "an administrator may do it: loginctl enable-linger USER"
    try:
        ended = run_program(["loginctl", "enable-linger"], reaching(env), _ASK)
    except OSError as error:
        raise BoardError(f"loginctl can't be run: {error}", remedy) from None
    if ended.status != 0:
        raise BoardError(f"lingering can't be switched on: {_complaint(ended)}", remedy)


def _complaint(ended: Ended) -> str:
    """The last line that it said: systemctl explains first, and loginctl has no more than one."""
    lines = (ended.stderr or ended.stdout).decode("utf-8", "replace").strip().splitlines()
    if lines:
        return lines[0].rstrip(".")
    return "no answer in time" if ended.status is None else f"it ended with {ended.status}"

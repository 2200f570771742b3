"""A board's service installed and taken back: only files of ours are touched, and what fails leaves all as it was.

How a manager of services is asked stands in `systemd` and `launchd`, what is written in `unit` and `launchd`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Mapping
from typing import Literal, Protocol

from board.errors import BoardError, RefusedError
from supervisor.launchd import Launchd
from supervisor.systemd import Systemd, config_home
from supervisor.tmux import session_name
from supervisor.unit import Service, Standing, standing

Done = Literal["installed", "updated", "started", "unchanged"]

# Beside the PATH: which tmux server is ours, which shell it starts, and in which letters it speaks.
_HANDED_ON = ("TMUX_TMPDIR", "SHELL", "LANG", "LC_ALL", "LC_CTYPE")


class Host(Protocol):
    """What keeps services on this machine, and the one service of this board in it."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    def text(self) -> str: ...
    def need(self) -> None: ...
    def pid(self) -> int | None: ...
    def state(self) -> tuple[str, str]: ...
    def put_on(self) -> None: ...
    def take_off(self) -> None: ...
    def forget(self) -> None: ...
    def journal(self) -> str: ...


def host_of(board: str, env: Mapping[str, str], platform: str = sys.platform) -> Host:
    """For the board at this real path, with the PATH and the umask of whoever asks."""
    service = Service(
        name=session_name(board),
        board=board,
        folder=os.path.dirname(board),
        # -P: a folder named `board` or `supervisor` beside the board is not our package.
        argv=(sys.executable, "-P", "-m", "supervisor", "run", "--board", board),
        env={"PATH": _search_path(env), **{name: env[name] for name in _HANDED_ON if env.get(name)}},
        umask=_umask(),
        secrets=os.path.join(config_home(env), "crewboard", "environment"),
    )
    return Launchd(service, env) if platform == "darwin" else Systemd(service, env)


def install(host: Host, *, force: bool = False) -> Done:
    """On return the service runs, is ready, and comes back at each login; twice is harmless.

    `force` replaces a file of ours that somebody changed. Raises RefusedError for any other file, and BoardError when
    the manager doesn't answer or the service doesn't start: then everything is as it was.
    """
    text, before = host.text(), read(host.path)
    _allow(host, before, force=force)
    host.need()
    if before == text and host.pid() is not None and host.state()[1] == "enabled":
        return "unchanged"
    replace(host.path, text)
    try:
        host.put_on()
    except BaseException:
        _undo(host, before)
        raise
    if before is None:
        return "installed"
    return "started" if before == text else "updated"


def uninstall(host: Host, *, force: bool = False) -> bool:
    """The service runs no more and its file is gone; the workers stay. False when there was none. Raises as above."""
    before = read(host.path)
    if before is None:
        return False
    _allow(host, before, force=force)
    host.need()
    host.take_off()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(host.path)
    host.forget()
    return True


def read(path: str) -> str | None:
    """The file's text; None when there is nothing of that name. What is no plain file has a text that isn't ours."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None


def replace(path: str, text: str) -> None:
    """Whole or not at all. Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    aside = f"{path}.{os.getpid()}.tmp"  # no manager takes a file of this ending for a unit
    try:
        with open(aside, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        raise


def _allow(host: Host, text: str | None, *, force: bool) -> None:
    match standing(text):
        case Standing.FOREIGN:
            raise RefusedError(f"{host.path} is not ours", "move it away, or leave the service to it")
        case Standing.EDITED if not force:
            raise RefusedError(f"{host.path} was changed by hand", "--force gives up what was changed")
        case _:
            return


def _undo(host: Host, before: str | None) -> None:
    """As well as it can be: whoever called is told of the first failure, not of this one's."""
    if before is None:
        with contextlib.suppress(BoardError):
            host.take_off()
        with contextlib.suppress(OSError):
            os.unlink(host.path)
        return host.forget()
    with contextlib.suppress(BoardError, OSError):
        replace(host.path, before)
        host.put_on()
    return None


def _search_path(env: Mapping[str, str]) -> str:
    """Without relative folders: a service has another working folder than the shell that it was installed from."""
    folders = [folder for folder in env.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    return os.pathsep.join(dict.fromkeys(folders))


def _umask() -> int:
    """Workers make files as from the person's own shell. It can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

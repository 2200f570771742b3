"""tmux's server in a systemd scope of its own, so that it outlives the service that we are. It starts nothing else.

A scope that can't be had is no reason to keep no board: the server is started directly then, and the reason returned.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace

from supervisor.control import NoServer, TmuxError, TmuxTimeout
from supervisor.tmux import Tmux

_START = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--description=Crewboard (tmux)")
# A worker that the kernel kills for want of memory must not take the others with it; older ones don't know the word.
_EXTRAS: tuple[tuple[str, ...], ...] = (("--property=OOMPolicy=continue",), ())


def words_before(env: Mapping[str, str]) -> tuple[str, ...]:
    """What goes before the call that starts a server: nothing where no systemd service started us."""
    is_service = "INVOCATION_ID" in env or "NOTIFY_SOCKET" in env
    return _START if is_service and shutil.which(_START[0], path=env.get("PATH")) else ()


def open_session(tmux: Tmux, session: str, cwd: str) -> str | None:
    """Our server and this session are there on return; why the server got no scope, if it was to have one.

    Raises as `Tmux.ensure_server_and_session` does.
    """
    plain = replace(tmux, start_with=())
    problem = None
    if tmux.start_with and not _runs(plain):
        # A name may be taken by what outlived an earlier server, so each start has its own.
        unit = f"--unit=crewboard-{tmux.socket}-{secrets.token_hex(4)}"
        for extra in _EXTRAS:
            try:
                scoped = replace(tmux, start_with=(*tmux.start_with, *extra, unit, "--"))
                scoped.ensure_server_and_session(session, cwd)
            except (TmuxError, OSError) as error:
                problem = str(error) or type(error).__name__
                if isinstance(error, TmuxTimeout):
                    break
            else:
                return None
    plain.ensure_server_and_session(session, cwd)
    return problem


def _runs(tmux: Tmux) -> bool:
    try:
        tmux.run("list-sessions")
    except NoServer:
        return False
    except TmuxError:
        return True  # whatever it is, it is there, and a scope would stay empty
    return True

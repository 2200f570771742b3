"""`supervisor install` and `uninstall`: a board's service, told to people and to scripts. `install` does it."""

from __future__ import annotations

import time
from typing import Any

from board.cli.context import Context
from board.errors import RefusedError
from supervisor.cli.life import forbid_inside_worker, need_tmux
from supervisor.install import Host, host_of
from supervisor.install import install as put_on
from supervisor.install import uninstall as take_off
from supervisor.instance import running
from supervisor.systemd import linger, lingers


def install(ctx: Context) -> None:
    ctx.read()
    host = host_of(ctx.store.real, ctx.env)
    if ctx.args.dry_run:
        return _show(ctx, host, host.text())
    forbid_inside_worker(ctx)
    need_tmux()
    _forbid_beside_another(ctx, host)
    done = put_on(host, force=ctx.args.force)
    if ctx.args.linger and host.kind == "systemd":
        linger(ctx.env)
    is_lingering = lingers(ctx.env) if host.kind == "systemd" else None
    if ctx.args.json:
        return ctx.emit({"service": {**_record(ctx, host), "result": done, "lingering": is_lingering}})
    if not ctx.args.quiet:
        ctx.say(f"supervisor: {done}: {host.name} keeps {ctx.path} (written to {host.path})")
        if is_lingering is False:
            ctx.say("lingering is off: it ends with your last login and begins with the next one; to keep it going:")
            ctx.say("  loginctl enable-linger")
    return None


def uninstall(ctx: Context) -> None:
    """Works without a usable board, too: only its path counts."""
    host = host_of(ctx.store.real, ctx.env)
    gone = take_off(host, force=ctx.args.force)
    if ctx.args.json:
        return ctx.emit({"service": {**_record(ctx, host), "result": "uninstalled" if gone else "absent"}})
    if not ctx.args.quiet:
        words = f"uninstalled {host.name}; its workers stay" if gone else f"no service keeps {ctx.path}"
        ctx.say(f"supervisor: {words}")
    return None


def _show(ctx: Context, host: Host, text: str) -> None:
    if ctx.args.json:
        ctx.emit({"service": {**_record(ctx, host), "text": text}})
    else:
        ctx.write(text)


def _forbid_beside_another(ctx: Context, host: Host) -> None:
    """Two can't keep one board: the service would be refused and end."""
    note = running(ctx.store.side)
    if note is not None and note.process.pid != host.pid():
        raise RefusedError(f"this board is kept by {note.since(time.time())}", "supervisor stop, then install again")


def _record(ctx: Context, host: Host) -> dict[str, Any]:
    return {"kind": host.kind, "name": host.name, "path": host.path, "board": ctx.store.real}

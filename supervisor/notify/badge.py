"""The badge in our own tmux server: how many items there are, and a mark on each window whose task needs somebody.

No text of an item goes there, and no window is renamed: a window's name is its task's. Twice is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from board.inbox.item import Item
from supervisor.control import TmuxRefused
from supervisor.server import ServerId
from supervisor.tools import Tools

COUNT: Final = "@crewboard_items"
MARK: Final = "@crewboard_needs"
_FLAG: Final = f"#{{?{MARK},!,}}"
_NAME: Final = f"#I:#W{_FLAG}#{{?window_flags,#{{window_flags}}, }}"


class Badge:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shown: tuple[ServerId, int, frozenset[str]] | None = None

    async def show(self, items: Sequence[Item]) -> None:
        """Raises TmuxError where tmux can't be asked: then it is shown whole the next time."""
        server, session = self._tools.server, self._tools.session
        if server is None or self._tools.is_dry:
            return
        marked = frozenset(item.origin.window for item in items if item.origin.window is not None)
        wanted = (server.id, len(items), marked)
        if wanted == self._shown:
            return
        is_new = self._shown is None or self._shown[0] != server.id
        before: frozenset[str] = frozenset() if self._shown is None or is_new else self._shown[2]
        self._shown = None
        words = f"{len(items)} need you" if len(items) != 1 else "1 needs you"
        commands = [["set-option", "-t", f"={session}:", COUNT, words if items else ""]]
        if is_new:
            line = f"#{{?{COUNT},#[reverse] #{{{COUNT}}} #[noreverse],}}"
            commands.append(["set-option", "-t", f"={session}:", "status-right", line])
            commands += [["set-option", "-wg", f"window-status-{kind}", _NAME] for kind in ("format", "current-format")]
            before = frozenset(await self._windows(session))
        commands += [["set-option", "-w", "-t", window, MARK, "1"] for window in sorted(marked)]
        commands += [["set-option", "-w", "-u", "-t", window, MARK] for window in sorted(before - marked)]
        for command in commands:
            with suppress(TmuxRefused):  # a window that has just gone needs no mark
                await server.control.call(*command)
        self._shown = wanted

    async def _windows(self, session: str) -> list[str]:
        """Marks that another supervisor has left."""
        assert self._tools.server is not None
        listing = ["list-windows", "-t", f"={session}", "-F", f"#{{window_id}} #{{{MARK}}}"]
        lines = await self._tools.server.control.call(*listing)
        return [line.split()[0] for line in lines if line.split()[1:] == ["1"]]

"""A supervisor that SIGKILLs itself when it executes its N-th line: `dying_supervisor.py N --board PATH`.

Lines of the supervisor, the engine, the store and the grants count, in the order in which they run.
It writes how many it has executed to `lines.txt` beside the board when it lives long enough to be told to stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from supervisor.assembly import assemble
from supervisor.service import Mode

ROOT = str(Path(__file__).resolve().parent.parent.parent)
COUNTED = tuple(f"{ROOT}/{part}" for part in ("supervisor/", "board/engine.py", "board/store.py", "board/grants.py"))
_executed = 0


def main() -> None:
    last, board = int(sys.argv[1]), sys.argv[3]

    def count(frame: FrameType, event: str, _: Any) -> Any:
        global _executed  # noqa: PLW0603
        if event == "line":
            _executed += 1
            if _executed == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return count

    def enter(frame: FrameType, _event: str, _: Any) -> Any:
        return count if frame.f_code.co_filename.startswith(COUNTED) else None

    kept = assemble(board, os.environ, Mode())
    sys.settrace(enter)
    asyncio.run(kept.run())
    sys.settrace(None)
    (Path(board).parent / "lines.txt").write_text(str(_executed))


main()

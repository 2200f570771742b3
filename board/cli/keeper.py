"""Packing and trimming the journal in a process beside the command that noticed that it is due. Decides nothing.

python -P -m board.cli.keeper JOURNAL MAX_BYTES MAX_AGE_S FREE_BYTES
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from board.settings import Journaling


def keep_beside(side: str, wanted: Journaling, env: Mapping[str, str]) -> None:
    """Starts it and doesn't wait: packing a segment takes longer than a command does.

    It carries no mark of a worker's: whoever ends a worker's processes has nothing to do with it.
    """
    import subprocess

    words = [str(each) for each in (wanted.max_bytes, wanted.max_age, wanted.free_bytes)]
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "board.cli.keeper", os.path.abspath(side), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={key: value for key, value in env.items() if not key.startswith(("BOARD_", "CREWBOARD_", "TMUX"))},
            cwd=os.path.abspath(side),
            start_new_session=True,
        )
    except OSError:
        return  # whoever begins the next segment tries again
    child.returncode = 0  # it outlives us: Python would warn that nobody waited for it


def main(words: list[str]) -> None:
    from board.journal.events import Event
    from board.journal.keeping import Limits, keep_journal, trimmed
    from board.journal.sink import Journal, make_redactor

    side, max_bytes, max_age, free_bytes = words
    folder = os.path.join(side, "journal")
    kept = keep_journal(folder, Limits(int(max_bytes), float(max_age), int(free_bytes)), time.time())
    if kept is not None and kept.deleted_count:
        journal = Journal(folder, make_redactor(side, os.environ))
        journal.append(Event("journal_trimmed", None, trimmed(kept)), time.time())


if __name__ == "__main__":
    main(sys.argv[1:])

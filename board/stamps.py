"""The time of change of a file that we wrote: one that no kernel gives, so that any later change takes it away.

Kernels stamp a change with the tick of their clock, some milliseconds long (inode(7)), so two changes can bear one
stamp; a file whose stamp is ours has had no other change since.
"""

from __future__ import annotations

import time
from typing import Final

_MARK: Final = 777  # the last digits of a stamp of ours, in nanoseconds: clocks that count so finely are in ticks


def stamp() -> int:
    """Now, in nanoseconds of the epoch, as the time of change of a file that we wrote."""
    return time.time_ns() // 1000 * 1000 + _MARK


def is_stamped(changed_ns: int) -> bool:
    """Was it us who changed the file last?"""
    return changed_ns % 1000 == _MARK

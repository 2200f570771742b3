"""The time of change of a file that we wrote: one that no kernel gives, so that any later change takes it away.

Kernels stamp a change with the tick of their clock, some milliseconds long (inode(7)), so two changes can bear one
stamp; a file whose stamp is ours has had no other change since.
"""

from __future__ import annotations

import time
from typing import Final

_GRAIN: Final = 1_000_000  # nanoseconds
_MARK: Final = 777_777  # within it: a kernel's stamp is taken for ours once in a million changes


def stamp() -> int:
    """Now, in nanoseconds of the epoch and to the millisecond, as the time of change of a file that we wrote."""
    return time.time_ns() // _GRAIN * _GRAIN + _MARK


def is_stamped(changed_ns: int) -> bool:
    """Was it us who changed the file last?"""
    return changed_ns % _GRAIN == _MARK

"""Two files change names in one step: what stood under the board's name is never without one.

A rename over a file loses what somebody put there a microsecond before; after an exchange it is in our hands.
"""

from __future__ import annotations

import os
from typing import Final

_HERE: Final = -100  # AT_FDCWD
_EXCHANGE: Final = 2  # RENAME_EXCHANGE, Linux 3.15, glibc 2.28: renameat2(2)


def exchange(one: str, other: str) -> bool:
    """False where the system or the file system has no such call; then nothing was done. Raises OSError."""
    import ctypes
    import errno

    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), other)

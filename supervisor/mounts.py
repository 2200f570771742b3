"""Which file system a path lies on, and whether locks can be trusted there. Asks the kernel's table, tries nothing."""

from __future__ import annotations

import os
import re
from typing import Literal, NamedTuple

_NETWORK = frozenset(("nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "afpfs", "ceph", "lustre"))
_SHARED = frozenset(("gfs2", "ocfs2", "davfs", "webdav", "ncpfs", "vboxsf", "vmhgfs", "prl_fs", "drvfs"))
_SURE_OF = frozenset(("fuseblk", "fuse.fuse-overlayfs", "fuse.lxcfs"))  # a local disk behind a local program

Kind = Literal["local", "remote", "unsure"]


class Mount(NamedTuple):
    point: str
    fstype: str


def kind_of(fstype: str) -> Kind:
    """`fuse.…` is a program's word for it: sshfs, rclone and their like are networks."""
    name = fstype.lower()
    if name in _NETWORK | _SHARED or (name.startswith(("fuse.", "osxfuse", "macfuse")) and name not in _SURE_OF):
        return "remote"
    return "unsure" if name in ("fuse", "virtiofs") else "local"


def mount_of(path: str) -> Mount | None:
    """The mount that `path` lies on; None where nobody can tell."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
            mounts = parse(file.read())
    except OSError:
        mounts = _by_psutil()
    return longest(os.path.realpath(path), mounts)


def parse(table: str) -> list[Mount]:
    """The lines of /proc/mounts: see proc(5); blanks in a path are written as `\\040`."""
    rows = [line.split(" ") for line in table.splitlines()]
    return [Mount(_plain(row[1]), row[2]) for row in rows if len(row) > 2]


def longest(path: str, mounts: list[Mount]) -> Mount | None:
    """The mount with the longest point above `path`; of two at one point the later hides the earlier."""
    above = [mount for mount in mounts if _is_above(mount.point, path)]
    return max(reversed(above), key=lambda mount: len(mount.point), default=None)


def _is_above(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _plain(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _by_psutil() -> list[Mount]:
    import psutil

    return [Mount(each.mountpoint, each.fstype) for each in psutil.disk_partitions(all=True)]

"""One deed in a forked child that dies by SIGKILL at its n-th call of git: before, beside, behind or together with it.

Beside: the git goes on without the one that called it. Together: the git is killed too, a moment after it began. Torn:
what a killed git would have left is made by a line of shell.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_SHIM = """\
#!/bin/sh
read n < "{count}"
case "$*" in *"{words}"*) n=$((n + 1)); echo $n > "{count}";; *) exec "{git}" "$@";; esac
if [ $n -eq {at} ]; then
  case {moment} in
  before) kill -9 $PPID; exit 1;;
  beside) kill -9 $PPID; exec "{git}" "$@";;
  behind) "{git}" "$@"; code=$?; kill -9 $PPID; exit $code;;
  torn) {torn}; kill -9 $PPID; exit 1;;
  together)
    "{git}" "$@" & git=$!
    i=0; while [ $i -lt {turns} ]; do i=$((i + 1)); done
    kill -9 $git $PPID; exit 1;;
  esac
fi
exec "{git}" "$@"
"""
MOMENTS = ("before", "beside", "behind", "together", "together")


class Death(NamedTuple):
    """At which call of git that has these words, when, and after how many turns of a loop the git dies too."""

    words: str
    at: int
    moment: str
    turns: int = 0
    torn: str = ":"

    @classmethod
    def drawn(cls, dice: random.Random, calls: int, words: str) -> Death:
        """Half of them in the deed's own call, the one with the words; the others anywhere."""
        moment, turns = dice.choice(MOMENTS), dice.randrange(6000)
        return cls(*((words, 1) if dice.random() < 0.5 else ("", dice.randrange(1, calls))), moment, turns)


def dies(deed: Callable[[], object], folder: Path, death: Death) -> bool:
    """Whether the child was killed; False where the deed came to its end in fewer calls. It fails as the deed does."""
    real = shutil.which("git")
    count, shim = folder / "count", folder / "bin" / "git"
    shim.parent.mkdir(parents=True, exist_ok=True)
    count.write_text("0\n")
    shim.write_text(_SHIM.format(count=count, git=real, **death._asdict()))
    shim.chmod(0o755)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.environ["PATH"] = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
            deed()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the deed failed"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def unlock(common: Path) -> None:
    """What git tells a person to do whose git was killed: its lock files are nobody's any more."""
    for lock in common.rglob("*.lock"):
        lock.unlink()

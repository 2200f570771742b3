"""Who called the hook: itself and its ancestors, nearest first, each with its start and the agent that it is, if any.

A door to /proc, and to `ps` where there is none; it judges nothing. Not `supervisor.processes`: a hook is in an agent's
way, and starts many times a minute.
"""

import os
from typing import Final

from supervisor.hooks.words import AGENTS

MANY: Final = 32  # ancestors
_INTERPRETERS: Final = ("node", "bun", "deno", "python")

Ancestor = tuple[int, int, str]  # pid, start in clock ticks since boot (0: not known), the agent's name or ""


def ancestors(pid: int) -> list[Ancestor]:
    """`pid` itself first. Ends early where a look fails, and before the first process of the machine."""
    if not os.path.exists("/proc/self/stat"):
        return _by_ps(pid)
    found: list[Ancestor] = []
    while pid > 1 and len(found) < MANY:
        try:
            stat, words = _read(pid, "stat"), _read(pid, "cmdline")
        except OSError:
            break
        # The command's name stands in parentheses and may hold anything. See proc(5): fields 4 and 22.
        fields = stat[stat.rindex(b")") + 2 :].split()
        found.append((pid, int(fields[19]), agent_of([os.fsdecode(word) for word in words.split(b"\0")])))
        pid = int(fields[1])
    return found


def agent_of(words: list[str]) -> str:
    """The agent whose command line this is, also when an interpreter runs it; "" for any other program."""
    program = _name(words[0]) if words else ""
    if program.startswith(_INTERPRETERS):
        program = next((_name(word) for word in words[1:] if not word.startswith("-")), "")
    return program if program in AGENTS[:-1] else ""


def _name(word: str) -> str:
    name = os.path.basename(word)
    return name.removesuffix(".js").removesuffix(".mjs").removesuffix(".py")


def _read(pid: int, name: str) -> bytes:
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def _by_ps(pid: int) -> list[Ancestor]:
    table = {}
    for line in _ps().splitlines():
        fields = line.split(None, 2)
        if len(fields) == 3 and fields[0].isdigit() and fields[1].isdigit():
            table[int(fields[0])] = (int(fields[1]), fields[2].split())
    found: list[Ancestor] = []
    while pid > 1 and pid in table and len(found) < MANY:
        parent, words = table[pid]
        found.append((pid, 0, agent_of(words)))
        pid = parent
    return found


def _ps() -> str:
    """Not by `subprocess`, whose import costs more than all the rest."""
    out, into = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out)]
        child = os.posix_spawnp("ps", ["ps", "-axo", "pid=,ppid=,command="], os.environ, file_actions=actions)
    except OSError:
        os.close(into)
        os.close(out)
        return ""
    os.close(into)
    with open(out, "rb") as pipe:
        text = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return text

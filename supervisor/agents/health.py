"""What the doctor says of one agent's profile: is its program there, which version is it, was that one tried.

It starts no agent: it asks the program for its version, with a time-out, and reads the first number with a dot.
"""

from __future__ import annotations

import re
from typing import Final

from board.errors import BoardError
from board.model import Board
from board.program import environment, run_program
from supervisor.agents.conversations import LEARNT_OF
from supervisor.agents.reading import Source
from supervisor.agents.screens import AGENTS
from supervisor.hooks.wiring import may_be_trusted
from supervisor.launch import missing_program
from supervisor.patient import Finding, Level
from supervisor.profiles import Profile, Profiles

TIMEOUT: Final = 15.0  # seconds: some of these programs take long to say anything
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")


def agent(profiles: Profiles, board: Board, folder: str, name: str, *, is_used: bool) -> Finding:
    """A missing program is a failure where an open task needs it."""
    level: Level = "failure" if is_used else "warning"
    try:
        profile = profiles.find(board, name)
    except BoardError as error:
        return Finding(f"agent {name}", level, error.message, error.remedy)
    missing = missing_program(profile, folder)
    if missing is not None:
        remedy = f"install {missing}, or put its folder on the PATH that the supervisor is started with"
        return Finding(f"agent {name}", level, f"the program {missing} is not on the PATH", remedy)
    return _found(profile, version_of(profile, folder))


def version_of(profile: Profile, folder: str) -> str | None:
    """None where it isn't asked, or doesn't say; who starts another program isn't asked for this one's version."""
    if not _is_asked(profile):
        return None
    try:
        ended = run_program(profile.version, environment(), TIMEOUT, cwd=folder)
    except OSError:
        return None
    said = _VERSION.search(ended.stdout.decode("utf-8", "replace"))
    return said[0] if said is not None and ended.status == 0 else None


def _is_asked(profile: Profile) -> bool:
    return profile.version[:1] == (profile.program,)


def _found(profile: Profile, version: str | None) -> Finding:
    name = f"agent {profile.name}"
    if profile.screens is not None and profile.screens not in AGENTS:
        detail = f'no screens are known of "{profile.screens}": its state is not read'
        return Finding(name, "warning", detail, f"screens: one of {', '.join(AGENTS)}")
    if version is None and _is_asked(profile):
        return Finding(name, "warning", f"{profile.program} doesn't say its version", " ".join(profile.version))
    tried = [f"tried with {', '.join(profile.tested)}"] if profile.tested else ["never tried"]
    lacking = _lacking(profile)
    said = (profile.program, *lacking) if version is None else (f"{profile.program} {version}", *tried, *lacking)
    detail = ", ".join(said)
    if profile.trusts_worktree and profile.agent not in may_be_trusted():
        remedy = f"only {' and '.join(may_be_trusted())} can: answer its own dialog, once"
        return Finding(name, "warning", f"{detail}, it can't be told to trust a folder", remedy)
    if version is None or version in profile.tested or not profile.tested:
        return Finding(name, "ok", detail)
    remedy = f'supervisor explain ID while it runs, then agents: {profile.name}: {{tested: ["{version}"]}}'
    return Finding(name, "warning", f"{detail}: {_what_may_not_work(profile)}", remedy)


def _lacking(profile: Profile) -> list[str]:
    """What will not work with it, whichever version it is."""
    is_agent = profile.settles != "exit"
    is_learnt = profile.session == "learnt" and profile.hooks is None  # its hooks would tell
    known = profile.agent in LEARNT_OF
    return [
        words
        for words, is_so in (
            ("its state is not read", is_agent and profile.screens is None),
            ("no hooks: what it does is read off its screen", profile.screens is not None and profile.hooks is None),
            ("its hooks are not listened to: its `reads` doesn't name them", not _hears_hooks(profile)),
            ("its conversation is learnt from its files alone", is_learnt and known),
            ("its conversation can't be learnt: a later start is a new one", is_learnt and not known),
            ("a later start is a new conversation", is_agent and profile.session == "none"),
        )
        if is_so
    ]


def _hears_hooks(profile: Profile) -> bool:
    return profile.hooks is None or Source.HOOK in profile.order


def _what_may_not_work(profile: Profile) -> str:
    if profile.screens is None:
        return "its options may have changed"
    return "its screens may look otherwise, and then its state is `unknown`"

"""Every screen that is recognized, in one table: what it means, where it is looked for, with which version it was seen.

No rule is guessed: each has a sample under `tests/data/screens/` that it tells, and tells apart from all others. What
no rule tells, or what two rules tell differently, is `unknown`. Nothing is captured here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from supervisor.agents.reading import Reading, Source, State
from supervisor.agents.region import Frame, Layout, Parts, Region, cut
from supervisor.screen import NOWHERE, Zones, named_until

NO_RULE: Final = "no rule"
TWO_RULES: Final = "two rules"
_BORDER: Final = "│┃ "


@dataclass(frozen=True, slots=True)
class Row:
    """`pattern` is looked for in `region`; `but_not` must not be found in anything that counts.

    `version` is the agent's that it was seen with, `sample` the file's name under `tests/data/screens/<agent>/`.
    """

    agent: str
    rule: str
    state: State
    region: Region
    pattern: re.Pattern[str]
    version: str
    sample: str
    but_not: re.Pattern[str] | None = None

    def find(self, parts: Parts) -> re.Match[str] | None:
        found = self.pattern.search(parts.text(self.region))
        if found is None or self.but_not is None:
            return found
        counts = "\n".join((parts.text(Region.OPEN), parts.text(Region.LIVE)))
        return None if self.but_not.search(counts) else found


LAYOUTS: Final[Mapping[str, Layout]] = {
    "claude": Layout("❯", Frame.RULED),
    "codex": Layout("›", Frame.BARE),
    "gemini": Layout(">", Frame.BARE),
    "opencode": Layout("┃", Frame.CLOSED),
    "aider": Layout(">", Frame.LAST),
}

_CLAUDE, _CODEX, _GEMINI, _OPENCODE, _AIDER = "2.1.329", "0.169.0", "0.61.0", "1.18.33", "0.86.2"

# `\f` ends what was said: these are the last thing that was said, whatever hints stand behind them. A footer is behind.
_C_LAST = r"[^\n]*(?:\n(?![●✻] )[^\n]*)*\n\f"
_C_BUSY = rf"\f[\s\S]*esc to interrupt|^[·✢*✶✻✽✳] \S+…{_C_LAST}"
_C_RETRYING = rf"^[·✢*✶✻✽✳] .* · retrying in \S+ · attempt \d+/\d+{_C_LAST}"
_C_LIMIT = r"^[●⎿ ]*(You.ve (?:hit|reached) your (?:[^\n]* resets (?P<until>[^\n()]+ \([^\n()]+\))[^\n]*|[^\n]*))"
_C_RATE = r"^[●⎿ ]*(API Error: Request rejected \(429\)[^\n]*)"
_C_LOGIN = r"^[●⎿ ]*([^\n]*(?:Please run /login|Invalid API key)[^\n]*)"
_C_ERROR = r"^[●⎿ ]*(API Error: (?!Request rejected \(429\))[^\n]*)"
_C_ENDED = "|".join(f"{each}{_C_LAST}" for each in (_C_LIMIT, _C_RATE, _C_LOGIN, _C_ERROR))
_X_LAST = r"[^\n]*(?:\n(?![•■] )[^\n]*)*\n\f"
_X_BUSY = rf"^[•◦·] \S.*\(\d.*esc to interrupt\){_X_LAST}"
_X_ERROR = r"^■ ((?!You.ve hit|Conversation interrupted)[^\n]*)"
_X_LIMIT = r"^■ (You.ve hit your usage limit\.(?:[^\f■]*?[Tt]ry again at (?P<until>[^.\f■]{1,40})\.)?)"
_G_LAST = r"[^\n]*(?:\n(?! *[✦✕] )[^\n]*)*\n\f"
_G_BUSY = r"^ *[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] .*\(esc to cancel, \d"
_G_ERROR = r"^ *✕ (\[API Error: [^\n]*)"
_STAY = r"[\s\S]*\n\s*Enter to stay in auto mode · [^\n]*Esc to cancel\Z"
_ENTER = r"[\s\S]*\n\s*Enter to confirm · Esc to cancel\Z"
_WARNED = r"(?:\n *[⚠ℹ] [^\n]*(?:\n {3,}[^\n]*)*)*\Z"  # Gemini's warnings stand below whatever it asks
_DIALOG = rf"[\s\S]*\n[│ ]*● \d\. [\s\S]*\n *╰─+╯{_WARNED}"
# Nothing but a frame behind it, and beside that what OpenCode tells at the right of a wide screen.
_FRAME = r"[^\n]*(?:\n[^\w\n]*(?: {20,}[^\n]*)?)*\Z"
_ASIDE = re.compile(r"(?<=\S) {20,}.*|^[┃ ]{20,}.*")


def _asks(agent: str, rule: str, pattern: str, version: str, sample: str) -> Row:
    return Row(agent, rule, State.ASKING, Region.OPEN, _compiled(pattern), version, sample)


def _says(where: tuple[str, str, State], pattern: str, seen: tuple[str, str], but_not: str | None = None) -> Row:
    agent, rule, state = where
    region = Region.BOX if state is State.IDLE else Region.LIVE
    never = _compiled(but_not) if but_not is not None else None
    return Row(agent, rule, state, region, _compiled(pattern), *seen, never)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


TABLE: Final[tuple[Row, ...]] = (
    _asks("claude", "trust-dialog", rf"^ *Quick safety check:{_ENTER}", _CLAUDE, "trust"),
    _asks(
        "claude", "bypass-dialog", rf"^ *In Bypass Permissions mode,[\s\S]*\n *Yes, I accept{_ENTER}", _CLAUDE, "bypass"
    ),
    _asks("claude", "mcp-dialog", rf"^ *New MCP server found in this project{_ENTER}", _CLAUDE, "mcp"),
    _asks("claude", "api-key-dialog", rf"^ *Do you want to use this API key\?{_ENTER}", _CLAUDE, "api-key"),
    _asks(
        *("claude", "permission-prompt"),
        r"^ *Do you want to [^\n]*\?\n[\s\S]*\n[❯ ]*(?:\d\. No[^\n]*|Yes)\n\s*Esc to cancel · Tab to amend[^\n]*\Z",
        *(_CLAUDE, "permission"),
    ),
    _asks(
        *("claude", "auto-mode-unchecked"),
        rf"^ *Auto mode can.t check actions in this session\n{_STAY}",
        *(_CLAUDE, "auto-unchecked"),
    ),
    _asks(
        *("claude", "auto-mode-offer"),
        r"^ *Make auto mode your default permission mode\?\n[\s\S]*\n[❯ ]*No, keep manual mode\Z",
        *(_CLAUDE, "auto-default"),
    ),
    _asks("claude", "question", r"\n\s*Enter to select · ↑/↓ to navigate · Esc to cancel\Z", _CLAUDE, "question"),
    Row(
        *("claude", "transcript-viewer", State.UNKNOWN, Region.OPEN),
        *(_compiled(r"Showing detailed transcript · ctrl\+o to toggle[^\n]*\Z"), _CLAUDE, "transcript"),
    ),
    _says(("claude", "busy", State.BUSY), _C_BUSY, (_CLAUDE, "busy"), _C_RETRYING),
    _says(("claude", "retrying", State.BUSY), _C_RETRYING, (_CLAUDE, "retrying")),
    _says(("claude", "usage-limit", State.LIMITED), f"{_C_LIMIT}{_C_LAST}", (_CLAUDE, "usage-limit"), _C_BUSY),
    _says(("claude", "rate-limit", State.LIMITED), f"{_C_RATE}{_C_LAST}", (_CLAUDE, "rate-limit"), _C_BUSY),
    _says(("claude", "login", State.FAILED), f"{_C_LOGIN}{_C_LAST}", (_CLAUDE, "login"), _C_BUSY),
    _says(("claude", "api-error", State.FAILED), f"{_C_ERROR}{_C_LAST}", (_CLAUDE, "api-error"), _C_BUSY),
    _says(("claude", "input-box", State.IDLE), "❯", (_CLAUDE, "idle"), f"{_C_BUSY}|{_C_RETRYING}|{_C_ENDED}"),
    _asks(
        *("codex", "permission-prompt"),
        r"^ *Would you like to [^\n]*\?\n[\s\S]*\n\s*Press enter to confirm or esc to cancel\Z",
        *(_CODEX, "permission"),
    ),
    _asks("codex", "hooks-review", r"^ *Hooks need review[\s\S]*\n\s*enter confirm · esc skip\Z", _CODEX, "hooks"),
    _asks("codex", "trust-dialog", r"^ *Trust this folder\?[\s\S]*\n\s*enter continue · esc back\Z", _CODEX, "trust"),
    _says(("codex", "busy", State.BUSY), _X_BUSY, (_CODEX, "busy")),
    _says(("codex", "usage-limit", State.LIMITED), f"{_X_LIMIT}{_X_LAST}", (_CODEX, "usage-limit"), _X_BUSY),
    _says(("codex", "error", State.FAILED), f"{_X_ERROR}{_X_LAST}", (_CODEX, "error"), _X_BUSY),
    _says(
        *(("codex", "input-box", State.IDLE), "›", (_CODEX, "idle")),
        rf"{_X_BUSY}|^■ (?!Conversation interrupted){_X_LAST}",
    ),
    _asks(
        "gemini",
        "trust-dialog",
        rf"^[│ ]*Do you trust the files in this folder\?{_DIALOG}",
        *(_GEMINI, "trust"),
    ),
    _asks(
        "gemini",
        "first-run-dialog",
        rf"^[│ ]*How would you like to authenticate for this project\?{_DIALOG}",
        *(_GEMINI, "first-run"),
    ),
    _asks(
        *("gemini", "permission-prompt"),
        rf"^[│ ]*Allow [^?\n]*\?[│ ]*(?=\n){_DIALOG}",
        *(_GEMINI, "permission"),
    ),
    _says(("gemini", "busy", State.BUSY), _G_BUSY, (_GEMINI, "busy")),
    _says(("gemini", "error", State.FAILED), f"{_G_ERROR}{_G_LAST}", (_GEMINI, "error"), _G_BUSY),
    _says(("gemini", "input-box", State.IDLE), ">", (_GEMINI, "idle"), f"{_G_BUSY}|{_G_ERROR}{_G_LAST}"),
    _asks(
        *("opencode", "permission-prompt"),
        rf"^[┃ ]*△ Permission required[\s\S]*Allow once +Allow always +Reject{_FRAME}",
        *(_OPENCODE, "permission"),
    ),
    _says(
        *(("opencode", "busy", State.BUSY), r"\f[\s\S]*\besc interrupt", (_OPENCODE, "busy"), r"\[retrying in \d"),
    ),
    _says(("opencode", "retrying", State.BUSY), r"\f[^\n]*\[retrying in \d", (_OPENCODE, "retrying")),
    _says(("opencode", "input-box", State.IDLE), "┃", (_OPENCODE, "idle"), r"\f[\s\S]*\besc interrupt"),
    _asks("aider", "confirm", r"\(Y\)es/\(N\)o[^\n]*\[(?:Yes|No)\]:\Z", _AIDER, "confirm"),
    Row("aider", "busy", State.BUSY, Region.OPEN, _compiled(r"^[ ░█]*█[ ░█]* Waiting for \S+\Z"), _AIDER, "busy"),
    _says(("aider", "input-box", State.IDLE), ">", (_AIDER, "idle")),
)

AGENTS: Final = tuple(dict.fromkeys(row.agent for row in TABLE))


def read_screen(agent: str, screen: str, at: float, zones: Zones = NOWHERE) -> Reading | None:
    """What this agent's screen shows, by its clock; None for an agent whose screens nobody knows."""
    layout = LAYOUTS.get(agent)
    if layout is None:
        return None
    parts = cut(screen, layout)
    found = [(row, match) for row in TABLE if row.agent == agent and (match := row.find(parts))]
    if not found:
        return Reading(Source.SCREEN, State.UNKNOWN, NO_RULE, at)
    if len({row.state for row, _ in found}) > 1:
        names = ", ".join(row.rule for row, _ in found)
        return Reading(Source.SCREEN, State.UNKNOWN, TWO_RULES, at, names)
    row, match = found[0]
    named = match.groupdict().get("until")
    until = named_until(named, at, zones) if named else None
    return Reading(Source.SCREEN, row.state, row.rule, at, _detail(row, match, parts), until=until)


def _detail(row: Row, match: re.Match[str], parts: Parts) -> str:
    """The question, or the complaint, as it stands there."""
    if row.state is State.ASKING:
        # What was said before stands above OpenCode's dialog without a border, and more at its right.
        is_amid = LAYOUTS[row.agent].frame is Frame.CLOSED
        lines = [_ASIDE.sub("", line) for line in match[0].splitlines()] if is_amid else parts.open
        return "\n".join(line.strip(_BORDER) for line in lines if not _is_decoration(line))
    return " ".join(match[1].split()) if match.re.groups else ""


def _is_decoration(line: str) -> bool:
    return not any(each.isalnum() for each in line)

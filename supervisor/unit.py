"""The text of a systemd user unit that keeps one board, and the seal by which we know our own files again. It is pure.

Nothing here is quoted for a shell: the rules are those of systemd.syntax(7) and systemd.service(5).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from board.errors import BoardError

WATCHDOG = 60  # seconds; the loop turns at least every ten
_SEAL = "Written by `supervisor install`, taken back by `supervisor uninstall`"
_SEALED = re.compile(re.escape(_SEAL) + r" \[([0-9a-f]{16})\]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_ENV = ("/usr/bin/env", "--")


@dataclass(frozen=True, slots=True)
class Service:
    """What is to be kept, and how: `argv` begins with an absolute path, `name` is a board's own, `umask` a person's.

    `secrets` is a file of further variables that may be missing: a unit's text can be read by others.
    """

    name: str
    board: str
    folder: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    umask: int
    secrets: str


class Standing(Enum):
    """Whose a file is: not there, as we wrote it, ours and changed by somebody since, or never ours."""

    ABSENT = "absent"
    OURS = "ours"
    EDITED = "edited"
    FOREIGN = "foreign"


def unit_name(name: str) -> str:
    return f"crewboard-{name}.service"


def unit_text(service: Service) -> str:
    """Raises BoardError for a path that no unit can name."""
    command = " ".join(_word(word) for word in _command(service.argv))
    variables = "".join(f"Environment={_word(f'{key}={value}')}\n" for key, value in sorted(service.env.items()))
    body = f"""\
[Unit]
Description=Crewboard ({_printable(service.board)})
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart=:{command}
WorkingDirectory={_whole(service.folder)}
{variables}EnvironmentFile=-{_whole(service.secrets)}
UMask={service.umask:04o}
WatchdogSec={WATCHDOG}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 5
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=default.target
"""
    return f"{sealed_line('# ', body)}{body}"


def _command(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A program's own path may hold no quotes and no backslash, its arguments may."""
    return (*_ENV, *argv) if set(argv[0]) & set("\"'\\") else argv


def _word(text: str) -> str:
    """One word of a line that is split into words; `$` means nothing there, as the line begins with a colon or is no
    command."""
    printable = _printable(text)
    if _PLAIN.fullmatch(printable):
        return printable
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _whole(text: str) -> str:
    """A value that reaches to the line's end. Blanks there would be lost, and a backslash would go on below."""
    printable = _printable(text)
    return f"{printable}/." if printable.endswith((" ", "\\")) else printable


def _printable(text: str) -> str:
    forbid_unprintable(text)
    return text.replace("%", "%%")


def forbid_unprintable(text: str) -> None:
    """Raises BoardError for control characters, and for bytes that are no UTF-8."""
    if _UNPRINTABLE.search(text):
        what = f"no service can name {text!a}: it holds what is no printable character"
        raise BoardError(what, "give it another name, or use `supervisor start`")


# --- our own files


def sealed_line(before: str, body: str, after: str = "") -> str:
    """The line that makes `body` ours; a change of the body breaks the seal."""
    digest = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return f"{before}{_SEAL} [{digest}]{after}\n"


def standing(text: str | None) -> Standing:
    """Whose this text is; None is a file that isn't there."""
    if text is None:
        return Standing.ABSENT
    lines = text.splitlines(keepends=True)
    at, found = next(((at, found) for at, line in enumerate(lines[:4]) if (found := _SEALED.search(line))), (0, None))
    if found is None:
        return Standing.FOREIGN
    body = "".join(lines[:at] + lines[at + 1 :])
    digest = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return Standing.OURS if digest == found[1] else Standing.EDITED


def command_of(text: str) -> str:
    """The line that says what is started: two installations differ there, two shells of one person don't."""
    return next((line for line in text.splitlines() if line.startswith("ExecStart=")), "")

"""The ways out: a web hook, a command, the desktop, and by Apprise everything else. One attempt each, with a time-out.

It decides no retry and journals nothing; what it says of a failure may hold an address, and is redacted by who asked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from types import FrameType
from typing import Any, Final, NamedTuple

TIMEOUT: Final = 20.0  # seconds for one message on one way
LONGEST_WISH: Final = 86400.0  # seconds that another side may ask us to wait
_WEB: Final = ("http://", "https://")
_AGAIN: Final = frozenset((408, 425, 429))  # refusals that are about the moment, not about the message


class Outcome(NamedTuple):
    """`problem` is empty where it arrived. `retry_after` is what the other side asked for; `is_final`: it said no."""

    problem: str = ""
    retry_after: float | None = None
    is_final: bool = False


class Late(BaseException):
    """The time of an attempt is over. No library may take it for an error of its own."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raises Late in whatever the main thread waits for by then."""

    def over(_: int, __: FrameType | None) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def by_url(url: str, message: Mapping[str, Any], now: float, within: float = TIMEOUT) -> Outcome:
    service = None if url.startswith(_WEB) else _service(url)
    if isinstance(service, str):
        return Outcome(service, is_final=True)
    try:
        with deadline(within):
            if service is None:
                return _hook(url, message, now, within)
            is_sent = service.notify(title=str(message["title"]), body=str(message["text"]))
            return Outcome() if is_sent else Outcome("the service did not take it")
    except Late:
        return Outcome(f"no answer within {within:g} s")


def fault_of(url: str) -> str | None:
    """Why nothing could be sent to this address; nothing is."""
    found = None if url.startswith(_WEB) else _service(url)
    return found if isinstance(found, str) else None


def _service(url: str) -> Any:
    """Apprise's own object for an address, or a text that says why there is none."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Apprise and its libraries tell their own authors
        try:
            from apprise import Apprise
        except ImportError:
            return "needs Apprise: install crewboard[notify]"
        service = Apprise.instantiate(url, suppress_exceptions=True)
    return "Apprise can't read this address" if service is None else service


# --- a web hook


class _Straight(urllib.request.HTTPRedirectHandler):
    """A message goes where its owner said, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


def _hook(url: str, message: Mapping[str, Any], now: float, within: float) -> Outcome:
    body = json.dumps(message, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "crewboard"}
    try:
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http(s), looked at above
        with urllib.request.build_opener(_Straight).open(request, timeout=within) as answer:
            answer.read(1)
        return Outcome()
    except urllib.error.HTTPError as error:
        with error:
            is_final = 300 <= error.code < 500 and error.code not in _AGAIN
            return Outcome(f"HTTP {error.code}", _retry_after(error.headers.get("Retry-After"), now), is_final)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        return Outcome(str(reason or error) or type(error).__name__)


def _retry_after(text: str | None, now: float) -> float | None:
    """Seconds; the header has those, or a date."""
    if text is None:
        return None
    try:
        asked = float(text) if text.strip().isdecimal() else parsedate_to_datetime(text).timestamp() - now
        return min(max(0.0, asked), LONGEST_WISH)
    except (ValueError, TypeError, IndexError):
        return None


# --- programs of this machine


def by_command(
    command: str, message: Mapping[str, Any], folder: str, env: Mapping[str, str], within: float = TIMEOUT
) -> Outcome:
    """In the board's folder, with the message as JSON on stdin, and its words in `CREWBOARD_TITLE` and `_TEXT`."""
    words = {"CREWBOARD_TITLE": str(message["title"]), "CREWBOARD_TEXT": str(message["text"])}
    return _run(["/bin/sh", "-c", command], json.dumps(message, ensure_ascii=False), folder, {**env, **words}, within)


def by_desktop(message: Mapping[str, Any], env: Mapping[str, str]) -> Outcome:
    argv = desktop_argv(str(message["title"]), str(message["text"]))
    if argv is None:
        return Outcome(NO_DESKTOP, is_final=True)
    return _run(argv, "", "/", env, TIMEOUT)


NO_DESKTOP: Final = "there is no notify-send here (libnotify)"


def desktop_argv(title: str, text: str) -> list[str] | None:
    if sys.platform == "darwin":
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return ["osascript", "-e", script, title, text]
    return ["notify-send", "--app-name=crewboard", "--", title, text] if shutil.which("notify-send") else None


def _run(argv: list[str], said: str, folder: str, env: Mapping[str, str], within: float) -> Outcome:
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(str(error), is_final=True)
    try:
        out, _ = process.communicate(said.encode("utf-8", "replace"), timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome(f"not done within {within:g} s")
    last = (out.decode("utf-8", "replace").strip().splitlines() or [""])[-1][:500]
    return Outcome() if process.returncode == 0 else Outcome(f"exit {process.returncode}{f': {last}' if last else ''}")

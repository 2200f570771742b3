"""What becomes of a text on its way to a log: how it is mangled, and how a reader undoes that. Knows no redactor.

An `undo` need not be exact: it gives the views in which a reader could find what was hidden.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tests.redaction import terminal
from tests.redaction.terminal import NARROW, WIDTH, Mangled, Views
from tests.redaction.values import Format, Sample


class Mangling(NamedTuple):
    name: str
    do: Callable[[Random, Sample], Mangled]
    undo: Callable[[str], Views]
    fits: Callable[[Format, Sample], bool]


def _always(form: Format, sample: Sample) -> bool:
    return True


def _prefixed(form: Format, sample: Sample) -> bool:
    """Inside a code nothing but the secret's own shape tells it."""
    return form.prefixed


def _one_line(form: Format, sample: Sample) -> bool:
    return "\n" not in sample.text


def _not_a_block(form: Format, sample: Sample) -> bool:
    return sample.text.count("\n") < 4


def _as_is(text: str) -> Views:
    yield from ()


# --- escapes of data


def _json(dice: Random, sample: Sample) -> Mangled:
    record = {"type": "result", "text": sample.text, "is_error": False}
    return Mangled(json.dumps(record, ensure_ascii=False), keep=(*sample.keep, "is_error"))


def _json_twice(dice: Random, sample: Sample) -> Mangled:
    inner = json.dumps({"content": [{"type": "text", "text": sample.text}], "id": 7})
    outer = json.dumps({"event": "message", "data": inner}, separators=(",", ":"))
    return Mangled(outer, keep=(*sample.keep, "message"))


def _json_escapes(dice: Random, sample: Sample) -> Mangled:
    escaped = json.dumps(sample.text)[1:-1]
    for secret in sample.secrets[:2]:
        signs = "".join(f"\\u{ord(c):04x}" if dice.random() < 0.15 else c for c in secret)
        escaped = escaped.replace(secret, signs)
    escaped = re.sub(r"(?<!\\)[-_=:&<>]", lambda m: f"\\u{ord(m[0]):04x}", escaped)
    return Mangled('{"msg":"' + escaped + '","level":"info"}', keep=("level", "info"))


def _unescaped(text: str) -> Views:
    """Escapes of JSON undone once, twice, and with what `\\u` stands for."""
    for _ in range(3):
        text = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)
        yield text


def _repr(dice: Random, sample: Sample) -> Mangled:
    return Mangled(f"ValueError: unexpected reply {sample.text!r} after 3 tries", keep=(*sample.keep, "unexpected"))


def _bytes(dice: Random, sample: Sample) -> Mangled:
    return Mangled(f"sent {sample.text.encode()!r} to the peer", keep=(*sample.keep, "peer"))


def _html(dice: Random, sample: Sample) -> Mangled:
    return Mangled(f"<pre>{html.escape(sample.text)}</pre>")


def _from_html(text: str) -> Views:
    yield html.unescape(text)


def _url(dice: Random, sample: Sample) -> Mangled:
    coded = urllib.parse.quote(sample.text, safe="")
    return Mangled(f"GET /log?level=info&msg={coded}&seq=12 HTTP/1.1", keep=("level=info", "HTTP/1.1"))


def _percent(dice: Random, sample: Sample) -> Mangled:
    text = sample.text
    for secret in sample.secrets[:2]:
        signs = "".join(f"%{ord(c):02X}" if dice.random() < 0.15 else c for c in secret)
        text = text.replace(secret, signs)
    return Mangled(text)


def _from_url(text: str) -> Views:
    yield urllib.parse.unquote(text)


def _base64(dice: Random, sample: Sample) -> Mangled:
    lead = "x" * dice.randrange(3)
    coded = base64.b64encode((lead + sample.text).encode()).decode()
    return Mangled(f"payload received: {coded} (ok)", keep=("payload", "received:", "(ok)"))


def _base64_url(dice: Random, sample: Sample) -> Mangled:
    coded = base64.urlsafe_b64encode(sample.text.encode()).decode().rstrip("=")
    return Mangled(f"GET /state/{coded}?v=2 HTTP/1.1", keep=("HTTP/1.1",))


def _mime(dice: Random, sample: Sample) -> Mangled:
    coded = base64.encodebytes(sample.text.encode()).decode()
    return Mangled(
        f"Content-Transfer-Encoding: base64\n\n{coded}\n--end--", keep=("Content-Transfer-Encoding:", "--end--")
    )


def _from_base64(text: str) -> Views:
    """Each run at its four places, and all lines as one run: what is left of it decodes wherever it starts."""
    joined = re.sub(r"(?<=[A-Za-z0-9+/_-])\n(?=[A-Za-z0-9+/_=-])", "", text)
    for run in re.findall(r"[A-Za-z0-9+/_-]{11,}", joined):
        for start in range(4):
            part = run[start:].translate(_STANDARD)
            yield base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1")


_STANDARD = str.maketrans("-_", "+/")


def _hex(dice: Random, sample: Sample) -> Mangled:
    return Mangled(f"frame {sample.text.encode().hex()} end", keep=("frame", "end"))


def _from_hex(text: str) -> Views:
    for run in re.findall(r"[0-9a-f]{16,}", text):
        for start in range(2):
            part = run[start:]
            yield bytes.fromhex(part[: len(part) // 2 * 2]).decode("latin-1")


# --- what is put before each line


def _each_line(lead: Callable[[int], str], head: str = "", end: str = "\n") -> Callable[[Random, Sample], Mangled]:
    def do(dice: Random, sample: Sample) -> Mangled:
        lines = [lead(i) + line for i, line in enumerate(sample.text.split("\n"))]
        return Mangled(head + end.join(lines) + end)

    return do


def _stamp(i: int) -> str:
    return f"2026-11-20T10:{i // 60:02}:{i % 60:02}.125Z INFO [worker-3] "


_BOTH = "@@ -10,6 +10,9 @@ def main():\n"
MANGLINGS = (
    Mangling("plain", lambda dice, sample: Mangled(sample.text), _as_is, _always),
    Mangling("json", _json, _unescaped, _always),
    Mangling("json in json", _json_twice, _unescaped, _always),
    Mangling("json escapes", _json_escapes, _unescaped, _prefixed),
    Mangling("repr", _repr, _unescaped, _always),
    Mangling("bytes", _bytes, _unescaped, _always),
    Mangling("html", _html, _from_html, _always),
    Mangling("url", _url, _from_url, _prefixed),
    Mangling("percent", _percent, _from_url, _prefixed),
    Mangling("base64", _base64, _from_base64, _prefixed),
    Mangling("base64url", _base64_url, _from_base64, _prefixed),
    Mangling("mime", _mime, _from_base64, _prefixed),
    Mangling("hex", _hex, _from_hex, _prefixed),
    Mangling("wrap 80", terminal.wrapped(WIDTH), terminal.rejoined, _always),
    Mangling("wrap 40", terminal.wrapped(NARROW), terminal.rejoined, _always),
    Mangling("box", terminal.framed("│", "╭─╮", "╰─╯", WIDTH), terminal.unframed, _always),
    Mangling("pipes", terminal.framed("|", "+-+", "+-+", None), terminal.unframed, _always),
    Mangling("coloured box", terminal.framed_in_colour, terminal.unframed_in_colour, _always),
    Mangling("hanging", terminal.hanging, terminal.unhung, _always),
    Mangling("colours", terminal.coloured, terminal.seen, _always),
    Mangling("links", terminal.linked, terminal.seen, _always),
    Mangling("unseen", terminal.unseen, terminal.seen, _always),
    Mangling("typed over", terminal.typed, terminal.overtyped, _not_a_block),
    Mangling("hidden", terminal.hidden, terminal.overtyped, _one_line),
    Mangling("diff", _each_line(lambda i: "+", _BOTH), _as_is, _always),
    Mangling("diff removed", _each_line(lambda i: "-    ", _BOTH), _as_is, _always),
    Mangling("log", _each_line(_stamp), _as_is, _always),
    Mangling("container", _each_line(lambda i: "web-1  | "), _as_is, _always),
    Mangling("numbered", _each_line(lambda i: f"{i + 1:>6}\u2192"), _as_is, _always),
    Mangling("grep", _each_line(lambda i: f"src/app.env:{i + 1}:"), _as_is, _always),
    Mangling("quoted", _each_line(lambda i: "> "), _as_is, _always),
    Mangling("crlf", _each_line(lambda i: "", "", "\r\n"), _as_is, _always),
)
NAMED = {mangling.name: mangling for mangling in MANGLINGS}

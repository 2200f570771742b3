"""What becomes of a text on its way to a log: how it is mangled, and how a reader undoes that. Knows no redactor.

An `undo` need not be exact: it gives the views in which a reader could find what was hidden.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests.redaction.values import Format, Sample

WIDTH, NARROW, BOX = 80, 40, 60
Views = Iterator[str]


class Mangled(NamedTuple):
    """`keep` are the words that must still be read afterwards, when they are not those of the sample."""

    text: str
    width: int | None = None
    keep: tuple[str, ...] | None = None


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


# --- what terminals do


def _wrapped(width: int) -> Callable[[Random, Sample], Mangled]:
    def do(dice: Random, sample: Sample) -> Mangled:
        text = _placed(sample, width)
        lines = [line[i : i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width)]
        return Mangled("\n".join(lines) + "\n", width, keep=_unbroken(sample.keep, lines))

    return do


def _placed(sample: Sample, width: int) -> str:
    """Words in front, so that the first secret lies across the edge."""
    at = sample.text.find(sample.secrets[0])
    if at < 0 or "\n" in sample.text:
        return sample.text
    middle = at + min(len(sample.secrets[0]), width) // 2
    return ("note that the worker said at last " * 3)[: -middle % width].rstrip().ljust(-middle % width) + sample.text


def _unbroken(keep: tuple[str, ...], lines: list[str]) -> tuple[str, ...]:
    return tuple(word for word in keep if any(word in line for line in lines))


def _rejoined(text: str) -> Views:
    yield text.replace("\n", "")


def _framed(edge: str, top: str, bottom: str, width: int | None) -> Callable[[Random, Sample], Mangled]:
    def do(dice: Random, sample: Sample) -> Mangled:
        inner = (width or BOX) - 4
        lines = [line[i : i + inner] for line in sample.text.split("\n") for i in range(0, max(len(line), 1), inner)]
        rows = [f"{edge} {line.ljust(inner)} {edge}" for line in ["Ran one command", *lines]]
        text = "\n".join((top.replace("-", top[1] * (inner + 2)), *rows, bottom.replace("-", bottom[1] * (inner + 2))))
        return Mangled(text + "\n", width, keep=("Ran", "command", *_unbroken(sample.keep, lines)))

    return do


def _unframed(text: str) -> Views:
    rows = [re.sub(r"^[│|┃] ?|\s*[│|┃]$", "", line) for line in text.split("\n")]
    yield "".join(rows)
    yield "".join(row.strip() for row in rows)


def _coloured(dice: Random, sample: Sample) -> Mangled:
    return Mangled(_within(dice, sample, ("\x1b[1;32m", "\x1b[0m", "\x1b[38;5;208m", "\x1b[K", "\x1b[m")))


def _linked(dice: Random, sample: Sample) -> Mangled:
    return Mangled(_within(dice, sample, ("\x1b]8;;https://example.org/a\x1b\\", "\x1b]8;;\x1b\\", "\x1b]8;;\x07")))


def _unseen(dice: Random, sample: Sample) -> Mangled:
    return Mangled(
        _within(dice, sample, ("\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u202c", "\u00ad", "\u2066"))
    )


def _within(dice: Random, sample: Sample, things: tuple[str, ...]) -> str:
    """Two or three of these in each secret, and one where its prefix is."""
    text = sample.text
    for secret in sample.secrets[:4]:
        at = text.find(secret)
        if at < 0:
            continue
        places = sorted({0, len(secret) // 3, 2 * len(secret) // 3}, reverse=True)
        for place in (at + p for p in places):
            text = text[:place] + dice.choice(things) + text[place:]
        if at > 2 and text[at - 1].isalnum():
            text = text[: at - 1] + dice.choice(things) + text[at - 1 :]
    return text


_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_NO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")


def unescaped_terminal(text: str) -> str:
    """What a reader sees: no colours, no links, nothing of no width."""
    return _NO_WIDTH.sub("", _SEQUENCES.sub("", text))


def _seen(text: str) -> Views:
    yield unescaped_terminal(text)


def _typed(dice: Random, sample: Sample) -> Mangled:
    """Progress that the text overwrites, and slips that were typed over."""
    text = _within(dice, sample, ("#\b", "x\b", "..\b\b"))
    return Mangled("\n".join(f"  1%\r{line}" if len(line) > 4 else line for line in text.split("\n")))


def _hidden(dice: Random, sample: Sample) -> Mangled:
    """The text was on the screen for a moment."""
    cover = "all checks passed".ljust(len(sample.text) + 2)
    return Mangled(f"{sample.text}\r{cover}\r\nnext\n", keep=("checks", "passed", "next"))


def _overtyped(text: str) -> Views:
    while "\b" in text:
        shorter = re.sub("[^\x08\\n]\x08", "", text)
        if shorter == text:
            break
        text = shorter
    yield text


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
    Mangling("wrap 80", _wrapped(WIDTH), _rejoined, _always),
    Mangling("wrap 40", _wrapped(NARROW), _rejoined, _always),
    Mangling("box", _framed("│", "╭─╮", "╰─╯", WIDTH), _unframed, _always),
    Mangling("pipes", _framed("|", "+-+", "+-+", None), _unframed, _always),
    Mangling("colours", _coloured, _seen, _always),
    Mangling("links", _linked, _seen, _always),
    Mangling("unseen", _unseen, _seen, _always),
    Mangling("typed over", _typed, _overtyped, _not_a_block),
    Mangling("hidden", _hidden, _overtyped, _one_line),
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

"""Secrets that a name announces, `password: hunter22` or `--token abc`: where each one starts and ends in a text.

It masks nothing, and leaves out what only looks so: prose, code, templates, values that are no secret.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_code, is_expression, is_plain, is_prose, is_random, may_name_a_secret, secret_kind

_TYPED: Final = r":[ \t]?(?:str|bytes|string|String|Final|SecretStr|&(?:'static )?str)(?: \| None)?[ \t]?=(?!=)"
_OR: Final = r"(?:\|\||\?\?)(?=[ \t]?[\"'])"
# Behind a mark's grammar, which comes first: a name stands in none.
_NAME: Final = (
    r"|(?<![A-Za-z0-9_.-])(?:"
    r"(?P<flag>--?[A-Za-z][A-Za-z0-9_.-]++)[ \t]{1,4}(?=[^\s=:-])"
    r"|(?P<key>[A-Za-z0-9_.-]++)(?:\\{0,3}[\"'])?\]?"
    rf"(?P<sep>[ \t]{{0,8}}(?:=>|[:?]=|=(?!=)|{_OR}|{_TYPED}|:(?!:))[ \t]{{0,8}}))"
)
_OPENING: Final = r"([bBrRuUfFN@]{0,2})(\\{0,3}[\"'`])"
_BARE: Final = r"(?:[^\s\"'`&;,\\]++|[&;,](?!\s|\Z|\\{0,3}[\"']|[A-Za-z0-9_.-]{1,64}[=:])|\\(?!\\{0,3}[nrt\"']))++"
_BRACED: Final = r"\{([^{}\n;]+)\}(?=;|\s|\Z)"
_SIGNED: Final = r"(?i:digest|aws4-hmac-sha256|hawk|signature)[ \t]{1,4}"
_SIGNED_REST: Final = (
    r"(?:[\w-]{1,64}=(?:\\{0,3}\"[^\"\n\\]*\\{0,3}\"|[^\s,\"'\\&]+)(?:,[ ]?)?)++"  # RFC 7616, SigV4: names and values
)
_TOKEN68: Final = r"[A-Za-z0-9_.~+/-]{3,}+=*+(?=[A-Z][A-Za-z-]*:|[^A-Za-z0-9_.~+/-]|\Z)"  # RFC 7235
_SCHEME: Final = r"(?i:bearer|basic|token|apikey|negotiate)[ \t]{1,4}"
_SHELL_WORD: Final = r"(?:[^\s\"'`\\]++|\\(?!\\{0,3}[nrt\"']))*+"
_REST: Final = r"(?:[^\n\"'\\&]++|&(?!(?:quot|apos|#3[49]|#x2[27]);)|\\(?!\\{0,3}[nrt\"']))*+"
_YAML_REST: Final = r"(?:[^\n#\\]++|\\(?!\\{0,3}[nrt\"'])|(?<![ \t])#)*+"
_COOKIES: Final = ("cookie", "set-cookie")
_LONGEST_COOKIE: Final = len("--set-cookie")


class _Name(NamedTuple):
    """A name that announces a secret, where it starts, and where its value does."""

    key: str
    kind: str
    sep: str
    is_spaced: bool
    start: int
    end: int

    @property
    def is_shell(self) -> bool:
        return self.sep == "=" and not self.is_spaced and self.key.isupper()


def named_secrets(s: str, marks: Marks) -> Iterator[tuple[str, int, int]]:
    """The kind and the span of each, in order; none reaches into another."""
    if not may_name_a_secret(s):
        return
    name = compiled(marks.grammar + _NAME)
    at = name.search(s)
    while at is not None:
        position = at.end()
        found = _secret_after(s, at, marks) if at[1] is None else None
        if found is not None:
            yield found
            position = found[2]
        at = name.search(s, position)


def _secret_after(s: str, at: re.Match[str], marks: Marks) -> tuple[str, int, int] | None:
    """The kind and the span of the secret that a name announces, if it announces one."""
    key = at["key"] or at["flag"]
    if key[0] in "nrt" and at.start() and s[at.start() - 1] == "\\":
        key = key[1:]
    kind = _kind(s, at, key)
    if kind is None or (key.lower() == "pass" and ":" in (at["sep"] or " ")):
        return None
    if kind not in ("auth", "cookie") and marks.is_word(s, at.end()):
        return None
    sep = at["sep"] or " "
    name = _Name(key, kind, sep.strip() or " ", sep != sep.strip(), *at.span())
    start, end = _value_span(s, name, marks)
    value = s[start:end]
    if not value or marks.is_marked(value) or is_plain(value, kind):
        return None
    return None if kind == "cookie" and not _has_a_session(value) else (kind, start, end)


def _has_a_session(cookies: str) -> bool:
    """`theme=dark; lang=en` says nothing."""
    values = [each.partition("=")[2].strip() for each in cookies.split(";") if "=" in each]
    return any(len(value) >= 16 or is_random(value) for value in values)


def _kind(s: str, at: re.Match[str], key: str) -> str | None:
    """Also where the place of a name says more than the name."""
    sep = at["sep"]
    if sep == ":" and s.startswith(":", at.start() - 1) and at.start():
        return None  # `arn:aws:secretsmanager:eu-west-1:1:secret:name`
    if key == "PWD" and s.startswith(";", at.start() - 1) and at.start():
        return "password"  # ODBC; elsewhere it is a folder
    return "cookie" if len(key) <= _LONGEST_COOKIE and key.lstrip("-").lower() in _COOKIES else secret_kind(key)


def _value_span(s: str, name: _Name, marks: Marks) -> tuple[int, int]:
    opening = compiled(_OPENING).match(s, name.end)
    start = name.end if opening is None else opening.end()
    if name.kind == "auth" and (signed := compiled(_SIGNED).match(s, start)) is not None:
        return signed.end(), _matched_to(_SIGNED_REST, s, signed.end())
    if name.sep == "=" and (braced := compiled(_BRACED).match(s, name.end)) is not None and name.kind == "password":
        return braced.span(1)
    scheme = compiled(_SCHEME).match(s, start) if name.kind == "auth" else None
    inside = start if scheme is None else scheme.end()
    if opening is not None:
        end = _matched_to(_quoted(opening[2]), s, start)
        return (end, end) if end == start or _is_no_literal(s, opening, end) else (min(inside, end), end)
    if name.sep == ":" and scheme is not None and (word := compiled(_TOKEN68).match(s, inside)) is not None:
        return word.span()
    if name.sep == ":" and (scheme is not None or name.kind == "cookie"):
        end = _matched_to(_REST, s, inside)
        return inside, end
    return start, _bare_end(s, name, marks)


def _is_no_literal(s: str, opening: re.Match[str], end: int) -> bool:
    """A template's text, or a quote that closes: `input('Password: ', echo)`."""
    start, quote = opening.start(), opening[2]
    is_template = ("f" in opening[1].lower() or quote == "`") and "{" in s[opening.end() : end]
    line = max(s.rfind("\n", max(0, start - 512), start), start - 512, 0)
    closes = s.count(quote, line, start) % 2 == 1 and s[opening.end() : opening.end() + 1] in " ,;)]}+"
    return is_template or closes


def _bare_end(s: str, name: _Name, marks: Marks) -> int:
    """Where an unquoted value ends: with its word, or with its line when the name stands first in it (YAML)."""
    is_first = _stands_first(s, name.start)
    if is_first and name.is_shell:
        return _matched_to(_SHELL_WORD, s, name.end)
    word = s[name.end : _matched_to(_BARE, s, name.end)]
    if is_plain(word, name.kind):
        return name.end
    while word and word[-1] in ")]}>.:" and not marks.is_marked(word):
        word = word[:-1]
    is_source = not name.is_shell and is_code(word, name.key, is_pair=name.sep == ":")
    may_be_any_word = name.kind == "password" and "." not in name.key and word[:1] != "("
    is_variable = name.is_spaced and name.sep == "=" and not may_be_any_word and is_expression(word)
    is_variable = is_variable or (name.is_spaced and compiled(r"[a-z_]\w*[ ]=[ ]").match(s, name.end) is not None)
    if (
        is_source
        or is_variable
        or is_plain(word, name.kind)
        or is_prose(word, name.kind, name.sep)
        or marks.is_marked(word)
    ):
        return name.end
    if name.sep == ":" and is_first and name.is_spaced:
        return name.end + len(s[name.end : _matched_to(_YAML_REST, s, name.end)].rstrip())
    return name.end + len(word)


def _stands_first(s: str, start: int) -> bool:
    line = s.rfind("\n", max(0, start - 64), start) + 1
    return (line > 0 or start <= 64) and s[line:start].strip(" \t-") in ("", "export", "set", "env")


@lru_cache(maxsize=16)
def _quoted(close: str) -> str:
    """What stands between quotes; escaped ones (JSON within JSON) end at the same escape, all end with the line."""
    if len(close) == 1:
        return rf"(?:[^\\\n{close}]++|\\.)*+"
    return rf"(?:(?!(?<!\\){re.escape(close)})[^\n])*+"


def _matched_to(pattern: str, s: str, start: int) -> int:
    m = compiled(pattern).match(s, start)
    return start if m is None else m.end()

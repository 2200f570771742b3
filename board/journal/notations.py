"""Secrets that a notation sets apart from their names: XML, attributes, SQL, calls, lists, prose. Masks nothing.

XML and HTML, property lists, JSON Web Keys (RFC 7517), Netscape's cookie file, pgpass (PostgreSQL's libpq), SQL's
`PASSWORD` and `IDENTIFIED BY`, setters of source code, and sentences that say what a password is.
"""

from collections.abc import Iterator
from typing import Final

from board.journal.patterns import compiled
from board.journal.rules import is_plain, is_random, secret_kind

_QUOTED: Final = r"\\{0,3}[\"']"
_ELEMENT: Final = r"<(?:[\w-]+:)?([A-Za-z][\w.-]*)(?:\s[^<>]*)?>([^<>\n]{4,})</"
_PLIST: Final = r"<key>([^<>\n]{1,64})</key>\s{0,64}<string>([^<>\n]{4,})</string>"
_ATTRIBUTES: Final = (
    rf"(?:\b[kK]ey|\b[nN]ame)(?:{_QUOTED})?\s{{0,4}}[=:]\s{{0,4}}(?:{_QUOTED})([\w.:-]+)(?:{_QUOTED})[,;]?\s{{0,4}}"
    rf"(?:{_QUOTED})?[vV]alue(?:{_QUOTED})?\s{{0,4}}[=:]\s{{0,4}}({_QUOTED})((?:(?!\2)[^\n])+)"
)
_CALL: Final = (
    rf"(?:\b(?:set|with|add)|\.)([A-Za-z_]\w*)\(\s{{0,4}}[@$]?({_QUOTED})((?:(?!\2)[^\n]){{4,}})\2\s{{0,4}}[,)]"
)
# Of a list of words each may be the name of the next one.
_ARGUMENTS: Final = (
    rf"({_QUOTED})(?:--?)?([A-Za-z_][\w.-]*)\1(?=\s{{0,4}},\s{{0,4}}({_QUOTED})((?:(?!\3)[^\n]){{4,}})\3)"
)
_LIST: Final = (
    rf"\b([A-Za-z_][\w.-]*)s(?:{_QUOTED})?\s{{0,4}}[=:]\s{{0,4}}\[((?:\s{{0,4}}{_QUOTED}[^\"'\n\[\]]+[\"'],?)++)"
)
_OPENS_LIST: Final = rf"\[\s{{0,4}}{_QUOTED}"
_ITEM: Final = r"[\"']([^\"'\n\\]{8,})"
_SQL: Final = (
    r"(?i:\bpassword|\bidentified(?: with \S{1,64})? (?:by|as))\s{1,4}"
    r"(?:=\s{0,4})?N?(['\"])((?:(?!\1)[^\n]){4,})\1"
)
# `AWS Secret Access Key [None]: x`, `Unseal Key 1: x`: a name of several words.
_SPOKEN: Final = (
    r"(?i:\b(?:(?:api|access|secret|unseal|license|recovery|auth|master|signing|client|private)[ ])+"
    r"(?:key|token|secret)"
    r"|\b(?:initial )?root token|\bpassword for \S{1,64})\b[^:=\n]{0,24}[:=][ \t]{0,8}[\"']?([^\s\"']{8,})"
)
# Of configurations whose lines have a name and a value and no sign between them.
_TWO_WORDS: Final = r"(?m)^[ \t]*([A-Za-z][\w-]{2,63})[ \t]+([\"']?)([^\s\"';]{8,})\2;?[ \t]*$"
_COOKIE_FILE: Final = r"(?m)^(?:#HttpOnly_)?\S+\t(?:TRUE|FALSE)\t\S+\t(?:TRUE|FALSE)\t[0-9]+\t\S+\t(\S+)"
_COOKIE_JSON: Final = rf"(?:{_QUOTED})value(?:{_QUOTED})\s{{0,4}}:\s{{0,4}}({_QUOTED})((?:(?!\1)[^\n])+)"
_JWK: Final = rf"({_QUOTED})(?:d|p|q|dp|dq|qi|k)\1\s{{0,4}}:\s{{0,4}}({_QUOTED})([A-Za-z0-9_-]{{16,}})"
_PGPASS: Final = r"(?m)^(?:[\w.-]{1,253}|\*):(?:[0-9]{4,5}|\*):[^:\s]{1,64}:[A-Za-z_][^:\s]{0,63}:([^\s:]{8,})$"
_SENTENCE: Final = (
    r"(?i:\b(pass(?:word|phrase|code)|token|secret|(?:api|access|secret|license|licence)[ -]key)\b"
    r"(?:[ ]\w{1,16}){0,2}[ ](?:is|was|are|to|=|->|→|reads)(?: now)?)[ ][\"'`]?([^\s\"'`]{8,})"
)
_VERBS: Final = (" is ", " was ", " are ", " to ", " = ", " -> ", " → ", " reads ")
# In lower case, the literals without which no line is looked at.
SPOKEN: Final = (
    *("api ", "access ", "secret ", "unseal ", "license ", "recovery ", "auth ", "master ", "signing ", "client "),
    *("private ", "root "),
)
SPOKEN_LAST: Final = ("key", "token", "secret")
SAYS: Final = r"(?:word|phrase|code)?(?:[ ]\w{1,16}){0,2}[ ](?:is|was|are|to|=|->|→|reads)[ ]"
PGPASS_HINT: Final = r":(?:[0-9]{4,5}|\*):[^:\s]{1,64}:[A-Za-z_][^:\s]{0,63}:"
HINTS: Final = ("</", "password for ", "identified", "httponly", "samesite", "\ttrue\t", "\tfalse\t", '"kty"', "kty\\")


def noted(s: str) -> Iterator[Iterator[tuple[str, int, int]]]:
    """Kind and span of each: those of one notation in the order in which they start."""
    if "</" in s:
        yield _named(s, _ELEMENT, 1, 2)
        yield _named(s, _PLIST, 1, 2)
    if "alue" in s:
        yield _named(s, _ATTRIBUTES, 1, 3)
    if "(" in s:
        yield _named(s, _CALL, 1, 3, is_doubted=True)
    if "," in s:
        yield _named(s, _ARGUMENTS, 2, 4, is_doubted=True)
    if compiled(_OPENS_LIST).search(s) is not None:
        yield _listed(s)
    yield from _said(s)
    yield from _kept(s)


def _named(s: str, pattern: str, name: int, value: int, *, is_doubted: bool = False) -> Iterator[tuple[str, int, int]]:
    """`is_doubted`: in source text a word beside a secret's name is a name as well."""
    for m in compiled(pattern).finditer(s):
        kind = secret_kind(m[name])
        if kind is not None and not is_plain(m[value], kind) and (not is_doubted or is_random(m[value])):
            yield kind, *m.span(value)


def _listed(s: str) -> Iterator[tuple[str, int, int]]:
    for m in compiled(_LIST).finditer(s):
        kind = secret_kind(m[1])
        if kind is not None:
            for item in compiled(_ITEM).finditer(s, *m.span(2)):
                if is_random(item[1]):
                    yield kind, *item.span(1)


def _said(s: str) -> Iterator[Iterator[tuple[str, int, int]]]:
    low = s.lower()
    if "password" in low or "identified" in low:
        yield (("password", *m.span(2)) for m in compiled(_SQL).finditer(s))
    if " key" in low or " token" in low or " secret" in low or "password for" in low:
        yield (("secret", *m.span(1)) for m in compiled(_SPOKEN).finditer(s) if is_random(m[1]))
    yield _two_words(s)
    if any(verb in low for verb in _VERBS):
        yield _sentences(s)


def _two_words(s: str) -> Iterator[tuple[str, int, int]]:
    for m in compiled(_TWO_WORDS).finditer(s):
        if (kind := secret_kind(m[1])) is not None and is_random(m[3]):
            yield kind, *m.span(3)


def _sentences(s: str) -> Iterator[tuple[str, int, int]]:
    for m in compiled(_SENTENCE).finditer(s):
        end = m.end(2) - (len(m[2]) - len(m[2].rstrip(".,;:!?)")))
        if is_random(s[m.start(2) : end]):
            yield secret_kind(m[1].replace(" ", "_")) or "secret", m.start(2), end


def _kept(s: str) -> Iterator[Iterator[tuple[str, int, int]]]:
    """What files and programs keep without a secret's name: cookies, keys in JSON, PostgreSQL's passwords."""
    if "\t" in s:
        yield (("cookie", *m.span(1)) for m in compiled(_COOKIE_FILE).finditer(s))
    if "httpOnly" in s or "sameSite" in s:
        yield (("cookie", *m.span(2)) for m in compiled(_COOKIE_JSON).finditer(s) if len(m[2]) >= 8)
    if "kty" in s:
        yield (("key", *m.span(3)) for m in compiled(_JWK).finditer(s))
    if ":" in s:
        yield (("password", *m.span(1)) for m in compiled(_PGPASS).finditer(s) if is_random(m[1]))

"""Secrets that a program's way of being called announces, or a markup's: `curl -u`, `mysql -p`, `<password>`. Masks nothing.

The options are those of the programs' own manuals: curl(1), wget(1), mysql(1), sshpass(1), docker-login(1),
redis-cli, ldapsearch(1), openssl-passphrase-options(1), netrc(5).
"""

from collections.abc import Iterator
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain, secret_kind

_COMMAND: Final = r"(?:[^|;&\n]|&(?!&))++"
_VALUE: Final = r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'|;&<>]+)"
# A program, the option behind which its password stands, and whether a name and a colon come before it.
_CALLS: Final = tuple(
    (rf"\b(?:{programs})\b", rf"(?<=\s)(?:{options})", is_pair)
    for programs, options, is_pair in (
        (
            "curl|xh|http|https|wget2?|aria2c|lftp|svn|smbclient|lxc",
            r"-u[ =]?|--user[ =]|-U[ ]?|--proxy-user[ =]",
            True,
        ),
        ("mysql|mysqldump|mysqladmin|mariadb|mariadb-dump", r"-p(?=\S)", False),
        ("sshpass", r"-p[ ]?", False),
        ("docker|podman|buildah|skopeo|helm|nerdctl|oras|crane", r"-p[ ]", False),
        ("redis-cli", r"-a[ ]?", False),
        ("ldapsearch|ldapadd|ldapmodify|ldapwhoami|ldappasswd", r"-w[ ]?", False),
        ("mongosh?|mongodump|mongorestore|sqlcmd|bcp|rabbitmqadmin", r"-[pP][ ]?", False),
        ("openssl|keytool", r"(?:-pass(?:in|out)?[ ]+pass:|-storepass[ ]|-keypass[ ])", False),
        ("zip|7z|7za|unzip", r"-[pP](?=\S)|-P[ ]", False),
    )
)
IDIOM_HINTS: Final = (
    *("curl ", "wget", "xh ", "http ", "aria2c", "lftp", "svn ", "smbclient", "mysql", "mariadb", "sshpass"),
    *(" login", "redis-cli", "ldap", "mongo", "sqlcmd", "rabbitmqadmin", "openssl", "keytool", "zip ", "7z", "</"),
)
_PROGRAMS: Final = IDIOM_HINTS[:-1]
_ELEMENT: Final = r"<(?:[\w-]+:)?([A-Za-z][\w.-]*)(?:\s[^<>]*)?>([^<>\n]{4,})</"
_ATTRIBUTES: Final = (
    r"(?:\b[kK]ey|\b[nN]ame)[\"']?\s{0,4}[=:]\s{0,4}[\"']([A-Za-z0-9_.:-]+)[\"'][,;]?\s{0,4}[\"']?[vV]alue[\"']?\s{0,4}[=:]\s{0,4}"
    r"([\"'])((?:(?!\2)[^\n\\]|\\.)+)"
)
_NETRC: Final = r"\blogin\s+\S+\s+password\s+(\S+)"


def idiomatic(s: str, marks: Marks) -> Iterator[tuple[str, int, int]]:
    """Kind and span of each, in no order."""
    if any(program in s for program in _PROGRAMS):
        yield from _called(s)
        for m in compiled(_NETRC).finditer(s):
            yield "password", *m.span(1)
    if "</" in s:
        for m in compiled(_ELEMENT).finditer(s):
            if (kind := secret_kind(m[1])) is not None and not is_plain(m[2], kind):
                yield kind, *m.span(2)
    if "alue" in s:
        for m in compiled(_ATTRIBUTES).finditer(s):
            if (kind := secret_kind(m[1])) is not None and not is_plain(m[3], kind):
                yield kind, *m.span(3)


def _called(s: str) -> Iterator[tuple[str, int, int]]:
    for command in compiled(_COMMAND).finditer(s):
        for program, options, is_pair in _CALLS:
            at = compiled(program).search(s, *command.span())
            if at is not None:
                yield from _optioned(s, options, at.end(), command.end(), is_pair=is_pair)


def _optioned(s: str, options: str, start: int, end: int, *, is_pair: bool) -> Iterator[tuple[str, int, int]]:
    for m in compiled(options + _VALUE).finditer(s, start, end):
        start, end = m.span(1)
        if s[start] in "\"'":
            start, end = start + 1, end - 1
        if is_pair:
            colon = s.find(":", start, end)
            start = end if colon < 0 else colon + 1
        value = s[start:end]
        if value and not value.isdigit() and not is_plain(value, "password") and not value.startswith("-"):
            yield "password", start, end

"""Secrets that a program's way of being called announces: `curl -u`, `mysql -p`, `echo ... | sudo -S`. Masks nothing.

The options are those of the programs' own manuals: curl(1), wget(1), mysql(1), sshpass(1), docker-login(1),
redis-cli, ldapsearch(1), openssl-passphrase-options(1), htpasswd(1), smbclient(1), sudo(8), chpasswd(8), netrc(5).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from board.journal.patterns import compiled
from board.journal.rules import is_plain, is_random, secret_kind

_COMMAND: Final = r"(?:[^|;&\n]++|&(?!&))++"
_VALUE: Final = r"(\\{0,3}\"[^\"\n\\]*|\\{0,3}'[^'\n\\]*|(?:[^\s\"'|;&<>\\]++|\\(?!\\{0,3}[nrt\"']))+)"


class _Call(NamedTuple):
    """Programs, the options behind which a password stands, and what comes before it there: `ann:`, `ann%`."""

    programs: str
    options: str
    before: str = ""

    @property
    def literals(self) -> tuple[str, ...]:
        """Of which one stands in each call."""
        return _literals(self.programs)


_CALLS: Final = (
    _Call("curl|xh|http|https|wget2?|aria2c|lftp|svn|lxc", r"-u[ =]?|--user[ =]|-U[ ]?|--proxy-user[ =]", ":"),
    _Call("curl", r"(?:-b|--cookie)[ =]?(?=[\"']?[\w.-]{1,64}=)", "="),
    _Call("mysql|mysqldump|mysqladmin|mariadb|mariadb-dump", r"-p(?=\S)"),
    _Call("sshpass", r"-p[ ]?"),
    _Call("(?:docker|podman|buildah|skopeo|helm|nerdctl|oras|crane|az|oc|heroku|cf)[ ]+(?:[a-z]+[ ]+)?login", r"-p[ ]"),
    _Call("redis-cli", r"-a[ ]?"),
    _Call("ldapsearch|ldapadd|ldapmodify|ldapwhoami|ldappasswd", r"-w[ ]?"),
    _Call("mongosh?|mongodump|mongorestore|sqlcmd|bcp|rabbitmqadmin", r"-[pP][ ]?"),
    _Call("openssl|keytool|jarsigner", r"-pass(?:in|out)?[ ]+pass:|-storepass[ ]|-keypass[ ]"),
    _Call("zip|7z|7za|unzip|unrar|rar", r"-[pP](?=\S)|-P[ ]"),
    _Call("smbclient|mount|rpcclient|net[ ]+use", r"-U[ ]?|/user:(?:\S+)[ ]", "%"),
    _Call("bw|op|lpass", r"--session[ =]"),
    _Call("htpasswd", r"-[a-zA-Z]*b[a-zA-Z]*[ ]+\S+[ ]+\S+[ ]+"),
)
# The literals without which no line is looked at.
HINTS: Final = (
    *("curl ", "wget", "xh -", "http -", "https -", "aria2c", "lftp", "svn ", "smbclient", "mysql", "mariadb"),
    *("sshpass", " login", "redis-cli", "ldap", "mongo", "sqlcmd", "rabbitmqadmin", "openssl", "keytool", "zip -"),
    *("7z", "rar -", "--session", "htpasswd", "echo ", "printf ", "login ", "net use", "mount -", "rpcclient"),
    *("jarsigner", "lxc ", "bcp "),
)
_PIPED: Final = (
    r"\b(?:echo|printf)[ ]+(?:-[a-z]+[ ]+)?(\"[^\"\n]+\"|'[^'\n]+'|[^\s|]+)[ ]*\|[ ]*"
    r"(?:\S+[ ]+){0,8}?(?:\S*--?password-stdin|-S\b|chpasswd|--stdin|--passphrase-fd|--with-token)"
)
_NETRC: Final = r"\blogin\s+\S+\s+password\s+([^\s\"'\\]+)"
# A setting's name and its value as two words.
_SETS: Final = (
    r"(?:\bset(?:env)?[ ]+(?:-{1,2}[\w-]+[ ]+)*|\bENV[ ]+|\bARG[ ]+|\b(?:config|configure)[ ]+set[ ]+(?:-{1,2}\w+[ ]+)*"
    r"|\bsecrets?[ ]+(?:set|create|put)[ ]+)([\w./:@-]*?)([A-Za-z_][\w-]*)[ ]+(?:--body[ =]|-b[ ]|--value[ =])?"
    + _VALUE
)
SET_HINTS: Final = ("set ", "setenv ", "env ", "arg ", "secret ", "secrets ")


@cache
def _literals(programs: str) -> tuple[str, ...]:
    return tuple(compiled("[a-z]+").findall(compiled(r".\?").sub("", programs)))


def called(s: str) -> Iterator[tuple[str, int, int]]:
    """Kind and span of each, in no order."""
    if any(hint in s for hint in HINTS):
        calls = [call for call in _CALLS if any(name in s for name in call.literals)]
        for command in compiled(_COMMAND).finditer(s) if calls else ():
            yield from _in_command(s, command, calls)
        if "|" in s:
            yield from (found for m in compiled(_PIPED).finditer(s) for found in _piped(m))
        for m in compiled(_NETRC).finditer(s):
            if not is_plain(m[1], "password"):
                yield "password", *m.span(1)
    yield from _set(s)


def _in_command(s: str, command: re.Match[str], calls: list[_Call]) -> Iterator[tuple[str, int, int]]:
    text = command[0]
    for call in calls:
        if any(name in text for name in call.literals):
            at = compiled(rf"\b(?:{call.programs})\b").search(s, *command.span())
            if at is not None:
                yield from _optioned(s, call, at.end(), command.end())


def _optioned(s: str, call: _Call, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    for m in compiled(rf"(?<=\s)(?:{call.options}){_VALUE}").finditer(s, start, end):
        span = _unquoted(s, *m.span(1))
        if call.before and (at := s.find(call.before, *span)) >= 0:
            span = (at + 1, span[1])
        elif call.before and "net" not in call.programs:
            continue
        value = s[slice(*span)]
        if value and not value.isdigit() and not is_plain(value, "password") and not value.startswith("-"):
            yield ("cookie" if call.before == "=" else "password"), *span


def _piped(m: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    start, end = _unquoted(m.string, *m.span(1))
    if "chpasswd" in m[0]:
        start = m.string.find(":", start, end) + 1 or start
    value = m.string[start:end]
    if value and not is_plain(value, "password"):
        yield "password", start, end


def _set(s: str) -> Iterator[tuple[str, int, int]]:
    low = s.lower()
    if not any(hint in low for hint in SET_HINTS):
        return
    for m in compiled(_SETS).finditer(s):
        kind = secret_kind(m[2])
        start, end = _unquoted(s, *m.span(3))
        value = s[start:end]
        if kind is not None and not is_plain(value, kind) and (m[2].isupper() or is_random(value)):
            yield kind, start, end


def _unquoted(s: str, start: int, end: int) -> tuple[int, int]:
    """Without the quotes, of which the last one is no part of it."""
    value = s[start:end]
    bare = value.lstrip("\\")[1:] if value.lstrip("\\")[:1] in ("'", '"') else value
    return end - len(bare), end - (len(bare) - len(bare.rstrip("\"'")) if bare != value else 0)

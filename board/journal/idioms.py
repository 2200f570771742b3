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

_COMMAND_END: Final = r"[|;\n]|&&"
_VALUE: Final = r"(\\{0,3}\"[^\"\n\\]*|\\{0,3}'[^'\n\\]*|(?:[^\s\"'|;&<>\\]++|\\(?!\\{0,3}[nrt\"']))+)"


class _Call(NamedTuple):
    """Programs, the options behind which a password stands, and what comes before it there: `ann:`, `ann%`.

    `sign` is in every such call: programs with names of two letters seem to be everywhere.
    """

    programs: str
    options: str
    before: str = ""
    sign: str = "-"

    @property
    def literals(self) -> tuple[str, ...]:
        """Of which one stands in each call."""
        return _literals(self.programs)


_CALLS: Final = (
    _Call("curl|xh|http|https|wget2?|aria2c|lftp|svn|lxc", r"-u[ =]?|--user[ =]|-U[ ]?|--proxy-user[ =]", ":"),
    _Call("curl", r"(?:-b|--cookie)[ =]?(?=[\"']?[\w.-]{1,64}=)", "="),
    _Call("mysql|mysqldump|mysqladmin|mariadb|mariadb-dump", r"-p(?=\S)"),
    _Call("sshpass", r"-p[ ]?"),
    _Call(
        "(?:docker|podman|buildah|skopeo|helm|nerdctl|oras|crane|az|oc|heroku|cf)[ ]+(?:[a-z]+[ ]+)?login",
        r"-p[ ]",
        sign=" login",
    ),
    _Call("redis-cli", r"-a[ ]?"),
    _Call("ldapsearch|ldapadd|ldapmodify|ldapwhoami|ldappasswd", r"-w[ ]?"),
    _Call("mongosh?|mongodump|mongorestore|sqlcmd|bcp|rabbitmqadmin", r"-[pP][ ]?"),
    _Call("openssl|keytool|jarsigner", r"-pass(?:in|out)?[ ]+pass:|-storepass[ ]|-keypass[ ]"),
    _Call("zip|7z|7za|unzip|unrar|rar", r"-[pP](?=\S)|-P[ ]"),
    _Call("smbclient|mount|rpcclient|net[ ]+use", r"-U[ ]?|/user:(?:\S+)[ ]", "%", sign=""),
    _Call("bw|op|lpass", r"--session[ =]", sign="--session"),
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


def called(s: str) -> Iterator[Iterator[tuple[str, int, int]]]:
    """Kind and span of each: those of one way of calling in the order in which they start."""
    if any(hint in s for hint in HINTS):
        for call in _CALLS:
            if call.sign in s and any(name in s for name in call.literals):
                yield _by_call(s, call)
        if "|" in s:
            yield (found for m in compiled(_PIPED).finditer(s) for found in _piped(m))
        if "login" in s and "password" in s:
            yield (("password", *m.span(1)) for m in compiled(_NETRC).finditer(s) if not is_plain(m[1], "password"))
    yield _set(s)


def _by_call(s: str, call: _Call) -> Iterator[tuple[str, int, int]]:
    """Of each command what stands behind the first of its programs."""
    program = compiled(rf"\b(?:{call.programs})\b")
    at = program.search(s)
    while at is not None:
        over = compiled(_COMMAND_END).search(s, at.end())
        end = len(s) if over is None else over.start()
        yield from _optioned(s, call, at.end(), end)
        at = program.search(s, end)


def _optioned(s: str, call: _Call, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    for m in compiled(rf"\s(?:{call.options}){_VALUE}").finditer(s, start, end):
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

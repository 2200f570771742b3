"""What names announce a secret, and what values are none whatever their name. Searches no text and masks nothing."""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final

from board.journal.patterns import compiled


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("token", "jwt", "bearer", "authtoken", "accesstoken", "refreshtoken", "apitoken"), "token"),
    **dict.fromkeys(("password", "passwd", "passphrase", "passcode", "pwd"), "password"),
    **dict.fromkeys(("bindpw", "rootpw", "userpw", "psk", "requirepass", "masterauth", "mnemonic"), "password"),
    **dict.fromkeys(("pgpassword", "sshpass", "dbpass", "dbpassword", "userpassword"), "password"),
    **dict.fromkeys(
        ("secret", "clientsecret", "apisecret", "identitytoken", "credential", "credentials", "creds"), "secret"
    ),
    **dict.fromkeys(("apikey", "secretkey", "privatekey", "accesskey", "accountkey", "presharedkey"), "key"),
}
# Secret only as the last word: SSH_AUTH_SOCK and auth_method are none, NPM_AUTH is.
_LAST_WORDS: Final[Mapping[str, str]] = {
    "auth": "auth",
    "authorization": "auth",
    "pass": "password",
    "pat": "token",
    "crumb": "token",
    "verifier": "token",
}
_KEYS_OF: Final = _set(
    "api private access secret signing encryption master auth account storage service client admin deploy session "
    "webhook shared subscription openai anthropic stripe gemini sendgrid mailgun twilio mistral groq datadog "
    "application app consumer license licence function hmac cipher crypto root write ingest preshared validation "
    "decryption"
)
# A name that ends so is about a secret, and is none: token_count, secret_name, password_file.
_ABOUT: Final = _set(
    "count counts total limit length len size bytes bits file files path paths dir folder url uri endpoint host type "
    "types kind name names id ids ttl lifetime expiry expires expiration at age field fields policy prefix suffix min "
    "max budget usage used index idx sock socket method mode enabled disabled required provider class format pattern "
    "regex re version rotation scope scopes issuer audience status state error errors service server header headers "
    "column table hint label ref reference arn env var words rules line position manager mgr store helper test tests"
)
# A file's name, `src/token.py:84:5`, is no key.
_FILES: Final = _set(
    "py pyi js jsx ts tsx mjs cjs go rs rb java kt c h cc cpp hpp cs php swift scala sh bash md rst txt html css sql "
    "yml yaml toml json lock ini cfg conf xml svg log tf vue ipynb"
)
STEMS: Final = (
    *(
        "token",
        "jwt",
        "bearer",
        "pass",
        "pwd",
        "secret",
        "cred",
        "key",
        "auth",
        "cookie",
        "psk",
        "_pat",
        "-pat",
        "bindpw",
    ),
    *("rootpw", "userpw", "mnemonic", "crumb", "verifier"),
)
KINDS: Final = frozenset({*_WORDS.values(), *_LAST_WORDS.values(), "cookie"})


def may_name_a_secret(text: str) -> bool:
    """A cheap look: False means that no name in `text` is a secret's."""
    low = text.lower()
    for stem in STEMS:  # noqa: SIM110 - `any` takes three times as long, and each name of a line is asked about
        if stem in low:
            return True
    return False


@lru_cache(maxsize=2048)
def secret_kind(name: str) -> str | None:
    """What a name says that its value is, decided by its parts (`_`, `-`, `.`, camelCase), never by a substring."""
    if not may_name_a_secret(name) or name == "PWD" or name.rpartition(".")[2] in _FILES:
        return None
    words = [word.lower() for word in compiled("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT:
        return None
    if words[-1] in _LAST_WORDS and (len(words) > 1 or words[-1] not in ("pat", "crumb", "verifier")):
        return _LAST_WORDS[words[-1]]
    if any(second == "key" and first in _KEYS_OF for first, second in pairwise(words)):
        return "key"
    return next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)


def secret_named(name: str) -> bool:
    return secret_kind(name) is not None


def is_worth_masking(value: str) -> bool:
    """Long enough and special enough: masking every number and every word would spoil clean lines."""
    is_number = value.replace(".", "", 1).lstrip("-").isdigit()
    is_word = value.isalpha() and value.islower()
    return len(value) >= 8 and not is_number and not is_word


_NO_VALUES: Final = _set(
    "true false null none nil undefined yes no on off str string int integer bytes bool boolean float number any "
    "object type unset set empty required optional missing expired invalid incorrect wrong rejected refused needed a "
    "an the is are was be to of for in on if it its this that your our must not and or with from by as at used using "
    "enter see when which who may can has have expected got should cannot "
    "return throw yield await new function func fn def async lambda match self"
)
# Shell's, SQL's and templates' variables, formats, YAML's tags and signs, numbers with dots, files named relatively.
_PLACEHOLDER: Final = (
    r"\$[A-Z_][A-Z0-9_]*|\$[a-z0-9_]{1,32}|\$\{[A-Za-z_][\w.]*\}|\$?\{\{.*|\{[A-Za-z_][\w.!]*:?\}?|\{\}|:[a-z_]+"
    r"|%[-+0-9.]{0,6}[a-z]|%\([^()]*\)[sdr]|<[A-Za-z][A-Za-z _:.-]*>?|\$\(.*|[*.xX\u2022\u2026?_-]+|[(\[{<|]+"
    r"|[|>][-+0-9]{0,3}|![A-Za-z!]*|\([\w.:]*\(?|\(\.[*+]\??\)|[0-9]+(?:\.[0-9]+){2,}|"
    r"\[[A-Za-z ]{3,20}\]?|[\w-]{0,12}(?:\.\.\.|\u2026)|(?:\.{1,2}|~)/[\w./-]*"
    r"|(?:[^A-Za-z0-9]{0,8}(?:%[sdr]|\{[A-Za-z0-9_.!:]*\}))++[^A-Za-z0-9]*"
)
_ARGUMENTS: Final = r"[\w.\"'=*, ()\[\]{}:&?!;-]*"
_CALL: Final = (
    r"(?:[A-Za-z_]{3}[\w.]*+|[A-Za-z_]\w*(?:\.\w+)++)"
    rf"(?:<[\w\[\], |&.:']{{0,64}}>)?(?:\(|\[(?!REDACTED:)|::){_ARGUMENTS}"
)
_TYPE: Final = r"&?'?[A-Za-z_][\w:]*<[\w&', :<>]{1,64}>?"
_CHOICE: Final = r"[A-Za-z_$][\w$.]*(?:\|\||&&|\?\?).*"
_NAME: Final = r"&?[A-Za-z_]\w*(?:(?:\.|->)[A-Za-z_]\w*)*"
_ROOTS: Final = _set(
    "self cls this os args opts options config cfg settings env process ctx context request req var vars local module "
    "data each input inputs github props params state event document window secrets"
)


def is_plain(value: str, kind: str) -> bool:
    """A value that hides nothing whatever its name: a placeholder, a small number, a word of prose."""
    if value.isdigit():
        return len(value) <= (3 if kind == "password" else 6)
    if (value.isupper() or kind == "url") and secret_named(value):
        return True
    return value.lower().lstrip("&*") in _NO_VALUES or compiled(_PLACEHOLDER, re.DOTALL).fullmatch(value) is not None


def is_random(value: str) -> bool:
    """Drawn rather than written: long, of letters and figures, and no address, path or call."""
    has_figure = any(c.isdigit() for c in value)
    has_letter = any(c.isalpha() for c in value)
    return (
        len(value) >= 8 and has_figure and has_letter and compiled(r"[^\s/\\(){}<>\[\]]+").fullmatch(value) is not None
    )


def is_prose(word: str, kind: str, sep: str) -> bool:
    """A word that describes: `auth=basic`, `token: refreshed`, `--token TOKEN`. A password may be any word."""
    if sep == " " and compiled("[A-Z][A-Z_]*").fullmatch(word):
        return True
    is_word = word.isalpha() and word.islower() and len(word) <= 12
    return is_word and (kind == "auth" or (kind != "password" and sep in " :"))


def is_code(value: str, key: str, *, is_pair: bool) -> bool:
    """Source text that refers to a secret and holds none: `token=self.token`, `password: Optional[str]`.

    `is_pair` (`name: value`) doubts more: there a snake_case word is more often a value than a variable.
    """
    if any(compiled(pattern, re.DOTALL).fullmatch(value) for pattern in (_CALL, _TYPE, _CHOICE)):
        return True
    if not compiled(_NAME).fullmatch(value):
        return False
    parts = value.lstrip("&").replace("->", ".").split(".")
    if len(parts) > 1:
        return parts[0] in _ROOTS or any(map(_is_about_a_secret, parts))
    is_camel = value.isalpha() and not value.islower() and not value.isupper()
    return value == key or ((is_camel or not is_pair) and may_name_a_secret(value) and _is_about_a_secret(value))


def is_expression(word: str) -> bool:
    """What stands behind ` = ` in source text: a name without figures, so that no key is one, or a bracket."""
    if word[:1] in ("(", "["):
        return compiled(_ARGUMENTS).fullmatch(word) is not None
    return word.isascii() and word.replace("_", "").replace(".", "").isalpha()


def _is_about_a_secret(name: str) -> bool:
    return secret_named(name) or secret_named(compiled("[A-Z][a-z]+$").sub("", name))

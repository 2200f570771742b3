"""What a secret looks like, as tables: token shapes, the words of secret names, values that are none.

Does not search a text and masks nothing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple


class TokenRule(NamedTuple):
    """A text that has one of `prefixes` is searched for `pattern`; group 1, if there is one, is the secret.

    Only the last quantifier of a pattern is unbounded or it is possessive: a hostile line costs linear time.
    """

    kind: str
    prefixes: tuple[str, ...]
    pattern: str


compiled: Final = cache(re.compile)

_BASE62: Final = "[A-Za-z0-9]"
_WORD: Final = "[A-Za-z0-9_-]"
_HEX: Final = "[0-9a-f]"
# Not inside another word; an escaped line break (`\n` as two characters) ends a word as a real one does.
_EDGE: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
# For prefixes that are also words: a key has figures and capitals, a slug has not.
_MIXED: Final = "(?=[A-Za-z0-9_-]{0,63}[0-9])(?=[A-Za-z0-9_-]{0,63}[A-Z])"
_KEY_LABEL: Final = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_KEY_GAP: Final = r"(?:\\[nrt]|[\s\"'+,|>\\])*+"


def _open(kind: str, *prefixes: str, of: str = _BASE62, least: int, edge: str = "") -> TokenRule:
    heads = "|".join(prefix.replace(".", r"\.") for prefix in prefixes)
    return TokenRule(kind, prefixes, f"{edge}(?:{heads}){of}{{{least},}}")


# Narrow before wide: the first rule that matches names the kind.
TOKENS: Final[tuple[TokenRule, ...]] = (
    TokenRule(
        "pem",
        ("PRIVATE KEY",),
        rf"-----BEGIN {_KEY_LABEL}{_KEY_GAP}(?=[A-Za-z0-9+/]{{16}}|[A-Z][A-Za-z-]{{2,20}}: )"
        rf"(?:[^-]*+(?:-(?!----)[^-]*+)*+-----END {_KEY_LABEL}|(?:\\[nrt]|[A-Za-z0-9+/=\s\"',:|>\\])*+)",
    ),
    _open("aws", "AKIA", "ASIA", "ABIA", "ACCA", of="[A-Z0-9]", least=12, edge="(?<![A-Z0-9])"),
    _open("github", "github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", of="[A-Za-z0-9_]", least=20),
    _open("gitlab", "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", of=_WORD, least=16, edge=_EDGE),
    _open("slack", *(f"xox{letter}-" for letter in "abeoprs"), "xapp-", of="[A-Za-z0-9-]", least=10, edge=_EDGE),
    TokenRule("slack", ("hooks.slack.com/",), r"hooks\.slack\.com/[a-z]{1,16}/([A-Za-z0-9/_-]{16,})"),
    TokenRule("discord", ("api/webhooks/",), r"api/webhooks/([0-9]{10,24}/[A-Za-z0-9_-]{16,})"),
    _open("stripe", "sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_", least=12),
    _open("anthropic", "sk-ant-", of=_WORD, least=16, edge=_EDGE),
    _open("openrouter", "sk-or-", of=_WORD, least=24, edge=_EDGE),
    TokenRule("openai", ("sk-",), rf"{_EDGE}sk-(?:(?:proj|svcacct|admin)-{_WORD}{{20,}}|{_MIXED}{_WORD}{{20,}})"),
    _open("deepseek", "sk-", of=_HEX, least=32, edge=_EDGE),
    _open("google", "AIza", of=_WORD, least=30),
    _open("google", "ya29.", "GOCSPX-", of=_WORD, least=20, edge=_EDGE),
    _open("npm", "npm_", least=30),
    TokenRule("pypi", ("pypi-",), rf"{_EDGE}pypi-{_MIXED}{_WORD}{{32,}}"),
    _open("huggingface", "hf_", least=24, edge=_EDGE),
    TokenRule("sendgrid", ("SG.",), rf"SG\.{_WORD}{{16,128}}\.{_WORD}{{8,}}"),
    _open("twilio", "SK", of=_HEX, least=32, edge="(?<![A-Z0-9])"),
    _open("digitalocean", "dop_v1_", "doo_v1_", "dor_v1_", of=_HEX, least=32),
    _open("databricks", "dapi", of=_HEX, least=30),
    _open("shopify", "shpat_", "shpca_", "shppa_", "shpss_", of="[0-9a-fA-F]", least=24),
    _open("linear", "lin_api_", least=24),
    _open("notion", "ntn_", least=24, edge=_EDGE),
    _open("vault", "hvs.", "hvb.", "hvr.", of=_WORD, least=20, edge=_EDGE),
    _open("grafana", "glsa_", "glc_", of="[A-Za-z0-9_+/=]", least=30, edge=_EDGE),
    _open("groq", "gsk_", least=30, edge=_EDGE),
    _open("xai", "xai-", least=30, edge=_EDGE),
    _open("replicate", "r8_", least=30, edge=_EDGE),
    _open("docker", "dckr_pat_", "dckr_oat_", of=_WORD, least=20),
    _open("tailscale", "tskey-", of="[A-Za-z0-9-]", least=16),
    _open("age", "AGE-SECRET-KEY-", of="[A-Z0-9]", least=20),
    TokenRule("telegram", (":AA",), rf"(?<![0-9])[0-9]{{8,10}}:AA{_WORD}{{30,}}"),
    TokenRule("azure", ("sig=",), r"(?<![A-Za-z0-9])sig=([A-Za-z0-9%/+=_-]{20,})"),
    TokenRule("azure", ("Key=",), r"(?:Account|SharedAccess)Key=([A-Za-z0-9%/+=_-]{20,})"),
    TokenRule("jwt", ("eyJ",), rf"{_EDGE}eyJ{_WORD}{{10,512}}\.{_WORD}{{10,}}+(?:\.{_WORD}*+)?"),
    TokenRule("url", ("://",), r"://[^\s/:@\"'<>]{0,128}:([^\s/\"'<>]{1,4096})@"),
    TokenRule(
        "bearer",
        ("earer ", "EARER "),
        r"(?i:bearer)[ \t]{1,4}((?=[^\s]{0,63}[0-9])[A-Za-z0-9._~+/=-]{16,})",
    ),
)
PREFIXES: Final = tuple((prefix, rule) for rule in TOKENS for prefix in rule.prefixes)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("token", "jwt", "bearer", "authtoken", "accesstoken", "refreshtoken", "apitoken"), "token"),
    **dict.fromkeys(("password", "passwd", "passphrase", "passcode", "pwd"), "password"),
    **dict.fromkeys(("pgpassword", "sshpass", "dbpass", "dbpassword", "userpassword"), "password"),
    **dict.fromkeys(("secret", "clientsecret", "apisecret", "credential", "credentials", "creds"), "secret"),
    **dict.fromkeys(("apikey", "secretkey", "privatekey", "accesskey", "accountkey"), "key"),
}
# Secret only as the last word: SSH_AUTH_SOCK and auth_method are none, NPM_AUTH is.
_LAST_WORDS: Final[Mapping[str, str]] = {"auth": "auth", "authorization": "auth", "pass": "password"}
_KEYS_OF: Final = _set(
    "api private access secret signing encryption master auth account storage service client admin deploy session "
    "webhook shared subscription openai anthropic stripe gemini sendgrid mailgun twilio mistral groq datadog"
)
# A name that ends so is about a secret, and is none: token_count, secret_name, password_file.
_ABOUT: Final = _set(
    "count counts total limit length len size bytes bits file files path paths dir folder url uri endpoint host type "
    "types kind name names id ids ttl lifetime expiry expires expiration at age field fields policy prefix suffix min "
    "max budget usage used index idx sock socket method mode enabled disabled required provider class format pattern "
    "regex re version rotation scope scopes issuer audience status state error errors service server header headers "
    "column table hint label ref reference arn env var words rules line position manager mgr store helper test tests"
)
_STEMS: Final = ("token", "jwt", "bearer", "pass", "pwd", "secret", "cred", "key", "auth", "cookie")
KINDS: Final = frozenset({rule.kind for rule in TOKENS} | {*_WORDS.values(), *_LAST_WORDS.values(), "cookie", "known"})


def may_name_a_secret(text: str) -> bool:
    """A cheap look: False means that no name in `text` is a secret's."""
    low = text.lower()
    return any(stem in low for stem in _STEMS)


@lru_cache(maxsize=256)
def secret_kind(name: str) -> str | None:
    """What a name says that its value is, decided by its parts (`_`, `-`, `.`, camelCase), never by a substring."""
    if not may_name_a_secret(name) or name == "PWD":
        return None
    words = [word.lower() for word in compiled("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT:
        return None
    if words[-1] in _LAST_WORDS:
        return _LAST_WORDS[words[-1]]
    if any(second == "key" and first in _KEYS_OF for first, second in pairwise(words)):
        return "key"
    return next((_WORDS[word] for word in reversed(words) if word in _WORDS), None)


def secret_named(name: str) -> bool:
    return secret_kind(name) is not None


def known_from_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The values of an environment that are worth masking wherever they appear."""
    return {name: value for name, value in env.items() if is_worth_masking(value) and secret_named(name)}


def is_worth_masking(value: str) -> bool:
    """Long enough and special enough: masking every number and every word would spoil clean lines."""
    is_number = value.replace(".", "", 1).lstrip("-").isdigit()
    is_word = value.isalpha() and value.islower()
    return len(value) >= 8 and not is_number and not is_word


_NO_VALUES: Final = _set(
    "true false null none nil undefined yes no on off str string int integer bytes bool boolean float number any "
    "object type unset set empty required optional missing expired invalid incorrect wrong rejected refused needed a "
    "an the is are was be to of for in on if it its this that your our must not and or with from by as at used using "
    "enter see when which who may can has have"
)
_PLACEHOLDER: Final = (
    r"\$[A-Z_][A-Z0-9_]*|\$\{[A-Za-z_][\w.]*\}|\$?\{\{.*|\{[A-Za-z_][\w.!:]*\}|\{\}|%[sdr]|%\([^()]*\)[sdr]|"
    r"<[A-Za-z][A-Za-z _:.-]*>|\$\(.*|[*.xX\u2022\u2026?_-]+|[(\[{<|]+"
    r"|(?:[^A-Za-z0-9]{0,8}(?:%[sdr]|\{[A-Za-z0-9_.!:]*\}))++[^A-Za-z0-9]*"
)
_ARGUMENTS: Final = r"[\w.\"'=*, ()\[\]{}:&-]*"
_CALL: Final = rf"[A-Za-z_]{{3}}[\w.]*+(?:\(|\[(?!REDACTED:)|::){_ARGUMENTS}"
_NAME: Final = r"&?[A-Za-z_]\w*(?:(?:\.|->)[A-Za-z_]\w*)*"
_ROOTS: Final = _set("self cls this os args opts options config cfg settings env process ctx request")


def is_plain(value: str, kind: str) -> bool:
    """A value that hides nothing whatever its name: a placeholder, a small number, a word of prose."""
    if value.isdigit():
        return len(value) <= (3 if kind == "password" else 6)
    return value.lower() in _NO_VALUES or compiled(_PLACEHOLDER, re.DOTALL).fullmatch(value) is not None


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
    if compiled(_CALL).fullmatch(value):
        return True
    if not compiled(_NAME).fullmatch(value):
        return False
    parts = value.lstrip("&").replace("->", ".").split(".")
    if len(parts) > 1:
        return secret_named(parts[-1]) or parts[0] in _ROOTS
    is_camel = value.isalpha() and not value.islower() and not value.isupper()
    return value == key or ((is_camel or not is_pair) and may_name_a_secret(value) and _is_about_a_secret(value))


def is_expression(word: str) -> bool:
    """What stands behind ` = ` in source text: a name without figures, so that no key is one, or a bracket."""
    if word[:1] in ("(", "["):
        return compiled(_ARGUMENTS).fullmatch(word) is not None
    return word.isascii() and word.replace("_", "").replace(".", "").isalpha()


def _is_about_a_secret(name: str) -> bool:
    return secret_named(name) or secret_named(compiled("[A-Z][a-z]+$").sub("", name))


def home_shapes(home: str) -> Iterator[tuple[str, str]]:
    """Texts to look for first, and the pattern that finds them as whole path components."""
    if not home.startswith("/") or len(home) < 3:
        return
    before, after = r"(?:(?<![A-Za-z0-9_.~])|(?<=\\[nrt])|(?<=-[ILF]))", r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
    for slash in ("/", "\\/"):
        shape = home.replace("/", slash)
        yield shape, before + re.escape(shape) + after
    for slash in ("%2F", "%2f"):
        shape = home.replace("/", slash)
        yield shape, rf"(?:(?<![A-Za-z0-9_.~])|(?<=%[0-9A-Fa-f][0-9A-Fa-f])){re.escape(shape)}{after}"
    # A folder named after a path. `-root` alone may be an option's name, so a short one needs its slash.
    slug = re.sub("[^A-Za-z0-9]", "-", home)
    edge = r"(?<![A-Za-z0-9_.~-])" if home.count("/") > 1 else "(?<=/)"
    yield slug, edge + re.escape(slug) + r"(?![A-Za-z0-9_])"


def forms_of(secret: str) -> Iterator[str]:
    """A known value as it may be written: as it is, in JSON, in a URL, inside a base64 text."""
    from binascii import b2a_base64
    from json.encoder import encode_basestring, encode_basestring_ascii

    yield secret
    yield encode_basestring(secret)[1:-1]
    yield encode_basestring_ascii(secret)[1:-1]
    raw = secret.encode("utf-8", "replace")
    for safe in ("-._~", "-._~/"):
        quoted = "".join(chr(b) if (b < 128 and chr(b).isalnum()) or chr(b) in safe else f"%{b:02X}" for b in raw)
        yield from (quoted, quoted.replace("%20", "+"), compiled("%..").sub(lambda m: m[0].lower(), quoted))
    # Neighbouring bytes decide the first and last characters of a base64 text: what stands between is sure.
    for offset, skipped in enumerate((0, 2, 3)):
        sure = b2a_base64(bytes(offset) + raw).decode()[skipped : (offset + len(raw)) * 8 // 6]
        yield from (sure, sure.replace("+", "-").replace("/", "_"))

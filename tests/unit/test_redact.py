"""The redactor's promises. Every secret in here is drawn from a seeded generator; none is written down."""

import base64
import json
import random
import re
import string
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.journal import formats, redact, rules
from board.journal.redact import Redactor, known_from_environment, secret_named

WORD = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
MARK = re.compile(r"\[REDACTED:[a-z]+:[0-9a-f]{8}\]")


def draw(seed: object, length: int, alphabet: str = WORD) -> str:
    """Random text that has at least a capital, a small letter and a figure when the alphabet has them."""
    dice = random.Random(str(seed))
    while True:
        text = "".join(dice.choice(alphabet) for _ in range(length))
        if alphabet != WORD or all(any(c in part for c in text) for part in _PARTS):
            return text


_PARTS = (string.ascii_uppercase, string.ascii_lowercase, string.digits)


def a_redactor(**changed: Any) -> Redactor:
    given_: dict[str, Any] = {"home": "/home/dev", "user": "dev", "host": "devbox", "key": b"k" * 32, "known": {}}
    return Redactor(**(given_ | changed))


REDACT = a_redactor()

TOKENS: dict[str, Callable[[object], str]] = {
    "aws": lambda n: "AKIA" + draw(n, 16, string.ascii_uppercase + string.digits),
    "aws session": lambda n: "ASIA" + draw(n, 16, string.ascii_uppercase + string.digits),
    **{f"gh{x}_": lambda n, x=x: f"gh{x}_" + draw(n, 36) for x in "pousr"},
    "github fine": lambda n: "github_pat_" + draw(n, 22) + "_" + draw(n, 59),
    "gitlab": lambda n: "glpat-" + draw(n, 20),
    "slack": lambda n: "xoxb-" + draw(n, 11, string.digits) + "-" + draw(n, 24),
    "slack hook": lambda n: "hooks.slack.com/services/T" + draw(n, 8) + "/B" + draw(n, 8) + "/" + draw(n, 24),
    "stripe": lambda n: "sk_live_" + draw(n, 24),
    "stripe restricted": lambda n: "rk_live_" + draw(n, 24),
    "openai": lambda n: "sk-" + draw(n, 48),
    "openai project": lambda n: "sk-proj-" + draw(n, 64),
    "anthropic": lambda n: "sk-ant-api03-" + draw(n, 93),
    "google": lambda n: "AIza" + draw(n, 35),
    "npm": lambda n: "npm_" + draw(n, 36),
    "pypi": lambda n: "pypi-" + draw(n, 80),
    "hugging face": lambda n: "hf_" + draw(n, 34),
    "sendgrid": lambda n: "SG." + draw(n, 22) + "." + draw(n, 43),
    "twilio": lambda n: "SK" + draw(n, 32, HEX),
    "digitalocean": lambda n: "dop_v1_" + draw(n, 64, HEX),
    "databricks": lambda n: "dapi" + draw(n, 32, HEX),
    "shopify": lambda n: "shpat_" + draw(n, 32, HEX),
    "telegram": lambda n: draw(n, 9, "123456789") + ":AA" + draw(n, 33),
    "jwt": lambda n: "eyJ" + draw(n, 20) + ".eyJ" + draw(n, 40) + "." + draw(n, 43),
    "vault": lambda n: "hvs." + draw(n, 24),
    "azure": lambda n: "AccountKey=" + draw(n, 86) + "==",
    "url": lambda n: "postgres://app:" + draw(n, 12) + "@db.internal:5432/x",
    "bearer": lambda n: "Bearer " + draw(n, 32),
}

AROUND = (
    "{}",
    "used {} to log in",
    '{{"x": "{}"}}',
    "x='{}'",
    "https://api.test/v1?q={}&z=1",
    "first\\n{}\\nsecond",
    "\x1b[31m{}\x1b[0m",
    "[{}]",
    "a,{},b",
    "\tat {}: refused",
)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", TOKENS)
def test_token_shapes(name: str, around: str) -> None:
    """A token of a known shape is masked wherever it stands, and what stands around it is kept.

    Mutants seen red: a rule whose tail is exact (`{16}`), one without the escaped-newline edge, stripping skipped.
    """
    for seed in range(5):
        token = TOKENS[name](f"{name}{seed}")
        out = REDACT.text(around.format(token))
        longest = max(re.findall("[A-Za-z0-9]{8,}", token), key=len)
        assert longest not in out
        assert MARK.search(out)
        outside = around.replace("\x1b[31m", "").replace("\x1b[0m", "").format("|").split("|")
        assert out.startswith(outside[0])
        if name != "azure":  # a pair's value goes on behind a mark, so that nothing can hide there
            assert out.endswith(outside[1])


def test_a_longer_token_leaves_no_tail() -> None:
    """Formats grow: what follows a known prefix is masked to its end."""
    token = TOKENS["ghp_"](1) + draw("tail", 200)
    assert re.fullmatch(MARK, REDACT.text(token))


def test_a_private_key_is_masked_with_all_its_lines() -> None:
    """A PEM block goes as a whole: with real or escaped line breaks, in a diff, and when its end is missing."""
    body = [draw(i, 64, WORD + "+/") for i in range(8)]
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    for glue, tail in (("\n", end), ("\\n", end), ("\r\n", end), ("\n+", end), ("\n", "")):
        out = REDACT.text("before\n" + glue.join([begin, *body, tail]) + "\n(after)")
        assert not any(line[:16] in out for line in body)
        assert out.startswith("before\n[REDACTED:pem:")
        assert out.endswith("(after)")


SECRET_NAMES = (
    "token",
    "API_TOKEN",
    "githubToken",
    "client-secret",
    "DB_PASSWORD",
    "passwd",
    "Pwd",
    "apikey",
    "API_KEY",
    "apiKey",
    "x-api-key",
    "privateKey",
    "aws_secret_access_key",
    "credentials",
    "NPM_AUTH",
    "_authToken",
    "sessioN_TOKEN",
    "smtp.pass",
    "SECRET_KEY_BASE",
    "TOKEN_2",
)
OPEN_NAMES = (
    "tokenizer",
    "author",
    "monkey",
    "max_tokens",
    "token_count",
    "keyboard",
    "compass",
    "passenger",
    "key",
    "SSH_AUTH_SOCK",
    "PWD",
    "OLDPWD",
    "secret_name",
    "password_file",
    "tokens",
    "authority",
    "bypass",
    "public_key",
    "primaryKeyboard",
)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_that_announce_a_secret(name: str) -> None:
    """A name is secret by one of its parts, in every way of writing names."""
    assert secret_named(name)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_names_that_only_contain_such_a_word(name: str) -> None:
    """A substring makes no secret. Mutant seen red: `any(word in name.lower() for word in WORDS)`."""
    assert not secret_named(name)
    assert REDACT.text(f"{name}=x7Gq2pLm") == f"{name}=x7Gq2pLm"


FORMS = (
    "{k}={v}",
    "export {k}={v}",
    "{k}='{v}'",
    '{k}="{v}" ./run',
    '{{"{k}": "{v}", "n": 1}}',
    '{{"{k}":"{v}"}}',
    '"{{\\"{k}\\":\\"{v}\\"}}"',
    "{k}: {v}",
    "  - {k}: {v}",
    "{k}: '{v}'",
    "curl --{k} {v} x",
    "curl --{k}={v} x",
    'curl --{k} "{v}" x',
    "{k}: {v}\r\nHost: x",
    "GET /?a=1&{k}={v}&b=2",
    "{k} = {v}",
    '{k} := "{v}"',
    ":{k} => '{v}'",
    'config["{k}"] = "{v}"',
    '{k}: str = "{v}"',
    "Server=x;{k}={v};Port=1",
    "call({k}={v})",
    "first\\n{k}={v}\\nlast",
)


@pytest.mark.parametrize("form", FORMS)
def test_pairs_in_every_way_of_writing_them(form: str) -> None:
    """The value that a secret's name announces is masked; the name stays, and so does what comes after.

    Mutants seen red: no flag form, no escaped quotes, an unquoted value that ends at no `&`.
    """
    for i, name in enumerate(("password", "API_KEY", "clientSecret")):
        value = draw((form, i), 14)
        out = REDACT.text(form.format(k=name, v=value))
        assert value not in out
        assert name in out
        assert len(MARK.findall(out)) == 1
        assert re.sub(r"\[REDACTED.*?\]", "", out).rstrip() == form.replace("\r", "").format(k=name, v="").rstrip()


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "token", "bearer"])
def test_authorization_headers(scheme: str) -> None:
    """A header's credential goes and its scheme stays, also in a command's quotes and when it is short."""
    for value in (draw(scheme, 40), draw(scheme, 9)):
        for form in ("Authorization: {} {}", "curl -H 'authorization: {} {}' x", '{{"Authorization": "{} {}"}}'):
            out = REDACT.text(form.format(scheme, value))
            assert value not in out
            assert scheme in out


def test_a_password_of_any_characters_leaves_nothing() -> None:
    """Between quotes every character of a value belongs to it, also an escaped quote."""
    dice = random.Random(7)
    for _ in range(300):
        value = draw(dice.random(), 6) + "".join(dice.choice(string.punctuation + " ") for _ in range(6)) + "Q9z"
        out = REDACT.text(json.dumps({"password": value, "n": 1}))
        assert re.fullmatch(r'\{"password": "\[REDACTED:[a-z]+:[0-9a-f]{8}\]", "n": 1\}', out), value


@pytest.mark.parametrize("form", ["{k}={v}", "export {k}={v}", "{k}={v} ./run"])
def test_a_shell_word_is_one_value(form: str) -> None:
    """What stands first in a line as `NAME=word` is masked up to the word's end, whatever is in it.

    Mutant seen red: the shell's word ends at `;` as a query's value does.
    """
    for i in range(50):
        value = "".join(random.Random(i).choices(WORD + "!@#$%^*_+.,:;&?/~()[]{}<>|", k=16)) + ";Ab1="
        out = REDACT.text(form.format(k="DB_PASSWORD", v=value))
        assert re.sub(MARK, "", out) == form.format(k="DB_PASSWORD", v="")


CLEAN = (
    "max_tokens=4096 token_count: 5 tokenizer=x author=Ann monkey=1",
    'claim: {by: supervisor@elsewhere, token: 3, at: "2026-11-20T10:00:00Z"}',
    "commit 3f2a9c1d5e7b8a9c0d1e2f3a4b5c6d7e8f9a0b1c",
    "Author: Ann Author <ann@example.com>",
    "Date:   Fri Nov 20 10:00:00 2026 +0000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "def login(user: str, password: str, token: str | None = None) -> bool:",
    "    self.token = token",
    "    return connect(password=self.password, auth=auth, token=get_token(user))",
    'os.environ["API_TOKEN"]',
    "password = getpass.getpass()",
    "export API_TOKEN=$OTHER_TOKEN  # or ${OTHER}",
    "--token TOKEN   the token to use",
    "usage: deploy [--password PASSWORD] [--auth METHOD]",
    "password: <your password>",
    "token: the number that rises with each grant",
    "Password: ",
    "if token == other or secret != None:",
    "run: npm run auth:login",
    "SSH_AUTH_SOCK=/tmp/agent.1 PWD=/srv/app",
    "https://example.com:8080/path@v1?x=1",
    "git@github.com:org/repo.git",
    "risk-assessment-of-the-whole-disk-subsystem-2",
    'if "-----BEGIN PRIVATE KEY-----" in text:',
    "const { token, secret } = props; // auth: none",
    "integrity sha512-" + base64.b64encode(bytes(range(64))).decode(),
    "Bearer authentication is used",
)


@pytest.mark.parametrize("line", CLEAN)
def test_clean_lines_stay_as_they_are(line: str) -> None:
    """Hashes, ids, source text and prose without a secret are not altered by a character."""
    assert REDACT.text(line) == line


def test_clean_source_stays_as_it_is() -> None:
    """The standard library's own source passes with at most one altered line in a thousand."""
    altered = total = 0
    for name in ("argparse", "tokenize", "http.client", "json.decoder", "secrets", "keyword", "uuid", "hashlib"):
        file = sys.modules.get(name) or __import__(name, fromlist=["x"])
        lines = Path(file.__file__ or "").read_text(encoding="utf-8").split("\n")
        altered += sum(REDACT.text(line) != line for line in lines)
        total += len(lines)
    assert total > 5000
    assert altered <= total / 1000


def test_known_values_in_their_other_forms() -> None:
    """A value of the worker's own environment is found as it is and as JSON, URL and base64 write it.

    Mutants seen red: one base64 offset instead of three, no URL form, no JSON form.
    """
    value = 'p"ä/' + draw("known", 12) + "+ %"
    redactor = a_redactor(known={"X": value})
    forms = [value, json.dumps(value), json.dumps(value, ensure_ascii=False), urllib.parse.quote(value, safe="")]
    forms += [urllib.parse.quote(value), urllib.parse.quote_plus(value)]
    for before in ("", "a", "ab", "abc"):
        raw = (before + value + "xyz").encode()
        forms += [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    for form in forms:
        out = redactor.text(f"see {form} there")
        assert "[REDACTED:known:" in out, form
        assert draw("known", 12) not in out
    assert len(set(re.findall("known:[0-9a-f]{8}", " ".join(map(redactor.text, forms))))) == 1


@pytest.mark.parametrize("value", ["short7", "1234567890", "12345.6789", "-123456789", "production", ""])
def test_known_values_that_would_spoil_clean_lines_are_left(value: str) -> None:
    """Short values, numbers and single small words are no needles."""
    assert a_redactor(known={"X": value}).text(f"see {value} there") == f"see {value} there"


def test_known_lines_of_a_value_of_many_lines() -> None:
    """Each line of a known value is masked where it stands alone."""
    lines = [draw(i, 20) for i in range(3)]
    out = a_redactor(known={"X": "\n".join(lines)}).text(f"a {lines[1]} b")
    assert lines[1] not in out


def test_what_is_known_from_an_environment() -> None:
    """Only values under secret names that are special enough are taken."""
    value = draw("env", 20)
    env = {"API_TOKEN": value, "DB_PASSWORD": "12345678", "PATH": "/usr/bin:/bin", "SSH_AUTH_SOCK": "/tmp/agent.12345"}
    assert known_from_environment(env) == {"API_TOKEN": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/dev/work", "~/work"),
        ("/home/dev", "~"),
        ("in /home/dev.", "in ~."),
        ("/home/developer", "/home/developer"),
        ("/home/dev-2/x /home/dev.bak", "/home/dev-2/x /home/dev.bak"),
        ("/mnt/home/dev/x", "/mnt/home/dev/x"),
        ("file:///home/dev/x", "file://~/x"),
        ("-I/home/dev/include", "-I~/include"),
        ("PATH=/home/dev/bin:/home/dev/.local/bin", "PATH=~/bin:~/.local/bin"),
        ("projects/-home-dev-work/1.jsonl", "projects/~-work/1.jsonl"),
        ("at-home-dev-work -home-developer", "at-home-dev-work -home-developer"),
        ("%2Fhome%2Fdev%2Fwork %2fhome%2fdev", "~%2Fwork ~"),
        (r"\/home\/dev\/x", r"~\/x"),
        (r"one\n/home/dev/x", r"one\n~/x"),
    ],
)
def test_home_by_whole_components(text: str, expected: str) -> None:
    """The home folder becomes `~` as whole path components. Mutant seen red: a plain `replace`."""
    assert REDACT.text(text) == expected


@pytest.mark.parametrize("home", ["", "/", "x"])
def test_a_home_that_is_none(home: str) -> None:
    """An unset home replaces nothing."""
    assert a_redactor(home=home).text("/a/x b") == "/a/x b"


def test_user_and_host_only_where_both_are_meant() -> None:
    """A user's and a host's name are ordinary words elsewhere."""
    assert REDACT.text("dev@devbox dev@devbox.lan: dev of devbox, dev@elsewhere supervisor@devbox") == (
        "user@host user@host.lan: dev of devbox, dev@elsewhere supervisor@host"
    )


@pytest.mark.parametrize(
    "hide",
    [
        lambda t: t[:6] + "\x1b[1m" + t[6:],
        lambda t: t[:6] + "\u200b" + t[6:],
        lambda t: t[:6] + "\u202e" + t[6:],
        lambda t: t[:6] + "\x00" + t[6:],
        lambda t: t[:6] + "\u00ad" + t[6:],
        lambda t: t[:6] + "x\b" + t[6:],
        lambda t: t[:6] + "xyz\b\b\b" + t[6:],
        lambda t: t[:6] + "\x1b]8;;http://x\x1b\\" + t[6:],
        lambda t: t[:6] + "\x9b1m" + t[6:],
        lambda t: "progress\r" + t,
        lambda t: t + "\rdone",
    ],
)
def test_what_a_terminal_hides_hides_no_secret(hide: Callable[[str], str]) -> None:
    """Escapes, characters of no width and overwritten text are gone before the search, and from what is kept."""
    token = TOKENS["ghp_"]("hidden")
    out = REDACT.text(hide(token))
    assert token[8:] not in out
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u202e]", out)


def test_a_mark_hides_nothing_behind_it() -> None:
    """Only an exact mark of ours is let stand. Mutant seen red: `value.startswith("[REDACTED:")` lets it pass."""
    secret = draw("behind", 16)
    for mark in ("[REDACTED:x:0123abcd]", "[REDACTED:token:0123abcd]", "[REDACTED:token:0123abcdef]", "[REDACTED:"):
        assert secret not in REDACT.text(f"password={mark}{secret}")
        assert secret not in REDACT.text(f'password="{mark}{secret}"')
    assert draw("kind", 12, HEX) not in REDACT.text(f"password=[REDACTED:{draw('kind', 12, HEX)}:0123abcd]")


def test_marks_tell_same_from_different_and_nothing_else() -> None:
    """The same value has the same mark on one installation and another one elsewhere."""
    one, two = TOKENS["ghp_"](1), TOKENS["ghp_"](2)
    other = a_redactor(key=b"o" * 32)
    assert REDACT.text(one) == REDACT.text(one) != REDACT.text(two)
    assert REDACT.text(one) != other.text(one)
    with pytest.raises(ValueError, match="key"):
        a_redactor(key=b"")


def test_a_failure_inside_lets_nothing_through() -> None:
    """Whatever breaks in the redactor, the text doesn't pass. Mutant seen red: `except Exception: return s`."""

    class Broken(dict[str, str]):
        def values(self) -> Any:
            raise RuntimeError(draw("broken", 20))

    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError(draw("broken", 20))

    assert a_redactor(known=Broken()).text(TOKENS["ghp_"](1)) == "[REDACTED:failed]"
    assert REDACT.value(Hostile()) == "[REDACTED:failed]"


def test_long_lines_are_cut_between_words() -> None:
    """No value is longer than 64 Ki characters, the cut is named, and no half token is left at it."""
    for shift in range(60):
        line = "a " * ((redact.LINE_LIMIT - 1100) // 2) + "b " * shift + TOKENS["ghp_"](shift) + " c" * 9000
        out = str(REDACT.value(line))
        assert len(out) <= redact.LINE_LIMIT
        assert out.endswith("[REDACTED:cut]")
        assert TOKENS["ghp_"](shift)[:12] not in out


def test_scalars() -> None:
    """Numbers, truth and absence pass as they are; no infinite number is written; other things pass as text."""
    token = TOKENS["ghp_"](1)
    assert [REDACT.value(x) for x in (None, True, 0, 2.5, "x")] == [None, True, 0, 2.5, "x"]
    assert REDACT.value(float("nan")) is None
    assert REDACT.value(float("inf")) is None
    assert token not in str(REDACT.value([token]))
    assert len(str(REDACT.value("a b\n" * 100_000))) <= redact.LINE_LIMIT


PIECES = st.sampled_from(
    [
        *(make(1) for make in TOKENS.values()),
        *SECRET_NAMES,
        *(
            "=",
            ": ",
            ":",
            '"',
            "'",
            "\\",
            "\\n",
            "\n",
            "\r",
            " ",
            "--",
            "[",
            "]",
            "]]",
            "(",
            "${",
            "`",
            "@",
            "&",
            ",",
            ";",
        ),
        *("/home/dev", "-home-dev", "%2Fhome%2Fdev", "dev@devbox", "[REDACTED:token:0123abcd]", "[REDACTED:", "cut]"),
        *("\x1b[", "\x1b]", "\x07", "\u200b", "\b", "Authorization: Bearer ", "Cookie: a=", "# ", "- ", "~", "x9"),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", draw("body", 40), draw("known", 12), "a" * 9),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join)
KNOWING = a_redactor(known={"X": draw("known", 12), "Y": "~/" + draw("y", 8), "Z": "REDACTED:token", "W": "token:01"})


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_twice_is_once(text: str) -> None:
    """Redacting what is redacted changes nothing, whatever the text. Mutant seen red: one round only."""
    for redactor in (REDACT, KNOWING):
        once = redactor.text(text)
        assert redactor.text(once) == once


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_a_known_value_never_survives(before: str, after: str) -> None:
    """Whatever stands around a known value, it is not in what is written."""
    assert draw("known", 12) not in KNOWING.text(f"{before} {draw('known', 12)} {after}")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Cs", "Mn"]), max_size=80))
def test_text_without_a_hint_is_kept(text: str) -> None:
    """What names nothing secret and hides nothing comes out as it went in."""
    if not rules.may_name_a_secret(text) and not re.search("[\u115f\u1160\u3164\uffa0]", text) and "://" not in text:
        assert REDACT.text(text) == text


def test_no_pattern_can_backtrack_far() -> None:
    """In every token pattern an unbounded quantifier is possessive or is the last one, and none stands in another.

    So a search looks at each character a bounded number of times. Mutant seen red: `eyJ{_WORD}{10,}\\.`.
    """
    for row in formats.FORMATS:
        tree = list(sys.modules["re"]._parser.parse(row.pattern))  # type: ignore[attr-defined]
        assert not _loose(tree, is_last=True), row


def _loose(tree: list[Any], *, is_last: bool) -> list[Any]:
    """The greedy quantifiers over 4096 that something may follow."""
    found: list[Any] = []
    for i, (kind, argument) in enumerate(tree):
        last = is_last and i == len(tree) - 1
        match str(kind):
            case "MAX_REPEAT" | "MIN_REPEAT" if argument[1] > 4096 and not last:
                found.append(argument)
            case "SUBPATTERN":
                found += _loose(list(argument[-1]), is_last=last)
            case "BRANCH":
                found += [x for way in argument[1] for x in _loose(list(way), is_last=last)]
    return found


HOSTILE = (
    *("eyJ", "-eyJ", "sk-", "sk-A1", "://a:b", "://", "AKIA", "SG.a", "1234567890:AA", "sig=", "hooks.slack.com/a"),
    *("\x1b[", "\x1b]8;;", "a\r", "a\b", "\u200b", "token=", "token='", 'token="<', 'token=\\"a', "tokenA", "A", "k_"),
    *("Authorization: Bearer ", "cookie: a", "--token ", "token ", "token        ", "token=&a", "token=a;b", "a.b="),
    *("/home/dev", "/home/dev/", "%2Fhome", "a@devbox", "[REDACTED:", '"', "\\", "token=\\", "\\ntoken=", "token=f'{"),
    *("token=%s{", "token=a.b.", "token=&" + "b" * 63, "-----BEGIN PRIVATE KEY-----" + "A" * 16, "bearer ", "token={"),
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_lines_cost_linear_time(unit: str) -> None:
    """Four times the line is at most about four times the work (processor time, best of three, much slack)."""
    small, large = (_cost((unit * 16_000)[:size] + "!") for size in (15_000, 60_000))
    assert large < 10 * small + 0.02
    assert _cost((unit * 100_000)[:100_000] + "!") < 1.0


def _cost(text: str) -> float:
    def once() -> float:
        start = time.process_time()
        REDACT.text(text)
        return time.process_time() - start

    return min(once() for _ in range(3))

"""Text of many lines: what belongs together is found however it was cut, and lines that are left out hold nothing."""

import base64
import hashlib
import html
import json
import random
import shlex
import string
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from board.journal.prefixes import likely, words_of
from board.journal.redact import Redactor, is_harmless
from board.journal.rules import is_worth_masking
from board.journal.sieve import Sieve
from board.journal.tokens import BY_PREFIX
from board.journal.visible import visible

WORD = string.ascii_letters + string.digits
KNOWN = "kN0wn" + "".join(random.Random("known").choices(WORD, k=14))


def a_redactor(**changed: Any) -> Redactor:
    given_: dict[str, Any] = {"home": "/home/dev", "user": "dev", "host": "devbox", "key": b"k" * 32, "known": {}}
    return Redactor(**(given_ | changed))


REDACT = a_redactor(known={"X": KNOWN})


def draw(seed: object, length: int, alphabet: str = WORD) -> str:
    return "".join(random.Random(str(seed)).choices(alphabet, k=length))


def fed(text: str, size: int, width: int | None = None) -> str:
    stream = REDACT.stream(width=width)
    return "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.close()


GITHUB = "ghp_" + draw("github", 36)
LONG = "sk-proj-" + draw("openai", 150)
BODY = [draw(i, 64, WORD + "+/") for i in range(12)] + [draw("end", 22) + "=="]
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
PEM = "\n".join((BEGIN, *BODY, END))


def is_gone(out: str, secret: str) -> bool:
    """No eight characters of it are left, also when what stands between lines is taken away."""
    bare = "".join(c for c in out if c.isalnum() or c in "+/_-")
    return not any(secret[i : i + 8] in bare for i in range(len(secret) - 7))


# --- whatever the pieces


LINES = st.sampled_from(
    [
        *("", "plain words", "x" * 20, "y" * 40, f"use {GITHUB} now", LONG[:20], LONG[20:40], "token=", f"key {KNOWN}"),
        *(BEGIN, END, *BODY[:4], BODY[-1], f"10:00 | {BODY[0]}", f"> {BODY[1]}", "Proc-Type: 4,ENCRYPTED", "=aB3d"),
        *("password: |", "  hunter2 of mine", "    deeper", "- name: DB_PASSWORD", "  value: hunter2x", "login ann"),
        *(
            "│ export A=" + GITHUB[:29] + " │",
            "│ " + GITHUB[29:] + "   │",
            "| " + LONG[:36] + " |",
            "| " + LONG[36:72] + " |",
        ),
        *("setenv API_TOKEN x7Gq2pLmA9", "your password is x7Gq2pLmA9 now", '["a", "--password", "x7Gq2pLmA9", "b"]'),
        *(
            "npm config set //r/:_authToken x7Gq2pLmA9",
            "gh secret set A_TOKEN --body x7Gq2pLmA9",
            "requirepass x7Gq2pLm",
        ),
        *(
            "<key>apiToken</key>",
            "<string>x7Gq2pLmA9</string>",
            "tokens:",
            "  - x7Gq2pLmA9",
            "h:5432:db:ann:x7Gq2pLmA9",
        ),
        *("echo x7Gq2 | sudo -S ls", 'form-data; name="password"', "curl -u ann:x7Gq2pLmA9 h", "TOKENS = ['x7Gq2pL1']"),
        *(
            "<password>x7Gq2pLmA9</password>",
            "one\\nglpat-" + draw("gitlab", 24),
            "Unseal Key 1: x7Gq2pLmA9",
            "$6$" + LONG,
        ),
        *(base64.b64encode(f"a long text and {GITHUB} in it".encode()).decode()[at:][:60] for at in (0, 60)),
        *(f"%67{GITHUB[1:]}", GITHUB.encode().hex()[:80], "postgres://ann:x7Gq2pLmA9@h/d", "Cookie: a=x7Gq2pLmA9"),
        *(
            "Private-Lines: 2",
            "password hunter2x",
            "\x1b[31mred\x1b[0m",
            "a\rb",
            "c\bd",
            "50%\r100%",
            "/home/dev/x",
            "é" * 20,
        ),
        *(
            '{"token": 1234567890}',
            '"token": 1234567890,',
            "\u200b",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
            "z" * 39,
        ),
    ]
)
PLACES = (
    *(
        "/home/dev",
        "\\/home\\/dev",
        "%2Fhome%2Fdev",
        "-home-dev",
        "/Users/dev",
        "C:\\Users\\dev",
        "USER=dev",
        "1(dev)",
        "dev",
    ),
    *(
        "/a/a-a",
        "-a-a-a",
        "/home/a-a",
        "USER=a-a",
        "HOST=a-a-box-7",
        "a-a",
        "-a",
        "@devbox",
        "HOST=devbox",
        "dev@devbox",
    ),
    *("a-a@a-a-box-7", "box-7", "-aaaa", "-aaaa-aaaa-aaaa", " ", ".", "=", "/", "x"),
)
TEXTS = st.lists(LINES, max_size=24).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))
)


CODED = base64.b64encode(f"a long text and {GITHUB} in it".encode()).decode()[:60]
REACHED_INTO = "\n".join(
    ["x" * 20, CODED, "red", base64.b64encode(hashlib.sha512(b"made up").digest()).decode()[:64], CODED, "", ""]
)


@settings(max_examples=400, deadline=None)
@example(REACHED_INTO, 1, 20, False)  # a wrapped line takes the first of a run of base64, which goes on behind it
@given(TEXTS, st.sampled_from([1, 2, 7, 40, 300]), st.sampled_from([None, 20, 40]), st.booleans())
def test_the_result_does_not_depend_on_the_pieces(text: str, size: int, width: int | None, ends: bool) -> None:
    """A text in any pieces comes out as the text at once.

    Mutants seen red: a line that may go on is given out at once; units are looked for in each piece alone.
    """
    text += "\n" if ends else ""
    assert fed(text, size, width) == fed(text, len(text) + 1, width)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_twice_is_once(text: str) -> None:
    """What is redacted stays as it is."""
    once = REDACT.text(text)
    assert REDACT.text(once) == once


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES | st.text(max_size=40), max_size=12))
def test_no_line_is_left_out_that_holds_a_secret(lines: list[str]) -> None:
    """The cheap look at many lines leaves out none that the close look at one would alter, with the extra or without.

    Mutants seen red: words of 40 characters instead of 12; no look at what is escaped.
    """
    for line in (visible(line) for line in lines):
        for sieve in sieves(REDACT):
            seen = REDACT.placed(line).replace("\n", " ")
            if REDACT.settled(seen) != seen:
                assert sieve.hot(f"before\n{seen}\nbehind"), seen


def sieves(redactor: Redactor) -> list[Sieve]:
    """With the extra and without."""
    found = [needle for needle, _ in redactor.needles()]
    return [Sieve(found, redactor.marks, None, fast=is_fast) for is_fast in (False, True)]


@settings(max_examples=200, deadline=None)
@example(".WEBHOOK.office.com/", "")
@given(st.text(WORD + " /+&'-_.#%", min_size=8, max_size=24).filter(is_worth_masking), st.text(WORD + " =", max_size=5))
def test_a_known_value_of_any_characters_is_found_in_a_long_text(value: str, before: str) -> None:
    """Also one that has no long word, wherever in a text it starts.

    Mutants seen red: what has no long word is looked for among the words; a gram of the first characters alone; a value
    that is a token's prefix is taken for nothing else.
    """
    redactor = a_redactor(known={"X": visible(value)})
    for sieve in sieves(redactor):
        assert sieve.hot(f"one\n{before}{value}x\ntwo") or not redactor.needles()


@pytest.mark.parametrize("prefix", BY_PREFIX)
def test_each_prefix_is_found_in_a_long_text(prefix: str) -> None:
    """At a line's start, in quotes, behind a written line end. Mutant seen red: a part with a line's end too many."""
    for around in ("{}", "a ('{}') b", "a\\n{}", "a?{}?b", "/{}", "a={},"):
        text = around.format(prefix + "x" * 20)
        assert prefix in {*likely(text, words_of(text))}, text


@pytest.mark.parametrize("shift", range(9))
def test_coded_text_is_found_wherever_it_starts(shift: int) -> None:
    """Mutants seen red: three of four places to start from; no look behind the first word that looks so."""
    secret = f"a long text and {GITHUB} in it"
    for coded in (base64.b64encode(secret.encode()).decode(), secret.encode().hex()):
        text = f"{'x' * shift} abcd/effedcba/abcdef/abcdef and {coded}, behind\n"
        for sieve in sieves(REDACT):
            assert sieve.hot(text) == [text.index(coded)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=8).map("".join))
def test_places_in_a_long_text_are_those_of_its_lines(line: str) -> None:
    """One search for all of them finds what a search for each finds.

    Mutants seen red: the longest needle at a place alone; those that begin in another's word left out.
    """
    many = "\n".join((line, *["plain words"] * 500, line))
    odd = a_redactor(home="/aaaa/aaaa-aaaa", user="aaaa-aaaa", host="aaaa-aaaa")
    for redactor in (REDACT, a_redactor(home="/a/a-a", user="a-a", host="a-a-box-7"), odd):
        once = redactor.placed(line)
        assert redactor.placed(many) == "\n".join((once, *["plain words"] * 500, once))


@settings(max_examples=400, deadline=None)
@given(LINES | st.lists(LINES, max_size=3).map(" ".join) | st.text(max_size=30))
def test_what_looks_harmless_is(line: str) -> None:
    """The short cut for usual values lets nothing pass. Mutant seen red: options are no sign of a command."""
    for part in (line, *line.split(), "7z x -p" + line[:11], "wget --user a:" + line[:9]):
        seen = REDACT.placed(visible(part.replace("\n", " ")))
        if is_harmless(seen):
            assert REDACT.settled(seen) == seen


# --- words that a terminal cut in two


def boxed(text: str, width: int, side: str) -> str:
    return "\n".join(f"{side} {text[at : at + width].ljust(width)} {side}" for at in range(0, len(text), width))


@pytest.mark.parametrize("width", [20, 40, 80, 133])
def test_a_token_that_was_wrapped_is_masked(width: int) -> None:
    """With the terminal's width a token is found over as many lines as it has, and the text around it stays.

    Mutant seen red: a unit of joined lines ends after two.
    """
    text = f"export OPENAI_API_KEY={LONG} and then the rest of it"
    wrapped = "\n".join(text[at : at + width] for at in range(0, len(text), width)) + "\nbehind\n"
    out = fed(wrapped, 1000, width)
    assert is_gone(out, LONG)
    assert out.startswith("export OPENAI_API_KEY=" if width > 22 else "export OPENAI_API_KE")
    assert out.replace("\n", "").endswith(" and then the rest of itbehind")
    assert is_gone(fed(wrapped.replace("\n", "\r\n"), 9, width), LONG)


def test_lines_that_only_happen_to_be_full_stay() -> None:
    """Full lines without a secret across their end are not altered."""
    text = "".join(random.Random(3).choices("abc def ghi", k=400))
    wrapped = "\n".join(text[at : at + 40] for at in range(0, 400, 40))
    assert fed(wrapped, 50, 40) == wrapped


@pytest.mark.parametrize("side", ["│", "┃", "║", "|"])
def test_a_token_that_a_box_cut_is_masked(side: str) -> None:
    """What a box's borders stand between is one word: its width is not asked. Mutant seen red: no look at borders."""
    for width in (30, 76):
        out = REDACT.text(f"{boxed(f'set {LONG} now', width, side)}\nplain {side} text\n")
        assert is_gone(out, LONG)
        assert f"{side} set [REDACTED:openai:" in out
        assert out.endswith(f"plain {side} text\n")
    table = f"{side} name {side} age {side}\n{side} ann  {side} 44  {side}\n"
    assert REDACT.text(table) == table


def test_a_known_value_and_a_named_one_are_masked_over_two_lines() -> None:
    """Not only tokens are joined."""
    for text, secret in ((f"see {KNOWN} there", KNOWN), (f"password={(value := draw('value', 20))} x", value)):
        wrapped = text[:14] + "\n" + text[14:]
        assert is_gone(fed(wrapped, 100, 14), secret)


# --- keys of many lines


@pytest.mark.parametrize(
    "dress",
    [
        "{}",
        "+{}",
        "> {}",
        "  {}",
        "10:00:01 | {}",
        '    "{}\\n"',
        "│ {} │",
        "\x1b[32m{}\x1b[0m",
        "{}\r",
    ],
)
@pytest.mark.parametrize("is_headless", [False, True])
def test_a_key_is_masked_in_every_dress_and_without_its_head(dress: str, is_headless: bool) -> None:
    """All lines of a private key go, also behind a log's prefix, in a diff, and when its beginning is missing.

    Mutant seen red: no search back from END.
    """
    lines = [*BODY[3:], END] if is_headless else [BEGIN, *BODY, END]
    out = REDACT.text("before it\n" + "\n".join(map(dress.format, lines)) + "\nbehind it\n")
    assert not any(is_gone(out, line) is False for line in BODY)
    assert out.startswith("before it\n")
    assert out.endswith("\nbehind it\n")


@pytest.mark.parametrize(
    "label",
    [
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "EC PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
        "AGE ENCRYPTED FILE",
    ],
)
def test_keys_of_all_kinds(label: str) -> None:
    """PKCS, OpenSSH, PGP with its headers, age, SSH2 with four dashes."""
    headers = ["Version: GnuPG v2", ""] if "PGP" in label else []
    for dash, blank in (("-----", ""), ("---- "[:4], " ")):
        block = [f"{dash}{blank}BEGIN {label}{blank}{dash}", *headers, *BODY, f"{dash}{blank}END {label}{blank}{dash}"]
        out = REDACT.text("a\n" + "\n".join(block) + "\nz")
        assert out.startswith("a\n[REDACTED:pem:")
        assert out.count("\n") == 2


def test_a_key_without_an_end_takes_only_its_own_lines() -> None:
    """Where END never comes, lines that look like the key's go and the others stay."""
    out = REDACT.text("\n".join((BEGIN, *BODY, "The end was lost.", "plain text")))
    assert not any(line[:12] in out for line in BODY)
    assert out.endswith("\nThe end was lost.\nplain text")


def test_puttys_private_lines() -> None:
    """As many lines as the file says."""
    text = "Public-Lines: 1\n" + BODY[0] + "\nPrivate-Lines: 2\n" + BODY[1] + "\n" + BODY[2] + "\nPrivate-MAC: 0a1b"
    out = REDACT.text(text)
    assert not is_gone(out, BODY[0])
    assert is_gone(out, BODY[1])
    assert is_gone(out, BODY[2])
    assert out.endswith("\nPrivate-MAC: 0a1b")


@pytest.mark.parametrize("glue", ["\\n", "\\r\\n", "\\\\n"])
def test_a_key_in_one_line_with_or_without_head(glue: str) -> None:
    """Line breaks may be written out; JSON around the key stays JSON."""
    for lines in ([BEGIN, *BODY, END], [*BODY[2:], END], [BEGIN, *BODY]):
        out = REDACT.text('{"key": "' + glue.join(lines) + '", "n": 1}')
        assert not any(line[:12] in out for line in BODY)
        assert out.endswith('", "n": 1}')


def test_public_things_that_look_like_keys_stay() -> None:
    """A certificate, a public key, base64 of many lines, and source text about keys are no secrets."""
    blocks = [
        "\n".join(("-----BEGIN CERTIFICATE-----", *BODY, "-----END CERTIFICATE-----")),
        "\n".join(("-----BEGIN PUBLIC KEY-----", *BODY, "-----END PUBLIC KEY-----")),
        "\n".join(BODY * 12),
        f'if "{BEGIN}" in text:\n    raise ValueError("{END}")\nreturn text',
    ]
    for block in blocks:
        assert REDACT.text(block) == block


# --- what another line announces


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("db:\n  password: |\n    {}\n    second\n  user: ann\n", "of many words 1"),
        ("secret: >-\n  {}\nnext: x\n", "hunter two 22"),
        ("env:\n- name: DB_PASSWORD\n  value: {}\n- name: LEVEL\n  value: info\n", "hunter2x"),
        ('{{\n  "name": "API_KEY",\n  "value": "{}"\n}}\n', "hunter2x"),
        ("machine h\n  login ann\n  password {}\n", "hunter2x"),
    ],
)
def test_a_line_may_announce_the_next(text: str, secret: str) -> None:
    """YAML blocks, name above value, netrc: the value goes and all else stays."""
    out = REDACT.text(text.format(secret))
    assert secret not in out
    assert "[REDACTED:" in out
    kept = [line for line in text.format("").split("\n") if line.strip() and "second" not in line]
    assert all(line.rstrip(' "') in out for line in kept)


# --- long lines, and time


def test_a_long_line_is_cut_where_no_secret_is_halved() -> None:
    """Whatever stands at the cut, no part of it is left, and what comes behind is kept."""
    for shift in range(0, 90, 3):
        head = "word " * ((64 * 1024 - 60) // 5) + "x" * shift
        out = REDACT.text(f"{head} {GITHUB} behind {GITHUB} more\nnext line")
        assert is_gone(out, GITHUB)
        assert out.endswith(" more\nnext line")


def test_a_long_json_line_stays_json() -> None:
    """Also where a value is longer than what is looked at at once."""
    record = {"a": "word " * 20_000, "token": GITHUB, "b": ["x y, z"] * 9000, "password": "p w " * 20_000, "c": 1}
    out = REDACT.text(json.dumps(record))
    assert is_gone(out, GITHUB)
    assert "p w p w p w p w" not in out
    assert json.loads(out).keys() == record.keys()


def test_a_word_without_end_is_left_out_behind_the_limit() -> None:
    """Half of a secret must not be looked at: a word that goes on behind 64 Ki characters is cut, and said so."""
    out = REDACT.text("data:" + "A" * 65_000 + GITHUB + "B" * 40_000 + " behind\nnext")
    assert is_gone(out, GITHUB)
    assert out.endswith("[REDACTED:cut] behind\nnext")


def test_memory_is_bounded_by_what_may_go_on() -> None:
    """Of an endless text nothing is held back but a few lines, of an endless line 64 Ki characters."""
    stream = REDACT.stream()
    given_out = 0
    for _ in range(200):
        given_out += len(stream.feed("plain text, and more of it\n" * 100))
    assert given_out >= 199 * 100 * 27
    assert len(stream.feed("a, " * 1_000_000)) >= 2_900_000


class Broken(Redactor):
    """A real redactor in which the look at a line fails."""

    def settled(self, s: str) -> str:
        raise RuntimeError(s)


def test_a_failure_lets_nothing_through() -> None:
    """What can't be looked at is not written. Mutant seen red: a stream that gives its piece back."""
    stream = Broken(home="", user="", host="", key=b"k", known={}).stream()
    out = stream.feed(f"use {GITHUB}\n") + stream.close()
    assert is_gone(out, GITHUB)
    assert "[REDACTED:failed]" in out


# --- other clothes


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "token", [GITHUB, LONG, "glpat-" + draw("gitlab", 20), "eyJ" + draw(1, 30) + ".eyJ" + draw(2, 40) + ".x"]
)
def test_a_token_in_other_clothes_is_masked(token: str) -> None:
    """Base64 at each place of its three, both alphabets, in lines of 76; hexadecimal; percent signs; JSON's escapes.

    Mutants seen red: base64 is decoded from a word's start only; no hexadecimal; no escapes; one place of a word that
    stands in two lines.
    """
    clothes = [in_base64("x" * n + " token " + token + " and more") for n in range(4)]
    clothes += [base64.urlsafe_b64encode(f"{'?' * n}>{token}~".encode()).decode() for n in range(3)]
    clothes += ["prefix" + clothes[0], token.encode().hex(), ("a\n" + token).encode().hex().upper()]
    clothes += ["".join(f"%{ord(c):02x}" for c in token), token[:2] + f"%{ord(token[2]):02X}" + token[3:]]
    clothes += ["".join(f"\\u{ord(c):04x}" for c in token), token[:20] + f"\\x{ord(token[20]):02x}" + token[21:]]
    for text in clothes:
        for out in (
            REDACT.text(f"see {text} there"),
            REDACT.text(f"clean line\nsee {text} there\nx\nsee {text} there\n"),
        ):
            assert "[REDACTED:" in out, text
            assert not any(text[at : at + 24] in out for at in range(len(text) - 23)), text
            assert out.rstrip().endswith("there")
    lines = base64.encodebytes(("some text before it, so that it goes on: " + token + " " * 60).encode()).decode()
    out = REDACT.text(f"Content:\n\n{lines}\nend\n")
    assert "[REDACTED:" in out
    assert not any(token[at : at + 8] in _decoded_lines(out) for at in range(len(token) - 7))


def _decoded_lines(out: str) -> str:
    kept = "".join(line for line in out.split("\n") if len(line) > 20 and "[" not in line)
    return base64.b64decode(kept[: len(kept) // 4 * 4]).decode("latin-1")


def test_clean_data_has_no_clothes() -> None:
    """Random bytes as base64 and hexadecimal, also in lines, are not altered."""
    data = random.Random(11).randbytes(60_000)
    text = "\n".join((base64.b64encode(data).decode()[:50_000], base64.encodebytes(data).decode(), data.hex()[:60_000]))
    assert REDACT.text(text) == text


def test_a_known_value_is_found_as_programs_write_it() -> None:
    """Python, shells, HTML and hexadecimal, also within JSON. Mutants seen red: each of these forms left out."""
    value = "a'b\"<c>&d\\e é" + draw("forms", 8)
    redactor = a_redactor(known={"X": value})
    forms = [repr(value), shlex.quote(value), html.escape(value), html.escape(value, quote=False), value.encode().hex()]
    forms += [json.dumps(repr(value)), value.encode().hex().upper(), json.dumps(json.dumps(value))]
    for form in forms:
        assert draw("forms", 8) not in redactor.text(f"it is {form} here"), form
        assert value.encode().hex()[8:] not in redactor.text(f"it is {form} here").lower()


@pytest.mark.parametrize(
    "line",
    [
        '{"token": 1234567890, "b": [1, 2]}',
        '{"a":{"password":12345678.25},"b":"x"}',
        '[{"api_key":"%s","n":null}]',
        '{"text":"export A_TOKEN=%s\\nnext","id":7}',
        '{"cmd":"curl -H \\"Authorization: Bearer %s\\" https://x","ok":true}',
        '{"data":"{\\"token\\":\\"%s\\",\\"n\\":1}","z":0}',
        '{"key":"-----BEGIN PRIVATE KEY-----\\n%s","n":1}',
    ],
)
def test_json_in_stays_json_out(line: str) -> None:
    """A line that is JSON is JSON with the same keys afterwards. Mutant seen red: a number's mark without quotes."""
    text = line.replace("%s", draw("json", 40))
    out = REDACT.text(text)
    assert "[REDACTED:" in out
    assert draw("json", 40) not in out
    assert _shape(json.loads(out)) == _shape(json.loads(text))


def test_a_line_of_written_out_json_stays_one() -> None:
    """Where an object has a line for each value, a number's mark stands in quotes."""
    out = REDACT.text('{\n  "token": 1234567890,\n  "n": 1\n}\n')
    assert list(json.loads(out)) == ["token", "n"]


def _shape(x: Any) -> Any:
    match x:
        case dict():
            return {key: _shape(value) for key, value in x.items()}
        case list():
            return [_shape(value) for value in x]
    return None

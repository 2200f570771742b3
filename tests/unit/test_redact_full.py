"""Lines full of secrets: nothing of them gets out, and thousands cost no more than some hundreds."""

import base64
import json
import random
import string
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.journal.known import Needles
from board.journal.marks import CUT
from board.journal.plenty import MOST
from board.journal.redact import Redactor
from tests.redaction import full
from tests.redaction.full import Line

SIZE = 60_000
LINES = {**{way: full.line(way, SIZE) for way in full.WAYS}, "mixed": full.mixed(SIZE), "record": full.record(SIZE)}
# Calls of functions, of Python's own too, that a line of `SIZE` may cost. Without a cut the least of most ways is more.
MOST_CALLS = 150_000


def a_redactor(known: dict[str, str] | None = None) -> Redactor:
    return Redactor(home="/home/dev", user="dev", host="devbox", key=b"k" * 32, known=known or {})


REDACT = a_redactor()


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_nothing_gets_out_of_a_full_line(line: Line) -> None:
    """No secret is left, neither as it is nor as it was written, and the next line stays; twice is once.

    Mutant seen red: what is behind a cut is given out.
    """
    out = REDACT.text(line.text + "\nthe next line")
    coded = [base64.b64encode(f"password={each}".encode()).decode().rstrip("=") for each in line.secrets]
    coded += [f"token={each}".encode().hex() for each in line.secrets]
    coded += ["".join(f"%{ord(sign):02X}" for sign in each) for each in line.secrets]
    assert [each for each in (*line.secrets, *coded) if each in out] == []
    assert out.endswith(("]\nthe next line", ']"}]\nthe next line'))
    assert REDACT.text(out) == out


@pytest.mark.parametrize("way", ["curl", "pairs", "base64", "JSON in JSON", "tokens"])
@pytest.mark.parametrize("size", [7_001, 65_536, 100_000])
def test_a_full_line_comes_out_the_same_in_any_pieces(way: str, size: int) -> None:
    """However a line of 100 kB was cut, what is left of it is the same."""
    text = full.line(way, 100_000).text + "\nthe next line"
    stream = REDACT.stream()
    fed = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.close()
    assert fed == REDACT.text(text)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_full_line_costs_a_bounded_number_of_calls(line: Line) -> None:
    """Work is counted, not timed. Mutant seen red: no secret is one too many."""
    REDACT.text(line.text)
    assert calls(line.text) < MOST_CALLS


def calls(text: str) -> int:
    count = 0

    def one_more(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(one_more)
    try:
        REDACT.text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("way", ["pairs", "curl", "addresses", "SQL", "percent signs"])
def test_as_many_as_are_told_one_by_one_are(way: str) -> None:
    """So many secrets in a line are all marked, and what stands beside them stays. Mutant seen red: one fewer is."""
    each = [full.WAYS[way](f"x{number:03}Ab9Q") for number in range(MOST)]
    out = REDACT.text("".join(each) + " and words behind")
    assert out.count("[REDACTED:") == MOST
    assert out.endswith(" and words behind")
    out = REDACT.text("".join(each) + full.WAYS[way]("y7Ab9Qx2") + " and words behind")
    assert out.count("[REDACTED:") == MOST + 1
    assert out.endswith(CUT)


def test_known_values_are_counted_too() -> None:
    """Mutant seen red: all that are known are told."""
    value = "kN0wn7Ab9Qx2LmA9"
    out = a_redactor({"X": value}).text(f"{value}, " * (MOST + 10) + "words behind")
    assert out.count("[REDACTED:known:") == MOST
    assert out.endswith(CUT)


@pytest.mark.parametrize(
    "record",
    [
        [{"token": f"x{number}Ab9Q"} for number in range(2000)],
        {f"token{number}": f"x{number}Ab9Q" for number in range(2000)},
        [{"token": 10**9 + number} for number in range(2000)],
        [{"a": json.dumps({"token": f"x{number}Ab9Q"})} for number in range(1000)],
        {"gh" + "p_" + f"{number:036}": number for number in range(1000)},
    ],
    ids=["values", "names", "numbers", "records within", "keys"],
)
def test_json_that_is_cut_stays_json(record: object) -> None:
    """Its strings, lists and records are closed. Mutant seen red: nothing is closed."""
    out = REDACT.text(json.dumps(record))
    assert CUT in out
    assert isinstance(json.loads(out), type(record))
    assert REDACT.text(out) == out


def test_plenty_of_coded_words_without_a_secret_stay() -> None:
    """What thousands of words say is asked all at once, and one that tells a secret is found among them.

    Mutant seen red: each of them is looked at by itself.
    """
    words = [base64.b64encode(f"plain words {number:05}".encode()).decode() for number in range(2000)]
    assert REDACT.text(" ".join(words)) == " ".join(words)
    assert calls(" ".join(words)) < MOST_CALLS
    words[1000] = base64.b64encode(b"a password=x7Gq2pLmA9 b").decode()
    out = REDACT.text(" ".join(words))
    assert out.count("[REDACTED:") == 1
    assert words[1000].rstrip("=") not in out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(string.ascii_letters + " /+&é", min_size=8, max_size=20), min_size=17, max_size=30), st.data())
def test_the_needles_of_a_long_text_are_those_that_stand_in_it(needles: list[str], data: st.DataObject) -> None:
    """Mutant seen red: what has no long word is left out."""
    found = sorted({(each, each) for each in needles}, key=lambda pair: (-len(pair[0]), pair[0]))
    inside = data.draw(st.lists(st.sampled_from(needles), max_size=5))
    text = "a word " * 700 + ",".join(inside)
    assert Needles(found).there(text) == [pair for pair in found if pair[0] in text]


def test_values_that_are_parts_of_others_are_marked_longest_first() -> None:
    """Also beside marks, and in a text with signs that no terminal shows."""
    long = "".join(random.Random("long").choices(full.ALNUM, k=30))
    redactor = a_redactor({"A": long[:12], "B": long, "C": long[10:22]})
    for before in ("", "[REDACTED:token:01234567] ", '{"a": "\\u0000\\u0001'):
        out = redactor.text(f"{before}{long} {long[:12]} {long[10:22]} b")
        assert out.count("[REDACTED:known:") == 3
        assert out.endswith("b")

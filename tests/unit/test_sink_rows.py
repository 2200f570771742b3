"""What a reader of a terminal would have seen: overwritten, repainted, coloured and hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.sink.escapes import LONGEST_STRING
from supervisor.sink.row import CUT, LONGEST
from supervisor.sink.rows import FULL_SCREEN, HEIGHT, Rows


def seen(*pieces: str) -> list[str]:
    rows = Rows()
    told = [line for at, piece in enumerate(pieces) for line in rows.feed(piece, float(at))]
    return [line.text for line in told + rows.close()]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\r\n\r\nb", ["a", "", "b"]),
        ("a\nb\nc", ["a", " b", "  c"]),  # a line feed alone is no return
        ("1%\r50%\r100%\r\n", ["100%"]),
        ("a long one\rshort\r\n", ["shortg one"]),
        ("a long one\r\x1b[Kshort\r\n", ["short"]),
        ("a long one\rshort\x1b[K\r\n", ["short"]),
        ("abc\x1b[1K_\r\n", ["   _"]),
        ("abc\x1b[2K\rd\r\n", ["d"]),
        ("abc\b\bX\r\n", ["aXc"]),
        ("a\tb\r\n", ["a       b"]),
        ("\x1b[1;31mred\x1b[0m plain\r\n", ["red plain"]),
        ("\x1b[38:2::255:0:0mred\x1b[0m\r\n", ["red"]),
        ("\x1b]0;a title\x07text\r\n", ["text"]),
        ("\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\\r\n", ["link"]),
        ("\x1bPq#0;2;0;0;0\x1b\\text\r\n", ["text"]),
        ("ab\x1b[5Cc\r\n", ["ab     c"]),
        ("abcdef\x1b[3D_\x1b[2G^\r\n", ["a^c_ef"]),
        ("abcdef\r\x1b[2P\r\n", ["cdef"]),
        ("abcdef\r\x1b[2X\r\n", ["  cdef"]),
        ("abcdef\r\x1b[2@\r\n", ["  abcdef"]),
        ("abc\x1b7def\x1b8X\r\n", ["abcXef"]),
        ("one\r\ntwo\r\n\x1b[2A\x1b[2KONE\r\n\x1b[2KTWO\r\n", ["ONE", "TWO"]),
        ("one\r\ntwo\r\nthree\x1b[1A\r\x1b[J2\r\n", ["one", "2"]),
        ("one\r\ntwo\x1b[H\x1b[2Jnew\r\n", ["one", "two", "new"]),
        ("one\r\ntwo\r\n\x1b[HONE\r\n", ["ONE", "two"]),
        ("one\x1bMtop\r\n", ["   top", "one"]),
        ("one\r\ntwo\x1bM\x1bMtop\r\n", ["   top", "one", "two"]),
        ("one\r\ntwo\r\n\x1b[H\x1b[Jnew\r\n", ["one", "two", "new"]),
        ("日本語\r\n", ["日本語"]),
        ("日本語\r\x1b[2CX\r\n", ["日X 語"]),
        ("日本\b\b\bX\r\n", [" X本"]),
        ("e\u0301a\r_\r\n", ["_a"]),
        ("\x00\x07\x0e\x0fa\r\n", ["a"]),
        ("\x1b[999999999Ca\r\n", [" " * 1000 + "a"]),
        ("\x1b[?25lhidden\x1b[?25h\r\n", ["hidden"]),
    ],
)
def test_what_a_reader_sees(text: str, lines: list[str]) -> None:
    """One way of writing over, moving or colouring text each."""
    assert seen(text) == lines


def test_a_bar_that_is_repainted_a_thousand_times_is_one_line() -> None:
    """Only its last state is told. Mutant: a return that begins a new row."""
    assert seen(*(f"\rloading {percent / 10:.1f}%" for percent in range(1001)), "\r\ndone\r\n") == [
        "loading 100.0%",
        "done",
    ]


def test_several_bars_that_are_repainted_are_a_line_each() -> None:
    """As of one who pulls layers: cursor up, erase, write, down again."""
    start = "".join(f"layer {number}: waiting\r\n" for number in range(5))
    steps = [
        f"\x1b[{5 - number}A\x1b[2K\rlayer {number}: {percent}%\x1b[{5 - number}B\r"
        for percent in range(101)
        for number in range(5)
    ]
    assert seen(start, *steps, "all done\r\n") == [*(f"layer {number}: 100%" for number in range(5)), "all done"]


def test_a_box_that_moves_down_is_not_told_again() -> None:
    """A program that keeps a box below its output tells each line once, also where it was quiet in between.

    Mutant: `_recalled` never filled.
    """
    rows, told = Rows(), []
    for number in range(5):
        told += rows.feed("\x1b[3A\x1b[J" if number else "", 0.0)
        told += rows.feed(f"line {number}\r\n+----+\r\n| in |\r\n+----+\r\n", 0.0)
        told += rows.settle(9.0)
    texts = [line.text for line in told + rows.close()]
    assert texts.count("| in |") == 1
    assert [text for text in texts if text.startswith("line")] == [f"line {number}" for number in range(5)]


def test_what_settles_is_whole_rows_alone() -> None:
    """The row of the cursor may be half a word: it is told when it is ended, or at the end."""
    rows = Rows()
    assert rows.feed("whole\r\nhal", 1.0) == []
    assert [line.text for line in rows.settle(9.0)] == ["whole"]
    assert rows.settle(9.0) == []
    rows.feed("f\r\n", 2.0)
    assert [(line.at, line.text) for line in rows.settle(9.0)] == [(2.0, "half")]
    assert rows.close() == []


def test_a_told_row_that_changes_is_told_again_and_one_that_does_not_is_not() -> None:
    rows = Rows()
    rows.feed("a: 1\r\nb: 1\r\n", 0.0)
    assert [line.text for line in rows.settle(9.0)] == ["a: 1", "b: 1"]
    rows.feed("\x1b[2A\x1b[2Ka: 1\r\n\x1b[2Kb: 2\r\n", 1.0)
    assert [line.text for line in rows.settle(9.0)] == ["b: 2"]


def test_a_full_screen_program_is_one_notice() -> None:
    """What it paints is nobody's log; what stands before and behind it is."""
    rows = Rows()
    told = rows.feed("before\r\n\x1b[?1049hpainted\x1b[5;5Hhere\x1b[?1049lafter\r\n\x1b[?1049hagain\x1b[?1049l", 0.0)
    told += rows.close()
    assert [(line.text, line.is_notice) for line in told] == [("before", False), (FULL_SCREEN, True), ("after", False)]


def test_only_the_screen_is_held() -> None:
    """What has left it can't be painted over, and is told at once."""
    rows = Rows()
    told = rows.feed("".join(f"{number}\r\n" for number in range(1000)), 0.0)
    assert [line.text for line in told] == [str(number) for number in range(1000 - HEIGHT + 1)]


def test_an_endless_line_is_cut_between_words() -> None:
    """64 KiB at most, and no half of a word, which may be a secret. Mutant: cut at 64 KiB sharp."""
    (line,) = seen(*["word " * 1000 for _ in range(100)], "\r\n")
    assert line.endswith(f"word{CUT}")
    assert len(line) <= LONGEST + len(CUT)
    (line,) = seen("word " + "x" * (LONGEST * 3), "\r\n")
    assert len(line) <= LONGEST - 4096 + len(CUT)


@pytest.mark.parametrize("opening", ["\x1b[", "\x1b[" + "1;" * 100, "\x1b]0;", "\x1bP", "\x1b", "\x1b(((((((("])
def test_an_endless_escape_is_given_up(opening: str) -> None:
    """Nothing is held for ever, and text comes out again. Mutant: a title without a limit."""
    rows = Rows()
    rows.feed(opening, 0.0)
    for _ in range(LONGEST_STRING // 10_000 + 2):
        rows.feed("0123456789" * 1000, 0.0)
    rows.feed("\r\nhere again\r\n", 0.0)
    assert [line.text for line in rows.close()][-1] == "here again"


PIECES = st.one_of(
    st.text("abc XYZ", min_size=1, max_size=12),
    st.sampled_from(["日本", "é", "e\u0301", "🙂", "\r\n", "\n", "\r", "\b", "\t", "\x1bM", "\x1b7", "\x1b8", "\x1bE"]),
    st.builds(
        lambda numbers, final: f"\x1b[{numbers}{final}",
        st.sampled_from(["", "0", "1", "2", "3", "5", "2;3", "1;31", "?25", "?1049"]),
        st.sampled_from("ABCDEFGHJKPX@dfhlmsu"),
    ),
    st.sampled_from(
        ["\x1b]0;title\x07", "\x1b]8;;x\x1b\\", "\x1bPq\x1b\\", "\x1b[", "\x1b", "\x1b[1", "\x1b]un", "\x07"]
    ),
)


@given(st.lists(PIECES, max_size=60), st.data())
def test_where_the_text_was_cut_makes_no_difference(pieces: list[str], data: st.DataObject) -> None:
    """Any text in any pieces is the same lines. Mutants: `_rest` dropped; the string's state dropped."""
    text = "".join(pieces)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    cut = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert seen(*cut) == seen(text) == seen(*text)

"""A bounded queue of bytes: whole lines are dropped, and every byte is either taken or counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.sink.intake import Gap, Intake


def taken(intake: Intake, most: int = 1 << 20) -> list[bytes | Gap]:
    found = []
    while (piece := intake.take(most)) is not None:
        found.append(piece)
    return found


def test_what_there_is_no_room_for_is_a_gap_between_whole_lines() -> None:
    """Neither end of a gap is half a line. Mutants: a cut at the limit; a start before the next line's beginning."""
    intake = Intake(20)
    intake.feed(b"first line\nsecond line, which is too long\nthird")
    intake.feed(b" line\nfourth line\n")
    assert intake.take(1 << 20) == b"first line\n"
    intake.feed(b"rest of a line\nlast line\n")
    assert taken(intake) == [Gap(47 - 11 + 18 + 15), b"last line\n"]


def test_nothing_goes_in_until_half_has_gone_out() -> None:
    """Else a flood would be a gap behind each line."""
    intake = Intake(100)
    intake.feed(b"x" * 89 + b"\n" + b"y" * 20 + b"\n")
    intake.take(10)
    intake.feed(b"\nz\n")
    assert intake.has_gap
    intake.take(40)
    intake.feed(b"\nz\n")
    assert not intake.has_gap
    assert taken(intake) == [b"x" * 39 + b"\n", Gap(21 + 3 + 1), b"z\n"]


def test_a_gap_at_the_end_is_told_when_it_is_over() -> None:
    intake = Intake(4)
    intake.feed(b"more than four")
    assert intake.take(100) is None
    intake.end()
    assert taken(intake) == [Gap(14)]


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.lists(st.sampled_from([b"ab\n", b"c" * 9, b"\n"])).map(b"".join))),
    st.integers(1, 60),
    st.integers(0, 30),
    st.booleans(),
)
def test_every_byte_is_taken_or_counted(pieces: list[bytes], room: int, most: int, is_again: bool) -> None:
    """Whatever comes and however slowly it is taken; the bound holds. Mutant: the bytes up to the newline uncounted."""
    intake = Intake(room)
    if is_again:
        intake.skip_line()
    found: list[bytes | Gap] = []
    for piece in pieces:
        intake.feed(piece)
        if most and (one := intake.take(most)) is not None:
            found.append(one)
    intake.end()
    found += taken(intake)
    assert sum(one.dropped if isinstance(one, Gap) else len(one) for one in found) == sum(map(len, pieces))

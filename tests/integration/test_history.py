"""The versions under `.board/history/`: all readable, bounded, never believed when damaged, and never in the way."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from board import history as history_module
from board import replaced as replaced_module
from board import store as store_module
from board.delta import make_delta, read_delta
from board.errors import BoardError
from board.history import History
from board.origin import origin
from board.reading import revision
from board.store import FileStore, Lost
from board.swap import exchange


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    path = tmp_path / "tasks.yaml"
    path.write_text("".join(f"line {number}\n" for number in range(40)))
    store = FileStore(str(path))
    store.prepare()
    return store


def put(store: FileStore, text: str) -> str:
    with store.locked():
        rev = store.cas(text, store.read().rev)
    assert not isinstance(rev, Lost)
    return rev


def by_hand(store: FileStore, text: str) -> None:
    """As an editor that writes aside and renames."""
    aside = Path(store.path).with_suffix(".swp")
    aside.write_text(text)
    aside.rename(store.path)


def edited(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = dice.randrange(len(lines) + 1)
    match dice.randrange(3):
        case 0:
            lines.insert(at, f"new {dice.random()}\n")
        case 1:
            del lines[at : at + 2]
        case _:
            lines[at : at + 1] = [f"other {dice.random()}\n", "line 1\n"]
    return "".join(lines)


def test_every_version_can_be_read_again(store: FileStore) -> None:
    """Two hundred random changes, over several chains: each text comes back whole, and most cost a few bytes.

    Mutants: prefix and suffix that overlap; a chain that never begins anew; a delta to the version before the last.
    """
    dice, texts = random.Random(3), [store.read().text]
    for _ in range(200):
        texts.append(edited(texts[-1], dice))
        put(store, texts[-1])
    versions = store.history.versions()
    assert [store.history.files.load(version) for version in versions] == [text.encode() for text in texts]
    assert sum(version.is_full for version in versions) < 20
    assert sorted(text for _, text, _ in store.history.walk()) == sorted(text.encode() for text in texts)


def test_old_chains_go_as_a_whole(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded by count and by bytes; what stays can be read; foreign files stay.

    Mutants: nothing pruned; a chain without its beginning.
    """
    foreign = Path(store.history.folder) / "99999999x.yaml"
    monkeypatch.setattr(history_module, "KEEP", 100)
    for number in range(400):
        put(store, f"{store.read().text}{number}\n")
        if not number:
            foreign.write_text("not ours")
    kept = store.history.versions()
    assert 100 <= len(kept) < 100 + 2 * 64
    assert all(store.history.files.load(version) is not None for version in kept)
    monkeypatch.setattr(history_module, "KEEP_BYTES", 10_000)
    for number in range(130):
        put(store, f"{store.read().text}{number}\n")
    assert len(store.history.versions()) <= 3 * 64
    assert all(store.history.files.load(version) is not None for version in store.history.versions())
    assert foreign.exists()


def test_what_is_damaged_was_never_there(store: FileStore) -> None:
    """Cut, flipped and emptied files, and names that lie, give no text, and never a wrong one; writing goes on.

    Mutant: a text that isn't compared with the revision in its name.
    """
    texts = [store.read().text]
    for number in range(30):
        texts.append(f"{texts[-1]}{number}\n")
        put(store, texts[-1])
    dice = random.Random(5)
    files = sorted(path for path in Path(store.history.folder).iterdir() if path.suffix in (".full", ".delta"))
    for path in dice.sample(files[5:], 10):
        raw = path.read_bytes()
        path.write_bytes(
            dice.choice((b"", raw[: len(raw) // 2], raw + b"x", b"\xff" + raw, b"a 1 2 3\nx", b"/etc/x 0 0\n"))
        )
    known = {text.encode() for text in texts}
    assert {store.history.files.load(version) for version in store.history.versions()} - known <= {None}
    put(store, "still\n")
    assert store.history.newest() == b"still\n"


@pytest.mark.parametrize("spoil", ["head", "versions", "all", "a file in its place"])
def test_a_lost_history_costs_no_write(store: FileStore, spoil: str) -> None:
    """The history is a copy; what stands is taken as it is, and is the newest version from the next write on."""
    put(store, "one\n")
    folder = Path(store.history.folder)
    for path in [path for path in folder.iterdir() if path.is_file()]:
        if spoil != "versions" or path.name != "head":
            path.unlink() if spoil != "head" or path.name == "head" else None
    put(store, "two\n")
    assert store.read().text == "two\n"
    assert store.history.is_ours(store.read().rev)
    assert store.history.newest() == b"two\n"


def test_ours_and_somebody_elses(store: FileStore) -> None:
    """What we put there is ours, also where we died before saying so; any other text isn't, also an older one of ours.

    Mutants: every known revision is ours; the head alone.
    """
    first = put(store, "one\n")
    second = put(store, "two\n")
    assert store.history.is_ours(second)
    assert not store.history.is_ours(first)
    assert not store.history.is_ours(revision(b"by hand\n"))
    version = store.history.ahead(b"three\n", b"two\n", revision(b"three\n"), second)
    assert version is not None
    by_hand(store, "three\n")  # as our own rename would have, had we not died behind it
    assert store.history.is_ours(store.read().rev)
    put(store, "four\n")
    assert not store.history.is_ours(version.rev)
    assert store.history.is_ours(revision(b"four\n"))


def test_who_died_before_saying_so_counts_as_having_written(store: FileStore) -> None:
    """An edit that comes next is merged over the version that may have been seen. Mutant: the head alone."""
    put(store, "one\n")
    second = put(store, "two\n")
    store.history.ahead(b"three\n", b"two\n", revision(b"three\n"), second)
    assert store.history.newest() == b"three\n"
    put(store, "four\n")
    assert store.history.newest() == b"four\n"


def test_a_version_that_waits_is_none_yet(store: FileStore) -> None:
    """As long as its text stands aside, nobody can have begun an edit with it, nor has an edit come to the board with
    it. Mutants: a version that waits counts; an edit counts before the version that it went into."""
    put(store, "one\n")
    second = put(store, "two\n")
    three, edit = revision(b"three\n"), revision(b"by hand\n")
    waits = Path(f"{store.path}.1.2.board-tmp")
    waits.write_text("three\n")
    store.history.ahead(b"three\n", b"two\n", three, second, ["by hand\n"])
    assert store.history.newest() == b"two\n"
    assert not store.history.is_ours(three)
    assert store.history.find(three) is store.history.find(edit) is None
    waits.rename(store.path)
    assert store.history.newest() == b"three\n"
    assert store.history.is_ours(three)
    assert not store.history.is_ours(edit)
    assert store.history.find(edit) is not None


@pytest.mark.parametrize("name", ["board-tmp", "board-swap"])
def test_who_died_before_the_exchange_has_written_nothing(store: FileStore, name: str) -> None:
    """The next write takes the text and its version away. Mutant: the text alone, so that it counts from then on."""
    second = put(store, "two\n")
    waits = Path(f"{store.path}.1.2.{name}")
    waits.write_text("three\n")
    store.history.ahead(b"three\n", b"two\n", revision(b"three\n"), second, ["by hand\n"])
    put(store, "four\n")
    assert not waits.exists()
    assert store.history.find(revision(b"three\n")) is store.history.find(revision(b"by hand\n")) is None
    assert store.history.retired.changed() == []


def test_who_died_behind_the_exchange_keeps_what_it_replaced(store: FileStore) -> None:
    """What stands under the second name then is the old board, into which an editor may still be writing; or an
    editor's own. Mutants: both taken away; the old board taken for an edit."""
    put(store, "one\n")
    first, second = (Path(f"{store.path}.1.{number}.board-swap") for number in (1, 2))
    first.write_text("one\n")
    second.write_text("by hand\n")
    with first.open("r+") as editor:
        put(store, "two\n")
        assert [found.raw for found in store.history.retired.changed()] == [b"by hand\n"]
        editor.write("late\n")
        editor.flush()
        assert {found.raw for found in store.history.retired.changed()} == {b"by hand\n", b"late\n"}


def test_a_write_that_failed_leaves_no_version(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses the exchange: the old board, and no word of the new one. Mutant: `withdraw` left out."""

    def refused(_one: str, _other: str) -> bool:
        raise OSError(5, "Input/output error")

    rev = put(store, "one\n")
    kept = store.history.versions()
    monkeypatch.setattr(store_module, "exchange", refused)
    with pytest.raises(BoardError, match=r"can't write .*input/output error"):
        put(store, "two\n")
    assert (store.read().rev, store.history.versions()) == (rev, kept)
    assert sorted(path.name for path in Path(store.folder).iterdir()) == [".board", "tasks.yaml"]


@pytest.mark.parametrize("name", ["head", "version", "folder"])
def test_what_cant_be_read_is_no_reason_to_guess(store: FileStore, name: str) -> None:
    """Without its history a stale save would be the newest board, and a claim gone: so a file that is there and can't
    be read is an error, and nothing is written. Mutant: unreadable is absent."""
    put(store, "one\n")
    put(store, "two\n")
    by_hand(store, "one and by hand\n")
    folder = Path(store.history.folder)
    spoilt = {"head": folder / "head", "folder": folder, "version": next(folder.glob("*3.*"))}[name]
    spoilt.rename(folder.with_name("elsewhere"))
    spoilt.mkdir() if name != "folder" else spoilt.symlink_to(spoilt)  # a link to itself can't be followed
    with pytest.raises(BoardError, match="can't read"):
        store.history.newest()


def test_a_torn_version_gives_way_to_the_one_before(store: FileStore) -> None:
    """The disk was full when a version was kept ahead, or somebody damaged it: what can be read is better than nothing
    to compare with. Mutant: the newest or none."""
    second = put(store, "two\n")
    version = store.history.ahead(b"three\n", b"two\n", revision(b"three\n"), second)
    assert version is not None
    (Path(store.history.folder) / version.name).write_text("thr")
    assert store.history.newest() == b"two\n"


def test_a_write_that_lost_leaves_no_version(store: FileStore) -> None:
    """What never stood on disk is nothing that an edit can begin with. Mutant: `forget` left out."""
    put(store, "one\n")
    rev = store.read().rev
    kept = len(store.history.versions())
    by_hand(store, "by hand\n")
    with store.locked():
        assert isinstance(store.cas("two\n", rev), Lost)
    assert len(store.history.versions()) == kept
    assert store.read().text == "by hand\n"


def test_the_version_that_an_edit_began_with(store: FileStore) -> None:
    """Of two hundred versions the one that was edited is found, with the edit in any place of the text.

    Mutants: the newest version always; the lines of a change counted without the lines around it.
    """
    dice, texts = random.Random(9), [store.read().text]
    for number in range(200):
        lines = texts[-1].splitlines(keepends=True)
        at = dice.randrange(len(lines))
        lines[at : at + 1] = [f"change {number}\n", f"and more {number}\n"][: dice.randrange(1, 3)]
        texts.append("".join(lines))
        put(store, texts[-1])
    for _ in range(40):
        base = dice.choice(texts)
        lines = base.splitlines(keepends=True)
        lines.insert(dice.randrange(len(lines) + 1), "  # a comment by hand\n")
        found = origin(store.history, "".join(lines).encode(), "no such revision")
        assert found == base.encode()
    assert origin(store.history, texts[7].encode(), revision(texts[7].encode())) == texts[7].encode()
    assert origin(History(store.side + "/none"), b"x\n", "x") is None


def test_a_difference_is_exact() -> None:
    """Whatever two texts are, the difference applied to one gives the other."""
    dice = random.Random(1)
    for _ in range(500):
        one = bytes(dice.choices(b"ab", k=dice.randrange(12)))
        other = bytes(dice.choices(b"ab", k=dice.randrange(12)))
        delta = read_delta(make_delta("00000001.x.full", one, other))
        assert delta is not None
        assert delta.applied(one) == other


# --- what was replaced


def test_what_an_editor_writes_into_a_replaced_file_is_seen(store: FileStore) -> None:
    """It opened the file before our rename and writes after it. Mutants: no link; a link that is never looked at."""
    first = put(store, "one\n")
    with Path(store.path).open("r+") as editor:
        put(store, "two\n")
        assert store.history.retired.changed() == []
        editor.write("by hand, and late\n")
        editor.flush()
        (late,) = store.history.retired.changed()
        assert (late.raw, late.rev) == (b"by hand, and late\n", first)
        store.adopt(store.read(), [late.raw.decode()])
        store.taken_in(late)
        assert store.history.retired.changed() == []
        editor.write("more\n")
        editor.flush()
        (later,) = store.history.retired.changed()
        assert (later.raw, later.rev) == (b"by hand, and late\nmore\n", revision(late.raw))
        found = store.history.find(later.rev)
        assert found is not None
        assert found[1] == late.raw
    assert store.read().text == "two\n"


def test_a_change_within_the_same_tick_is_seen(store: FileStore) -> None:
    """Same size, same stamp, another text, in a file that an editor had put there a moment before: ours bear a stamp
    that no clock gives. Mutant: young files believed by their stamp."""
    put(store, "zero\n")
    by_hand(store, "one\n")
    status = Path(store.path).stat()
    with Path(store.path).open("r+") as editor:
        put(store, "two\n")
        editor.write("eno\n")
        editor.flush()
        os.utime(editor.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
        assert [late.raw for late in store.history.retired.changed()] == [b"eno\n"]


def test_a_file_that_somebody_put_there_in_between_is_seen(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor renames its own file in after our last look: what we get in exchange is its text.

    Mutant: a link before a rename instead of the exchange.
    """
    put(store, "one\n")

    def late(one: str, other: str) -> bool:
        by_hand(store, "by hand\n")
        return exchange(one, other)

    monkeypatch.setattr(store_module, "exchange", late)
    put(store, "two\n")
    assert store.read().text == "two\n"
    assert [found.raw for found in store.history.retired.changed()] == [b"by hand\n"]


def test_what_is_replaced_unseen_is_looked_at(store: FileStore) -> None:
    """An editor that saves too often is written over, not waited for; its text is found among what was replaced, also
    when it is as long as the one that we had read, and old. Mutant: its state at the exchange is believed."""
    rev = put(store, "one\n")
    by_hand(store, "eno\n")
    os.utime(store.path, (time.time() - 1, time.time() - 1))
    with store.locked():
        assert store.cas("two\n", rev, force=True) == revision(b"two\n")
    assert [found.raw for found in store.history.retired.changed()] == [b"eno\n"]


def test_replaced_files_are_few(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest, and for a while the younger ones, but never many bytes. Mutants: nothing dropped; all dropped."""
    folder = Path(store.history.folder) / "replaced"
    for number in range(20):
        put(store, f"{number}\n")
    assert len(list(folder.iterdir())) == 20
    monkeypatch.setattr(replaced_module, "_KEEP_FOR", 0.0)
    put(store, "x\n")
    assert len(list(folder.iterdir())) == 4
    monkeypatch.setattr(replaced_module, "_KEEP_BYTES", 1)
    put(store, "y\n")
    assert len(list(folder.iterdir())) == 1


def test_our_own_link_is_no_second_name(store: FileStore) -> None:
    """A death between link and rename leaves the board with two names, of which one is ours; a person's own second
    name is refused as before. Mutant: any link refused; none."""
    rev = put(store, "one\n")
    store.history.retired.retire(store.path, rev, Path(store.path).stat())
    assert Path(store.path).stat().st_nlink == 2
    put(store, "two\n")
    Path(store.path).with_suffix(".other").hardlink_to(store.path)
    with pytest.raises(Exception, match="2 names"):
        put(store, "three\n")


def test_a_large_history_is_searched_in_time(store: FileStore) -> None:
    """A hundred versions of two megabytes: bounded by what is read, which is asked here by the count of versions."""
    body = "".join(f"line {number} of a long text that is a board of many tasks\n" for number in range(40_000))
    for number in range(5):
        put(store, f"{body}{number}\n")
    began = time.process_time()
    assert origin(store.history, (body + "3\n# by hand\n").encode(), "x") == (body + "3\n").encode()
    assert time.process_time() - began < 20  # a bound against loops over bytes, not a measurement


def test_without_an_exchange_of_names_it_is_a_link_and_a_rename(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has no such call, what is replaced is kept all the same."""
    monkeypatch.setattr(store_module, "exchange", lambda _one, _other: False)
    put(store, "one\n")
    with Path(store.path).open("r+") as editor:
        put(store, "two\n")
        editor.write("late\n")
        editor.flush()
        assert [found.raw for found in store.history.retired.changed()] == [b"late\n"]
    assert store.read().text == "two\n"

"""Which conversation a start goes on with: its own, by the most trusted word; never another's, and never a guess."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.agents import conversations
from supervisor.agents.conversation import EARLY, Conversation, Talk, Traces, chosen, chosen_id, learnt

ONE, TWO, THREE = (f"01a22ee9-7f96-7d11-b315-55ef216e327{digit}" for digit in "bcd")
SINCE = 1_796_083_384.0  # 2026-12-01T00:03:04Z
TREE = "/home/dev/repo.worktrees/t"


def among(*names: str) -> Callable[[str], bool | None]:
    return lambda name: name in names


# --- ids that are chosen


def test_the_first_start_takes_the_first_id_and_a_later_one_goes_on_with_it() -> None:
    """Mutants killed: a later start with another id; one that begins though its conversation is there."""
    first = chosen("place", among(), is_first=True)
    assert first == Conversation(chosen_id("place"))
    later = chosen("place", among(first.id), is_first=False)
    assert (later.id, later.goes_on) == (first.id, True)


def test_an_id_is_never_used_twice() -> None:
    """A step that is begun anew, after a person sent it back, gets the next id; its restarts go on with that one.
    Mutant killed: the first id whatever is there («already in use»)."""
    used = chosen_id("place")
    again = chosen("place", among(used), is_first=True)
    assert (again.id, again.goes_on) == (chosen_id("place", 1), False)
    later = chosen("place", among(used, again.id), is_first=False)
    assert (later.id, later.goes_on) == (again.id, True)


def test_what_was_never_written_down_is_begun_again() -> None:
    """An attempt that died before its conversation was there must not be resumed into an error.
    Mutant killed: a later start always resumes."""
    later = chosen("place", among(), is_first=False)
    assert (later.id, later.goes_on) == (chosen_id("place"), False)
    assert later.why.startswith("a new one: ")


def test_nobody_can_tell_whether_an_id_is_in_use() -> None:
    """Then what the start's number says is taken for true, as for any wrapper. Mutant killed: None taken for no."""
    assert chosen("place", lambda _: None, is_first=True).goes_on is False
    assert chosen("place", lambda _: None, is_first=False).goes_on is True


def test_the_agents_own_word_comes_before_what_we_chose() -> None:
    """A conversation that was begun within an attempt (`/clear`) is the one to go on with, if it is there.
    Mutants killed: the word unheard; taken though nothing is there; taken for a first start."""
    there = among(chosen_id("place"), ONE)
    assert chosen("place", there, is_first=False, known=(ONE, TWO)).id == ONE
    assert chosen("place", there, is_first=False, known=(TWO, "")).id == chosen_id("place")
    assert chosen("place", there, is_first=True, known=(ONE, "")).id == chosen_id("place", 1)


# --- ids that are learnt


def traces(*talks: Talk, heard: str = "", told: str = "", is_own_tree: bool = True) -> Traces:
    return Traces(TREE, SINCE, talks, heard, told, is_own_tree=is_own_tree)


def talk(name: str, folder: str = TREE, after: float = 1.0) -> Talk:
    return Talk(name, folder, SINCE + after)


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (traces(talk(ONE)), ONE),
        (traces(talk(ONE, after=-EARLY - 1)), ""),  # one that began before it
        (traces(talk(ONE, after=-EARLY / 2)), ONE),  # two clocks
        (traces(talk(ONE, folder="/home/dev/other")), ""),  # another task's
        (traces(talk(ONE), talk(TWO)), ""),  # a guess
        (traces(talk(ONE), is_own_tree=False), ""),  # in a folder of many
        (traces(), ""),
        (traces(talk(ONE), talk(TWO), heard=TWO), TWO),
        (traces(talk(ONE), heard=THREE), ONE),  # a word about what isn't there
        (traces(talk(ONE, after=-999.0), told=ONE), ONE),  # as the attempt before
        (traces(talk(ONE, after=-999.0), talk(TWO), told=ONE), TWO),  # begun within it
        (traces(talk(ONE), told=THREE), ONE),
        (traces(talk(ONE, "/else"), told=ONE, is_own_tree=False), ONE),
        (Traces(TREE, SINCE, None, ONE), ONE),  # the agent's word alone
        (Traces(TREE, SINCE, None, "", ONE, is_own_tree=True), ""),
        (Traces(TREE, None, (talk(ONE),), is_own_tree=True), ""),
    ],
)
def test_a_conversation_is_its_own_or_none(known: Traces, wanted: str) -> None:
    """Each source in its order of trust, and none where two might be meant.

    Mutants killed: the newest of two; any folder; no start to count from; the told one before the files; the heard one
    though it isn't there; a shared folder like an own one.
    """
    found = learnt(known)
    assert (found.id, found.goes_on) == (wanted, bool(wanted))
    assert found.why.startswith("its own" if wanted else "a new one: ")


# --- the agents' files


def rollout(home: Path, name: str, cwd: Path, **more: object) -> Path:
    """As Codex 0.169.0 writes its first line."""
    path = home / "sessions" / "2026" / "12" / "01" / f"rollout-2026-12-01T00-03-04-{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    given = {"id": name, "timestamp": "2026-12-01T00:03:04.234Z", "cwd": str(cwd), "source": "exec"}
    payload = {**given, "thread_source": "user", "base_instructions": {"text": "x" * 20_000}, **more}
    path.write_text(json.dumps({"type": "session_meta", "payload": payload}) + "\n{}\n")
    return path


def test_codex_tells_of_its_conversations(tmp_path: Path) -> None:
    """By the first line of each file, whole; a sub-agent's, a damaged one and one that is too long are none.
    Mutants killed: the line cut before its end; sub-agents' taken; the folder as it was written, not as it is."""
    tree, home = tmp_path / "tree", tmp_path / "home"
    tree.mkdir()
    (tmp_path / "link").symlink_to(tree)
    rollout(home, ONE, tmp_path / "link")
    rollout(home, TWO, tree, source={"subagent": "review"})
    rollout(home, THREE, tree, thread_source="subagent")
    rollout(home, ONE.replace("7b", "70"), tree).write_text("{")
    rollout(home, ONE.replace("7b", "71"), tree).write_text('{"type":"session_meta","payload":[]}')
    rollout(home, ONE.replace("7b", "72"), tree, base_instructions="x" * (conversations.LINE + 1))
    env = {"CODEX_HOME": str(home)}
    assert conversations.talks("codex", 0.0, env) == [Talk(ONE, str(tree), SINCE + 0.234)]
    assert conversations.talks("codex", 0.0, {"HOME": str(tmp_path / "nobody")}) == []


def test_an_old_conversation_of_codex_is_there_and_no_more(tmp_path: Path) -> None:
    """What was last written before the attempt can't have begun in it, but may be what it was told to go on with."""
    os.utime(rollout(tmp_path, ONE, tmp_path), (SINCE - 10, SINCE - 10))
    assert conversations.talks("codex", SINCE, {"CODEX_HOME": str(tmp_path)}) == [Talk(ONE, "", 0.0)]


def test_opencode_tells_of_its_conversations(tmp_path: Path) -> None:
    """By its database, which is only read; a sub-agent's has a parent. Mutants killed: milliseconds taken for seconds;
    a database of another shape taken for an empty one."""
    path = tmp_path / "opencode" / "opencode.db"
    path.parent.mkdir()
    env = {"XDG_DATA_HOME": str(tmp_path)}
    assert conversations.talks("opencode", 0.0, env) == []
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE session (id text, parent_id text, directory text, time_created integer)")
    base.execute("INSERT INTO session VALUES ('ses_a', NULL, ?, 1796083387983)", (str(tmp_path),))
    base.execute("INSERT INTO session VALUES ('ses_b', 'ses_a', ?, 1796083387999)", (str(tmp_path),))
    base.commit()
    assert conversations.talks("opencode", 0.0, env) == [Talk("ses_a", str(tmp_path), 1796083387.983)]
    base.execute("DROP TABLE session")
    base.commit()
    base.close()
    assert conversations.talks("opencode", 0.0, env) is None


@pytest.mark.parametrize("agent", ["claude", "gemini", "aider"])
def test_a_chosen_id_is_in_use_once_its_file_is_there(tmp_path: Path, agent: str) -> None:
    """Mutants killed: each agent's folder; Gemini's first eight digits taken for the whole id."""
    home, ours = tmp_path / "home", tmp_path / "ours.md"
    env = {"HOME": str(home)}
    files = {
        "claude": home / ".claude" / "projects" / "-home-dev" / f"{ONE}.jsonl",
        "gemini": home / ".gemini" / "tmp" / "dev" / "chats" / f"session-2026-12-01T00-03-{ONE[:8]}.jsonl",
        "aider": ours,
    }
    assert conversations.is_in_use(agent, ONE, env, str(ours)) is False
    files[agent].parent.mkdir(parents=True, exist_ok=True)
    files[agent].write_text(json.dumps({"sessionId": ONE}) + "\n")
    assert conversations.is_in_use(agent, ONE, env, str(ours)) is True
    if agent != "aider":
        assert conversations.is_in_use(agent, TWO, env, str(ours)) is False


def test_of_an_unknown_agent_nobody_can_tell(tmp_path: Path) -> None:
    assert conversations.is_in_use("wrapper", ONE, {}, "") is None
    assert conversations.talks("wrapper", 0.0, {}) is None


def test_what_a_start_was_told_is_that_attempts_alone(tmp_path: Path) -> None:
    """Mutant killed: the mark isn't looked at."""
    side = str(tmp_path)
    assert conversations.remembered(side, "t", "home/t.1.1") == ""
    conversations.remember(side, "t", "home/t.1.1", ONE)
    assert conversations.remembered(side, "t", "home/t.1.1") == ONE
    assert conversations.remembered(side, "t", "home/t.2.2") == ""
    (tmp_path / "cache" / "conversations" / "t.json").write_text("[")
    assert conversations.remembered(side, "t", "home/t.1.1") == ""

"""What profiles say of conversations, exits and logins, on real tmux: small programs that are named as agents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import repositories as repos
from tests.grove import Grove
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

TREES = "  worktrees: {enabled: true, copy: []}\n"
ONE, TWO, THREE = (f"01a22ee9-7f96-7d11-b315-55ef216e327{digit}" for digit in "bcd")
# Keeps a conversation as Codex does and dies, as often as there are ids; whoever goes on says with which one.
CODEX = """#!/bin/sh
case $BOARD_TASK in one) id={one};; *) id={two};; esac
if [ "$1" = resume ]; then
  echo "$2" >> {here}/$BOARD_TASK.resumed
  [ "$(wc -l < {here}/$BOARD_TASK.resumed)" = 1 ] && exit 1
  exec board done -q
fi
echo anew >> {here}/$BOARD_TASK.anew
[ "$(wc -l < {here}/$BOARD_TASK.anew)" = 1 ] || exec board done -q
into={home}/sessions/2026/12/01; mkdir -p "$into"
many=$id; [ $BOARD_TASK = two ] && many="$id {three}"
for each in $many; do
  began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  said="{{\\"id\\":\\"$each\\",\\"timestamp\\":\\"$began\\",\\"cwd\\":\\"$PWD\\",\\"source\\":\\"exec\\"}}"
  echo "{{\\"type\\":\\"session_meta\\",\\"payload\\":$said}}" > "$into/rollout-x-$each.jsonl"
done
exit 1
"""


@pytest.fixture
def grove(house: House, monkeypatch: pytest.MonkeyPatch) -> Grove:
    """The house's folder as a repository."""
    repos.isolate(monkeypatch)
    folder: Path = house.folder / "shop"
    made = Grove(repos.repository(folder, "develop"))
    house.folder, house.path, house.side = folder, made.path, folder / ".board"
    return made


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def with_agents(house: House, agents: str, tasks: str, **more: str) -> None:
    house.write(tasks, **more)
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents:\n{agents}tasks:\n", 1), encoding="utf-8")


def test_a_later_start_goes_on_with_the_tasks_own_conversation(house: House, grove: Grove, tmp_path: Path) -> None:
    """Learnt from the agent's files once, and gone on with at each later start; where two might be meant it is a new
    one, and the journal says so.

    Mutants killed: the folder's last one; not remembered for the start after the next; a guess between two.
    """
    home = tmp_path / "codex home"
    home.mkdir()
    bin = tmp_path / "bin"  # noqa: A001 - as it is called
    bin.mkdir()
    text = CODEX.format(one=ONE, two=TWO, three=THREE, here=f"'{tmp_path}'", home=f"'{home}'")
    codex = program(bin, "codex", text)
    with_agents(
        house,
        f"  mine: {{use: codex, env: {{CODEX_HOME: '{home}'}}, start: ['{codex}', '${{prompt}}'], "
        f"resume: ['{codex}', resume, '${{session}}', '${{prompt}}']}}\n",
        "  - {id: one, agent: mine, prompt: work, resumable: true, done_when: []}\n"
        "  - {id: two, agent: mine, prompt: work, resumable: true, done_when: []}\n",
        settings=TREES,
        restart=", stale: 5",
    )
    house.start()
    house.reaches("one", "done", within=30)
    house.reaches("two", "done", within=30)
    assert (tmp_path / "one.resumed").read_text().split() == [ONE, ONE]
    assert [line["conversation"] for line in house.journal("one", "worker_restarted")] == [
        "its own by the agent's files",
        "its own as before",
    ]
    assert not (tmp_path / "two.resumed").exists()
    [again] = house.journal("two", "worker_restarted")
    assert again["conversation"] == "a new one: 2 might be its own"


def test_a_refused_login_is_held_once_and_tried_again_after_a_person_has_looked(house: House) -> None:
    """Held at its first death, with what the exit means; `board unblock` starts it again. `why` and `explain` tell it.

    Mutants killed: restarted in a loop; held for ever; a meaning that nobody is told.
    """
    count = house.folder / "count"
    said = f"echo x >> '{count}'; [ $(wc -l < '{count}') = 1 ] || exec board done -q; echo 'no key'; sleep 0.2; exit 41"
    with_agents(
        house,
        f'  keyless: {{start: [sh, -c, "{said}"], auth: "^exit 41$", exits: {{41: its login was refused}}}}\n',
        "  - {id: t, agent: keyless, prompt: work, resumable: true}\n",
    )
    house.start()
    task = house.reaches("t", "blocked")
    assert task.blocked is not None
    assert task.blocked.on.startswith("a person: its login was refused (exit 41)")
    assert task.blocked.rule == "not-resumable"
    assert house.starts("t") == 1
    [died], [held] = house.journal("t", "worker_died"), house.happened("t", "step_held")
    assert died["meaning"] == held["meaning"] == "its login was refused"
    assert "which is   its login was refused" in eventually(lambda: _why(house), 15)
    assert house.says("unblock", "t").code == 0
    house.reaches("t", "done")
    assert house.starts("t") == 2


def _why(house: House) -> str:
    out = house.says("why", "t").out
    return out if "which is" in out else ""


def test_a_first_start_never_takes_an_id_that_is_in_use(house: House) -> None:
    """A step that was sent back begins anew under another id; what died before it wrote anything begins again.

    Mutants killed: one id for ever («already in use»); a later start that resumes what isn't there.
    """
    home = house.folder / "config"
    claude = program(
        house.folder,
        "claude",
        f"#!/bin/sh\necho \"$1 $2\" >> '{house.folder}/argv'\n"
        f"case $(wc -l < '{house.folder}/argv') in 1) exit 1;; esac\n"
        f"mkdir -p '{home}/projects/x'; touch '{home}/projects/x/'$2.jsonl\nexec board done -q\n",
    )
    with_agents(
        house,
        f"  mine: {{use: claude, hooks: none, env: {{CLAUDE_CONFIG_DIR: '{home}'}}, "
        f"start: ['{claude}', --session-id, '${{session}}'], resume: ['{claude}', --resume, '${{session}}']}}\n",
        "  - {id: t, agent: mine, prompt: work, resumable: true}\n",
    )
    house.start()
    house.reaches("t", "done")
    assert house.says("reopen", "t", "--why", "not yet").code == 0
    house.wrote("argv", 3)
    first, again, anew = (line.split() for line in house.lines("argv"))
    assert [first[0], again[0], anew[0]] == ["--session-id"] * 3
    assert first[1] == again[1] != anew[1]

"""`kind`: what `board check` says of a step's brief, and how a task gets one."""

from __future__ import annotations

from pathlib import Path

from board.document import Document
from tests.cli.conftest import Run

TASKS = """\
version: 1
tasks:
  - {id: a, kind: revew, prompt: Look}
  - id: b
    steps:
      - {id: one, prompt: Write}
      - {id: two, prompt: Look, kind: securty}
  - {id: c, kind: fix}
"""


def test_a_brief_that_nobody_wrote_is_a_problem_with_its_place(run: Run, folder: Path) -> None:
    """In a task and in a step, with the nearest name, people's own among them. Other commands don't stop for it."""
    (folder / "tasks.yaml").write_text(TASKS)
    (folder / ".board" / "briefs").mkdir(parents=True)
    (folder / ".board" / "briefs" / "security.md").write_text("${words}")
    said = run("check")
    assert said.code == 3
    assert said.err == (
        'tasks.yaml:3:19: kind: unknown brief "revew" (did you mean "review"?)\n'
        'tasks.yaml:7:39: kind: unknown brief "securty" (did you mean "security"?)\n'
    )
    assert run("list", "-q").out == "a\nb\nc\n"
    (folder / "tasks.yaml").write_text(TASKS.replace("revew", "review").replace("securty", "security"))
    assert run("check").out == "ok: 3 tasks\n"
    (folder / ".board" / "briefs" / "security.md").write_text("${wrods}")
    noted = run("check")
    assert noted.code == 0
    assert 'nothing is filled in for ${wrods} (did you mean "${words}"?)' in noted.out + noted.err


def test_a_brief_is_for_an_agent(run: Run, folder: Path) -> None:
    """A command has no use for one, and a task with steps has it in them."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - {id: a, run: make, kind: fix}\n")
    assert run("list").err == "tasks.yaml:3:24: kind: a brief is for an agent, and this is a command\n"
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - {id: a, kind: fix, steps: [{id: s, prompt: x}]}\n")
    assert "kind: belongs into a step where a task has `steps`" in run("list").err


def test_a_task_is_added_with_one(run: Run, folder: Path) -> None:
    """`board add` and `board run` alike."""
    assert run("add", "Look", "--kind", "review").code == 0
    assert run("run", "Attack", "--kind", "adversarial-review", "-q").code == 0
    tasks = Document((folder / "tasks.yaml").read_text()).data["tasks"]
    assert [task.get("kind") for task in tasks[-2:]] == ["review", "adversarial-review"]

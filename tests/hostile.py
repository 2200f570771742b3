"""Boards written by hand to deceive whoever reads lines instead of YAML. All are legal; `a` and `b` are the tasks."""

from __future__ import annotations

from typing import Final

_A = "  - id: a\n    title: A\n"
_B = "  - id: b\n    title: B\n"

LEGAL: Final[dict[str, str]] = {
    "plain": f"version: 1\ntasks:\n{_A}{_B}",
    "tasks first": f"tasks:\n{_A}{_B}version: 1\n",
    "tail": f"version: 1\ntasks:\n{_A}{_B}x-more: [1, 2]\n# the end\n",
    "column 0": "version: 1\ntasks:\n- id: a\n  title: A\n- id: b\n  title: B\nx-tail: 1\n",
    "column 0, lists within": "version: 1\ntasks:\n- id: a\n  labels:\n  - x\n  - y\n- id: b\n  after:\n  - a\n",
    "deep": "version: 1\ntasks:\n        - id: a\n          title: A\n        - id: b\n          title: B\n",
    "dash alone": "version: 1\ntasks:\n  -\n    id: a\n    title: A\n  -\n    id: b\n    title: B\n",
    "wide dash": "version: 1\ntasks:\n  -   id: a\n      title: A\n  -   id: b\n      title: B\n",
    "a tab behind the dash": "version: 1\ntasks:\n  - id: a\n    title:\tA\n  - id: b\n    title: B\t\n",
    "windows": f"version: 1\ntasks:\n{_A}{_B}".replace("\n", "\r\n"),
    "mixed line ends": "version: 1\r\ntasks:\n  - id: a\r\n    title: A\n  - id: b\n    title: B\r\n",
    "no end": f"version: 1\ntasks:\n{_A}  - id: b\n    title: B",
    "no end, windows": "version: 1\r\ntasks:\r\n  - id: a\r\n    title: A\r\n  - id: b\r\n    title: B",
    "mark": f"\ufeffversion: 1\ntasks:\n{_A}{_B}",
    "document marks": f"---\nversion: 1\ntasks:\n{_A}{_B}...\n",
    "directive": f"%YAML 1.2\n---\nversion: 1\ntasks:\n{_A}{_B}",
    "tag directive": f"%TAG !! tag:yaml.org,2002:\n---\nversion: 1\ntasks:\n  - id: !!str a\n    title: A\n{_B}",
    "comments everywhere": f"# tasks:\nversion: 1  # - id: x\ntasks:  # - id: c\n  # - id: no\n\n{_A}# - id: z\n   # odd\n{_B}  # last\n",
    "a text that looks like tasks": f"version: 1\nx-notes: |\n  tasks:\n    - id: no\ntasks:\n{_A}{_B}",
    "a quoted text that looks like the key": f'version: 1\nx-notes: "\n  tasks:\n   - id: no\n  "\ntasks:\n{_A}{_B}',
    "a quoted text at the line's start": f'version: 1\nx-notes: "\ntasks:\n  - id: no\n"\ntasks:\n{_A}{_B}',
    "single quotes at the line's start": f"version: 1\nx-notes: '\ntasks:\n  - id: no\n'\ntasks:\n{_A}{_B}",
    "a flow value at the line's start": f"version: 1\nx-notes: [\ntasks:\n{{x: 1}}]\ntasks:\n{_A}{_B}".replace(
        "tasks:\n{x", "'tasks:',\n{x"
    ),
    "a prompt that looks like tasks": f"version: 1\ntasks:\n  - id: a\n    prompt: |\n      - id: no\n     \n      tasks:\n{_B}",
    "a folded prompt with dashes": f"version: 1\ntasks:\n  - id: a\n    prompt: >-\n      - id: no\n      - id: c\n{_B}",
    "a prompt with its own indent": f"version: 1\ntasks:\n  - id: a\n    prompt: |1\n      - id: no\n{_B}",
    "a kept prompt": f"version: 1\ntasks:\n  - id: a\n    prompt: |+\n      text\n\n\n{_B}\n\n",
    "a kept prompt at the end": f"version: 1\ntasks:\n{_A}  - id: b\n    prompt: |+\n      text\n\n\n",
    "a kept prompt before the tail": f"version: 1\ntasks:\n{_A}  - id: b\n    prompt: |+\n      text\n\n\nx-z: 1\n",
    "a quoted title over tasks": 'version: 1\ntasks:\n  - id: a\n    title: "A\n  - id: no\n    title: x"\n  - id: b\n    title: B\n',
    "single quotes over tasks": "version: 1\ntasks:\n  - id: a\n    title: 'A\n  - id: no\n    it''s: x'\n  - id: b\n    title: B\n",
    "a quoted title to the line's start": f'version: 1\ntasks:\n  - id: a\n    title: "A\nx-no: 1\n  - id: no"\n{_B}',
    "a flow value over tasks": f"version: 1\ntasks:\n  - id: a\n    x-more: {{c:\n  - 1}}\n{_B}".replace(
        "c:\n  - 1", "c: [\n  'd', e],\n  f: 1"
    ),
    "a flow value with dashes": "version: 1\ntasks:\n  - id: a\n    x-more: [\n  -1,\n  - 2]\n  - id: b\n    title: B\n".replace(
        "  - 2", "  -2"
    ),
    "flow tasks": "version: 1\ntasks:\n  - {id: a, title: A}\n  - {id: b, title: B}\n",
    "a flow task over lines": "version: 1\ntasks:\n  - {id: a,\n  title: A}\n  - {id: b,\n     title: B}\n",
    "a flow list": "version: 1\ntasks: [{id: a, title: A}, {id: b, title: B}]\n",
    "a flow board": "{version: 1, tasks: [{id: a, title: A}, {id: b, title: B}]}\n",
    "an anchor within": "version: 1\ntasks:\n  - id: a\n    title: &t A\n    x-same: *t\n  - id: b\n    title: B\n",
    "an anchor across": "version: 1\ntasks:\n  - id: a\n    title: &t A\n  - id: b\n    title: *t\n",
    "the same anchor in two": "version: 1\ntasks:\n  - id: a\n    title: &t A\n    x-s: *t\n  - id: b\n    title: &t B\n    x-s: *t\n",
    "an anchor from the head": "version: 1\nx-all: &all {priority: 3}\ntasks:\n  - id: a\n    <<: *all\n  - id: b\n    <<: *all\n",
    "an anchor redefined for the tail": "version: 1\nx-t: &t 1\ntasks:\n  - id: a\n    x-s: &t 2\n  - id: b\nx-tail: *t\n",
    "an alias of the tail": "version: 1\ntasks:\n  - id: a\n    x-s: &t 2\n  - id: b\nx-tail: *t\n",
    "a whole task by alias": "version: 1\nx-t: &t {id: b, title: B}\ntasks:\n  - id: a\n    title: A\n  - *t\n",
    "quoted key": f'version: 1\n"tasks":\n{_A}{_B}',
    "explicit key": f"version: 1\n? tasks\n:\n{_A}{_B}",
    "spaced key": f"version: 1\ntasks :\n{_A}{_B}",
    "anchored list": f"version: 1\ntasks: &all\n{_A}{_B}",
    "tagged list": f"version: 1\ntasks: !!seq\n{_A}{_B}",
    "indented board": " version: 1\n tasks:\n  - id: a\n    title: A\n  - id: b\n    title: B\n",
    "other line ends": "version: 1\ntasks:\n  - id: a\n    title: A\r  - id: b\n    title: B\n",
    "unicode line ends": '# one \u2028x-one: no\nversion: 1\ntasks:\n  - id: a\n    title: "A\u2028  - id: no"\n  - id: b\n    title: B\n',
    "a next line mark": "version: 1\ntasks:\n  - id: a\n    title: A\x85  - id: b\n    title: B\n",
    "a plain text over lines": f"version: 1\ntasks:\n  - id: a\n    title: A\n      - id no\n     tasks\n{_B}",
    "a dash that is text": f"version: 1\ntasks:\n  - id: a\n    title: A\n      -x\n{_B}",
    "a number that begins with a dash": f"version: 1\ntasks:\n  - id: a\n    x-n:\n      -1\n{_B}",
    "tail that begins with a dash": "version: 1\ntasks:\n- id: a\n- id: b\n-x-tail: 1\n".replace("-x-tail", "x-tail"),
    "blank lines with blanks": f"version: 1\ntasks:\n\n   \n\t\n{_A}   \n\n{_B}\n  \n".replace("\t\n", "\n"),
}

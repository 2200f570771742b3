"""What is played in the demo: the board and its workers' shell scripts. `broken` spoils one promise on purpose."""

from __future__ import annotations

from pathlib import Path
from string import Template

_BOARD = Template("""\
version: 1
settings:
  max_workers: 8
  tmux: {socket: ${socket}}          # a tmux server of the demo's own
  restart: {intensity: ${intensity}, period: 10m, backoff: 200ms, stale: ${stale}}
  done_when: [clean]
  worktrees: {enabled: true, root: "../worktrees", base: main}
tasks:
  - id: docs
    title: Write the docs
    run: bin/commit docs
    priority: 1
  - id: api
    title: Write the API
    run: bin/commit api
    priority: 1
    after: [${api_after}]
  - id: import-orders
    title: Import four batches of orders
    run: bin/import
    resumable: ${import_resumable}    # each batch is committed and checkpointed
  - id: charge-cards
    title: Charge the cards
    run: bin/charge
    resumable: ${charge_resumable}    # never twice
  - id: flaky-build
    title: A build that always fails
    run: bin/fail
    resumable: true
  - id: print-config
    title: Print a configuration with a secret in it
    run: bin/leak
  - id: deploy
    title: Deploy
    run: bin/deploy
    after: [docs, api]
    ${gate}
""")

_COMMIT = """\
#!/bin/sh
set -eu
for part in 1 2 3; do
  echo "$1 part $part" >> "$1.md"
  sleep 0.3
done
git add "$1.md"
git commit -q -m "Write the $1"
echo "$1: committed"
"""

_IMPORT = """\
#!/bin/sh
set -eu
for batch in 1 2 3 4; do
  if [ -e "batch-$batch" ]; then echo "batch $batch is there already"; continue; fi
  echo "imported" > "batch-$batch"
  git add "batch-$batch"
  git commit -q -m "Import batch $batch"
  board checkpoint -q --note "batch $batch of 4"
  echo "batch $batch: committed and checkpointed"
  if [ "$batch" = 2 ] && [ ! -e "$TOP/import-was-here" ]; then
    : > "$TOP/import-was-here"
    sleep 60
  fi
done
"""

_CHARGE = """\
#!/bin/sh
echo "charged at $(date +%s)" >> "$TOP/charges.txt"
echo "charging"
sleep 60
"""

_FAIL = """\
#!/bin/sh
echo "error: missing header foo.h"
exit 2
"""

_LEAK = """\
#!/bin/sh
echo "config: token=$(cat "$TOP/secret.txt")" | tee "$TOP/printed.txt"
${spill}
sleep 0.2 # tmux may drop what a process says in its last millisecond
"""

_DEPLOY = """\
#!/bin/sh
echo "deployed" >> "$TOP/deployed.txt"
echo "deployed"
"""


def board_text(socket: str, broken: int | None) -> str:
    return _BOARD.substitute(
        socket=socket,
        api_after="docs" if broken == 1 else "",
        import_resumable="false" if broken == 2 else "true",
        charge_resumable="true" if broken == 3 else "false",
        intensity=1000 if broken == 4 else 3,
        stale=1000 if broken == 4 else 1,
        gate="x-gate: taken out" if broken == 5 else "gate: human",
    )


def worker_scripts(top: Path, broken: int | None) -> dict[str, str]:
    spill = 'cp "$TOP/printed.txt" "$TOP/shop/.board/spilled.txt"' if broken == 6 else ""
    scripts = {
        "commit": _COMMIT,
        "import": _IMPORT,
        "charge": _CHARGE,
        "fail": _FAIL,
        "leak": _LEAK.replace("${spill}", spill),
        "deploy": _DEPLOY,
    }
    return {name: text.replace("$TOP", str(top)) for name, text in scripts.items()}

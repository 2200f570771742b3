"""What is shipped for other log tools is made from the one table of events, and works with a real journal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from board.journal.events import COMMON, LEADING, Event, line_record
from board.journal.keeping import Limits, keep_journal
from board.journal.kinds import CASE, EVENTS
from board.journal.redact import Redactor
from board.journal.sink import Journal
from tests.programs import ROOT, environment

LOGS: Final = ROOT / "templates" / "logs"
COLUMNS: Final = ("ts", "level", "event", "task")  # before, and `dropped_fields` and `v` behind what events say
FIELDS: Final = tuple(dict.fromkeys((*LEADING, *COMMON, *(field for kind in EVENTS.values() for field in kind.fields))))
AT: Final = 1795169580.12

# --- the one mapping to OpenTelemetry

SEVERITIES: Final = {"info": 9, "warn": 13, "error": 17}
KNOWN_ELSEWHERE: Final = {
    "pid": "process.pid",
    "exit_status": "process.exit.code",
    "commit": "vcs.ref.head.revision",
    "branch": "vcs.ref.head.name",
    "path": "file.path",
}


def attribute(field: str) -> str:
    return KNOWN_ELSEWHERE.get(field, f"crewboard.{field}")


def opentelemetry_page() -> str:
    rows = [
        ("`ts`", "`Timestamp`", "nanoseconds since the epoch; ours has milliseconds"),
        ("`level`", "`SeverityText`, `SeverityNumber`", ", ".join(f"`{k}` is {v}" for k, v in SEVERITIES.items())),
        ("`event`", "`EventName`", "from a closed list; there is no `Body`"),
        *((f"`{field}`", f'`Attributes["{attribute(field)}"]`', _about(field)) for field in ("task", *FIELDS)),
        ("`dropped_fields`", '`Attributes["crewboard.dropped_fields"]`', _about("dropped_fields")),
        ("`v`", '`Attributes["crewboard.v"]`', "the version of the line's shape"),
    ]
    shown = [row for row in rows if not row[0].startswith(f"`{CASE}")]
    table = "".join(f"| {' | '.join(row)} |\n" for row in shown)
    return f"{HEAD}\n| field | log record | |\n|---|---|---|\n{table}{FOOT}"


HEAD: Final = """\
# The journal as OpenTelemetry log records

Each line of `.board/journal/*.jsonl` is one log record of OpenTelemetry's data model, without trace or span. What makes
one from the other in a collector stands beside this page, in `opentelemetry-collector.yaml`. The rule is short:

- three columns have a field of their own: `ts`, `level`, `event`;
- what OpenTelemetry has a name for gets that name;
- everything else is an attribute `crewboard.NAME`, with its type (text, number, true, false), its unit in the name;
- a field that is null could not be told; one that is absent was not said;
- resource: `service.name` is `crewboard`.

Lines were redacted before they were written, and a collector adds nothing to them.
"""
FOOT: Final = """\

A decision also has the case that it was made on, as `case_…` fields: attributes `crewboard.case_…`, which are for
`supervisor replay` and not for people. A last line that is torn is no record; the next writer closes it.
"""


def _about(field: str) -> str:
    says = [name for name, kind in EVENTS.items() if field in kind.fields]
    unit = "an instant, RFC 3339" if field.endswith("_at") else "seconds" if field.endswith("_s") else ""
    unit = "bytes" if field.endswith("_bytes") else unit
    whose = "any event" if not says or len(says) > 6 else ", ".join(f"`{name}`" for name in says)
    return f"{whose}; {unit}" if unit else whose


# lnav makes SQL columns of the values and quotes none: with one of these there is no table. They are shown anyway.
RESERVED: Final = frozenset(("check", "commit", "limit", "on", "where"))


def lnav_format() -> dict[str, Any]:
    shown = ["step", "worker", "rule", "cause", "by", "why"]
    return {
        "$schema": "https://lnav.org/schemas/format-v1.schema.json",
        "crewboard_journal": {
            "title": "Crewboard journal",
            "description": "What happened on a board: one JSON object a line, in .board/journal.",
            "json": True,
            "hide-extra": False,
            "file-pattern": r"\d{4}-\d{2}-\d{2}(?:\.\d+)?\.jsonl(?:\.gz)?$",
            "timestamp-field": "ts",
            "level-field": "level",
            "level": {"error": "^error$", "warning": "^warn$", "info": "^info$"},
            "opid-field": "task",
            "line-format": [
                {"field": "ts"},
                " ",
                {"field": "level", "min-width": 5},
                " ",
                {"field": "event", "min-width": 20},
                " ",
                {"field": "task", "min-width": 16, "default-value": "-"},
                *(part for field in shown for part in (" ", {"field": field, "default-value": "-"})),
            ],
            "value": {
                "event": {"kind": "string", "identifier": True},
                "task": {"kind": "string", "identifier": True},
                **{field: _lnav_value(field) for field in (*FIELDS, "dropped_fields", "v") if field not in RESERVED},
            },
        },
    }


def _lnav_value(field: str) -> dict[str, Any]:
    whole = ("_count", "_bytes", "_pid", "_token")
    if field in ("pid", "token", "attempt", "exit_status", "column", "dropped_fields", "v") or field.endswith(whole):
        kind = "integer"
    elif field.endswith("_s"):
        kind = "float"
    else:
        kind = "string"
    named = {"identifier": True} if field in ("step", "worker", "rule", "by", "agent", "pane", "pid") else {}
    return {"kind": kind, **named, **({"hidden": True} if field.startswith(CASE) or field == "v" else {})}


def collector() -> dict[str, Any]:
    moved = [
        {
            "type": "move",
            "from": f"attributes.{field}",
            "to": f'attributes["{name}"]',
            "if": f"attributes.{field} != nil",
        }
        for field, name in KNOWN_ELSEWHERE.items()
    ]
    parser = {
        "type": "json_parser",
        "on_error": "drop_quiet",
        "timestamp": {"parse_from": "attributes.ts", "layout": "%Y-%m-%dT%H:%M:%S.%LZ", "location": "UTC"},
        "severity": {"parse_from": "attributes.level", "mapping": {level: level for level in SEVERITIES}},
    }
    cleaned = [{"type": "remove", "field": f"attributes.{field}"} for field in ("ts", "level")]
    statements = [
        'set(log.event_name, log.attributes["event"])',
        'delete_key(log.attributes, "event")',
        "set(log.body, nil)",
        'replace_all_patterns(log.attributes, "key", "^([a-z_]+)$$", "crewboard.$$1")',
    ]
    return {
        "receivers": {
            "filelog/crewboard": {
                "include": ["${env:CREWBOARD_JOURNAL}/*.jsonl"],
                "start_at": "beginning",
                "include_file_name": False,
                "max_log_size": "4MiB",
                "resource": {"service.name": "crewboard"},
                "operators": [parser, *cleaned, *moved],
            }
        },
        "processors": {"transform/crewboard": {"log_statements": statements}},
        "exporters": {"debug": {"verbosity": "detailed"}},
        "service": {
            "pipelines": {
                "logs/crewboard": {
                    "receivers": ["filelog/crewboard"],
                    "processors": ["transform/crewboard"],
                    "exporters": ["debug"],
                }
            }
        },
    }


COLLECTOR_HEAD: Final = """\
# For the OpenTelemetry collector (contrib): journal lines as log records, as opentelemetry.md says. Give it the folder
# as CREWBOARD_JOURNAL=/path/to/.board/journal, and an exporter of yours instead of `debug`.
"""
MADE: Final = {
    "crewboard.lnav.json": json.dumps(lnav_format(), indent=2) + "\n",
    "opentelemetry.md": opentelemetry_page(),
    "opentelemetry-collector.yaml": COLLECTOR_HEAD + yaml.safe_dump(collector(), sort_keys=False, width=110),
}


@pytest.mark.parametrize("name", MADE)
def test_each_file_is_made_from_the_table(name: str) -> None:
    """A field or an event that is added stands in all of them. BOARD_UPDATE_SNAPSHOTS=1 writes them anew."""
    if os.environ.get("BOARD_UPDATE_SNAPSHOTS"):
        (LOGS / name).write_text(MADE[name], encoding="utf-8")
    assert (LOGS / name).read_text(encoding="utf-8") == MADE[name]
    assert sorted(path.name for path in LOGS.iterdir()) == sorted(MADE)


def test_the_mapping_says_every_field_and_none_that_does_not_exist() -> None:
    """What a line may have is in the page and, by name or by rule, in the collector's file."""
    page = (LOGS / "opentelemetry.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    every = [*COLUMNS, *(field for field in FIELDS if not field.startswith(CASE)), "dropped_fields", "v"]
    assert sorted(told) == sorted(every)
    names = [attribute(field) for field in FIELDS]
    assert len(set(names)) == len(names)
    parsed = yaml.safe_load((LOGS / "opentelemetry-collector.yaml").read_text("utf-8"))
    operators = parsed["receivers"]["filelog/crewboard"]["operators"]
    words = [each.get("from") or each.get("field") for each in operators[1:]]
    words += [operators[0][part]["parse_from"] for part in ("timestamp", "severity")]
    assert {word.removeprefix("attributes.") for word in words} <= {*COLUMNS, *FIELDS}
    assert set(operators[0]["severity"]["mapping"]) == {kind.level for kind in EVENTS.values()}


def test_the_collectors_rule_names_every_attribute() -> None:
    """The pattern that prefixes what has no other name takes each of our fields, and nothing that has one."""
    statement = collector()["processors"]["transform/crewboard"]["log_statements"][-1]
    pattern, put = (part.replace("$$", "$") for part in re.findall(r'"([^"]+)"', statement)[1:])
    for field in ("task", *FIELDS, "dropped_fields", "v"):
        named = KNOWN_ELSEWHERE.get(field, field)
        assert re.sub(pattern, put.replace("$1", r"\1"), named) == attribute(field)


@pytest.mark.skipif(shutil.which("lnav") is None, reason="needs lnav")
def test_lnav_reads_a_real_journal(tmp_path: Path) -> None:
    """lnav finds nothing wrong with the format, uses it for plain and packed segments, and has facts as columns."""
    formats = tmp_path / "lnav" / "formats" / "crewboard"
    formats.mkdir(parents=True)
    shutil.copy(LOGS / "crewboard.lnav.json", formats)
    folder = tmp_path / "journal"
    journal = Journal(str(folder), Redactor(home="", user="", host="", key=b"k", known={}), max_bytes=2000)
    for n, name in enumerate(EVENTS):
        journal.append(Event(name, f"t{n}", {"step": "main", "pid": n, "why": 'a "word"', "note": "x y"}), AT + n)
    journal.close()
    assert (keep_journal(str(folder), Limits(0, 0, 0), AT) or (0,))[0] > 1
    env = environment(HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    base = ["lnav", "-n", "-I", str(tmp_path / "lnav")]
    checked = subprocess.run([*base, "-W", "-C"], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    query = ";SELECT event, log_level, task, step, pid FROM crewboard_journal ORDER BY log_time"
    files = sorted(map(str, folder.iterdir()))
    asked = [*base, "-q", "-c", query, "-c", ":write-csv-to -", *files]
    done = subprocess.run(asked, env=env, capture_output=True, text=True, timeout=60, check=False)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    levels = {"warn": "warning"}
    assert [(row["event"], row["log_level"], row["task"], row["step"]) for row in rows] == [
        (name, levels.get(kind.level, kind.level), f"t{n}", "main") for n, (name, kind) in enumerate(EVENTS.items())
    ], done.stderr
    shown = subprocess.run([*base, *files], env=env, capture_output=True, text=True, timeout=60, check=False).stdout
    first = line_record(Event(next(iter(EVENTS)), "t0", {"step": "main"}), AT)
    assert re.match(rf"\S+ info +{first['event']} +t0 +main - - - - a \"word\"\n", shown), shown[:400]

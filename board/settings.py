"""The `settings` of a board as values with their defaults. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from board.instants import parse_span

if TYPE_CHECKING:
    from board.notices import Rule

_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def parse_size(text: str) -> int | None:
    """Bytes of `64MiB`, `500kB` or `4096`; None when it is no size."""
    unit = next((unit for unit in _UNITS if text.endswith(unit)), "")
    number = text.removesuffix(unit)
    if not (number.isascii() and number.replace(".", "", 1).isdecimal()):
        return None
    return int(float(number) * _UNITS.get(unit, 1))


class Backoff(NamedTuple):
    """The pause before restart n is `initial * factor ** (n - 1)` seconds, at most `cap`."""

    initial: float = 2.0
    factor: float = 2.0
    cap: float = 300.0


class RestartPolicy(NamedTuple):
    """At most `intensity` restarts within `period`; at most `stale` restarts in a row that brought nothing;
    `spacing` seconds between the recoveries after a mass death."""

    intensity: int = 3
    period: float = 600.0
    backoff: Backoff = Backoff()
    stale: int = 1
    spacing: float = 1.0


class Worktrees(NamedTuple):
    enabled: bool = False
    root: str = "../{repo}.worktrees"
    base: str = "origin/HEAD"
    copy: tuple[str, ...] = (".env*",)
    link: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    setup_timeout: float = 600.0


class RedactRule(NamedTuple):
    """A secret of people's own kind: a text with `literal` is searched for `regex`; group 1, if any, is the secret."""

    kind: str
    literal: str
    regex: str


class Redact(NamedTuple):
    """What is masked beside what every board masks, and what isn't."""

    rules: tuple[RedactRule, ...] = ()
    allow: tuple[str, ...] = ()
    values_from: tuple[str, ...] = ()
    prompts: str = "fingerprint"
    gitleaks: str | None = None


class Journaling(NamedTuple):
    """Bytes and seconds; 0 is no limit."""

    max_bytes: int = 64 << 20
    max_age: float = 90 * 86400.0
    free_bytes: int = 100 << 20
    segment_bytes: int = 8 << 20


class PortRange(NamedTuple):
    """Where the tasks' ports are taken from, both ends included."""

    low: int = 20000
    high: int = 29999


class Drifting(NamedTuple):
    """Seconds between two looks at all trees; 0 is never."""

    every: float = 300.0


class Settings(NamedTuple):
    """`notify` are `notices.Rule`s, which only who tells somebody imports."""

    lease: float = 7200.0
    max_workers: int = 4
    socket: str = "crewboard"
    grace: float = 10.0
    stall_after: float = 0.0  # never
    restart: RestartPolicy = RestartPolicy()
    done_when: tuple[str, ...] | None = None
    done_timeout: float = 600.0
    review: str = "none"
    unlock: str = "done"
    checkpoint: str = "said"
    worktrees: Worktrees = Worktrees()
    redact: Redact = Redact()
    journal: Journaling = Journaling()
    ports: PortRange = PortRange()
    drift: Drifting = Drifting()
    notify: tuple[Rule, ...] = ()


def read_settings(record: Mapping[str, Any]) -> Settings:
    tmux = record.get("tmux") or {}
    plain = Settings()
    return Settings(
        lease=_span(record, "lease", plain.lease),
        max_workers=record.get("max_workers", plain.max_workers),
        socket=str(tmux.get("socket", plain.socket)),
        grace=_span(record, "grace", plain.grace),
        stall_after=_span(record, "stall_after", plain.stall_after),
        restart=_restart(record.get("restart") or {}),
        done_when=strings(record, "done_when"),
        done_timeout=_span(record, "done_timeout", plain.done_timeout),
        review=record.get("review", plain.review),
        unlock=record.get("unlock", plain.unlock),
        checkpoint=record.get("checkpoint", plain.checkpoint),
        worktrees=_worktrees(record.get("worktrees") or {}),
        redact=_redact(record.get("redact") or {}),
        journal=_journal(record.get("journal") or {}),
        ports=range_of(record.get("ports") or {}),
        drift=Drifting(_span(record.get("drift") or {}, "every", Drifting().every)),
        notify=_notify(record.get("notify")),
    )


def _notify(listed: Any) -> tuple[Rule, ...]:
    if not listed:
        return ()
    from board.notices import read_rules

    return read_rules(listed)


def _restart(record: Mapping[str, Any]) -> RestartPolicy:
    plain = RestartPolicy()
    return RestartPolicy(
        intensity=record.get("intensity", plain.intensity),
        period=_span(record, "period", plain.period),
        backoff=_backoff(record.get("backoff")),
        stale=record.get("stale", plain.stale),
        spacing=_span(record, "spacing", plain.spacing),
    )


def _backoff(value: Any) -> Backoff:
    plain = Backoff()
    if isinstance(value, Mapping):
        return Backoff(
            _span(value, "initial", plain.initial),
            float(value.get("factor", plain.factor)),
            _span(value, "cap", plain.cap),
        )
    if value is None:
        return plain
    pause = parse_span(str(value)) or 0.0
    return Backoff(pause, 1.0, pause)


def _worktrees(record: Mapping[str, Any]) -> Worktrees:
    plain = Worktrees()
    copied = strings(record, "copy")
    return Worktrees(
        enabled=record.get("enabled", plain.enabled),
        root=record.get("root", plain.root),
        base=record.get("base", plain.base),
        copy=plain.copy if copied is None else copied,
        link=strings(record, "link") or (),
        setup=strings(record, "setup") or (),
        setup_timeout=_span(record, "setup_timeout", plain.setup_timeout),
    )


def _redact(record: Mapping[str, Any]) -> Redact:
    plain = Redact()
    return Redact(
        rules=tuple(RedactRule(each["kind"], each["literal"], each["regex"]) for each in record.get("rules", ())),
        allow=strings(record, "allow") or (),
        values_from=strings(record, "values_from") or (),
        prompts=record.get("prompts", plain.prompts),
        gitleaks=record.get("gitleaks"),
    )


def _journal(record: Mapping[str, Any]) -> Journaling:
    plain = Journaling()
    return Journaling(
        max_bytes=_size(record, "max_bytes", plain.max_bytes),
        max_age=_span(record, "max_age", plain.max_age),
        free_bytes=_size(record, "free_bytes", plain.free_bytes),
        segment_bytes=_size(record, "segment_bytes", plain.segment_bytes),
    )


def range_of(record: Mapping[str, Any]) -> PortRange:
    plain = PortRange()
    return PortRange(record.get("from", plain.low), record.get("to", plain.high))


def _size(record: Mapping[str, Any], key: str, default: int) -> int:
    value = record.get(key)
    found = None if value is None else parse_size(str(value))
    return default if found is None else found


def _span(record: Mapping[str, Any], key: str, default: float) -> float:
    value = record.get(key)
    seconds = None if value is None else parse_span(str(value))
    return default if seconds is None else seconds


def strings(record: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    value = record.get(key)
    return None if value is None else tuple(str(item) for item in value)

"""What a doctor says of the ways by which people are told. It sends nothing, and shows no address."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.notify.targets import addresses
from supervisor.notify.ways import NO_DESKTOP, desktop_argv, fault_of
from supervisor.patient import Finding, Patient


def notify(patient: Patient) -> list[Finding]:
    """Whether each way of `settings.notify` could be used. Nothing is sent, and no address is shown."""
    if patient.store is None:
        return []
    ways = dict.fromkeys(way for rule in patient.settings.notify for way in rule.ways)
    return [_way(way, patient.store.folder, patient.env) for way in ways]


def _way(way: str, folder: str, env: Mapping[str, str]) -> Finding:
    name = f"notify {way}"
    if way == "desktop" and desktop_argv("", "") is None:
        return Finding(name, "warning", NO_DESKTOP, "install it, or leave out `desktop`")
    if way == "desktop" or way.startswith("command:"):
        return Finding(name, "ok", "supervisor notify --test tries it")
    found = addresses(way, folder, env)
    if found.fault:
        return Finding(name, "warning", found.fault, "the sender looks again at each message")
    faults = dict.fromkeys(fault for url in found.urls if (fault := fault_of(url)) is not None)
    if faults:
        return Finding(name, "warning", "; ".join(faults), "supervisor notify --test says more")
    return Finding(name, "ok", f"{len(found.urls)} address{'' if len(found.urls) == 1 else 'es'}")

"""A change to one task's record: which top-level keys get which values, and which go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Gone(NamedTuple):
    """In a patch: this key is to be taken out."""


GONE: Final = Gone()
Patch = Mapping[str, Any]


def patched(record: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """The record as it reads once `patch` is applied; a key set to None counts as taken out."""
    merged = {**record, **patch}
    return {key: value for key, value in merged.items() if value is not GONE and value is not None}

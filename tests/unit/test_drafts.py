"""What stands in an input box that an agent draws in more ways than one."""

from __future__ import annotations

import pytest

from supervisor.answering.draft import holds, read_draft
from tests.screens import read_sample

GHOST = ">   Type your message or @path/to/file"


@pytest.mark.parametrize("sample", ["idle", "idle-ruled"])
def test_geminis_box_is_empty_below_which_a_rule_or_nothing_stands(sample: str) -> None:
    """With few colours it closes its box with a rule: what stands below that is nobody's draft. Mutant killed: only an
    empty line ends it, so that each box holds a half-written line."""
    draft = read_draft("gemini", read_sample("gemini", sample).text)
    assert draft is not None
    assert draft.is_empty


@pytest.mark.parametrize("sample", ["idle", "idle-ruled"])
@pytest.mark.parametrize("text", ["one line", "first\n\nand a third, behind an empty one"])
def test_geminis_box_holds_a_text_of_several_parts(sample: str, text: str) -> None:
    """Whole, and nothing else. Mutant killed: what is behind the rule belongs to it."""
    shown = read_sample("gemini", sample).text.replace(GHOST, "> " + text.replace("\n", "\n   "))
    draft = read_draft("gemini", shown)
    assert draft is not None
    assert not draft.is_empty
    assert holds("gemini", draft, text)
    assert not holds("gemini", draft, f"{text} and more")
    cut_off = read_draft("gemini", shown.replace("first", "first, and theirs"))
    assert cut_off is not None
    assert holds("gemini", cut_off, text) == ("first" not in text)

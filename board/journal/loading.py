"""`settings.redact` made ready for the redactor: rules tried out, values read, and what of it can't be used, in words.

It masks nothing. What can't be used never opens what it was written for: a rule that is too slow hides whole lines, a
false alarm that is too slow allows nothing. No value is ever in a trouble's words.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol, cast

from board.journal.own import PATTERN, Own, OwnRule, Prompts

SLOW: Final = (
    "takes more than 50 ms on a line of 10,000 characters; avoid nested repetition such as (a+)+ and `.*` in"
    " the middle, use possessive quantifiers such as `++` or atomic groups"
)
UNTRIED: Final = "could not be tried out; look again when the machine has less to do"


class Rule(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def literal(self) -> str: ...
    @property
    def regex(self) -> str: ...


class Wanted(Protocol):
    """What a board's settings say about redaction, checked already: `board.settings.Redact` is one."""

    @property
    def rules(self) -> Sequence[Rule]: ...
    @property
    def allow(self) -> tuple[str, ...]: ...
    @property
    def values_from(self) -> tuple[str, ...]: ...
    @property
    def prompts(self) -> str: ...
    @property
    def gitleaks(self) -> str | None: ...


class Trouble(NamedTuple):
    """What of the settings isn't as it was meant; `path` leads there from `settings.redact`. A fault is for `board
    check` to fail at; anything else, such as a file that isn't there yet, is told."""

    path: tuple[str | int, ...]
    message: str
    is_fault: bool = True


class Loaded(NamedTuple):
    own: Own
    known: Mapping[str, str]
    troubles: tuple[Trouble, ...]


def load(side: str, env: Mapping[str, str], wanted: Wanted) -> Loaded:
    """`side` is the board's `.board`: beside it files are looked for, and in its cache verdicts are kept."""
    troubles: list[Trouble] = []
    own = Own(prompts=cast("Prompts", wanted.prompts))
    if wanted.rules or wanted.allow:
        own = _tried(os.path.join(side, "cache", "trials"), wanted, own, troubles)
    if wanted.gitleaks is not None:
        from board.journal.gitleaks import rules_of

        found = rules_of(os.path.dirname(side), wanted.gitleaks, env)
        own = own._replace(more=(found.find,), more_kinds=found.kinds)
        troubles += [Trouble(("gitleaks",), problem) for problem in found.problems]
    known: Mapping[str, str] = {}
    if wanted.values_from:
        from board.journal.values import known_values

        known, problems = known_values(os.path.dirname(side), wanted.values_from, env)
        troubles += [Trouble(("values_from", place), problem, is_fault=False) for place, problem in problems]
    return Loaded(own, known, tuple(troubles))


def _tried(folder: str, wanted: Wanted, own: Own, troubles: list[Trouble]) -> Own:
    from board.journal.trial import Tried, Verdict, verdicts

    patterns = [(place, text) for place, text in enumerate(wanted.allow) if text.startswith(PATTERN)]
    asked = [Tried(rule.literal, rule.regex) for rule in wanted.rules]
    asked += [Tried("", text.removeprefix(PATTERN)) for _, text in patterns]
    said = verdicts(asked, folder)
    words = {Verdict.SLOW: SLOW, Verdict.UNKNOWN: UNTRIED}
    rules = []
    for place, (rule, verdict) in enumerate(zip(wanted.rules, said, strict=False)):
        is_quick = verdict is Verdict.QUICK
        rules.append(OwnRule(rule.kind, rule.literal, rule.regex if is_quick else None))
        if not is_quick:
            meanwhile = f"until then each line with {rule.literal!r} is masked as a whole"
            troubles.append(Trouble(("rules", place, "regex"), f"{words[verdict]}; {meanwhile}"))
    slow = set()
    for (place, text), verdict in zip(patterns, said[len(rules) :], strict=True):
        if verdict is not Verdict.QUICK:
            slow.add(text)
            troubles.append(Trouble(("allow", place), f"{words[verdict]}; until then it allows nothing"))
    return own._replace(rules=tuple(rules), allow=tuple(text for text in wanted.allow if text not in slow))

"""The door to RE2: rules in gitleaks' format, from a TOML file, as one more finder of people's own secrets.

Paths and commits, which their rules also know, are no part of a line of text: what is allowed only there isn't allowed
here. It carries none of gitleaks' own rules.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from board.journal.own import Span
from board.journal.values import Unfit, located, read_text

MISSING: Final = 'needs RE2: uv tool install "crewboard[gitleaks]"'
NOT_KINDS: Final = ("cut", "failed", "known")
_DEEPEST: Final = 3  # files that extend one another
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

Table = Mapping[str, Any]


class _Allow(NamedTuple):
    """What is no secret: `stopwords` stand in it, `regexes` in what `target` says; both, where it `needs_all`."""

    regexes: tuple[Any, ...]
    stopwords: tuple[str, ...]
    target: str
    needs_all: bool

    def holds(self, secret: str, match: str, line: str) -> bool:
        where = {"match": match, "line": line}.get(self.target, secret)
        low = secret.lower()
        said = [any(regex.search(where) for regex in self.regexes)] if self.regexes else []
        said += [any(word in low for word in self.stopwords)] if self.stopwords else []
        return bool(said) and (all(said) if self.needs_all else any(said))


class _Rule(NamedTuple):
    kind: str
    regex: Any
    group: int
    keywords: tuple[str, ...]
    entropy: float
    allows: tuple[_Allow, ...]

    def find(self, text: str) -> Iterator[Span]:
        for at in self.regex.finditer(text):
            group = self.group or next((number for number in range(1, at.re.groups + 1) if at[number]), 0)
            start, end = at.span(group)
            if start < end and not self._is_none(text, at[0], at.span(), text[start:end]):
                yield self.kind, start, end

    def _is_none(self, text: str, match: str, span: tuple[int, int], secret: str) -> bool:
        if self.entropy and entropy(secret) <= self.entropy:
            return True
        if not self.allows:
            return False
        after = text.find("\n", span[1])
        line = text[text.rfind("\n", 0, span[0]) + 1 : after if after >= 0 else len(text)]
        return any(allow.holds(secret, match, line) for allow in self.allows)


class Rules(NamedTuple):
    rules: tuple[_Rule, ...]
    problems: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(rule.kind for rule in self.rules)

    def find(self, text: str) -> Iterator[Span]:
        low = text.lower()
        for rule in self.rules:
            if not rule.keywords or any(word in low for word in rule.keywords):
                try:
                    yield from rule.find(text)
                except UnicodeEncodeError:  # half a character, which UTF-8 doesn't know
                    yield from rule.find(_SURROGATES.sub("\ufffd", text))


def rules_of(folder: str, path: str, env: Mapping[str, str]) -> Rules:
    """What the file says, and each thing in it that can't be used. Raises nothing."""
    try:
        import re2
    except ImportError:
        return Rules((), (f"{path}: {MISSING}",))
    problems: list[str] = []
    table = _extended(folder, path, env, problems)
    return Rules(tuple(_Reader(path, re2, problems).rules(table)), tuple(problems))


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    from collections import Counter
    from math import log2

    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values()) if text else 0.0


def kind_of(name: str) -> str:
    """What a mark may say of a rule's id: `acme-api-key` is `acmeapikey`."""
    kind = "".join(re.findall("[a-z0-9]", name.lower()))[:16]
    return kind if kind and kind[0].isalpha() and kind not in NOT_KINDS else f"x{kind}"[:16]


# --- the file


def _extended(folder: str, path: str, env: Mapping[str, str], problems: list[str], depth: int = 1) -> Table:
    """The file with what it extends: its own rules stand before, and complete, those with the same id."""
    table = _table(folder, path, env, problems)
    extend = _part(table, "extend")
    if extend.get("useDefault"):
        remedy = "save gitleaks' own config beside it and name that as [extend] path"
        problems.append(f"{path}: [extend] useDefault: gitleaks' own rules aren't part of this; {remedy}")
    base = extend.get("path")
    if not isinstance(base, str):
        return table
    if depth == _DEEPEST:
        problems.append(f"{path}: [extend] path: no more than {_DEEPEST} files may extend one another")
        return table
    below = _extended(folder, base, env, problems, depth + 1)
    disabled = _texts(extend, "disabledRules")
    rules = {str(rule.get("id")): rule for rule in _tables(below, "rules") if rule.get("id") not in disabled}
    for rule in _tables(table, "rules"):
        name = str(rule.get("id"))
        rules[name] = _completed(rule, rules[name]) if name in rules else rule
    return {"rules": list(rules.values()), "allowlists": [*_allowlists(table), *_allowlists(below)]}


def _completed(rule: Table, base: Table) -> Table:
    keywords = [*_texts(base, "keywords"), *_texts(rule, "keywords")]
    allowlists = [*_allowlists(base), *_allowlists(rule)]
    return {**base, **rule, "keywords": keywords, "allowlists": allowlists, "allowlist": None}


def _table(folder: str, path: str, env: Mapping[str, str], problems: list[str]) -> Table:
    import tomllib

    try:
        return tomllib.loads(read_text(located(folder, path, env)))
    except OSError as error:
        problems.append(f"{path}: {(error.strerror or 'it could not be read').lower()}")
    except Unfit as error:
        problems.append(f"{path}: {error}")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path}: it is not TOML: {error}")
    except RecursionError:
        problems.append(f"{path}: it is not TOML: too deep")
    return {}


def _allowlists(table: Table) -> list[Table]:
    """Both ways of writing them: several as `allowlists`, one as `allowlist`."""
    one = _part(table, "allowlist")
    return [*_tables(table, "allowlists"), *([one] if one else [])]


def _part(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _tables(table: Table, key: str) -> list[Table]:
    value = table.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(table: Table, key: str) -> list[str]:
    value = table.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


class _Reader:
    """From tables to rules; whatever can't be read is said, and the rest is read."""

    def __init__(self, path: str, re2: Any, problems: list[str]) -> None:
        self._path = path
        self._re2 = re2
        self._problems = problems
        self._options = re2.Options()
        self._options.log_errors = False

    def rules(self, table: Table) -> Iterator[_Rule]:
        shared = [(_texts(each, "targetRules"), self._allow(each, "allowlists")) for each in _allowlists(table)]
        for rule in _tables(table, "rules"):
            name = rule.get("id")
            if not isinstance(name, str) or not name:
                self._say("a rule without an id", "give it one")
            elif rule.get("regex") is not None:  # else it is about paths alone
                allows = [allow for targets, allow in shared if not targets or name in targets]
                made = self._rule(name, rule, allows)
                if made is not None:
                    yield made

    def _rule(self, name: str, rule: Table, shared: list[_Allow]) -> _Rule | None:
        regex = self._compiled(rule.get("regex"), f"rule {name}")
        if regex is None:
            return None
        group, least = rule.get("secretGroup", 0), rule.get("entropy", 0)
        if not isinstance(group, int) or not 0 <= group <= regex.groups:
            self._say(f"rule {name}: secretGroup {group!r}", f"its regex has {regex.groups} groups")
            group = 0
        if isinstance(least, bool) or not isinstance(least, int | float):
            self._say(f"rule {name}: entropy {least!r}", "a number of bits, such as 3.5")
            least = 0
        keywords = tuple(word.lower() for word in _texts(rule, "keywords") if word)
        allows = [*shared, *(self._allow(each, f"rule {name}") for each in _allowlists(rule))]
        return _Rule(kind_of(name), regex, group, keywords, float(least), tuple(allows))

    def _allow(self, table: Table, where: str) -> _Allow:
        compiled = [self._compiled(regex, f"{where}, allowlist") for regex in _texts(table, "regexes")]
        needs_all = table.get("condition") in ("AND", "&&")
        is_elsewhere = needs_all and (table.get("paths") or table.get("commits") or None in compiled)
        regexes = tuple(regex for regex in compiled if regex is not None) if not is_elsewhere else ()
        stopwords = tuple(word.lower() for word in _texts(table, "stopwords") if word) if not is_elsewhere else ()
        return _Allow(regexes, stopwords, str(table.get("regexTarget", "")), needs_all)

    def _compiled(self, regex: object, where: str) -> Any:
        if not isinstance(regex, str):
            return self._say(f"{where}: regex: {type(regex).__name__}", "write it as a text")
        try:
            return self._re2.compile(regex, self._options)
        except self._re2.error as error:
            said = error.args[0] if error.args else "can't be read"
            words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            return self._say(f"{where}: regex: {words}", "RE2 knows no look-around, back-references or possessive ones")

    def _say(self, what: str, remedy: str) -> None:
        self._problems.append(f"{self._path}: {what}; {remedy}")

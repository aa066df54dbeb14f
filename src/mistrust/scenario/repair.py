"""What is left of a scenario when the parts with mistakes are taken out.

The rest can then be checked as well, so that one reading reports all mistakes. Names that went
with the parts taken out are in doubt: nothing is said about expressions that use them.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mistrust.scenario.schema import Scenario
from mistrust.scenario.text import Path

_RECORDS = ("actors", "board", "premises", "mechanisms", "define", "levers", "claims")


@dataclass(frozen=True)
class Remains:
    """A scenario without some of its parts.

    `broken` are names in doubt; `dated` says whether the calendar is as written.
    """

    scenario: Scenario
    broken: frozenset[str] = frozenset()
    dated: bool = True


@dataclass(frozen=True)
class Mistake:
    """A place in the data, what is wrong there (in pydantic's words), and the key in question."""

    path: Path
    kind: str
    key: str


def remains(data: dict[str, Any], mistakes: Iterable[Mistake]) -> Remains | None:
    """Take out the parts with mistakes; None if the rest is no scenario."""
    rest, broken, dated = deepcopy(data), set[str](), True
    for mistake in mistakes:
        part = _part(mistake)
        if part is None:
            return None
        if part in (("horizon",), ("title",)):
            rest[str(part[0])] = {"turns": "1"} if part == ("horizon",) else "untitled"
        else:
            broken |= _take_out(rest, part)
            broken |= {str(name) for name in part[1:2] if part[0] == "actors"}
        dated &= part[0] != "horizon"
    try:
        return Remains(Scenario.model_validate(rest), frozenset(broken), dated)
    except ValidationError:
        return None


def _part(mistake: Mistake) -> Path | None:
    """What to take out for a mistake: an unknown key, a whole record, or a single value.

    None if the mistake leaves in doubt which names there are.
    """
    path = mistake.path
    if mistake.key == "[key]":
        return None
    if mistake.kind == "missing" and not path:
        return (mistake.key,)
    if mistake.kind == "extra_forbidden" or not path:
        return path
    if path[0] in _RECORDS:
        return path[:2] if len(path) > 1 else None
    return path[:1] if path[0] in ("horizon", "title") else path


def _take_out(data: Any, path: Path) -> set[str]:
    """Delete the value at `path`; the words that went with it."""
    for part in path[:-1]:
        if isinstance(data, dict) and part not in data:
            return set()
        data = data[part]
    if not isinstance(data, dict) or path[-1] not in data:
        return set()
    return {str(path[-1]), *_words(data.pop(path[-1]))}


def _words(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_words, value.values()))
    if isinstance(value, list):
        return set().union(*map(_words, value))
    return {value} if isinstance(value, str) else set()

"""Levels of a variable, as they are written: a list, `0..3`, or `0..1 by 0.25`."""

from __future__ import annotations

import re
from itertools import pairwise
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from mistrust.errors import clipped
from mistrust.scenario.tokens import KEYWORDS

NAME = "a letter, then letters, digits, '_', 60 in all at most"
MAX_LEVELS = 10_000

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$", max_length=60)]

LEVELS_ARE = "levels are a list of names or numbers, '0..3', or '0..1 by 0.25'"
_RANGE = re.compile(
    r"\s*(-?\d{1,9}(?:\.\d{1,12})?)\s*\.\.\s*(-?\d{1,9}(?:\.\d{1,12})?)"
    r"(?:\s+by\s+(\d{1,9}(?:\.\d{1,12})?))?\s*"
)


def levels_of(value: Any) -> Any:
    """Read `0..3`, `0..1 by 0.25` or a list into a list of names or of numbers."""
    if isinstance(value, str):
        return _range_of(value)
    if not isinstance(value, list) or not value:
        found = "nothing" if not value else "a mapping" if isinstance(value, dict) else value
        raise ValueError(f"found {found}: {LEVELS_ARE}")
    if len(value) > MAX_LEVELS:
        raise ValueError(f"{len(value):,} levels; a variable may have at most {MAX_LEVELS:,}")
    numbers = [_number(level) for level in value]
    levels: list[Any] = [n for n in numbers if n is not None]
    if len(levels) < len(value):
        for level, number in zip(value, numbers, strict=True):
            _check_level_name(level, number)
        if levels:
            mixed = value[numbers.index(levels[0])]
            raise ValueError(f"levels are all names or all numbers, but '{mixed}' is a number")
        levels = value
    seen = set[object]()
    for level, written in zip(levels, value, strict=True):
        if level in seen:
            raise ValueError(f"the level '{written}' is listed twice")
        seen.add(level)
    for (low, high), written in zip(pairwise(levels), value[1:], strict=True):
        if isinstance(low, float) and high < low:
            raise ValueError(f"numbered levels must rise: '{written}' is below the one before it")
    return levels


def _range_of(text: str) -> list[float]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise ValueError(f"found '{clipped(text)}': {LEVELS_ARE}")
    low, high, spacing = float(found[1]), float(found[2]), float(found[3] or 1)
    if spacing <= 0 or high < low:
        raise ValueError(f"'{text}': a range of levels runs upwards, by steps above 0")
    count = round((high - low) / spacing)
    if abs(low + count * spacing - high) > 1e-9:
        raise ValueError(f"steps of {spacing:g} do not lead from {low:g} to {high:g}")
    if count >= MAX_LEVELS:
        raise ValueError(f"{count + 1:,} levels; a variable may have at most {MAX_LEVELS:,}")
    return [round(low + spacing * i, 12) for i in range(count + 1)]


def _number(level: object) -> float | None:
    try:
        number = float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _check_level_name(level: object, number: float | None) -> None:
    if not isinstance(level, str):
        raise ValueError("levels are names or numbers, but one of these is neither")
    if number is None and not re.fullmatch(r"[A-Za-z_]\w{0,59}", level):
        raise ValueError(f"'{clipped(level)}' is no level: a number, or a name ({NAME})")
    if level in KEYWORDS:
        raise ValueError(f"'{level}' is a word of the language, not a name")


Levels = Annotated[
    list[Identifier] | list[float],
    BeforeValidator(levels_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"\.\."},
                {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
            ],
            "title": "Levels: [truce, war], 0..3, or 0..1 by 0.25",
        }
    ),
]

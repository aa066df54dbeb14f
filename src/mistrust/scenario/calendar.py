"""Dates and turns: which turn a date falls in, and how a turn is called."""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = {"month": 1, "quarter": 3, "year": 12}
DATE = re.compile(r"(\d{4})(?:-(?:[Qq]([1-4])|(\d{2})(?:-(\d{2}))?))?$")


def month_of(text: str) -> int | None:
    """Months since year 0 of `2025-Q1`, `2025-01`, `2025-01-20` or `2025`; None if no date."""
    found = DATE.match(text)
    if not found:
        return None
    year, quarter, month, day = found.groups()
    number = 3 * int(quarter) - 2 if quarter else int(month or 1)
    if not 1 <= number <= 12 or not 1 <= int(day or 1) <= 31:
        return None
    return 12 * int(year) + number - 1


@dataclass(frozen=True)
class Calendar:
    """The turns of a scenario. `start` is in months since year 0, or None without dates.

    Turns are counted from 0 inside the program and from 1 for the reader.
    """

    start: int | None
    every: str
    turns: int

    @property
    def step(self) -> int:
        """Months per turn."""
        return MONTHS[self.every]

    def turn_of(self, month: int) -> int:
        """The turn that a month falls in; below 0 or past the last turn if outside."""
        assert self.start is not None
        return (month - self.start) // self.step

    def month(self, turn: int) -> int:
        """The month, since year 0, in which a turn opens."""
        assert self.start is not None
        return self.start + turn * self.step

    def label(self, turn: int) -> str:
        """How the reader calls a turn: `2025-Q1`, `2025-03`, `2025` or `turn 3`."""
        if self.start is None:
            return f"turn {turn + 1}"
        year, month = divmod(self.month(turn), 12)
        if self.every == "quarter":
            return f"{year:04d}-Q{month // 3 + 1}"
        return f"{year:04d}-{month + 1:02d}" if self.every == "month" else f"{year:04d}"

    def labels(self) -> list[str]:
        """Labels of all openings: one per turn, then the end."""
        return [self.label(turn) for turn in range(self.turns + 1)]

    def holds_every(self, turn: int, period: int, first: int, last: int | None) -> bool:
        """Whether a date of the series `first`, `first + period`, ... (months) is in the turn."""
        opens = self.month(turn)
        after = opens + self.step - 1
        latest = first + (after - first) // period * period
        return first <= latest and latest >= opens and (last is None or latest < last)

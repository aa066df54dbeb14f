"""What can go wrong, as one family of exceptions.

MistrustError
├── ScenarioError      the file: every problem found, each with its place
├── UsageError         a request that the scenario cannot serve (unknown lever, bad date)
├── TooLargeError      a scenario over the memory limit, with the figures
└── CertificateError   a solution whose certificate fails
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a scenario: where it stands and what would mend it.

    `line` and `column` count from 1; 0 means that the problem has no one place.
    """

    line: int
    column: int
    message: str

    def text(self, file: str) -> str:
        """`file:line:column: message`, the form that editors can jump to."""
        place = f"{file}:{self.line}:{self.column}" if self.line else file
        return f"{place}: {self.message}"


MOST_PROBLEMS = 100
"""Reading a file stops after so many mistakes."""


class MistrustError(Exception):
    """Base of everything that this package raises on purpose."""


class ScenarioError(MistrustError):
    """A scenario that cannot be used; `problems` lists all that was found, in file order."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(problem.text(file) for problem in self.problems))


class UsageError(MistrustError):
    """A request that this scenario cannot serve; the message names what it can."""


class TooLargeError(MistrustError):
    """A scenario whose solution would not fit the memory limit."""


class CertificateError(MistrustError):
    """A solution that failed its own certificate and is therefore not shown."""


class Problems(list[Problem]):
    """The mistakes found so far in a file; too many of them end the search."""

    def __init__(self, file: str) -> None:
        self.file = file
        super().__init__()

    def add(self, problem: Problem) -> None:
        """Note a mistake, once.

        Raises
        ------
        ScenarioError
            That was the last one worth noting.
        """
        if problem in self:
            return
        self.append(problem)
        if len(self) >= MOST_PROBLEMS:
            text = f"so many mistakes that reading stopped; the first {MOST_PROBLEMS} found follow"
            raise ScenarioError(self.file, [Problem(0, 0, text), *self])


def clipped(text: object, most: int = 60) -> str:
    """A text fit for a message: on one line, printable, and not too long."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(str(text).split()))
    return line if len(line) <= most else line[: most - 3] + "..."


def closest(name: str, known: Iterable[str]) -> str:
    """End a message on an unknown name: `; did you mean 'x'?`, or not at all if none is close."""
    lowered = {n.lower(): n for n in sorted(set(known), reverse=True)}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean '{lowered[close[0]]}'?" if close else ""


def nearest(name: str, known: Iterable[str], listed: int = 8) -> str:
    """End a message on an unknown name: `; did you mean 'x'?`, or the list where it is short."""
    names = sorted(set(known))
    guess = closest(name, names)
    if guess:
        return guess
    if 0 < len(names) <= listed:
        return f"; known here: {', '.join(names)}"
    return f"; {len(names)} names are known here, none close" if names else "; none is defined"

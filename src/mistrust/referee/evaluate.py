"""The value of an expression's tree on one board, in one turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from mistrust.errors import UsageError
from mistrust.scenario.calendar import MONTHS, Calendar, month_of
from mistrust.scenario.expressions import parse
from mistrust.scenario.schema import Horizon, Scenario
from mistrust.scenario.tree import (
    Among,
    Call,
    Compare,
    Every,
    Moment,
    Name,
    Node,
    Number,
    Operation,
    When,
)

Belief = tuple[float, ...]
"""The probability of each type of an actor."""
Level = str | float | Belief
Board = dict[str, Level]
"""A level for each variable, the belief about each actor that has types and, if known, its type.

A variable goes by its name, a belief by `axis(actor)`, a type by its actor's name.
"""


def axis(actor: str) -> str:
    """What the belief about an actor's type is called on a board."""
    return f"belief({actor})"


COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
FUNCTION: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "mean": lambda *x: sum(x) / len(x),
    "clip": lambda x, low, high: min(max(x, low), high),
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "sqrt": math.sqrt,
}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
}


def calendar_of(horizon: Horizon) -> Calendar:
    """The turns of a scenario; one that begins in 2025-02, by quarters, begins with 2025-Q1."""
    start = None if horizon.start is None else month_of(horizon.start)
    if start is not None:
        start -= start % MONTHS[horizon.every]
    turns = horizon.turns
    if turns is None:
        end = month_of(horizon.end or "")
        assert start is not None and end is not None
        turns = (end - start) // MONTHS[horizon.every] + 1
    return Calendar(start, horizon.every, turns)


class Evaluator:
    """Expressions of one world: premises as numbers, mechanisms as 1 (on) or 0 (off)."""

    def __init__(
        self, scenario: Scenario, premises: Mapping[str, float], off: Collection[str]
    ) -> None:
        self.types = {name: [*a.types] for name, a in scenario.actors.items() if a.types}
        self.levels: dict[str, Sequence[str | float]] = {
            **{name: variable.levels for name, variable in scenario.board.items()},
            **self.types,
        }
        self.calendar = calendar_of(scenario.horizon)
        self.constants = {
            **{name: float(value) for name, value in premises.items()},
            **{name: float(name not in off) for name in scenario.mechanisms},
        }
        self.definitions = {name: parse(text) for name, text in scenario.define.items()}
        self.trees: dict[str, Node] = {}

    def number(self, text: str, board: Board, turn: int | None) -> float:
        """The value of an expression as written; `turn` counts from 0, None: outside all turns."""
        if text not in self.trees:
            self.trees[text] = parse(text)
        return self.value(self.trees[text], board, turn)

    def holds(self, text: str | None, board: Board, turn: int) -> bool:
        """Whether a guard holds; one that is not there always does."""
        return text is None or self.number(text, board, turn) != 0

    def value(self, node: Node, board: Board, turn: int | None) -> float:
        """The value of a tree; without a value (a reading under the impossible) it is nan."""
        match node:
            case Number():
                return node.value
            case Name():
                return self._name(node.name, board, turn)
            case Operation():
                return self._operation(node, board, turn)
            case Compare():
                return self._compare(node.op, node.left, node.right, board, turn)
            case Among():
                found = [self._compare("==", node.left, x, board, turn) for x in node.options]
                return math.nan if any(map(math.isnan, found)) else max(found)
            case Call():
                return self._call(node, board, turn)
            case When():
                return float(self._when(node, self._turn(turn)))
            case Every():
                return float(self._every(node, self._turn(turn)))
            case _:
                return self.reading(node)

    def reading(self, node: Node) -> float:
        """Read the solved game; an expression outside claims cannot."""
        raise UsageError(f"{type(node).__name__} is no part of an expression of the board")

    def _name(self, name: str, board: Board, turn: int | None) -> float:
        if name in board:
            level = board[name]
            if isinstance(level, float | int):
                return level
            raise UsageError(f"'{name}' has named levels; it can only be compared with them")
        if name in self.constants:
            return self.constants[name]
        if name in self.definitions:
            return self.value(self.definitions[name], board, turn)
        if name in ("turn", "year", "quarter", "month"):
            return self._calendar(name, self._turn(turn))
        if name == "inf":
            return math.inf
        raise UsageError(f"'{name}' means nothing here")

    def _turn(self, turn: int | None) -> int:
        if turn is None:
            raise UsageError("the calendar is read outside of all turns")
        return turn

    def _calendar(self, name: str, turn: int) -> float:
        if name == "turn":
            return turn + 1.0
        year, month = divmod(self.calendar.month(turn), 12)
        return float({"year": year, "quarter": month // 3 + 1, "month": month + 1}[name])

    def _operation(self, node: Operation, board: Board, turn: int | None) -> float:
        if node.op in ("and", "or"):
            decisive = float(node.op == "or")
            unknown = False
            for part in node.parts:
                value = self.value(part, board, turn)
                unknown |= math.isnan(value)
                if not math.isnan(value) and (value != 0) == decisive:
                    return decisive
            return math.nan if unknown else 1 - decisive
        total = self.value(node.parts[0], board, turn)
        if node.op == "neg":
            return -total
        if node.op == "not":
            return math.nan if math.isnan(total) else float(total == 0)
        for part in node.parts[1:]:
            total = ARITHMETIC[node.op](total, self.value(part, board, turn))
        return total

    def _compare(self, op: str, left: Node, right: Node, board: Board, turn: int | None) -> float:
        a, b = self._places(left, right, board), self._places(right, left, board)[::-1]
        found = a or b or (self.value(left, board, turn), self.value(right, board, turn))
        return math.nan if any(map(math.isnan, found)) else float(COMPARE[op](*found))

    def _places(self, node: Node, other: Node, board: Board) -> tuple[float, ...]:
        """If `node` has named levels: the places among them of its own and of the other's level.

        The types of an actor are levels too.
        """
        own = board.get(node.name) if isinstance(node, Name) else None
        if not isinstance(own, str) or not isinstance(node, Name):
            return ()
        assert isinstance(other, Name)
        levels = self.levels[node.name]
        word = other.name if other.name in levels else board[other.name]
        assert isinstance(word, str)
        return float(levels.index(own)), float(levels.index(word))

    def _call(self, node: Call, board: Board, turn: int | None) -> float:
        if node.function == "belief":
            return self._belief(node.arguments[0], board)
        if node.function == "step":
            variable = node.arguments[0]
            assert isinstance(variable, Name)
            levels = [float(x) for x in self.levels[variable.name]]
            return levels[1] - levels[0]
        if node.function == "if":
            truth = self.value(node.arguments[0], board, turn)
            if math.isnan(truth):
                return math.nan
            return self.value(node.arguments[1 if truth else 2], board, turn)
        values = [self.value(x, board, turn) for x in node.arguments]
        return math.nan if any(map(math.isnan, values)) else FUNCTION[node.function](*values)

    def _belief(self, node: Node, board: Board) -> float:
        """The public belief in one type of an actor."""
        assert isinstance(node, Compare)
        assert isinstance(node.left, Name) and isinstance(node.right, Name)
        actor, kind = node.left.name, node.right.name
        belief = board[axis(actor)]
        assert isinstance(belief, tuple)
        return belief[self.types[actor].index(kind)]

    def turn_of(self, moment: Moment) -> int:
        """The turn (from 0) that a date falls in, or that a turn number counts."""
        if self.calendar.start is None:
            return int(moment.text) - 1
        month = month_of(moment.text)
        if month is None:
            raise UsageError(f"'{moment.text}' is not a date")
        return self.calendar.turn_of(month)

    def _when(self, node: When, turn: int) -> bool:
        if node.at is not None:
            return turn == self.turn_of(node.at)
        after = node.start is None or turn >= self.turn_of(node.start)
        return after and (node.end is None or turn < self.turn_of(node.end))

    def _every(self, node: Every, turn: int) -> bool:
        first = month_of(node.start.text)
        last = None if node.end is None else month_of(node.end.text)
        if self.calendar.start is None or first is None:
            raise UsageError("'every' needs a scenario with dates")
        opens = self.calendar.month(turn)
        closes = opens + self.calendar.step
        date = first
        while date < closes and (last is None or date < last):
            if date >= opens:
                return True
            date += node.count * MONTHS[node.unit]
        return False

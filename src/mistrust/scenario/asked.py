"""What a reader asks for in passing, as on the command line: a date, a condition on the board."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mistrust.errors import UsageError, clipped
from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import find_level, listed
from mistrust.scenario.expressions import parse
from mistrust.scenario.resolve import Axis, Constant, Scope, resolve
from mistrust.scenario.tokens import ExpressionError
from mistrust.scenario.tree import Compare, Node, children


def turn_named(date: str, calendar: Calendar) -> int:
    """The turn of a date (or a turn's number, without a calendar)."""
    if calendar.start is None:
        turn = int(date) - 1 if re.fullmatch(r"\d{1,6}", date) else -1
    else:
        month = month_of(date)
        turn = -1 if month is None else calendar.turn_of(month)
    if not 0 <= turn < calendar.turns:
        first, last = calendar.label(0), calendar.label(calendar.turns - 1)
        raise UsageError(f"'{date}' is no turn of this scenario; they run from {first} to {last}")
    return turn


def condition_on_board(text: str, scope: Scope) -> Node:
    """A condition on the board, as in `--given`."""
    try:
        node = resolve(parse(text), scope)
    except ExpressionError as error:
        raise misread(text, error) from None
    board = scope.scenario.board
    for name in sorted(uses(node, scope)):
        if name in board and board[name].recorded:
            raise UsageError(f"in '{text}': '{name}' is recorded, so no decision sees it")
    for variable, number in _equated(node, scope):
        levels = board[variable].levels
        if find_level(number, levels) is None:
            message = f"'{variable}' never is {number:g}; its levels are {listed(levels)}"
            raise UsageError(f"in '{text}': {message}")
    return node


def _equated(node: Node, scope: Scope) -> Iterator[tuple[str, float]]:
    """The variables with numbered levels that are compared with a number by == or !=, and it."""
    if isinstance(node, Compare) and node.op in ("==", "!="):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if not (isinstance(one, Axis) and isinstance(other, Constant)):
                continue
            if not scope.named(one.variable):
                yield one.variable, other.value
    for part in children(node):
        yield from _equated(part, scope)


def misread(text: str, error: ExpressionError) -> UsageError:
    """An expression's mistake, as one of usage."""
    return UsageError(f"in '{clipped(text)}', at character {error.offset + 1}: {error.message}")

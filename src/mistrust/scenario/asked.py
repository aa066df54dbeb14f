"""What a reader asks for in passing, as on the command line: a date, a condition on the board."""

from __future__ import annotations

import re

from mistrust.errors import UsageError, clipped
from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.dependence import uses
from mistrust.scenario.expressions import parse
from mistrust.scenario.resolve import Scope, resolve
from mistrust.scenario.tokens import ExpressionError
from mistrust.scenario.tree import Node


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
    return node


def misread(text: str, error: ExpressionError) -> UsageError:
    """An expression's mistake, as one of usage."""
    return UsageError(f"in '{clipped(text)}', at character {error.offset + 1}: {error.message}")

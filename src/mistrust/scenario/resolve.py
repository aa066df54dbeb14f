"""Names to meanings: the second reading of an expression.

`parse` knows only words; here each becomes a variable, a level, a premise, a mechanism, a
definition or a date, and a word that is none of these is an error with the nearest valid one.
The result is a tree of `Constant`, `Axis`, `Parameter`, `TurnTable`, `Defined` and the operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from mistrust.errors import closest, nearest
from mistrust.scenario.beliefs import axis_name
from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.schema import Scenario, Variable
from mistrust.scenario.tokens import CALENDAR, ExpressionError, MootError
from mistrust.scenario.tree import (
    Among,
    Call,
    Case,
    Compare,
    Every,
    Moment,
    Name,
    Node,
    Number,
    Operation,
    When,
    children,
)

NUMBER = ""
"""The kind of an expression that is a number; otherwise its kind is a variable's name."""


@dataclass(frozen=True)
class Constant(Node):
    """A number; a level's name has become its index."""

    value: float


@dataclass(frozen=True)
class Axis(Node):
    """A variable: its number, or the index of its named level."""

    refers = "variable"
    variable: str


@dataclass(frozen=True)
class Hidden(Node):
    """The index of an actor's type."""

    refers = "actor"
    actor: str


@dataclass(frozen=True)
class Belief(Node):
    """The public probability of one type of an actor, on the axis `variable` of the board."""

    refers = "variable"
    variable: str
    actor: str
    kind: int


@dataclass(frozen=True)
class Parameter(Node):
    """A premise or a mechanism."""

    refers = "name"
    name: str


@dataclass(frozen=True)
class TurnTable(Node):
    """A value for every turn and for the end: shape (turns + 1,)."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Defined(Node):
    """A named expression of the scenario."""

    refers = "name"
    name: str


@dataclass
class Scope:
    """What the names of a scenario mean, and the resolved definitions.

    While a file with mistakes is checked, `broken` are the names that a reported mistake took
    away, and `dated` is false if the calendar is among the mistakes.
    """

    scenario: Scenario
    calendar: Calendar
    definitions: dict[str, Node] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    dated: bool = True

    @property
    def variables(self) -> dict[str, Variable]:
        """The board's variables."""
        return self.scenario.board

    def named(self, variable: str) -> bool:
        """Whether a variable's levels are names."""
        return isinstance(self.variables[variable].levels[0], str)

    def types(self, name: str) -> tuple[str, ...]:
        """The types of an actor; none if it has no types, or is no actor."""
        actor = self.scenario.actors.get(name)
        return () if actor is None else tuple(actor.types)

    def words(self, name: str) -> list[str]:
        """The names that `name` can be compared with: named levels, or types."""
        if name in self.variables:
            return [str(level) for level in self.variables[name].levels] * self.named(name)
        return list(self.types(name))

    @property
    def undated(self) -> str:
        """Why there is no calendar, where there is none."""
        endless = self.scenario.horizon.forever
        return "play goes on for ever" if endless else "no 'start' in 'horizon'"

    def known(self) -> set[str]:
        """Every name that an expression may use by itself."""
        s = self.scenario
        typed = {name for name in s.actors if self.types(name)}
        board = set(s.board) - {axis_name(name) for name in typed}
        return {*board, *s.premises, *s.mechanisms, *s.define, *typed, *CALENDAR}

    def unknown(self, node: Name, what: str, known: Iterable[str]) -> ExpressionError:
        """The error for a name that is none of those known."""
        if node.name in self.broken:
            return MootError(node.offset, f"'{node.name}' is not known for certain")
        return ExpressionError(
            node.offset, f"unknown {what} '{node.name}'{nearest(node.name, known)}"
        )

    def turn_of(self, moment: Moment, *, reading: bool) -> int:
        """The turn that a written date falls in; for a `reading` it must be within the horizon."""
        calendar = self.calendar
        if not self.dated:
            raise MootError(moment.offset, "there is no calendar to place it in")
        if calendar.start is None:
            if not moment.text.isdigit() or len(moment.text) > 6:
                wrong = f"'{moment.text}': this scenario has no calendar ({self.undated})"
                raise ExpressionError(moment.offset, f"{wrong}; write the number of a turn")
            turn = int(moment.text) - 1
        else:
            month = month_of(moment.text)
            if month is None:
                raise ExpressionError(
                    moment.offset, f"'{moment.text}' is no date; write 2025-Q1, 2025-01 or 2025"
                )
            turn = calendar.turn_of(month)
        if reading and not 0 <= turn <= calendar.turns:
            first, last = calendar.label(0), calendar.label(calendar.turns)
            span = f"is outside the horizon, which can be read from {first} to {last} (the end)"
            if self.scenario.horizon.forever:
                span = f"cannot be read, only {first} to {last}: give 'horizon' more 'turns'"
            raise ExpressionError(moment.offset, f"{moment.text} {span}")
        return turn

    def month_of(self, moment: Moment) -> int:
        """The month of a date, in scenarios with a calendar."""
        self.turn_of(moment, reading=False)
        month = month_of(moment.text)
        if month is None or self.calendar.start is None:
            raise ExpressionError(moment.offset, f"'every' needs a calendar ({self.undated})")
        return month


def resolve(node: Node, scope: Scope) -> Node:
    """Resolve an expression whose value is a number (or a truth).

    Raises
    ------
    ExpressionError
        An unknown name, a level without its variable, a named variable used as a number.
    """
    resolved, kind = _resolve(node, scope)
    if kind != NUMBER:
        raise ExpressionError(node.offset, _not_a_number(kind, scope))
    return resolved


def resolve_level(node: Node, variable: str, scope: Scope) -> Node:
    """Resolve an expression that gives a level of `variable`."""
    if not scope.named(variable):
        return resolve(node, scope)
    return _side(node, variable, scope)


def _not_a_number(variable: str, scope: Scope) -> str:
    what = "named levels" if variable in scope.variables else "types"
    return f"'{variable}' has {what}: compare it, as in '{variable} == {scope.words(variable)[0]}'"


def _resolve(node: Node, scope: Scope) -> tuple[Node, str]:
    """The resolved tree and its kind."""
    at = node.offset
    if isinstance(node, Number):
        return Constant(at, node.value), NUMBER
    if isinstance(node, Name):
        return _name(node, scope)
    if isinstance(node, Operation):
        parts = tuple(resolve(part, scope) for part in node.parts)
        if node.op == "neg" and isinstance(parts[0], Constant):
            return Constant(at, -parts[0].value), NUMBER
        return Operation(at, node.op, parts), NUMBER
    if isinstance(node, Compare):
        return _compare(node, scope), NUMBER
    if isinstance(node, Among):
        pairs = (Compare(option.offset, "==", node.left, option) for option in node.options)
        return Operation(at, "or", tuple(_compare(pair, scope) for pair in pairs)), NUMBER
    if isinstance(node, Call):
        return _call(node, scope), NUMBER
    if isinstance(node, When):
        return _when(node, scope), NUMBER
    if isinstance(node, Every):
        return _every(node, scope), NUMBER
    raise AssertionError(f"no meaning for {type(node).__name__}")


def _name(node: Name, scope: Scope) -> tuple[Node, str]:
    name, s = node.name, scope.scenario
    if name in scope.broken:
        raise scope.unknown(node, "name", ())
    if name in s.board:
        return Axis(node.offset, name), name if scope.named(name) else NUMBER
    if name in s.premises or name in s.mechanisms:
        return Parameter(node.offset, name), NUMBER
    if name in s.define:
        return Defined(node.offset, name), NUMBER
    if scope.types(name):
        return Hidden(node.offset, name), name
    if name in CALENDAR:
        return _calendar_word(node, scope), NUMBER
    for owner in (*s.board, *s.actors):
        if name in scope.words(owner):
            what = "level" if owner in s.board else "type"
            message = f"'{name}' is a {what} of '{owner}'; write '{owner} == {name}'"
            raise ExpressionError(node.offset, message)
    if name in s.actors:
        message = f"'{name}' is an actor without 'types', so there is nothing to compare"
        raise ExpressionError(node.offset, message)
    raise scope.unknown(node, "name", scope.known())


def _side(node: Node, variable: str, scope: Scope) -> Node:
    """One side of a comparison whose other side is the named `variable`, or an actor with types."""
    words = scope.words(variable)
    what = "level" if variable in scope.variables else "type"
    if isinstance(node, Name) and node.name in scope.broken:
        raise scope.unknown(node, what, ())
    if isinstance(node, Name) and node.name in words:
        return Constant(node.offset, float(words.index(node.name)))
    if isinstance(node, Name):
        if what == "level" and node.name in scope.variables and scope.words(node.name) == words:
            return Axis(node.offset, node.name)
        raise ExpressionError(
            node.offset, f"'{node.name}' is not a {what} of '{variable}'{nearest(node.name, words)}"
        )
    raise ExpressionError(node.offset, f"expected a {what} of '{variable}': {', '.join(words)}")


def _compare(node: Compare, scope: Scope) -> Node:
    for this, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(this, Name) and this.name not in scope.broken and scope.words(this.name):
            left, right = _name(this, scope)[0], _side(other, this.name, scope)
            if this is node.right:
                left, right = right, left
            return Compare(node.offset, node.op, left, right)
    return Compare(node.offset, node.op, resolve(node.left, scope), resolve(node.right, scope))


def _belief(node: Call, scope: Scope) -> Node:
    """`belief(actor == type)`: its public probability."""
    given = node.arguments[0]
    typed = [name for name in scope.scenario.actors if scope.types(name)]
    example = f"{typed[0]} == {scope.types(typed[0])[0]}" if typed else "actor == type"
    wrong = f"belief(...) takes the type of an actor, as in belief({example})"
    if not isinstance(given, Compare) or given.op != "==" or not isinstance(given.left, Name):
        raise ExpressionError(given.offset, wrong)
    name = given.left
    if name.name in scope.broken:
        raise scope.unknown(name, "actor", ())
    if not scope.types(name.name):
        slip = closest(name.name, typed)
        raise ExpressionError(
            name.offset, f"'{name.name}' is no actor with types{slip or f'; {wrong}'}"
        )
    kind = _side(given.right, name.name, scope)
    assert isinstance(kind, Constant)
    return Belief(node.offset, axis_name(name.name), name.name, int(kind.value))


def _call(node: Call, scope: Scope) -> Node:
    if node.function == "belief":
        return _belief(node, scope)
    if node.function != "step":
        arguments = tuple(resolve(part, scope) for part in node.arguments)
        return Call(node.offset, node.function, arguments)
    name = node.arguments[0]
    if isinstance(name, Name):
        _name(name, scope)
    if not isinstance(name, Name) or name.name not in scope.variables or scope.named(name.name):
        raise ExpressionError(
            name.offset,
            "step(...) takes a variable with numbered levels, and gives the distance "
            "between two of them",
        )
    levels = [float(level) for level in scope.variables[name.name].levels]
    gaps = {round(b - a, 9) for a, b in pairwise(levels)}
    if len(gaps) != 1:
        raise ExpressionError(name.offset, f"the levels of '{name.name}' are not evenly spaced")
    return Constant(node.offset, gaps.pop())


def _calendar_word(node: Name, scope: Scope) -> Node:
    calendar = scope.calendar
    if not scope.dated:
        raise MootError(node.offset, "there is no calendar to read")
    if node.name == "turn":
        return TurnTable(node.offset, tuple(float(t + 1) for t in range(calendar.turns + 1)))
    if calendar.start is None:
        raise ExpressionError(node.offset, f"'{node.name}' needs a calendar ({scope.undated})")
    months = [calendar.month(t) for t in range(calendar.turns + 1)]
    rule: dict[str, Callable[[int], int]] = {
        "year": lambda m: m // 12,
        "month": lambda m: m % 12 + 1,
        "quarter": lambda m: m % 12 // 3 + 1,
    }
    return TurnTable(node.offset, tuple(float(rule[node.name](m)) for m in months))


def _when(node: When, scope: Scope) -> Node:
    turns = range(scope.calendar.turns + 1)
    if node.at is not None:
        wanted = scope.turn_of(node.at, reading=False)
        return TurnTable(node.offset, tuple(float(t == wanted) for t in turns))
    low = scope.turn_of(node.start, reading=False) if node.start else 0
    high = scope.turn_of(node.end, reading=False) if node.end else len(turns)
    return TurnTable(node.offset, tuple(float(low <= t < high) for t in turns))


def _every(node: Every, scope: Scope) -> Node:
    period = node.count * {"year": 12, "quarter": 3, "month": 1}[node.unit]
    first = scope.month_of(node.start)
    last = scope.month_of(node.end) if node.end else None
    calendar = scope.calendar
    hits = (calendar.holds_every(t, period, first, last) for t in range(calendar.turns + 1))
    return TurnTable(node.offset, tuple(float(hit) for hit in hits))


def names_in(node: Node) -> Iterable[Name]:
    """Every bare name of an unresolved tree."""
    if isinstance(node, Name):
        yield node
    for part in children(node):
        yield from names_in(part)


def cases_in(node: Node) -> Iterable[Case]:
    """Every `under` and `without` of a claim."""
    if isinstance(node, Case):
        yield node
    for part in children(node):
        yield from cases_in(part)

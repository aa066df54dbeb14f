"""What a claim reads off the solved game, resolved: events on histories, with turns for dates.

An event is `Stay`: a condition holds at every moment from the opening of turn `first` to the
opening of turn `last` (the moments between are those after each phase). `at D` is the case
`first == last`, `always` is a `Stay`, and `ever` is the complement of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mistrust.errors import nearest
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import actor_for_decision, decisions, phase_name
from mistrust.scenario.resolve import Constant, Parameter, Scope, resolve
from mistrust.scenario.tokens import CALENDAR, ExpressionError
from mistrust.scenario.tree import (
    Call,
    Case,
    Compare,
    Event,
    Expectation,
    Frequency,
    Name,
    Node,
    Number,
    Operation,
    Probability,
    When,
    Worth,
)

_ON_BOARD = "belongs to the board: read it with P(...) or E(...)"
AS_READ = -1
"""In a given: at whatever opening the reading itself is taken."""


@dataclass(frozen=True)
class Stay:
    """`condition` holds from the opening of turn `first` to the opening of turn `last`.

    With `ever` the event is the complement: the condition *fails* to stay, so `condition` is the
    negation of what was written.
    """

    condition: Node
    first: int
    last: int
    ever: bool = False


@dataclass(frozen=True)
class Variant:
    """A version of the game: levers applied, in order, and mechanisms switched off."""

    levers: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()

    def label(self) -> str:
        """How the reader calls it."""
        parts = [*self.levers, *(f"without {name}" for name in sorted(self.off))]
        return ", ".join(parts) or "as written"


@dataclass(frozen=True)
class Reading(Node):
    """A number read off one variant of the solved game."""

    variant: Variant
    given: Stay | None


@dataclass(frozen=True)
class Chance(Reading):
    """P(event | given)."""

    event: Stay


@dataclass(frozen=True)
class Mean(Reading):
    """E(amount | given), averaged over the openings `first` to `last - 1` (or at `first`)."""

    amount: Node
    first: int
    last: int


@dataclass(frozen=True)
class Value(Reading):
    """V(actor | given) as turn `first` opens."""

    actor: str
    first: int


@dataclass(frozen=True)
class Share(Reading):
    """freq(decision == option | given) over turns `first` to `last - 1`; `given` is AS_READ.

    `place` is the decision's among those of its phase (0, unless the phase is sealed).
    """

    phase: int
    place: int
    option: int
    first: int
    last: int


def resolve_claim(node: Node, scope: Scope, variant: Variant = Variant()) -> Node:
    """Resolve a claim or a mechanism's outcome; its leaves are `Reading`s.

    Raises
    ------
    ExpressionError
        As `resolve`, and for board variables outside a reading, dates outside the horizon, and
        unknown levers, mechanisms, actors, decisions and options.
    """
    at = node.offset
    if isinstance(node, Case):
        return resolve_claim(node.body, scope, _varied(node, scope, variant))
    if isinstance(node, Probability):
        event = _stay(node.event, scope)
        return Chance(at, variant, _given(node.given, scope, event.first), event)
    if isinstance(node, Expectation):
        return _mean(node, scope, variant)
    if isinstance(node, Worth):
        return _value(node, scope, variant)
    if isinstance(node, Frequency):
        return _share(node, scope, variant)
    if isinstance(node, Number):
        return Constant(at, node.value)
    if isinstance(node, Name):
        return _claim_name(node, scope)
    if isinstance(node, Operation):
        parts = tuple(resolve_claim(part, scope, variant) for part in node.parts)
        return Operation(at, node.op, parts)
    if isinstance(node, Compare):
        left, right = (resolve_claim(side, scope, variant) for side in (node.left, node.right))
        return Compare(at, node.op, left, right)
    if isinstance(node, Call):
        if node.function == "belief":
            raise ExpressionError(at, f"a belief {_ON_BOARD}")
        arguments = tuple(resolve_claim(part, scope, variant) for part in node.arguments)
        return Call(at, node.function, arguments)
    raise ExpressionError(at, "a claim compares readings of the game (P, E, V, freq) and premises")


def readings_in(node: Node) -> list[Reading]:
    """The readings of a resolved claim, each once, in order."""
    if isinstance(node, Reading):
        return [node]
    found: list[Reading] = []
    if isinstance(node, (Operation, Call)):
        parts = node.parts if isinstance(node, Operation) else node.arguments
    else:
        parts = (node.left, node.right) if isinstance(node, Compare) else ()
    for part in parts:
        found += [reading for reading in readings_in(part) if reading not in found]
    return found


def shifted(node: Node, variant: Variant) -> Node:
    """The same claim with its readings `as written` taken in `variant` instead."""
    if isinstance(node, Reading):
        own = node.variant
        levers = (*variant.levers, *(name for name in own.levers if name not in variant.levers))
        return replace(node, variant=Variant(levers, variant.off | own.off))
    if isinstance(node, Operation):
        return replace(node, parts=tuple(shifted(part, variant) for part in node.parts))
    if isinstance(node, Call):
        return replace(node, arguments=tuple(shifted(p, variant) for p in node.arguments))
    if isinstance(node, Compare):
        return replace(node, left=shifted(node.left, variant), right=shifted(node.right, variant))
    return node


def _varied(node: Case, scope: Scope, variant: Variant) -> Variant:
    name, s = node.name.name, scope.scenario
    known = s.levers if node.kind == "under" else s.mechanisms
    what = "lever" if node.kind == "under" else "mechanism"
    if name not in known:
        raise scope.unknown(node.name, what, known)
    if node.kind == "under":
        return replace(variant, levers=(*variant.levers, name))
    return replace(variant, off=variant.off | {name})


def _claim_name(node: Name, scope: Scope) -> Node:
    s = scope.scenario
    if node.name in s.premises:
        return Parameter(node.offset, node.name)
    if node.name in s.board or node.name in s.define or node.name in s.mechanisms:
        raise ExpressionError(node.offset, f"'{node.name}' {_ON_BOARD}")
    if scope.types(node.name):
        message = f"the type of '{node.name}' is drawn at the outset: read it with P(...)"
        raise ExpressionError(node.offset, message)
    if node.name in CALENDAR:
        raise ExpressionError(node.offset, f"'{node.name}' belongs inside P(...) or E(...)")
    raise scope.unknown(node, "name", s.premises)


def _span(window: When, scope: Scope, default: int) -> tuple[int, int]:
    """First and last opening of a window; `at D` and no date give the same one twice."""
    end = scope.calendar.turns
    if window.at is not None:
        turn = scope.turn_of(window.at, reading=True)
        return turn, turn
    if window.start is None and window.end is None:
        return default, default
    first = scope.turn_of(window.start, reading=True) if window.start else 0
    last = scope.turn_of(window.end, reading=True) if window.end else end
    if first >= last:
        raise ExpressionError(
            window.offset, "this window is empty: 'until' leaves its own turn out"
        )
    return first, last


def _stay(event: Event, scope: Scope, default: int | None = None) -> Stay:
    end = scope.calendar.turns
    condition = resolve(event.condition, scope)
    dated = event.window.at or event.window.start or event.window.end
    if event.quantifier == "at":
        first, last = _span(event.window, scope, end if default is None else default)
        if first != last:
            raise ExpressionError(
                event.window.offset,
                "over a window a condition needs 'ever' or 'always' before "
                "it (for the share of time, use E(...))",
            )
        _refuse_within(condition, event, scope)
        return Stay(condition, first, last)
    first, last = _span(event.window, scope, 0) if dated else (0, end)
    if event.quantifier == "always":
        return Stay(condition, first, last)
    return Stay(Operation(condition.offset, "not", (condition,)), first, last, ever=True)


def _given(given: Event | None, scope: Scope, default: int) -> Stay | None:
    return None if given is None else _stay(given, scope, default)


def _refuse_within(node: Node, event: Event, scope: Scope) -> None:
    for name in sorted(uses(node, scope)):
        if name in scope.variables and scope.variables[name].within:
            raise ExpressionError(
                event.offset,
                f"'{name}' lives within a turn and is gone when a turn opens; ask "
                "with 'ever', with freq(decision == option), or keep it in a recorded variable",
            )


def _mean(node: Expectation, scope: Scope, variant: Variant) -> Mean:
    event = node.event
    if event.quantifier != "at":
        raise ExpressionError(event.offset, f"'{event.quantifier}' belongs in P(...)")
    amount = resolve(event.condition, scope)
    _refuse_within(amount, event, scope)
    first, last = _span(event.window, scope, scope.calendar.turns)
    return Mean(node.offset, variant, _given(node.given, scope, AS_READ), amount, first, last)


def _value(node: Worth, scope: Scope, variant: Variant) -> Value:
    actor, known = node.actor.name, scope.scenario.actors
    if actor not in known:
        raise scope.unknown(node.actor, "actor", known)
    first, last = _span(node.window, scope, 0)
    if first != last:
        raise ExpressionError(node.window.offset, "V(actor) is read at one date: 'at D'")
    return Value(node.offset, variant, _given(node.given, scope, first), actor, first)


def _share(node: Frequency, scope: Scope, variant: Variant) -> Share:
    known = {phase_name(decision): (path, decision) for path, decision in decisions(scope.scenario)}
    name, option = node.decision.name, node.option.name
    if name not in known:
        meant = actor_for_decision(scope.scenario, name, option, "freq({} == {})")
        if meant and name not in scope.broken:
            raise ExpressionError(node.decision.offset, meant)
        raise scope.unknown(node.decision, "decision", known)
    path, phase = known[name]
    if option in scope.broken:
        raise scope.unknown(node.option, "option", phase.options)
    if option not in phase.options:
        message = f"'{option}' is not an option of '{name}'{nearest(option, phase.options)}"
        raise ExpressionError(node.option.offset, message)
    turns = scope.calendar.turns
    window = node.window
    if window.at is None and window.start is None and window.end is None:
        first, last = 0, turns
    else:
        first, last = _span(window, scope, 0)
        last = last + (first == last)
    if last > turns:
        raise ExpressionError(window.offset, "no decision is taken after the last turn")
    if node.given is not None and (
        node.given.quantifier != "at" or node.given.window != When(0, None, None, None)
    ):
        raise ExpressionError(
            node.given.offset,
            "in freq(...) a given is a condition on the board as the decision "
            "is taken, without dates",
        )
    condition = resolve(node.given.condition, scope) if node.given else None
    given = Stay(condition, AS_READ, AS_READ) if condition is not None else None
    index = list(phase.options).index(option)
    place = int(path[3]) if len(path) > 2 else 0
    return Share(node.offset, variant, given, int(path[1]), place, index, first, last)

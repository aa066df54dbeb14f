"""Readings of the solved game (`P`, `E`, `V`, `freq`, `under`, `without`) as sums over histories.

A moment is `(turn, index)`: `index` phases into a turn. `at D` looks at the opening `(D, 0)`;
`ever` and `always` from A until B look at the openings of A to B and after every phase between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mistrust.errors import UsageError
from mistrust.referee.evaluate import Board, Evaluator
from mistrust.referee.game import Referee
from mistrust.referee.watch import Choice, Flags, Watch
from mistrust.scenario.tree import (
    Call,
    Case,
    Event,
    Expectation,
    Frequency,
    Node,
    Number,
    Operation,
    Probability,
    When,
    Worth,
)

IMPOSSIBLE = 1e-12
"""A condition less likely than this leaves a reading without a value."""


@dataclass(frozen=True)
class Lookout:
    """An event with its moments: the opening of `first`, all until that of `last` if quantified."""

    quantifier: str
    condition: Node
    first: int
    last: int

    def sees(self, flag: bool, truth: bool, turn: int, index: int) -> bool:
        """The flag after a moment at which the condition is as `truth` says."""
        if not self.first <= turn <= self.last or (turn == self.last and index > 0):
            return flag
        if self.quantifier == "at":
            return truth
        return flag or truth if self.quantifier == "ever" else flag and truth


class Flagged(Watch):
    """Raises one flag for each event; `count` is another watch that does the counting."""

    def __init__(self, referee: Referee, lookouts: list[Lookout], count: Watch) -> None:
        self.evaluator, self.lookouts, self.count = referee.evaluator, lookouts, count

    def flags(self) -> Flags:
        """`always` is true until it fails, the others false until seen."""
        return tuple(lookout.quantifier == "always" for lookout in self.lookouts)

    def see(self, flags: Flags, turn: int, index: int, board: Board) -> Flags:
        """All flags after a moment."""
        return tuple(
            x.sees(flag, self.evaluator.value(x.condition, board, turn) != 0, turn, index)
            for x, flag in zip(self.lookouts, flags, strict=True)
        )

    def opening(self, turn: int, board: Board) -> float:
        """As the other watch counts."""
        return self.count.opening(turn, board)

    def choice(
        self, turn: int, index: int, board: Board, chosen: Sequence[str]
    ) -> tuple[float, float]:
        """As the other watch counts."""
        return self.count.choice(turn, index, board, chosen)


class Average(Watch):
    """An amount, averaged over the openings from `first` until `last`."""

    def __init__(self, referee: Referee, amount: Node, first: int, last: int) -> None:
        self.evaluator, self.amount = referee.evaluator, amount
        self.first, self.last = first, last

    def opening(self, turn: int, board: Board) -> float:
        """The share of the amount that this opening adds."""
        if not self.first <= turn < self.last:
            return 0.0
        return self.evaluator.value(self.amount, board, turn) / (self.last - self.first)


class Valued(Watch):
    """An actor's value as a turn opens."""

    def __init__(self, referee: Referee, actor: str, turn: int) -> None:
        self.referee, self.actor, self.turn = referee, actor, turn

    def opening(self, turn: int, board: Board) -> float:
        """The value on this board."""
        return self.referee.value(self.actor, turn, board) if turn == self.turn else 0.0


class ChoiceGiven(Choice):
    """A choice counted only where a condition holds on the board that its actor sees."""

    condition: Node | None = None

    def choice(
        self, turn: int, index: int, board: Board, chosen: Sequence[str]
    ) -> tuple[float, float]:
        """As `Choice`, where the condition holds."""
        condition = self.condition
        if condition is not None and not self.referee.evaluator.value(condition, board, turn):
            return 0.0, 0.0
        return super().choice(turn, index, board, chosen)


class Reader(Evaluator):
    """Evaluates an expression that may read the solved game."""

    def __init__(self, referee: Referee) -> None:
        super().__init__(*referee.world)
        self.referee = referee
        self.end = referee.turns

    def reading(self, node: Node) -> float:
        """The value of a reading; nan if its condition is impossible."""
        match node:
            case Case():
                return self.referee.case(node).read_tree(node.body)
            case Probability():
                return self._probability(node)
            case Expectation():
                return self._expectation(node)
            case Worth():
                return self._worth(node)
            case Frequency():
                return self._frequency(node)
            case _:
                return super().reading(node)

    def _probability(self, node: Probability) -> float:
        event = self._lookout(node.event, self.end)
        given = [] if node.given is None else [self._lookout(node.given, event.first)]
        watch = Flagged(self.referee, [event, *given], Watch())
        top = bottom = 0.0
        for (_, flags), (mass, _, _) in self.referee.sweep(watch).items():
            top += mass * all(flags)
            bottom += mass * all(flags[1:])
        return _ratio(top, bottom)

    def _expectation(self, node: Expectation) -> float:
        if node.event.quantifier != "at":
            raise UsageError("E(...) takes an amount, without 'ever' or 'always'")
        window = node.event.window
        if window.start is None and window.end is None:
            first = self._moment(window, self.end)
            last = first + 1
        else:
            first, last = self._span(window)
        amount, given = node.event.condition, node.given
        if given is not None and given.quantifier == "at" and _undated(given.window):
            # read at each opening that the amount is read at
            zero, truth = Number(0, 0.0), Operation(0, "not", (given.condition,))
            amount = Call(0, "if", (given.condition, amount, zero))
            holds = Average(self.referee, Operation(0, "not", (truth,)), first, last)
            share = self._mean(holds, None, first)
            total = self._mean(Average(self.referee, amount, first, last), None, first)
            return _ratio(total, share)
        return self._mean(Average(self.referee, amount, first, last), given, first)

    def _worth(self, node: Worth) -> float:
        turn = self._moment(node.window, 0)
        if turn == self.end:
            raise UsageError("V(...) is read as a turn opens, and the last one is over")
        return self._mean(Valued(self.referee, node.actor.name, turn), node.given, turn)

    def _mean(self, count: Watch, given: Event | None, first: int) -> float:
        lookouts = [] if given is None else [self._lookout(given, first)]
        top = bottom = 0.0
        state = self.referee.sweep(Flagged(self.referee, lookouts, count))
        for (_, flags), (mass, amount, _) in state.items():
            top += amount * all(flags)
            bottom += mass * all(flags)
        return _ratio(top, bottom)

    def _frequency(self, node: Frequency) -> float:
        first, last = self._span(node.window)
        places = self.referee.decisions(node.decision.name)
        count = ChoiceGiven(self.referee, places, node.option.name, first, last)
        lookouts = []
        if node.given is not None:
            if node.given.quantifier == "at" and _undated(node.given.window):
                count.condition = node.given.condition
            else:
                lookouts = [self._lookout(node.given, first)]
        top = bottom = 0.0
        state = self.referee.sweep(Flagged(self.referee, lookouts, count))
        for (_, flags), (_, chosen, reached) in state.items():
            top += chosen * all(flags)
            bottom += reached * all(flags)
        return _ratio(top, bottom)

    def _lookout(self, event: Event, default: int) -> Lookout:
        """The moments of an event; `default` is the turn of one without dates or quantifier."""
        if event.quantifier == "at" or event.window.at is not None:
            turn = self._moment(event.window, default)
            return Lookout("at", event.condition, turn, turn)
        return Lookout(event.quantifier, event.condition, *self._span(event.window))

    def _moment(self, window: When, default: int) -> int:
        """The turn of `at D`, or else the default."""
        if window.start is not None or window.end is not None:
            raise UsageError("a time span needs 'ever' or 'always' before the condition")
        return default if window.at is None else self._within(self.turn_of(window.at))

    def _span(self, window: When) -> tuple[int, int]:
        """First turn and the one after the last, of `at D` or `from A until B`."""
        if window.at is not None:
            turn = self._within(self.turn_of(window.at))
            return turn, turn + 1
        first = 0 if window.start is None else self._within(self.turn_of(window.start))
        last = self.end if window.end is None else self._within(self.turn_of(window.end))
        if first >= last:
            raise UsageError("a time span must run forward")
        return first, last

    def _within(self, turn: int) -> int:
        if not 0 <= turn <= self.end:
            raise UsageError(f"the date lies outside the {self.end} turns")
        return turn


def _undated(window: When) -> bool:
    return window.at is None and window.start is None and window.end is None


def _ratio(top: float, bottom: float) -> float:
    return math.nan if bottom < IMPOSSIBLE else top / bottom

"""The game tree of a scenario, grown phase by phase.

What the players see is a list of words, the same for all histories that they cannot tell apart:
the options chosen, and what became of the board. Hidden types leave no word in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mistrust.errors import TooLargeError, UsageError
from mistrust.export.world import Amounts, Boards, World, shown
from mistrust.referee.evaluate import Board, Level
from mistrust.scenario.check import Argument
from mistrust.scenario.effects import decisions_in, phase_name
from mistrust.scenario.schema import Chance, Decide, Option, Sealed

LIMIT = 20_000
"""Nodes that a tree may have, if nobody says otherwise."""


@dataclass(frozen=True)
class Known:
    """An information set: who is asked, and all that it knows.

    Attributes
    ----------
    kind
        The actor's type; None without types.
    turn
        From 0.
    seen
        The public history.
    """

    actor: str
    kind: str | None
    turn: int
    decision: str
    seen: tuple[str, ...]


@dataclass(eq=False)
class Branch:
    """One way on from a node: its word, its probability (None: a choice), where it leads."""

    word: str
    odds: float | None
    node: Node


@dataclass(eq=False)
class Node:
    """A node of the tree: chance (branches with odds), a choice (`known`), or an end.

    Attributes
    ----------
    board
        The board as it stands before the move (at an end: after the last turn).
    seen
        At an end, the whole public history.
    payoffs
        At an end, what each actor has received, discounted to the outset.
    """

    board: Board
    known: Known | None = None
    branches: list[Branch] = field(default_factory=list)
    seen: tuple[str, ...] = ()
    payoffs: Amounts = field(default_factory=dict)


@dataclass(eq=False)
class Place:
    """An end of the tree as it is being grown: the history that has led there."""

    node: Node
    board: Board
    seen: tuple[str, ...]
    paid: Amounts


@dataclass(frozen=True)
class Tree:
    """A grown tree."""

    world: World
    root: Node
    nodes: int


def grow(
    argument: Argument,
    levers: Sequence[str] = (),
    without: Sequence[str] = (),
    limit: int = LIMIT,
) -> Tree:
    """The game tree of a scenario at its best guess.

    Raises
    ------
    ScenarioError
        The scenario reads a belief, or has no end.
    TooLargeError
        The tree has more nodes than `limit`; it is not grown further.
    UsageError
        A number of the scenario cannot be worked out.
    """
    try:
        grower = _Grower(World(argument, levers, without), limit)
        return Tree(grower.world, grower.root, grower.nodes)
    except (ArithmeticError, ValueError) as error:
        message = f"a number in it cannot be worked out ({error}); 'mistrust check' may tell where"
        raise UsageError(f"{argument.source.file}: {message}") from None


class _Grower:
    """Grows the tree on all its ends at once, phase after phase."""

    def __init__(self, world: World, limit: int) -> None:
        self.world, self.limit, self.nodes, self.turn = world, limit, 1, 0
        self.root = Node({})
        places = [Place(self.root, {}, (), dict.fromkeys(world.actors, 0.0))]
        for actor in world.typed:
            places = [after for place in places for after in self._types(place, actor)]
        places = [x for place in places for x in self._chance(place, world.openings(place.board))]
        for self.turn in range(world.turns):
            for phase in world.phases:
                places = [after for place in places for after in self._phase(place, phase)]
            for place in places:
                self._close(place)
        for place in places:
            self._end(place)

    def _types(self, place: Place, actor: str) -> list[Place]:
        found = self.world.types_of(actor)
        boards = [{**place.board, actor: kind} for _, kind in found]
        total = sum(p for p, _ in found)
        arms = [(f"{actor}={kind}", p / total) for p, kind in found]
        return self._fork(place, arms, boards)

    def _phase(self, place: Place, phase: Decide | Sealed | Chance) -> list[Place]:
        if not self.world.happens(phase.when, place.board, self.turn):
            return [place]
        if isinstance(phase, Chance):
            return self._chance(place, self.world.after([phase], place.board, self.turn))
        seen = place.seen  # by all who decide, also where a place is taken on without a node
        chosen: list[tuple[Place, list[Option]]] = [(place, [])]
        for _, decision in decisions_in(phase):
            chosen = [
                (after, [*before, option])
                for at, before in chosen
                for after, option in self._choice(at, decision, seen)
            ]
        return [
            after
            for at, options in chosen
            for after in self._chance(at, self.world.after(options, at.board, self.turn))
        ]

    def _choice(
        self, place: Place, decision: Decide, seen: tuple[str, ...]
    ) -> list[tuple[Place, Option]]:
        """A decision by one who has seen so much."""
        world, actor = self.world, decision.decide
        options = world.options(decision, place.board, self.turn)
        kind = str(place.board[actor]) if actor in world.typed else None
        if len(options) > 1:
            place.node.known = Known(actor, kind, self.turn, phase_name(decision), seen)
        arms: list[tuple[str, float | None]] = [(name, None) for name in options]
        found = self._fork(place, arms, [place.board] * len(options))
        for after, (name, option) in zip(found, options.items(), strict=True):
            after.seen = (*after.seen, name)
            after.paid = _sum(after.paid, world.pays(option, place.board, self.turn))
        return list(zip(found, options.values(), strict=True))

    def _chance(self, place: Place, boards: Boards) -> list[Place]:
        """One of several boards; all see which."""
        words = [_changes(place.board, board) for _, board in boards]
        arms = [(word, p) for word, (p, _) in zip(words, boards, strict=True)]
        found = self._fork(place, arms, [board for _, board in boards])
        for after, word in zip(found, words, strict=True):
            after.seen = (*after.seen, word)
        return found

    def _fork(
        self, place: Place, arms: Sequence[tuple[str, float | None]], boards: list[Board]
    ) -> list[Place]:
        """The places that follow; where there is one way on, there is no node."""
        if len(arms) == 1:
            place.board = boards[0]
            return [place]
        self._count(len(arms))
        place.node.board = place.board
        found = []
        for (word, odds), board in zip(arms, boards, strict=True):
            place.node.branches.append(Branch(word, odds, Node(board)))
            found.append(Place(place.node.branches[-1].node, board, place.seen, place.paid))
        return found

    def _count(self, more: int) -> None:
        self.nodes += more
        if self.nodes > self.limit:
            label = self.world.calendar.label(self.turn)
            when = label if label.startswith("turn") else f"{label}, turn {self.turn + 1}"
            raise TooLargeError(
                f"the game tree has more than {self.limit:,} nodes before the end of {when} of "
                f"{self.world.turns}; shorten the horizon, or allow more by '--limit'"
            )

    def _close(self, place: Place) -> None:
        """End a turn: payoffs, then within-turn variables back at their start."""
        place.paid = _sum(place.paid, self.world.closing(place.board, self.turn))
        place.board = self.world.opened(place.board)

    def _end(self, place: Place) -> None:
        place.node.board, place.node.seen = place.board, place.seen
        place.node.payoffs = _sum(place.paid, self.world.beyond(place.board))
        for actor, amount in place.node.payoffs.items():
            if not math.isfinite(amount):
                raise UsageError(
                    f"the payoffs of '{actor}' come to {amount} on the board {shown(place.board)}; "
                    "a game tree needs finite ones"
                )


def _sum(one: Amounts, two: Amounts) -> Amounts:
    return {actor: amount + two.get(actor, 0.0) for actor, amount in one.items()}


def _changes(before: Board, after: Board) -> str:
    """What became of the board, in a word."""
    changed = [f"{name}={_level(x)}" for name, x in after.items() if before.get(name) != x]
    return ", ".join(changed) or "as before"


def _level(level: Level) -> str:
    return f"{level:.12g}" if isinstance(level, float) else str(level)

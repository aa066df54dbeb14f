"""Values by recursion over the phases, and how every phase falls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from mistrust.referee.beliefs import posterior
from mistrust.referee.evaluate import Belief, Board, axis
from mistrust.referee.stage import Mover, choices
from mistrust.referee.world import Cell, Profile, Split, World
from mistrust.scenario.schema import Chance, Decide

Values = dict[Profile, dict[str, float]]
"""What it is worth to each actor to be somewhere, if the types are these."""
Chosen = tuple[str, ...]
"""An option for each decision of a phase; empty where nobody was asked."""
UNCHANGED: Split = [(1.0, {})]


@dataclass(frozen=True)
class Play:
    """How a phase's decisions fall on a board.

    Parameters
    ----------
    odds
        For each profile of types: the probability of everything that may be chosen.
    told
        For everything that may be chosen: the beliefs that it leads to.
    """

    odds: dict[Profile, dict[Chosen, float]]
    told: dict[Chosen, Split]

    def of(self, place: int, profile: Profile) -> dict[str, float]:
        """How the decision at a place falls."""
        found: dict[str, float] = {}
        for chosen, p in self.odds[profile].items():
            found[chosen[place]] = found.get(chosen[place], 0) + p
        return found


class Solver(World):
    """A world that is solved, from the last turn back, as far as was asked."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._memo: dict[tuple[int, int, Cell], Values] = {}
        self.plays: dict[tuple[int, int, Cell], Play] = {}
        self._solved_from = self.turns

    def solve(self, turn: int) -> None:
        """Fill in the openings from the last turn back, so that recursion stays in one turn."""
        kept = [n for n in self.names if n not in self.within and n not in self.recorded]
        spread = {n: [*self.scenario.board[n].levels] for n in kept}
        points = {axis(n): [*grid.points()] for n, grid in self.grids.items()}
        while self._solved_from > turn:
            self._solved_from -= 1
            for levels in product(*spread.values(), *points.values()):
                for _, board in self.opened(dict(zip([*spread, *points], levels, strict=True))):
                    self.values(self._solved_from, 0, board)

    def values(self, turn: int, index: int, board: Board) -> Values:
        """All actors' values before a phase, for all profiles; what is recorded does not count."""
        seen = self.seen(board)
        key = (turn, index, tuple(seen.values()))
        if key not in self._memo:
            self._memo[key] = self._worked_out(turn, index, seen)
        return self._memo[key]

    def _worked_out(self, turn: int, index: int, board: Board) -> Values:
        if index < len(self.phases) and self.only_records(self.phases[index]):
            return self.values(turn, index + 1, board)
        return {
            profile: self._profile(turn, index, self.with_types(board, profile), profile)
            for profile in self.profiles
        }

    def _profile(self, turn: int, index: int, board: Board, profile: Profile) -> dict[str, float]:
        """All actors' values if the types are these."""
        actors = self.scenario.actors
        if turn == self.turns:
            return {a: self.scrap(board, a) for a in actors}
        if index == len(self.phases):
            total = {a: self.closes(turn, board, a) for a in actors}
            for p, after in self.opened(board):
                ahead = self.values(turn + 1, 0, after)[profile]
                total = {a: v + p * self.patience[a] * ahead[a] for a, v in total.items()}
            return total
        total = dict.fromkeys(actors, 0.0)
        for p, chosen, after in self.law(turn, index, board):
            ahead = self.values(turn, index + 1, after)[profile]
            for a in actors:
                paid = self.pays(turn, index, chosen, board, a) if chosen else 0.0
                total[a] += p * (paid + ahead[a])
        return total

    # -- what a phase leads to ---------------------------------------------------------------

    def law(self, turn: int, index: int, board: Board) -> Iterator[tuple[float, Chosen, Board]]:
        """All that may follow on a whole board: probability, what was chosen, the board after."""
        phase = self.phases[index]
        if not self.evaluator.holds(phase.when, board, turn):
            yield 1.0, (), board
        elif isinstance(phase, Chance):
            told = {} if self.only_records(phase) else self._signal(turn, index, board)
            for p, after in self.after(turn, index, (), board):
                for weight, beliefs in told.get(self._cell(after), UNCHANGED):
                    yield p * weight, (), {**after, **beliefs}
        else:
            play = self.play(turn, index, board)
            profile = tuple(str(board[name]) for name in self.types)
            for chosen, p in play.odds[profile].items():
                for q, after in self.after(turn, index, chosen, board) if p > 0 else ():
                    for weight, beliefs in play.told[chosen]:
                        yield p * q * weight, chosen, {**after, **beliefs}

    def _cell(self, board: Board) -> Cell:
        return tuple(self.seen(board).values())

    def _signal(self, turn: int, index: int, board: Board) -> dict[Cell, Split]:
        """What the board after a chance phase tells of a type that its odds depend on."""
        found: dict[Cell, dict[str, list[float]]] = {}
        seen = self.with_types(self.seen(board), self.profiles[0])
        for actor, kinds in self.types.items():
            chances: list[dict[Cell, float]] = []
            for kind in kinds:
                chances.append({})
                for p, after in self.after(turn, index, (), {**seen, actor: kind}):
                    cell = self._cell(after)
                    chances[-1][cell] = chances[-1].get(cell, 0) + p
            for cell in dict.fromkeys(cell for odds in chances for cell in odds):
                likely = [odds.get(cell, 0.0) for odds in chances]
                if len({*likely}) > 1:
                    logs = [math.log(p) if p > 0 else -math.inf for p in likely]
                    found.setdefault(cell, {})[actor] = posterior(self.belief(board, actor), logs)
        return {cell: self.on_grid(beliefs) for cell, beliefs in found.items()}

    # -- decisions ---------------------------------------------------------------------------

    def play(self, turn: int, index: int, board: Board) -> Play:
        """How the decisions of a phase fall, on a board where they are taken."""
        seen = self.seen(board)
        key = (turn, index, tuple(seen.values()))
        if key not in self.plays:
            self.plays[key] = self._played(turn, index, seen)
        return self.plays[key]

    def ahead(
        self, turn: int, index: int, chosen: Chosen, board: Board, beliefs: Board, actor: str
    ) -> dict[Profile, float]:
        """What is worth to an actor that these options are chosen and lead to these beliefs."""
        boards = [(p, {**x, **beliefs}) for p, x in self.after(turn, index, chosen, board)]
        worth = {}
        for profile in self.profiles:
            paid = self.pays(turn, index, chosen, self.with_types(board, profile), actor)
            ahead = (p * self.values(turn, index + 1, x)[profile][actor] for p, x in boards)
            worth[profile] = paid + sum(ahead)
        return worth

    def _played(self, turn: int, index: int, board: Board) -> Play:
        """One decides, or several at once; those with hidden types are known by their choices."""
        decisions = self.decided(index)
        names = [decision.decide for decision in decisions]
        found = [self._mover(turn, decision, board) for decision in decisions]
        every, movers = [options for options, _ in found], [mover for _, mover in found]
        value = partial(self._worth, turn, index, board, names)
        chosen = choices(movers, [self.precision[name] for name in names], value)
        told: dict[Chosen, Split] = {}
        for taken in product(*(mover.names for mover in movers)):
            them = zip(names, movers, taken, chosen, strict=True)
            after = {name: mover.learnt(n, logs) for name, mover, n, logs in them}
            told[taken] = self.on_grid({n: x for n, x in after.items() if n in self.types})
        odds = {}
        for profile in self.profiles:
            kinds = self._kinds(names, profile)
            odds[profile] = _odds(
                [x[k] for x, k in zip(every, kinds, strict=True)],
                [x[k] for x, k in zip(chosen, kinds, strict=True)],
            )
        return Play(odds, told)

    def _worth(
        self,
        turn: int,
        index: int,
        board: Board,
        names: Sequence[str],
        chosen: Chosen,
        points: tuple[Belief, ...],
    ) -> dict[tuple[int, ...], list[float]]:
        """What options that lead to such beliefs are worth to those who choose: see `Value`."""
        told = zip(names, points, strict=True)
        beliefs: Board = {axis(name): x for name, x in told if name in self.types}
        found: dict[tuple[int, ...], list[float]] = {}
        for m, name in enumerate(names):
            worth = self.ahead(turn, index, chosen, board, beliefs, name)
            for profile, amount in worth.items():
                amounts = found.setdefault(self._kinds(names, profile), [0.0] * len(names))
                amounts[m] += self.believed(board, profile, name) * amount
        return found

    def _mover(self, turn: int, decision: Decide, board: Board) -> tuple[list[list[str]], Mover]:
        """One who decides: all options that each of its types has, and those left by levers."""
        name = decision.decide
        if name not in self.types:
            every, options = self.open_to(turn, decision, board)
            return [every], Mover([options])
        kinds = [self.open_to(turn, decision, {**board, name: x}) for x in self.types[name]]
        left = [options for _, options in kinds]
        mover = Mover(left, self.belief(board, name), self.grids[name])
        return [every for every, _ in kinds], mover

    def _kinds(self, names: Sequence[str], profile: Profile) -> tuple[int, ...]:
        """The types of some actors in a profile, by number; 0 for those without."""
        types = dict(zip(self.types, profile, strict=True))
        return tuple(self.types[n].index(types[n]) if n in types else 0 for n in names)


def _odds(every: list[list[str]], logs: list[dict[str, float]]) -> dict[Chosen, float]:
    """The probability of all that may be chosen, from the logarithms of each one's choices."""
    found = {}
    for taken in product(*every):
        parts = [own.get(name, -math.inf) for own, name in zip(logs, taken, strict=True)]
        found[taken] = math.exp(sum(parts))
    return found

"""The front of the referee: what can be asked of one world of a small scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mistrust.errors import UsageError
from mistrust.referee.backward import Solver
from mistrust.referee.evaluate import Belief, Board, Level, axis
from mistrust.referee.forward import State, sweep
from mistrust.referee.watch import Choice, Discounted, Watch
from mistrust.referee.world import Cell, Profile
from mistrust.scenario.expressions import parse
from mistrust.scenario.tree import Case, Node

Given = Mapping[str, Level]
"""A board, or a part of it."""


class Referee(Solver):
    """One world of a small scenario, solved plainly; see `World` for how it is set up.

    On boards that are passed here a belief goes by `belief(actor)` and is the probability of each
    type, in the order of the file; without it the actor's prior is meant. A type goes by its
    actor's name; without it an answer is the average over types, as the belief has them.
    """

    def value(self, actor: str, turn: int, board: Given) -> float:
        """The actor's value as a turn (from 0) opens; within-turn variables are at their start."""
        self.solve(turn)
        known = self._named({n: x for n, x in board.items() if n not in self.within})
        types = {n: board[n] for n in self.types if n in board}
        unknown = {n: prior for n, prior in self.priors.items() if axis(n) not in known}
        believed = {n: self.belief(known, n) for n in self.types if n not in unknown}
        total = 0.0
        for share, profile in self._drawn(unknown | believed, types):
            for weight, beliefs in self.on_grid(unknown):
                for p, opened in self.opened({**known, **beliefs}):
                    total += share * weight * p * self.values(turn, 0, opened)[profile][actor]
        return total

    def start_value(self, actor: str, types: Given | None = None) -> float:
        """The actor's value at the outset, over the start's odds and those of types not given."""
        self.solve(0)
        return sum(
            share * p * self.values(0, 0, board)[profile][actor]
            for share, profile in self._drawn(self.priors, types or {})
            for p, board in self.start()
        )

    def forward_value(self, actor: str, types: Given | None = None) -> float:
        """The same by the other way: discounted payoffs summed over the masses of the boards."""
        profiles = self._drawn(self.priors, types or {})
        state = sweep(self, Discounted(self, actor), profiles)
        return sum(top for _, top, _ in state.values())

    def policy(
        self,
        turn: int,
        decision: str,
        board: Given,
        kind: str | None = None,
    ) -> dict[str, float] | None:
        """How a decision falls on a board as it stands before it; None where nobody is asked.

        Of an actor who has types, the choice of the type `kind`.
        """
        self.solve(turn)
        first = {n: self.moves.start(n)[0][1] for n in self.names}
        beliefs = {axis(n): prior for n, prior in self.priors.items()}
        full = self._named({**first, **beliefs, **board})
        for index, place in self.decisions(decision):
            if self.evaluator.holds(self.phases[index].when, full, turn):
                mover = self.decided(index)[place].decide
                if mover in self.types and kind not in self.types[mover]:
                    raise UsageError(f"say which type: {', '.join(self.types[mover])}")
                own = {n: x[0] for n, x in self.types.items()} | ({mover: kind} if kind else {})
                profile = tuple(own[n] for n in self.types)
                return self.play(turn, index, full).of(place, profile)
        return None

    def distribution(self, turn: int) -> dict[Cell, float]:
        """Mass of each board (its levels in the order of `keys`) as a turn opens, or at the end."""
        found: dict[Cell, float] = {}
        for (cell, _), (mass, _, _) in self.sweep(Watch(), stop=turn).items():
            found[cell] = found.get(cell, 0) + mass
        return found

    def frequency(self, turn: int, decision: str) -> dict[str, float]:
        """Mass with which each option of a decision is chosen in a turn (from 0)."""
        found: dict[str, float] = {}
        for index, place in self.decisions(decision):
            for option in self.decided(index)[place].options:
                watch = Choice(self, {(index, place)}, option, turn, turn + 1)
                mass = sum(top for _, top, _ in self.sweep(watch).values())
                found[option] = found.get(option, 0) + mass
        return found

    def read(self, text: str) -> float:
        """The value of a claim or other reading; nan where its condition is impossible."""
        return self.read_tree(parse(text, claim=True))

    def read_tree(self, node: Node) -> float:
        """`read`, of a tree that is parsed already."""
        from mistrust.referee.readings import Reader

        return Reader(self).value(node, {}, None)

    def sweep(self, watch: Watch, stop: int | None = None) -> State:
        """All histories as the world deals them, to the opening of turn `stop` or to the end."""
        return sweep(self, watch, self._drawn(self.priors, {}), stop)

    def case(self, case: Case) -> Referee:
        """The same world with one more lever, or one more mechanism off."""
        more = (case.name.name,)
        return Referee(
            self.scenario,
            premises=self.given,
            off=self.switched + (more if case.kind == "without" else ()),
            levers=self.levers + (more if case.kind == "under" else ()),
            limit=self.limit,
        )

    def _drawn(
        self, odds: Mapping[str, Sequence[float]], types: Mapping[str, Level]
    ) -> list[tuple[float, Profile]]:
        """The profiles in which these `types` are, with the odds of the types not given."""
        for name, kind in types.items():
            if kind not in self.types.get(name, ()):
                raise UsageError(f"'{kind}' is no type of '{name}'")
        found = []
        for profile in self.profiles:
            named = dict(zip(self.types, profile, strict=True))
            if all(named[name] == kind for name, kind in types.items()):
                free = [n for n in self.types if n not in types]
                share = math.prod(odds[n][self.types[n].index(named[n])] for n in free)
                found += [(share, profile)] * (share > 0)
        return found

    def _named(self, board: Given) -> Board:
        """A board with levels and beliefs exactly as the solver has them, in its order."""
        found = {n: self.moves.named(n, board[n]) for n in self.names if n in board}
        return {**found, **{axis(n): self._point(n, board) for n in self.types if axis(n) in board}}

    def _point(self, actor: str, board: Given) -> Belief:
        """The point of the grid that a belief is given as."""
        wanted = board[axis(actor)]
        for point in self.grids[actor].points():
            if isinstance(wanted, tuple) and math.dist(point, wanted) < 1e-9:
                return point
        raise UsageError(f"{wanted} is no point of the grid of the belief about '{actor}'")

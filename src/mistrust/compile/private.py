"""Private information as arrays: type profiles, and who knows what of them.

A game with hidden types is solved for every *profile* (one type of each actor that has types)
side by side: a column of the solver's arrays is a profile in a lane, profiles first. What actors
that do not know the profile expect is an average over profiles, by the beliefs of the board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.scenario.beliefs import Grid, grids
from mistrust.scenario.schema import Scenario


@dataclass(frozen=True)
class Privacy:
    """Whose type is hidden.

    Attributes
    ----------
    grids
        The grid of the belief about each actor with types.
    owners
        The index of each of these actors.
    """

    grids: tuple[Grid, ...]
    owners: tuple[int, ...]

    @staticmethod
    def of(scenario: Scenario) -> Privacy:
        """That of a scenario."""
        found = grids(scenario)
        return Privacy(tuple(found.values()), tuple(map(list(scenario.actors).index, found)))

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The dimensions of the board that hold beliefs."""
        return tuple(grid.axis for grid in self.grids)

    @cached_property
    def profiles(self) -> Integers:
        """The type of each actor with types in every profile: (profiles, actors with types)."""
        kinds = [range(len(grid.types)) for grid in self.grids]
        found = list(product(*kinds))
        return np.array(found, dtype=np.int64).reshape(len(found), len(self.grids))

    @property
    def count(self) -> int:
        """Number of profiles; 1 without hidden types."""
        return len(self.profiles)

    @cached_property
    def nodes(self) -> tuple[Floats, ...]:
        """For each grid the belief at its nodes: (nodes, types)."""
        return tuple(np.array(grid.nodes()) for grid in self.grids)

    def place(self, actor: int) -> int:
        """The actor's place among those with types; -1 if it has none."""
        return self.owners.index(actor) if actor in self.owners else -1

    def judgements(self, actor: int) -> Floats:
        """How an actor weighs the profiles, by what it knows and the beliefs of the board.

        Returns
        -------
        array (combinations of nodes, profiles, profiles)
            In C order of `axes`; row p are the weights of one who knows its own type in p.
        """
        own = self.place(actor)
        total = np.ones((1, self.count, self.count))
        for i, nodes in enumerate(self.nodes):
            mine, theirs = self.profiles[:, None, i], self.profiles[None, :, i]
            if i == own:
                part = np.broadcast_to(mine == theirs, (len(nodes), self.count, self.count))
            else:
                part = nodes[:, self.profiles[:, i]][:, None, :]
            total = (total[:, None] * part[None]).reshape(-1, self.count, self.count)
        return np.ascontiguousarray(total, dtype=float)

    def prior(self, odds: Sequence[Floats]) -> Floats:
        """The probability of each profile from those of the types.

        Parameters
        ----------
        odds
            For each actor with types: (types, lanes).

        Returns
        -------
        array (profiles, lanes); of shape (1, 1) without hidden types
        """
        total = np.ones((self.count, 1))
        for i, rows in enumerate(odds):
            total = total * rows[self.profiles[:, i]]
        return total

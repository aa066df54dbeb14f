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
from mistrust.compile.nodes import Nodes
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

    def place(self, actor: int) -> int:
        """The actor's place among those with types; -1 if it has none."""
        return self.owners.index(actor) if actor in self.owners else -1

    def judgements(self, actor: int, beliefs: Sequence[Nodes]) -> Floats:
        """How an actor weighs the profiles, by what it knows and the beliefs of the board.

        Parameters
        ----------
        beliefs
            The nodes of each grid.

        Returns
        -------
        array (combinations of nodes, profiles, profiles, cases)
            In C order of `axes`; row p are the weights of one who knows its own type in p.
        """
        own, square = self.place(actor), (self.count, self.count)
        total = np.ones((1, *square, 1))
        for i, nodes in enumerate(beliefs):
            mine, theirs = self.profiles[:, None, i], self.profiles[None, :, i]
            if i == own:
                part = np.broadcast_to(
                    (mine == theirs)[..., None], (len(nodes.beliefs), *square, 1)
                )
            else:
                part = nodes.beliefs[:, None, self.profiles[:, i]]
            total = total[:, None] * part[None]
            total = total.reshape(-1, *total.shape[2:])
        return np.array(np.broadcast_to(total, (*total.shape[:3], self.cases(beliefs))), order="C")

    @staticmethod
    def cases(beliefs: Sequence[Nodes]) -> int:
        """How many cases the nodes of the grids are for."""
        return beliefs[0].bend.shape[1] if beliefs else 1

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

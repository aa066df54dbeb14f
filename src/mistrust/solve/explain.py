"""Why an actor chooses as it does: each option's value, split by payoff term.

Values are linear in payoffs, so the split is exact: under the solved play the terms of an option
add up to its value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.errors import UsageError, nearest
from mistrust.forward.distribute import distribute
from mistrust.forward.sweep import Condition, Mass
from mistrust.scenario.tree import Node
from mistrust.solve.backward import Looking, Solution, Taken, values_by_term
from mistrust.solve.plain import available, expected, judged_weights, own_values, stored


@dataclass(frozen=True)
class OptionValue:
    """An option as its actor sees it, on average over the boards asked about."""

    name: str
    probability: float
    value: float
    terms: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """A decision explained.

    `probability` is that of its being taken on the boards asked about (by an actor of that type,
    if it has types); if they do not occur it is 0 and the figures are plain averages over the
    boards that match.
    """

    decision: str
    type: str
    probability: float
    boards: int
    options: tuple[OptionValue, ...]


def explain(solution: Solution, actor: str, turn: int, given: Node | None) -> list[Explanation]:
    """Explain the decisions of an actor in a turn, where `given` holds; one for each of its types.

    Parameters
    ----------
    solution
        A solution `everywhere`, of one case.

    Raises
    ------
    UsageError
        The actor decides nothing in that turn, or no board matches.
    """
    program = solution.coefficients.program
    if actor not in program.actors:
        raise UsageError(f"unknown actor '{actor}'{nearest(actor, program.actors)}")
    mover = program.actors.index(actor)
    stages = [i for i, s in enumerate(program.stages) if mover in s.movers]
    met = _met(solution, stages, turn)
    found: dict[int, list[Explanation]] = {}

    def look(taken: Taken) -> None:
        if taken.index in stages:
            found[taken.index] = _explained(taken, mover, given, met.get(taken.index))

    values_by_term(solution, (), Looking(turn, look))
    explanations = [one for index in sorted(found) for one in found[index]]
    if not explanations:
        when = program.argument.calendar.label(turn)
        raise UsageError(
            f"{actor} takes no decision in {when}" + (" on such a board" if given else "")
        )
    return explanations


def _met(solution: Solution, stages: list[int], turn: int) -> dict[int, Mass]:
    """The distribution of the board before each of the decisions."""
    met: dict[int, Mass] = {}

    def meet(when: int, index: int, here: Callable[[], Mass]) -> None:
        if when == turn and index in stages:
            met[index] = here()

    distribute(solution.coefficients, solution.policies, meet=meet, stop=turn + 1)
    return met


def _explained(taken: Taken, mover: int, given: Node | None, met: Mass | None) -> list[Explanation]:
    """The decision as each type of its actor takes it."""
    c = taken.coefficients
    privacy, stage = c.program.privacy, c.program.stages[taken.index]
    own = privacy.place(mover)
    kinds = privacy.grids[own].types if own >= 0 else ("",)
    found = []
    for k, kind in enumerate(kinds):
        lanes = np.ones(c.lanes, bool) if own < 0 else privacy.profiles[:, own] == k
        asked = _asked(taken, given, met, lanes)
        if asked is not None:
            cells, weight, total = asked
            options = _options(taken, mover, cells, weight)
            name = stage.decisions[stage.movers.index(mover)]
            found.append(Explanation(name, kind, total, len(cells), options))
    return found


def _asked(
    taken: Taken, given: Node | None, met: Mass | None, lanes: NDArray[np.bool_]
) -> tuple[Integers, Floats, float] | None:
    """The cells asked about, their weights (cells, lanes), and their probability."""
    c = taken.coefficients
    layout, frame = c.layout.stages[taken.index], c.program.stages[taken.index].source
    cells = np.arange(frame.size, dtype=np.int64)
    cells = cells[layout.policy.at(cells) >= 0]
    asked = (stored(taken, cells).sum(axis=0) > 0) & lanes
    if given is not None:
        asked &= Condition(c, given).at(frame, cells, taken.turn) != 0
    if not asked.any():
        return None
    mass = np.zeros((frame.size, c.lanes))
    if met is not None:
        mass[met.cells] = met.values
    prior = c.prior[:, 0] * lanes
    weight = asked * mass[cells] * prior / prior.sum()
    total = float(weight.sum())
    if total <= 1e-12:
        weight = asked * (judged_weights(taken, cells) * prior)
    kept = weight.sum(axis=1) > 0
    return cells[kept], weight[kept] / weight.sum(), total if total > 1e-12 else 0.0


def _options(taken: Taken, mover: int, cells: Integers, weight: Floats) -> tuple[OptionValue, ...]:
    c = taken.coefficients
    stage = c.program.stages[taken.index]
    place = stage.movers.index(mover)
    shares, choices = stored(taken, cells), range(len(stage.choices))
    free = stage.marginal(available(taken, cells).astype(float), place) > 0
    chosen = stage.marginal(shares, place)
    values = {
        term: own_values(
            taken,
            np.array([expected(taken, o, k, cells, by_term=True) for o in choices]),
            shares,
            place,
        )
        for k, (owner, term) in enumerate(c.program.terms)
        if owner == mover
    }
    options = []
    for o, name in enumerate(stage.options[place]):
        if not free[o].any():
            continue
        own = np.where(free[o], weight, 0.0)
        if own.sum() <= 0.0:
            continue
        own = own / own.sum()
        split = {term: float((own * found[o]).sum()) for term, found in values.items()}
        options.append(
            OptionValue(name, float((weight * chosen[o]).sum()), sum(split.values()), split)
        )
    return tuple(options)

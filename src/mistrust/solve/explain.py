"""Why an actor chooses as it does: each option's value, split by payoff term.

Values are linear in payoffs, so the split is exact: under the solved play the terms of an option
add up to its value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.lower import at_turn
from mistrust.errors import UsageError, nearest
from mistrust.forward.distribute import Condition, Mass, distribute
from mistrust.scenario.tree import Node
from mistrust.solve.backward import Solution, Taken, values_by_term
from mistrust.solve.certificate import expected


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

    `probability` is that of its being taken on the boards asked about; if they do not occur it is
    0 and the figures are plain averages over the boards that match.
    """

    decision: str
    probability: float
    boards: int
    options: tuple[OptionValue, ...]


def explain(solution: Solution, actor: str, turn: int, given: Node | None) -> list[Explanation]:
    """Explain the decisions of an actor in a turn, where `given` holds.

    Parameters
    ----------
    solution
        A solution `everywhere`, of one lane.

    Raises
    ------
    UsageError
        The actor decides nothing in that turn, or no board matches.
    """
    program = solution.coefficients.program
    if actor not in program.actors:
        raise UsageError(f"unknown actor '{actor}'{nearest(actor, program.actors)}")
    mover = program.actors.index(actor)
    stages = [i for i, s in enumerate(program.stages) if s.mover == mover]
    weights = _weights(solution, stages, turn, given)
    found: dict[int, Explanation] = {}

    def look(taken: Taken) -> None:
        if taken.turn == turn and taken.index in weights:
            found[taken.index] = _explained(solution, taken, *weights[taken.index])

    values_by_term(solution, (), look)
    if not found:
        when = program.argument.calendar.label(turn)
        raise UsageError(
            f"{actor} takes no decision in {when}" + (" on such a board" if given else "")
        )
    return [found[index] for index in sorted(found)]


def _weights(
    solution: Solution, stages: list[int], turn: int, given: Node | None
) -> dict[int, tuple[Integers, Floats, float]]:
    """For each decision the boards asked about, their weights, and their probability."""
    coefficients = solution.coefficients
    met: dict[int, Mass] = {}

    def meet(when: int, index: int, here: Callable[[], Mass]) -> None:
        if when == turn and index in stages:
            met[index] = here()

    distribute(coefficients, solution.policies, meet=meet, stop=turn + 1)
    found = {}
    for index in stages:
        if not coefficients.stages[index].active[turn]:
            continue
        frame = coefficients.program.stages[index].source
        everywhere = np.arange(frame.size, dtype=np.int64)
        some = _asked(solution, index, turn, given, everywhere)
        if not len(some):
            continue
        mass = np.zeros(frame.size)
        if index in met:
            mass[met[index].cells] = met[index].values[:, 0]
        total = float(mass[some].sum())
        weight = mass[some] / total if total > 1e-12 else np.full(len(some), 1 / len(some))
        kept = weight > 0
        found[index] = (some[kept], weight[kept], total if total > 1e-12 else 0.0)
    return found


def _asked(
    solution: Solution, index: int, turn: int, given: Node | None, cells: Integers
) -> Integers:
    """The cells at which the decision is taken and `given` holds."""
    coefficients = solution.coefficients
    layout, stage = coefficients.layout.stages[index], coefficients.program.stages[index]
    rows = layout.policy.at(cells)
    cells, rows = cells[rows >= 0], rows[rows >= 0]
    policy = solution.policies[turn, stage.phase].reshape(-1, len(stage.choices))
    cells = cells[policy[rows].sum(axis=1) > 0]
    if given is None:
        return cells
    return cells[Condition(coefficients, given).at(stage.source, cells, turn)[:, 0] != 0]


def _explained(
    solution: Solution, taken: Taken, cells: Integers, weight: Floats, total: float
) -> Explanation:
    coefficients = solution.coefficients
    layout, stage = (
        coefficients.layout.stages[taken.index],
        coefficients.program.stages[taken.index],
    )
    policy = solution.policies[taken.turn, stage.phase].reshape(-1, len(stage.choices))
    shares = policy[layout.policy.at(cells)]
    available = at_turn(coefficients.stages[taken.index].available, taken.turn)
    terms = [
        (k, t) for k, (owner, t) in enumerate(coefficients.program.terms) if owner == stage.mover
    ]
    options = []
    for o, choice in enumerate(stage.choices):
        rows, rest = np.divmod(cells, layout.available.low.shape[1])
        open_ = available[layout.available.high[o][rows] + layout.available.low[o][rest], 0] != 0
        if not open_.any():
            continue
        own = np.where(open_, weight, 0.0)
        own = own / own.sum()
        split = {
            term: float(own @ expected(taken, o, k, cells, by_term=True)[:, 0]) for k, term in terms
        }
        options.append(
            OptionValue(choice.name, float(weight @ shares[:, o]), sum(split.values()), split)
        )
    return Explanation(stage.name, total, len(cells), tuple(options))

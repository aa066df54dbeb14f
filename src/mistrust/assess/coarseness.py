"""How much the grid of the beliefs matters: the best guess on it, and on one twice as fine."""

from __future__ import annotations

from typing import Any

import numpy as np

from mistrust.assess.claims import Worlds, amount
from mistrust.compile.evaluate import Evaluator, Floats
from mistrust.compile.lower import Case, lower, parameters, raise_faults
from mistrust.compile.size import measure
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import AS_WRITTEN, questions
from mistrust.ensemble.worlds import guesses
from mistrust.forward.read import Reader, openings_needed, plain
from mistrust.scenario.beliefs import Grid, grids
from mistrust.scenario.check import Argument, check
from mistrust.scenario.readings import Reading, readings_in
from mistrust.scenario.text import Source
from mistrust.solve.game import solve_game

MOST_UPDATES = 50_000_000
"""More work than this on the finer grid is not done unasked."""


def coarseness(argument: Argument, *, unasked: bool = True) -> dict[str, Any] | None:
    """The grids of a scenario's beliefs, and what doubling their points changes.

    Returns
    -------
    dict or None
        `grids`: actor, types, points, spacing (the widest, in the best guess). `doubled`: the
        largest change of an actor's value (relative to it, or to 1) and, by claim, of a number
        that it reads off the game as written; `turned`, the claims on nothing but that game which
        then hold and did not, or the reverse. None if that is much work and was not asked for.
        None without hidden types.
    """
    found = grids(argument.scenario)
    if not found:
        return None
    shown = [
        {
            "actor": g.actor,
            "types": list(g.types),
            "points": g.points,
            "spacing": _widest(argument, g),
        }
        for g in found.values()
    ]
    finer = _doubled(argument)
    if unasked and measure(Engine(finer).program).updates > MOST_UPDATES:
        return {"grids": shown, "doubled": None}
    (coarse_values, coarse), (fine_values, fine) = _solved(argument), _solved(finer)
    change = abs(fine_values - coarse_values) / np.maximum(1.0, abs(fine_values))
    claims = {
        name: max((float(abs(fine[r] - coarse[r])) for r in _read(argument, name)), default=0.0)
        for name in argument.scenario.claims
    }
    turned = [n for n in claims if _truth(argument, n, coarse) != _truth(argument, n, fine)]
    doubled = {"value": float(change.max()), "claims": claims, "turned": turned}
    return {"grids": shown, "doubled": doubled}


def _widest(argument: Argument, grid: Grid) -> float:
    """How far apart neighbours on a grid are, at most: along the probability of one type."""
    case = Case(guesses(argument.scenario))
    values = parameters(Engine(argument).program, (case,))
    first = Evaluator(argument, values).nodes(grid.actor).beliefs[:, 0, 0]
    return float(np.diff(np.unique(first)).max())


def _doubled(argument: Argument) -> Argument:
    actors = {
        name: actor.model_copy(update={"beliefs": 2 * actor.beliefs - 1}) if actor.types else actor
        for name, actor in argument.scenario.actors.items()
    }
    scenario = argument.scenario.model_copy(update={"actors": actors})
    source: Source = argument.source
    return check(scenario, source, argument.resolution)


def _read(argument: Argument, claim: str) -> list[Reading]:
    """The numbers that a claim reads off the game as written."""
    found = readings_in(argument.nodes["claims", claim, "holds"])
    return [plain(reading) for reading in found if reading.variant == AS_WRITTEN]


def _truth(argument: Argument, claim: str, readings: dict[Reading, float]) -> float | None:
    """Whether a claim holds in the best guess; None if it has no value there or reads variants."""
    node = argument.nodes["claims", claim, "holds"]
    if any(reading.variant != AS_WRITTEN for reading in readings_in(node)):
        return None
    premises = {name: np.array([value]) for name, value in guesses(argument.scenario).items()}
    worlds = Worlds(lambda reading: np.array([readings[plain(reading)]]), premises)
    found = float(np.ravel(amount(node, worlds))[0])
    return None if np.isnan(found) else found


def _solved(argument: Argument) -> tuple[Floats, dict[Reading, float]]:
    """Actors' values, and what claims read, in the best guess as written."""
    engine = Engine(argument)
    wanted = questions(argument).needs[AS_WRITTEN]
    coefficients = lower(engine.layout(), (Case(guesses(argument.scenario)),))
    raise_faults(coefficients)
    solution = solve_game(coefficients, keep=openings_needed(wanted))
    values = Reader(solution, engine.layout).read(wanted)
    return coefficients.folded(solution.start_value)[:, 0], {r: v[0] for r, v in values.items()}

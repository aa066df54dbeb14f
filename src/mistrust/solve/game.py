"""A batch of games solved, whether they end or go on for ever."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from mistrust.compile.lower import Coefficients
from mistrust.solve.backward import Ending, Inspect, Solution, Workspace, solve
from mistrust.solve.reach import Reach, reachable
from mistrust.solve.stationary import stationary


def solve_game(
    coefficients: Coefficients,
    *,
    keep: Collection[int] = (),
    inspect: Inspect | None = None,
    workspace: Workspace | None = None,
    reach: Reach | None = None,
    ending: Ending | None = None,
    threads: int = 1,
) -> Solution:
    """Solve all lanes of a batch; see `backward.solve`.

    Where play goes on for ever, the turns shown are those of the stationary equilibrium.
    """
    reach = reachable(coefficients) if reach is None else reach
    forever = coefficients.program.argument.scenario.horizon.forever
    found = stationary(coefficients, reach) if forever else None
    trials = found.trials if found else {}
    solution = solve(
        coefficients,
        keep=keep,
        inspect=inspect,
        workspace=workspace,
        reach=reach,
        ending=None if found else ending,
        beyond=found.values if found else None,
        trials={index: (tried, np.empty_like(tried)) for index, tried in trials.items()},
        threads=threads,
    )
    if found:
        solution.evidence.settled[:] = found.residual
        solution.evidence.part[:] = found.part
    return solution

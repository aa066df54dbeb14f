"""The exact law of the game's histories under solved policies.

One forward pass carries the probability of every board through every phase, without sampling.
A pass may be *conditioned*: `Stay` constraints remove the histories that break them as they go,
and what is left at the end is the probability of keeping them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from mistrust.compile.lower import Coefficients
from mistrust.forward.planes import PlaneSweep, serves
from mistrust.forward.sweep import Mass, Meet, Occupancy, Sweep, Visit, Weigh
from mistrust.scenario.readings import Stay
from mistrust.solve.step import Policies


def distribute(
    coefficients: Coefficients,
    policies: Policies,
    *,
    constraints: Sequence[Stay] = (),
    weigh: Weigh | None = None,
    visit: Visit | None = None,
    meet: Meet | None = None,
    begin: tuple[int, Mass] | None = None,
    stop: int | None = None,
    planes: bool = True,
) -> Occupancy:
    """Carry the distribution of the board forward.

    Parameters
    ----------
    constraints
        Only histories that keep them all are carried.
    weigh
        Multiplies the mass as one turn opens, so that the mass left is an expectation.
    begin
        Turn to begin with and the distribution at its opening; default the outset.
    stop
        Opening at which to end; default the end of the last turn.
    planes
        Whether one large world may be carried block by block, which is faster.
    """
    kind = PlaneSweep if planes and serves(coefficients) else Sweep
    sweep = kind(coefficients, policies, tuple(constraints), weigh)
    return sweep.run(visit, meet, begin, stop)

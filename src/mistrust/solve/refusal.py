"""What is said where strategies that must be solved for together could not be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mistrust.compile.program import Program
from mistrust.scenario.effects import written
from mistrust.solve.backward import Solution
from mistrust.solve.certificate import RESIDUAL


def refusals(solution: Solution) -> dict[int, str]:
    """By case that is refused: the phase, the date, the board, and the remedy."""
    found, evidence = {}, solution.evidence
    for case, (residual, part) in enumerate(zip(evidence.settled, evidence.part, strict=True)):
        if not residual <= RESIDUAL:
            found[case] = _unsettled(float(residual), float(part))
    for case, (residual, turn, index, cell) in evidence.worst.items():
        if not residual <= RESIDUAL:
            found.setdefault(case, _refused(solution, case, residual, turn, index, cell))
    return found


def _unsettled(residual: float, part: float) -> str:
    what = (
        f"the branch from zero precision was lost at {part:.1%} of the precision asked for"
        if part < 1
        else "followed from zero precision, values still change from turn to turn (by "
        f"{residual:.1e} of the largest, at most {RESIDUAL:.0e} is accepted)"
    )
    return (
        f"no stationary equilibrium was found: {what}; lower the precision of the actors (an "
        "infinite one cannot mix where it must) or their patience, or give the horizon a last turn"
    )


def _refused(
    solution: Solution, case: int, residual: float, turn: int, index: int, cell: int
) -> str:
    c, program = solution.coefficients, solution.coefficients.program
    stage, argument = program.stages[index], program.argument
    levels = np.unravel_index(cell, stage.source.shape)
    where = ", ".join(
        written(argument.scenario, name, int(level), c.belief(name, int(level), case))
        for name, level in zip(stage.source.variables, levels, strict=True)
    )
    movers = _named(program, stage.movers)
    where = f"on the board where {where}, " if where else ""
    remedy = f"lower the precision of {movers}"
    if stage.learns:
        typed = [mover for mover in stage.movers if mover in program.privacy.owners]
        remedy += f", or give {_named(program, typed)} more 'beliefs'"
    what = "strategies and beliefs" if stage.learns else "strategies"
    why = f"residual {residual:.1e}, at most {RESIDUAL:.0e} is accepted"
    if not residual < np.inf:
        why = "followed up from zero precision, they were lost on the way"
    return (
        f"no equilibrium was found: at '{stage.name}' in {argument.calendar.label(turn)}, "
        f"{where}the {what} of {movers} could not be solved for together ({why}); {remedy}"
    )


def _named(program: Program, movers: Sequence[int]) -> str:
    return " and ".join(f"'{program.actors[mover]}'" for mover in movers)

"""What solving tells of its own quality."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers
from mistrust.compile.lower import Coefficients


@dataclass
class Evidence:
    """What the solving itself tells of its quality.

    Attributes
    ----------
    gains : (turns, actors, lanes)
        Largest gain that an actor could make by one deviation, on any board worked out.
    residuals : (turns, cases)
        Largest residual of strategies that were solved for together.
    settled : (cases,)
        How far values move in one turn where play goes on for ever, relative to the largest.
    part : (cases,)
        The part of the precision at which the branch was lost that leads to play without end; 1
        where it was not.
    worst
        By case the residual's place: (residual, turn, index of the stage, cell).
    """

    gains: Floats
    residuals: Floats
    settled: Floats
    part: Floats
    worst: dict[int, tuple[float, int, int, int]] = field(default_factory=dict)

    @staticmethod
    def empty(coefficients: Coefficients) -> Evidence:
        """Nothing solved so far."""
        program, cases = coefficients.program, len(coefficients.cases)
        gains = np.zeros((program.turns, len(program.actors), coefficients.lanes))
        return Evidence(gains, np.zeros((program.turns, cases)), np.zeros(cases), np.ones(cases))

    def take_over(self, other: Evidence, turn: int) -> None:
        """Use another's from a turn on."""
        self.gains[turn:] = other.gains[turn:]
        self.residuals[turn:] = other.residuals[turn:]
        self.worst |= {case: at for case, at in other.worst.items() if at[1] >= turn}

    def note(self, turn: int, index: int, residual: Floats, where: Integers) -> None:
        """Take in the residuals of a stage and the cells at which they were found.

        Of equal ones the first cell counts, so that it does not matter which thread is first.
        """
        for case in map(int, np.flatnonzero(~(residual < self.residuals[turn]) & (residual != 0))):
            self.residuals[turn, case] = residual[case]
            found = (float(residual[case]), turn, index, int(where[case]))
            worst = self.worst.get(case, (0.0, 0, 0, 0))
            before = found[:3] == worst[:3] and found[3] < worst[3]
            if before or not found[0] <= worst[0]:
                self.worst[case] = found

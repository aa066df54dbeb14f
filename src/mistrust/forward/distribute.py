"""The exact law of the game's histories under solved policies.

One forward pass carries the probability of every board through every phase, without sampling.
A pass may be *conditioned*: `Stay` constraints remove the histories that break them as they go,
and what is left at the end is the probability of keeping them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Frame
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.compile.program import Stage
from mistrust.scenario.check import moved_by
from mistrust.scenario.expressions import Node
from mistrust.scenario.readings import Stay
from mistrust.scenario.resolve import uses
from mistrust.solve.backward import Policies

Visit = Callable[[int, Floats], None]
"""Called as each turn opens with the turn and the mass (opening cells, lanes); not to be kept."""
Meet = Callable[[int, int, Floats], None]
"""Called before each decision with turn, stage index and mass (source cells, lanes)."""


@dataclass(frozen=True)
class Occupancy:
    """What a forward pass adds up.

    Attributes
    ----------
    mass : (lanes,)
        Probability left at the end: 1, or that of the constraints.
    mass_error : (lanes,)
        Largest difference of the mass from 1 in any phase (unconstrained passes).
    earned : (terms, lanes)
        Expected discounted payments at the outset, by payoff term.
    chosen
        By turn and phase, the probability that the decision is reached and each option chosen:
        (options, lanes).
    """

    mass: Floats
    mass_error: Floats
    earned: Floats
    chosen: dict[tuple[int, int], Floats] = field(default_factory=dict)


def distribute(
    coefficients: Coefficients,
    policies: Policies,
    *,
    constraints: Sequence[Stay] = (),
    weigh: tuple[int, Floats] | None = None,
    visit: Visit | None = None,
    meet: Meet | None = None,
    begin: tuple[int, Floats] | None = None,
    stop: int | None = None,
) -> Occupancy:
    """Carry the distribution of the board forward.

    Parameters
    ----------
    constraints
        Only histories that keep them all are carried.
    weigh
        A turn, and an array that multiplies the mass as that turn opens: (opening cells, lanes).
    begin
        Turn to begin with and the mass at its opening; default the outset.
    stop
        Opening at which to end; default the end of the last turn.
    """
    sweep = _Sweep(coefficients, policies, tuple(constraints), weigh)
    return sweep.run(visit, meet, begin, stop)


class _Sweep:
    def __init__(
        self,
        coefficients: Coefficients,
        policies: Policies,
        constraints: tuple[Stay, ...],
        weigh: tuple[int, Floats] | None,
    ) -> None:
        self.coefficients = coefficients
        self.layout = coefficients.layout
        self.program = coefficients.program
        self.policies = policies
        self.constraints = constraints
        self.weigh = weigh
        lanes = coefficients.lanes
        self.lanes = lanes
        self.error = np.zeros(lanes)
        self.earned = np.zeros((len(self.program.terms), lanes))
        self.chosen: dict[tuple[int, int], Floats] = {}
        frames = [self.program.opening, self.program.closing]
        frames += [stage.source for stage in self.program.stages]
        largest = max(frame.size for frame in frames) * lanes
        self.buffers = [np.zeros(largest), np.zeros(largest)]
        self._masks: dict[tuple[int, Frame, int], NDArray[np.bool_]] = {}
        self._names = [uses(c.condition, self.program.scope) for c in constraints]
        self._phases = self.program.argument.scenario.turn

    def run(self, visit: Visit | None, meet: Meet | None, begin: tuple[int, Floats] | None, stop: int | None) -> Occupancy:  # fmt: skip
        first, start = begin if begin is not None else (0, self.coefficients.start)
        end = self.program.turns if stop is None else stop
        opening = self.program.opening
        mass = self.buffers[0]
        mass[: opening.size * self.lanes] = start.ravel()
        discount = self.coefficients.patience**first
        for turn in range(first, end + 1):
            view = self._view(mass, opening)
            if self.weigh is not None and turn == self.weigh[0]:
                view *= self.weigh[1]
            self._restrict(mass, opening, turn, None)
            if visit is not None:
                visit(turn, view)
            if turn == end:
                break
            mass = self._turn(mass, turn, discount, meet)
            discount = discount * self.coefficients.patience
        total = self._view(mass, opening).sum(axis=0)
        return Occupancy(total, self.error, self.earned, self.chosen)

    def _view(self, mass: Floats, frame: Frame) -> Floats:
        return mass[: frame.size * self.lanes].reshape(frame.size, self.lanes)

    def _fresh(self, mass: Floats, frame: Frame) -> Floats:
        other = self.buffers[1] if mass is self.buffers[0] else self.buffers[0]
        other[: frame.size * self.lanes] = 0.0
        return other

    def _turn(self, mass: Floats, turn: int, discount: Floats, meet: Meet | None) -> Floats:
        for index, layout in enumerate(self.layout.stages):
            stage, tables = layout.stage, self.coefficients.stages[index]
            if not tables.active[turn]:
                continue
            if meet is not None and stage.mover >= 0:
                meet(turn, index, self._view(mass, stage.source))
            out = self._fresh(mass, stage.target)
            live = at_turn(tables.live, turn)  # type: ignore[arg-type]
            weights = at_turn(tables.weights, turn)
            if stage.mover < 0:
                kernels.push(
                    mass, layout.goal_high, layout.goal_low, layout.weights.high,
                    layout.weights.low, live, weights, out,
                )  # fmt: skip
            else:
                self._push_decision(index, turn, mass, out, live, weights, discount)
            mass = out
            self._restrict(mass, stage.target, turn, stage)
            if not self.constraints and self.weigh is None:
                self._check_mass(mass, stage.target)
        return self._turn_end(mass, turn, discount)

    def _push_decision(
        self, index: int, turn: int, mass: Floats, out: Floats,
        live: Floats, weights: Floats, discount: Floats,
    ) -> None:  # fmt: skip
        layout, tables = self.layout.stages[index], self.coefficients.stages[index]
        chosen = np.zeros((len(layout.stage.choices), self.lanes))
        earned = np.zeros((len(layout.pay_actor), self.lanes))
        key = (turn, layout.stage.phase)
        kernels.push_decision(
            mass, layout.goal_high, layout.goal_low, layout.weights.high, layout.weights.low,
            live, weights, layout.first_branch, layout.first_pay, layout.pays.high,
            layout.pays.low, at_turn(tables.pays, turn), layout.policy.high, layout.policy.low,
            self.policies[key], out, chosen, earned,
        )  # fmt: skip
        self.chosen[key] = chosen
        np.add.at(self.earned, layout.pay_term, earned * discount[layout.pay_actor])

    def _turn_end(self, mass: Floats, turn: int, discount: Floats) -> Floats:
        layout, carry = self.layout, self.program.carry
        out = self._fresh(mass, self.program.opening)
        earned = np.zeros((len(layout.payoff_actor), self.lanes))
        kernels.push_collect(
            mass, carry.high, carry.low, layout.payoffs.high, layout.payoffs.low,
            at_turn(self.coefficients.payoffs, turn), out, earned,
        )  # fmt: skip
        np.add.at(self.earned, layout.payoff_term, earned * discount[layout.payoff_actor])
        if turn == self.program.turns - 1 and len(layout.beyond_actor):
            self._beyond(out, discount * self.coefficients.patience)
        return out

    def _beyond(self, mass: Floats, discount: Floats) -> None:
        layout, opening = self.layout, self.program.opening
        earned = np.zeros((len(layout.beyond_actor), self.lanes))
        own = opening.rows(opening.variables, self.program.sizes)
        kernels.push_collect(
            mass, own.high, own.low, layout.beyond.high, layout.beyond.low,
            self.coefficients.beyond, np.zeros(opening.size * self.lanes), earned,
        )  # fmt: skip
        np.add.at(self.earned, layout.beyond_term, earned * discount[layout.beyond_actor])

    def _check_mass(self, mass: Floats, frame: Frame) -> None:
        total = self._view(mass, frame).sum(axis=0)
        np.maximum(self.error, abs(total - 1.0), out=self.error)

    def _restrict(self, mass: Floats, frame: Frame, turn: int, after: Stage | None) -> None:
        """Remove the histories that break a constraint as a turn opens or after a phase."""
        for constraint, names in zip(self.constraints, self._names, strict=True):
            if after is None:
                concerned = constraint.first <= turn <= constraint.last
            else:
                concerned = constraint.first <= turn < constraint.last
                concerned &= bool(names & moved_by(self._phases[after.phase]))
            if concerned:
                view = self._view(mass, frame)
                view *= self._mask(constraint.condition, frame, turn)

    def _mask(self, node: Node, frame: Frame, turn: int) -> NDArray[np.bool_]:
        dated = len(self.coefficients.evaluator(node)) > 1
        key = (id(node), frame, turn if dated else -1)
        if key not in self._masks:
            self._masks[key] = on_frame(self.coefficients, node, frame, turn) != 0
        return self._masks[key]


def on_frame(coefficients: Coefficients, node: Node, frame: Frame, turn: int) -> Floats:
    """An expression over a frame at a turn: (cells, lanes).

    A variable within the turn that is not on the frame is at its start.
    """
    evaluator, program = coefficients.evaluator, coefficients.program
    values = evaluator(node)
    values = values[min(turn, len(values) - 1)]
    index: list[slice | int] = []
    for axis, name in enumerate(evaluator.order):
        if name in frame.variables:
            index.append(slice(None))
        else:
            index.append(0 if values.shape[axis] == 1 else program.starts[name])
    picked = values[tuple(index)]
    full = np.broadcast_to(picked, (*frame.shape, coefficients.lanes))
    return full.reshape(frame.size, coefficients.lanes)


def gathered(mass: Floats, frame: Frame, dims: tuple[str, ...], lanes: int) -> Floats:
    """The joint law of some variables: (rows in C order of `dims`, lanes)."""
    sizes = dict(zip(frame.variables, frame.shape, strict=True))
    rows = frame.rows(dims, sizes)
    out = np.zeros((int(np.prod([sizes[v] for v in dims], dtype=np.int64)), lanes))
    kernels.gather(mass.reshape(-1), rows.high, rows.low, out)
    return out

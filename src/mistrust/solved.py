"""One solved world as labelled arrays, with its certificate."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import xarray as xr

from mistrust.compile.lower import Case, lower, raise_faults
from mistrust.compile.size import cores
from mistrust.ensemble.batch import Charts
from mistrust.ensemble.engine import Engine, Recorder
from mistrust.ensemble.plan import AS_WRITTEN
from mistrust.errors import CertificateError, UsageError
from mistrust.forward.read import Reader, openings_needed, plain
from mistrust.forward.simulate import simulate
from mistrust.scenario.asked import condition_on_board, misread, turn_named
from mistrust.scenario.expressions import parse
from mistrust.scenario.readings import Reading, readings_in, resolve_claim
from mistrust.scenario.tokens import ExpressionError
from mistrust.solve.backward import Solution
from mistrust.solve.certificate import Residual, certify
from mistrust.solve.explain import Explanation, explain
from mistrust.solve.game import solve_game
from mistrust.solve.reach import everywhere
from mistrust.solve.refusal import refusals


class Solved:
    """One solved world, certified; results as labelled arrays."""

    def __init__(self, engine: Engine, case: Case) -> None:
        self.engine = engine
        self.case = case
        self._coefficients = lower(engine.layout(), (case,))
        raise_faults(self._coefficients)
        turns = engine.program.turns
        lanes = self._coefficients.lanes
        residual = Residual(lanes, (0, turns // 2, turns - 1))
        self._solution = solve_game(self._coefficients, inspect=residual, threads=cores())
        self._reader = Reader(self._solution, engine.layout)
        recorder = Recorder(self._coefficients)
        self._reader.read([], recorder.visit)
        assert self._reader.occupancy is not None
        self.certificate = certify(self._solution, self._reader.occupancy, residual)
        refused = refusals(self._solution)
        if refused:
            raise CertificateError(f"{engine.argument.source.file}: {refused[0]}")
        if not self.certificate.good.all():
            raise CertificateError(
                f"{engine.argument.source.file}: the certificate fails: "
                f"{self.certificate.text(0)}; rely on no figure of this game, and try lower "
                "precisions"
            )
        self._charts: Charts = recorder.charts(self._reader.occupancy.chosen)

    @property
    def value(self) -> xr.DataArray:
        """Each actor's value at the outset: (actor,)."""
        actors = list(self.engine.program.actors)
        value = self._coefficients.folded(self._solution.start_value)[:, 0]
        return xr.DataArray(value, {"actor": actors}, ["actor"])

    @cached_property
    def board(self) -> xr.Dataset:
        """The probability of every level of every variable as turns open.

        One array per variable: (date, level of that variable); the last date is the end.
        """
        dates = self.engine.argument.calendar.labels()
        return xr.Dataset(
            {
                name: xr.DataArray(
                    law[:, :, 0],
                    {"date": dates, f"{name}_level": self._levels(name)},
                    ["date", f"{name}_level"],
                )
                for name, law in self._charts.laws.items()
            }
        )

    def _levels(self, name: str) -> Sequence[str] | Sequence[float]:
        """The levels of a variable; of a belief between two types the probabilities of the first.

        These are the nodes of the grid as they lie for these premises.
        """
        axes = self._coefficients.program.privacy.axes
        if name in axes:
            beliefs = self._coefficients.beliefs[axes.index(name)].beliefs[:, :, 0]
            if beliefs.shape[1] == 2:
                return [float(x) for x in beliefs[:, 0]]
        return self.engine.argument.scenario.board[name].levels

    @cached_property
    def beliefs(self) -> xr.Dataset:
        """How far the others find out an actor's type.

        For each actor with types the belief in each of them, on average where it is the actor's
        own: (date, type of that actor).
        """
        dates = self.engine.argument.calendar.labels()
        return xr.Dataset(
            {
                grid.actor: xr.DataArray(
                    self._charts.beliefs[grid.actor][:, :, 0],
                    {"date": dates, f"{grid.actor}_type": list(grid.types)},
                    ["date", f"{grid.actor}_type"],
                )
                for grid in self._coefficients.program.privacy.grids
            }
        )

    @cached_property
    def decisions(self) -> xr.Dataset:
        """The probability that each decision is reached and each option chosen.

        One array per decision: (turn, option of that decision).
        """
        dates = self.engine.argument.calendar.labels()[:-1]
        options = self.engine.program.options
        return xr.Dataset(
            {
                name: xr.DataArray(
                    chosen[:, :, 0],
                    {"turn": dates, f"{name}_option": list(options[name])},
                    ["turn", f"{name}_option"],
                )
                for name, chosen in self._charts.decisions.items()
            }
        )

    def read(self, text: str) -> float:
        """A reading or claim of the language, such as `P(ever front == war)`; NaN for no value."""
        from mistrust.assess.claims import Worlds, amount

        try:
            node = resolve_claim(parse(text, claim=True), self.engine.argument.scope)
        except ExpressionError as error:
            raise misread(text, error) from None
        readings = readings_in(node)
        if any(reading.variant != AS_WRITTEN for reading in readings):
            raise UsageError("'under' and 'without' need another solve: model.solve(levers=[...])")
        solution = self._with_openings(openings_needed(readings))
        found = Reader(solution, self.engine.layout).read(readings)

        def lookup(reading: Reading) -> np.ndarray:
            return found[plain(reading)]

        premises = {name: np.array([value]) for name, value in self.case.premises.items()}
        return float(np.ravel(amount(node, Worlds(lookup, premises)))[0])

    def _with_openings(self, keep: set[int]) -> Solution:
        if keep <= set(self._solution.values):
            return self._solution
        return solve_game(self._coefficients, keep=keep, threads=cores())

    def histories(self, count: int = 1000, seed: int = 1) -> xr.Dataset:
        """Sampled plays: every variable's level as turns open, every decision's option.

        Dimensions (date, history) and (turn, history); options are names, '' where not reached.
        The hidden types of actors that have any are `NAME_type`, (history,).
        """
        program, argument = self.engine.program, self.engine.argument
        sampled = simulate(self._solution, count, seed)
        shape = program.opening.shape
        levels = np.unravel_index(sampled.boards, shape) if shape else ()
        labels = argument.calendar.labels()
        boards = {
            name: (("date", "history"), np.array(self._levels(name))[index])
            for name, index in zip(program.opening.variables, levels, strict=True)
        }
        options = {name: np.array([*names, ""]) for name, names in program.options.items()}
        choices = {
            f"{n}_choice": (("turn", "history"), options[n][c]) for n, c in sampled.choices.items()
        }
        kinds = {grid.actor: np.array(grid.types) for grid in program.privacy.grids}
        types = {f"{n}_type": ("history", kinds[n][t]) for n, t in sampled.types.items()}
        return xr.Dataset({**boards, **choices, **types}, {"date": labels, "turn": labels[:-1]})

    def why(self, actor: str, at: str, given: str | None = None) -> list[Explanation]:
        """What an actor's options are worth to it, split by payoff term, and what it chooses."""
        argument = self.engine.argument
        turn = turn_named(at, argument.calendar)
        condition = None if given is None else condition_on_board(given, argument.scope)
        reach = everywhere(self.engine.program)
        return explain(
            solve_game(self._coefficients, reach=reach, threads=cores()), actor, turn, condition
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{a}</td><td>{v:.4g}</td></tr>"
            for a, v in zip(self.value.actor.values, self.value.values, strict=True)
        )
        worst = float(self.certificate.duality.max())
        return (
            f"<b>{html.escape(self.engine.argument.scenario.title)}</b><table><tr><th>actor</th><th>value</th></tr>{rows}</table>"
            f"certificate holds (duality {worst:.0e})"
        )

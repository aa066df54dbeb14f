"""The library's front door: load a scenario, solve it, ask it questions.

>>> import mistrust
>>> model = mistrust.load(mistrust.FLAGSHIP, resolution="draft")
>>> solved = model.solve()
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from mistrust.assess.answer import MechanismAnswer, answer_claims, audit
from mistrust.assess.coarseness import coarseness
from mistrust.compile.lower import Case, lower, raise_faults
from mistrust.compile.size import Size, cores, lanes_that_fit, measure, refuse_if_huge
from mistrust.ensemble.batch import Charts
from mistrust.ensemble.engine import Engine, Recorder
from mistrust.ensemble.plan import AS_WRITTEN, LANES, Questions, compared, questions
from mistrust.ensemble.run import Results, solve_worlds
from mistrust.ensemble.store import Store
from mistrust.ensemble.worlds import draw, guesses
from mistrust.errors import CertificateError, UsageError, nearest
from mistrust.forward.read import Reader, openings_needed, plain
from mistrust.forward.simulate import simulate
from mistrust.report.records import comparison_record, run_record
from mistrust.scenario.asked import condition_on_board, misread, turn_named
from mistrust.scenario.check import Argument
from mistrust.scenario.expressions import parse
from mistrust.scenario.read import RESOLUTIONS, read_file
from mistrust.scenario.readings import Reading, Variant, readings_in, resolve_claim
from mistrust.scenario.tokens import ExpressionError
from mistrust.solve.backward import Solution
from mistrust.solve.certificate import Residual, certify
from mistrust.solve.explain import Explanation, explain
from mistrust.solve.game import solve_game
from mistrust.solve.reach import everywhere
from mistrust.solve.refusal import refusals

FLAGSHIP = Path(__file__).parent / "scenarios" / "mistrust.yaml"
"""The scenario of the article that this project grew from."""


def load(path: str | Path, resolution: str = "standard") -> Model:
    """Read, check and compile a scenario file.

    Raises
    ------
    ScenarioError
        With every mistake in the file and its place.
    TooLargeError
        The scenario would not fit this machine's memory.
    """
    if resolution not in RESOLUTIONS:
        raise UsageError(f"unknown resolution '{resolution}'{nearest(resolution, RESOLUTIONS)}")
    return Model(read_file(path, resolution))


class Model:
    """A scenario, ready to be solved."""

    def __init__(self, argument: Argument) -> None:
        refuse_if_huge(argument)
        self.argument = argument
        self.engine = Engine(argument)
        self.size: Size = measure(self.engine.program)

    @property
    def has_draft(self) -> bool:
        """Whether the scenario has a coarser board."""
        return any(v.draft is not None for v in self.argument.scenario.board.values())

    def check(self, sample: int = 32) -> None:
        """Evaluate all numbers at the best guess, in every variant, and in some draws.

        Raises
        ------
        ScenarioError
            Odds outside [0, 1] and the like, with the board cell and the premises.
        TooLargeError
            Solving would not fit the memory limit.
        """
        fit = lanes_that_fit(self.engine.program, LANES, 1)
        scenario = self.argument.scenario
        drawn = [guesses(scenario), *draw(scenario, sample, 1)]
        cases = [Case(world) for world in drawn]
        cases += [Case(drawn[0], variant) for variant in questions(self.argument).needs]
        for start in range(0, len(cases), fit):
            raise_faults(lower(self.engine.layout(), cases[start : start + fit]))

    def coarseness(self, *, asked: bool = False) -> dict[str, Any] | None:
        """How coarse the grids of beliefs are, and what doubling their points changes."""
        return coarseness(self.argument, unasked=not asked)

    def check_with_referee(self) -> dict[str, float]:
        """Solve the best guess with the referee too; the largest differences in actors' values.

        Raises
        ------
        TooLargeError
            The board, or what the definitions come to, is too large for the referee.
        """
        from mistrust.compile.size import refuse_if_long
        from mistrust.referee import Referee

        refuse_if_long(self.argument)
        referee = Referee(self.argument.scenario)
        value = self.solve().value
        try:
            return {
                a: abs(referee.start_value(a) - float(value.sel(actor=a)))
                for a in value.actor.values.tolist()
            }
        except (ArithmeticError, ValueError) as error:
            raise UsageError(f"the referee, which knows no infinity, gives up: {error}") from None

    def compare(
        self,
        levers: Sequence[str],
        without: Sequence[str],
        worlds: int,
        seed: int,
        *,
        workers: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Claims and values as written and in another variant, over the same worlds."""
        variant = self.variant(levers, without)
        asked = compared(self.argument, variant)
        results = self.ensemble(asked, worlds, seed, workers=workers, progress=progress)
        return comparison_record(results, answer_claims(results, asked), variant, worlds)

    def variant(self, levers: Sequence[str] = (), without: Sequence[str] = ()) -> Variant:
        """The game with levers applied and mechanisms switched off, their names checked."""
        s = self.argument.scenario
        for names, known, what in (
            (levers, s.levers, "lever"),
            (without, s.mechanisms, "mechanism"),
        ):
            for name in names:
                if name not in known:
                    raise UsageError(f"unknown {what} '{name}'{nearest(name, known)}")
        return Variant(tuple(levers), frozenset(without))

    def case(self, premises: Mapping[str, float] | None, variant: Variant) -> Case:
        """A lane: best guesses but for the premises given."""
        known = self.argument.scenario.premises
        for name in premises or {}:
            if name not in known:
                raise UsageError(f"unknown premise '{name}'{nearest(name, known)}")
        return Case({**guesses(self.argument.scenario), **(premises or {})}, variant)

    def solve(
        self,
        *,
        premises: Mapping[str, float] | None = None,
        levers: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> Solved:
        """Solve one world: by default the best guess, as written.

        Raises
        ------
        ScenarioError
            Odds outside [0, 1] and the like, with the board cell.
        CertificateError
            The solution failed its own certificate.
        """
        lanes_that_fit(self.engine.program, 1, 1)
        return Solved(self, self.case(premises, self.variant(levers, without)))

    def run(
        self,
        worlds: int = 64,
        seed: int = 1,
        *,
        audited: int | None = None,
        workers: int = 1,
        store: Store | None = None,
        progress: Callable[[int, int], None] | None = None,
        answered: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Solve many worlds and answer every claim: the record that the report shows.

        Parameters
        ----------
        audited
            In how many of the worlds mechanisms are audited; by default in all.
        answered
            Called with a record of the claims, without the audit, as soon as they are answered.
        """
        begun = time.perf_counter()
        asked = questions(self.argument)

        def record(results: Results, mechanisms: list[MechanismAnswer]) -> dict[str, Any]:
            claims = answer_claims(results, asked)
            timing = {"seconds": time.perf_counter() - begun}
            return run_record(results, claims, mechanisms, asked=worlds, seed=seed, timing=timing)

        results = self.ensemble(
            asked,
            worlds,
            seed,
            audited=audited,
            workers=workers,
            store=store,
            progress=progress,
            answered=None if answered is None else lambda found: answered(record(found, [])),
        )
        return record(results, audit(results, asked))

    def ensemble(
        self,
        asked: Questions,
        worlds: int,
        seed: int,
        *,
        audited: int | None = None,
        workers: int = 1,
        store: Store | None = None,
        progress: Callable[[int, int], None] | None = None,
        answered: Callable[[Results], None] | None = None,
    ) -> Results:
        """Solve many worlds for some questions; see `solve_worlds`."""
        scenario = self.argument.scenario
        drawn = draw(scenario, worlds, seed)
        return solve_worlds(
            self.engine,
            asked,
            guesses(scenario),
            drawn,
            audited=audited,
            workers=workers,
            store=store,
            progress=progress,
            answered=answered,
        )

    def _repr_html_(self) -> str:
        s, n = self.argument.scenario, self.size
        return (
            f"<b>{html.escape(s.title)}</b><br>{n.states:,} boards, {n.phases} phases, "
            f"{n.turns} turns, {n.actors} actors; {len(s.claims)} claims, "
            f"{len(s.mechanisms)} mechanisms, {len(s.premises)} premises"
        )


class Solved:
    """One solved world, certified; results as labelled arrays."""

    def __init__(self, model: Model, case: Case) -> None:
        self.model = model
        self.case = case
        self._coefficients = lower(model.engine.layout(), (case,))
        raise_faults(self._coefficients)
        turns = model.engine.program.turns
        lanes = self._coefficients.lanes
        residual = Residual(lanes, (0, turns // 2, turns - 1))
        self._solution = solve_game(self._coefficients, inspect=residual, threads=cores())
        self._reader = Reader(self._solution, model.engine.layout)
        recorder = Recorder(self._coefficients)
        self._reader.read([], recorder.visit)
        assert self._reader.occupancy is not None
        self.certificate = certify(self._solution, self._reader.occupancy, residual)
        refused = refusals(self._solution)
        if refused:
            raise CertificateError(f"{model.argument.source.file}: {refused[0]}")
        if not self.certificate.good.all():
            raise CertificateError(f"the certificate fails: {self.certificate}")
        self._charts: Charts = recorder.charts(self._reader.occupancy.chosen)

    @property
    def value(self) -> xr.DataArray:
        """Each actor's value at the outset: (actor,)."""
        actors = list(self.model.engine.program.actors)
        value = self._coefficients.folded(self._solution.start_value)[:, 0]
        return xr.DataArray(value, {"actor": actors}, ["actor"])

    @cached_property
    def board(self) -> xr.Dataset:
        """The probability of every level of every variable as turns open.

        One array per variable: (date, level of that variable); the last date is the end.
        """
        argument = self.model.argument
        dates = argument.calendar.labels()
        return xr.Dataset(
            {
                name: xr.DataArray(
                    law[:, :, 0],
                    {"date": dates, f"{name}_level": argument.scenario.board[name].levels},
                    ["date", f"{name}_level"],
                )
                for name, law in self._charts.laws.items()
            }
        )

    @cached_property
    def decisions(self) -> xr.Dataset:
        """The probability that each decision is reached and each option chosen.

        One array per decision: (turn, option of that decision).
        """
        dates = self.model.argument.calendar.labels()[:-1]
        options = self.model.engine.program.options
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
            node = resolve_claim(parse(text, claim=True), self.model.argument.scope)
        except ExpressionError as error:
            raise misread(text, error) from None
        readings = readings_in(node)
        if any(reading.variant != AS_WRITTEN for reading in readings):
            raise UsageError("'under' and 'without' need another solve: model.solve(levers=[...])")
        solution = self._with_openings(openings_needed(readings))
        found = Reader(solution, self.model.engine.layout).read(readings)

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
        program, argument = self.model.engine.program, self.model.argument
        sampled = simulate(self._solution, count, seed)
        shape = program.opening.shape
        levels = np.unravel_index(sampled.boards, shape) if shape else ()
        labels = argument.calendar.labels()
        boards = {
            name: (("date", "history"), np.array(argument.scenario.board[name].levels)[index])
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
        argument = self.model.argument
        turn = turn_named(at, argument.calendar)
        condition = None if given is None else condition_on_board(given, argument.scope)
        reach = everywhere(self.model.engine.program)
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
            f"{self.model._repr_html_()}<table><tr><th>actor</th><th>value</th></tr>{rows}</table>"
            f"certificate holds (duality {worst:.0e})"
        )

"""A compiled scenario that solves batches of lanes and takes readings off them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.layout import Layout, lay_out
from mistrust.compile.lower import Case, Coefficients, lower
from mistrust.compile.program import Program, compile_program
from mistrust.ensemble.batch import Batch, Charts
from mistrust.ensemble.plan import Job, Numbered
from mistrust.forward.read import Reader, openings_needed
from mistrust.forward.sweep import Mass, gathered
from mistrust.scenario.check import Argument
from mistrust.scenario.readings import Variant
from mistrust.solve.alike import alike_from, digests
from mistrust.solve.backward import Ending, Solution, Workspace
from mistrust.solve.certificate import Residual, certify
from mistrust.solve.game import solve_game
from mistrust.solve.reach import Atlas, Reach, reachable
from mistrust.solve.refusal import refusals


class Engine:
    """A compiled scenario ready to solve batches; one per process."""

    def __init__(self, argument: Argument) -> None:
        self.argument = argument
        self.program: Program = compile_program(argument)
        self._layouts: dict[frozenset[str], Layout] = {frozenset(): lay_out(self.program)}
        self.workspace = Workspace()
        self.kinds: dict[Variant, bytes] = {}
        self._surveyed: dict[bytes, list[Case]] = {}
        self._atlases: dict[bytes, Atlas] = {}

    def layout(self, recorded: frozenset[str] = frozenset()) -> Layout:
        """The program laid out, with some recorded variables carried along."""
        if recorded not in self._layouts:
            self._layouts[recorded] = lay_out(self.program.recording(recorded))
        return self._layouts[recorded]

    def survey(self, batches: Sequence[Sequence[Case]]) -> None:
        """Sort the variants of some batches by kind: games of one kind end alike.

        The boards that can occur in any of them then serve all batches of the kind to come.
        """
        early = self.program.turns // 8
        for cases in batches:
            ends = digests(lower(self.layout(), cases))
            for index, case in enumerate(cases):  # whose lanes lie len(cases) apart
                kind = b"".join(end[early] for end in ends[index :: len(cases)])
                self.kinds[case.variant] = kind
                self._surveyed.setdefault(kind, []).append(case)

    def _reach(self, job: Job, coefficients: Coefficients) -> Reach:
        kinds = {self.kinds.get(case.variant) for case in job.cases}
        kind = kinds.pop()
        if kinds or kind is None:
            return reachable(coefficients)
        if kind not in self._atlases:
            self._atlases[kind] = Atlas.of(lower(self.layout(), self._surveyed[kind]))
        return self._atlases[kind].serve(coefficients)

    def run(self, family: Sequence[Numbered]) -> Iterator[Batch]:
        """Solve jobs on the same worlds one by one, and take their readings.

        Where a game goes on from some turn like the family's first one, it takes that one's end
        over, which changes nothing but the time it takes.
        """
        lowered = [lower(self.layout(), job.cases) for _, job in family]
        turns = self._alike(lowered)
        needed = [openings_needed(job.readings) for _, job in family]
        everything = set().union(*needed, {turn for turn in turns if turn is not None})
        first: tuple[Solution, Residual] | None = None
        for (number, job), coefficients, turn, own in zip(
            family, lowered, turns, needed, strict=True
        ):
            alike = first if turn is not None else None
            residual = self._residual(coefficients.lanes)
            solution = solve_game(
                coefficients,
                keep=everything if first is None else own,
                inspect=residual,
                workspace=self.workspace,
                reach=self._reach(job, coefficients),
                ending=Ending(turn, alike[0]) if alike and turn is not None else None,
            )
            if alike and turn is not None:
                residual.take_over(alike[1], turn)
            first = first or (solution, residual)
            yield self._batch(number, job, solution, residual)

    def _alike(self, lowered: Sequence[Coefficients]) -> list[int | None]:
        if len(lowered) == 1:
            return [None]
        first, *others = [digests(coefficients) for coefficients in lowered]
        return [None, *(alike_from(first, other) for other in others)]

    def _residual(self, lanes: int) -> Residual:
        return Residual(lanes, (0, self.program.turns // 2, self.program.turns - 1))

    def _batch(self, number: int, job: Job, solution: Solution, residual: Residual) -> Batch:
        coefficients = solution.coefficients
        reader = Reader(solution, self.layout)
        recorder = Recorder(coefficients) if job.chart else None
        values = reader.read(job.readings, recorder.visit if recorder else None)
        assert reader.occupancy is not None
        found = np.array([values[r] for r in job.readings]).reshape(-1, len(coefficients.cases))
        file = self.program.argument.source.file
        faults = refusals(solution)
        faults |= {case: problem.text(file) for case, problem in coefficients.faults.items()}
        return Batch(
            number,
            found,
            coefficients.folded(solution.start_value),
            coefficients.folded(reader.occupancy.earned),
            certify(solution, reader.occupancy, residual),
            faults,
            recorder.charts(reader.occupancy.chosen) if recorder else None,
        )


class Recorder:
    """Keeps the law of every variable as turns open, and how far types are found out."""

    def __init__(self, coefficients: Coefficients) -> None:
        self.coefficients = coefficients
        self.program = coefficients.program
        self.laws: dict[str, list[Floats]] = {v: [] for v in self.program.opening.variables}
        self.beliefs: dict[str, list[Floats]] = {g.actor: [] for g in self.program.privacy.grids}

    def visit(self, _turn: int, here: Callable[[], Mass]) -> None:
        """Take the opening of a turn."""
        c, mass = self.coefficients, here()
        for name, laws in self.laws.items():
            laws.append(c.folded(gathered(mass, (name,))))
        privacy = self.program.privacy
        for grid, kinds, nodes in zip(privacy.grids, privacy.profiles.T, c.beliefs, strict=True):
            law = gathered(mass, (grid.axis,)).reshape(grid.size, *c.prior.shape)
            own = (law * nodes.beliefs[:, kinds]).sum(axis=0)
            rows = [_mean(own[kinds == k], c.prior[kinds == k]) for k in range(len(grid.types))]
            self.beliefs[grid.actor].append(np.array(rows))

    def charts(self, chosen: Mapping[tuple[int, int], Floats]) -> Charts:
        """What was kept, with the decisions of the pass."""
        decisions = {}
        for stage in self.program.stages:
            nothing = np.zeros((len(stage.choices), self.coefficients.lanes))
            turns = range(self.program.turns)
            for place, name in enumerate(stage.decisions):
                rows = [chosen.get((turn, stage.phase), nothing) for turn in turns]
                own = np.array([stage.marginal(row, place) for row in rows])
                decisions[name] = self.coefficients.folded(own)
        beliefs = {actor: np.array(rows) for actor, rows in self.beliefs.items()}
        return Charts({v: np.array(laws) for v, laws in self.laws.items()}, decisions, beliefs)


def _mean(values: Floats, weights: Floats) -> Floats:
    """Over profiles: from (profiles, cases) twice to (cases,), NaN where there is no weight."""
    with np.errstate(invalid="ignore"):
        return np.asarray((values * weights).sum(axis=0) / weights.sum(axis=0))

"""The library's front door: load a scenario, solve it, ask it questions.

>>> import mistrust
>>> model = mistrust.load(mistrust.FLAGSHIP, resolution="draft")
>>> solved = model.solve()
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mistrust.assess.answer import MechanismAnswer, answer_claims, audit, in_best_guess
from mistrust.assess.coarseness import coarseness
from mistrust.compile.lower import Case, lower, raise_faults
from mistrust.compile.size import Size, lanes_that_fit, measure, refuse_if_huge
from mistrust.ensemble.engine import Engine
from mistrust.ensemble.plan import LANES, Questions, compared, questions
from mistrust.ensemble.run import Results, solve_worlds
from mistrust.ensemble.store import Store
from mistrust.ensemble.worlds import draw, guesses
from mistrust.errors import UsageError, nearest
from mistrust.report.records import comparison_record, run_record
from mistrust.scenario.check import Argument
from mistrust.scenario.read import RESOLUTIONS, read_file
from mistrust.scenario.readings import Variant
from mistrust.solved import Solved

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
        return comparison_record(results, answer_claims(results, asked), variant, worlds, seed)

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
        return Solved(self.engine, self.case(premises, self.variant(levers, without)))

    def run(
        self,
        worlds: int = 64,
        seed: int = 1,
        *,
        audited: int | None = None,
        workers: int = 1,
        store: Store | None = None,
        progress: Callable[[int, int], None] | None = None,
        first: Callable[[dict[str, bool | None]], None] | None = None,
        answered: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Solve many worlds and answer every claim: the record that the report shows.

        Parameters
        ----------
        audited
            In how many of the worlds mechanisms are audited; by default in all.
        first
            Called with what claims come to in the best guess, as soon as that is known.
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
            first=None if first is None else lambda found: first(in_best_guess(found, asked)),
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
        first: Callable[[Results], None] | None = None,
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
            first=first,
            answered=answered,
        )

    def _repr_html_(self) -> str:
        s, n = self.argument.scenario, self.size
        return (
            f"<b>{html.escape(s.title)}</b><br>{n.states:,} boards, {n.phases} phases, "
            f"{n.turns} turns, {n.actors} actors; {len(s.claims)} claims, "
            f"{len(s.mechanisms)} mechanisms, {len(s.premises)} premises"
        )

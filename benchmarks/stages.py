"""Where the time of a solve goes: seconds by stage, and the bytes that each stage must move."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from mistrust.compile.lower import Coefficients
from mistrust.compile.stages import Stage
from mistrust.solve.planes import PlaneStep
from mistrust.solve.reach import Reach
from mistrust.solve.step import Step

END = -1
"""In the place of a stage: the ends of turns, with their payoffs."""
KINDS = ("chance", "chance that shows a type", "decisions", "decisions that show a type")
SEALED, ENDS, REST = "sealed decisions", "ends of turns", "between stages"


def kind_of(stage: Stage) -> str:
    """What happens in a stage."""
    if stage.sealed:
        return SEALED
    return KINDS[2 * bool(stage.movers) + bool(stage.learns)]


@contextmanager
def watched() -> Iterator[Counter[int]]:
    """Seconds by stage (its index, or `END`) of all that is solved backward meanwhile."""
    spent: Counter[int] = Counter()

    def clocked(work: Callable[..., None], place: Callable[..., int]) -> Callable[..., None]:
        def timed(*arguments: Any) -> None:
            begun = time.perf_counter()
            work(*arguments)
            spent[place(*arguments)] += time.perf_counter() - begun  # type: ignore[assignment]

        return timed

    with ExitStack() as stack:
        for step in (Step, PlaneStep):
            back = clocked(step.back, lambda _step, _values, _out, _turn, index: index)
            stack.enter_context(patch.object(step, "back", back))
            end = clocked(step.turn_end, lambda *_: END)
            stack.enter_context(patch.object(step, "turn_end", end))
        yield spent


def by_kind(spent: Counter[int], total: float, stages: tuple[Stage, ...]) -> dict[str, float]:
    """Seconds by kind of stage; what of the total is left lies between stages."""
    found = {kind_of(stage): 0.0 for stage in stages}
    for index, stage in enumerate(stages):
        found[kind_of(stage)] += spent[index]
    return found | {ENDS: spent[END], REST: total - spent.total()}


def moved(
    coefficients: Coefficients, reach: Reach, *, still: bool = False, writes: int | None = None
) -> Counter[int]:
    """Bytes that must move: a read and a write of every live value, per phase and option.

    By stage, over all turns; only those of boards where nothing happens, which are left where they
    lie, if `still`. A decision is counted with so many `writes` instead, if given.
    """
    program, total = coefficients.program, Counter[int]()
    width = coefficients.lanes * len(program.actors)
    for index, stage in enumerate(program.stages):
        acting = coefficients.acting(index)
        for turn in range(program.turns):
            cells = reach.sources[turn, index]
            if not coefficients.stages[index].active[turn]:
                continue
            boards = len(cells)
            if still and not coefficients.idle(turn, index, cells):
                boards = 0 if acting is None else len(cells) - len(acting.among(cells))
            options = max(1, len(stage.choices))
            total[index] += 8 * width * boards * (options + (writes or options))
    return total

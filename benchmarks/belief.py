"""What hidden types cost: phases that show one, beside the same phases on a plain board."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks.figures import Figure, Work, rounds
from benchmarks.models import TYPED, WORLDS, Made, batch, beside, model_of, sizes
from benchmarks.stages import watched
from benchmarks.synthetic import POINTS, typed
from mistrust.compile.evaluate import Floats
from mistrust.model import Model
from mistrust.solve.backward import Workspace, solve
from mistrust.solve.reach import reachable

GAME: Made = TYPED | {"shape": (4, 5, 4, 3), "turns": 8}
EQUAL = 1e-9


def start_value(model: Model) -> Floats:
    """What every actor can expect at the outset, in the best guess and two draws."""
    coefficients = batch(model, 3)
    return coefficients.folded(solve(coefficients).start_value)


def figures(quick: bool) -> Iterator[Figure]:
    """The phases of the typed actor by themselves, then the whole game."""
    made = TYPED if quick else GAME
    plain, alike = model_of(typed(made, hidden=False)), model_of(typed(made, alike=True))
    worst = float(abs(start_value(alike) - start_value(plain)).max())
    assert worst <= EQUAL, worst
    model = model_of(typed(made))
    shows = [i for i, stage in enumerate(model.engine.program.stages) if stage.learns]
    phases: list[list[float]] = [[], []]

    def work(which: int, one: Model) -> Work:
        coefficients = batch(one, WORLDS)
        run = partial(solve, coefficients, reach=reachable(coefficients), workspace=Workspace())

        def timed() -> None:
            with watched() as spent:
                run()
            phases[which].append(sum(spent[i] for i in shows))

        return timed

    works = [work(0, model), work(1, plain)]
    for one in works:
        one()
    whole = [median(found) for found in rounds(*works)]
    single = [median(found[1:]) for found in phases]
    note = (
        f"{sizes(model)}; {beside(WORLDS)}, {POINTS} points of belief; with types that want the "
        f"same, values differ by {worst:.0e} at most from those without types"
    )
    peer, unit = f"a variable of {POINTS} levels", "times the seconds"
    for name, (mine, other) in (("belief", single), ("belief whole game", whole)):
        yield Figure(name, mine, peer, other, mine / other, unit, note)

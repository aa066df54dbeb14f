"""Peak memory of a solve, over the size of one array of values.

Each solve has a process of its own: `python -m benchmarks.memory JOB` for a job as JSON. Before
the solve that process has loaded what it needs and solved a small game, so that all kernels are
there; what it then holds is taken off. Everything after that counts: reading the scenario, its
tables, the boards that can occur, and the solve.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.figures import TIMES, Figure, Missing
from benchmarks.models import SMALL, WORLDS, Made, batch, beside, model_of, sizes
from benchmarks.synthetic import scenario
from mistrust.compile.size import memory_limit
from mistrust.model import FLAGSHIP, Model, load
from mistrust.solve.backward import Solution, Workspace, solve
from mistrust.solve.reach import reachable

ROOT = Path(__file__).parent.parent
STATUS, REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
"""Where Linux says what a process holds, and is told to forget the most that it has held."""


def resident(what: str) -> int:
    """Bytes that this process holds (`VmRSS`), or has held at most (`VmHWM`)."""
    (line,) = (x for x in STATUS.read_text().splitlines() if x.startswith(f"{what}:"))
    return 1024 * int(line.split()[1])


def settle() -> None:
    """Give back what is no longer used, and count the most from here."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)
    REFS.write_text("5")


def game(how: Made | None, small: bool = False) -> Model:
    """A made-up game (`how` as in `synthetic.scenario`), or the flagship; a small one like it."""
    if how is None:
        return load(FLAGSHIP, "draft" if small else "standard")
    return model_of(scenario(**(how | {"turns": 1} if small else how)))


def policies(solution: Solution) -> int:
    """Bytes of the policies, on the boards that were worked out."""
    c, reach, total = solution.coefficients, solution.reach, 0
    for (turn, index), cells in reach.sources.items():
        layout = c.layout.stages[index]
        if layout.stage.movers and (turn, layout.stage.phase) in solution.policies:
            rows = int((layout.policy.at(cells) >= 0).sum())
            total += 8 * c.kept(index) * len(layout.stage.choices) * rows
    return total


def held(how: Made | None, worlds: int) -> dict[str, Any]:
    """Solve a game in this process; the bytes that it took at most, and what some of them are."""
    solve(batch(game(how, small=True), 1), workspace=Workspace())
    settle()
    before = resident("VmRSS")
    model = game(how)
    coefficients = batch(model, worlds)
    tables = resident("VmRSS") - before
    reach = reachable(coefficients)
    lists = resident("VmRSS") - before - tables
    solution = solve(coefficients, reach=reach)
    return {
        "peak": resident("VmHWM") - before,
        "tables": tables,
        "lists": lists,
        "policies": policies(solution),
        "values": 8 * model.size.largest * model.size.actors * coefficients.lanes,
        "note": f"{sizes(model)}; {beside(worlds)}",
    }


@cache
def peak(job: str) -> dict[str, Any]:
    """What `held` finds in a process of its own, for a job as JSON.

    Raises
    ------
    Missing
        This system does not tell what a process has held at most.
    """
    if not REFS.exists():
        raise Missing("peak memory is read from /proc, which only Linux has")
    command = [sys.executable, "-m", "benchmarks.memory", job]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout)


def job_of(how: Made | None, worlds: int, run: int = 0) -> str:
    """A job; several runs of the same one differ by a number."""
    return json.dumps({"how": how, "worlds": worlds, "run": run})


def figures(quick: bool) -> Iterator[Figure]:
    """The made-up game in one world, opening anywhere, and the flagship in several."""
    large = {"turns": 48 if memory_limit() > 2**33 else 12, "anywhere": True}
    yield _figure("memory", SMALL if quick else large, 1, 1 if quick else TIMES)
    if not quick:
        yield _figure("memory flagship", None, WORLDS, TIMES)


def _figure(name: str, how: Made | None, worlds: int, times: int) -> Figure:
    found = [peak(job_of(how, worlds, run)) for run in range(times)]
    found.sort(key=lambda run: run["peak"] - run["policies"])
    typical = found[len(found) // 2]
    ratio = (typical["peak"] - typical["policies"]) / typical["values"]
    part = {what: f"{n / 2**20:.4g} MiB" for what, n in typical.items() if what != "note"}
    note = (
        f"{typical['note']}; a value array at the widest moment of a turn has {part['values']}; "
        f"{part['peak']} at most, of which policies {part['policies']} (taken off), the scenario "
        f"and its tables {part['tables']}, lists of the boards that can occur {part['lists']}"
    )
    return Figure(name, None, "one value array", None, ratio, "value arrays", note)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(held(asked["how"], asked["worlds"])))

"""From the shell's prompt to the first verdicts: whole processes of `mistrust run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import mistrust
from benchmarks.figures import LONG, TIMES, Figure, seldom
from benchmarks.models import flagship, sizes, starter
from mistrust.model import Model

GUESS = ("--worlds", "0")
FIRST = "In the best guess"
"""How the line begins that says what claims come to in the best guess."""
TABLE = "└"
"""How the last line of a table begins."""
Way = tuple[tuple[str, ...], str]
"""Flags of a run, and how the line begins at which it is ended."""
WAYS: dict[str, Way] = {
    "cold": ((*GUESS, "--fresh"), TABLE),
    "warm": ((*GUESS, "--fresh"), TABLE),
    "first": (("--fresh",), FIRST),
    "anew": ((), TABLE),
    "stored": ((), TABLE),
}
"""The runs, in this order: the best guess alone, with nothing compiled and then with all; 64 worlds
to the first line, to the table, and to the table from what was kept.
"""


def verdicts(model: Model, folder: Path, way: Way, own_code: bool) -> tuple[float, list[str]]:
    """Run a scenario until verdicts are printed.

    Parameters
    ----------
    folder
        Holds the store of results, and what is compiled.
    own_code
        Whether nothing that was compiled elsewhere may be used.

    Returns
    -------
    Seconds until the line was there, and all lines until then.
    """
    environment = os.environ | {
        "MISTRUST_STORE": str(folder / "results.duckdb"),
        "PYTHONPATH": str(Path(mistrust.__file__).parents[1]),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "200",
    }
    if own_code:
        environment["NUMBA_CACHE_DIR"] = str(folder / "compiled")
    path = Path(model.argument.source.file).resolve()
    lines: list[str] = []
    flags, last = way
    with (folder / "errors").open("w+", encoding="utf-8") as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "mistrust", "run", str(path), *flags],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            start_new_session=True,  # a group of its own, so that its workers end with it
        )
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.startswith(last):
                break
        taken = time.perf_counter() - begun
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        errors.seek(0)
        assert lines and lines[-1].startswith(last), errors.read()
    return taken, lines


def runs(model: Model, quick: bool) -> dict[str, list[float]]:
    """Seconds of every way to run, by turns; what takes minutes is not done again."""
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    begun, own = time.perf_counter(), Path()
    with TemporaryDirectory() as folder:
        for turn in range(1 if quick else TIMES):
            all_ = time.perf_counter() - begun < LONG
            own = Path(folder) / str(turn) if all_ else own
            own.mkdir(exist_ok=True)
            printed = {}
            for way in WAYS if all_ else ("first",):
                seconds, printed[way] = verdicts(model, own, WAYS[way], not quick)
                taken[way].append(seconds)
            if all_:
                assert printed["cold"] == printed["warm"] and printed["anew"] == printed["stored"]
                assert printed["anew"][0] == printed["first"][0]
    return taken


def figures(quick: bool) -> Iterator[Figure]:
    """The flagship, as `mistrust run` without arguments; the quick form compiles nothing anew."""
    model = starter() if quick else flagship()
    taken = runs(model, quick)
    cold, warm, first, anew, stored = (median(taken[way]) for way in WAYS)
    times, often = seldom(taken["anew"]), seldom(taken["first"])
    run, unit = f"{sizes(model)}; 64 worlds, whole processes", "seconds to the first verdict"
    table, guess = "seconds to the table of verdicts", f"the best guess alone (--worlds 0){times}"
    whole = f"{run}; both print the same{times}"
    said = f"{run}; what each claim comes to in the best guess{often}"
    for name, mine, peer, other, what, note in (
        ("first_verdict", first, "the table of all worlds", anew, unit, said),
        ("first_verdict table", anew, "the same again, from the store", stored, table, whole),
        ("first_verdict stored", stored, "a run that solves", anew, table, whole),
        ("first_verdict cold", cold, "everything compiled", warm, table, guess),
    ):
        yield Figure(name, mine, peer, other, mine, what, note)

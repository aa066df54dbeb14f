"""From the shell's prompt to the first table of verdicts: whole processes of `mistrust run`."""

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
WAYS: dict[str, tuple[str, ...]] = {
    "cold": GUESS,
    "warm": (*GUESS, "--fresh"),
    "anew": (),
    "stored": (),
}
"""Flags of the runs, in this order: the best guess alone, with nothing compiled and then with all;
64 worlds, of which nothing is kept yet, and the same again.
"""
LAST = "└"
"""How the last line of a table begins."""


def verdicts(
    model: Model, folder: Path, flags: tuple[str, ...], own_code: bool
) -> tuple[float, list[str]]:
    """Run a scenario until its verdicts are printed.

    Parameters
    ----------
    folder
        Holds the store of results, and what is compiled.
    own_code
        Whether nothing that was compiled elsewhere may be used.

    Returns
    -------
    Seconds until the table of verdicts was there, and its lines.
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
            if line.startswith(LAST):
                break
        taken = time.perf_counter() - begun
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate()
        errors.seek(0)
        assert lines and lines[-1].startswith(LAST), errors.read()
    return taken, lines


def runs(model: Model, quick: bool) -> dict[str, list[float]]:
    """Seconds of every way to run, by turns."""
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    begun = time.perf_counter()
    for _ in range(1 if quick else TIMES):
        printed = {}
        with TemporaryDirectory() as folder:
            for way, flags in WAYS.items():
                seconds, printed[way] = verdicts(model, Path(folder), flags, not quick)
                taken[way].append(seconds)
        assert printed["cold"] == printed["warm"] and printed["anew"] == printed["stored"]
        if time.perf_counter() - begun > LONG:
            break
    return taken


def figures(quick: bool) -> Iterator[Figure]:
    """The flagship, as `mistrust run` without arguments; the quick form compiles nothing anew."""
    model = starter() if quick else flagship()
    taken = runs(model, quick)
    cold, warm, anew, stored = (median(taken[way]) for way in WAYS)
    end = seldom(taken["cold"])
    note = f"{sizes(model)}; 64 worlds, whole processes; each prints the same verdicts{end}"
    guess = f"the same with --worlds 0: the best guess alone{end}"
    unit = "seconds to the first verdict"
    for name, mine, peer, other, told in (
        ("first_verdict", anew, "the same again, from the store", stored, note),
        ("first_verdict stored", stored, "a run that solves", anew, note),
        ("first_verdict cold", cold, "everything compiled", warm, guess),
    ):
        yield Figure(name, mine, peer, other, mine, unit, told)

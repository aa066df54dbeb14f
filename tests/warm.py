"""All kernels compiled before the first test, each by one of the workers: the others load it.

Compiling takes longer than most of the tests do. Without this every worker would compile by itself
what its tests happen to need.
"""

from __future__ import annotations

import time
from pathlib import Path

from mistrust.ensemble.warm import ROUNDS

PATIENCE = 300.0
"""Seconds for which a worker waits for the others: they may have been ended."""


def compile_together(folder: Path) -> None:
    """Take parts until none is left, and wait for the other workers to be done with theirs."""
    until = time.monotonic() + PATIENCE
    for parts in ROUNDS:
        for part in parts:
            try:
                (folder / f"{part.__name__}.taken").touch(exist_ok=False)
            except FileExistsError:
                continue
            try:
                part()
            finally:
                (folder / f"{part.__name__}.done").touch()
        done = [folder / f"{part.__name__}.done" for part in parts]
        while not all(path.exists() for path in done) and time.monotonic() < until:
            time.sleep(0.05)

"""Solved batches, kept on disk: an interrupted run resumes, a repeated one costs nothing.

A batch is found again by everything that it depends on: what the scenario says, the resolution,
the premises and variants of its cases, the readings asked for, the boards surveyed, and this
program's own code. Only the main process reads and writes; workers never do.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import duckdb

from mistrust.compile.lower import Case
from mistrust.ensemble.batch import Batch, pack, unpack
from mistrust.ensemble.plan import Job
from mistrust.errors import UsageError
from mistrust.scenario.check import Argument
from mistrust.scenario.read import digest


@cache
def program_digest() -> str:
    """A hash of this program's code: results of other versions are not used."""
    found = sha256()
    root = Path(__file__).parent.parent
    for path in sorted(root.rglob("*.py")):
        if "report" not in path.relative_to(root).parts:
            found.update(path.read_bytes())
    return found.hexdigest()


def job_key(argument: Argument, surveyed: Sequence[Sequence[Case]], job: Job) -> str:
    """The name of a job's result."""
    parts = [program_digest(), digest(argument.scenario), argument.resolution]
    parts += [_cases(job.cases), repr(job.readings), str(job.chart)]
    parts += [_cases(cases) for cases in surveyed]
    return sha256("\n".join(parts).encode()).hexdigest()


def _cases(cases: Sequence[Case]) -> str:
    found = []
    for case in cases:
        premises = [(name, float(value).hex()) for name, value in case.premises.items()]
        found.append((premises, case.variant.levers, sorted(case.variant.off)))
    return repr(found)


def default_path() -> Path:
    """Where results are kept: `MISTRUST_STORE`, or the user's cache folder."""
    chosen, home = os.environ.get("MISTRUST_STORE"), os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen)
    folder = Path(home) if home else Path.home() / ".cache"
    return folder / "mistrust" / "results.duckdb"


class HeldError(UsageError):
    """Another run holds the store."""


class Store:
    """A DuckDB file of solved batches; used as a context manager.

    Raises
    ------
    HeldError
        Another run holds it.
    UsageError
        The file cannot be opened, or is not a store.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = duckdb.connect(str(path))
        except (OSError, duckdb.Error) as error:
            reason = " ".join(str(error).split())
            if "set lock" in reason or "another process" in reason:
                raise HeldError(f"another run holds the store of results '{path}'") from None
            raise UsageError(f"the store of results '{path}' cannot be opened: {reason}") from None
        self._connection.execute(
            "create table if not exists batch (key varchar primary key, content blob)"
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, key: str, job: int) -> Batch | None:
        """A result, if it is there, as that of job number `job`."""
        row = self._connection.execute("select content from batch where key = ?", [key]).fetchone()
        return None if row is None else unpack(row[0], job)

    def put(self, key: str, batch: Batch) -> None:
        """Keep a result."""
        self._connection.execute("insert or replace into batch values (?, ?)", [key, pack(batch)])

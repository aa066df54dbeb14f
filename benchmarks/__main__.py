"""`python -m benchmarks`: how fast, how large, how exact; each figure a ratio, in one run."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import page as pages
from benchmarks import plots as drawings
from benchmarks.machine import facts
from benchmarks.show import show
from benchmarks.suite import entries, measure
from mistrust.arguments import one_of
from mistrust.errors import MistrustError, UsageError

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
Entry = StrEnum("Entry", {name: name for name in entries()})
"""The entries by name."""


def run(
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Measure this entry alone; may be repeated.", parser=one_of(Entry), metavar="NAME"
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes, to see that everything runs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, nothing else.")
    ] = False,
    plots: Annotated[
        Path | None, typer.Option(help="Draw the plots into this folder.", metavar="FOLDER")
    ] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Write docs/performance.md and its plots anew.")
    ] = False,
) -> None:
    """Measure this program beside others, and against its bars."""
    names = [str(name) for name in only or ()]
    if page and quick:
        raise UsageError("small sizes are no results: --page goes without --quick")
    if page or plots:
        drawings.needed()
    if page:
        pages.ready(facts(), names)
    if plots:
        _make(plots)
    record = measure(names, quick=quick, tell=lambda text: _err.print(text))
    if as_json:
        sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
    else:
        show(record, _out)
    if plots:
        drawn = [str(path) for path in drawings.draw(record, plots)]
        _err.print("drawn:", *(drawn or ["nothing, since no plot shows what was measured"]))
    if record["failed"]:
        raise MistrustError("failed: " + ", ".join(one["name"] for one in record["failed"]))
    if page:
        drawings.draw(pages.write(record, names), pages.FOLDER)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot write to '{folder}': {reason}") from None


def main() -> None:
    """Run the command line; a user's mistake ends in a message, not in a traceback."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(run)
    try:
        app(prog_name="python -m benchmarks")
    except MistrustError as error:
        _err.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

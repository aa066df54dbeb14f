"""The command line: reads arguments, calls the package, prints. It computes nothing itself."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mistrust import __version__
from mistrust.errors import MistrustError, ScenarioError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Put a strategic argument to the test.",
)  # fmt: skip
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

FLAGSHIP = Path(__file__).parent / "scenarios" / "mistrust.yaml"
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
RESOLUTION = Annotated[str, typer.Option(help="'standard', or 'draft' for a quick look.")]


@app.command()
def run(
    scenario: Annotated[Path, typer.Argument(help="A scenario file.")] = FLAGSHIP,
    worlds: Annotated[int, typer.Option(help="Draws of the premises.", min=0)] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the draws.", min=0)] = 1,
    workers: Annotated[int, typer.Option(help="Processes; 0 is one per core.", min=0)] = 0,
    resolution: RESOLUTION = "standard",
    as_json: AS_JSON = False,
) -> None:
    """Solve a scenario in many worlds and give the verdicts (default: the flagship)."""
    from mistrust.assess.answer import answer_claims, audit
    from mistrust.ensemble.plan import questions
    from mistrust.ensemble.run import solve_worlds
    from mistrust.ensemble.worlds import draw, guesses
    from mistrust.report.records import run_record
    from mistrust.report.terminal import show
    from mistrust.scenario.read import read_file

    begun = time.perf_counter()
    argument = read_file(scenario, resolution)
    asked = questions(argument)
    drawn = draw(argument.scenario, worlds, seed)
    results = solve_worlds(
        argument, asked, guesses(argument.scenario), drawn, workers=workers or os.cpu_count() or 1
    )
    record = run_record(
        results, answer_claims(results, asked), audit(results, asked), asked=worlds, seed=seed,
        timing={"seconds": time.perf_counter() - begun},
    )  # fmt: skip
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show(record, _out)


@app.command()
def check(
    scenario: Annotated[Path, typer.Argument(help="A scenario file.")] = FLAGSHIP,
    as_json: AS_JSON = False,
    resolution: RESOLUTION = "standard",
) -> None:
    """Report every mistake in a scenario, with its place, and its size."""
    from mistrust.compile.layout import lay_out
    from mistrust.compile.lower import Case, lower, raise_faults
    from mistrust.compile.program import compile_program
    from mistrust.ensemble.worlds import draw, guesses
    from mistrust.scenario.read import read_file

    try:
        argument = read_file(scenario, resolution)
        layout = lay_out(compile_program(argument))
        drawn = [guesses(argument.scenario), *draw(argument.scenario, 32, 1)]
        raise_faults(lower(layout, [Case(world) for world in drawn]))
    except ScenarioError as error:
        if not as_json:
            raise
        found = [vars(problem) for problem in error.problems]
        sys.stdout.write(json.dumps({"ok": False, "errors": found}) + "\n")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(json.dumps({"ok": True, "errors": []}) + "\n")
    else:
        _out.print(f"ok, {layout.program.opening.size:,} states")


def main() -> Any:
    """Run the command line; a user's mistake ends in a message, not in a traceback."""
    try:
        return app(standalone_mode=True)
    except MistrustError as error:
        _err.print(str(error), style="red", markup=False)
        sys.exit(1)


__all__ = ["__version__", "app", "main"]

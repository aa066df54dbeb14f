"""The command line: reads arguments, calls the package, prints. It computes nothing itself."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from mistrust import __version__
from mistrust.arguments import one_of, whole
from mistrust.compile.size import cores
from mistrust.errors import MistrustError, Problem, ScenarioError, UsageError

if TYPE_CHECKING:
    from mistrust.ensemble.store import Store
    from mistrust.scenario.check import Argument

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put a strategic argument to the test: which claims follow, how surely, and why.",
)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

FLAGSHIP = Path(__file__).parent / "scenarios" / "mistrust.yaml"
STARTER = Path(__file__).parent / "scenarios" / "starter.yaml"


class Resolution(StrEnum):
    """How fine the board is."""

    standard = "standard"
    draft = "draft"


class Format(StrEnum):
    """The formats of other programs."""

    efg = "efg"


SCENARIO = Annotated[Path, typer.Argument(help="A scenario file.", show_default=False)]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
FINENESS = Annotated[
    Resolution,
    typer.Option(
        help="'draft' is coarser and quicker.", parser=one_of(Resolution), metavar="standard|draft"
    ),
]
WORLDS = Annotated[
    int,
    typer.Option(
        help="How many draws of the premises; 0: the best guess alone.",
        parser=whole(0, 1_000_000),
        metavar="NUMBER",
    ),
]
SEED = Annotated[int, typer.Option(help="Seed of the draws.", parser=whole(0), metavar="NUMBER")]
WORKERS = Annotated[
    int,
    typer.Option(help="Processes; 0 is one for each core.", parser=whole(0), metavar="NUMBER"),
]
AUDITED = Annotated[
    int,
    typer.Option(help="Draws in which mechanisms are audited.", parser=whole(0), metavar="NUMBER"),
]


@app.callback(invoke_without_command=True)
def version_or_help(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Put a strategic argument to the test."""
    if version:
        _out.print(f"mistrust {__version__}")
        raise typer.Exit


@app.command()
def run(
    scenario: SCENARIO = FLAGSHIP,
    worlds: WORLDS = 64,
    seed: SEED = 1,
    out: Annotated[Path, typer.Option(help="Folder for the report and the record.")] = Path(
        "mistrust-out"
    ),
    workers: WORKERS = 0,
    audit_worlds: AUDITED = 16,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Solve again what an earlier run has solved.")
    ] = False,
    resolution: FINENESS = Resolution.standard,
    as_json: AS_JSON = False,
) -> None:
    """Solve a scenario in many worlds: verdicts, audit and report (default: the flagship)."""
    from mistrust.model import load
    from mistrust.report.page import render
    from mistrust.report.progress import watched
    from mistrust.report.records import compare_resolutions
    from mistrust.report.terminal import show, show_claims, show_first

    model = load(scenario, resolution.value)
    model.check(sample=0)
    coarse, told = None, []
    if model.has_draft and resolution is Resolution.standard:
        coarse = load(scenario, "draft")
        coarse.check(sample=0)
    _writable(out)
    processes = workers or cores()
    with nullcontext() if fresh else _kept() as store:
        with watched(_err) as progress:

            def first(truths: dict[str, bool | None]) -> None:
                """The best guess, while the worlds are still to come."""
                with progress.pause():
                    show_first(truths, worlds, _out)

            def tell(answers: dict[str, Any]) -> None:
                """The verdicts, while the audit is still to come."""
                with progress.pause():
                    show_claims(answers, _out)
                told.append(answers)

            record = model.run(
                worlds,
                seed,
                audited=audit_worlds,
                workers=processes,
                store=store,
                progress=progress,
                first=None if as_json or not worlds else first,
                answered=None if as_json else tell,
            )
        if coarse is not None:
            draft = coarse.run(0, seed, audited=0, workers=processes, store=store)
            record["draft"] = compare_resolutions(record, draft)
    record["scenario"] |= {"command": _command(), "version": __version__}
    page = _write(out, render(record), record)
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show(record, _out, told=told[0] if told else None)
        _out.print(f"Report: {page}", soft_wrap=True)
    if not record["certificate"]["ok"]:
        raise typer.Exit(1)


def _kept() -> AbstractContextManager[Store | None]:
    """What earlier runs have solved; nothing while another run holds it."""
    from mistrust.ensemble.store import HeldError, Store, default_path

    try:
        return Store(default_path())
    except HeldError as error:
        _err.print(f"{error}: this one goes on without, and keeps nothing", soft_wrap=True)
        return nullcontext()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot write to '{path}': {reason.lower()}") from None


def _writable(out: Path) -> None:
    """Refuse a folder that cannot be written to before anything is solved."""
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.html").open("a", encoding="utf-8").close()


def _write(out: Path, page: str, record: dict[str, Any]) -> Path:
    with _writing(out):
        (out / "record.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
        (out / "report.html").write_text(page, encoding="utf-8")
    return out / "report.html"


@app.command()
def check(
    scenario: SCENARIO = FLAGSHIP,
    resolution: FINENESS = Resolution.standard,
    as_json: AS_JSON = False,
    referee: Annotated[
        bool, typer.Option("--referee", help="Also solve it with the plain referee (small boards).")
    ] = False,
    beliefs: Annotated[
        bool,
        typer.Option("--beliefs", help="See what finer grids of beliefs change, however large."),
    ] = False,
) -> None:
    """Report every mistake in a scenario with its place; its size, work and memory."""
    from mistrust.model import load

    try:
        model = load(scenario, resolution.value)
        model.check()
        record: dict[str, Any] = {"ok": True, "errors": [], "size": vars(model.size)}
        if found_coarse := model.coarseness(asked=beliefs):
            record["beliefs"] = found_coarse
        if referee:
            record["referee"] = model.check_with_referee()
    except MistrustError as error:
        if not as_json:
            raise
        problems = (
            error.problems if isinstance(error, ScenarioError) else [Problem(0, 0, str(error))]
        )
        found = [{"line": p.line, "column": p.column, "message": p.message} for p in problems]
        sys.stdout.write(json.dumps({"ok": False, "errors": found}) + "\n")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        from mistrust.report.terminal import show_size

        show_size(model.argument, record, _out)


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write a small commented scenario that runs, to start from."""
    if path.exists():
        raise UsageError(f"'{path}' exists already; choose another name")
    with _writing(path):
        path.write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    _out.print(f"Wrote {path}. Next: mistrust check {path}; mistrust run {path}", soft_wrap=True)


@app.command()
def why(
    scenario: SCENARIO,
    actor: Annotated[str | None, typer.Option(help="Whose choice (needed).")] = None,
    at: Annotated[str | None, typer.Option(help="When, such as 2025-Q1 (needed).")] = None,
    given: Annotated[str | None, typer.Option(help="On which boards: 'front == fighting'.")] = None,
    lever: Annotated[
        list[str] | None, typer.Option(help="A lever to apply; may be repeated.")
    ] = None,
    resolution: FINENESS = Resolution.standard,
    as_json: AS_JSON = False,
) -> None:
    """Explain a choice: what each option is worth to its actor, split by payoff term."""
    from mistrust.model import load
    from mistrust.report.terminal import show_why

    model = load(scenario, resolution.value)
    if actor is None or at is None:
        raise _unasked(model.argument, actor, at)
    solved = model.solve(levers=lever or ())
    found = [
        {**vars(e), "options": [vars(o) for o in e.options]} for e in solved.why(actor, at, given)
    ]
    record = {"actor": actor, "at": at, "given": given, "decisions": found}
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show_why(record, _out)


def _unasked(argument: Argument, actor: str | None, at: str | None) -> UsageError:
    """What `why` has not been told, and what it could be."""
    calendar, missing = argument.calendar, []
    if actor is None:
        missing.append(f"whose choice by --actor ({', '.join(argument.scenario.actors)})")
    if at is None:
        dates = f"{calendar.label(0)} to {calendar.label(calendar.turns - 1)}"
        missing.append(f"in which turn by --at ({dates})")
    return UsageError(f"say {' and '.join(missing)}")


@app.command()
def compare(
    scenario: SCENARIO,
    lever: Annotated[
        list[str] | None, typer.Option(help="A lever to apply; may be repeated.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A mechanism to switch off; may be repeated.")
    ] = None,
    worlds: WORLDS = 16,
    seed: SEED = 1,
    workers: WORKERS = 0,
    resolution: FINENESS = Resolution.standard,
    as_json: AS_JSON = False,
) -> None:
    """Set the game with levers applied beside the game as written: claims and values."""
    from mistrust.model import load
    from mistrust.report.progress import watched
    from mistrust.report.terminal import show_comparison

    model = load(scenario, resolution.value)
    if not lever and not without:
        known = ", ".join(model.argument.scenario.levers) or "none"
        raise UsageError(f"name a --lever or a mechanism --without; levers here: {known}")
    model.check(sample=0)
    with watched(_err) as progress:
        record = model.compare(
            lever or (), without or (), worlds, seed, workers=workers or cores(), progress=progress
        )
    if as_json:
        sys.stdout.write(json.dumps(record) + "\n")
    else:
        show_comparison(record, _out)


@app.command()
def export(
    scenario: SCENARIO,
    to: Annotated[
        Format,
        typer.Option(help="efg: a game tree for Gambit.", parser=one_of(Format), metavar="efg"),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write, else printed.")
    ] = None,
    lever: Annotated[
        list[str] | None, typer.Option(help="A lever to apply; may be repeated.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A mechanism to switch off; may be repeated.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option(help="Nodes that the tree may have.", parser=whole(1), metavar="NUMBER"),
    ] = 20_000,
    resolution: FINENESS = Resolution.standard,
) -> None:
    """Write a small scenario as a game tree that Gambit reads, at the best guess."""
    from mistrust.export.efg import caution, written
    from mistrust.export.tree import grow
    from mistrust.scenario.read import read_file

    tree = grow(read_file(scenario, resolution.value), lever or (), without or (), limit)
    if output is None:
        sys.stdout.write(written(tree))
    else:
        with _writing(output):
            output.write_text(written(tree), encoding="utf-8")
        _out.print(f"Wrote {output}: {tree.nodes:,} nodes", soft_wrap=True)
    if caution(tree):
        _err.print(f"Note: {caution(tree)}", soft_wrap=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the scenario format, for editors."""
    from mistrust.scenario.read import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")


def _command() -> str:
    return shlex.join(["mistrust", *sys.argv[1:]])


def main() -> None:
    """Run the command line; a user's mistake ends in a message, not in a traceback."""
    try:
        app()
    except MistrustError as error:
        _complain(str(error))
    except MemoryError:
        _complain("this takes more memory than there is; coarsen the board or shorten the horizon")


def _complain(message: str) -> NoReturn:
    printable = message.encode(errors="backslashreplace").decode()
    _err.print(printable, style="red", markup=False, soft_wrap=True)
    sys.exit(1)

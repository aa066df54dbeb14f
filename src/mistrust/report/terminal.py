"""A run's record as tables in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_STYLE = {True: "green", False: "red", None: "yellow"}


def percent(share: float | None) -> str:
    """A share as a whole percentage; what is neither 0 nor 1 is never shown as such."""
    if share is None:
        return "-"
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 < share < 1 else f"{100 * share:.0f}%"


def amount(value: float | None) -> str:
    """A number with a sign, to three figures."""
    return "no value" if value is None else f"{value:+.3g}"


def show(record: dict[str, Any], console: Console) -> None:
    """Print verdicts, audit and certificate."""
    scenario, size = record["scenario"], record["size"]
    console.print()
    console.print(f"[bold]{escape(scenario['title'])}[/bold]")
    console.print(
        f"{scenario['start']} to {scenario['last']}, {size['turns']} turns of {size['phases']} "
        f"phases; {size['actors']} actors, {size['states']:,} board states"
        + (" (draft resolution)" if scenario["resolution"] == "draft" else "")
    )
    if record["claims"]:
        console.print(claims_table(record))
    if record["mechanisms"]:
        console.print(audit_table(record))
    console.print(certificate_line(record))
    for failure in record["worlds"]["failures"][:3]:
        console.print(f"[yellow]world {failure['world']} failed: {escape(failure['message'])}[/]")


def claims_table(record: dict[str, Any]) -> Table:
    """The verdict on each claim."""
    solved = record["worlds"]["solved"]
    title = f"Verdicts: share of {solved} worlds in which each claim holds"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading, justify in (("claim", "left"), ("share", "right"), ("90% interval", "right"),
                             ("verdict", "left"), ("best guess", "left")):  # fmt: skip
        table.add_column(heading, justify=justify, vertical="top")  # type: ignore[arg-type]
    for claim in record["claims"]:
        best = claim["best_guess"]
        holds = {True: "holds", False: "fails", None: "no value"}[best]
        interval = "-" if claim["low"] is None else f"{percent(claim['low'])}–{percent(claim['high'])}"  # fmt: skip
        note = f" [dim]({claim['undefined']} without value)[/]" if claim["undefined"] else ""
        source = f" [dim]{escape(claim['source'])}[/]" if claim["source"] else ""
        table.add_row(
            f"[bold]{claim['id']}[/]{source}\n{escape(claim['says'])}", percent(claim["share"]),
            interval, claim["word"] + note, f"[{_STYLE[best]}]{holds}[/]",
        )  # fmt: skip
    return table


def audit_table(record: dict[str, Any]) -> Table:
    """Each mechanism off against on."""
    title = "Mechanisms: the outcome that each moves, with it less without it"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading, justify in (("mechanism", "left"), ("expected", "left"), ("effect", "right"),
                             ("as expected", "left"), ("in worlds", "right")):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for mechanism in record["mechanisms"]:
        good = mechanism["as_expected"]
        said = {True: "yes", False: "NO", None: "no value"}[good]
        table.add_row(
            mechanism["id"], mechanism["expected"], amount(mechanism["effect"]),
            f"[{_STYLE[good]}]{said}[/]", percent(mechanism["share_as_expected"]),
        )  # fmt: skip
    return table


def certificate_line(record: dict[str, Any]) -> str:
    """The certificate in one line."""
    found, worlds = record["certificate"], record["worlds"]
    good = "[green]certificate holds[/]" if found["ok"] else "[bold red]CERTIFICATE FAILS[/]"
    return (
        f"{good} in {worlds['solved']} of {worlds['asked']} worlds: duality "
        f"{found['duality']:.0e}, mass {found['mass']:.0e}, residual {found['residual']:.0e}"
    )

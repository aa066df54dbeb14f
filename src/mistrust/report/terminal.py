"""A run's record as tables in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mistrust.report.words import counted, on_a_grid, stationary
from mistrust.scenario.check import Argument

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


def show(record: dict[str, Any], console: Console, *, told: dict[str, Any] | None = None) -> None:
    """Print verdicts, audit and certificate, but not verdicts that were `told` already."""
    if told is None or _verdicts(told) != _verdicts(record):
        show_claims(record, console)
    if record["mechanisms"]:
        console.print(audit_table(record))
    console.print(certificate_line(record))
    show_endless(record, console)
    if record["beliefs"]:
        console.print(escape(on_a_grid(record["scenario"]["file"])), soft_wrap=True)
    timing = record["timing"]
    console.print(
        f"{timing['games']:,} games in {timing['seconds']:.0f} s"
        + (f", {timing['from_store']:,} of them from earlier runs" if timing["from_store"] else "")
    )
    for failure in record["worlds"]["failures"][:3]:
        which = f"world {failure['world']}" if failure["world"] else "the best guess"
        console.print(f"[yellow]{which} failed: {escape(failure['message'])}[/]")


def show_first(truths: dict[str, bool | None], worlds: int, console: Console) -> None:
    """Print what claims come to in the best guess, before the worlds are solved."""
    if not truths:
        return
    said = []
    for truth, one, many in (
        (True, "holds", "hold"),
        (False, "fails", "fail"),
        (None, "has no value", "have no value"),
    ):
        names = [escape(name) for name, found in truths.items() if found is truth]
        if names:
            verb = f"[{_STYLE[truth]}]{one if len(names) == 1 else many}[/]"
            said.append(f"{len(names)} {verb} ({', '.join(names)})")
    of = counted(len(truths), "claim")
    console.print(f"In the best guess, of {of} {', '.join(said)}.", soft_wrap=True)
    console.print(f"[dim]Verdicts over {counted(worlds, 'world')} follow.[/]")


def _verdicts(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    columns = ("id", "share", "low", "high", "undefined", "best_guess")
    return [tuple(claim[column] for column in columns) for claim in record["claims"]]


def show_claims(record: dict[str, Any], console: Console) -> None:
    """Print what was solved, and the verdicts."""
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


def claims_table(record: dict[str, Any]) -> Table:
    """The verdict on each claim."""
    solved = record["worlds"]["solved"]
    title = f"Verdicts: share of {solved} worlds in which each claim holds"
    if not record["worlds"]["asked"]:
        title = "Verdicts: the best guess alone, since no worlds were drawn"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading, justify in (
        ("claim", "left"),
        ("share", "right"),
        ("90% interval", "right"),
        ("verdict", "left"),
        ("best guess", "left"),
    ):
        table.add_column(heading, justify=justify, vertical="top")  # type: ignore[arg-type]
    for claim in record["claims"]:
        best = claim["best_guess"]
        holds = {True: "holds", False: "fails", None: "no value"}[best]
        interval = (
            "-" if claim["low"] is None else f"{percent(claim['low'])}–{percent(claim['high'])}"
        )
        note = f" [dim]({claim['undefined']} without value)[/]" if claim["undefined"] else ""
        source = f" [dim]{escape(claim['source'])}[/]" if claim["source"] else ""
        table.add_row(
            f"[bold]{claim['id']}[/]{source}\n{escape(claim['says'])}",
            percent(claim["share"]),
            interval,
            claim["word"] + note,
            f"[{_STYLE[best]}]{holds}[/]",
        )
    return table


def audit_table(record: dict[str, Any]) -> Table:
    """Each mechanism off against on."""
    audited = record["worlds"]["audited"]
    over = f"shares of {audited} worlds" if audited else "the best guess alone"
    title = f"Mechanisms: the outcome that each moves, with less without ({over})"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading, justify in (
        ("mechanism", "left"),
        ("expected", "left"),
        ("effect", "right"),
        ("as expected", "left"),
        ("in worlds", "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for mechanism in record["mechanisms"]:
        good = mechanism["as_expected"]
        said = {True: "yes", False: "NO", None: "no value"}[good]
        table.add_row(
            mechanism["id"],
            mechanism["expected"],
            amount(mechanism["effect"]),
            f"[{_STYLE[good]}]{said}[/]",
            percent(mechanism["share_as_expected"]),
        )
    return table


def certificate_line(record: dict[str, Any]) -> str:
    """The certificate in one line."""
    found, worlds = record["certificate"], record["worlds"]
    good = "[green]certificate holds[/]"
    if not found["ok"]:
        good = "[bold red]CERTIFICATE FAILS[/] for the best guess; it holds"
    where = f"in {worlds['solved']} of {worlds['asked']} worlds"
    if not worlds["asked"]:
        where = "for the best guess" if found["ok"] else "nowhere else, since no worlds were drawn"
    figures = ", ".join(f"{name} {found[name]:.0e}" for name in ("duality", "mass", "residual"))
    return f"{good} {where}: {figures}"


def show_endless(record: dict[str, Any], console: Console) -> None:
    """Print what is to be known where play has no end."""
    if record["scenario"]["forever"]:
        console.print(stationary(record["certificate"]["residual"]))


def show_size(argument: Argument, record: dict[str, Any], console: Console) -> None:
    """Print that a scenario is sound, and how large it is."""
    size, scenario = record["size"], argument.scenario
    console.print(
        f"[green]ok[/] {escape(argument.source.file)}: {escape(scenario.title)}", soft_wrap=True
    )
    table = Table.grid(padding=(0, 2))
    endless = scenario.horizon.forever
    rows = (
        (
            "turns",
            f"{size['turns']} of {size['phases']} phases, {size['actors']} actors"
            + ("; play goes on for ever" if endless else ""),
        ),
        ("board", f"{size['states']:,} states; {size['largest']:,} at its widest within a turn"),
        (
            "work",
            f"{size['updates'] / 1e6:,.1f} million values for each solved game"
            + (" once its equilibrium is found, which takes many times that" if endless else ""),
        ),
        ("memory", f"{size['bytes_per_world'] / 2**20:,.0f} MiB for each game solved at once"),
        (
            "argument",
            f"{len(scenario.premises)} premises, {len(scenario.mechanisms)} mechanisms, "
            f"{len(scenario.levers)} levers, {len(scenario.claims)} claims",
        ),
    )
    for name, text in rows:
        table.add_row(f"[dim]{name}[/]", text)
    for line in _coarse_lines(record.get("beliefs")):
        table.add_row("[dim]beliefs[/]", line)
    for actor, gap in record.get("referee", {}).items():
        table.add_row("[dim]referee[/]", f"value of {actor}: differs by {gap:.1e}")
    console.print(table)


def _coarse_lines(beliefs: dict[str, Any] | None) -> list[str]:
    """How coarse the grids of beliefs are, and what doubling their points changes."""
    if beliefs is None:
        return []
    lines = [
        f"about {grid['actor']} ({', '.join(grid['types'])}): {grid['points']} points, "
        f"at most {grid['spacing']:.3g} apart"
        for grid in beliefs["grids"]
    ]
    doubled = beliefs["doubled"]
    if doubled is None:
        return [*lines, "what twice as many would change takes long to see: add --beliefs"]
    worst = max(doubled["claims"], key=lambda name: doubled["claims"][name], default=None)
    most = f", and what '{worst}' reads by {doubled['claims'][worst]:.1e}" if worst else ""
    lines.append(f"with twice as many points values move by {doubled['value']:.1e} at most{most}")
    turned = " and ".join(f"'{name}'" for name in doubled["turned"])
    if turned:
        lines.append(f"[bold red]too few points[/]: with twice as many {turned} would turn")
    return lines


def show_why(record: dict[str, Any], console: Console) -> None:
    """Print each decision with the value of its options, split by payoff term."""
    where = f" given {record['given']}" if record["given"] else ""
    for found in record["decisions"]:
        options = sorted(found["options"], key=lambda option: -option["value"])
        terms = [t for t in options[0]["terms"] if any(abs(o["terms"][t]) > 1e-12 for o in options)]
        kind = f", as {found['type']}," if found["type"] else ""
        what = f"'{found['decision']}' in {record['at']}{escape(where)}"
        title = f"{record['actor']}{kind} decides {what}"
        table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
        table.add_column("option")
        for heading in ("chosen", "worth", *terms):
            table.add_column(heading, justify="right")
        for option in options:
            split = [f"{option['terms'][term]:.3f}" for term in terms]
            table.add_row(
                option["name"], percent(option["probability"]), f"{option['value']:.3f}", *split
            )
        console.print(table)
        console.print(_why_line(found, record["actor"], options, terms))


def _why_line(
    found: dict[str, Any], actor: str, options: list[dict[str, Any]], terms: list[str]
) -> str:
    if found["probability"] > 0:
        kind = f", given that {actor} is of the type {found['type']}" if found["type"] else ""
        reached = (
            f"Reached with probability {percent(found['probability'])}{kind}; figures are averages "
            f"over its {found['boards']:,} boards."
        )
    else:
        reached = (
            "Play does not come to this; figures are plain averages over the "
            f"{found['boards']:,} boards that match."
        )
    if len(options) < 2 or not terms:
        return reached
    best, second = options[0], options[1]
    gaps = {term: best["terms"][term] - second["terms"][term] for term in terms}
    lead = max(gaps, key=lambda term: abs(gaps[term]))
    gap = best["value"] - second["value"]
    return (
        f"{reached} {best['name']} is worth {gap:.3g} more than {second['name']}; most of the "
        f"difference is {lead} ({gaps[lead]:+.3g})."
    )


def show_comparison(record: dict[str, Any], console: Console) -> None:
    """Print claims and values with and without a lever."""
    worlds = record["worlds"]
    solved = {**worlds, "solved": worlds["asked"] - worlds["failed"]}
    over = f"shares of {solved['solved']} worlds, seed {record['seed']}"
    if not worlds["asked"]:
        over = "the best guess alone, since no worlds were drawn"
    title = f"As written, and with {escape(record['with'])}: {over}"
    table = Table(title=title, title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("claim", "as written", "then", "best guess"):
        table.add_column(heading, justify="right" if heading in ("as written", "then") else "left")
    for claim in record["claims"]:
        one, other = claim["as_written"], claim["under"]
        words = {True: "holds", False: "fails", None: "no value"}
        if other is None:
            told = f"{words[one['best_guess']]} [dim](has it inside already)[/]"
            table.add_row(claim["id"], percent(one["share"]), "-", told)
            continue
        said = [words[x["best_guess"]] for x in (one, other)]
        style = "bold" if said[0] != said[1] else "dim"
        table.add_row(
            claim["id"],
            percent(one["share"]),
            percent(other["share"]),
            f"[{style}]{said[0]} → {said[1]}[/]",
        )
    console.print(table)
    values = Table(title="Actors' values", title_justify="left", title_style="bold", pad_edge=False)
    for heading in ("actor", "as written", "change", "5% to 95% of worlds"):
        values.add_column(heading, justify="left" if heading == "actor" else "right")
    for actor, found in record["values"].items():
        change = found["change"]
        span = (
            "-" if change["q05"] is None else f"{amount(change['q05'])} to {amount(change['q95'])}"
        )
        base = found["as_written"]["best_guess"]
        values.add_row(
            actor, "-" if base is None else f"{base:.3f}", amount(change["best_guess"]), span
        )
    console.print(values)
    console.print(certificate_line({**record, "worlds": solved}))
    show_endless(record, console)

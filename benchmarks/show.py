"""A record of figures as a table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.bars import BARS
from benchmarks.machine import said
from benchmarks.suite import Record
from benchmarks.words import number, seconds

_STYLE = {"misses the bar": "red", "clears the bar": "green", "reaches the goal": "bold green"}


def aims(name: str) -> tuple[str, str]:
    """The bar and the goal of a figure, if it has any."""
    bar = BARS.get(name)
    if bar is None:
        return "", ""
    sign = "≤" if bar.most else "≥"
    return f"{sign} {number(bar.bar)}", "" if bar.goal is None else f"{sign} {number(bar.goal)}"


def verdict(figure: dict[str, Any], quick: bool = False) -> str:
    """How a figure stands to its bar; nothing if it has none, or comes from small sizes."""
    bar = BARS.get(figure["name"])
    return "" if bar is None or quick else bar.verdict(figure["ratio"])


def found(figure: dict[str, Any]) -> str:
    """The figure with its unit."""
    return f"{number(figure['ratio'])} {figure['unit']}"


def beside(figure: dict[str, Any]) -> str:
    """What it was set beside, with its time."""
    time = seconds(figure["peer_s"])
    return f"{figure['peer']}: {time}" if time else figure["peer"]


def show(record: Record, console: Console) -> None:
    """Print all figures beside their bars, what was measured for each, and what was skipped."""
    table = Table(pad_edge=False)
    for heading, width in (("figure", 18), ("found", 15), ("bar", 7), ("goal", 8), ("", 8)):
        table.add_column(heading, min_width=width)
    for figure in record["figures"]:
        told = verdict(figure, record["quick"])
        aimed = ("", "") if record["quick"] else aims(figure["name"])
        cells = (figure["name"], found(figure), *aimed)
        table.add_row(*map(escape, cells), f"[{_STYLE.get(told, 'default')}]{told}[/]")
    console.print(escape(said(record["machine"])), soft_wrap=True)
    if record["figures"]:
        console.print(table)
    for figure in record["figures"]:
        mine = seconds(figure["ours_s"])
        times = f"{mine} here, {beside(figure)}" if mine else f"beside {beside(figure)}"
        told = f"[bold]{figure['name']}[/]: {escape(times)}; {escape(figure['note'])}"
        console.print(told, soft_wrap=True)
    for how, colour in (("skipped", "yellow"), ("failed", "red")):
        for entry in record[how]:
            told = f"[{colour}]{entry['name']} {how}[/]: {escape(entry['reason'])}"
            console.print(told, soft_wrap=True)
    if record["quick"]:
        console.print("[yellow]Small sizes, which say that everything runs and no more[/]")
    elif record["machine"]["busy"]:
        console.print("[yellow]The machine was busy with other work: to be measured again[/]")

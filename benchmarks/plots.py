"""The plots of the documentation, drawn from a record as SVG."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bars import BARS
from benchmarks.growth import exponent
from benchmarks.suite import Record
from mistrust.errors import UsageError

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"
COLOURS = (BLUE, "#56b4e9", ORANGE, "#e69f00", "#cc79a7", "#009e73", "#bbbbbb")
"""Told apart by all eyes (Okabe and Ito 2008)."""
STYLE = {
    "svg.hashsalt": "mistrust",  # the same file for the same record
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def needed() -> None:
    """Refuse to go on without what draws.

    Raises
    ------
    UsageError
        There is no matplotlib.
    """
    if find_spec("matplotlib") is None:
        raise UsageError("plots need matplotlib, which is not installed; make bench sets it up")


def draw(record: Record, folder: Path) -> list[Path]:
    """Draw all that a record has figures for; the files written."""
    import matplotlib

    barred = [figure for figure in record["figures"] if figure["name"] in BARS]
    plots = {
        "growth": (_growth, record["series"].get("growth")),
        "stages": (_stages, record["series"].get("bandwidth")),
        "bars": (_bars, barred),
    }
    written = []
    with matplotlib.rc_context(STYLE):
        for name, (plot, data) in plots.items():
            if data:
                path = folder / f"{name}.svg"
                about = {"Date": None, "Creator": None}
                plot(data).savefig(path, metadata=about, facecolor="white", bbox_inches="tight")
                written.append(path)
    return written


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def _growth(series: dict[str, dict[str, list[tuple[int, float]]]]) -> Any:
    """Cost by size, in every direction, on logarithmic axes, with fitted lines."""
    shown = {"time": ("seconds", 1.0), "memory": ("MiB", 2.0**20)}
    columns = list(series["time"])
    figure = _figure(2.6 * len(columns), 2.2 * len(series))
    axes = figure.subplots(len(series), len(columns), squeeze=False, sharey="row")
    for row, (cost, found) in enumerate(series.items()):
        unit, size = shown[cost]
        axes[row, 0].set_ylabel(f"{cost}, {unit}")
        for column, what in enumerate(columns):
            if what in found:
                sizes, costs = np.array(found[what]).T
                _fitted(axes[row, column], sizes, costs / size)
            axes[row, column].set_xlabel(what)
    return figure


def _fitted(axes: Any, sizes: Any, costs: Any) -> None:
    slope = exponent(sizes, costs)
    middle = np.exp(np.log(costs).mean() - slope * np.log(sizes).mean())
    axes.loglog(sizes, middle * sizes**slope, color=GREY, linewidth=1)
    axes.loglog(sizes, costs, "o", color=BLUE, markersize=4)
    axes.minorticks_off()
    axes.set_xticks(sizes[[0, -1]], [f"{size:,.0f}" for size in sizes[[0, -1]]])
    axes.set_title(f"exponent {slope:.2f}", fontsize=9)


def _stages(series: dict[str, dict[str, float]]) -> Any:
    """Where the time of a solve goes: one bar for each game, in parts by kind of stage."""
    kinds = list(dict.fromkeys(kind for found in series.values() for kind in found))
    figure = _figure(8.0, 0.6 * len(series) + 1.0)
    axes = figure.subplots()
    before = np.zeros(len(series))
    for kind, colour in zip(kinds, COLOURS, strict=False):
        parts = np.array([found.get(kind, 0.0) for found in series.values()])
        share = 100 * parts / [sum(found.values()) for found in series.values()]
        axes.barh(list(series), share, left=before, color=colour, label=kind, height=0.6)
        before += share
    axes.invert_yaxis()
    axes.set_xlabel("per cent of the time of a solve, one thread")
    axes.set_xlim(0, 100)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _bars(figures: list[dict[str, Any]]) -> Any:
    """How many times better than its bar each figure is, and its goal."""
    figure = _figure(8.0, 0.26 * len(figures) + 0.8)
    axes = figure.subplots()
    for place, found in enumerate(figures):
        bar = BARS[found["name"]]
        margin = bar.margin(found["ratio"])
        colour = BLUE if margin >= 1 else ORANGE
        axes.plot([1, margin], [place, place], color=colour, linewidth=1.5)
        axes.plot(margin, place, "o", color=colour, markersize=5)
        if bar.goal is not None:
            axes.plot(bar.margin(bar.goal), place, "|", color="black", markersize=9)
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    most = axes.get_xlim()[1]
    axes.minorticks_off()
    axes.set_xticks([tick for tick in ticks if tick <= most])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(figures)), [found["name"] for found in figures])
    axes.set_ylim(len(figures) - 0.5, -0.5)
    axes.set_xlabel("times better than the bar (line at 1); the stroke is the goal")
    return figure

"""Charts as inline SVG: from figures of a record to one picture that scales as a whole.

Colours come from the classes in `page.css`; values show on hover.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

from markupsafe import Markup

from mistrust.report.bars import Bounds, nice, span, tag, text
from mistrust.report.words import figure, minus, share

Numbers = Sequence[float | None]
Series = Mapping[str, Numbers]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 360.0, 40.0, 12.0, 22.0, 34.0
EDGE = WIDTH - RIGHT
STRIP = 22.0
"""Height of the strip below a stack of options."""
BINS, TALLEST, COLOURS = 36, 16, 8
"""Most bins of a distribution; most worlds drawn as dots in one; colours of options."""


@dataclass(frozen=True)
class Plane:
    """A plane of `count` equal slots from left to right, and of amounts from low to high."""

    count: int
    low: float
    high: float
    height: float = 190.0
    top: float = TOP
    bottom: float = BOTTOM

    @property
    def slot(self) -> float:
        """Width of a slot."""
        return (EDGE - LEFT) / max(self.count, 1)

    @property
    def floor(self) -> float:
        """Where the plane ends below."""
        return self.height - self.bottom

    def x(self, place: float) -> float:
        """The middle of a slot."""
        return LEFT + self.slot * (place + 0.5)

    def y(self, value: float) -> float:
        """The height of an amount."""
        return self.floor - (self.floor - self.top) * (value - self.low) / (self.high - self.low)


def drawing(title: str, about: str, height: float, parts: Iterable[Markup]) -> Markup:
    """A chart with its title and description."""
    inside = [tag("title", "", title), tag("desc", "", about), *parts]
    return tag("svg", "chart", *inside, role="img", viewBox=f"0 0 {WIDTH:g} {height:g}")


def date_ticks(dates: Sequence[str], most: int = 6) -> list[tuple[int, str]]:
    """Some dates and their short names: years where there are several, else the dates."""
    years = [(i, d[:4]) for i, d in enumerate(dates) if re.fullmatch(r"\d{4}-(Q1|01)", d)]
    whole = [(i, d.removeprefix("turn ")) for i, d in enumerate(dates)]
    found = years if len(years) > 2 else whole
    return found[:: max(1, ceil(len(found) / most))]


def _path(css: str, d: str) -> Markup:
    return tag("path", css, d=d)


def _across(y: float) -> str:
    return f"M{LEFT:g} {y:.1f}H{EDGE:g}"


def _name(plane: Plane, words: str) -> Markup:
    return text((LEFT + EDGE) / 2, plane.height - 3, words, "middle name")


def _date_axis(plane: Plane, dates: Sequence[str], every: str) -> Iterator[Markup]:
    yield _path("axis", _across(plane.floor))
    for place, name in date_ticks(dates):
        x = plane.x(place)
        yield _path("axis", f"M{x:.1f} {plane.floor:.1f}v4")
        yield text(x, plane.floor + 15, name, "end" if x > EDGE - 14 else "middle")
    yield _name(plane, every)


def _grid(plane: Plane, ticks: Iterable[tuple[float, str]], label: str) -> Iterator[Markup]:
    for value, name in ticks:
        yield _path("rule", _across(plane.y(value)))
        yield text(LEFT - 5, plane.y(value) + 4, name, "end")
    yield text(2, 9, label, "begin name")


def _hover(plane: Plane, notes: Iterable[str]) -> Markup:
    """Columns that show a note each."""
    size: dict[str, object] = {
        "y": TOP, "width": f"{plane.slot:.2f}", "height": plane.floor - TOP
    }  # fmt: skip
    columns = (
        tag("rect", "", tag("title", "", note), x=f"{plane.x(i - 0.5):.2f}", **size)
        for i, note in enumerate(notes)
    )
    return tag("g", "hover", *columns)


def _runs(*series: Numbers) -> Iterator[list[tuple[float, tuple[float, ...]]]]:
    """Stretches of dates at which all series have a value; one date alone is widened."""
    rows = enumerate(zip(*series, strict=False))
    for whole, run in groupby(rows, key=lambda row: None not in row[1]):
        if whole:
            points = [(float(i), tuple(v for v in vs if v is not None)) for i, vs in run]
            i, values = points[0]
            yield points if len(points) > 1 else [(i - 0.25, values), (i + 0.25, values)]


def _line(plane: Plane, values: Numbers) -> str:
    """A path through a series."""
    return "".join(
        "M" + "L".join(f"{plane.x(i):.1f} {plane.y(v):.1f}" for i, (v,) in run)
        for run in _runs(values)
    )


def _band(plane: Plane, lower: Numbers, upper: Numbers) -> str:
    """The outline between two series."""
    path = ""
    for run in _runs(lower, upper):
        there = [f"{plane.x(i):.1f} {plane.y(v[1]):.1f}" for i, v in run]
        back = [f"{plane.x(i):.1f} {plane.y(v[0]):.1f}" for i, v in reversed(run)]
        path += "M" + "L".join(there + back) + "Z"
    return path


def fan(
    series: Series, dates: Sequence[str], *, title: str, label: str, every: str,
    bounds: Bounds | None = None,
) -> Markup:  # fmt: skip
    """The best guess and the bands over worlds, date by date; without `bounds`, of a share."""
    low, high = bounds or (0.0, 1.0)
    plane = Plane(len(dates), low, high if high > low else low + 1)
    ticks = [
        (v, minus(f"{v:,g}") if bounds else share(v))
        for v in nice(plane.low, plane.high, 5 if bounds else 4)
    ]
    about = (
        "Line: best guess. Dark band: the middle half of worlds. Light band: 90% of worlds. "
        f"Across: {every}. Up: {label}."
    )
    parts = [
        *_grid(plane, ticks, label),
        *_date_axis(plane, dates, every),
        _path("band wide", _band(plane, series["q05"], series["q95"])),
        _path("band", _band(plane, series["q25"], series["q75"])),
        _path("best", _line(plane, series["best_guess"])),
        _hover(plane, _fan_notes(series, dates, figure if bounds else share)),
    ]
    return drawing(title, about, plane.height, parts)


def _fan_notes(
    series: Series, dates: Sequence[str], name: Callable[[float | None], str]
) -> Iterator[str]:
    for i, (date, best) in enumerate(zip(dates, series["best_guess"], strict=False)):
        at = {key: name(values[i]) for key, values in series.items() if i < len(values)}
        half = f"; half of worlds {at['q25']} to {at['q75']}" if "q25" in at else ""
        most = f"; 90% {at['q05']} to {at['q95']}" if "q05" in at else ""
        yield f"{date}: best guess {name(best)}{half}{most}"


def stack(decision: Mapping[str, Any], *, title: str, every: str) -> Markup:
    """Which option is chosen, turn by turn; below, how often the decision arises at all."""
    dates, options = decision["dates"], decision["options"]
    plane = Plane(len(dates), 0.0, 1.0, height=222.0, bottom=74.0)
    below = Plane(len(dates), 0.0, 1.0, height=222.0, top=222.0 - BOTTOM - STRIP)
    ticks = [(v, share(v)) for v in (0.0, 0.25, 0.5, 0.75, 1.0)]
    about = (
        f"Bars: shares of the options ({', '.join(options)}) under the best guess, where the "
        "decision arises. Thin lines: mean over worlds. Lower strip: chance that the decision "
        f"arises. Across: {every}."
    )
    parts = [
        *_grid(plane, ticks, "share of choices"),
        _path("axis", _across(plane.floor)),
        *_options(plane, options),
        _path("mean", _means(plane, options)),
        *_date_axis(below, dates, every),
        _path("asked", _bars(below, decision["reached"]["best_guess"])),
        text(LEFT - 5, below.floor - 8, "arises", "end name"),
        _hover(below, _stack_notes(decision)),
    ]
    return drawing(title, about, plane.height, parts)


def _options(plane: Plane, options: Mapping[str, Any]) -> Iterator[Markup]:
    """One path per option: its bars over all dates, each on top of the options before it."""
    tops = [0.0] * plane.count
    for k, option in enumerate(options.values()):
        values = option["best_guess"]
        yield _path(f"o{k % COLOURS}", _bars(plane, values, tops))
        tops = [top + (v or 0.0) for top, v in zip(tops, values, strict=False)]


def _bars(plane: Plane, values: Numbers, tops: Sequence[float] | None = None) -> str:
    path = ""
    for i, value in enumerate(values):
        if value:
            left, wide = plane.x(i - 0.46), 0.92 * plane.slot
            base = tops[i] if tops else 0.0
            lower, upper = plane.y(base), plane.y(min(1.0, base + value))
            path += f"M{left:.1f} {lower:.1f}h{wide:.1f}V{upper:.1f}h{-wide:.1f}Z"
    return path


def _means(plane: Plane, options: Mapping[str, Any]) -> str:
    """Short lines where the options would end by their mean over worlds."""
    tops, path = [0.0] * plane.count, ""
    for option in list(options.values())[:-1]:
        for i, value in enumerate(option["mean"]):
            if value is not None:
                tops[i] += value
                path += f"M{plane.x(i - 0.5):.1f} {plane.y(tops[i]):.1f}h{plane.slot:.1f}"
    return path


def _stack_notes(decision: Mapping[str, Any]) -> Iterator[str]:
    for i, date in enumerate(decision["dates"]):
        parts = [
            f"{name} {share(o['best_guess'][i])} (mean over worlds {share(o['mean'][i])})"
            for name, o in decision["options"].items()
        ]
        yield f"{date}: {'; '.join(parts)}; arises {share(decision['reached']['best_guess'][i])}"


@dataclass(frozen=True)
class Scale:
    """Margins from left to right, in bins that have zero at an edge."""

    low: float
    high: float

    @property
    def size(self) -> float:
        """Width of a bin."""
        return (self.high - self.low) / BINS

    def bin(self, margin: float) -> int:
        """The bin of a margin: 0 and above where the claim holds."""
        return ceil(margin / self.size) - 1

    def x(self, margin: float) -> float:
        """The place of a margin."""
        return LEFT + (EDGE - LEFT) * (margin - self.low) / (self.high - self.low)


def margins(claim: Mapping[str, Any]) -> Markup:
    """How far the claim is from turning in each world; right of zero it holds."""
    worlds = [(m, i) for i, m in enumerate(claim["margins"], start=1) if m is not None]
    best = claim["margin"]["best_guess"]
    scale = Scale(*span([m for m, _ in worlds] + [best]))
    bins: dict[int, list[tuple[float, int]]] = {}
    for m, world in sorted(worlds):
        bins.setdefault(scale.bin(m), []).append((m, world))
    most = max(map(len, bins.values()), default=1)
    plane = Plane(1, 0.0, float(most), height=150.0)
    if most <= TALLEST:
        kind, label, draw = "one dot per world", "worlds", _dots
    else:
        kind, label, draw = "bars of worlds", f"worlds (highest bar: {most})", _bar
    about = (
        f"{len(worlds)} worlds ({kind}) by their distance from the point at which the claim "
        "turns. Triangle: best guess."
    )
    parts = [
        *_margin_axis(plane, scale, label),
        *(piece for k, held in bins.items() for piece in draw(plane, scale, k, held)),
        *_best_mark(plane, scale, best),
    ]
    return drawing(f"Margin of {claim['id']} over worlds", about, plane.height, parts)


def _margin_axis(plane: Plane, scale: Scale, label: str) -> Iterator[Markup]:
    yield _path("axis", _across(plane.floor))
    for tick in nice(scale.low, scale.high):
        yield _path("axis", f"M{scale.x(tick):.1f} {plane.floor:.1f}v4")
        yield text(scale.x(tick), plane.floor + 15, minus(f"{tick:,g}"), "middle")
    zero = scale.x(0.0)
    yield _path("zero", f"M{zero:.1f} 2V{plane.floor:.1f}")
    yield text(zero - 5, 10, "fails", "end bad")
    yield text(zero + 5, 10, "holds", "begin good")
    yield _name(plane, f"margin; up: {label}")


def _best_mark(plane: Plane, scale: Scale, best: float | None) -> Iterator[Markup]:
    if best is not None:
        title = tag("title", "", f"best guess: {figure(best, sign=True)}")
        d = f"M{scale.x(best):.1f} {plane.floor:.1f}l5 9h-10Z"
        yield tag("path", "guess", title, d=d)


def _dots(plane: Plane, scale: Scale, k: int, held: list[tuple[float, int]]) -> Iterator[Markup]:
    radius = min((plane.floor - TOP) / (2 * plane.high), (EDGE - LEFT) / (2 * BINS))
    css, x = "hold" if k >= 0 else "fail", scale.x((k + 0.5) * scale.size)
    for i, (m, world) in enumerate(held):
        title = tag("title", "", f"world {world}: margin {figure(m, sign=True)}")
        yield tag("circle", css, title, cx=x, cy=plane.floor - radius * (2 * i + 1) - 1, r=radius)


def _bar(plane: Plane, scale: Scale, k: int, held: list[tuple[float, int]]) -> Iterator[Markup]:
    low, high = figure(held[0][0], sign=True), figure(held[-1][0], sign=True)
    title = tag("title", "", f"{len(held)} worlds: margin {low} to {high}")
    top, left = plane.y(float(len(held))), scale.x(k * scale.size)
    size: dict[str, object] = {
        "width": (EDGE - LEFT) / BINS - 0.8, "height": plane.floor - top
    }  # fmt: skip
    yield tag("rect", "hold" if k >= 0 else "fail", title, x=left, y=top, **size)

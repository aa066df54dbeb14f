"""Charts as inline SVG: a function from figures of a record to one picture.

Planes (`fan`, `stack`, `margins`) have a fixed view box and scale as a whole. Bars of table rows
(`share_bar`, `range_bar`, `carried_bar`, `axis`) place everything in percent of their width, so
that they fill the cell they stand in. Colours come from the classes in `page.css`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from typing import Any

from markupsafe import Markup

Numbers = Sequence[float | None]
Spread = Mapping[str, float | None]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 360.0, 40.0, 12.0, 18.0, 34.0
CERTAIN = 1e-12
"""A share this close to 0 or 1 differs from it by rounding only; the mass error allowed."""
TALLEST = 16
"""More worlds than this in one place are drawn as a bar instead of as dots."""
COLOURS = 8

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# Numbers in words


def share(value: float | None) -> str:
    """A share as a whole percentage; what is neither 0 nor 1 is never shown as such."""
    if value is None:
        return "no value"
    if CERTAIN < value < 0.005:
        return "<1%"
    return ">99%" if 0.995 < value < 1 - CERTAIN else f"{abs(100 * value):.0f}%"


def figure(value: float | None, *, sign: bool = False) -> str:
    """A number to three significant figures."""
    if value is None:
        return "no value"
    if value == 0:
        return "0"
    front = "−" if value < 0 else "+" if sign else ""
    digits, exponent = f"{abs(value):.2e}".split("e")
    power = int(exponent)
    if -4 < power < 6:
        return front + f"{float(f'{digits}e{power}'):,.{max(0, 2 - power)}f}"
    return f"{front}{digits} × 10{str(power).translate(_SUPERSCRIPTS)}"


def signed(value: float | None, scale: float = 1.0) -> str:
    """A difference to three figures; 'about 0' where nothing could be seen of it at the scale."""
    if value is not None and 0 < abs(value) < scale / 1000:
        return "about 0"
    return figure(value, sign=True)


# Pieces


@dataclass(frozen=True)
class Plane:
    """A plane of `count` equal slots from left to right, and of amounts from low to high."""

    count: int
    low: float
    high: float
    height: float = 190.0
    bottom: float = BOTTOM

    @property
    def slot(self) -> float:
        """Width of a slot."""
        return (WIDTH - LEFT - RIGHT) / max(self.count, 1)

    @property
    def floor(self) -> float:
        """Where the plane ends below."""
        return self.height - self.bottom

    def x(self, place: float) -> float:
        """The middle of a slot."""
        return LEFT + self.slot * (place + 0.5)

    def y(self, value: float) -> float:
        """The height of an amount."""
        return self.floor - (self.floor - TOP) * (value - self.low) / (self.high - self.low)


def fill(text: str, *args: object, **named: object) -> Markup:
    """Markup with every value escaped that is not markup itself; numbers to a tenth."""
    tidy = {k: _tenth(v) for k, v in named.items()}
    return Markup(text).format(*map(_tenth, args), **tidy)


def _tenth(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def join(parts: Iterable[Markup]) -> Markup:
    """Markup in a row."""
    return Markup("").join(parts)


def drawing(title: str, about: str, height: float, parts: Iterable[Markup]) -> Markup:
    """A chart of fixed proportions with its title and description."""
    return fill(
        '<svg class="chart" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>',
        WIDTH, height, title, about, join(parts),
    )  # fmt: skip


def strip(title: str, height: int, parts: Iterable[Markup]) -> Markup:
    """A bar of a table row, as wide as its cell."""
    return fill(
        '<svg class="strip" width="100%" height="{}" role="img"><title>{}</title>{}</svg>',
        height, title, join(parts),
    )  # fmt: skip


def text(x: object, y: float, words: str, css: str) -> Markup:
    """Words at a place; the class anchors them."""
    return fill('<text x="{}" y="{}" class="{}">{}</text>', x, y, css, words)


def nice(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers in a range, at most so many."""
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def date_ticks(dates: Sequence[str], most: int = 6) -> list[tuple[int, str]]:
    """Some dates and their short names: years where there are several, else the dates."""
    years = [(i, d[:4]) for i, d in enumerate(dates) if re.fullmatch(r"\d{4}-(Q1|01)", d)]
    found = years if len(years) > 2 else [(i, d.removeprefix("turn ")) for i, d in enumerate(dates)]
    return found[:: max(1, ceil(len(found) / most))]


def _date_axis(plane: Plane, dates: Sequence[str], every: str) -> Iterator[Markup]:
    yield fill('<path class="axis" d="M{} {}H{}"/>', LEFT, plane.floor, WIDTH - RIGHT)
    for place, name in date_ticks(dates):
        x = plane.x(place)
        yield fill('<path class="axis" d="M{} {}v4"/>', x, plane.floor)
        yield text(x, plane.floor + 15, name, "end" if x > WIDTH - 26 else "middle")
    yield text((LEFT + WIDTH - RIGHT) / 2, plane.height - 3, every, "middle name")


def _grid(plane: Plane, ticks: Iterable[tuple[float, str]], label: str) -> Iterator[Markup]:
    for value, name in ticks:
        y = plane.y(value)
        yield fill('<path class="grid" d="M{} {}H{}"/>', LEFT, y, WIDTH - RIGHT)
        yield text(LEFT - 5, y + 4, name, "end")
    yield text(2, 10, label, "start name")


def _columns(plane: Plane, notes: Iterable[str]) -> Markup:
    cells = (
        fill(
            '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
            plane.x(i) - plane.slot / 2, TOP, plane.slot, plane.floor - TOP, note,
        ) for i, note in enumerate(notes)
    )  # fmt: skip
    return fill('<g class="hover">{}</g>', join(cells))


def _runs(*series: Numbers) -> Iterator[list[tuple[int, tuple[float, ...]]]]:
    """Stretches of dates at which all series have a value."""
    rows = enumerate(zip(*series, strict=False))
    for whole, run in groupby(rows, key=lambda row: None not in row[1]):
        if whole:
            yield [(i, tuple(v for v in values if v is not None)) for i, values in run]


def _band(plane: Plane, lower: Numbers, upper: Numbers) -> str:
    """The outline between two series; one date alone is widened to half a slot."""
    path = ""
    for run in _runs(lower, upper):
        wide = [(run[0][0] - 0.25, run[0][1]), (run[0][0] + 0.25, run[0][1])]
        points = run if len(run) > 1 else wide
        there = [f"{plane.x(i):.1f} {plane.y(v[1]):.1f}" for i, v in points]
        back = [f"{plane.x(i):.1f} {plane.y(v[0]):.1f}" for i, v in reversed(points)]
        path += "M" + "L".join(there + back) + "Z"
    return path


# Charts over the calendar


def fan(
    series: Mapping[str, Numbers], dates: Sequence[str], *,
    title: str, label: str, bounds: tuple[float, float] | None, every: str,
) -> Markup:  # fmt: skip
    """The best guess and the bands over worlds, date by date; `bounds` None is for shares."""
    low, high = bounds or (0.0, 1.0)
    plane = Plane(len(dates), low, high if high > low else low + 1)
    name = figure if bounds else share
    ticks = [(v, f"{v:,g}" if bounds else share(v)) for v in nice(plane.low, plane.high)]
    about = (
        f"Line: best guess. Dark band: the middle half of worlds. Light band: 90% of worlds. "
        f"Across: {every}. Up: {label}."
    )
    notes = (
        f"{date}: best guess {name(best)}" + _range_note(series, i, name)
        for i, (date, best) in enumerate(zip(dates, series["best_guess"], strict=False))
    )
    best = series["best_guess"]
    return drawing(title, about, plane.height, [
        *_grid(plane, ticks, label), *_date_axis(plane, dates, every),
        fill('<path class="band wide" d="{}"/>', _band(plane, series["q05"], series["q95"])),
        fill('<path class="band" d="{}"/>', _band(plane, series["q25"], series["q75"])),
        fill('<path class="best" d="{}"/>', _band(plane, best, best)),
        _columns(plane, notes),
    ])  # fmt: skip


def _range_note(series: Mapping[str, Numbers], i: int, name: Any) -> str:
    if i >= len(series["q05"]):
        return ""
    return (
        f"; half of worlds {name(series['q25'][i])} to {name(series['q75'][i])}"
        f"; 90% {name(series['q05'][i])} to {name(series['q95'][i])}"
    )


def stack(decision: Mapping[str, Any], every: str, title: str) -> Markup:
    """Which option is chosen, turn by turn; below, how often the decision arises at all."""
    dates, options = decision["dates"], decision["options"]
    plane = Plane(len(dates), 0.0, 1.0, height=222.0, bottom=74.0)
    below = Plane(len(dates), -(plane.floor + 14 - TOP) / 24, 1.0, height=222.0, bottom=36.0)
    ticks = [(v, share(v)) for v in (0.0, 0.25, 0.5, 0.75, 1.0)]
    reached = decision["reached"]["best_guess"]
    base = below.floor
    asked = [
        fill('<rect class="asked" x="{}" y="{}" width="{}" height="{}"/>', plane.x(i) - plane.slot / 2,
             base - 22 * min(r, 1.0), plane.slot, 22 * min(r, 1.0))
        for i, r in enumerate(reached) if r
    ]  # fmt: skip
    about = (
        f"Bars: share of each option under the best guess, where the decision arises: "
        f"{', '.join(options)}. Thin lines: mean over worlds. Lower strip: chance that the "
        f"decision arises. Across: {every}."
    )
    return drawing(title, about, plane.height, [
        *_grid(plane, ticks, "share of choices"), *_date_axis(below, dates, every),
        *_stacked(plane, options), fill('<path class="mean" d="{}"/>', _means(plane, options)),
        *asked, text(LEFT - 5, base - 12, "arises", "end name"), text(LEFT - 5, base - 1, "0–100%", "end small"),
        _columns(below, _stack_notes(decision)),
    ])  # fmt: skip


def _stacked(plane: Plane, options: Mapping[str, Any]) -> Iterator[Markup]:
    """One path per option: its bars over all dates, each on top of the options before it."""
    tops = [0.0] * plane.count
    for k, option in enumerate(options.values()):
        path = ""
        for i, value in enumerate(option["best_guess"]):
            if value:
                left, step = plane.x(i) - 0.46 * plane.slot, 0.92 * plane.slot
                lower, upper = plane.y(tops[i]), plane.y(min(1.0, tops[i] + value))
                path += f"M{left:.1f} {lower:.1f}h{step:.1f}V{upper:.1f}h{-step:.1f}Z"
                tops[i] += value
        yield fill('<path class="o{}" d="{}"/>', k % COLOURS, path)


def _means(plane: Plane, options: Mapping[str, Any]) -> str:
    """Short lines where the options would end by their mean over worlds."""
    tops, path = [0.0] * plane.count, ""
    for option in list(options.values())[:-1]:
        for i, value in enumerate(option["mean"]):
            if value is not None:
                tops[i] += value
                path += f"M{plane.x(i) - plane.slot / 2:.1f} {plane.y(tops[i]):.1f}h{plane.slot:.1f}"
    return path


def _stack_notes(decision: Mapping[str, Any]) -> Iterator[str]:
    for i, date in enumerate(decision["dates"]):
        parts = [
            f"{name} {share(o['best_guess'][i])} (mean over worlds {share(o['mean'][i])})"
            for name, o in decision["options"].items()
        ]
        yield f"{date}: {'; '.join(parts)}; arises {share(decision['reached']['best_guess'][i])}"


# A claim over worlds


def margins(claim: Mapping[str, Any]) -> Markup:
    """How far the claim is from turning in each world; right of zero it holds."""
    worlds = [(i, m) for i, m in enumerate(claim["margins"], start=1) if m is not None]
    best = claim["margin"]["best_guess"]
    low, high = span([m for _, m in worlds] + [best])
    size = (high - low) / 36
    bins: dict[int, list[tuple[int, float]]] = {}
    for world, m in sorted(worlds, key=lambda pair: pair[1]):
        bins.setdefault(ceil(m / size) - 1, []).append((world, m))
    most = max(map(len, bins.values()), default=1)
    plane = Plane(1, 0.0, float(most), height=150.0)

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    parts: list[Markup] = [fill('<path class="axis" d="M{} {}H{}"/>', LEFT, plane.floor, WIDTH - RIGHT)]
    for tick in nice(low, high):
        parts += [fill('<path class="axis" d="M{} {}v4"/>', across(tick), plane.floor),
                  text(across(tick), plane.floor + 15, f"{tick:,g}".replace("-", "−"), "middle")]  # fmt: skip
    for k, held in bins.items():
        parts += _dots(plane, k, held, across, size) if most <= TALLEST else [_bar(plane, k, held, across, size)]
    zero = across(0.0)
    parts.append(fill('<path class="zero" d="M{} {}V{}"/>', zero, TOP - 4, plane.floor))
    parts += [text(zero - 5, 11, "fails", "end bad"), text(zero + 5, 11, "holds", "start good")]
    if best is not None:
        parts.append(fill(
            '<path class="guess" d="M{} {}l5 9h-10Z"><title>best guess: {}</title></path>',
            across(best), plane.floor - 1, figure(best, sign=True)))  # fmt: skip
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, plane.height - 3, "margin", "middle name"))
    kind = "one dot per world" if most <= TALLEST else f"bars: worlds, at most {most}"
    about = f"Distribution over {len(worlds)} worlds ({kind}) of the distance from turning; triangle: best guess."  # fmt: skip
    return drawing(f"Margin of the claim {claim['id']} over worlds", about, plane.height, parts)


def _dots(plane: Plane, k: int, held: list[tuple[int, float]], across: Any, size: float) -> list[Markup]:  # fmt: skip
    radius = min(4.0, (plane.floor - TOP) / (2 * TALLEST))
    return [
        fill('<circle class="{}" cx="{}" cy="{}" r="{}"><title>world {}: margin {}</title></circle>',
             "hold" if k >= 0 else "fail", across((k + 0.5) * size), plane.floor - radius * (2 * i + 1) - 1,
             radius, world, figure(m, sign=True))
        for i, (world, m) in enumerate(held)
    ]  # fmt: skip


def _bar(plane: Plane, k: int, held: list[tuple[int, float]], across: Any, size: float) -> Markup:
    left, right, top = across(k * size), across((k + 1) * size), plane.y(float(len(held)))
    return fill(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{} worlds: margin {} to {}</title></rect>',
        "hold" if k >= 0 else "fail", left, top, max(right - left - 0.8, 0.5), plane.floor - top,
        len(held), figure(k * size, sign=True), figure((k + 1) * size, sign=True),
    )  # fmt: skip


# Bars in table rows


def span(values: Iterable[float | None]) -> tuple[float, float]:
    """A range that holds zero and all the values, a little wider than they are."""
    found = [0.0, *(v for v in values if v is not None)]
    low, high = min(found), max(found)
    pad = 0.03 * (high - low) or 1.0
    return low - pad, high + pad


def _percent(value: float, bounds: tuple[float, float]) -> float:
    return 100 * (value - bounds[0]) / (bounds[1] - bounds[0])


def _from_to(a: float, b: float, bounds: tuple[float, float], css: str, y: int, height: int) -> Markup:  # fmt: skip
    left, right = sorted((_percent(a, bounds), _percent(b, bounds)))
    return fill('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"/>', css, left, y, right - left, height)  # fmt: skip


def _line_at(value: float, bounds: tuple[float, float], css: str, height: int) -> Markup:
    at = _percent(value, bounds)
    return fill('<line class="{}" x1="{}%" x2="{}%" y1="0" y2="{}"/>', css, at, at, height)


def share_bar(value: float | None, low: float | None, high: float | None) -> Markup:
    """A share from 0 to 1 with its interval, and a line at one half."""
    bounds = (-0.02, 1.02)
    parts = [_from_to(0, 1, bounds, "track", 6, 8), _line_at(0.5, bounds, "half", 20)]
    if low is not None and high is not None:
        parts.append(_from_to(low, high, bounds, "interval", 6, 8))
    if value is not None:
        css = "hold" if value > 0.5 else "fail" if value < 0.5 else "even"
        parts.append(fill('<circle class="{}" cx="{}%" cy="10" r="5"/>', css, _percent(value, bounds)))
    title = f"{share(value)}; 90% interval {share(low)} to {share(high)}"
    return strip(title, 20, parts)


def range_bar(spread: Spread, bounds: tuple[float, float], css: str = "") -> Markup:
    """A bar from zero to the best guess, and the range of 90% of worlds as a thin line."""
    best, low, high = spread["best_guess"], spread["q05"], spread["q95"]
    parts = [_line_at(0.0, bounds, "zero", 20)]
    if best is not None:
        css = css or ("plus" if best > 0 else "minus")
        parts.append(_from_to(0.0, best, bounds, f"bar {css}", 4, 12))
    if low is not None and high is not None:
        parts.append(_from_to(low, high, bounds, "whisker", 9, 2))
        parts += [_line_end(end, bounds) for end in (low, high)]
    title = f"best guess {figure(best, sign=True)}; 90% of worlds {figure(low, sign=True)} to {figure(high, sign=True)}"  # fmt: skip
    return strip(title, 20, parts)


def _line_end(value: float, bounds: tuple[float, float]) -> Markup:
    at = _percent(value, bounds)
    return fill('<line class="cap" x1="{}%" x2="{}%" y1="6" y2="14"/>', at, at)


def carried_bar(with_it: float | None, without: float | None, bounds: tuple[float, float]) -> Markup:  # fmt: skip
    """From a claim's margin to its margin without a mechanism, with lines at both and zero."""
    parts = [_line_at(0.0, bounds, "zero", 20)]
    if with_it is not None:
        parts.append(_line_at(with_it, bounds, "start", 20))
        if without is not None:
            css = "minus" if without < with_it else "plus"
            parts.append(_from_to(with_it, without, bounds, f"bar {css}", 4, 12))
    return strip(f"margin {figure(with_it, sign=True)}; without it {figure(without, sign=True)}", 20, parts)  # fmt: skip


def axis(bounds: tuple[float, float], *, points: bool = False) -> Markup:
    """The scale over a column of bars, in amounts or percentage points."""
    factor = 100 if points else 1
    ticks = nice(bounds[0] * factor, bounds[1] * factor, 4)
    parts = [
        text(f"{_percent(t / factor, bounds):.1f}%", 12, f"{t:+,g}".replace("-", "−").replace("+0", "0"), "middle")
        for t in ticks
    ]  # fmt: skip
    return strip("scale" + (" in percentage points" if points else ""), 16, parts)

"""Pieces of SVG, and bars that stand in table rows.

A bar places everything in percent of its width, so that it fills the cell that it stands in.
Colours come from the classes in `page.css`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor, log10

from markupsafe import Markup, escape

from mistrust.report.words import figure, interval, minus, share

Bounds = tuple[float, float]
Spread = Mapping[str, float | None]

HEIGHT, MIDDLE = 20, 10


def tag(name: str, css: str = "", /, *inside: object, **attributes: object) -> Markup:
    """An element; numbers to a tenth, all that is not markup escaped."""
    named = {"class": css, **attributes} if css else attributes
    written = Markup("").join(
        Markup(' {}="{}"').format(key, _tenth(value)) for key, value in named.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, join(inside))


def _tenth(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def join(parts: Iterable[object]) -> Markup:
    """Pieces in a row, escaped where they are not markup."""
    return Markup("").join(escape(part) for part in parts)


def text(x: object, y: float, words: str, css: str) -> Markup:
    """Words at a place; the class anchors them."""
    return tag("text", css, words, x=x, y=y)


def nice(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers in a range, about so many."""
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def span(values: Iterable[float | None]) -> Bounds:
    """A range that holds zero and all the values, a little wider than they are."""
    found = [0.0, *(v for v in values if v is not None)]
    low, high = min(found), max(found)
    pad = 0.04 * (high - low) or 1.0
    return low - pad, high + pad


def share_bar(value: float | None, low: float | None, high: float | None) -> Markup:
    """A share from 0 to 1 with its 90% interval, and a line at one half."""
    bounds = (-0.03, 1.03)
    parts = [_block(0, 1, bounds, "track", 8), _line(0.5, bounds, "half")]
    if low is not None and high is not None:
        parts.append(_block(low, high, bounds, "interval", 8))
    if value is not None:
        css = "hold" if value > 0.5 else "fail" if value < 0.5 else "even"
        parts.append(tag("circle", css, cx=_percent(value, bounds), cy=MIDDLE, r=5))
    return _strip(f"{share(value)}; 90% interval {interval(low, high)}", HEIGHT, parts)


def range_bar(spread: Spread, bounds: Bounds, css: str = "") -> Markup:
    """A bar from zero to the best guess, and the range of 90% of worlds as a thin line."""
    best, low, high = spread["best_guess"], spread["q05"], spread["q95"]
    parts = [_line(0.0, bounds, "zero")]
    if best is not None:
        css = css or ("plus" if best > 0 else "minus")
        parts.append(_block(0.0, best, bounds, f"bar {css}", 12))
    if low is not None and high is not None:
        parts.append(_block(low, high, bounds, "whisker", 2))
        parts += [_line(end, bounds, "cap", 6) for end in (low, high)]
    found = [figure(value, sign=True) for value in (best, low, high)]
    return _strip(f"best guess {found[0]}; 90% of worlds {found[1]} to {found[2]}", HEIGHT, parts)


def carried_bar(with_it: float | None, without: float | None, bounds: Bounds) -> Markup:
    """From a claim's margin to its margin without a mechanism, with lines at it and at zero."""
    parts = [_line(0.0, bounds, "zero")]
    if with_it is not None:
        parts.append(_line(with_it, bounds, "from"))
        if without is not None:
            css = "minus" if without < with_it else "plus"
            parts.append(_block(with_it, without, bounds, f"bar {css}", 12))
    title = f"margin {figure(with_it, sign=True)}; without it {figure(without, sign=True)}"
    return _strip(title, HEIGHT, parts)


def axis(bounds: Bounds, *, points: bool = False) -> Markup:
    """The scale over a column of bars, in amounts or in percentage points."""
    factor = 100 if points else 1
    ticks = nice(bounds[0] * factor, bounds[1] * factor, 4)
    names = [minus(f"{tick:+,g}" if tick else "0") for tick in ticks]
    unit = "percentage points" if points else "amounts"
    marks = (_tick(tick / factor, bounds, name) for tick, name in zip(ticks, names, strict=True))
    return _strip(f"scale, in {unit}", 16, marks)


def _tick(value: float, bounds: Bounds, name: str) -> Markup:
    """The name of an amount, kept within the ends of the scale."""
    part = (value - bounds[0]) / (bounds[1] - bounds[0])
    css = "begin" if part < 0.06 else "end" if part > 0.94 else "middle"
    return text(_percent(value, bounds), 12, name, css)


def _strip(title: str, height: int, parts: Iterable[Markup]) -> Markup:
    inside = [tag("title", "", title), *parts]
    return tag("svg", "strip", *inside, role="img", width="100%", height=height)


def _percent(value: float, bounds: Bounds) -> str:
    return f"{100 * (value - bounds[0]) / (bounds[1] - bounds[0]):.2f}%"


def _block(a: float, b: float, bounds: Bounds, css: str, height: int) -> Markup:
    low, high = sorted((a, b))
    width = _percent(high - low + bounds[0], bounds)
    y = MIDDLE - height // 2
    return tag("rect", css, x=_percent(low, bounds), y=y, width=width, height=height)


def _line(value: float, bounds: Bounds, css: str, height: int = HEIGHT) -> Markup:
    at, top = _percent(value, bounds), MIDDLE - height // 2
    return tag("line", css, x1=at, x2=at, y1=top, y2=top + height)

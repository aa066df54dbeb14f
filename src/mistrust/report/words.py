"""Numbers as the reader sees them: shares in whole percentages, the rest to three figures."""

from __future__ import annotations

import shlex

CERTAIN = 1e-12
"""A share this close to 0 or 1 differs from it by rounding only; the mass error allowed."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def share(value: float | None) -> str:
    """A share as a whole percentage; what is neither 0 nor 1 is never shown as such."""
    if value is None:
        return "no value"
    if CERTAIN < value < 0.005:
        return "<1%"
    return ">99%" if 0.995 < value < 1 - CERTAIN else f"{abs(100 * value):.0f}%"


def interval(low: float | None, high: float | None) -> str:
    """A range of shares."""
    return "no value" if low is None or high is None else f"{share(low)} to {share(high)}"


def figure(value: float | None, *, sign: bool = False) -> str:
    """A number to three significant figures."""
    if value is None:
        return "no value"
    if value == 0:
        return "0"
    front = "−" if value < 0 else "+" if sign else ""
    digits, exponent = f"{abs(value):.2e}".split("e")
    power = int(exponent)
    if -5 < power < 6:
        return front + f"{float(f'{digits}e{power}'):,.{max(0, 2 - power)}f}"
    times = "" if float(digits) == 1 else f"{digits} × "
    return f"{front}{times}10{str(power).translate(_SUPERSCRIPTS)}"


def signed(value: float | None, scale: float = 1.0) -> str:
    """A difference to three figures; 'about 0' where nothing of it can be seen at the scale."""
    if value is not None and 0 < abs(value) < scale / 1000:
        return "about 0"
    return figure(value, sign=True)


def stationary(residual: float | None) -> str:
    """What a reader must know where play has no end."""
    return (
        "Play goes on for ever: shown is one stationary equilibrium of possibly several, the one "
        f"that is reached from precision zero (residual {figure(residual)})."
    )


def on_a_grid(file: str) -> str:
    """Where a reader learns what the grid of the beliefs does to claims."""
    return (
        "Beliefs about hidden types are kept on a grid of points; how far that moves values and "
        f"claims, and which a finer grid would turn: mistrust check {shlex.quote(file)}"
    )


def written(value: float | None) -> str:
    """A number as the scenario has it, unrounded."""
    return "no value" if value is None else minus(f"{value:,.10g}")


def counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def minus(number: str) -> str:
    """A number with a proper minus sign."""
    return number.replace("-", "−")

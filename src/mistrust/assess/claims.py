"""Claims to numbers: the truth of a proposition in every world, and how far it is from turning.

The *margin* of a comparison is the distance between its sides, positive where it holds; of `and`
the least margin of its parts, of `or` the largest. Sides that differ by less than what a solution
resolves are equal. Where a reading has no value (its condition never occurs) neither truth nor
margin has one: NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mistrust.compile.evaluate import Floats, call, compare, operate
from mistrust.scenario.readings import Reading
from mistrust.scenario.resolve import Constant, Parameter
from mistrust.scenario.tree import Call, Compare, Node, Operation

Lookup = Callable[[Reading], Floats]
TIE = 1e-10
"""Sides of a comparison that differ by less than this (relative above 1) are equal: the certificate
allows errors of that size, and readings that are 0 or equal by the argument differ by rounding."""


@dataclass(frozen=True)
class Worlds:
    """What a claim is evaluated on: readings by variant, and premises, over the same worlds."""

    reading: Lookup
    premises: Mapping[str, Floats]


def amount(node: Node, worlds: Worlds) -> Floats:
    """The value of a claim's expression in each world: (worlds,); truths are 1, 0 or NaN."""
    if isinstance(node, Reading):
        return worlds.reading(node)
    if isinstance(node, Constant):
        return np.array(node.value)
    if isinstance(node, Parameter):
        return worlds.premises[node.name]
    with np.errstate(all="ignore"):
        if isinstance(node, Compare):
            gap = _gap(node, worlds)
            return np.where(np.isnan(gap), np.nan, compare(node.op, gap, np.array(0.0)))
        parts = node.parts if isinstance(node, Operation) else node.arguments  # type: ignore[attr-defined]
        values = [amount(part, worlds) for part in parts]
        missing = np.logical_or.reduce(np.broadcast_arrays(*(np.isnan(v) for v in values)))
        if isinstance(node, Operation):
            return np.where(missing, np.nan, operate(node.op, values))
        assert isinstance(node, Call)
        return np.where(missing, np.nan, call(node.function, values))


def margin(node: Node, worlds: Worlds) -> Floats:
    """How far a proposition is from turning, in each world: above 0 where it holds."""
    if isinstance(node, Compare):
        gap = _gap(node, worlds)
        if node.op in (">", ">="):
            return gap
        return -gap if node.op in ("<", "<=") else -abs(gap) if node.op == "==" else abs(gap)
    if isinstance(node, Operation) and node.op in ("and", "or", "not"):
        parts = [margin(part, worlds) for part in node.parts]
        if node.op == "not":
            return -parts[0]
        choose = np.minimum if node.op == "and" else np.maximum
        result = parts[0]
        for part in parts[1:]:
            result = choose(result, part)
        return result
    return amount(node, worlds) - 0.5


def _gap(node: Compare, worlds: Worlds) -> Floats:
    """The left side less the right one, in each world; 0 where they are equal."""
    left, right = amount(node.left, worlds), amount(node.right, worlds)
    size = np.maximum(1.0, np.maximum(abs(left), abs(right)))
    return np.where(abs(left - right) <= TIE * size, 0.0, left - right)


def comparisons(node: Node) -> list[Compare]:
    """The comparisons that a proposition is made of."""
    if isinstance(node, Compare):
        return [node]
    if isinstance(node, Operation):
        return [found for part in node.parts for found in comparisons(part)]
    return []

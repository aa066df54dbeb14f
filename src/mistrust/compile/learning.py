"""What is learned of hidden types in a phase, as the kernels want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Bools, Integers, Lookup
from mistrust.compile.lower import Coefficients, at_turn
from mistrust.compile.nodes import Nodes
from mistrust.scenario.beliefs import Grid


@dataclass(frozen=True)
class Lesson:
    """What a phase teaches of one actor.

    Attributes
    ----------
    actor
        Its index.
    grid, nodes
        The grid of the belief about it, and where its nodes lie.
    kind : (profiles,)
        Its type in every profile.
    first : (types,)
        A profile with each type.
    at, stride
        The node at every cell, and the distance in cells between nodes.
    """

    actor: int
    grid: Grid
    nodes: Nodes
    kind: Integers
    first: Integers
    at: Lookup
    stride: int


def lessons_of(coefficients: Coefficients, index: int) -> list[Lesson]:
    """What a phase teaches, of one actor after the other."""
    noted = coefficients.noted
    if index not in noted:
        noted[index] = _lessons(coefficients, index)
    return noted[index]


def _lessons(coefficients: Coefficients, index: int) -> list[Lesson]:
    privacy, layout = coefficients.program.privacy, coefficients.layout.stages[index]
    found = []
    for axis, at, stride in zip(layout.stage.learns, layout.nodes, layout.strides, strict=True):
        place = privacy.axes.index(axis)
        grid, kind = privacy.grids[place], np.ascontiguousarray(privacy.profiles[:, place])
        first = np.array([int(np.argmax(kind == k)) for k in range(len(grid.types))])
        nodes, actor = coefficients.beliefs[place], privacy.owners[place]
        found.append(Lesson(actor, grid, nodes, kind, first, at, stride))
    return found


def hidden_of(coefficients: Coefficients, index: int) -> tuple[Any, ...]:
    """What `kernels.private` calls `hidden`, for a chance phase that moves a belief."""
    (one,) = lessons_of(coefficients, index)
    spread = (one.nodes.beliefs, one.kind, one.first, one.grid.points - 1, one.nodes.bend)
    return (*spread, one.stride, one.at.high, one.at.low)


def party_of(coefficients: Coefficients, turn: int, index: int) -> tuple[Any, ...]:
    """What `kernels.shown` calls `party`: the movers of a phase, some of whom have types."""
    stage, lessons = coefficients.program.stages[index], lessons_of(coefficients, index)
    known = {one.actor: (one, _sure(coefficients, turn, index, one)) for one in lessons}
    most = max(len(one.grid.types) for one in lessons)
    size = max(one.grid.size for one in lessons)
    movers, profiles = len(stage.movers), coefficients.program.privacy.count
    kinds, steps, strides = (np.zeros(movers, dtype=np.int64) for _ in range(3))
    kind, first = np.zeros((movers, profiles), np.int64), np.zeros((movers, most), np.int64)
    beliefs = np.zeros((movers, size, most, len(coefficients.cases)))
    bend = np.zeros((movers, 4, beliefs.shape[-1]))
    high, low = (np.zeros((movers, half), np.int64) for half in stage.source.halves)
    sure = np.ones((movers, size), dtype=bool)
    for i, mover in enumerate(stage.movers):
        kinds[i] = 1
        if mover in known:
            one, sure[i, : known[mover][0].grid.size] = known[mover]
            kinds[i], steps[i], strides[i] = len(one.grid.types), one.grid.points - 1, one.stride
            kind[i], first[i, : kinds[i]] = one.kind, one.first
            beliefs[i, : one.grid.size, : kinds[i]], bend[i] = one.nodes.beliefs, one.nodes.bend
            high[i], low[i] = one.at.high, one.at.low
    return (stage.counts, kinds, kind, first, beliefs, steps, bend, strides, high, low, sure)


def _sure(coefficients: Coefficients, turn: int, index: int, lesson: Lesson) -> Bools:
    """At which nodes an actor's type is known, so that its choice shows nothing of it: (nodes,).

    An option that only the other types have would, so these must have the same options.
    """
    noted, available = coefficients.noted, coefficients.stages[index].available
    key = (index, lesson.actor, turn if len(available) > 1 else 0)
    if key not in noted:
        noted[key] = _same(coefficients, at_turn(available, turn), lesson)
    return noted[key]


def _same(coefficients: Coefficients, available: Floats, lesson: Lesson) -> Bools:
    privacy = coefficients.program.privacy
    kinds = [len(grid.types) for grid in privacy.grids]
    place = 1 + privacy.place(lesson.actor)
    by_kind = available.reshape(len(available), *kinds, -1).swapaxes(1, place)
    known = np.array([1.0 in node for node in lesson.grid.nodes()])
    return np.asarray(known & (by_kind == by_kind[:, :1]).all())


def known_at(
    coefficients: Coefficients, turn: int, index: int, lesson: Lesson, cells: Integers
) -> Bools:
    """At which cells a mover's type is known, so that nothing is learned of it."""
    return np.asarray(_sure(coefficients, turn, index, lesson)[lesson.at.at(cells)])

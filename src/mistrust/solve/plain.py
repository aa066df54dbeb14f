"""What a decision rests on, worked out again plainly, without the kernels.

Used to check decisions (the certificate), to explain them, and by the tests as the kernels' twin.
"""

from __future__ import annotations

import numpy as np

from mistrust import kernels
from mistrust.compile.evaluate import Floats
from mistrust.compile.frames import Integers, Lookup
from mistrust.compile.layout import Tables
from mistrust.compile.learning import Lesson, known_at, lessons_of
from mistrust.compile.lower import at_turn
from mistrust.solve.backward import Taken
from mistrust.solve.step import strategies


def entry(table: Floats, tables: Tables, number: int, turn: int, cells: Integers) -> Floats:
    """One expression's numbers at some cells: (cells, lanes)."""
    lookup = Lookup(tables.high[number], tables.low[number])
    return at_turn(table, turn)[lookup.at(cells)]


def stored(taken: Taken, cells: Integers) -> Floats:
    """The policy at some cells: (choices, cells, lanes)."""
    c, layout = taken.coefficients, taken.coefficients.layout.stages[taken.index]
    policy = strategies(c, taken.policies, taken.turn, taken.index)
    found = policy[layout.policy.at(cells)]
    return np.tile(found, c.lanes // policy.shape[2]).transpose(1, 0, 2)


def available(taken: Taken, cells: Integers) -> np.ndarray:
    """Whether each choice is open: (choices, cells, lanes)."""
    c = taken.coefficients
    layout, table = c.layout.stages[taken.index], c.stages[taken.index].available
    choices = range(len(layout.stage.choices))
    found = [entry(table, layout.available, o, taken.turn, cells) != 0 for o in choices]
    return np.array(found)


def expected(
    taken: Taken, choice: int, group: int, cells: Integers, *, by_term: bool = False
) -> Floats:
    """What a group (actor, or term) expects from a choice: (cells, lanes)."""
    c = taken.coefficients
    layout, tables = c.layout.stages[taken.index], c.stages[taken.index]
    values = taken.values[:, group]
    receivers = layout.pay_term if by_term else layout.pay_actor
    total = np.zeros((len(cells), c.lanes))
    after = _after(taken, choice, cells)
    first, last = layout.first_branch[choice], layout.first_branch[choice + 1]
    for b, branch in zip(range(first, last), layout.stage.choices[choice].branches, strict=True):
        goal = layout.stage.goal(branch, c.program.starts).at(cells)
        weight = entry(tables.weights, layout.weights, b, taken.turn, cells)
        for part, shift in after:
            there = np.broadcast_to(goal[:, None] + shift, total.shape)
            ahead = np.take_along_axis(values, there, axis=0)
            total += np.where(weight != 0, part * weight * ahead, 0.0)
    for k in range(layout.first_pay[choice], layout.first_pay[choice + 1]):
        if receivers[k] == group:
            total += entry(tables.pays, layout.pays, k, taken.turn, cells)
    return total


def _after(taken: Taken, choice: int, cells: Integers) -> list[tuple[Floats, Integers]]:
    """Where beliefs go after a choice: weights and shifts of cells, both (cells, lanes)."""
    c = taken.coefficients
    stage, wide = c.program.stages[taken.index], (len(cells), c.lanes)
    options = np.unravel_index(choice, stage.counts)
    shares, found = stored(taken, cells), [(np.ones(wide), np.zeros(wide, dtype=np.int64))]
    for lesson in lessons_of(c, taken.index):
        place = stage.movers.index(lesson.actor)
        own = stage.marginal(shares, place)[options[place]]
        corners = _corners(taken, lesson, own, cells)
        found = [(p * q, s + t) for p, s in found for q, t in corners]
    return found


def _corners(
    taken: Taken, lesson: Lesson, chosen: Floats, cells: Integers
) -> list[tuple[Floats, Integers]]:
    """Where the belief about one actor goes after what each type chooses with some chance."""
    c, kinds = taken.coefficients, len(lesson.first)
    shares = chosen.reshape(len(cells), len(lesson.kind), len(c.cases))
    known, nodes = known_at(c, taken.turn, taken.index, lesson, cells), lesson.at.at(cells)
    wide = (kinds, len(cells), len(c.cases))
    parts, after = np.zeros(wide), np.tile(nodes[:, None], (kinds, 1, len(c.cases)))
    kernels.update(
        np.where(known, -1, nodes),
        np.ascontiguousarray(shares[:, lesson.first]),
        lesson.nodes.beliefs,
        lesson.grid.points - 1,
        lesson.nodes.bend,
        parts,
        after,
    )
    parts[0, known] = 1.0
    shifts = (after - nodes[:, None]) * lesson.stride
    profiles = len(lesson.kind)
    return [
        (np.tile(p, profiles), np.tile(s, profiles)) for p, s in zip(parts, shifts, strict=True)
    ]


def shows(taken: Taken, mover: int, chosen: Floats) -> np.ndarray:
    """Which options of a mover teach something that can be worked out again, (options, ...).

    Not one that no type takes but with a probability too small for a number; that of all types then
    rests on the logarithms that the solver has.
    """
    c = taken.coefficients
    if mover not in [lesson.actor for lesson in lessons_of(c, taken.index)]:
        return np.ones(chosen.shape, dtype=bool)
    apart = chosen.reshape(*chosen.shape[:-1], c.program.privacy.count, len(c.cases)) > 0
    return np.broadcast_to(apart.any(axis=-2, keepdims=True), apart.shape).reshape(chosen.shape)


def judged(taken: Taken, mover: int, values: Floats, cells: Integers) -> Floats:
    """What a mover makes of values (..., cells, lanes) that depend on hidden types."""
    c = taken.coefficients
    privacy, layout = c.program.privacy, c.layout.stages[taken.index]
    if privacy.count == 1:
        return values
    weights = privacy.judgements(mover, c.beliefs)[layout.judgement.at(cells)]
    apart = values.reshape(*values.shape[:-1], privacy.count, len(c.cases))
    return np.asarray(np.einsum("xpqw,...xqw->...xpw", weights, apart).reshape(values.shape))


def judged_weights(taken: Taken, cells: Integers) -> Floats:
    """The beliefs of the board about every profile, for one case: (cells, profiles)."""
    c = taken.coefficients
    layout, total = c.layout.stages[taken.index], np.ones((len(cells), 1))
    source, privacy = layout.stage.source, c.program.privacy
    for place, axis in enumerate(privacy.axes):
        nodes = source.rows((axis,), c.program.sizes).at(cells)
        believed = c.beliefs[place].beliefs[nodes, :, 0]
        total = total * believed[:, privacy.profiles[:, place]]
    return total


def own_values(taken: Taken, values: Floats, shares: Floats, place: int) -> Floats:
    """One mover's values of its own options, given what the others choose with it.

    From values and probabilities of choices, (choices, ...), to (options, ...). Both may depend on
    hidden types: what a mover makes of these comes after (`judged`).
    """
    stage = taken.coefficients.layout.stages[taken.index].stage
    if not stage.sealed:
        return values
    counts = stage.counts
    apart = shares.reshape(*counts, *shares.shape[1:])
    others = apart.sum(axis=place, keepdims=True)
    weighed = others * values.reshape(apart.shape)
    axes = tuple(i for i in range(len(counts)) if i != place)
    return np.asarray(weighed.sum(axis=axes))


def plain_logit(choice_value: Floats, open_: np.ndarray, precision: Floats) -> Floats:
    """The twin of `kernels.logit` in NumPy: (options, ..., lanes)."""
    masked = np.where(open_, choice_value, -np.inf)
    best = masked.max(axis=0)
    some = open_.any(axis=0)
    gap = np.where(open_, choice_value - np.where(some, best, 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        weight = np.exp(np.where(np.isinf(precision), 0.0, precision) * gap)
    tied = gap >= -1e-12 * np.maximum(1.0, abs(np.where(some, best, 0.0)))
    weight = np.where(open_, np.where(np.isinf(precision), tied, weight), 0.0)
    return weight / np.where(some, weight.sum(axis=0), 1.0)

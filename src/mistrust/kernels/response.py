"""Small changes of values, of strategies and of precision, carried backward through a turn.

Many directions of change are carried side by side, in some of the lanes: a change is an array
(cells, lanes, groups, directions), flat, directions fastest. Odds and payments do not change, so
that chance phases and a turn's end do with changes what they do with values; for decisions see
`kernels.slopes`.

Several arrays go together:

moves
    ``(goal_high, goal_low, row_high, row_low, live, weights)``, see the package.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.options import FUSED, OPTIONS
from mistrust.kernels.sealed import options_of

_U = np.uint64


@njit(**FUSED)
def arrive(odds, values, out):
    """Add what the next opening is expected to be worth.

    Parameters
    ----------
    odds : (lanes, opening cells, cells)
        Of opening with each.
    values, out : (opening cells, groups, lanes), (cells, groups, lanes)
    """
    boards, cells, table = _U(odds.shape[1]), _U(odds.shape[2]), odds.ravel()
    row = np.zeros(odds.shape[2])
    for w in range(_U(len(odds))):
        for g in range(values.shape[1]):
            row[:] = 0.0
            for x in range(boards):
                _add(values[x, g, w], table, (w * boards + x) * cells, row, _U(0), cells)
            for y in range(cells):
                out[y, g, w] += row[y]


@njit(**OPTIONS)
def respond_end(cells, change, goal_high, goal_low, patience, width, out):
    """Backward over a turn's end: `patience` is (lanes, groups), `width` the directions."""
    size, n, scale = _U(len(goal_low)), _U(patience.size * width), patience.ravel()
    for i in range(len(cells)):
        h, low = _U(cells[i]) // size, _U(cells[i]) % size
        x, y = _U(cells[i]) * n, _U(goal_high[h] + goal_low[low]) * n
        for g in range(_U(len(scale))):
            factor, at = scale[g], g * _U(width)
            for d in range(_U(width)):
                out[x + at + d] = factor * change[y + at + d]


@njit(**OPTIONS)
def respond_chance(cells, change, moves, lanes, width, out):
    """Backward through a chance phase: `width` numbers (groups, directions) for each lane."""
    size, n, across = moves[3].shape[1], _U(width), _U(moves[5].shape[1])
    table, both = moves[5].ravel(), _U(len(lanes)) * n
    for cell in cells:
        h, low, at = cell // size, cell % size, _U(cell) * both
        _look_ahead(h, low, change, moves, table, across, lanes, 0, len(moves[2]), n, out, at)


@njit(forceinline=True, **FUSED)
def _look_ahead(h, low, change, moves, table, across, lanes, first, last, n, out, at):
    """The expected change over some branches at a cell, to where it belongs."""
    goal_high, goal_low, row_high, row_low, live, _ = moves
    both = _U(len(lanes)) * n
    for j in range(both):
        out[at + j] = 0.0
    for b in range(first, last):
        row = _U(row_high[b, h] + row_low[b, low])
        if not live[row]:
            continue
        y = _U(goal_high[b, h] + goal_low[b, low]) * both
        for w in range(_U(len(lanes))):
            weight, to = table[row * across + _U(lanes[w])], w * n
            for j in range(n):
                out[at + to + j] += weight * change[y + to + j]


@njit(**OPTIONS)
def respond(
    cells,
    change,
    moves,
    first_branch,
    policy_high,
    policy_low,
    counts,
    movers,
    spread,
    sharp,
    sharper,
    lanes,
    record,
    drive,
    moved,
    out,
):
    """Backward through a decision or a sealed phase.

    In a sealed phase the change of the exponents is the one with which what is left of their
    equation changes by the given `drive`.

    Parameters
    ----------
    spread
        ``(n, source, span, target, scale)``: what each group finds in `change`: of the n numbers
        at a cell in a lane those from ``source[group]`` on, `span` of them, which are
        ``scale[lane, group]`` times the changes in the directions from ``target[group]`` on.
    sharp, sharper : (lanes, movers), (lanes, movers, directions)
        The precision, and its change.
    record
        From `slopes.derive`; of a decision with one option the chances, and no pull on any group.
    drive, moved : (policy rows, lanes, options of all movers, directions)
        No rows for no drive. The change of the exponents is written to `moved`, of sealed phases.
    """
    chance, pull, aim, _, _, reply = record
    size, choices, across = moves[3].shape[1], len(first_branch) - 1, _U(moves[5].shape[1])
    table, n, both = moves[5].ravel(), _U(spread[0]), _U(len(lanes)) * _U(spread[0])
    groups, wide, options = _U(len(spread[1])), _U(sharper.shape[2]), aim.shape[2]
    after = np.zeros(choices * len(lanes) * spread[0])
    worth, answer = np.zeros(options * sharper.shape[2]), np.zeros(options * sharper.shape[2])
    mean, taken = np.zeros(sharper.shape[2]), options_of(choices, counts)
    for cell in cells:
        h, low = cell // size, cell % size
        place, away = policy_high[h] + policy_low[low], moves[0][-1, h] + moves[1][-1, low]
        if place >= 0:
            for c in range(choices):
                first, last, at = first_branch[c], first_branch[c + 1], _U(c) * both
                _look_ahead(h, low, change, moves, table, across, lanes, first, last, n, after, at)
        for i in range(len(lanes)):
            w, begin, to = lanes[i], _U(i) * n, (_U(cell) * _U(len(lanes)) + _U(i)) * groups * wide
            for d in range(groups * wide):
                out[to + d] = 0.0
            if place < 0 or chance[place, w].sum() == 0.0:  # nobody has an option
                _spread(1.0, change, _U(away) * both + begin, spread, i, wide, out, to)
                if place >= 0 and len(drive) > 0:
                    moved[place, i] = -drive[place, i]
                continue
            for c in range(choices):
                at = _U(c) * both + begin
                _spread(chance[place, w, c], after, at, spread, i, wide, out, to)
            if choices == 1:
                continue
            _weigh(after, begin, both, place, w, i, taken, movers, spread, sharp, record, worth)
            _steer(place, w, i, sharper, record, drive, mean, worth)
            if len(movers) > 1:
                _reply(reply[place, w], worth, answer)
                for a in range(options):
                    for d in range(wide):
                        moved[place, i, a, d] = answer[_U(a) * wide + d]
            else:
                answer[:] = worth
            for a in range(options):
                for g in range(groups):
                    _add(pull[place, w, a, g], answer, _U(a) * wide, out, to + g * wide, wide)


@njit(forceinline=True, **FUSED)
def _spread(factor, change, at, spread, i, wide, out, to):
    """A multiple of what is found at a cell in a lane, added for all groups."""
    _, source, span, target, scale = spread
    for g in range(len(source)):
        found, there = at + _U(source[g]), to + _U(g) * wide + _U(target[g])
        _add(factor * scale[i, g], change, found, out, there, _U(span))


@njit(forceinline=True, **FUSED)
def _weigh(after, begin, both, place, w, i, taken, movers, spread, sharp, record, worth):
    """What options come to be worth to their movers, in logit units: worth (options * wide,)."""
    _, source, span, target, scale = spread
    _, _, aim, others, _, _ = record
    wide, agents = _U(len(worth) // aim.shape[2]), len(movers)
    worth[:] = 0.0
    for k in range(agents):
        g = movers[k]
        at, factor = begin + _U(source[g]), sharp[i, k] * scale[i, g]
        for c in range(taken.shape[1]):
            likely = others[place, w, k, c] if agents > 1 else 1.0
            to = _U(taken[k, c]) * wide + _U(target[g])
            _add(factor * likely, after, _U(c) * both + at, worth, to, _U(span))


@njit(forceinline=True, **FUSED)
def _steer(place, w, i, sharper, record, drive, mean, worth):
    """Add what the precision's change does, and the drive; around means in sealed phases."""
    _, _, aim, _, even, _ = record
    agents, wide, options = sharper.shape[1], _U(sharper.shape[2]), aim.shape[2]
    for k in range(agents):
        first, last = k * (options // agents), (k + 1) * (options // agents)
        if agents > 1:
            _centre(even[place, w], first, last, worth, mean, wide)
        for a in range(first, last):
            for d in range(wide):
                worth[_U(a) * wide + d] += aim[place, w, a] * sharper[i, k, d]
            if len(drive) > 0:
                for d in range(wide):
                    worth[_U(a) * wide + d] -= drive[place, i, a, d]


@njit(**FUSED)
def _reply(reply, worth, answer):
    """How the exponents answer, in a sealed phase."""
    options = len(reply)
    wide = _U(len(worth) // options)
    answer[:] = 0.0
    for a in range(options):
        for b in range(options):
            _add(reply[a, b], worth, _U(b) * wide, answer, _U(a) * wide, wide)


@njit(**FUSED)
def _add(factor, change, at, out, to, width):
    """A multiple of a change, added."""
    for d in range(width):
        out[to + d] += factor * change[at + d]


@njit(**FUSED)
def _centre(even, first, last, change, mean, width):
    """Changes of a mover's options around their mean; 0 for those that are not open."""
    mean[:] = 0.0
    for a in range(first, last):
        _add(even[a], change, _U(a) * width, mean, _U(0), width)
    for a in range(first, last):
        for d in range(width):
            at = _U(a) * width + d
            change[at] = change[at] - mean[d] if even[a] != 0.0 else 0.0

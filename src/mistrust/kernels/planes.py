"""Backward through a turn for one world, a plane of numbers for each group.

With one lane the values of a cell are too few for loops over them. Here each group's values lie
side by side, cell after cell, and a loop goes over a *block*: the cells that share the high part
of their number. In a block a branch leads from every cell the same way ahead, except where a
variable is at the end of its levels; so the branches are taken together by where they lead. Such
a *stream* is an offset for each block and a weight for each low cell, zero where it does not lead
there. Weights, payments and what is open depend on the block only through the rows of their
tables: they are kept as long as those stay the same (blocks of one kind), and blocks are taken in
an order in which they mostly do.

Shapes
------
values, out : (groups * pitch,)
    The number of cell x for group g is at ``g * pitch + margin + x``; the margins and the cells
    that do not matter hold finite numbers.
order, starts, cells : (blocks,), (all blocks + 1,), (cells,)
    The blocks to do; where the cells of each begin among the cells that matter.
kinds, offsets : (all blocks,), (streams, all blocks)
members
    By branch of each stream: the stream, the branch, and 1 at the low cells where it belongs.

See `kernels.backward` for the other arrays, here without lanes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.choice import logit
from mistrust.kernels.options import FUSED, OPTIONS

_U = np.uint64


@njit(**FUSED)
def weigh_streams(h, members, rows, table, out):
    """The weights of all streams in a block: out (streams, low cells)."""
    (stream, branch, mask), (row_high, row_low) = members, rows
    size, last = _U(out.shape[1]), -1
    for m in range(len(stream)):
        s, b = stream[m], branch[m]
        base = row_high[b, h]
        if s != last:
            for i in range(size):
                out[s, i] = mask[m, i] * table[_U(base + row_low[b, i])]
        else:
            for i in range(size):
                out[s, i] += mask[m, i] * table[_U(base + row_low[b, i])]
        last = s


@njit(**FUSED)
def blend(weights, offsets, h, values, spot, pitch, out, goal, room, groups):
    """What streams bring: out (groups, low cells), from `goal`, rows `room` apart.

    ``out[g, i] = sum_s weights[s, i] values[g, spot + offsets[s, h] + i]``
    """
    streams, size = len(weights), _U(weights.shape[1])
    for g in range(groups):
        x, z = spot + g * pitch, _U(goal + g * room)
        a = _U(x + offsets[0, h])
        if streams == 1:
            for i in range(size):
                out[z + i] = weights[0, i] * values[a + i]
            continue
        b = _U(x + offsets[1, h])
        if streams == 2:
            for i in range(size):
                out[z + i] = weights[0, i] * values[a + i] + weights[1, i] * values[b + i]
            continue
        c = _U(x + offsets[2, h])
        for i in range(size):
            two = weights[0, i] * values[a + i] + weights[1, i] * values[b + i]
            out[z + i] = two + weights[2, i] * values[c + i]
        for s in range(3, streams):
            a = _U(x + offsets[s, h])
            for i in range(size):
                out[z + i] += weights[s, i] * values[a + i]


@njit(**OPTIONS)
def scatter(cells, first, source, room, out, spot, pitch, groups):
    """Put the numbers of some cells of a block, which begins with the cell `first`, in place.

    From `source`, (groups, low cells) in rows `room` apart, to `out` from `spot` on.
    """
    for g in range(groups):
        x, z = _U(g * room), _U(spot + g * pitch)
        for cell in cells:
            i = _U(cell - first)
            out[z + i] = source[x + i]


@njit(**OPTIONS)
def expect_planes(blocks, streams, rows, table, values, planes, out):
    """Backward through a chance phase, as `expect`.

    Parameters
    ----------
    rows, table
        Where weights are, (branches, all blocks) and (branches, low cells), and the weights.
    planes
        Margin, pitch and groups.
    """
    (order, starts, cells), (kinds, offsets, members) = blocks, streams
    (margin, pitch, groups), size = planes, members[2].shape[1]
    weights, room = np.zeros((len(offsets), size)), np.zeros(groups * size)
    kind = -1
    for h in order:
        mine = cells[starts[h] : starts[h + 1]]
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            kind = kinds[h]
        spot = margin + h * size
        if len(mine) == size:
            blend(weights, offsets, h, values, spot, pitch, out, spot, pitch, groups)
        else:
            blend(weights, offsets, h, values, spot, pitch, room, 0, size, groups)
            scatter(mine, h * size, room, size, out, spot, pitch, groups)


@njit(**OPTIONS)
def collect_planes(blocks, streams, rows, following, planes, patience, payments, out):
    """Backward over a turn's end, as `collect`; `streams` carry variables over.

    Parameters
    ----------
    patience : (groups,)
    payments
        The group of each, (payments,); where they are, (payments, all blocks) and (payments, low
        cells); the table.
    """
    (order, starts, cells), (kinds, offsets, members) = blocks, streams
    (margin, pitch, groups), size = planes, members[2].shape[1]
    weights, room = np.zeros((len(offsets), size)), np.zeros(groups * size)
    table, kind, paid = np.ones(1), -1, np.zeros((len(payments[0]), size))
    every, one = np.array([0, len(paid)]), np.ones((1, size))
    for h in order:
        mine = cells[starts[h] : starts[h + 1]]
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            look_up(h, payments[1], payments[2], payments[3], paid)
            kind = kinds[h]
        spot = margin + h * size
        if len(mine) == size:
            blend(weights, offsets, h, following, spot, pitch, out, spot, pitch, groups)
            _discount(patience, size, out, spot, pitch)
            _pay_all(every, payments[0], paid, one, out, spot, pitch)
        else:
            blend(weights, offsets, h, following, spot, pitch, room, 0, size, groups)
            _discount(patience, size, room, 0, size)
            _pay_all(every, payments[0], paid, one, room, 0, size)
            scatter(mine, h * size, room, size, out, spot, pitch, groups)


@njit(**OPTIONS)
def decide_planes(
    blocks,
    streams,
    first_stream,
    united,
    rows,
    table,
    values,
    planes,
    goals,
    offer,
    first_pay,
    payments,
    policy_at,
    policy,
    mover,
    precision,
    gain,
    out,
):
    """Backward through a decision, as `decide`.

    Parameters
    ----------
    first_stream : (options + 1,)
    united
        Streams that lead the same way, see `compile.streams`.
    goals
        Where cells lead if the phase does not happen: (all blocks,), (low cells,).
    offer
        Rows of availability, by option, and whether each is open.
    policy
        Written.
    gain : (1,)
    """
    (order, starts, cells), (kinds, offsets, members) = blocks, streams
    (margin, pitch, groups), size = planes, members[2].shape[1]
    options, finite, kind = len(first_stream) - 1, precision < np.inf, -1
    weights, room = np.zeros((len(offsets), size)), np.zeros(groups * size)
    ahead, ways = offsets[united[1]], np.zeros((len(united[1]), size))
    share, open_ = np.zeros((options, size)), np.zeros((options, size))
    best, total, sharp = np.zeros(size), np.zeros(size), np.full(size, precision)
    group, pay_high, pay_low, pays = payments
    paid, closed = np.zeros((len(group), size)), 0.0
    least, inside = policy_at[1].min(), policy_at[1].max()
    gaps = np.zeros(size)
    for h in order:
        mine, spot = cells[starts[h] : starts[h + 1]], margin + h * size
        if policy_at[0][h] + inside < 0:
            _skip(mine, h, goals, values, planes, out)
            continue
        if kinds[h] != kind:
            weigh_streams(h, members, rows, table, weights)
            look_up(h, pay_high, pay_low, pays, paid)
            look_up(h, offer[0][0], offer[0][1], offer[1], open_)
            kind, closed = kinds[h], open_.size - open_.sum()
        for o in range(options):
            some, here = slice(first_stream[o], first_stream[o + 1]), spot + mover * pitch
            blend(weights[some], offsets[some], h, values, here, pitch, share[o], 0, size, 1)
            for k in range(first_pay[o], first_pay[o + 1]):
                if group[k] == mover:
                    _add(paid[k], share[o])
        logit(share, open_, finite, sharp, size, best, total)
        _unite(weights, first_stream, united, share, ways)
        if len(mine) == size and closed == 0.0 and policy_at[0][h] + least >= 0:
            blend(ways, ahead, h, values, spot, pitch, out, spot, pitch, groups)
            _pay_all(first_pay, group, paid, share, out, spot, pitch)
            _write(h, policy_at, share, policy)
            _raise(best, out[spot + mover * pitch :], gaps)
        else:
            blend(ways, ahead, h, values, spot, pitch, room, 0, size, groups)
            _pay_all(first_pay, group, paid, share, room, 0, size)
            scatter(mine, h * size, room, size, out, spot, pitch, groups)
            away = _keep(mine, h, policy_at, share, best, total, room[mover * size :], policy, gaps)
            _skip(away, h, goals, values, planes, out)
    gain[0] = max(gain[0], gaps.max())


@njit(**OPTIONS)
def _discount(patience, size, out, goal, room):
    """Multiply values in a block by patience, by group: out (groups, low cells)."""
    for g in range(len(patience)):
        x, rate = _U(goal + g * room), patience[g]
        for i in range(_U(size)):
            out[x + i] *= rate


@njit(**OPTIONS)
def look_up(h, high, low, table, out):
    """Numbers of some tables in a block: out (tables, low cells)."""
    for k in range(len(out)):
        base = high[k, h]
        for i in range(_U(out.shape[1])):
            out[k, i] = table[_U(base + low[k, i])]


@njit(**OPTIONS)
def _add(some, out):
    for i in range(_U(len(out))):
        out[i] += some[i]


@njit(**FUSED)
def _pay_all(first_pay, group, paid, share, out, goal, room):
    """Add payments, by strategies, in a block: out (groups, low cells), rows `room` apart."""
    for o in range(len(share)):
        odds = share[o]
        for k in range(first_pay[o], first_pay[o + 1]):
            x, amount = _U(goal + group[k] * room), paid[k]
            for i in range(_U(len(odds))):
                out[x + i] += odds[i] * amount[i]


@njit(**FUSED)
def _unite(weights, first_stream, united, share, out):
    """The weights of united streams, by strategies: out (united streams, low cells)."""
    size, (into, begun_by) = _U(out.shape[1]), united
    for o in range(len(share)):
        odds = share[o]
        for s in range(first_stream[o], first_stream[o + 1]):
            row, own = out[into[s]], weights[s]
            if begun_by[into[s]] == s:
                for i in range(size):
                    row[i] = odds[i] * own[i]
            else:
                for i in range(size):
                    row[i] += odds[i] * own[i]


@njit(**OPTIONS)
def _write(h, policy_at, share, policy):
    """Keep the strategies of a whole block: policy (policy cells * options,)."""
    (high, low), options = policy_at, _U(len(share))
    for i in range(_U(share.shape[1])):
        place = _U(high[h] + low[i]) * options
        for o in range(options):
            policy[place + o] = share[o, i]


@njit(**OPTIONS)
def _raise(best, worth, gaps):
    """Gains from a one-shot deviation in a whole block, the largest for each low cell in `gaps`."""
    for i in range(_U(len(gaps))):
        gap, old = best[i] - worth[i], gaps[i]
        gaps[i] = gap if gap > old else old


@njit(**OPTIONS)
def _keep(cells, h, policy_at, share, best, total, worth, policy, gaps):
    """Write the strategies of a block, and what a deviation gains.

    Returns
    -------
    array
        The cells at which nobody decides.
    """
    options, size, count = len(share), share.shape[1], 0
    away = np.empty(len(cells), dtype=np.int64)
    for cell in cells:
        i = _U(cell - h * size)
        place = policy_at[0][h] + policy_at[1][i]
        if place >= 0:
            for o in range(options):
                policy[_U(place * options + o)] = share[_U(o), i]
        if place < 0 or total[i] == 0.0:
            away[count] = cell
            count += 1
        else:
            gap = best[i] - worth[i]
            gaps[i] = gap if gap > gaps[i] else gaps[i]
    return away[:count]


@njit(**OPTIONS)
def _skip(cells, h, goals, values, planes, out):
    """Some cells of a block at which the phase does not happen."""
    (margin, pitch, groups), size = planes, len(goals[1])
    for g in range(groups):
        base = margin + g * pitch
        for cell in cells:
            out[_U(base + cell)] = values[_U(base + goals[0][h] + goals[1][cell - h * size])]

"""Values, carried backward through a sealed phase whose strategies are tried, not solved for."""

from __future__ import annotations

import numpy as np
from numba import njit

from mistrust.kernels.agents import respond
from mistrust.kernels.backward import CHUNK, choice_values
from mistrust.kernels.options import OPTIONS
from mistrust.kernels.sealed import (
    chances,
    chunked,
    opened,
    options_of,
    pass_by,
    payoffs,
    raise_gain,
    room,
    settle,
)


@njit(**OPTIONS)
def try_sealed(
    cells,
    values,
    goal_high,
    goal_low,
    row_high,
    row_low,
    live,
    weights,
    first_branch,
    open_high,
    open_low,
    open_table,
    first_pay,
    pay_group,
    pay_high,
    pay_low,
    pays,
    policy_high,
    policy_low,
    policy,
    counts,
    movers,
    precision,
    judgements,
    judged_high,
    judged_low,
    tried,
    answer,
    gain,
    residual,
    where,
    out,
):
    """Backward through a sealed phase, with strategies given.

    Parameters
    ----------
    values ... where
        As in `sealed.decide_sealed`.
    tried : (rows of the policy, movers * options, cases)
        The strategies, as exponents of logit choices.
    answer
        As `tried`, written: what these make the options worth, in logit units around their mean.
    """
    size, choices, lanes = row_low.shape[1], len(first_branch) - 1, open_table.shape[1]
    n, cases, agents, most = weights.shape[1], len(residual), len(movers), counts.max()
    choice, payoff = np.zeros((choices, CHUNK * n)), np.zeros((lanes, agents, choices))
    open_, share, y = np.zeros((agents, most)), np.zeros((agents, most)), np.zeros(agents * most)
    reply, log_share = np.zeros((agents, most)), np.zeros((agents, most))
    lead = np.arange(agents)
    taken, likely, rest = (
        options_of(choices, counts),
        np.zeros(choices),
        np.zeros((agents, choices)),
    )
    policy_at = (policy_high, policy_low)
    chunk, places, highs, lows = room()
    moves = (values, goal_high, goal_low, row_high, row_low, live, weights, first_branch)
    offer = (*moves, first_pay, pay_group, pay_high, pay_low, pays)
    pass_by(cells, values, (goal_high, goal_low), policy_at, n, out)
    done = 0
    while done < len(cells):
        count, done = chunked(cells, done, size, policy_at, chunk, places, highs, lows)
        for c in range(choices):
            choice_values(highs[:count], lows[:count], *offer, c, choice[c])
        for i in range(count):
            cell, place, h, low = chunk[i], places[i], highs[i], lows[i]
            away, worth = goal_high[-1, h] + goal_low[-1, low], choice[:, i * n : (i + 1) * n]
            judged = judged_high[h] + judged_low[low]
            payoffs(worth, movers, judgements, judged, payoff)
            for case in range(cases):
                some = opened(open_high, open_low, open_table, h, low, case, taken, open_)
                if some:
                    for a in range(len(y)):
                        y[a] = tried[place, a, case]
                    respond(y, 1.0, open_, lead, share, log_share)
                    chances(share.ravel(), taken, likely, rest)
                    _expect(payoff[case], taken, rest, precision[:, case], movers, y)
                    respond(y, 1.0, open_, lead, reply, log_share)
                    left = 0.0
                    for k in range(agents):
                        for a in range(most):
                            left = max(left, abs(reply[k, a] - share[k, a]))
                    if not left <= residual[case]:
                        residual[case], where[case] = left, cell
                    for k in range(agents):
                        sharp = precision[movers[k], case]
                        raise_gain(y, share, open_, k, sharp, case, gain[movers[k]])
                    _centre(y, open_, answer[place], case)
                span = (case, lanes, cases)
                settle(some, likely, worth, values, cell, away, place, span, policy, out)


@njit(**OPTIONS)
def _expect(payoff, taken, rest, precision, movers, y):
    """What options are worth to their movers, in logit units, into y."""
    for a in range(len(y)):
        y[a] = 0.0
    for k in range(len(taken)):
        sharp = precision[movers[k]]
        for c in range(taken.shape[1]):
            y[taken[k, c]] += sharp * rest[k, c] * payoff[k, c]


@njit(**OPTIONS)
def _centre(y, open_, answer, case):
    """Each mover's open options around their mean; 0 for the others."""
    agents, options = open_.shape
    for i in range(agents):
        mean, count = 0.0, 0
        for a in range(options):
            if open_[i, a] != 0.0:
                mean += y[i * options + a]
                count += 1
        for a in range(options):
            k = i * options + a
            answer[k, case] = y[k] - mean / count if open_[i, a] != 0.0 else 0.0

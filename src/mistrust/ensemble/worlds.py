"""Premises to worlds: quasi-random draws, the same for the same seed."""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import qmc

from mistrust.scenario.schema import Premise, Scenario

Floats = NDArray[np.float64]


def guesses(scenario: Scenario) -> dict[str, float]:
    """The best-guess world."""
    return {name: premise.guess for name, premise in scenario.premises.items()}


def draw(scenario: Scenario, count: int, seed: int) -> list[dict[str, float]]:
    """Draw worlds: a scrambled Sobol sequence over the premises with a range.

    The first worlds of a longer draw are those of a shorter one.
    """
    worlds = [guesses(scenario) for _ in range(count)]
    ranged = [name for name, premise in scenario.premises.items() if premise.range]
    if not ranged or not count:
        return worlds
    sampler = qmc.Sobol(len(ranged), scramble=True, rng=np.random.default_rng(seed))
    points = sampler.random_base2(ceil(log2(max(count, 2))))[:count]
    for i, name in enumerate(ranged):
        column = quantile(scenario.premises[name], points[:, i])
        for world, value in zip(worlds, column, strict=True):
            world[name] = float(value)
    return worlds


def quantile(premise: Premise, u: Floats) -> Floats:
    """The premise's value at cumulative probabilities `u`."""
    assert premise.range is not None
    low, high = premise.range
    width, mode = high - low, (premise.guess - low) / (high - low)
    if premise.shape == "triangle":
        values = stats.triang.ppf(u, mode, low, width)
    elif premise.shape == "pert":
        values = low + width * stats.beta.ppf(u, 1 + 4 * mode, 1 + 4 * (1 - mode))
    elif premise.shape == "loguniform":
        values = low * (high / low) ** u
    else:
        values = low + width * u
    return np.clip(values, low, high)

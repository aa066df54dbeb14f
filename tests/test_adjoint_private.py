"""What hidden types and sealed phases do to values, and forward to probabilities: transposes.

On random operands: a board (half, belief about bob, belief about ann, rest), several lanes
(profiles × cases), and coefficients that differ between all cells, lanes and branches. Posteriors
move the dimensions of beliefs; on the way forward the others move as the branches say.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mistrust import kernels
from mistrust.compile.acting import singly
from mistrust.compile.nodes import place
from mistrust.compile.private import Privacy
from mistrust.kernels import shown, typed
from mistrust.kernels.shown import alone
from mistrust.scenario.beliefs import Grid

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SEEDS = range(12)
AWAY = -(2**40)
CASES, GROUPS, REST = 2, 2, 2


class Operands:
    """A random phase that shows something of ann's type; bob may have types too."""

    def __init__(self, seed: int, branches: list[int]) -> None:
        rng = self.rng = np.random.default_rng(seed)
        kinds, points = [(2, 5), (3, 3), (2, 2), (4, 2)][seed % 4]
        ann = Grid("ann", tuple("abcd"[:kinds]), points)
        bob = Grid("bob", ("x", "y"), 3)
        self.privacy = Privacy((ann, bob), (0, 1)) if seed % 3 else Privacy((ann,), (0,))
        self.others = bob.size if seed % 3 else 1
        self.nodes, self.kinds, self.profiles = ann.size, kinds, self.privacy.count
        self.halves = (2 * self.others, self.nodes * REST)
        self.size = self.halves[0] * self.halves[1]
        self.targets = 3 * self.others * self.nodes * REST
        priors = [rng.dirichlet(np.ones(len(g.types)), CASES).T for g in self.privacy.grids]
        self.placed = [place(g, prior) for g, prior in zip(self.privacy.grids, priors, strict=True)]
        self.kind = np.ascontiguousarray(self.privacy.profiles[:, 0])
        self.first = np.array([int(np.argmax(self.kind == k)) for k in range(kinds)])
        self.first_branch = np.cumsum([0, *branches])
        self.options, self.count = len(branches), sum(branches)
        self.goals = self._goals()
        self.first_pay = np.arange(self.options + 1)
        self.pay_group = rng.integers(0, GROUPS, self.options)
        self.pays = rng.normal(size=(self.options * self.size, self.profiles, CASES))
        self.values = rng.normal(size=(self.targets, GROUPS, self.profiles, CASES))
        self.mass = rng.random((self.size, self.profiles, CASES))
        self.mass /= self.mass.sum(axis=0)
        self.cells = np.arange(self.size, dtype=np.int64)

    def _goals(self) -> tuple[Integers, Integers]:
        """Targets (3, others, nodes, REST): beliefs stay, what is around them moves."""
        node = np.repeat(np.arange(self.nodes), REST) * REST
        other = np.tile(np.arange(self.others), 2) * self.nodes * REST
        high = self.rng.integers(0, 3, (self.count + 1, self.halves[0])) * self.others
        rest = self.rng.integers(0, REST, (self.count + 1, REST))
        return high * self.nodes * REST + other, node + np.tile(rest, self.nodes)

    def each(self, count: int) -> tuple[Integers, Integers]:
        """A lookup with a row of its own for each entry and cell."""
        high = np.arange(count)[:, None] * self.size + np.arange(self.halves[0]) * self.halves[1]
        return high, np.tile(np.arange(self.halves[1]), (count, 1))

    @property
    def hidden(self) -> tuple[Any, ...]:
        self.choose([0], [self.options])
        return alone(self.party)

    def choose(self, owners: list[int], counts: list[int]) -> None:
        """Let ann (0), bob (1), or one without types (-1) choose at once, with so many options."""
        self.owners = owners
        grids = [self.privacy.grids[owner] for owner in owners if owner >= 0]
        most, size = max(len(g.types) for g in grids), max(g.size for g in grids)
        nodes = (
            (np.zeros(self.halves[0], np.int64), np.repeat(np.arange(self.nodes), REST)),
            (np.tile(np.arange(self.others), 2), np.zeros(self.halves[1], np.int64)),
        )
        movers = len(owners)
        kinds, steps, strides = (np.zeros(movers, np.int64) for _ in range(3))
        kind, first = (
            np.zeros((movers, self.profiles), np.int64),
            np.zeros((movers, most), np.int64),
        )
        beliefs, bend = np.zeros((movers, size, most, CASES)), np.zeros((movers, 4, CASES))
        high, low = (np.zeros((movers, half), np.int64) for half in self.halves)
        known = np.ones((movers, size), dtype=bool)
        for i, owner in enumerate(owners):
            kinds[i] = 1
            if owner >= 0:
                grid, own = self.privacy.grids[owner], self.placed[owner]
                kinds[i], steps[i] = len(grid.types), grid.points - 1
                strides[i] = (REST, self.nodes * REST)[owner]
                kind[i] = self.privacy.profiles[:, owner]
                first[i, : kinds[i]] = [int(np.argmax(kind[i] == k)) for k in range(kinds[i])]
                beliefs[i, : grid.size, : kinds[i]], bend[i] = own.beliefs, own.bend
                high[i], low[i] = nodes[owner]
                sure = (own.beliefs[:, :, 0] == 1).any(axis=1)
                known[i, : grid.size] = sure & (len(owners) > 1)
        spread = (beliefs, steps, bend, strides, high, low, known)
        self.party = (np.array(counts), kinds, kind, first, *spread)

    def odds(self, by_type: bool) -> Floats:
        """Odds that add up to 1 over the branches of each option: (rows, profiles, cases)."""
        shape = (self.count, self.size, self.kinds if by_type else self.profiles, CASES)
        odds = self.rng.random(shape) * (self.rng.random(shape) < 0.8)
        for a, b in pairwise(self.first_branch):
            odds[a] += 1e-3 * (odds[a:b].sum(axis=0) == 0)
            odds[a:b] /= odds[a:b].sum(axis=0)
        odds = odds[:, :, self.kind] if by_type else odds
        return np.ascontiguousarray(odds.reshape(-1, self.profiles, CASES))

    def pushed(self) -> tuple[Any, Floats]:
        out = np.zeros((self.targets, self.profiles, CASES))
        return np.zeros(self.targets, np.uint8), out

    def same(self, before: Floats, out: Floats, earned: Floats | None = None) -> None:
        """<values before, mass> = <values, mass carried forward> + payments; mass stays 1."""
        backward = np.einsum("xpw,xgpw->gpw", self.mass, before)
        forward = np.einsum("xpw,xgpw->gpw", out, self.values)
        if earned is not None:
            np.add.at(forward, self.pay_group, earned)
        assert abs(forward - backward).max() <= 1e-12 * max(1, abs(before).max())
        assert abs(out.sum(axis=0) - 1).max() <= 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_odds_that_show_a_type(seed: int) -> None:
    o = Operands(seed, [4])
    weights, live = o.odds(by_type=True), np.ones(o.count * o.size, bool)
    live[:] = (weights != 0).any(axis=(1, 2))
    common = (o.goals, o.each(o.count), live, weights, o.hidden)
    before, drift = np.full((o.size, GROUPS, o.profiles, CASES), np.nan), np.zeros(CASES)
    kernels.expect_signal(o.cells, o.values, *common, before)
    marks, out = o.pushed()
    mass = o.mass.copy()
    kernels.push_signal(o.cells, mass, *common, drift, marks, out)
    o.same(before, out)
    assert not mass.any() and (drift <= 1e-12).all()
    assert not out[marks == 0].any()


def joint(o: Operands, parts: list[Floats]) -> Floats:
    """The product over movers of numbers by option, cell and type: (combinations, cells, ...)."""
    found = np.ones((o.options, o.size, o.profiles, CASES))
    for c, own in enumerate(np.ndindex(*(len(part) for part in parts))):
        for i, (part, a) in enumerate(zip(parts, own, strict=True)):
            found[c] *= part[a][:, o.party[2][i]]
    return found


def shares(o: Operands) -> Floats:
    """Random strategies of all types: some lack options, and some places are not reached."""
    parts = []
    for count, kinds in zip(*o.party[:2], strict=True):
        shape = (count, o.size, kinds, CASES)
        share = o.rng.random(shape) * (o.rng.random(shape) < 0.7)
        share[0] += share.sum(axis=0) == 0
        parts.append(share / share.sum(axis=0))
    share = joint(o, parts) * (o.rng.random((o.size, CASES)) >= 0.15)[:, None]  # or nobody is asked
    return np.ascontiguousarray(share.swapaxes(0, 1))


def offers(o: Operands) -> Floats:
    """Random options of all types, at some places none."""
    parts = []
    for count, kinds in zip(*o.party[:2], strict=True):
        part = (o.rng.random((count, o.size, kinds, CASES)) < 0.8).astype(float)
        part[0] = np.maximum(part[0], part.sum(axis=0) == 0)
        parts.append(part)
    return joint(o, parts) * (o.rng.random((o.size, CASES)) >= 0.1)[:, None]


def decide(o: Operands, weights: Floats, policy: Floats, given: bool, precision: float) -> Any:
    """The kernel: values before, its residual, and the lookup of policies."""
    policy_at = tuple(x[0].copy() for x in o.each(1))
    policy_at[0][0] = AWAY  # nobody is asked on this part of the board
    # what is played is open
    opens = (policy > 0).astype(float).swapaxes(0, 1) if given else offers(o)
    opens = np.ascontiguousarray(opens.reshape(-1, o.profiles, CASES))
    before = np.full((o.size, GROUPS, o.profiles, CASES), np.nan)
    residual, where = np.zeros(CASES), np.zeros(CASES, np.int64)
    judged = (np.tile(np.arange(o.others), 2), np.repeat(np.arange(o.nodes), REST) * o.others)
    judgements = [o.privacy.judgements(owner, o.placed) for owner in (*o.owners, -1)[:GROUPS]]
    decide = kernels.decide_private if len(o.owners) == 1 else kernels.decide_together
    decide(
        o.cells, o.values, o.goals, o.each(o.count), np.ones(o.count * o.size, bool), weights,
        o.first_branch, o.each(o.options), opens, o.first_pay, o.pay_group, o.each(o.options),
        o.pays, policy_at, policy, given, np.arange(len(o.owners)),
        np.full((GROUPS, o.profiles, CASES), precision), np.array(judgements), judged, o.party,
        np.zeros((GROUPS, o.profiles, CASES)), residual, where, before,
    )  # fmt: skip
    return before, residual, policy_at, opens


def carried(
    o: Operands, weights: Floats, policy: Floats, policy_at: Any, push: Any = kernels.push_private
) -> Any:
    """The kernel's twin: mass after, payments, choices and drift."""
    chosen, earned = (np.zeros((o.options, o.profiles, CASES)) for _ in range(2))
    drift, (marks, out), mass = np.zeros(CASES), o.pushed(), o.mass.copy()
    push(
        o.cells, mass, o.goals, o.each(o.count), np.ones(o.count * o.size, bool), weights,
        o.first_branch, o.first_pay, o.each(o.options), o.pays, policy_at, policy, o.party,
        chosen, earned, drift, marks, out,
    )  # fmt: skip
    assert not mass.any()
    return out, earned, chosen, drift


def met(seed: int) -> Operands:
    """Choices that show types: ann's, or hers and those of bob or of one without types at once."""
    options = [2 + seed % 2] if seed % 2 else [2, 3 - seed // 2 % 2]
    o = Operands(seed, [1 + c % 3 for c in range(int(np.prod(options)))])
    other = [1] if len(o.privacy.grids) > 1 and seed % 4 else [-1]
    o.choose([0] if seed % 2 else [0, *other], options)
    return o


@pytest.mark.parametrize("seed", range(24))
def test_choices_that_show_types(seed: int) -> None:
    """Whatever the strategies are."""
    o = met(seed)
    weights, policy = o.odds(by_type=False), shares(o)
    before, _, policy_at, _ = decide(o, weights, policy, True, 1.0)
    out, earned, chosen, drift = carried(o, weights, policy, policy_at)
    o.same(before, out, earned)
    asked = policy.sum(axis=1) * (np.arange(o.size) >= o.halves[1])[:, None, None]
    assert chosen.sum(axis=0) == pytest.approx((o.mass * asked).sum(axis=0), abs=1e-12)
    assert (drift <= 1e-12).all()


@pytest.mark.parametrize("seed", [seed for seed in range(48) if seed % 4 in (0, 2)])
def test_two_types_in_vector_loops_and_one_by_one(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`twofold`, and what it stands for where there are two types."""
    o = Operands(seed, [1, 3, 2][: 2 + seed // 4 % 2])
    o.choose([0], [o.options])
    assert o.kinds == 2
    weights, policy = o.odds(by_type=False), shares(o)
    before, _, policy_at, _ = decide(o, weights, policy, True, 1.0)
    one = carried(o, weights, policy, policy_at)
    monkeypatch.setattr(typed, "settle_two", shown.settle_private)
    other, _, _, _ = decide(o, weights, policy, True, 1.0)
    assert before == pytest.approx(other, rel=1e-12, abs=1e-13)
    found = carried(o, weights, policy, policy_at, kernels.push_two)
    for mine, theirs in zip(found, one, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("seed", range(24))
def test_choices_that_show_types_once_they_are_solved(seed: int) -> None:
    o = met(seed)
    weights = o.odds(by_type=False)
    policy = np.full((o.size, o.options, o.profiles, CASES), np.nan)
    before, residual, policy_at, opens = decide(o, weights, policy, False, 1.5)
    assert (residual <= 1e-10).all()
    asked = policy[o.halves[1] :]
    free = opens.reshape(o.options, o.size, o.profiles, CASES).swapaxes(0, 1)[o.halves[1] :]
    assert (asked >= 0).all() and (asked[free == 0] == 0).all()
    assert asked.sum(axis=1) == pytest.approx(free.max(axis=1), abs=1e-12)
    apart = asked.reshape(len(asked), *o.party[0], o.profiles, CASES)
    for i, kind in enumerate(o.party[2]):
        others = tuple(1 + j for j in range(len(o.owners)) if j != i)
        own = apart.sum(axis=others)
        for k in range(o.party[1][i]):
            alike = own[:, :, kind == k]
            gap = abs(alike - alike[:, :, :1]).max()
            assert gap <= 1e-15, "a type knows no more than itself"
    out, earned, _, drift = carried(o, weights, policy, policy_at)
    o.same(before, out, earned)
    assert (drift <= 1e-12).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sealed_phase(seed: int) -> None:
    """Two or three choose at once, on boards with beliefs about others."""
    counts = np.array([[2, 2], [3, 2], [2, 2, 2]][seed % 3])
    joint = int(counts.prod())
    o = Operands(seed, [1 + c % 2 for c in range(joint)])
    lanes, movers = o.profiles * CASES, np.arange(len(counts)) % GROUPS
    weights = o.odds(by_type=False).reshape(-1, lanes)
    own = [o.rng.random((n, o.size, CASES)) < 0.8 for n in counts]
    for free in own:
        free[0] |= ~free.any(axis=0)
    never = o.rng.random((o.size, CASES)) < 0.1
    opens = np.ones((joint, o.size, CASES))
    for c in range(joint):
        for i, a in enumerate(np.unravel_index(c, counts)):
            opens[c] *= own[i][a] & ~never
    table = np.tile(opens.reshape(-1, CASES), (1, o.profiles))
    policy_at = tuple(x[0].copy() for x in o.each(1))
    policy_at[0][0] = AWAY
    policy = np.zeros(o.size * joint * lanes)
    before = np.full(o.size * GROUPS * lanes, np.nan)
    residual, gain = np.zeros(CASES), np.zeros((GROUPS, lanes))
    judged = (np.tile(np.arange(o.others), 2), np.repeat(np.arange(o.nodes), REST) * o.others)
    judgements = Privacy(o.privacy.grids, (7, 8)[: len(o.privacy.grids)])
    judgements = judgements.judgements(0, o.placed)
    rows, live = o.each(o.count), np.ones(o.count * o.size, bool)
    pays = o.pays.reshape(-1, lanes)
    kernels.decide_sealed(
        o.cells, o.values.ravel(), *o.goals, *rows, live, np.tile(weights, (1, GROUPS)),
        o.first_branch, *o.each(joint), table, o.first_pay, o.pay_group, *o.each(joint), pays,
        *policy_at, policy, counts, movers, np.full((GROUPS, CASES), 1.5), judgements, *judged,
        gain, residual, np.zeros(CASES, np.int64), before,
    )  # fmt: skip
    assert (residual <= 1e-10).all()
    chosen, earned = np.zeros((joint, lanes)), np.zeros((joint, lanes))
    marks, out = np.zeros(o.targets, np.uint8), np.zeros(o.targets * lanes)
    kernels.push_decision(
        *singly(o.cells), o.mass.ravel().copy(), *o.goals, *rows, live, weights, o.first_branch,
        o.first_pay, *o.each(joint), pays, *policy_at, policy.reshape(-1, joint, lanes), False,
        chosen, earned, marks, out,
    )  # fmt: skip
    wide = (-1, o.profiles, CASES)
    o.same(before.reshape(o.size, GROUPS, *wide[1:]), out.reshape(wide), earned.reshape(wide))
    shares = policy.reshape(o.size, joint, *wide[1:])[o.halves[1] :]
    total = (~never[o.halves[1] :])[:, None] * np.ones((1, o.profiles, 1))
    assert shares.sum(axis=1) == pytest.approx(total, abs=1e-12)
    assert (shares == shares[:, :, :1]).all(), "nobody knows the profile"

"""Random scenarios whose game trees are small enough for Gambit, eight kinds of them.

All are plain data as a YAML file would give it. Amounts are drawn from -1 to 1 and depend on the
board, on the turn and, where there are types, on these.
"""

from __future__ import annotations

from random import Random
from typing import Any

Data = dict[str, Any]
PLAIN = ("perfect information", "chance", "sealed")
TYPED = ("one typed", "three types", "two typed", "sealed, one typed", "sealed, two typed")
TYPES = {"strong": (0.6, 0.3, 0.5), "weak": (0.4, 0.7, 0.5)}
"""Priors are multiples of 0.1, and so nodes of every grid with 11, 21, 41 points."""


def game(kind: str, seed: int, precision: float) -> Data:
    """A scenario of a kind; `precision` is that of all actors."""
    random = Random(f"{kind} {seed}")
    draw = _Draw(random, kind)
    turns = 1 if kind in ("three types", *TYPED[3:]) else random.choice([1, 2])
    actors: Data = {name: {"precision": precision} for name in ("ann", "bob")}
    for name in draw.typed:
        prior = random.randrange(3)
        actors[name]["types"] = {one: odds[prior] for one, odds in TYPES.items()}
        if kind == "three types":
            actors[name]["types"] = {"strong": 0.5, "weak": 0.3, "mad": 0.2}
    board: Data = {"x": {"levels": "0..2", "start": 0}, "mood": {"levels": ["calm", "hot"]}}
    odds = kind == "chance" and turns == 1
    board["mood"]["start"] = {"calm": 0.3, "hot": 0.7} if odds else "calm"
    if kind.startswith("sealed"):
        board |= {side: {"levels": "0..1", "start": 0, "within": "turn"} for side in ("a", "b")}
    payoffs = {name: {"flow": draw.amount(), "more": draw.amount()} for name in actors}
    return {
        "title": f"{kind} {seed}",
        "horizon": {"turns": turns},
        "actors": actors,
        "board": board,
        "turn": draw.phases(turns),
        "payoffs": payoffs,
        "beyond": {"bob": {"end": draw.number() + " * (x == 2)"}},
    }


class _Draw:
    def __init__(self, random: Random, kind: str) -> None:
        self.random, self.kind = random, kind
        self.typed = ["ann"] if kind in TYPED else []
        self.typed += ["bob"] * kind.endswith("two typed")

    def number(self) -> str:
        return f"({self.random.uniform(-1, 1):.4f})"

    def amount(self) -> str:
        """An amount that depends on the board or the turn, and on a type if there are any."""
        facts = ["x == 1", "x == 2", "mood == hot", "turn == 2"]
        types = [f"{name} == strong" for name in self.typed]
        types += ["ann == mad"] * (self.kind == "three types")
        one, two = self.random.choice(facts), self.random.choice(types or facts)
        return f"{self.number()} + {self.number()} * ({one}) + {self.number()} * ({two})"

    def phases(self, turns: int) -> list[Data]:
        if self.kind == "perfect information":
            return [self.decide("ann", 0), self.decide("bob", 1), *self.third(turns, "ann")]
        if self.kind == "chance":
            return [self.decide("ann", 0), self.nature(), *self.third(turns, "bob")]
        if self.kind == "sealed":
            return [self.sealed(), *self.third(turns, "ann")]
        if self.kind.startswith("sealed"):
            second = self.random.choice(["ann", "bob"]) if len(self.typed) > 1 else "bob"
            return [self.sealed(), self.decide(second, 1)]
        more = self.third(turns, "ann") if self.kind == "one typed" else []
        noisy = self.kind == "three types" or more
        nature = [self.nature()] if noisy and self.random.random() < 0.7 else []
        return [self.decide("ann", 0), *nature, self.decide("bob", 1), *more]

    def third(self, turns: int, actor: str) -> list[Data]:
        """One decision more, in games of one turn."""
        return [self.decide(actor, 2)] if turns == 1 else []

    def decide(self, actor: str, number: int) -> Data:
        count = 3 if number == 2 or self.random.random() < 0.2 else 2
        options = {f"o{i}": self.option(actor, i) for i in range(count)}
        for option in options.values():
            option["pays"] = {name: {"own": self.amount()} for name in ("ann", "bob")}
        found = {"decide": actor, "name": f"choice{number}", "options": options}
        if number == 1 and not self.typed and self.random.random() < 0.3:
            found["when"] = "x > 0 or mood == hot"
        return found

    def option(self, actor: str, i: int) -> Data:
        moves: list[Data] = [
            {"set": {"x": "min(x + 1, 2)"}},
            {"set": {"mood": self.random.choice(["calm", "hot"])}},
            {"set": {"x": self.random.randrange(3)}},
            {},
        ]
        found: Data = dict(self.random.choice(moves))
        if i == 1 and self.kind == "chance":
            found = {"raise": {"x": 0.35}}
        if i == 1 and self.typed and self.random.random() < 0.3:
            found["when"] = f"{actor} == weak" if actor in self.typed else "mood == calm"
        if i == 2:
            found["when"] = "x > 0"
        return found

    def nature(self) -> Data:
        """Odds that depend on the board, and on the first type if there is one."""
        fact = f"{self.typed[0]} == strong" if self.typed else "mood == hot"
        moves: list[Data] = [
            {"raise": {"x": f"0.2 + 0.5 * ({fact})"}},
            {"draw": {"mood": {"hot": f"0.3 + 0.4 * ({fact})", "calm": f"0.7 - 0.4 * ({fact})"}}},
        ]
        return {"chance": "nature", **self.random.choice(moves)}

    def sealed(self) -> Data:
        def side(actor: str, own: str) -> Data:
            pays = {name: {"own": self.amount()} for name in ("ann", "bob")}
            options: Data = {"go": {"set": {own: 1}, "pays": pays}, "stay": {}}
            if self.random.random() < 0.3 and not self.typed:
                options["think"] = {"raise": {own: 0.5}, "when": "mood == calm"}
            elif actor in self.typed and self.random.random() < 0.2:
                options["go"]["when"] = f"{actor} == weak"
            return {"decide": actor, "name": f"{actor}_secretly", "options": options}

        found: Data = {"sealed": [side("ann", "a"), side("bob", "b")]}
        return found if self.random.random() < 0.7 else found | {"when": "x < 2"}

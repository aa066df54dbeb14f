"""Random scenarios with hidden types: all that the language lets them do, each small.

Plain data as a YAML file would give it; valid by construction.
"""

from __future__ import annotations

from random import Random
from typing import Any

Data = dict[str, Any]
TYPES = ("strong", "weak", "mad")
PRECISIONS = (0.1, 50.0)


def typed_game(seed: int, *, together: bool = False) -> Data:
    """A scenario with one or two typed actors, of one to three turns.

    Every actor's precision is drawn log-uniformly by itself. Actors with types choose alone, or
    `together` with others in sealed phases, of which there is one at least.
    """
    return _Draw(Random(f"{'together' if together else 'typed'} {seed}"), together).scenario()


class _Draw:
    def __init__(self, random: Random, together: bool) -> None:
        self.random, self.together = random, together
        self.types = {"ann": TYPES[: 2 + (random.random() < 0.4)]}
        if random.random() < 0.4:
            self.types["bob"] = TYPES[:2] if random.random() < 0.8 else TYPES
        plain = ["bob"] if "bob" not in self.types else []
        self.plain = [*plain, "cyd"] if not plain or random.random() < 0.5 else plain
        self.actors = [*self.types, *self.plain]

    def scenario(self) -> Data:
        random = self.random
        turn = [self.phase(i) for i in range(random.randint(2, 4))]
        place = random.randrange(len(turn))
        turn.insert(place, self.sealed("ann") if self.together else self.decide("ann", "first"))
        moods = {"calm": 0.4, "hot": 0.6} if random.random() < 0.3 else "calm"
        return {
            "title": "random types",
            "horizon": {"turns": random.randint(1, 3)},
            "actors": {name: self.actor(name) for name in self.actors},
            "board": {
                "x": {"levels": "0..2", "start": random.randrange(3)},
                "mood": {"levels": ["calm", "hot"], "start": moods},
            },
            "turn": turn,
            "payoffs": {name: {"flow": self.amount()} for name in self.actors},
            "beyond": {name: {"end": self.amount(dated=False)} for name in self.actors[:2]},
        }

    def actor(self, name: str) -> Data:
        low, high = PRECISIONS
        precision = low * (high / low) ** self.random.random()
        found: Data = {"precision": round(precision, 4), "patience": self.random.choice([1, 0.9])}
        if name in self.types:
            kinds = self.types[name]
            parts = [self.random.randint(0 if k else 1, 6) for k in range(len(kinds))]
            odds = [part / sum(parts) for part in parts[1:]]
            weights = [1 - sum(odds), *odds]
            shares = [weight or "1 - 1" for weight in weights]  # a plain 0 is refused
            found["types"] = dict(zip(kinds, shares, strict=True))
            many = [3, 5, 6, 9, 11] if len(kinds) == 2 and len(self.types) == 1 else [2, 3, 4, 5]
            found["beliefs"] = self.random.choice(many)
        return found

    def number(self) -> str:
        return f"({self.random.uniform(-1, 1):.4f})"

    def fact(self, dated: bool = True) -> str:
        """A truth about the board, the turn, a type, or a belief as a number."""
        facts = ["x == 1", "x == 2", "mood == hot", "x > 0 and mood == calm"]
        facts += [f"belief({name} == strong)" for name in self.types]
        facts += ["turn == 2"] if dated else []
        facts += [f"{name} == {kind}" for name, kinds in self.types.items() for kind in kinds] * 2
        return self.random.choice(facts)

    def amount(self, dated: bool = True) -> str:
        parts = [self.number()]
        parts += [f"{self.number()} * ({self.fact(dated)})" for _ in range(3)]
        return " + ".join(parts)

    def phase(self, index: int) -> Data:
        draw = self.random.random()
        if draw < 0.2:
            return self.nature(index)
        if self.together and draw < 0.4:
            return self.sealed(self.random.choice([*self.types]), number=str(index))
        if draw < 0.35 and len(self.plain) > 1:
            return self.sealed(*self.plain, number=str(index))
        return self.decide(self.random.choice(self.actors), f"choice{index}")

    def decide(self, actor: str, name: str, own: str | None = None) -> Data:
        count = self.random.choice([2, 2, 3])
        options = {f"o{i}": self.option(actor, i, own) for i in range(count)}
        found = {"decide": actor, "name": name, "options": options}
        if own is None and self.random.random() < 0.2:
            found["when"] = self.random.choice(["x > 0", "mood == hot"])
        return found

    def option(self, actor: str, i: int, own: str | None) -> Data:
        moves: list[Data] = [
            {},
            {"set": {"x": "min(x + 1, 2)"}},
            {"set": {"x": self.random.randrange(3)}},
            {"raise": {"x": 0.35}},
            {"set": {"mood": self.random.choice(["calm", "hot"])}},
            {"draw": {"mood": {"calm": 0.3, "hot": 0.7}}},
        ]
        allowed = [move for move in moves if own is None or own in next(iter(move.values()), [own])]
        found: Data = dict(self.random.choice(allowed))
        found["pays"] = {name: {"own": self.amount()} for name in self.actors}
        if i > 0 and self.random.random() < 0.25:
            kinds = self.types.get(actor)
            shown = [f"{actor} != {self.random.choice(kinds)}"] * 2 if kinds else []
            found["when"] = self.random.choice(["x > 0", "mood == calm", *shown])
        return found

    def nature(self, index: int) -> Data:
        """Odds that depend on a type, as a rule."""
        name = self.random.choice([*self.types])
        fact = f"{name} == {self.random.choice(self.types[name])}"
        fact = fact if self.random.random() < 0.8 else "x == 1"
        moves: list[Data] = [
            {"raise": {"x": f"0.2 + 0.5 * ({fact})"}},
            {"raise": {"x": f"0.6 * ({fact})"}, "lower": {"x": 0.3}},
            {"draw": {"mood": {"hot": f"0.3 + 0.4 * ({fact})", "calm": f"0.7 - 0.4 * ({fact})"}}},
        ]
        return {"chance": f"nature{index}", **self.random.choice(moves)}

    def sealed(self, *movers: str, number: str = "") -> Data:
        """These choose at once; one by itself with another, or with two."""
        if len(movers) == 1:
            others = [name for name in self.actors if name not in movers]
            count = 2 if len(others) > 1 and self.random.random() < 0.3 else 1
            movers = (*movers, *self.random.sample(others, count))
        moved = zip(movers, ("x", "mood", "none"), strict=False)
        return {"sealed": [self.decide(name, f"{name}{number}", own) for name, own in moved]}

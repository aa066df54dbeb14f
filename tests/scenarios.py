"""Random small scenarios, valid by construction, and random readings of them (hypothesis).

Everything is raw data as a YAML file would give it; `scenario_of` makes it a record. What keeps
them valid: odds are constants or clipped, one option of every decision is always available,
within-turn variables are read only after a phase that moves them, and recorded ones only by the
moves of recorded ones. Amounts have four decimals, so that exact best replies rarely tie.
With `private=True` some actors have hidden types, and some phases are sealed; with `endless=True`
play goes on for ever, and some phases are sealed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from mistrust.scenario.calendar import Calendar, month_of
from mistrust.scenario.levels import levels_of
from mistrust.scenario.schema import Scenario

Draw = Callable[[st.SearchStrategy[Any]], Any]
Data = dict[str, Any]

ACTORS = ("ann", "bob", "cyd")
OPTIONS = ("act", "wait", "talk")
TYPES = (["hawk", "dove"], ["hawk", "dove"], ["hawk", "dove", "owl"])
NAMED = (["low", "mid", "high"], ["calm", "war"], ["truce", "low", "war"])
NUMBERED = ("0..1", "0..2", [0, 0.5, 2], "0..1 by 0.5", [-1, 0.25])


@dataclass
class World:
    """What an expression may mention, as the scenario is being put together."""

    draw: Draw
    dates: list[str]
    calendar: bool
    endless: bool = False
    variables: dict[str, list[Any]] = field(default_factory=dict)
    kind: dict[str, str] = field(default_factory=dict)
    types: dict[str, list[str]] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)

    def one(self, options: Any) -> Any:
        """One of a few."""
        return self.draw(st.sampled_from(list(options)))

    def chance(self, percent: int = 50) -> bool:
        """True about that often."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def of_kind(self, *kinds: str) -> list[str]:
        """The variables of these kinds: plain, within or recorded; hidden types, and beliefs."""
        return [name for name, kind in self.kind.items() if kind in kinds]

    def with_types(self, actor: str, types: list[str]) -> None:
        """Let an actor have types; these and the belief about it go by names as variables do."""
        self.types[actor] = types
        self.variables[actor], self.kind[actor] = types, "hidden"
        for kind in types[:2]:
            belief = f"belief({actor} == {kind})"
            self.variables[belief], self.kind[belief] = [0.2871, 0.5313, 0.8119], "belief"


def scenario_of(data: Data) -> Scenario:
    """The record of raw data."""
    return Scenario.model_validate(data)


@st.composite
def scenarios(draw: Draw, private: bool = False, endless: bool = False) -> Data:
    """Small scenarios that are valid on every board."""
    horizon, labels = _horizon(draw, most=2 if private else 4, endless=endless)
    world = World(draw, labels, calendar="start" in horizon, endless=endless)
    premises = _premises(world)
    mechanisms = [f"m{i}" for i in range(draw(st.integers(0, 2)))]
    world.constants = [*premises, *mechanisms]
    actors = ACTORS[: draw(st.integers(2 if private else 1, 3))]
    board = _board(world, draw(st.integers(1, 2 if private else 4)))
    types = _types(world, actors) if private else {}
    definitions = _definitions(world)
    turn, seen = _turn(world, actors, private=private, sealed=private or endless)
    for name in world.of_kind("within"):
        if name not in seen:  # never moved, so it is none
            del board[name]["within"]
            world.kind[name] = "plain"
    read = world.of_kind("plain", "within", "hidden", "belief")
    beyond = "nothing" if endless else world.one(["nothing", "perpetuity", "terms"])
    data = {
        "title": "a random scenario",
        "horizon": horizon,
        "actors": {
            name: {
                **_actor(world, endless or beyond == "perpetuity", name in seen),
                **types.get(name, {}),
            }
            for name in actors
        },
        "board": board,
        "premises": premises,
        "define": definitions,
        "turn": turn,
        "payoffs": _terms(world, actors, read),
        "beyond": _terms(world, actors, world.of_kind("plain", "hidden", "belief"), still=True)
        if beyond == "terms"
        else beyond,
    }
    data["mechanisms"] = {
        name: {"says": "a step", "moves": draw(_events(data)), "by": world.one(["up", "down"])}
        for name in mechanisms
    }
    data["levers"] = _levers(world, data)
    claims = draw(st.lists(readings(data), max_size=2))
    data["claims"] = {
        f"c{i}": {"says": "a claim", "holds": f"{text} >= 0.4871"} for i, text in enumerate(claims)
    }
    return data


@st.composite
def readings(draw: Draw, data: Data) -> str:
    """An expression that reads the solved game, valid in this scenario."""
    plain = st.one_of(_events(data), _expectations(data), _worths(data), _frequencies(data))
    text = draw(plain)
    cases = [f"under({name}, " for name in data.get("levers", {})]
    cases += [f"without({name}, " for name in data.get("mechanisms", {})]
    if cases and draw(st.booleans()):
        text = f"{draw(st.sampled_from(cases))}{text})"
    if cases and draw(st.integers(0, 3)) == 3:
        text = f"{text} - {draw(st.sampled_from(cases))}{draw(plain)})"
    if data["premises"] and draw(st.integers(0, 3)) == 3:
        text = f"{next(iter(data['premises']))} * ({text})"
    return text


# -- parts of a scenario ---------------------------------------------------------------------


def _horizon(draw: Draw, most: int, *, endless: bool) -> tuple[Data, list[str]]:
    """The section, and how its turns (and the end) are written as dates."""
    turns = draw(st.integers(1, most))
    if endless:
        return {"forever": True, "turns": turns}, [str(turn + 1) for turn in range(turns + 1)]
    every = draw(st.sampled_from(["month", "quarter", "year"]))
    start = draw(st.sampled_from([None, "2025-01", "2024-Q4", "2025"]))
    if start is None:
        return {"turns": turns}, [str(turn + 1) for turn in range(turns + 1)]
    if every == "year":
        start = "2025"
    calendar = Calendar(month_of(start), every, turns)
    horizon: Data = {"start": start, "every": every}
    if draw(st.booleans()):
        horizon["turns"] = turns
    else:
        horizon["end"] = calendar.label(turns - 1)
    return horizon, calendar.labels()


def _premises(world: World) -> Data:
    found = {}
    for i in range(world.draw(st.integers(0, 2))):
        guess = world.draw(st.integers(1, 9999)) / 10000
        found[f"p{i}"] = {"says": "a number", "guess": guess}
        if world.chance():
            found[f"p{i}"]["range"] = [0, 1]
    return found


def _board(world: World, count: int) -> Data:
    board = {}
    for i in range(count):
        name = f"x{i}"
        levels = world.one([*NAMED, *NUMBERED])
        kind = "plain" if i == 0 else world.one(["plain", "plain", "within", "recorded"])
        world.variables[name] = levels_of(levels)
        world.kind[name] = kind
        start = world.one(world.variables[name])
        board[name] = {"levels": levels, "start": start}
        if kind == "within":
            board[name]["within"] = "turn"
        elif kind == "recorded":
            board[name]["recorded"] = True
        if kind != "within" and world.chance(30):
            board[name]["start"] = _row(world, name, [])
    return board


def _types(world: World, actors: tuple[str, ...]) -> Data:
    """Types for up to two of the actors, with their odds, as parts of their records."""
    found: Data = {}
    for name in actors[: world.one([0, 1, 1, 1, 2])]:
        types = world.one(TYPES) if not found else TYPES[0]
        world.with_types(name, types)
        share = world.one([f"{world.draw(st.integers(1, 20)) / 20:g}", *world.constants])
        odds = [share, f"1 - {share}"]
        if len(types) == 3:
            odds = [f"0.3 * {share}", f"0.7 * {share}", odds[1]]
        several = len(types) == 3 or found or len(actors) > 2
        points = world.one([3, 4] if several else [3, 4, 5, 6])
        found[name] = {"types": dict(zip(types, odds, strict=True)), "beliefs": points}
    return found


def _definitions(world: World) -> Data:
    found = {}
    for i in range(world.draw(st.integers(0, 2))):
        found[f"d{i}"] = _number(world, world.of_kind("plain", "belief"), depth=1)
        world.definitions.append(f"d{i}")
    return found


def _actor(world: World, perpetual: bool, finite: bool) -> Data:
    patience = world.one([0.9, "0.6", "clip(0.5 + 0.3 * 0.7, 0, 0.95)", 0.95 if perpetual else 1])
    precision = world.one([0.5, 1, 2.5, "5", 10] + ([] if finite else ["inf", float("inf")]))
    constants = [name for name in world.constants if name.startswith("p")]
    if constants and world.chance(20):
        precision = f"2 + {world.one(constants)}"
    return {"patience": patience, "precision": precision}


def _turn(
    world: World, actors: tuple[str, ...], *, private: bool, sealed: bool
) -> tuple[list[Data], set[str]]:
    """The phases; the variables that some phase moves, and the actors that need a precision."""
    phases: list[Data] = []
    moved: set[str] = set()
    alone: set[str] = set()
    for i in range(world.draw(st.integers(1, 4 if private else 5))):
        read = world.of_kind("plain", "belief")
        read += [n for n in world.of_kind("within") if n in moved]
        if sealed and len(actors) > 1 and world.chance(30):
            movers = [name for name in actors if world.chance(80)]
            met = any(len(other.get("sealed", [])) > 2 for other in phases)
            movers = movers if len(movers) > 1 and not met else list(actors[:2])
            phase = _sealed(world, movers, actors, read, moved, i)
        elif world.chance(60) or (i == 0 and world.chance()):
            actor = world.one(list(world.types) if world.types and world.chance() else actors)
            phase = _decide(world, actor, actors, read, moved)
            if actor in alone or world.chance():
                phase["name"] = f"choice{i}"
            else:
                alone.add(actor)
        else:
            told = [world.one(world.types)] if world.types and world.chance(60) else []
            phase = {"chance": f"nature{i}", **_effects(world, read + told, moved, least=1)}
        if world.chance(40):
            phase["when"] = _condition(world, read)
        phases.append(phase)
        moved |= _moved(phase)
    together = {part["decide"] for phase in phases for part in phase.get("sealed", [])}
    return phases, moved | together | set(world.types)


def _moved(phase: Data) -> set[str]:
    parts = [phase, *(o or {} for d in decisions_in(phase) for o in d["options"].values())]
    verbs = ("set", "raise", "lower", "draw")
    return {name for part in parts for verb in verbs for name in part.get(verb, {})}


def decisions_in(phase: Data) -> list[Data]:
    """The decisions of a phase."""
    return phase.get("sealed", [phase] if "decide" in phase else [])


def _sealed(
    world: World,
    movers: list[str],
    actors: tuple[str, ...],
    read: list[str],
    moved: set[str],
    index: int,
) -> Data:
    """Two or more decide at once; no two of them move one variable. Three have two options each."""
    own: dict[str, list[str]] = {mover: [] for mover in movers}
    for name in world.of_kind("plain", "within", "recorded"):
        own[world.one(movers)].append(name)
    most = 3 if len(movers) == 2 else 2
    parts = [_decide(world, mover, actors, read, moved, own[mover], most) for mover in movers]
    for part in parts:
        part["name"] = f"{part['decide']}{index}"
    return {"sealed": parts}


def _decide(
    world: World,
    actor: str,
    actors: tuple[str, ...],
    read: list[str],
    moved: set[str],
    names: list[str] | None = None,
    most: int = 3,
) -> Data:
    """A decision; its options may move these variables, or all."""
    options: Data = {}
    for i, name in enumerate(OPTIONS[: world.draw(st.integers(2, most))]):
        option = _effects(world, read, moved, least=0, names=names)
        if i > 0 and world.chance(30):
            option["when"] = _condition(world, read)
        elif i > 0 and actor in world.types and world.chance(30):
            option["when"] = (
                f"{_about(world, actor)} {world.one(['and', 'or'])} {_about(world, read[0])}"
            )
        if world.chance(70):
            option["pays"] = _terms(world, actors, read + world.of_kind("hidden"))
        option.setdefault("pays", {}).setdefault(actor, {})["own"] = _amount(world)
        options[name] = option
    return {"decide": actor, "options": options}


def _terms(world: World, actors: tuple[str, ...], read: list[str], *, still: bool = False) -> Data:
    """Amounts per actor; `still` leaves out the calendar."""
    found: Data = {}
    for actor in actors:
        if world.chance(60):
            found[actor] = {
                f"t{i}": f"{_amount(world)} * {_number(world, read, depth=1, still=still)}"
                for i in range(world.draw(st.integers(1, 2)))
            }
    return found


def _levers(world: World, data: Data) -> Data:
    found: Data = {}
    for i in range(world.draw(st.integers(0, 2))):
        lever: Data = {"says": "what if"}
        decisions = [part for phase in data["turn"] for part in decisions_in(phase)]
        if decisions and world.chance(70):
            phase = world.one(decisions)
            name = phase.get("name", phase["decide"])
            lever["choose"] = {name: world.one(phase["options"])}
            if world.chance(40):
                lever["when"] = _condition(world, world.of_kind("plain", "belief"))
        if data["premises"] and world.chance():
            lever["premises"] = {world.one(data["premises"]): world.one([0, 0.37, 1])}
        if data["mechanisms"] and world.chance():
            lever["off"] = [world.one(data["mechanisms"])]
        if len(lever) > 1:
            found[f"l{i}"] = lever
    return found


# -- moves -----------------------------------------------------------------------------------


def _effects(
    world: World, read: list[str], moved: set[str], least: int, names: list[str] | None = None
) -> Data:
    """Moves of at least so many variables of `names`; `moved` have been moved before."""
    found: Data = {}
    names = world.of_kind("plain", "within", "recorded") if names is None else names
    if not names:
        return found
    chosen = world.draw(
        st.lists(st.sampled_from(names), unique=True, min_size=least, max_size=min(2, len(names)))
    )
    for name in chosen:
        sources = read + (world.of_kind("recorded") if world.kind[name] == "recorded" else [])
        fresh = world.kind[name] == "within" and name not in moved
        verb = world.one(["set", "set to", "raise", "both", "draw"] + ([] if fresh else ["rows"]))
        _move(world, found, verb, name, sources)
    return found


def _move(world: World, found: Data, verb: str, name: str, read: list[str]) -> None:
    levels = world.variables[name]
    if verb == "set":
        odds = {
            str(level): world.one([0.25, f"clip({_number(world, read, depth=1)}, 0, 0.3)"])
            for level in world.draw(st.lists(st.sampled_from(levels), unique=True, min_size=1))
        }
        found.setdefault("set", {})[name] = odds
    elif verb == "set to":
        found.setdefault("set", {})[name] = _target(world, name, read)
    elif verb == "raise":
        found.setdefault(world.one(["raise", "lower"]), {})[name] = _odds(world, read, 1)
    elif verb == "both":
        found.setdefault("raise", {})[name] = _odds(world, read, 0.5)
        found.setdefault("lower", {})[name] = _odds(world, read, 0.5)
    elif verb == "draw":
        found.setdefault("draw", {})[name] = _row(world, name, read)
    else:
        rows = {str(level): _row(world, name, read) for level in levels}
        found.setdefault("draw", {})[name] = rows


def _target(world: World, name: str, read: list[str]) -> Any:
    """One level: by name, or as an expression."""
    levels = world.variables[name]
    if isinstance(levels[0], str) or world.chance(40):
        return world.one(levels)
    if levels in ([0, 1, 2], [0, 1]) and name in read and world.chance():
        return world.one([f"min({name} + 1, {levels[-1]:g})", f"max({name} - step({name}), 0)"])
    low, high = world.one(levels), world.one(levels)
    return f"if({_condition(world, read)}, {low:g}, {high:g})"


def _row(world: World, name: str, read: list[str]) -> Data:
    """Odds over all levels of a variable, adding up to 1."""
    levels = [str(level) for level in world.variables[name]]
    odds = _odds(world, read, 1)
    if len(levels) == 2:
        return {levels[0]: odds, levels[1]: f"1 - {odds}"}
    return {
        levels[0]: f"0.25 * {odds}",
        levels[1]: f"0.75 * {odds}",
        levels[2]: f"1 - {odds}",
    }


def _odds(world: World, read: list[str], most: float) -> str:
    """A probability on every board, at most so high."""
    if world.chance(40):
        return f"{world.draw(st.integers(0, 100)) / 100 * most:g}"
    return f"clip({_number(world, read, depth=1)}, 0, {most:g})"


# -- expressions -----------------------------------------------------------------------------


def _amount(world: World) -> str:
    """A decimal of four places, below 0 in parentheses."""
    amount = world.draw(st.integers(-29999, 29999)) / 10000
    return f"{amount:.4f}" if amount >= 0 else f"({amount:.4f})"


def _number(world: World, read: list[str], depth: int, *, still: bool = False) -> str:
    """An amount that stays within a few units on any board."""
    atoms = [f"{world.draw(st.integers(0, 9999)) / 10000:g}", *world.constants]
    atoms += [name for name in read if not isinstance(world.variables[name][0], str)] * 2
    if read and not still:  # in the odds of a start there is no board, and no turn
        atoms += [*([] if world.endless else ["turn"]), *world.definitions]
        atoms += ["(year - 2024)", "quarter", "month"] if world.calendar else []
    if depth == 0 or world.chance(30):
        return world.one(atoms)
    one, two = (_number(world, read, depth - 1, still=still) for _ in range(2))
    forms = [
        "({0} + {1})",
        "({0} - {1})",
        "({0} * {1})",
        "({0} / 1.6)",
        "-{0}",
        "min({0}, {1})",
        "max({0}, {1})",
        "mean({0}, {1}, 0.3)",
        "abs({0})",
        "sqrt(abs({0}))",
        "{0} ** 2",
        "exp(clip({0}, -2, 1))",
        "log(1.5 + abs({1}))",
        "clip({0}, 0.1, 1.2)",
    ]
    if read:
        forms += ["if({c}, {0}, {1})", "({c})", "(1 + 0.7 * ({c}))"] * 3
    condition = _condition(world, read, still=still) if read else ""
    return f"({world.one(forms).format(one, two, c=condition)})"


def _condition(world: World, read: list[str], *, still: bool = False) -> str:
    """A truth about the board, or with it about the calendar (not if `still`, or without end)."""
    forms = [_about(world, world.one(read)) for _ in range(2)]
    joined = [forms[0], f"{forms[0]} and {forms[1]}", f"not {forms[0]} or {forms[1]}"]
    if still or world.endless or world.chance(75):
        return world.one(joined)
    return f"({world.one(joined)}) {world.one(['and', 'or'])} {_dated(world)}"


def _about(world: World, name: str) -> str:
    levels = [x if isinstance(x, str) else f"{x:g}" for x in world.variables[name]]
    level = world.one(levels)
    forms = [f"{name} == {level}", f"{name} != {level}", f"{name} >= {level}", f"{level} > {name}"]
    forms += [f"{name} in [{', '.join(levels[:2])}]", f"{levels[0]} <= {name} < {levels[-1]}"]
    return world.one(forms)


def _dated(world: World) -> str:
    one, two = sorted(world.one(range(len(world.dates))) for _ in range(2))
    first, last = world.dates[one], world.dates[two]
    forms = [f"at {first}", f"from {first}", f"until {last}", f"from {first} until {last}"]
    forms += ["turn >= 2"]
    if world.calendar:
        count, unit = world.one([1, 2, 5]), world.one(["month", "quarters", "years"])
        forms += [f"every {count} {unit} from {first}", "every 2 quarters from 2023-02 until 2026"]
        forms += ["month == 1", "quarter in [2, 4]", "year >= 2025"]
    return world.one(forms)


# -- readings --------------------------------------------------------------------------------


AT_A_MOMENT = ("plain", "recorded", "hidden", "belief")
"""What there is to read as a turn opens, or as a decision is taken."""


def _world_of(draw: Draw, data: Data) -> World:
    """What readings may mention, from the data alone."""
    horizon = data["horizon"]
    start = month_of(str(horizon["start"])) if "start" in horizon else None
    turns = horizon.get("turns")
    calendar = Calendar(start, horizon.get("every", "quarter"), turns or 1)
    if turns is None:
        turns = calendar.turn_of(month_of(horizon["end"]) or 0) + 1
        calendar = Calendar(start, calendar.every, turns)
    labels = calendar.labels() if start is not None else [str(t + 1) for t in range(turns + 1)]
    world = World(draw, labels, calendar=start is not None)
    for name, variable in data["board"].items():
        world.variables[name] = levels_of(variable["levels"])
        recorded = "recorded" if variable.get("recorded") else "plain"
        world.kind[name] = "within" if variable.get("within") else recorded
    world.constants = list(data["premises"])
    for name, actor in data["actors"].items():
        if "types" in actor:
            world.with_types(name, list(actor["types"]))
    return world


def _event(world: World, *, given: bool = False) -> str:
    """`[ever|always] condition [dates]`; within-turn variables only in what spans phases."""
    quantifier = world.one(["", "", "ever ", "always "])
    kinds = ["within"] if quantifier else []
    condition = _condition(world, world.of_kind(*AT_A_MOMENT, *kinds), still=True)
    if quantifier:
        dates = world.one(["", _span(world)])
    else:
        dates = world.one(["", f" at {world.one(world.dates)}"])
    if given and not quantifier and world.chance():
        dates = ""
    return f"{quantifier}{condition}{dates}"


def _span(world: World, *, closed: bool = False) -> str:
    """A window that runs forward."""
    last = world.draw(st.integers(1, len(world.dates) - 1))
    first = world.draw(st.integers(0, last - 1))
    start, end = f" from {world.dates[first]}", f" until {world.dates[last]}"
    return start + end if closed else world.one([start + end, start, end])


def _given(world: World) -> str:
    return f" | {_event(world, given=True)}" if world.chance(40) else ""


@st.composite
def _events(draw: Draw, data: Data) -> str:
    world = _world_of(draw, data)
    return f"P({_event(world)}{_given(world)})"


@st.composite
def _expectations(draw: Draw, data: Data) -> str:
    world = _world_of(draw, data)
    read = world.of_kind(*AT_A_MOMENT)
    dates = world.one(["", f" at {world.one(world.dates)}", _span(world)])
    return f"E({_number(world, read, depth=2, still=True)}{dates}{_given(world)})"


@st.composite
def _worths(draw: Draw, data: Data) -> str:
    world = _world_of(draw, data)
    dates = world.one(["", f" at {world.one(world.dates[:-1])}"])
    return f"V({world.one(data['actors'])}{dates}{_given(world)})"


@st.composite
def _frequencies(draw: Draw, data: Data) -> str:
    world = _world_of(draw, data)
    decisions = [part for phase in data["turn"] for part in decisions_in(phase)]
    if not decisions:
        return draw(_events(data))
    phase = world.one(decisions)
    name, option = phase.get("name", phase["decide"]), world.one(phase["options"])
    dates = world.one(["", f" at {world.one(world.dates[:-1])}", _span(world)])
    given = ""
    if world.chance():
        given = f" | {_condition(world, world.of_kind(*AT_A_MOMENT), still=True)}"
    return f"freq({name} == {option}{dates}{given})"

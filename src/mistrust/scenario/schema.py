"""The scenario format: one frozen record per part of the file.

These definitions validate a file, generate the published JSON Schema, and are what the rest of
the program reads. Expressions are kept as text here; `resolve` gives them meaning.
"""

from __future__ import annotations

from math import comb
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from mistrust.errors import clipped
from mistrust.scenario.levels import MAX_LEVELS, Identifier, Levels

MAX_TURNS = 2400
ENDLESS_TURNS = 100
MAX_TYPES = 6

Line = Annotated[str, StringConstraints(min_length=1)]


def _as_text(value: Any) -> Any:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, (int, float))
        else value
    )


Expression = Annotated[
    Line,
    BeforeValidator(_as_text),
    WithJsonSchema({"type": ["string", "number", "boolean"], "title": "Expression"}),
]
"""Arithmetic over the board, the calendar, premises and mechanisms; see docs/language.md."""


def _written(value: Any) -> str:
    return "by level" if isinstance(value, dict) else "as one"


Row = Annotated[dict[str, Expression], Field(min_length=1)]
"""Odds over levels."""
Odds = Annotated[
    Annotated[Expression, Tag("as one")] | Annotated[Row, Tag("by level")],
    Discriminator(_written),
]
Draw = Annotated[dict[str, Odds], Field(min_length=1)]
"""Odds over the new levels, or a row of them for each present level."""
Number = Annotated[float, Field(allow_inf_nan=False)]
Pair = tuple[Number, Number]

Moment = Annotated[
    Line,
    BeforeValidator(_as_text),
    WithJsonSchema({"type": ["string", "integer"], "title": "Date: 2025-Q1, 2025-01 or 2025"}),
]


class Part(BaseModel):
    """Base of all records: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _endless(value: Any) -> Any:
    if value == "forever":
        return {"forever": True}
    if isinstance(value, str):
        known = "'forever', or a mapping such as {start: 2025-Q1, turns: 12}"
        raise ValueError(f"found '{clipped(value)}', expected {known}")
    if isinstance(value, dict) and "forever" in (value.get("turns"), value.get("end")):
        raise ValueError("play without end is written 'horizon: forever', or with 'forever: yes'")
    return value


class Horizon(Part):
    """The calendar: first turn, length of a turn, and number of turns or last turn.

    With `forever` play has no last turn; the turns are those that claims can read.
    """

    start: Moment | None = None
    turns: int | None = Field(None, ge=1, le=MAX_TURNS, description="100, if there is no end")
    end: Moment | None = Field(None, description="the last turn played")
    every: Literal["month", "quarter", "year"] = "quarter"
    forever: bool = Field(
        False, description="play goes on like this for ever: stationary strategies, no calendar"
    )

    @model_validator(mode="after")
    def _one_length(self) -> Horizon:
        if self.forever and (self.start or self.end):
            wrong = "play that goes on for ever has no calendar: leave 'start' and 'end' out"
            raise ValueError(f"{wrong} ('turns' says how many turns claims can read)")
        if (self.turns is None) == (self.end is None) and not self.forever:
            raise ValueError("give either 'turns' (how many) or 'end' (the last turn)")
        if self.end is not None and self.start is None:
            raise ValueError("'end' needs a 'start' date")
        return self

    @property
    def length(self) -> int | None:
        """The number of turns, where it is given."""
        return ENDLESS_TURNS if self.forever and self.turns is None else self.turns


def grid_size(kinds: int, points: int) -> int:
    """How many beliefs a grid holds that has so many points between any two of the types."""
    return comb(points + kinds - 2, kinds - 1)


class Actor(Part):
    """A player."""

    name: Line | None = None
    says: Line | None = None
    patience: Expression = Field("1", description="discount factor per turn, in (0, 1]")
    precision: Expression = Field("inf", description="logit precision; inf is exact best reply")
    types: dict[Identifier, Expression] = Field(
        {}, max_length=MAX_TYPES, description="private information: type: its prior probability"
    )
    beliefs: int = Field(
        11, ge=2, le=1001, description="points of the grid on which the others' belief is kept"
    )
    draft: int | None = Field(
        None, ge=2, le=1001, description="points of that grid, for --resolution draft"
    )

    @field_validator("types", mode="before")
    @classmethod
    def _with_odds(cls, value: Any) -> Any:
        bare = isinstance(value, dict) and not any(odds is not None for odds in value.values())
        names = list(value) if bare or isinstance(value, list) else []
        if len(names) > 1:
            example = ", ".join(f"{clipped(name, 20)}: 0.5" for name in names[:2])
            raise ValueError(f"types are written with their probabilities: {{{example}}}")
        return value

    @field_validator("types")
    @classmethod
    def _several(cls, value: dict[str, str]) -> dict[str, str]:
        if len(value) == 1:
            raise ValueError("one type is none: give two or more, or leave 'types' out")
        return value

    @field_validator("beliefs", "draft")
    @classmethod
    def _of_types(cls, value: int | None, info: ValidationInfo) -> int | None:
        kinds = len(info.data.get("types", "??"))  # absent where they are wrong
        if not kinds:
            raise ValueError("a grid of beliefs is for actors with 'types', and this one has none")
        count = grid_size(kinds, value or 0)
        if count > MAX_LEVELS:
            many = f"{kinds} types with {value} points between any two make {count:,} beliefs"
            raise ValueError(f"{many}; at most {MAX_LEVELS:,} are allowed")
        if info.field_name == "draft" and (value or 0) > info.data.get("beliefs", 1001):
            raise ValueError(f"found {value}, expected no more than 'beliefs': a draft is coarser")
        return value


class Variable(Part):
    """One dimension of the board."""

    says: Line | None = None
    levels: Levels
    draft: Levels | None = Field(None, description="coarser levels, for --resolution draft")
    start: Odds = Field(description="the level at the outset, or odds over levels")
    within: Literal["turn"] | None = Field(
        None, description="'turn': set afresh in each turn, gone after its last reading"
    )
    recorded: bool = Field(
        False, description="kept for claims only: no actor sees it, it costs the solve nothing"
    )


class Premise(Part):
    """A number that the argument rests on."""

    says: Line
    guess: Number
    range: Pair | None = None
    shape: Literal["uniform", "triangle", "pert", "loguniform"] = "uniform"
    source: Line | None = None
    unit: Line | None = None

    @field_validator("range")
    @classmethod
    def _around_guess(cls, value: Pair | None, info: ValidationInfo) -> Pair | None:
        if value is None:
            return value
        low, high = value
        if not low < high:
            raise ValueError(f"the range runs from {low:g} to {high:g}; it must rise")
        guess = info.data.get("guess", low)  # absent where it is no number
        if not low <= guess <= high:
            raise ValueError(f"the guess {guess:g} is outside the range {low:g} to {high:g}")
        return value

    @field_validator("shape")
    @classmethod
    def _above_zero(cls, value: str, info: ValidationInfo) -> str:
        given = info.data.get("range")
        if value == "loguniform" and given and given[0] <= 0:
            raise ValueError("a loguniform range must lie above 0")
        return value


class Mechanism(Part):
    """A causal step that can be switched off; in expressions its name is 1 (on) or 0 (off)."""

    says: Line
    source: Line | None = None
    moves: Expression = Field(description="the outcome it moves, a reading of the solved game")
    by: Literal["up", "down"]


class Effects(Part):
    """What an option or a chance phase does to the board; all odds read the board before it."""

    set: dict[str, Odds] = Field(
        {}, description="variable: level, or odds over levels, the rest staying where it is"
    )
    raise_: dict[str, Expression] = Field(
        {}, alias="raise", description="variable: probability of going up one level"
    )
    lower: dict[str, Expression] = Field(
        {}, description="variable: probability of going down one level"
    )
    draw: dict[str, Draw] = Field(
        {}, description="variable: odds over all its levels, or one such row per present level"
    )

    @field_validator("set", "raise_", "lower", "draw", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


class Option(Effects):
    """One thing that an actor may choose."""

    says: Line | None = None
    when: Expression | None = Field(None, description="available only where this is true")
    pays: dict[str, dict[str, Expression]] = Field(
        {}, description="actor: {term: amount}, received when the option is chosen"
    )


class Decide(Part):
    """A decision phase: one actor sees the board and picks an option."""

    decide: str
    name: Identifier | None = Field(None, description="the decision's name; the actor's if alone")
    says: Line | None = None
    when: Expression | None = None
    options: dict[Identifier, Option] = Field(min_length=1, max_length=64)

    @field_validator("options", mode="before")
    @classmethod
    def _bare_options(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {} if v is None else v for k, v in value.items()}
        return value


def _decision(value: Any) -> Any:
    if not isinstance(value, Decide) and not (isinstance(value, dict) and "decide" in value):
        raise ValueError("a sealed phase is a list of decisions, each with 'decide: ACTOR'")
    return value


def _unguarded(value: Decide) -> Decide:
    if value.when is not None:
        raise ValueError("in a sealed phase 'when' stands beside 'sealed', or in single options")
    return value


Together = Annotated[Decide, BeforeValidator(_decision), AfterValidator(_unguarded)]


class Sealed(Part):
    """Decisions that several actors take at once, none seeing what the others choose."""

    sealed: list[Together] = Field(min_length=2, max_length=8)
    says: Line | None = None
    when: Expression | None = None


class Chance(Effects):
    """A chance phase: nature moves."""

    chance: Identifier
    says: Line | None = None
    when: Expression | None = None


def _kind(value: Any) -> str | None:
    if isinstance(value, Decide) or (isinstance(value, dict) and "decide" in value):
        return "decision phase"
    if isinstance(value, Sealed) or (isinstance(value, dict) and "sealed" in value):
        return "sealed phase"
    if isinstance(value, Chance) or (isinstance(value, dict) and "chance" in value):
        return "chance phase"
    return None


Phase = Annotated[
    Annotated[Decide, Tag("decision phase")]
    | Annotated[Sealed, Tag("sealed phase")]
    | Annotated[Chance, Tag("chance phase")],
    Discriminator(
        _kind,
        custom_error_type="phase",
        custom_error_message="a phase begins with 'decide: ACTOR', 'sealed:' or 'chance: NAME'",
    ),
]


class Lever(Part):
    """A counterfactual: choices made for an actor, premises set, mechanisms switched off."""

    says: Line
    source: Line | None = None
    choose: dict[str, Identifier] = Field({}, description="decision: the option it must take")
    when: Expression | None = Field(None, description="the choices are forced only where true")
    premises: dict[str, Number] = {}
    off: list[str] = Field([], description="mechanisms switched off")

    @model_validator(mode="after")
    def _does_something(self) -> Lever:
        if not (self.choose or self.premises or self.off):
            raise ValueError("a lever needs 'choose', 'premises' or 'off'")
        if self.when is not None and not self.choose:
            raise ValueError("'when' limits what 'choose' forces, and this lever has no 'choose'")
        return self


class Claim(Part):
    """A proposition about the solved game."""

    says: Line
    source: Line | None = None
    reading: Line | None = Field(None, description="how the proposition reads the game, in words")
    holds: Expression


Terms = dict[str, dict[Identifier, Expression]]
Beyond = Annotated[
    Annotated[Literal["nothing", "perpetuity"], Tag("as one")] | Annotated[Terms, Tag("by level")],
    Discriminator(_written),
]


class Scenario(Part):
    """A whole argument."""

    title: Line
    about: Line | None = None
    source: Line | None = None
    horizon: Annotated[Horizon, BeforeValidator(_endless)]
    actors: dict[Identifier, Actor] = Field(min_length=1, max_length=60)
    board: dict[Identifier, Variable] = Field(min_length=1, max_length=60)
    premises: dict[Identifier, Premise] = Field({}, max_length=1000)
    mechanisms: dict[Identifier, Mechanism] = Field({}, max_length=200)
    define: dict[Identifier, Expression] = Field({}, max_length=1000)
    turn: list[Phase] = Field(min_length=1, max_length=200)
    payoffs: Terms = Field({}, description="actor: {term: amount}, received as each turn ends")
    beyond: Beyond = Field(
        "nothing",
        description="after the last turn: nothing, its flow for ever, or named amounts per actor",
    )
    levers: dict[Identifier, Lever] = Field({}, max_length=200)
    claims: dict[Identifier, Claim] = Field({}, max_length=1000)

    @field_validator(
        "premises", "mechanisms", "define", "payoffs", "levers", "claims", mode="before"
    )
    @classmethod
    def _empty_section(cls, value: Any) -> Any:
        return {} if value is None else value

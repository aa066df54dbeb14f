"""A run's record as one HTML page that needs nothing else. Formats, and computes nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mistrust.report import bars, charts, words
from mistrust.report.words import counted

Record = Mapping[str, Any]

NAMED, CARRIERS = 3, 6
"""Most items named in a sentence; most mechanisms shown at once below a claim."""

_SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOLDS = Markup('The <a href="#certificate">certificate</a> holds: the solution checks out.')
_FAILS = Markup(
    '<strong>The <a href="#certificate">certificate</a> fails: rely on none of these '
    "figures.</strong>"
)
_DRAFT = Markup(
    "This is a quick look at draft resolution, with coarser levels of the board; run it at "
    "standard resolution before quoting it."
)
_SHARE = re.compile(
    r"(?:(?:under|without)\(\w+, *)*"
    r"(?:(?:P|freq)\(|E\(\w+ *(?:[=!<>]=|[<>]) *[\w.]+ *(?:\)|\||at |from |until ))"
)
"""Readings that are shares of something: probabilities, frequencies, averages of a truth."""


def render(record: Record) -> str:
    """The page of a run's record."""
    environment = Environment(
        loader=PackageLoader("mistrust", "report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "share": words.share, "figure": words.figure, "signed": words.signed, "slug": slug,
        "written": words.written, "plain": plain, "sentence": sentence, "amount": amount,
        "stationary": words.stationary, "on_a_grid": words.on_a_grid,
    }  # fmt: skip
    environment.globals |= {
        "interval": words.interval, "counted": counted, "share_bar": bars.share_bar,
        "margins": charts.margins, "carried_bar": bars.carried_bar, "side": side,
    }  # fmt: skip
    css = files("mistrust.report").joinpath("page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        record, record=record, css=Markup(css), contents=contents(record),
        bottom_line=bottom_line(record), audit=audit(record), carried=carried,
        panels=panels, found_out=found_out, stack=charts.stack, drafted=record.get("draft"),
        value_cards=value_cards(record), lever_cards=lever_cards(record),
        command=command(record), names=actor_names(record),
    )  # fmt: skip


# Words


def slug(name: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^\w-]", "-", name)


def plain(name: str) -> str:
    """A name of the scenario as words."""
    return name.replace("_", " ")


def sentence(words_: str) -> str:
    """Words with a capital at the front."""
    return words_[:1].upper() + words_[1:]


def spelled(count: int) -> str:
    """A number as it stands in a sentence."""
    return _SPELLED[count] if count < len(_SPELLED) else f"{count:,}"


def amount(value: float | None, reading: str) -> str:
    """The value of a reading: a percentage where the reading is a share."""
    return words.share(value) if _SHARE.match(reading) else words.figure(value)


def side(share: float | None) -> str:
    """Whether a claim holds in most worlds, fails in most, or neither."""
    if share is None:
        return "none"
    return "hold" if share > 0.5 else "fail" if share < 0.5 else "even"


def moved(mechanism: Record) -> str:
    """Whether a mechanism moves its outcome as stated: yes, no, few (worlds) or none (no value)."""
    if mechanism["as_expected"] is None:
        return "none"
    if not mechanism["as_expected"]:
        return "no"
    share = mechanism["share_as_expected"]
    return "few" if share is not None and share <= 0.5 else "yes"


def actor_names(record: Record) -> dict[str, str]:
    """What the actors are called."""
    return {actor["id"]: actor["name"] for actor in record["scenario"]["actors"]}


def command(record: Record) -> str:
    """The command line that gives this record again."""
    scenario = record["scenario"]
    return scenario.get("command") or shlex.join([
        "mistrust", "run", str(scenario["file"]), "--worlds", str(record["worlds"]["asked"]),
        "--seed", str(record["seed"]), "--resolution", scenario["resolution"],
    ])  # fmt: skip


def contents(record: Record) -> list[tuple[str, str]]:
    """The sections of the page: address and heading."""
    sections = [
        ("bottom-line", "Bottom line", True),
        ("verdicts", "Verdicts", True),
        ("claims", "Claim by claim", record["claims"]),
        ("mechanisms", "Mechanisms", True),
        ("variables", "The board over time", record["variables"]),
        ("beliefs", "What is believed", record["beliefs"]),
        ("decisions", "Decisions", record["decisions"]),
        ("values", "What the actors get", record["values"]),
        ("levers", "Levers", record["levers"]),
        ("premises", "Premises", True),
        ("failures", "Failed worlds", record["worlds"]["failures"]),
        ("certificate", "Certificate", True),
        ("draft", "Draft and standard", record.get("draft")),
        ("reproduce", "How to reproduce", True),
    ]
    return [(id_, heading) for id_, heading, shown in sections if shown]


# The bottom line


def bottom_line(record: Record) -> Markup:
    """The run in a paragraph."""
    parts = [*_on_claims(record), *_on_mechanisms(record["mechanisms"]), *_on_run(record)]
    return Markup(" ").join(parts if record["certificate"]["ok"] else [_FAILS, *parts])


def _on_claims(record: Record) -> list[Markup]:
    claims, solved = record["claims"], record["worlds"]["solved"]
    if not claims:
        return [Markup("The argument makes no claims.")]
    best = sum(claim["best_guess"] is True for claim in claims)
    guess = Markup("Under the best guess of every premise {} of {} hold.").format(best, len(claims))
    if not solved:
        return [Markup("No world was solved besides the best guess."), guess]
    sides = {
        name: [c for c in claims if side(c["share"]) == name]
        for name in ("hold", "fail", "even", "none")
    }
    lead = Markup("Of {}, <strong>{}</strong> {} in most of the {} solved.").format(
        counted(len(claims), "claim"),
        len(sides["hold"]),
        "holds" if len(sides["hold"]) == 1 else "hold",
        counted(solved, "world"),
    )
    return [
        lead,
        *_named(sides["fail"], "claim", "fails in most", "fail in most"),
        *_named(sides["even"], "claim", "is evenly split", "are evenly split"),
        *_named(sides["none"], "claim", "has no verdict", "have no verdict"),
        guess,
        *_on_doubt(claims),
    ]


def _on_doubt(claims: Sequence[Record]) -> list[Markup]:
    unsure = [c for c in claims if c["share"] is not None and c["low"] < 0.5 < c["high"]]
    against = [
        c for c in claims
        if (side(c["share"]), c["best_guess"]) in {("hold", False), ("fail", True)}
    ]  # fmt: skip
    parts = _named(
        against,
        "claim",
        *[
            "comes out differently there than in most worlds",
            "come out differently there than in most worlds",
        ],
    )
    if unsure:
        wide = "For {} the 90% interval reaches across one half: more worlds may turn the verdict."
        parts.append(Markup(wide).format(counted(len(unsure), "claim")))
    return parts


def _on_mechanisms(mechanisms: Sequence[Record]) -> list[Markup]:
    if not mechanisms:
        return []
    rest = [m for m in mechanisms if moved(m) != "yes"]
    good = len(mechanisms) - len(rest)
    lead = Markup("Of {}, <strong>{}</strong> {} outcome as the argument says.").format(
        counted(len(mechanisms), "mechanism"), good, "moves its" if good == 1 else "move their"
    )
    return [
        lead,
        *_named(
            rest, "mechanism", "does not, or not in most worlds", "do not, or not in most worlds"
        ),
    ]


def _named(items: Sequence[Record], kind: str, one: str, many: str) -> list[Markup]:
    """A sentence that counts some claims or mechanisms and names the first of them."""
    if not items:
        return []
    links = [
        Markup('“<a href="#{}-{}">{}</a>”').format(
            kind, slug(i["id"]), i["says"].strip().rstrip(".")
        )
        for i in items[:NAMED]
    ]
    more = f"; and {len(items) - NAMED} more" if len(items) > NAMED else ""
    lead = f"{sentence(spelled(len(items)))} {one if len(items) == 1 else many}"
    return [Markup("{}: {}{}.").format(lead, Markup("; ").join(links), more)]


def _on_run(record: Record) -> list[Markup]:
    worlds, parts = record["worlds"], []
    if worlds["failed"]:
        left_out = '<a href="#failures">{} of {}</a> could not be solved and are left out.'
        asked = counted(worlds["asked"], "world")
        parts.append(Markup(left_out).format(worlds["failed"], asked))
    if record["certificate"]["ok"]:
        parts.append(_HOLDS)
    if record["scenario"]["resolution"] == "draft":
        parts.append(_DRAFT)
    return parts


# Views: what the template shows, row by row


def carried(claim: Record) -> dict[str, Any]:
    """The mechanisms below a claim, the largest change first."""
    rows = sorted(claim["without"], key=lambda r: -abs(r["change"] or 0.0))
    best = claim["margin"]["best_guess"]
    bounds = bars.span([best, *(row["best_guess"] for row in rows)])
    for_rows = [{**row, "turns": _turns(claim["best_guess"], row["best_guess"])} for row in rows]
    return {
        "rows": for_rows, "most": CARRIERS, "bounds": bounds, "axis": bars.axis(bounds),
        "scale": max(abs(bounds[0]), abs(bounds[1])),
    }  # fmt: skip


def _turns(holds: bool | None, margin: float | None) -> str:
    if holds is None or margin is None or margin == 0 or holds == (margin > 0):
        return ""
    return "fails without it" if holds else "holds without it"


def audit(record: Record) -> dict[str, Any]:
    """The audit of mechanisms; effects on shares have one scale, other effects one each."""
    mechanisms = record["mechanisms"]
    shares = [m for m in mechanisms if _SHARE.match(m["outcome"])]
    common = bars.span(v for m in shares for v in _ends(m["effects"]))
    return {
        "rows": [_audited(m, common if m in shares else None) for m in mechanisms],
        "axis": bars.axis(common, points=True) if shares else "",
    }


def _audited(mechanism: Record, common: bars.Bounds | None) -> dict[str, Any]:
    bounds = common or bars.span(_ends(mechanism["effects"]))
    factor, unit = (100, " points") if common else (1, "")
    scale = factor * max(map(abs, bounds))
    best, low, high = (
        words.signed(None if v is None else factor * v, scale) for v in _ends(mechanism["effects"])
    )
    found = moved(mechanism)
    css = "even" if found in ("no", "few") else ""
    return {
        **mechanism,
        "moved": found,
        "effect_said": best + unit if best[0] in "+−" else best,
        "range_said": f"{low} to {high}",
        "common": common is not None,
        "axis": bars.axis(bounds, points=common is not None),
        "bar": bars.range_bar(mechanism["effects"], bounds, css),
    }


def _ends(spread: bars.Spread) -> list[float | None]:
    return [spread["best_guess"], spread["q05"], spread["q95"]]


def panels(variable: Record, every: str) -> list[Markup]:
    """Fan charts of a variable: of its mean, or of the share of each level."""
    name = variable["id"]
    if "mean" in variable:
        levels = [float(level) for level in variable["levels"]]
        bounds = (min(levels), max(levels))
        return [charts.fan(variable["mean"], variable["dates"], title=f"Mean of {name}",
                           label=f"mean of {plain(name)}", bounds=bounds, every=every)]  # fmt: skip
    shares = list(variable["shares"].items())
    shown = shares[-1:] if len(shares) == 2 else shares
    return [
        charts.fan(series, variable["dates"], title=f"Chance of {name} == {level}",
                   label=f"chance of {plain(level)}", every=every)
        for level, series in shown
    ]  # fmt: skip


def found_out(belief: Record, every: str) -> list[Markup]:
    """For each type of an actor, how far it is believed in where it is the actor's."""
    return [
        charts.fan(series, belief["dates"], title=f"Belief in {belief['actor']} == {kind}",
                   label=f"belief in {plain(kind)} where it is so", every=every)
        for kind, series in belief["types"].items()
    ]  # fmt: skip


def value_cards(record: Record) -> list[dict[str, Any]]:
    """For each actor the terms of its value, the largest first."""
    names = actor_names(record)
    return [
        _card(
            names.get(found["actor"], found["actor"]),
            sorted(found["terms"].items(), key=lambda item: -abs(item[1]["best_guess"] or 0.0)),
            total=found["value"],
        )
        for found in record["values"]
    ]


def lever_cards(record: Record) -> list[dict[str, Any]]:
    """For each actor what each lever adds to its value, as the scenario orders them."""
    levers = record["levers"]
    return [
        _card(name, [(lever["id"], lever["values"][actor]) for lever in levers])
        for actor, name in actor_names(record).items()
        if levers and all(actor in lever["values"] for lever in levers)
    ]


def _card(
    name: str, rows: Iterable[tuple[str, bars.Spread]], total: bars.Spread | None = None
) -> dict[str, Any]:
    listed = list(rows)
    bounds = bars.span(v for _, spread in listed for v in _ends(spread))
    return {
        "name": escape(sentence(name)), "total": total, "axis": bars.axis(bounds),
        "scale": max(map(abs, bounds)),
        "rows": [{"id": id_, **s, "bar": bars.range_bar(s, bounds)} for id_, s in listed],
    }  # fmt: skip

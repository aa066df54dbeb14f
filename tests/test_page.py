"""The page of a run: whole, well-formed, self-contained, and honest about odd records."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from mistrust.report import charts, words
from mistrust.report.page import bottom_line, moved, render

KEYS = ("best_guess", "q05", "q25", "q50", "q75", "q95")
VOID = {"meta", "br", "hr", "img", "input", "link"}


def spread(*values: float | None) -> dict[str, float | None]:
    """Best guess, then quantiles; the last value fills the rest."""
    return {k: values[min(i, len(values) - 1)] for i, k in enumerate(KEYS)}


def series(*rows: list[float | None]) -> dict[str, list[float | None]]:
    return {k: rows[min(i, len(rows) - 1)] for i, k in enumerate(KEYS)}


def claim(
    name: str, share: float | None, *, best: bool | None = True, **more: Any
) -> dict[str, Any]:
    return {
        "id": name, "says": f"Claim {name} is so.", "source": "p1", "reading": "in plain words",
        "holds": "P(war) > V(north)", "share": share,
        "low": None if share is None else max(0.0, share - 0.2),
        "high": None if share is None else min(1.0, share + 0.2),
        "word": "likely" if share is not None else "no verdict", "count": 4, "undefined": 0,
        "best_guess": best, "margin": spread(0.123456, -0.2, 0.0, 0.1, 0.2, 0.3),
        "margins": [-0.2, 0.05, None, 0.3],
        "figures": [
            {"label": "P(war)", **spread(0.004, 0.2, 0.3, 0.4, 0.5, 0.6)},
            {"label": "V(north) [calm]", **spread(12345.6, 1.0, 2.0)},
        ],
        "without": [
            {"mechanism": "fear", "best_guess": -0.05, "change": -0.173456, "share": 0.25},
            {"mechanism": "greed", "best_guess": None, "change": None, "share": None},
        ],
    } | more  # fmt: skip


def mechanism(
    name: str, as_expected: bool | None, share: float | None, **more: Any
) -> dict[str, Any]:
    return {
        "id": name, "says": f"Mechanism {name} works", "source": "p2", "outcome": "P(war)",
        "expected": "up", "on": 0.4, "off": 0.1, "effect": 0.3, "as_expected": as_expected,
        "share_as_expected": share, "low": share, "high": share, "undefined": 0,
        "effects": spread(0.3, -0.1, 0.0, 0.2, 0.3, 0.4),
    } | more  # fmt: skip


def record(dates: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A small record with something in every part."""
    dates = dates or ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3"]
    n = len(dates)
    path = series([0.1 * (i + 1) for i in range(n)], [0.0] * n, [0.05] * n, [0.5] * n, [0.9] * n)
    board = {"says": "What it is", "dates": dates}
    return {
        "scenario": {
            "title": "Will it hold?", "about": "One paragraph.\n\nAnother.\n", "source": "An essay",
            "file": "my scenario.yaml", "digest": "abc123", "resolution": "standard",
            "start": dates[0], "last": dates[-1], "every": "quarter", "forever": False,
            "actors": [{"id": "north", "name": "the North", "says": "a power"},
                       {"id": "south", "name": "the South", "says": None}],
        },
        "seed": 7,
        "certificate": {
            "ok": True, "duality": 1.2e-14, "mass": 0.0, "residual": 2e-16,
            "limits": {"duality": 1e-9, "mass": 1e-12, "residual": 1e-10},
            "gain": {"north": 0.1, "south": 0.2},
        },
        "size": {"states": 12288, "phases": 3, "turns": n - 1, "actors": 2},
        "claims": [claim("firm", 0.75), claim("weak", 0.25), claim("split", 0.5, best=False)],
        "mechanisms": [mechanism("fear", True, 0.9), mechanism("greed", False, 0.1)],
        "worlds": {"asked": 4, "solved": 4, "failed": 0, "failures": []},
        "variables": [
            {"id": "front", **board, "levels": ["calm", "war"],
             "shares": {"calm": path, "war": path}},
            {"id": "tie", **board, "levels": ["a", "b", "c"], "shares": dict.fromkeys("abc", path)},
            {"id": "arms", **board, "levels": [0.0, 1.0, 2.0], "mean": path},
        ],
        "beliefs": [
            {"actor": "north", "dates": dates, "types": {"hard": path, "soft": path}},
        ],
        "decisions": [{
            "id": "line", "actor": "north", "says": None, "dates": dates[:-1],
            "reached": series([1.0] * (n - 2) + [None]),
            "options": {
                "press_on": {"says": "Press on", "best_guess": [0.7] * (n - 2) + [None],
                             "mean": [0.6] * (n - 2) + [None]},
                "hold_back": {"says": None, "best_guess": [0.3] * (n - 2) + [None],
                              "mean": [0.4] * (n - 2) + [None]},
            },
        }],
        "premises": [
            {"id": "drift", "says": "How it drifts", "guess": 0.06789, "low": 0.01, "high": 0.1,
             "shape": "uniform", "source": "a table", "unit": "per year"},
            {"id": "fixed", "says": "A constant", "guess": 2036, "low": None, "high": None,
             "shape": "fixed", "source": None, "unit": None},
        ],
        "levers": [{"id": "calm_down", "says": "All keep calm", "source": None,
                    "values": {"north": spread(-1.5, -2.0, 1.0), "south": spread(0.5, 0.0, 1.0)}}],
        "values": [{"actor": "north", "value": spread(20.0, 10.0, 30.0),
                    "terms": {"cost_of_war": spread(-1.0, -2.0, 0.0), "prize": spread(21.0)}}],
        "timing": {"seconds": 12.34, "cases": 20},
    } | more  # fmt: skip


def worldless() -> dict[str, Any]:
    """A record of the best guess alone."""
    found = record(worlds={"asked": 0, "solved": 0, "failed": 0, "failures": []})
    blank = spread(0.1, None)
    for c in found["claims"]:
        c |= {"share": None, "low": None, "high": None, "word": "no verdict", "count": 0,
              "margin": blank, "margins": []}  # fmt: skip
        c["figures"] = [{"label": "P(war)", **blank}]
    for m in found["mechanisms"]:
        m |= {"share_as_expected": None, "low": None, "high": None, "effects": blank}
    for v in found["variables"]:
        for path in [v["mean"]] if "mean" in v else v["shares"].values():
            path |= {k: [] for k in KEYS[1:]}
    for path in found["beliefs"][0]["types"].values():
        path |= {k: [] for k in KEYS[1:]}
    for o in found["decisions"][0]["options"].values():
        o["mean"] = [None] * len(o["mean"])
    found["decisions"][0]["reached"] |= {k: [] for k in KEYS[1:]}
    found["levers"][0]["values"] = dict.fromkeys(("north", "south"), blank)
    found["values"][0] |= {"value": blank, "terms": {"prize": blank}}
    return found


class Outline(HTMLParser):
    """Checks that tags balance, and collects ids, links and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        named = dict(attrs)
        if named.get("id"):
            self.ids[str(named["id"])] += 1
        if tag == "a":
            self.links.add(str(named["href"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data + " "


def outline(found: dict[str, Any]) -> Outline:
    page = render(found)
    assert not re.search(r"https?://|@import|url\(|<link|src=", page)
    seen = Outline(page)
    assert max(seen.ids.values()) == 1
    assert {link for link in seen.links if link.removeprefix("#") not in seen.ids} == set()
    seen.text = " ".join(seen.text.split())
    return seen


TURNS = [f"turn {i}" for i in range(1, 15)]
ODD = {
    "whole": record(),
    "turns": record(dates=TURNS),
    "months": record(dates=["2025-11", "2025-12", "2026-01"]),
    "worldless": worldless(),
    "no claims": record(claims=[]),
    "no mechanisms": record(mechanisms=[], claims=[claim("firm", 0.75, without=[])]),
    "nothing": record(claims=[], mechanisms=[], variables=[], beliefs=[], decisions=[], premises=[],
                      levers=[], values=[]),
    "undefined": record(claims=[
        claim("firm", None, best=None, margin=spread(None), margins=[None] * 4, undefined=4,
              figures=[{"label": "P(war | calm)", **spread(None)}])]),
    "no effect": record(mechanisms=[
        mechanism("fear", None, None, on=None, off=None, effect=None, effects=spread(None)),
        mechanism("greed", False, 0.0, effect=0.0, effects=spread(0.0))]),
    "one date": record(dates=["2025", "2026"], variables=[
        {"id": "x", "says": None, "dates": ["2025"], "levels": [1.0], "mean": series([1.0])}]),
    "many worlds": record(claims=[claim("firm", 0.9, margins=[i / 100 for i in range(-99, 900)])]),
    "spaces in names": record(claims=[claim("a claim; with signs", 0.9)]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_record_gives_a_sound_page(name: str) -> None:
    seen = outline(ODD[name])
    assert "Will it hold?" in seen.text
    assert "None" not in seen.text and "nan" not in seen.text.split()


def test_every_section_is_there_and_linked() -> None:
    failures = [{"world": 3, "message": "no branch found"}]
    seen = outline(record(
        worlds={"asked": 5, "solved": 4, "failed": 1, "failures": failures},
        draft={"claims": [{"id": "firm", "standard": 0.1, "draft": 0.15}], "largest": 0.05},
    ))  # fmt: skip
    sections = ("bottom-line", "verdicts", "claims", "mechanisms", "variables", "beliefs",
                "decisions", "values", "levers", "premises", "failures", "certificate", "draft",
                "reproduce")  # fmt: skip
    for id_ in sections:
        assert f"#{id_}" in seen.links
    for id_ in ("claim-firm", "mechanism-fear", "variable-tie", "belief-north",
                "decision-line", "premise-drift"):  # fmt: skip
        assert id_ in seen.ids
    for words_ in ("no branch found", "0.0500", "P(war) > V(north)", "in plain words", "An essay",
                   "Press on", "cost of war", "calm down", "All keep calm", "a table", "per year",
                   "1.20 × 10⁻¹⁴", "10⁻⁹", "fails without it", "12.3 seconds"):  # fmt: skip
        assert words_ in seen.text, words_


def test_what_the_analyst_wrote_is_escaped() -> None:
    evil = '<script>alert("x")</script> & <b>'
    found = record(claims=[claim("firm", 0.7, says=evil, reading=evil, holds=evil)])
    found["scenario"] |= {"title": evil, "about": evil, "source": evil}
    found["scenario"]["actors"][0]["name"] = evil
    found["variables"][0] |= {
        "says": evil,
        "levels": [evil, "war"],
        "shares": {
            evil: found["variables"][0]["shares"]["calm"],
            "war": found["variables"][0]["shares"]["war"],
        },
    }
    found["decisions"][0]["options"][evil] = found["decisions"][0]["options"].pop("hold_back")
    found["mechanisms"][0] |= {"says": evil, "outcome": evil}
    found["premises"][0] |= {"says": evil, "source": evil}
    seen = outline(found)
    assert seen.tags["script"] == 1
    assert seen.text.count('<script>alert("x")</script>') > 10


def test_a_long_name_does_not_break_the_page() -> None:
    outline(record(claims=[claim("x" * 300, 0.7, says="y" * 2000)]))


def test_the_bottom_line_counts() -> None:
    text = bottom_line(record()).striptags()
    assert "Of 3 claims, 1 holds in most of the 4 worlds solved." in text
    assert "One fails in most: “Claim weak is so”." in text
    assert "One is evenly split: “Claim split is so”." in text
    assert "Under the best guess of every premise 2 of 3 hold." in text
    assert "One comes out differently there than in most worlds: “Claim weak is so”." in text
    assert "For 1 claim the 90% interval reaches across one half" in text
    assert "Of 2 mechanisms, 1 moves its outcome" in text
    assert "Mechanism greed works" in text
    assert "certificate holds" in text and "draft" not in text


def test_the_bottom_line_names_three_and_counts_the_rest() -> None:
    text = bottom_line(record(claims=[claim(f"c{i}", 0.1) for i in range(5)])).striptags()
    assert "Five fail in most:" in text and "“Claim c2 is so”; and 2 more." in text


def test_the_bottom_line_warns() -> None:
    found = record(worlds={"asked": 5, "solved": 4, "failed": 1, "failures": []})
    found["certificate"]["ok"] = False
    found["scenario"]["resolution"] = "draft"
    text = bottom_line(found).striptags()
    assert text.startswith("The certificate fails: rely on none of these figures.")
    assert "1 of 5 worlds could not be solved" in text
    assert "quick look at draft resolution" in text
    assert "No world was solved besides the best guess." in bottom_line(worldless()).striptags()


def test_mechanisms_that_do_not_move_as_stated_are_marked() -> None:
    cases = {(True, 0.9): "yes", (True, 0.5): "few", (False, 0.9): "no", (None, None): "none",
             (True, None): "yes"}  # fmt: skip
    for (best, share), expected in cases.items():
        assert moved(mechanism("m", best, share)) == expected
    found = [mechanism("a", True, 0.3), mechanism("b", False, 0.0), mechanism("c", None, None)]
    text = outline(record(mechanisms=found, claims=[])).text
    assert "not in most worlds" in text and "no value" in text


def test_figures_are_shares_only_where_the_reading_is_one() -> None:
    text = outline(record()).text
    assert "<1%" in text and "20% to 60%" in text
    assert "12,300" in text
    assert "+30.0 points (−10.0 to +40.0)" in text
    strength = mechanism("fear", True, 0.9, outcome="E(arms at 2025-Q2)")
    assert "+0.300 (−0.100 to +0.400)" in outline(record(mechanisms=[strength], claims=[])).text


def test_premises_stand_as_written() -> None:
    text = outline(record()).text
    assert "0.06789" in text and "2,036" in text and "2 premises, 1 of them fixed" in text


def test_the_command_reproduces_the_run() -> None:
    found = record()
    expected = "mistrust run 'my scenario.yaml' --worlds 4 --seed 7 --resolution standard"
    assert expected in outline(found).text
    found["scenario"] |= {"command": "mistrust run --worlds 9", "version": "1.2.3"}
    text = outline(found).text
    assert "mistrust run --worlds 9" in text and "mistrust 1.2.3" in text


def test_draft_and_standard_side_by_side() -> None:
    rows = [{"id": "firm", "standard": 0.1, "draft": -0.05, "same": False},
            {"id": "weak", "standard": None, "draft": None, "same": True}]  # fmt: skip
    text = outline(record(draft={"claims": rows, "largest": None, "states": 96})).text
    assert "96 states" in text and "+0.100" in text and "−0.0500" in text


def test_every_chart_has_a_title_a_description_and_named_axes() -> None:
    page = render(record())
    drawn = re.findall(r'<svg class="chart".*?</svg>', page)
    assert len(drawn) == 3 + (1 + 3 + 1) + 2 + 1  # margins; front, tie, arms; hard, soft; line
    for chart in drawn:
        assert re.match(r"<svg [^>]*><title>[^<]+</title><desc>[^<]+</desc>", chart)
        assert "name" in chart
    assert all("<title>" in strip for strip in re.findall(r'<svg class="strip".*?</svg>', page))
    assert "2024-Q4: best guess 10%; half of worlds 5% to 90%; 90% 0% to 90%" in page
    assert "press_on 70% (mean over worlds 60%); hold_back 30%" in page
    assert "world 2: margin +0.0500" in page


def test_worlds_in_one_place_become_bars() -> None:
    few = charts.margins(claim("c", 0.5))
    assert few.count("<circle") == 3 and "one dot per world" in few
    many = charts.margins(claim("c", 0.5, margins=[0.1] * 40 + [-0.1] * 3))
    assert "<circle" not in many and "40 worlds: margin" in many and "highest bar: 40" in many


def test_a_gap_in_a_series_is_left_open() -> None:
    values: list[float | None] = [0.1, 0.2, None, 0.4]
    drawn = charts.fan(series(values), ["1", "2", "3", "4"], title="t", label="l", every="turn")
    best = re.search(r'class="best" d="([^"]*)"', drawn)
    assert best and best[1].count("M") == 2
    assert "3: best guess no value" in drawn


def test_ticks() -> None:
    quarters = [f"{2025 + i // 4}-Q{i % 4 + 1}" for i in range(48)]
    assert [name for _, name in charts.date_ticks(quarters)] == [
        str(y) for y in range(2025, 2037, 2)
    ]
    assert charts.date_ticks(TURNS)[1] == (3, "4")
    assert charts.date_ticks(["2025-11", "2025-12"]) == [(0, "2025-11"), (1, "2025-12")]
    assert charts.nice(0.1, 0.9) == [0.2, 0.4, 0.6, 0.8]
    assert charts.nice(-3.0, 1.0, 4) == [-3.0, -2.0, -1.0, 0.0, 1.0]


@pytest.mark.parametrize(("value", "text"), [
    (None, "no value"), (0.0, "0%"), (1e-9, "<1%"), (0.004, "<1%"), (0.006, "1%"), (0.125, "12%"),
    (0.994, "99%"), (0.996, ">99%"), (1.0, "100%"), (1 + 1e-15, "100%"), (1 - 1e-15, "100%"),
    (-1e-17, "0%"),
])  # fmt: skip
def test_shares(value: float | None, text: str) -> None:
    assert words.share(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, "no value"), (0.0, "0"), (1.23456, "1.23"), (-0.0987654, "−0.0988"), (12345.6, "12,300"),
    (999.9, "1,000"), (1e-9, "10⁻⁹"), (-2.346e-7, "−2.35 × 10⁻⁷"), (1.5e7, "1.50 × 10⁷"),
    (0.000123, "0.000123"),
])  # fmt: skip
def test_figures(value: float | None, text: str) -> None:
    assert words.figure(value) == text


def test_differences_too_small_to_see() -> None:
    assert words.signed(0.0005) == "about 0"
    assert words.signed(0.0) == "0"
    assert words.signed(0.0005, 0.0) == "+0.000500"
    assert words.signed(None) == "no value"

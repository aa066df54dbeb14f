"""The code in the documentation runs, and the README's scenario is valid."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mistrust.model import Model
from mistrust.scenario.read import json_schema, read_text
from mistrust.scenario.text import read_tree

ROOT = Path(__file__).parent.parent


def test_python_page_runs() -> None:
    text = (ROOT / "docs" / "python.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 5
    exec(compile("\n".join(blocks), "docs/python.md", "exec"), {})


def test_readme_scenario_runs() -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert block is not None
    solved = Model(read_text(block[1], "README.md")).solve()
    assert 0 <= solved.read("P(front == truce at 2027-Q1)") <= 1


def test_whole_scenarios_of_the_language_page_run() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(title:.*?)```", text, flags=re.DOTALL)
    assert any("types:" in block for block in blocks)
    for block in blocks:
        model = Model(read_text(block, "language.md"))
        model.check(sample=2)
        solved = model.solve()
        for claim in model.argument.scenario.claims.values():
            assert solved.read(claim.holds) in (0, 1)


def test_the_language_page_says_which_expressions_need_quotes() -> None:
    """Its example of quotes reads the same inside braces and on a line of its own."""
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(payoffs:\n.*?)```", text, flags=re.DOTALL)
    assert block is not None
    data, source = read_tree(block[1], "language.md")
    assert not source.problems
    assert data["payoffs"]["ann"]["risk"] == data["payoffs"]["bob"]["risk"]
    bare = block[1].replace('"', "").replace(", rank: front in [truce, war]", "")
    (problem,) = read_tree(bare, "language.md")[1].problems
    assert "needs quotes" in problem.message


def test_published_schema_is_the_one_in_force() -> None:
    """Regenerate with `mistrust schema > docs/scenario.schema.json`."""
    published = json.loads((ROOT / "docs" / "scenario.schema.json").read_text())
    assert published == json_schema()


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target

"""The code in the documentation runs, and the README's scenario is valid."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mistrust.model import Model
from mistrust.scenario.read import json_schema, read_text

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


def test_published_schema_is_the_one_in_force() -> None:
    """Regenerate with `mistrust schema > docs/scenario.schema.json`."""
    published = json.loads((ROOT / "docs" / "scenario.schema.json").read_text())
    assert published == json_schema()


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target

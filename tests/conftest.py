"""Fixtures and paths shared by the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

import mistrust

sys.path.insert(0, str(Path(__file__).parent))
from examples import MANY
from warm import compile_together

Game = Callable[..., mistrust.Model]
settings.register_profile(MANY)


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No kernel is compiled by more than one of several workers."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = tmp_path_factory.getbasetemp().parent / "compiled"
        folder.mkdir(exist_ok=True)
        compile_together(folder)


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of tests are kept apart from the user's, and each test's from the others'."""
    monkeypatch.setenv("MISTRUST_STORE", str(tmp_path / "results.duckdb"))


@pytest.fixture
def game(tmp_path: Path) -> Game:
    """Write a scenario's text (its title may be left out) to a file and load it."""

    def load(text: str, resolution: str = "standard") -> mistrust.Model:
        text = dedent(text)
        if "title:" not in text:
            text = f"title: a test\n{text}"
        path = tmp_path / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return mistrust.load(path, resolution)

    return load

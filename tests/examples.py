"""How many random examples a test takes: few among the fast tests, many by `make test-slow`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

MANY = "many"
"""The profile of hypothesis (`--hypothesis-profile`) under which all examples are taken."""
Test = TypeVar("Test", bound=Callable[..., Any])


def examples(few: int, many: int, **how: Any) -> Callable[[Test], Test]:
    """Settings for a test by hypothesis, which is marked `random`; `how` as hypothesis has it."""
    count = many if settings.get_current_profile_name() == MANY else few
    chosen = settings(max_examples=count, deadline=None, **how)
    return lambda test: pytest.mark.random(chosen(test))

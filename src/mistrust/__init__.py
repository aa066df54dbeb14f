"""mistrust: put a strategic argument to the test."""

from __future__ import annotations

from mistrust.errors import (
    CertificateError,
    MistrustError,
    Problem,
    ScenarioError,
    TooLargeError,
    UsageError,
)

__version__ = "0.1.0"

_LAZY = ("FLAGSHIP", "Model", "Solved", "load")


def __getattr__(name: str) -> object:
    """Import the solver only when it is asked for, so that `import mistrust` is quick."""
    if name in _LAZY:
        from mistrust import model

        return getattr(model, name)
    raise AttributeError(f"module 'mistrust' has no attribute '{name}'")


__all__ = [
    "FLAGSHIP",
    "CertificateError",
    "MistrustError",
    "Model",
    "Problem",
    "ScenarioError",
    "Solved",
    "TooLargeError",
    "UsageError",
    "load",
]

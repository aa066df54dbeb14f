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

__all__ = [
    "CertificateError",
    "MistrustError",
    "Problem",
    "ScenarioError",
    "TooLargeError",
    "UsageError",
]

"""How every kernel is compiled: once, kept on disk."""

from typing import Any

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
"""Arithmetic as written."""

FUSED: dict[str, Any] = {**OPTIONS, "fastmath": {"contract"}}
"""A product and a sum may be rounded together, which is faster and no less exact."""

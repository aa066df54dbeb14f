"""How every kernel is compiled: once, kept on disk, exact arithmetic."""

from typing import Any

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

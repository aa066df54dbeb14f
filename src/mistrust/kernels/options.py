"""How every kernel is compiled: once, kept on disk.

A constant (`True`, 1) that is passed on has a type of its own to Numba, which compiles what it is
passed to again for it, and all that this calls; ``np.bool_(True)`` has not.
"""

from typing import Any

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
"""Arithmetic as written."""

FUSED: dict[str, Any] = {**OPTIONS, "fastmath": {"contract"}}
"""A product and a sum may be rounded together, which is faster and no less exact."""

BORROWING: dict[str, Any] = {**OPTIONS, "_nrt": False}
"""For what allocates nothing and is handed many arrays: these are not counted on the way in and
out, which would take ten times as long as what is done with them."""

LENT: dict[str, Any] = {**FUSED, **BORROWING}
"""Both."""

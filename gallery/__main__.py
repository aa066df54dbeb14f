"""`python -m gallery`: writes docs/gallery.md from the folders."""

from __future__ import annotations

from gallery.entries import entries
from gallery.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(entries()), encoding="utf-8")

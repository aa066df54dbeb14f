"""Published models in the scenario language, one folder each.

A folder holds `scenario.yaml` (the model), `source.yaml` (where it comes from, what could be
checked, and the declared status), `expected.csv` (what must come out), `derive.py` (the derived
values, worked out without mistrust) and `notes.md`. `python -m gallery` writes docs/gallery.md.
"""

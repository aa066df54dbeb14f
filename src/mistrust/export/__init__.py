"""Scenarios in the formats of other programs."""

"""Decisions on candidates: full names, short names, native names and positions."""

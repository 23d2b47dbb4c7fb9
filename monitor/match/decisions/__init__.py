"""Decisions on the names in a text: which officials are meant by full names, short names and positions."""

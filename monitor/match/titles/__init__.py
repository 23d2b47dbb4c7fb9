"""Titles: the positions that the words around a name state, and their comparison with the roles of an official."""

"""Titles: the words around a name, the positions they mean, and how they fit an official."""

"""Analyses of stored rows about people and the archive: timelines, attention, companions, posts and search."""

"""Analyses of the stored data: timelines, unusual attention, people who are named together, posts, and search."""

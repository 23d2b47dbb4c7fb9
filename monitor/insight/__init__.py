"""Answers about people and the archive that stand on stored rows: timelines, attention, succession and import."""

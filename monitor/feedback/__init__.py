"""Feedback of readers: verdicts on whether an official is meant, marks on stories, and what follows from them.

Suggestions propose edits of sources.yaml; the report on noise counts rejected mentions.
"""

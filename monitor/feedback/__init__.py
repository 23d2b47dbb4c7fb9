"""Feedback of readers: verdicts on whether an official is meant, marks on stories, and their consequences.

This package also suggests edits of sources.yaml, and reports noise: mentions that readers have rejected.
"""

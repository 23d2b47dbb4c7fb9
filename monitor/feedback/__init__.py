"""Feedback of readers: verdicts on who is meant, marks on stories, suggestions, and the accounting of noise."""

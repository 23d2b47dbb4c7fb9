"""Matching: finds officials and evaluates queries and rules in the text of an article. No I/O."""

"""The use cases: each reads rows left by the one before and commits its own."""

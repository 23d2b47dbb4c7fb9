"""Demo: made-up outlets that are served on loopback addresses."""

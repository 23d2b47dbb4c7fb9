"""Stories: entry identity, novelty, duplicates, grouping and article changes. No I/O."""

"""Pipeline steps; each reads rows that the step before has stored and commits its own."""

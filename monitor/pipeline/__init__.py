"""Steps of the pipeline. Each step reads rows that an earlier step has stored, and commits its own results."""

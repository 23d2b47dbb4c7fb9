"""sources.yaml: its schema, how it is read with every fault at once, and how an edit is taken over."""

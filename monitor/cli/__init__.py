"""Command line: one module per group of commands; they call the pipeline and the stores and print results."""

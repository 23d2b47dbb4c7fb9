"""Command line: one module per command or group; the commands call pipeline and stores, and print results."""

"""Command line: one module per command or group of commands.

Commands call the pipeline and the stores, and print results.
"""

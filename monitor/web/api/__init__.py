"""The HTTP API. It has the same JSON records as the command line, and cursors, entity tags and access tokens."""

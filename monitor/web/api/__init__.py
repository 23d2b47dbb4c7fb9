"""The HTTP API: the JSON of the command line, with cursors, entity tags and access tokens."""

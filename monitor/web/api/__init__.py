"""The HTTP API. It has the JSON records of the command line, with cursors, entity tags and access tokens."""

"""The desk: web pages for readers, the HTTP API, and tools for AI assistants."""

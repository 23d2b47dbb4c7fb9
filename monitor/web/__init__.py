"""Package of the web interface and HTTP API; empty so far."""

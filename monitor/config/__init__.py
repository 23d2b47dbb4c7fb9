"""Configuration file sources.yaml: reader, checks, JSON schema, and reload after an edit."""

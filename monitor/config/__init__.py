"""Configuration file sources.yaml: reading, checks, JSON Schema, and reload after an edit."""

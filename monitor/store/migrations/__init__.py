"""Migrations of the schema, run by ``monitor.store.migrate``."""

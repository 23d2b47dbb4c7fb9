"""The schema's history, run by ``monitor.store.migrate``."""

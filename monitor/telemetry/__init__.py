"""Logs, metrics, health and probes."""

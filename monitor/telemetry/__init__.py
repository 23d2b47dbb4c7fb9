"""Telemetry: logs, metrics, and the health of the daemon with its probes."""

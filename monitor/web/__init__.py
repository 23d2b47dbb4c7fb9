"""The dashboard and HTTP API: sees ports and use cases, is handed the rest."""

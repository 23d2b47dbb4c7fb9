"""Rows: tables, migrations, and one file a noun. Rows never leave this package."""

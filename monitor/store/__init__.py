"""Database: tables, migrations and stores. Rows are used in this package only."""

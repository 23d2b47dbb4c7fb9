"""Database: tables, migrations and stores. Types of database rows are used in this package only."""

"""Database: tables, migrations and stores. Types that represent database rows are used in this package only."""

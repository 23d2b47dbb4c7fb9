"""Data about languages, countries and personal names, and the functions that load the data."""

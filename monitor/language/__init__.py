"""Knowledge about languages, countries and personal names, as data."""

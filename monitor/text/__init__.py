"""Text, URL and date functions used by all pure packages."""

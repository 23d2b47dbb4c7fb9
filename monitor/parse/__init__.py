"""Feeds, sitemaps and listing pages to entries; pure."""

"""Parsers: turn feeds, sitemaps and listing pages into entries. No I/O."""

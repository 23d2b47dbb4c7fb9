"""Parsers: convert feeds, sitemaps, listing pages and other documents to entries. No I/O."""

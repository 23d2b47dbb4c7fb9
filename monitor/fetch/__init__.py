"""Fetching over HTTP and IMAP, with address checks, size limits and delays between requests to a host."""

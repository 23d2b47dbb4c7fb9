"""Digests: composes digests from hits, and renders them in every output format. No I/O."""

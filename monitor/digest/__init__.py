"""Digests: from hits to a digest, and from a digest to every output format. No I/O."""

"""The demo world: made-up outlets served on loopback."""

"""From hits to a digest, and from a digest to what people see; pure."""

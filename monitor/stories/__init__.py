"""Identity, copies, stories, revisions; pure."""

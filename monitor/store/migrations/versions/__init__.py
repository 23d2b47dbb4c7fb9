"""One file a revision; a released one is never changed and calls nothing of the living program."""

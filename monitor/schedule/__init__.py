"""When things are done, and in which process."""

"""Demo: invented outlets that are served on loopback addresses, so that the program can be tried offline."""

"""Demo: serves invented outlets on loopback addresses, so that the program can be tried offline."""

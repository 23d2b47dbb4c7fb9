"""Types and pure policies of the program; no I/O and no clock."""

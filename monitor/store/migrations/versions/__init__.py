"""Migration scripts, one file for each. Released files are not changed, and they import nothing of the program."""

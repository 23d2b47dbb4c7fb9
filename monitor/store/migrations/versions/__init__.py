"""One file per revision. Released files are not changed, and they import nothing of the program."""

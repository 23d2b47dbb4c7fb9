"""Types and rules of the program that need no I/O. Functions get the present time as a parameter."""

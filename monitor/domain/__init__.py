"""The words of the program as frozen types; imports nothing but the standard library."""

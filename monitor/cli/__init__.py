"""The command line: one file a family of commands, none with logic of its own."""

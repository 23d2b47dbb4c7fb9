"""JSON records: dictionaries that the command line, the desk, the API and the tools for assistants share."""

"""JSON records: the keys that the command line, the desk, the API and the tools of assistants share."""

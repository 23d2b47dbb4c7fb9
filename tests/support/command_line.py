"""The command line with all commands, for tests that run it in their own process."""

from monitor.cli.main import create_app

app = create_app()

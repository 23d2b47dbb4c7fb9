"""The command line with all commands, for tests that run it in their own process."""

from typer.testing import CliRunner

from monitor.cli.main import create_app

app = create_app()


def run_command(*words: str, code: int = 0, fails: type[Exception] | None = None) -> str:
    """Run a command, check its exit code, and return its output.

    With ``fails``, the command must raise this kind of error. Its message is then returned after the output.
    """
    result = CliRunner().invoke(app, words)
    if fails is not None:
        assert isinstance(result.exception, fails), result.output
        return f"{result.output}{result.exception}"
    assert result.exit_code == code, (result.output, result.exception)
    return result.output

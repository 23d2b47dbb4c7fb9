"""Run the command line: ``python -m monitor`` or ``monitor``."""

import signal


def main() -> None:
    """Import and run the command line. Ctrl-C during the imports ends the process without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from monitor.cli.main import main as run_command_line

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_command_line()


if __name__ == "__main__":
    main()

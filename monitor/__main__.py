"""Run the command line: ``python -m monitor`` or ``monitor``."""

import signal


def main() -> None:
    """Import and run the command line. Ctrl-C during the imports ends the process without a traceback.

    The command line handles Ctrl-C itself as soon as the modules of the command are imported.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from monitor.cli.main import main as run_command_line

    run_command_line()


if __name__ == "__main__":
    main()

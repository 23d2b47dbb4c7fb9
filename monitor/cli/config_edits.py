"""Check of an edited sources.yaml before it is written."""

import os
from pathlib import Path


def check_configuration(data: bytes, config: Path) -> None:
    """Check the new bytes of sources.yaml together with the files that it includes. Raises ``ConfigError``."""
    from monitor.config.load import parse_configuration
    from monitor.match.lint import lint_watchlist

    parse_configuration(data, config, os.environ, checks=(lint_watchlist,), require_secrets=False)

"""Command ``monitor mcp``: tools for an AI assistant, over standard input and output."""

import os

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption, run_async
from monitor.domain.errors import UsageError


def mcp(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "") -> None:
    """Let an AI assistant read the database, with tools over standard input and output (Model Context Protocol)."""
    try:
        from monitor.desk import DeskOptions, run_tools
    except ModuleNotFoundError as error:
        raise UsageError("the tools need more packages: pip install 'monitor[web,mcp]'") from error
    run_async(run_tools(DeskOptions(config, database), os.environ))

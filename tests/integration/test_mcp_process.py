"""`monitor mcp` as a process, called with the client of the SDK over standard input and output."""

import asyncio
import os
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult
from support.desk import CONFIGURATION
from support.rows import draft, screened
from support.stores import open_database


def test_an_assistant_reads_over_standard_input_and_output(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    screened(database, draft("a"))
    database.close()
    (tmp_path / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "monitor", "mcp"],
        cwd=str(tmp_path),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )

    async def run() -> CallToolResult:
        async with Client(server) as client:
            found = await client.call_tool("mentions", {"official": "somebody", "since": "3y"})
            assert isinstance(found, CallToolResult)
            return found

    result = asyncio.run(run())
    assert result.structured_content is not None
    assert result.structured_content["foreign"]["a1"]["title"] == "About a"

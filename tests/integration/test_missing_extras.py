"""Each extra that is not installed: the message names it, the command to install it, and what could not be done."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.http_server import on_loop, reply, serving
from support.pdf_writer import column, write_pdf

HIDE = """import os, sys
for name in os.environ["HIDDEN_MODULES"].split():
    sys.modules[name] = None
"""
CONFIG = """
settings: {{allowed_networks: [127.0.0.0/8]{settings}}}
sources:
  one: {{name: One, {source}}}
officials:
  giang: {{name: Phan Văn Giang, country: Vietnam}}
rules: {{people: {{officials: all}}}}
channels: {{desk: {{{channel}}}}}
digests: {{daily: {{rules: [people], at: "07:00", channels: [desk]}}}}
"""
FEED = """<rss version="2.0"><channel><title>One</title>
<item><title>Decree on the border guards</title><link>{origin}/a.pdf</link></item>
<item><title>Ministers meet at the dam of Nam Khan</title><link>{origin}/app</link></item></channel></rss>"""
OIDC = (
    "web: {login: oidc, url: 'https://desk.example', "
    "oidc: {issuer: 'https://id.example', client: x, secret: y, role: viewer}}"
)


class Installation:
    """A folder with a configuration, and the program without some modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sitecustomize.py").write_text(HIDE, encoding="utf-8")

    def configure(self, source: str = "feed: 'https://one.example/rss'", settings: str = "", channel: str = "") -> None:
        text = CONFIG.format(
            source=source, settings=f", {settings}" if settings else "", channel=channel or "folder: out"
        )
        (self.folder / "sources.yaml").write_text(text, encoding="utf-8")

    def run(self, hidden: str, *arguments: str) -> str:
        """Run the command without modules, also in its worker processes, and return all that it prints."""
        path = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | {"PYTHONPATH": path, "HIDDEN_MODULES": hidden, "COLUMNS": "400"}
        command = [sys.executable, "-m", "monitor", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done.stdout + done.stderr


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


DECREE = write_pdf([column(60, 700, ["Decree on the border guards of the Republic."])])
SHELL = (
    b"<title>One</title><div id=root></div><noscript>Please enable JavaScript.</noscript><script src=/m.js></script>"
)


def serve(work: Callable[[str], None]) -> None:
    """Run work while an outlet is served; it gets the address of the outlet."""

    async def run() -> None:
        async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            pages = {"/rss": FEED.format(origin=server.url("")).encode(), "/a.pdf": DECREE, "/app": SHELL}
            kind = "text/html" if path == "/app" else "application/octet-stream"
            writer.write(reply(pages[path], Content_Type=kind) if path in pages else reply(b"", "404 Not Found"))

        async with serving(respond) as server:
            await asyncio.to_thread(work, server.url(""))

    on_loop(run())


def test_an_article_states_which_extra_its_page_needs(installation: Installation) -> None:
    """A PDF document, and a page that scripts fill; `check` warns of the browser, which is configured."""

    def work(origin: str) -> None:
        installation.configure(f"feed: '{origin}/rss', fetch: browser")
        hidden = "pypdfium2 playwright"
        checked = installation.run(hidden, "check")
        assert "sources.one.fetch: the extra `browser` for this is not installed" in checked
        assert "pip install 'monitor[browser]'" in checked
        installation.run(hidden, "poll")
        why = installation.run(hidden, "why", f"{origin}/a.pdf")
        assert "Its page could not be read: it is a PDF document, and the extra `pdf` is not installed" in why
        assert "pip install 'monitor[pdf]'" in why
        why = installation.run(hidden, "why", f"{origin}/app")
        assert "Its page could not be read: its pages are read with a browser, and the extra `browser`" in why
        assert "pip install 'monitor[browser]'" in why

    serve(work)


def test_a_source_states_that_it_needs_the_extra_for_apis(installation: Installation) -> None:
    installation.configure("api: {url: 'https://one.example/api', items: data}")
    checked = installation.run("jmespath", "check")
    assert "sources.one.api: the extra `api` for this is not installed" in checked
    assert "pip install 'monitor[api]'" in checked


@pytest.mark.parametrize(
    ("hidden", "keys", "arguments", "message"),
    [
        (
            "psycopg",
            {"settings": "database: 'postgresql+psycopg://u@127.0.0.1:1/x'"},
            ["status"],
            "needs the extra `postgres`; install it with: pip install 'monitor[postgres]'",
        ),
        (
            "apprise",
            {"channel": "chat: 'slack://a/b/c'"},
            ["check"],
            "need the extra `chat`; install it with: pip install 'monitor[chat]'",
        ),
        ("jwt", {"settings": OIDC}, ["check"], "settings.web.login: the extra `oidc` for this is not installed"),
        ("fastapi", {"settings": "web: {}"}, ["check"], "settings.web: the extra `web` for this is not installed"),
        ("fastapi", {}, ["web"], "pip install 'monitor[web]'"),
        ("mcp", {}, ["mcp"], "pip install 'monitor[mcp]'"),
    ],
    ids=["postgres", "chat", "oidc", "web in check", "web", "mcp"],
)
def test_commands_name_the_extra_that_they_need(
    installation: Installation, hidden: str, keys: dict[str, str], arguments: list[str], message: str
) -> None:
    installation.configure(**keys)
    assert message in installation.run(hidden, *arguments)

"""What a command imports before it works: each library costs every start tens of milliseconds.

Only imports by our own modules count: what a library imports for itself changes with its versions.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFIGURATION = """
settings: {database: "sqlite:///start.db"}
sources:
  paper: {feed: "https://paper.example/feed"}
officials:
  hun-manet: {name: Hun Manet}
  khamlieng-outhakaysone: {name: Khamlieng Outhakaysone, country: Laos, aliases: [ຄຳລຽງ ອຸທະໄກສອນ, Khămliêng]}
rules:
  people: {officials: [all]}
digests:
  today: {rules: [people], at: "07:00", channels: [outbox]}
"""
HEAVY = "alembic mako feedparser jinja2 prometheus_client aiosmtplib apprise fastapi psycopg standardwebhooks"
HEAVY += " monitor.language.load"  # reads the data files about languages
FOR_PEOPLE = {"rich", "structlog"}
"""What draws tables and colours lines."""

LOADED = """
import builtins, sys
asked, real = set(), builtins.__import__
def importing(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if importer.partition(".")[0] == "monitor" and not level:
        parts = name.split(".")
        asked.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        asked.update(f"{name}.{each}" for each in fromlist or ())
    return real(name, globals, locals, fromlist, level)
builtins.__import__ = importing
sys.argv = ["monitor", *sys.argv[1:]]
from monitor.cli.main import main
try:
    main()
finally:
    asked.update(name for name in sys.modules if name.startswith("monitor."))
    sys.stderr.write("\\n" + " ".join(asked))
"""


MODELS = {"sqlmodel", "sqlalchemy.orm", "monitor.store.tables"}
"""Migrations bring the tables; queries do without the models."""


ENGINES = {"numpy", "re2", "selectolax", "apscheduler", "monitor.match.engine"}
"""What finds names in articles, and what judges queries, selectors and cron lines; the names are judged without."""


def loads(folder: Path, *command: str) -> set[str]:
    """Run a command in a process of its own and return the modules that it loaded."""
    line, here = [sys.executable, "-c", LOADED, *command], {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(line, cwd=folder, env=here, capture_output=True, text=True, check=True, timeout=120)
    return set(run.stderr.split("\n")[-1].split())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a configuration and a database that is up to date."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "sources.yaml").write_text(CONFIGURATION.replace("feed:", "paused: for the test, feed:"), "utf-8")
    loads(folder, "poll")
    return folder


def test_help_loads_nothing_to_work_with(home: Path) -> None:
    """Help is read while one looks for a word; it must be there at once."""
    heavy = {*HEAVY.split(), "sqlalchemy", "sqlmodel", "numpy", "httpx", "rich", "yaml", "structlog", "asyncio", "lxml"}
    assert loads(home, "--help") & heavy == set()


def test_looking_loads_no_stage(home: Path) -> None:
    """Status, hits and search read the database; nothing is fetched, read, told or migrated."""
    for command in (["status", "--json"], ["hits", "--json"], ["search", "manet", "--json"]):
        loaded = loads(home, *command)
        assert loaded & {*HEAVY.split(), *FOR_PEOPLE, *MODELS, *ENGINES, "httpx", "lxml", "monitor.app"} == set()


def test_a_pass_without_news_loads_no_later_stage(home: Path) -> None:
    """What parses, screens, groups, reads pages, writes digests, carries and migrates is loaded when it is needed."""
    later = {"alembic", "jinja2", "prometheus_client", "aiosmtplib", "apprise", "standardwebhooks", "psycopg"}
    later |= {"numpy", "re2", "selectolax", "lxml", "feedparser"}
    own = {"monitor.extract.extractor", "monitor.digest.render", "monitor.parse.dispatch", "monitor.deliver.webhook"}
    own |= {"monitor.match.engine", "monitor.stories.grouping", "monitor.language.load"}
    assert loads(home, "poll") & (later | own | FOR_PEOPLE | MODELS) == set()

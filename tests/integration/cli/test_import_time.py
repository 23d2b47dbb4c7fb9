"""Imports of commands at start: each library costs every start tens of milliseconds.

Only imports by modules of this project count; the imports of libraries change with their versions.
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
"""Libraries for tables and coloured log lines."""

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
"""Modules with table classes; only migrations need them."""


ENGINES = {"numpy", "re2", "selectolax", "apscheduler", "monitor.match.engine"}
"""Libraries that match articles and check queries, selectors and cron lines."""


def imported_by(folder: Path, *command: str) -> set[str]:
    """Run a command in a new process and return the modules that it imported."""
    line, here = [sys.executable, "-c", LOADED, *command], {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(line, cwd=folder, env=here, capture_output=True, text=True, check=True, timeout=120)
    return set(run.stderr.split("\n")[-1].split())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a configuration and a database that is up to date."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "sources.yaml").write_text(CONFIGURATION.replace("feed:", "paused: for the test, feed:"), "utf-8")
    imported_by(folder, "poll")
    return folder


def test_help_imports_no_heavy_library(home: Path) -> None:
    """Help must appear at once."""
    heavy = {
        *HEAVY.split(),
        "sqlalchemy",
        "sqlmodel",
        "numpy",
        "httpx",
        "rich",
        "yaml",
        "pydantic",
        "structlog",
        "asyncio",
        "lxml",
    }
    assert imported_by(home, "--help") & heavy == set()


def test_reading_commands_import_no_pipeline_step(home: Path) -> None:
    """`status` and `hits` only read the database."""
    for command in (["status", "--json"], ["hits", "--json"]):
        imported = imported_by(home, *command)
        assert imported & {*HEAVY.split(), *FOR_PEOPLE, *MODELS, *ENGINES, "httpx", "lxml", "monitor.app"} == set()


def test_a_search_imports_the_language_of_the_rules_only(home: Path) -> None:
    """`search` evaluates queries, but matches no names and fetches nothing."""
    unused = {"monitor.match.engine", "selectolax", "apscheduler", "httpx", "lxml", "monitor.app", *FOR_PEOPLE}
    assert imported_by(home, "search", "manet", "--json") & unused == set()


def test_a_pass_without_new_entries_imports_no_later_step(home: Path) -> None:
    """Parsing, matching, grouping, extraction, digests, channels and migrations are imported when needed."""
    later = {"alembic", "jinja2", "prometheus_client", "aiosmtplib", "apprise", "standardwebhooks", "psycopg"}
    later |= {"numpy", "re2", "selectolax", "lxml", "feedparser"}
    own = {"monitor.extract.extractor", "monitor.digest.render", "monitor.parse.dispatch", "monitor.deliver.webhook"}
    own |= {"monitor.match.engine", "monitor.stories.grouping", "monitor.language.load"}
    assert imported_by(home, "poll") & (later | own | FOR_PEOPLE | MODELS) == set()


def test_a_command_imports_no_module_of_another_command(home: Path) -> None:
    """Only the help of the program needs the modules of all commands."""
    others = {f"monitor.cli.{name}" for name in ("articles", "feedback", "people", "deliveries", "web")}
    assert imported_by(home, "status", "--json") & others == set()
    assert others < imported_by(home, "--help")

"""Imports go down only; packages on one floor do not import one another; pure packages do no I/O."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest

from monitor.app import PRELOADED_MODULES

ROOT = Path(__file__).parents[1] / "monitor"
LAYERS = [  # lowest first: a module may import its own package and any lower layer
    {"domain"},
    {"language"},
    {"text"},
    {"config", "schedule", "fetch", "parse", "extract", "stories", "match", "digest", "deliver", "store", "telemetry"},
    {"records"},
    {"pipeline"},
    {"feedback", "insight"},
    {"jobs", "web"},
    {"app"},
    {"daemon", "desk", "worker"},
    {"demo"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
IO_PACKAGES = {
    "config",
    "schedule",
    "fetch",
    "deliver",
    "telemetry",
}  # used through protocols; the store directly
VALUE_TYPES = {"msgspec"}
"""Module of the value types, which any package may use."""
PURE = {  # package: the other third-party modules it may use
    "domain": {"pydantic"},
    "language": {"pydantic"},
    "text": {"numpy"},
    "parse": {"feedparser", "selectolax", "lxml", "xxhash", "jmespath"},
    "extract": {"selectolax", "lxml", "re2", "pypdfium2"},
    "stories": {"numpy", "xxhash"},
    "match": {"numpy", "ahocorasick_rs", "re2"},
    "digest": {"docx", "jinja2", "markupsafe", "typing_extensions", "weasyprint"},
    "records": {"typing_extensions"},
    "pipeline": {"asyncio"},
    "feedback": set(),
    "insight": {"ahocorasick_rs"},
}
FORBIDDEN_STDLIB = {
    *("socket", "ssl", "smtplib", "sqlite3", "subprocess", "threading", "asyncio"),
    *("time", "random", "urllib.request", "http.client"),
}
FORBIDDEN_CALLS = {"open", "print", "input", "now", "utcnow", "today", "read_text", "read_bytes", "write_text"}
DATA_LOADERS = {"monitor.language.load"}
"""Pure modules that may read the data files of their own package, with `read_text` of importlib.resources."""
FILES = sorted(p for p in ROOT.rglob("*.py") if p.name != "__init__.py")
PURE_FILES = [p for p in FILES if p.relative_to(ROOT).parts[0] in PURE]


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)


MODULES = {module(path) for path in FILES}


def package_of(name: str) -> str:
    """Return the package or top-level file of a module of this project."""
    return name.split(".")[1]


def imported(path: Path) -> set[str]:
    """List the imports anywhere in a file: modules of this project in full, others as written."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    ours = {name for name in names if name.split(".")[0] == "monitor"}
    return (names - ours) | {name for raw in ours for name in (raw, raw.rpartition(".")[0]) if name in MODULES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    """A module imports its own package or a lower layer; deferred and type-only imports count too."""
    here = package_of(module(path))
    for name in imported(path) & MODULES:
        there = package_of(name)
        assert here == there or RANK[there] < RANK[here], f"{here} may not import {name}"
        assert not (here in {"pipeline", "feedback", "insight", "jobs", "web"} and there in IO_PACKAGES), (
            f"{here} sees protocols, not {name}"
        )


def test_no_module_imports_itself_indirectly() -> None:
    """There is no import cycle, not even inside one package."""
    graphlib.TopologicalSorter({module(path): imported(path) & MODULES for path in FILES}).prepare()


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_pure_packages_do_no_io(path: Path) -> None:
    """A pure package imports the standard library without its I/O modules, and its own third-party modules."""
    extra = PURE[package_of(module(path))] | VALUE_TYPES
    allowed = sys.stdlib_module_names | extra
    for name in imported(path) - MODULES:
        top = name.split(".")[0]
        assert top in allowed, name
        assert not ({top, name} - extra) & FORBIDDEN_STDLIB, name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            reads_package_data = called == "read_text" and module(path) in DATA_LOADERS
            assert called not in FORBIDDEN_CALLS or reads_package_data, f"{path}:{node.lineno}: {called}()"


def test_package_files_contain_no_code() -> None:
    """An ``__init__.py`` holds a docstring or a version, so importing one module never loads other modules."""
    for init in ROOT.rglob("__init__.py"):
        for node in ast.parse(init.read_text(encoding="utf-8")).body:
            assert isinstance(node, ast.Expr | ast.Assign), f"{init}:{node.lineno}"


def test_the_daemon_preloads_all_deferred_imports_of_the_pipeline() -> None:
    late = set()
    for path in (ROOT / "pipeline").glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                late |= {str(node.module) for node in ast.walk(function) if isinstance(node, ast.ImportFrom)}
    assert {name for name in late if name.startswith("monitor.")} <= set(PRELOADED_MODULES)


OPTIONAL = {  # installed by an extra, or imports what an extra installs
    *("alembic", "alembic.config", "alembic.util", "apprise", "jmespath", "jmespath.exceptions"),
    *("monitor.digest.press_docx", "monitor.fetch.browser", "monitor.schedule.procrastinate_worker"),
    *("monitor.web.assistant", "monitor.web.assistant_http", "monitor.web.oidc", "playwright.async_api"),
    *("procrastinate", "procrastinate.exceptions", "procrastinate.jobs", "procrastinate.manager"),
    *("pypdfium2", "pypdfium2.raw", "sqlalchemy.dialects", "weasyprint", "weasyprint.urls"),
}
DEFERRED = {  # processor time of the import, for which most runs of a command have no use
    "reads the language data, 20 to 120 ms": {
        *("monitor.language.countries", "monitor.language.load", "monitor.match.exclude_phrases"),
        *("monitor.match.names.coverage", "monitor.match.names.forms", "monitor.match.titles.positions"),
        *("monitor.insight.succession", "monitor.match.engine", "monitor.match.vocabulary"),
    },
    "loads numpy, 90 ms": {
        *("numpy", "monitor.stories.features", "monitor.stories.fingerprints", "monitor.stories.grouping"),
        *("monitor.stories.grouping_window", "monitor.text.fold_numpy", "monitor.text.search_text"),
    },
    "loads re2, lxml, selectolax or feedparser, 15 to 110 ms": {
        *("monitor.extract.extractor", "monitor.extract.feed_content", "monitor.extract.pdf_document"),
        *("monitor.match.query.evaluate", "monitor.parse.dispatch", "monitor.parse.fast_xml"),
        *("monitor.parse.feed_discovery", "monitor.parse.feedparser_backend", "monitor.parse.incremental"),
        *("monitor.parse.mailbox", "monitor.pipeline.mailbox_documents", "selectolax.lexbor"),
    },
    "loads another library, 3 to 140 ms": {
        *("protego", "warcio.statusandheaders", "warcio.warcwriter"),
        *("apscheduler.triggers.cron", "ctypes", "monitor.config.people_document", "monitor.deliver.chat"),
        *("monitor.deliver.email", "monitor.deliver.webhook", "monitor.digest.render", "monitor.fetch.mailbox"),
        *("monitor.fetch.oauth", "monitor.store.desk", "monitor.telemetry.metrics", "structlog"),
    },
    "only some configurations or commands use it": {
        *("monitor.deliver.folder", "monitor.fetch.cookie_file", "monitor.pipeline.backfill"),
    },
}


def test_imports_inside_functions_have_a_reason() -> None:
    """Outside of commands, a module is imported inside a function only if it is optional or slow, see decision 0014."""
    allowed = OPTIONAL.union(*DEFERRED.values())
    late: dict[str, Path] = {}
    for path in FILES:
        if package_of(module(path)) in {"cli", "__main__"}:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        names = [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                        late |= dict.fromkeys(map(str, names), path)
    assert {name: path for name, path in late.items() if name not in allowed} == {}
    assert allowed - late.keys() == set()

"""The sources.yaml at the root of the project works on the day it is installed."""

from pathlib import Path

from monitor.config.editors import schema_text
from monitor.config.load import load_configuration
from monitor.match.review import review_watch

ROOT = Path(__file__).parents[3]


def test_shipped_configuration_is_good() -> None:
    """It loads without any secret, fault or warning, its examples hold, and what is not read says why."""
    found = load_configuration(ROOT / "sources.yaml", {}, [review_watch])
    assert found.warnings == ()
    assert len(found.sources) >= 50
    assert len(found.watch.officials) >= 30
    assert found.digests
    assert all(len(source.paused) > 20 for source in found.sources if source.paused)
    assert sum(not source.paused for source in found.sources) >= 35


def test_shipped_schema_is_that_of_the_program() -> None:
    """The schema that editors read was written by this version: monitor schema > sources.schema.json."""
    assert (ROOT / "sources.schema.json").read_text(encoding="utf-8") == schema_text()

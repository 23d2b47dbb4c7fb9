"""Notices about quarantined articles."""

from monitor.digest.notices import MAX_SOURCES_SHOWN, format_quarantine_notices
from monitor.domain.read_models import QuarantineSummary


def test_quarantined_articles_are_reported_with_reason_and_command() -> None:
    """There is one sentence per source; the articles of further sources are counted together."""
    lines = [
        QuarantineSummary(f"s{n}", f"Outlet {n}", "one of many old articles", 30) for n in range(MAX_SOURCES_SHOWN + 2)
    ]
    first, *_, last = format_quarantine_notices(lines, with_commands=True)
    assert first.startswith("Outlet 0: 30 articles were quarantined (one of many old articles).")
    assert "`monitor articles release s0`" in first
    assert "60 articles of other sources" in last
    assert not any("`" in notice for notice in format_quarantine_notices(lines)), "readers get no commands"
    assert format_quarantine_notices([]) == ()

"""What alerted nobody is said, with how to make it news."""

from monitor.digest.notices import MAX_SOURCES_SHOWN, format_quarantine_notices
from monitor.domain.read_models import QuarantineSummary


def test_a_flood_is_said_with_its_reason_and_its_release() -> None:
    """One sentence a source; many sources are counted together."""
    lines = [
        QuarantineSummary(f"s{n}", f"Outlet {n}", "dug up with many others", 30) for n in range(MAX_SOURCES_SHOWN + 2)
    ]
    first, *_, last = format_quarantine_notices(lines)
    assert first.startswith("Outlet 0: 30 articles were stored without alerting (dug up with many others).")
    assert "`monitor articles release s0`" in first
    assert "60 articles of other sources" in last
    assert format_quarantine_notices([]) == ()

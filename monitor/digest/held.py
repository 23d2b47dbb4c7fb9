"""What was stored without alerting, said in the next digest: a flood that was none can then be released."""

from collections.abc import Sequence

from monitor.domain.archive import QuarantineSummary

MAX_SOURCES_SHOWN = 5


def format_quarantine_notices(lines: Sequence[QuarantineSummary]) -> tuple[str, ...]:
    """Say for each source how many articles alerted nobody, why, and how they are made news."""
    said = [
        f"{line.outlet}: {line.article_count} articles were stored without alerting ({line.reason}). "
        f"If they are news after all, `monitor articles release {line.source_id}` makes them so."
        for line in lines[:MAX_SOURCES_SHOWN]
    ]
    if len(lines) > MAX_SOURCES_SHOWN:
        said.append(
            f"The same holds for "
            f"{sum(line.article_count for line in lines[MAX_SOURCES_SHOWN:])} articles of other sources."
        )
    return tuple(said)

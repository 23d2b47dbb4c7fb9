"""What was stored without alerting, said in the next digest: a flood that was none can then be released."""

from collections.abc import Sequence

from monitor.domain.archive import HeldLine

SHOWN = 5


def said_held(lines: Sequence[HeldLine]) -> tuple[str, ...]:
    """Say for each source how many articles alerted nobody, why, and how they are made news."""
    said = [
        f"{line.outlet}: {line.articles} articles were stored without alerting ({line.reason}). "
        f"If they are news after all, `monitor articles release {line.source_id}` makes them so."
        for line in lines[:SHOWN]
    ]
    if len(lines) > SHOWN:
        said.append(f"The same holds for {sum(line.articles for line in lines[SHOWN:])} articles of other sources.")
    return tuple(said)

"""Configuration and database for a simulated day; in the database all sources were polled before."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import frame  # noqa: F401 - adds this checkout to the path
from outlets import HEAD, OLD, old_item

from monitor.config.load import load_configuration
from monitor.domain.values import replace
from monitor.parse.fast_xml import parse_fast_xml
from monitor.store.core_tables import ENTRY_KEY
from monitor.store.database import Database
from monitor.store.row_mapping import hash_text, insert_rows
from monitor.stories.identity import assign_entry_keys

READERS, OFFICIALS_PER_READER = 20, 4  # readers of immediate digests, and officials per reader
WATCHED = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a day: articles per second, seconds, and the publishing sources.

    The first ``busy`` of the ``sources`` publish and are polled every ``pace`` seconds, others every ``every`` seconds.
    """

    sources: int = 10_000
    every: int = 120
    busy: int = 1_000
    pace: int = 30
    rate: float = 40.0
    seconds: int = 60

    def polled_every(self, number: int) -> int:
        """Return the seconds between two polls of a source."""
        return self.pace if number < self.busy else self.every

    def first_poll(self, number: int) -> float:
        """Return the seconds until the first poll of a source; the sources with one interval are spread over it."""
        start, count = (0, self.busy) if number < self.busy else (self.busy, self.sources - self.busy)
        return self.polled_every(number) * ((number - start) * 7919 % count) / count


def configuration(size: Size, port: int, officials: list[tuple[str, str, str]]) -> str:
    """Return sources.yaml."""
    lines = [
        "settings: {database: 'sqlite:///day.db', allowed_networks: [127.0.0.0/8], probe_address: off}",
        "sources:",
    ]
    for n in range(size.sources):
        url = f"http://127.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}:{port}/{n}"
        lines.append(f"  s{n}: {{feed: '{url}', text_from: feed, poll_interval: {size.polled_every(n)}s}}")
    lines.append("officials:")
    lines += [f'  p{n}: {{name: "{name}", country: {country}}}' for n, (name, country, _) in enumerate(officials)]
    lines.append("rules:")
    lines.append("  everybody: {officials: [all]}")
    for reader in range(READERS):
        names = ", ".join(f"p{reader * OFFICIALS_PER_READER + n}" for n in range(OFFICIALS_PER_READER))
        lines.append(f"  desk-{reader}: {{officials: [{names}]}}")
    lines.append("channels:")
    lines += [f"  hook-{n}: {{webhook: {{url: 'http://127.0.0.1:{port}/hook/{n}'}}}}" for n in range(READERS)]
    lines.append("digests:")
    lines += [f"  desk-{n}: {{rules: [desk-{n}], at: immediately, channels: [hook-{n}]}}" for n in range(READERS)]
    lines.append("  morning: {rules: [everybody], at: '07:00', timezone: UTC, channels: [hook-0]}")
    return "\n".join(lines) + "\n"


def prepare(folder: Path, size: Size, opened: datetime) -> None:
    """Create a database in which every source was polled before and has its own due time."""
    started = time.monotonic()
    sources = load_configuration(folder / "sources.yaml", {}).sources
    up_after = 10 + 2 * (time.monotonic() - started)  # seconds, because the daemon has to load the same file
    rows = []
    for number, source in enumerate(sources):
        items = "".join(old_item(number, item, opened) for item in range(OLD))
        feed = parse_fast_xml(HEAD.format(number) + items + "</channel></rss>", source.url, source)
        assert feed
        keys = {key for one in assign_entry_keys(feed) for key in one.keys}
        rows += [{"source_id": source.id, "key": hash_text(key), "article_id": 0} for key in keys]
    database = Database.open(f"sqlite:///{folder}/day.db")
    database.sources.register(sources, opened)
    with database.sources._connections.write_transaction() as connection:  # noqa: SLF001 - writes the rows of earlier polls
        insert_rows(connection, ENTRY_KEY, rows)
    now = datetime.now(UTC)
    leases = database.sources.lease_due(now, len(sources), now + timedelta(minutes=5))
    first = datetime.now(UTC) + timedelta(seconds=up_after + len(leases) / 1000)
    memory = {"etag": '"0"', "entries": OLD, "polls": 1, "baseline_at": opened, "unconditional_at": now}
    for lease in leases:
        at = first + timedelta(seconds=size.first_poll(int(lease.source_id[1:])))
        poll_state = replace(lease.poll_state, **memory, next_poll_at=at, last_success_at=now, last_new_at=opened)
        database.sources.record_poll(lease, poll_state)
    database.close()

"""Fill a small disk, record a sent delivery while it is full, then continue with free space.

    python fill_disk.py FOLDER

Run by test_store.py on a disk of its own. Prints as one JSON document how many articles were stored and rejected, and
what the database contains at the end.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.rows import digest, draft, leased, message, source

from monitor.domain.delivery import DeliveryState, Sent
from monitor.domain.errors import StoreFull
from monitor.domain.read_models import ArticleFilter
from monitor.pipeline.maintenance import Maintenance
from monitor.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def main(folder: Path) -> dict[str, object]:
    """Fill the disk, free it, and return the observed values."""
    database = Database.open(f"sqlite:///{folder}/monitor.db", exclusive=True)
    maintenance = Maintenance(database, lambda: NOW)
    database.sources.register([source()], NOW)
    await maintenance.check_disk_space()
    database.digests.commit_digest(digest("one"), [message("1")], [])
    (delivery,) = database.deliveries.lease_deliveries(NOW, 1, NOW + timedelta(hours=1))
    filler, kept, rejected, skipped = folder / "filler", 0, 0, 0

    async def collect() -> int:
        lease = leased(database, now=NOW + (kept + rejected) * timedelta(hours=1))
        drafts = [draft(f"a{kept}-{number}", body=f"some words {number} " * 100) for number in range(10)]
        return len(database.articles.commit_poll(lease, lease.poll_state, drafts, NOW))

    collecting = maintenance.skip_when_disk_full(collect)
    filler.write_bytes(b"x" * (1 << 20))
    while not rejected:
        try:
            kept += await collect()
        except StoreFull:
            rejected += 1
    try:
        await maintenance.check_disk_space()
    except StoreFull:
        skipped += 1
    try:
        await collecting()
    except StoreFull:
        skipped += 1
    database.deliveries.record_result(delivery, Sent(), NOW, None)
    is_recorded = database.deliveries.get_delivery(delivery.id).state is DeliveryState.SENT
    filler.unlink()
    await maintenance.check_disk_space()
    kept += int(str(await collecting()))
    reserve = (folder / "monitor.db.reserve").exists()
    articles = len(database.queries.list_articles(ArticleFilter(limit=100_000)))
    problems = database.maintenance.check_database()
    database.close()
    return {
        "kept": kept,
        "articles": articles,
        "skipped": skipped,
        "is_recorded": is_recorded,
        "reserve": reserve,
        "problems": list(problems),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(Path(sys.argv[1])))))

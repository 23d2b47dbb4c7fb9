"""Run by test_store.py on a small disk of its own: fill it, note what was sent all the same, and go on with space.

    python fill_disk.py FOLDER

Prints what was kept before, what was refused, and what is in the database at the end, as one JSON document.
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
    """Tell the story of a full disk."""
    database = Database.open(f"sqlite:///{folder}/monitor.db", exclusive=True)
    care = Maintenance(database, lambda: NOW)
    database.sources.register([source()], NOW)
    await care.check_disk_space()
    database.digests.commit_digest(digest("one"), [message("1")], [])
    (delivery,) = database.deliveries.lease_deliveries(NOW, 1, NOW + timedelta(hours=1))
    filler, kept, refused, rested = folder / "filler", 0, 0, 0

    async def collect() -> int:
        lease = leased(database, now=NOW + (kept + refused) * timedelta(hours=1))
        drafts = [draft(f"a{kept}-{number}", body=f"some words {number} " * 100) for number in range(10)]
        return database.articles.commit_poll(lease, lease.poll_state, drafts, NOW)

    collecting = care.skip_when_disk_full(collect)
    filler.write_bytes(b"x" * (1 << 20))
    while not refused:
        try:
            kept += await collect()
        except StoreFull:
            refused += 1
    try:
        await care.check_disk_space()
    except StoreFull:
        rested += 1
    try:
        await collecting()
    except StoreFull:
        rested += 1
    database.deliveries.record_result(delivery, Sent(), NOW, None)
    noted = database.deliveries.get_delivery(delivery.id).state is DeliveryState.SENT
    filler.unlink()
    await care.check_disk_space()
    kept += int(str(await collecting()))
    reserve = (folder / "monitor.db.reserve").exists()
    articles = len(database.queries.list_articles(ArticleFilter(limit=100_000)))
    faults = database.maintenance.check_database()
    database.close()
    return {
        "kept": kept,
        "articles": articles,
        "rested": rested,
        "noted": noted,
        "reserve": reserve,
        "faults": list(faults),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(Path(sys.argv[1])))))

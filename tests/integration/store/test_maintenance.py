"""Backups, retention, space and the health of the database."""

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from support.rows import MINUTE, NOW, digest, draft, found, kept, leased, message, plan, screened

from monitor.domain.article import Stage
from monitor.domain.delivery import Sent
from monitor.domain.errors import StoreCorrupt, StoreError, StoreFull, UsageError
from monitor.domain.mention import Findings
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.store import disk_space
from monitor.store.database import Database

DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a SQLite file."""
    return tmp_path / "monitor.db"


def opened(file: Path, *, exclusive: bool = False) -> Database:
    return Database.open(f"sqlite:///{file}", exclusive=exclusive)


def test_a_backup_is_a_complete_database(file: Path) -> None:
    """One file with everything that was committed before."""
    database = opened(file)
    screened(database, draft("a"))
    copy = database.maintenance.back_up(NOW)
    kept(database, draft("later"))
    database.close()
    assert copy == file.parent / "backups" / "monitor-20260301T120000Z.db"
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    restored = opened(copy)
    assert [one.article.title for one in restored.queries.search("words")] == ["About a"]
    assert len(restored.queries.list_hits(ArticleFilter())) == 1
    restored.close()


def test_backups_are_rotated(file: Path) -> None:
    """The newest remain, and other files in the folder are not deleted."""
    database = opened(file)
    stranger = file.parent / "backups" / "notes.db"
    stranger.parent.mkdir()
    stranger.touch()
    for number in range(5):
        database.maintenance.back_up(NOW + number * DAY, keep=2)
    names = sorted(path.name for path in stranger.parent.iterdir())
    assert names == ["monitor-20260304T120000Z.db", "monitor-20260305T120000Z.db", "notes.db"]
    assert database.maintenance.last_backup() == stranger.parent / names[1]
    database.close()


def test_backups_dated_in_the_future_are_deleted_first(file: Path) -> None:
    """The new backup is never deleted."""
    database = opened(file)
    for when in (NOW.replace(year=2099), NOW.replace(year=2098), NOW, NOW + DAY):
        made = database.maintenance.back_up(when, keep=2)
    assert made == file.parent / "backups" / "monitor-20260302T120000Z.db"
    assert len([path for path in made.parent.iterdir() if "2026" in path.name]) == 2
    database.close()


def test_writers_continue_during_a_backup(file: Path) -> None:
    """The copy has the state of one moment: as many texts as articles."""
    database = opened(file)
    kept(database, *(draft(str(number), body="word " * 500) for number in range(300)))
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not stop.is_set():
            number = len(written)
            lease = leased(database)
            database.articles.commit_poll(lease, lease.poll_state, [draft(f"new{number}")], NOW)
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    copies = [database.maintenance.back_up(NOW + number * MINUTE) for number in range(3)]
    stop.set()
    writer.join()
    database.close()
    assert written
    for copy in copies:
        connection = sqlite3.connect(copy)
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM article), (SELECT count(*) FROM article_text)"
        ).fetchone()
        connection.close()
        assert counts[0] == counts[1] >= 300


def test_a_damaged_database_is_not_backed_up(file: Path) -> None:
    """A damaged copy never replaces a backup."""
    database = opened(file)
    kept(database, *(draft(str(number), body="word " * 500) for number in range(100)))
    good = database.maintenance.back_up(NOW)
    database.close()
    damage(file)
    database = Database.open(f"sqlite:///{file}")
    with pytest.raises(StoreCorrupt):
        database.maintenance.back_up(NOW + DAY)
    database.close()
    assert list(good.parent.iterdir()) == [good]


def damage(file: Path) -> None:
    """Damage every page except the ones that are read to check the schema."""
    with file.open("r+b") as handle:
        size = file.stat().st_size
        for place in range(120 * 4096, size, 8192):
            handle.seek(place)
            handle.write(b"\xa5" * 4096)


def test_a_damaged_database_is_detected_at_the_start(file: Path) -> None:
    """The error has the newest backup; the file is not changed."""
    database = opened(file)
    kept(database, *(draft(str(number), body="word " * 500) for number in range(100)))
    copy = database.maintenance.back_up(NOW)
    assert database.maintenance.check_database() == ()
    database.close()
    damage(file)
    before = file.read_bytes()
    with pytest.raises(StoreCorrupt, match=copy.name):
        opened(file, exclusive=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all" * 500, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_not_a_database_is_refused(file: Path, content: bytes) -> None:
    """With an error message, and without a change."""
    file.write_bytes(content)
    for exclusive in (True, False):
        with pytest.raises(StoreCorrupt, match=r"damaged|not an SQLite database"):
            opened(file, exclusive=exclusive)
    assert file.read_bytes() == content


def test_the_check_finds_broken_references_and_a_wrong_index(file: Path) -> None:
    """A missing article, and an index that does not match its texts."""
    database = opened(file)
    (stored,) = kept(database, draft("a"))
    database.close()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("DELETE FROM article WHERE id = ?", (stored.id,))
    connection.commit()
    connection.close()
    database = opened(file)
    assert any(
        "refers to a row of article that does not exist" in fault for fault in database.maintenance.check_database()
    )
    database.close()


def test_only_old_articles_without_findings_expire(database: Database) -> None:
    """Their entry keys remain, so they are not new when a feed lists them again."""
    names = ("plain", "hit", "mentioned", "unread")
    drafts = [draft(name, stage=Stage.LISTED if name == "unread" else Stage.EXTRACTED) for name in names]
    for stored in kept(database, *drafts):
        findings = {"About hit": found("r"), "About mentioned": found()}.get(stored.article.title, Findings())
        database.findings.save([(stored, findings)], NOW)
    young = kept(database, draft("young"), now=NOW + 3 * DAY)
    database.findings.save([(stored, Findings()) for stored in young], NOW)
    assert database.maintenance.delete_expired_articles(NOW + 2 * DAY, DAY) == (1, 0)
    left = {one.article.title for one in database.queries.list_articles(ArticleFilter())}
    assert left == {"About hit", "About mentioned", "About unread", "About young"}
    assert database.queries.search("plain") == []
    assert database.articles.known_keys("times", ["guid:plain"]) == {"guid:plain"}
    assert len(kept(database, draft("plain"), now=NOW + 4 * DAY)) == 0
    database.maintenance.optimize()
    assert database.maintenance.check_database() == ()


def test_articles_expire_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each a short transaction; the place to go on from leads past what is kept."""
    monkeypatch.setattr("monitor.store.maintenance.DELETE_BATCH_SIZE", 2)
    stored = kept(database, *(draft(str(number)) for number in range(5)))
    for one in stored:
        database.findings.save([(one, found("r") if one.id % 2 else Findings())], NOW)
    total, place, calls = 0, 0, 0
    while calls == 0 or place:
        gone, place = database.maintenance.delete_expired_articles(NOW + 2 * DAY, DAY, place)
        total, calls = total + gone, calls + 1
    assert (total, calls) == (sum(one.id % 2 == 0 for one in stored), 3)


def test_finished_deliveries_expire_and_digests_remain(database: Database) -> None:
    """Pending deliveries remain as well."""
    screened(database, draft("a"))
    (hit,) = database.digests.undelivered_hits(plan("one"), NOW + MINUTE)
    database.digests.commit_digest(digest("one"), [message("1"), message("2", target="other")], [hit.id])
    first, _second = database.deliveries.lease_deliveries(NOW, 2, NOW + MINUTE)
    database.deliveries.record_result(first, Sent(), NOW, None)
    database.maintenance.delete_expired_records(NOW + 2 * DAY, DAY)
    assert [one.message.target for one in database.deliveries.list_deliveries()] == ["other"]
    assert database.digests.undelivered_hits(plan("one"), NOW + MINUTE) == []
    assert len(database.deliveries.list_digests()) == 1


def test_a_full_disk_is_reported_and_nothing_is_partly_written(file: Path) -> None:
    """The transaction is gone whole, the database is sound, and it goes on when there is space."""
    database = opened(file)
    kept(database, draft("a"))
    connection = database._connections._get_write_connection()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    connection.rollback()
    lease = leased(database)
    big = [draft(f"big{number}", body="long words " * 2000) for number in range(20)]
    with pytest.raises(StoreFull, match="disk is full"):
        database.articles.commit_poll(lease, replace(lease.poll_state, etag="new"), big, NOW)
    assert database.sources.load_poll_states()["times"].etag == ""
    assert len(database.queries.list_articles(ArticleFilter())) == 1
    connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    connection.rollback()
    assert len(database.articles.commit_poll(lease, lease.poll_state, big, NOW)) == 20
    assert database.maintenance.check_database() == ()
    database.close()


def test_the_reserve_file_is_created_and_released(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reserve file under the name that former versions used is deleted."""
    monkeypatch.setattr(disk_space, "RESERVE_BYTES", 4096)
    database = opened(file)
    reserve, former = Path(f"{file}.reserve"), Path(f"{file}.ballast")
    former.touch()
    database.maintenance.create_reserve()
    database.maintenance.create_reserve()
    assert reserve.stat().st_size == 4096
    assert not former.exists()
    database.maintenance.release_reserve()
    database.maintenance.release_reserve()
    assert not reserve.exists()
    measured = database.maintenance.measure_disk_space()
    assert measured is not None
    assert 0 < measured.free_bytes <= measured.total_bytes
    database.close()


def test_a_backup_without_enough_space_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old copies are deleted first, except for the newest."""
    database = opened(file)
    copies = [database.maintenance.back_up(NOW + number * DAY) for number in range(3)]
    monkeypatch.setattr("monitor.store.backup._REQUIRED_SPACE_FACTOR", 1e12)
    with pytest.raises(StoreError, match="not enough space for a backup"):
        database.maintenance.back_up(NOW + 3 * DAY)
    assert [copy.exists() for copy in copies] == [False, False, True]
    database.close()


@pytest.mark.xdist_group("postgres")
def test_postgresql_is_not_backed_up(shared: str, tmp_path: Path) -> None:
    """The error names pg_dump; its disk is not measured."""
    database = Database.open(shared)
    with pytest.raises(UsageError, match="pg_dump"):
        database.maintenance.back_up(NOW, tmp_path)
    assert database.maintenance.measure_disk_space() is None
    assert database.maintenance.last_backup() is None
    database.close()

"""Storing and indexing articles: this program's store beside plain sqlite3 doing the least that could be called so.

    python bench/store.py [--articles 6000] [--poll 30]
    python bench/store.py --growing 1000000

The peer keeps a row with a unique URL and a full-text index over an external content table, with executemany in the
same batches and the same PRAGMAs. Ours keeps identities, addresses, folded text, the source's memory and a lease too.
CPU of the process counts, since disks are shared. ``--growing`` fills a database with small articles and times its
look-ups ten times on the way.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.domain.archive import Filter
from monitor.domain.article import Article, Draft, Region, Stage
from monitor.domain.digest import DigestPlan, Schedule, Window
from monitor.domain.mention import Findings, Form, Mention
from monitor.domain.source import Source, SourceKind
from monitor.store.database import SqlDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SYLLABLES = [
    "ban",
    "biên",
    "bộ",
    "chính",
    "chủ",
    "công",
    "cường",
    "đại",
    "định",
    "giang",
    "hội",
    "khẩu",
    "lào",
    "minh",
    "nam",
    "ngoại",
    "phòng",
    "quốc",
    "tướng",
    "trưởng",
    "việt",
]
LATIN = [a + b for a in ("bor", "de", "gov", "mi", "par") for b in ("der", "fence", "ern", "nister", "ty")]


def vocabulary() -> list[str]:
    """Return words, the most frequent first."""
    chooser = random.Random(1)
    made = ["".join(chooser.choices("abcdefghiklmnoprstuvy", k=chooser.randint(2, 9))) for _ in range(20_000)]
    return [*SYLLABLES, *LATIN, *made]


def articles(count: int, start: int = 0) -> Iterator[Article]:
    """Yield articles of about 3 KB with words as frequent as words are (Zipf)."""
    words = vocabulary()
    chooser = random.Random(start)
    weights = [1 / (rank + 1) for rank in range(len(words))]
    pool = chooser.choices(words, weights, k=2_000_000)
    for number in range(start, start + count):
        at = chooser.randrange(len(pool) - 600)
        text = " ".join(pool[at : at + 480])
        url = f"https://outlet{number % 997}.example/politics/2026/03/{number}-{pool[at]}.html"
        yield Article(url, title=text[:70], standfirst=text[70:220], body=text[220:], language="en", published_at=NOW)


def polls(count: int, size: int) -> list[list[Article]]:
    """Return articles in the portions that polls bring."""
    made = list(articles(count))
    return [made[at : at + size] for at in range(0, count, size)]


def raw(folder: Path, work: list[list[Article]]) -> float:
    """Store with sqlite3 and return the CPU seconds."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.executescript(
        """PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;
        CREATE TABLE article (id INTEGER PRIMARY KEY, url TEXT UNIQUE, title TEXT, standfirst TEXT, body TEXT,
            published TEXT, seen TEXT, language TEXT);
        CREATE VIRTUAL TABLE words USING fts5(title, body, content='article', content_rowid='id',
            tokenize='unicode61 remove_diacritics 2');
        CREATE TRIGGER added AFTER INSERT ON article BEGIN
            INSERT INTO words (rowid, title, body) VALUES (new.id, new.title, new.body); END;"""
    )
    insert = """INSERT INTO article (url, title, standfirst, body, published, seen, language)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
    seen = NOW.isoformat()
    started = time.process_time()
    for poll in work:
        connection.execute("BEGIN IMMEDIATE")
        rows = [(a.url, a.title, a.standfirst, a.body, str(a.published_at), seen, a.language) for a in poll]
        connection.executemany(insert, rows)
        connection.execute("COMMIT")
    spent = time.process_time() - started
    connection.close()
    return spent


def ours(folder: Path, work: list[list[Article]]) -> float:
    """Store with monitor and return the CPU seconds."""
    database = SqlDatabase.open(f"sqlite:///{folder}/ours.db")
    sources = [
        Source(f"s{number}", f"S{number}", SourceKind.FEED, f"https://s{number}.example/") for number in range(100)
    ]
    database.sources.register(sources, NOW)
    drafts = [[Draft((f"guid:{a.url}", f"url:{a.url}"), a, True, Stage.READ) for a in poll] for poll in work]
    started = time.process_time()
    for start in range(0, len(drafts), 50):
        leases = database.sources.lease_due(NOW, 50, NOW + MINUTE)
        for lease, poll in zip(leases, drafts[start : start + 50], strict=False):
            database.articles.keep_poll(lease, lease.memory, poll, NOW)
    spent = time.process_time() - started
    database.close()
    return spent


def run(
    quick: bool = False, count: int | None = None, size: int = 30, rounds: int | None = None
) -> list[dict[str, Any]]:
    """Compare and return rows: what, peer, ours, theirs, ratio, target."""
    count = count or (1500 if quick else 6000)
    work = polls(count, size)
    spent: list[tuple[float, float]] = []
    for _ in range(rounds or (1 if quick else 3)):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            spent.append((ours(Path(one), work), raw(Path(two), work)))
    return [
        {
            "what": f"store and index {count} articles, {size} a poll: CPU us an article",
            "peer": "sqlite3",
            "ours": round(statistics.median(mine for mine, _ in spent) / count * 1e6),
            "theirs": round(statistics.median(theirs for _, theirs in spent) / count * 1e6),
            "ratio": round(statistics.median(mine / theirs for mine, theirs in spent), 2),
            "target": "<= 1.3",
        }
    ]


def lookups(database: SqlDatabase, number: int) -> dict[str, Callable[[], object]]:
    """Return the look-ups that every minute of the daemon and of its users is made of."""
    plan = DigestPlan("d", ("r",), Schedule(once=True), ())
    keys = [f"guid:{n}" for n in range(30)]
    return {
        "known 30 keys": lambda: database.articles.known("s1", keys),
        "lease due": lambda: database.sources.lease_due(NOW, 16, NOW),
        "lease unread": lambda: database.articles.lease_unread(NOW, 16, NOW),
        "unscreened": lambda: database.articles.unscreened(64),
        "untold": lambda: database.outbox.untold(plan, NOW + MINUTE),
        "by url": lambda: database.archive.by_url(f"https://outlet1.example/{number}"),
        "newest 20": lambda: database.archive.articles(Filter(limit=20)),
        "newest of a source": lambda: database.archive.articles(Filter(source_id="s1", limit=20)),
        "search two words": lambda: database.archive.search("border defence"),
        "search phrase": lambda: database.archive.search('"quốc phòng"'),
        "facts": database.archive.facts,
        "coverage of an hour": lambda: database.outbox.coverage(
            Window(NOW + timedelta(days=9), NOW + timedelta(days=10))
        ),
        "mentions of a day": lambda: database.outbox.daily_mentions(["o1"], [NOW + timedelta(days=9)]),
    }


def grow(folder: Path, total: int) -> None:
    """Fill a database and time its look-ups ten times on the way."""
    database = SqlDatabase.open(f"sqlite:///{folder}/big.db")
    sources = [Source(f"s{n}", f"S{n}", SourceKind.FEED, f"https://s{n}.example/") for n in range(1000)]
    database.sources.register(sources, NOW)
    step, table = total // 10, dict[str, list[float]]()
    made = list(articles(20_000))
    mention = Mention("o1", "x", Region.BODY, 0, 1, Form.FULL, 1.0, "")
    for done in range(0, total, 1000):
        lease = database.sources.lease_due(NOW, 1, NOW, only={f"s{done // 1000 % 1000}"})[0]
        drafts = [
            Draft((f"guid:{done + n}",), _moved(made[(done + n) % len(made)], done + n), True, Stage.READ)
            for n in range(1000)
        ]
        database.articles.keep_poll(lease, lease.memory, drafts, NOW)
        stored = database.articles.unscreened(1000)
        database.articles.keep_findings(
            [(one, Findings((mention,) if one.id % 100 == 0 else ())) for one in stored], NOW
        )
        if (done + 1000) % step == 0:
            for name, look in lookups(database, done).items():
                table.setdefault(name, []).append(_timed(look))
            print(f"{done + 1000} articles", flush=True)
    print("| look-up, ms |" + "".join(f" {(n + 1) * step // 1000}k |" for n in range(10)))
    for name, times in table.items():
        print(f"| {name} |" + "".join(f" {value:.2f} |" for value in times))
    database.close()


def _moved(article: Article, number: int) -> Article:
    return Article(f"https://outlet1.example/{number}", title=article.title, body=article.body[:600], published_at=NOW)


def _timed(look: Callable[[], object]) -> float:
    look()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        look()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print the comparison, or the look-ups over a growing database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int)
    parser.add_argument("--poll", type=int, default=30)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--growing", type=int, metavar="ARTICLES")
    arguments = parser.parse_args()
    if arguments.growing:
        with tempfile.TemporaryDirectory() as folder:
            grow(Path(folder), arguments.growing)
        return
    for row in run(False, arguments.articles, arguments.poll, arguments.rounds):
        print(row)


if __name__ == "__main__":
    main()

"""Store and index articles: this program's store compared with a minimal one on sqlite3.

The peer stores a row with a unique URL and a full-text index over an external content table, with executemany in the
same batches and with the same PRAGMAs. Our store also writes entry keys, URLs, normalized text, the poll state and a
lease. Processor time is measured, because disks are shared.
"""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from frame import Rows, Scale, main

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.source import Source
from monitor.store.database import Database

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


def generate_articles(count: int, start: int = 0) -> Iterator[Article]:
    """Yield articles of about 3 KB with word frequencies as in a language (Zipf)."""
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
    """Return articles in batches of the size of a poll."""
    made = list(generate_articles(count))
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
    database = Database.open(f"sqlite:///{folder}/ours.db")
    sources = [Source(f"s{number}", f"S{number}", feed=f"https://s{number}.example/") for number in range(100)]
    database.sources.register(sources, NOW)
    drafts = [[NewArticle((f"guid:{a.url}", f"url:{a.url}"), a, True, Stage.EXTRACTED) for a in poll] for poll in work]
    started = time.process_time()
    for start in range(0, len(drafts), 50):
        leases = database.sources.lease_due(NOW, 50, NOW + MINUTE)
        for lease, poll in zip(leases, drafts[start : start + 50], strict=False):
            database.articles.commit_poll(lease, lease.poll_state, poll, NOW)
    spent = time.process_time() - started
    database.close()
    return spent


def run(scale: Scale = Scale.USUAL, articles: int = 0, poll: int = 30, rounds: int = 0) -> Rows:
    """Compare the two stores and return rows."""
    count = articles or scale.of(1500, 4500, 9000)
    work = polls(count, poll)
    spent: list[tuple[float, float]] = []
    for _ in range(rounds or scale.of(1, 3, 3)):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            spent.append((ours(Path(one), work), raw(Path(two), work)))
    return [
        {
            "what": f"store and index {count} articles, {poll} a poll: CPU us an article",
            "peer": "sqlite3",
            "ours": round(statistics.median(mine for mine, _ in spent) / count * 1e6),
            "theirs": round(statistics.median(theirs for _, theirs in spent) / count * 1e6),
            "ratio": round(statistics.median(mine / theirs for mine, theirs in spent), 2),
            "target": "<= 1.3",
        }
    ]


if __name__ == "__main__":
    main(__doc__, run, articles="number of articles", poll="articles of a poll", rounds="number of rounds")

"""Evidence: raw pages, the chain of evidence records about these pages, and evidence bundles.

A bundle proves that a page was read at a certain time and has not been changed since. Each record contains the hash of
the previous record. Therefore a record cannot be changed, removed or inserted without breaking all later records. If
the hash of a record is also stored elsewhere, this proves the age of all records up to it.

A record is JSON text in UTF-8. Its hash is defined in ``evidence_verify.py``, which is part of every bundle.
"""

import gzip
import io
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, text

from monitor.domain.errors import UsageError
from monitor.domain.feedback import Verdict
from monitor.domain.fetch_result import Fetched
from monitor.domain.read_models import EvidenceProof, PageSnapshot
from monitor.store import evidence_verify
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import ARTICLE, EVIDENCE_RECORD, HIT, MENTION, PAGE_SNAPSHOT
from monitor.store.evidence_verify import GENESIS_HASH, chain_hash

_GZIP_LEVEL = 6


def save_page_snapshot(connection: Connection, article_id: int, page: Fetched) -> None:
    """Store a raw page, which replaces an earlier raw page of the same article. The caller opens the transaction."""
    row: dict[str, Any] = {
        "article_id": article_id,
        "url": page.url,
        "status": page.status,
        "headers": to_json(page.headers),
        "sha256": sha256(page.body).hexdigest(),
        "captured_at": page.fetched_at,
        "body": gzip.compress(page.body, _GZIP_LEVEL, mtime=0),
    }
    connection.execute(upsert(PAGE_SNAPSHOT, connection, "article_id", row), row)


def delete_unmatched_snapshots(connection: Connection, article_ids: Collection[int]) -> None:
    """Delete the raw pages of the articles in ``article_ids`` that have neither hits nor mentions.

    The caller opens the transaction.
    """
    found = (exists().where(rows.c.article_id == PAGE_SNAPSHOT.c.article_id) for rows in (HIT, MENTION))
    is_unmatched = [~one for one in found]
    connection.execute(delete(PAGE_SNAPSHOT).where(PAGE_SNAPSHOT.c.article_id.in_(article_ids), *is_unmatched))


class PageSnapshotStore:
    """Store that reads raw pages: pages as servers sent them, which are kept as evidence."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get_page_snapshot(self, article_id: int) -> PageSnapshot | None:
        """Return the raw page of an article, or None if it was not stored."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(PAGE_SNAPSHOT).where(PAGE_SNAPSHOT.c.article_id == article_id)).first()
        if row is None:
            return None
        headers = from_json(tuple[tuple[str, str], ...], row.headers)
        body = gzip.decompress(row.body)
        return PageSnapshot(row.article_id, row.url, row.status, headers, body, row.captured_at, row.sha256)


_TRANSFER_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}
"""HTTP headers that describe the body as it was transferred. They do not fit the stored body, which is decoded.

In a WARC file, their names therefore begin with ``X-Archive-Orig-``.
"""

README_TEMPLATE = """Evidence of article {article}: {url}

page.body     the page as the server sent it, after transfer decoding
page.warc.gz  the same with its HTTP headers, for tools that read web archives
record.json   the record about the page, written when the article was matched
article.json  the text that was extracted from the page, and what was found in it
verdicts.txt  the records of what readers said about the article, one a line, oldest first
chain.txt     a hash, then for each record after it the SHA-256 of the record and its hash in the chain
verify.py     checks all of this: python verify.py

By hand: sha256sum -c SHA256SUMS. The SHA-256 of page.body is in record.json. The SHA-256 of record.json, and of each
line of verdicts.txt without its end, is the first word of a line of chain.txt. Each hash is the SHA-256 of the previous
hash and the record's SHA-256, concatenated as hexadecimal text. A later hash of the chain that is stored elsewhere (in
a message, in a backup) proves that the record is older and unchanged.
"""


def write_evidence_bundle(
    folder: Path,
    snapshot: PageSnapshot,
    proof: EvidenceProof,
    verdicts: Sequence[EvidenceProof],
    chain: tuple[str, list[tuple[str, str]]],
    article: Mapping[str, object],
) -> Path:
    """Write an evidence bundle into a new folder and return the folder.

    - ``snapshot`` is the raw page, and ``proof`` is its evidence record.
    - ``verdicts`` are the evidence records of readers' verdicts on the article.
    - ``chain`` is a section of the evidence chain that includes these records. It is a pair: the chain hash of the
      record before the section, and for each record in it the SHA-256 of the record and its chain hash.
    - ``article`` has the data of the article, which are written as JSON.

    Raises ``UsageError`` if the folder exists, because evidence is never overwritten.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} already exists; name a new folder with --to") from None
    files = {
        "README.txt": README_TEMPLATE.format(article=snapshot.article_id, url=snapshot.url).encode(),
        "page.body": snapshot.body,
        "page.warc.gz": to_warc(snapshot, proof),
        "record.json": proof.record.encode(),
        "article.json": json.dumps(article, ensure_ascii=False, indent=1).encode(),
        "verdicts.txt": "".join(f"{one.record}\n" for one in verdicts).encode(),
        "chain.txt": "\n".join([chain[0], *(f"{record} {hashed}" for record, hashed in chain[1])]).encode() + b"\n",
        "verify.py": Path(evidence_verify.__file__).read_bytes(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="ascii")
    return folder


def to_warc(snapshot: PageSnapshot, proof: EvidenceProof) -> bytes:
    """Return the compressed content of a web archive file (WARC), which has two records.

    The first is the response of the server. The second is the evidence record, which proves when the page was read.
    """
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
    dated = {"WARC-Date": snapshot.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ")} if snapshot.captured_at else {}
    headers = [
        (f"X-Archive-Orig-{name}" if name.lower() in _TRANSFER_HEADERS else name, value)
        for name, value in snapshot.headers
    ]
    phrase = HTTPStatus(snapshot.status).phrase if snapshot.status in set(HTTPStatus) else ""
    http = StatusAndHeaders(f"{snapshot.status} {phrase}".strip(), headers, protocol="HTTP/1.1")
    response = writer.create_warc_record(
        snapshot.url,
        "response",
        payload=io.BytesIO(snapshot.body),
        length=len(snapshot.body),
        http_headers=http,
        warc_headers_dict={**dated, "WARC-Payload-Digest": f"sha256:{snapshot.sha256}"},
    )
    writer.write_record(response)
    record = proof.record.encode()
    metadata = writer.create_warc_record(
        snapshot.url,
        "metadata",
        payload=io.BytesIO(record),
        length=len(record),
        warc_content_type="application/json",
        warc_headers_dict={**dated, "WARC-Refers-To": response.rec_headers.get_header("WARC-Record-ID")},
    )
    writer.write_record(metadata)
    return buffer.getvalue()


def append_records(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Append evidence records, which prove when pages were read, to the chain of these records.

    An article in ``article_ids`` gets a record if it has mentions or hits, and if its raw page has no record yet. The
    caller opens the transaction.
    """
    matched = exists().where(HIT.c.article_id == ARTICLE.c.id) | exists().where(MENTION.c.article_id == ARTICLE.c.id)
    columns = [PAGE_SNAPSHOT.c[name] for name in ("article_id", "url", "status", "sha256", "captured_at")]
    pages = select(*columns, ARTICLE.c.source_id, ARTICLE.c.title, ARTICLE.c.published_at)
    pages = pages.join_from(PAGE_SNAPSHOT, ARTICLE).where(PAGE_SNAPSHOT.c.article_id.in_(article_ids), matched)
    is_recorded = exists().where(
        EVIDENCE_RECORD.c.article_id == PAGE_SNAPSHOT.c.article_id, EVIDENCE_RECORD.c.sha256 == PAGE_SNAPSHOT.c.sha256
    )
    rows = connection.execute(pages.where(~is_recorded).order_by(ARTICLE.c.id)).all()
    records = [
        (
            row.article_id,
            row.sha256,
            {
                "article": row.article_id,
                "source": row.source_id,
                "url": row.url,
                "status": row.status,
                "title": row.title,
                "published": _format_utc(row.published_at),
                "captured": _format_utc(row.captured_at),
                "sha256": row.sha256,
                "sealed": _format_utc(now),
            },
        )
        for row in rows
    ]
    _append(connection, records)


def append_verdict_records(connection: Connection, verdict: Verdict, article_ids: Collection[int]) -> None:
    """Append records of a reader's verdict to the evidence chain.

    In the chain, each record has the hash of the record before it. One record is appended for each given article that
    already has an evidence record of its page. If the verdict was undone, the record states this. The record contains
    neither the name in the text nor the note of the reader: records are permanent, but ``monitor forget`` must erase
    both. The caller opens the transaction.
    """
    query = select(EVIDENCE_RECORD.c.article_id).where(EVIDENCE_RECORD.c.article_id.in_(article_ids)).distinct()
    facts = {
        "verdict": verdict.id,
        "kind": verdict.kind,
        "official": verdict.official_id,
        "reason": verdict.reason,
        "reader": verdict.reader,
        "way": verdict.way,
        "made": _format_utc(verdict.made_at),
        "undone": _format_utc(verdict.undone_at),
    }
    found = sorted(connection.execute(query).scalars())
    _append(connection, [(article_id, "", {"article": article_id, **facts}) for article_id in found])


def _append(connection: Connection, records: Sequence[tuple[int, str, Mapping[str, object]]]) -> None:
    """Append records to the evidence chain, in which each record has the hash of the record before it.

    A record is given by three parts: the id of the article, the SHA-256 of its page or an empty text, and the facts to
    record.
    """
    if not records:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE evidence_record IN EXCLUSIVE MODE"))  # one process appends at a time
    newest = select(EVIDENCE_RECORD.c.hash).order_by(EVIDENCE_RECORD.c.id.desc()).limit(1)
    previous = connection.execute(newest).scalar() or GENESIS_HASH
    for article_id, page_hash, facts in records:
        record = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        values = {"article_id": article_id, "record": record, "sha256": page_hash, "previous_hash": previous}
        previous = chain_hash(previous, sha256(record.encode()).hexdigest())
        connection.execute(insert(EVIDENCE_RECORD).values(**values, hash=previous))


def _format_utc(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""


class EvidenceStore:
    """Store that reads the evidence chain: records that prove when pages were read.

    Each record has the hash of the record before it.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def list_proofs(self, article_id: int) -> list[EvidenceProof]:
        """Return the evidence records of an article, which prove when its page was read, oldest first."""
        return self._load_proofs(EVIDENCE_RECORD.c.article_id == article_id)

    def list_chain_after(self, record_id: int) -> list[tuple[str, str]]:
        """Return two hashes for each evidence record whose id is above ``record_id``, in the order of the ids.

        The first hash is the SHA-256 of the record's text. The second is the hash in the chain, which also covers all
        earlier records.
        """
        return [
            (sha256(proof.record.encode()).hexdigest(), proof.hash)
            for proof in self._load_proofs(EVIDENCE_RECORD.c.id > record_id)
        ]

    def find_broken_record(self) -> str:
        """Return a sentence about the first evidence record with a wrong hash, or an empty string if there is none.

        Each record has the hash of the record before it. A wrong hash shows that a record was changed or deleted.
        """
        previous = GENESIS_HASH
        for proof in self._load_proofs(EVIDENCE_RECORD.c.id > 0):
            expected_hash = chain_hash(previous, sha256(proof.record.encode()).hexdigest())
            if (proof.previous_hash, proof.hash) != (previous, expected_hash):
                return f"evidence record {proof.record_id} was changed, or the record before it was deleted"
            previous = proof.hash
        return ""

    def _load_proofs(self, condition: ColumnElement[bool]) -> list[EvidenceProof]:
        query = select(EVIDENCE_RECORD).where(condition).order_by(EVIDENCE_RECORD.c.id)
        with self._connections.read_transaction() as connection:
            return [
                EvidenceProof(row.id, row.article_id, row.record, row.previous_hash, row.hash, not row.sha256)
                for row in connection.execute(query)
            ]

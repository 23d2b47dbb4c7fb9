"""The chain of evidence: each record of a matched page names the one before by its hash, so none can be changed,
taken out or put in between without breaking every later one.

The hash is told in ``verify.py``, which goes with every bundle; a record is its JSON text as UTF-8. Whoever has kept
any later hash can prove that a record is old.

Raw pages, kept as the server gave them: evidence.

A bundle of evidence: a folder with a matched page as it was received, and what proves that it is old and unchanged.

The page is there as a WARC, which archives read, and as plain bytes, which anybody can hash.
"""

import gzip
import io
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, text
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from monitor.domain.errors import UsageError
from monitor.domain.fetch_result import Fetched
from monitor.domain.read_models import EvidenceProof, PageSnapshot
from monitor.store import evidence_verify
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import ARTICLE, CAPTURE, EVIDENCE, HIT, MENTION
from monitor.store.evidence_verify import GENESIS_HASH, chain_hash

_GZIP_LEVEL = 6


def save_page_snapshot(connection: Connection, article_id: int, page: Fetched) -> None:
    """Keep a page inside a transaction, in place of an earlier one of the same article."""
    row: dict[str, Any] = {
        "article_id": article_id,
        "url": page.url,
        "status": page.status,
        "headers": to_json(page.headers),
        "sha256": sha256(page.body).hexdigest(),
        "captured_at": page.fetched_at,
        "body": gzip.compress(page.body, _GZIP_LEVEL, mtime=0),
    }
    connection.execute(upsert(CAPTURE, connection, "article_id", row), row)


def delete_unmatched_snapshots(connection: Connection, article_ids: Collection[int]) -> None:
    """Let go of the pages of articles in which nothing was found."""
    found = (exists().where(rows.c.article_id == CAPTURE.c.article_id) for rows in (HIT, MENTION))
    without = [~one for one in found]
    connection.execute(delete(CAPTURE).where(CAPTURE.c.article_id.in_(article_ids), *without))


class PageSnapshotStore:
    """Look-ups of kept pages."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get_page_snapshot(self, article_id: int) -> PageSnapshot | None:
        """Return the raw page of an article, or None if it was not kept."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(CAPTURE).where(CAPTURE.c.article_id == article_id)).first()
        if row is None:
            return None
        headers = from_json(tuple[tuple[str, str], ...], row.headers)
        body = gzip.decompress(row.body)
        return PageSnapshot(row.article_id, row.url, row.status, headers, body, row.captured_at, row.sha256)


_TRANSFER_HEADERS = {
    "content-encoding",
    "transfer-encoding",
    "content-length",
}  # the body is kept as it was after these
README_TEMPLATE = """Evidence of article {article}: {url}

page.body     the page as the server sent it, after transfer decoding
page.warc.gz  the same with its HTTP headers, for tools that read web archives
record.json   what was noted of it when it was found, and sealed into the chain
article.json  the text that was read in the page, and what was found in it
chain.txt     the hash before the record, then for each record since then its SHA-256 and its hash in the chain
verify.py     checks all of this: python verify.py

By hand: sha256sum -c SHA256SUMS. The SHA-256 of page.body stands in record.json, that of record.json begins the second
line of chain.txt, and each hash is the SHA-256 of the hash before it and the record's SHA-256, written one after the
other. Any later hash of the chain that somebody else has kept (in a message, in a backup) proves that the record is
older and was not changed since.
"""


def write_evidence_bundle(
    folder: Path,
    snapshot: PageSnapshot,
    proof: EvidenceProof,
    chain: list[tuple[str, str]],
    article: Mapping[str, object],
) -> Path:
    """Write a bundle into a new folder and return it. ``chain`` begins with the proof's own record.

    Raises ``UsageError`` if the folder is there already: evidence is never written over.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} is there already; name another folder with --to") from None
    files = {
        "README.txt": README_TEMPLATE.format(article=snapshot.article_id, url=snapshot.url).encode(),
        "page.body": snapshot.body,
        "page.warc.gz": to_warc(snapshot, proof),
        "record.json": proof.record.encode(),
        "article.json": json.dumps(article, ensure_ascii=False, indent=1).encode(),
        "chain.txt": "\n".join([proof.previous_hash, *(f"{record} {hashed}" for record, hashed in chain)]).encode()
        + b"\n",
        "verify.py": Path(evidence_verify.__file__).read_bytes(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="ascii")
    return folder


def to_warc(snapshot: PageSnapshot, proof: EvidenceProof) -> bytes:
    """Return a WARC of two records: the response, and the record of the chain that speaks of it."""
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
    sealed = proof.record.encode()
    note = writer.create_warc_record(
        snapshot.url,
        "metadata",
        payload=io.BytesIO(sealed),
        length=len(sealed),
        warc_content_type="application/json",
        warc_headers_dict={**dated, "WARC-Refers-To": response.rec_headers.get_header("WARC-Record-ID")},
    )
    writer.write_record(note)
    return buffer.getvalue()


def append_records(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Append a record for each of these articles that matched and whose page is kept, inside a transaction."""
    matched = exists().where(HIT.c.article_id == ARTICLE.c.id) | exists().where(MENTION.c.article_id == ARTICLE.c.id)
    columns = [CAPTURE.c[name] for name in ("article_id", "url", "status", "sha256", "captured_at")]
    pages = select(*columns, ARTICLE.c.source_id, ARTICLE.c.title, ARTICLE.c.published_at)
    pages = pages.join_from(CAPTURE, ARTICLE).where(CAPTURE.c.article_id.in_(article_ids), matched)
    sealed = exists().where(EVIDENCE.c.article_id == CAPTURE.c.article_id, EVIDENCE.c.sha256 == CAPTURE.c.sha256)
    rows = connection.execute(pages.where(~sealed).order_by(ARTICLE.c.id)).all()
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE evidence IN EXCLUSIVE MODE"))  # one chain: appended to one after another
    newest = select(EVIDENCE.c.hash).order_by(EVIDENCE.c.id.desc()).limit(1)
    previous = connection.execute(newest).scalar() or GENESIS_HASH
    for row in rows:
        facts = {
            "article": row.article_id,
            "source": row.source_id,
            "url": row.url,
            "status": row.status,
            "title": row.title,
            "published": _format_utc(row.published_at),
            "captured": _format_utc(row.captured_at),
            "sha256": row.sha256,
            "sealed": _format_utc(now),
        }
        record = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        following = {"article_id": row.article_id, "record": record, "sha256": row.sha256, "previous": previous}
        previous = chain_hash(previous, sha256(record.encode()).hexdigest())
        connection.execute(insert(EVIDENCE).values(**following, hash=previous))


def _format_utc(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""


class EvidenceStore:
    """Look-ups in the chain."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def list_proofs(self, article_id: int) -> list[EvidenceProof]:
        """Return the records of an article, oldest first."""
        return self._load_proofs(EVIDENCE.c.article_id == article_id)

    def list_chain_after(self, record_id: int) -> list[tuple[str, str]]:
        """Return for each record after a number the SHA-256 of its text, and its hash: the chain up to now."""
        return [
            (sha256(proof.record.encode()).hexdigest(), proof.hash)
            for proof in self._load_proofs(EVIDENCE.c.id > record_id)
        ]

    def find_broken_record(self) -> str:
        """Return where the chain does not hold, or an empty text."""
        previous = GENESIS_HASH
        for proof in self._load_proofs(EVIDENCE.c.id > 0):
            if (proof.previous_hash, proof.hash) != (
                previous,
                chain_hash(previous, sha256(proof.record.encode()).hexdigest()),
            ):
                return f"evidence record {proof.record_id} was changed, or one before it was taken out"
            previous = proof.hash
        return ""

    def _load_proofs(self, condition: ColumnElement[bool]) -> list[EvidenceProof]:
        query = select(EVIDENCE).where(condition).order_by(EVIDENCE.c.id)
        with self._connections.read_transaction() as connection:
            return [
                EvidenceProof(row.id, row.article_id, row.record, row.previous, row.hash)
                for row in connection.execute(query)
            ]

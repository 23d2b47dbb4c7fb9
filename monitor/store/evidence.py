"""The chain of evidence: each record of a matched page names the one before by its hash, so none can be changed,
taken out or put in between without breaking every later one.

The hash is told in ``verify.py``, which goes with every bundle; a record is its JSON text as UTF-8. Whoever has kept
any later hash can prove that a record is old.
"""

import json
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, exists, insert, select, text

from monitor.domain.archive import EvidenceProof
from monitor.store.catalogue import ARTICLE, CAPTURE, EVIDENCE, HIT, MENTION
from monitor.store.engine import Connections
from monitor.store.verify import GENESIS_HASH, chain_hash


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


class SqlEvidenceStore:
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

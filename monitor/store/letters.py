"""The tables of what is told: digests, what they told, deliveries; and facts about the installation."""

from datetime import datetime

from sqlalchemy import (
    Column,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field

from monitor.store.base import (
    AUTOINCREMENT,
    WITHOUT_ROWID,
    Base,
    datetime_column,
    foreign_key,
    id_column,
    partial_index,
    text_column,
)
from monitor.store.columns import BIG_INTEGER, UtcDateTime


class DigestRow(Base, table=True):
    """A digest that was composed; ``seen`` is the newest hit it told, below which nothing needs looking for."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("digest_id", "start_at"),
        Index("ix_digest_end_at", "digest_id", "end_at"),
        Index("ix_digest_seen", "digest_id", "seen"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    digest_id: str
    start_at: datetime = datetime_column(nullable=False)
    end_at: datetime = datetime_column(nullable=False)
    composed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    late: bool = False
    seen: int = Field(default=0, sa_column=Column(BIG_INTEGER, nullable=False))
    content: str = text_column()


class DigestHitRow(Base, table=True):
    """A hit that a digest has told."""

    __tablename__ = "told"
    __table_args__ = (WITHOUT_ROWID,)

    hit_id: int = foreign_key("hit.id", primary_key=True)
    digest_id: str = Field(primary_key=True)
    digest: int = foreign_key("digest.id", index=True)


class RenderedDigestRow(Base, table=True):
    """A digest in every form that a channel may want, for all its targets."""

    __tablename__ = "rendition"
    __table_args__ = (AUTOINCREMENT,)

    id: int | None = id_column()
    digest: int = foreign_key("digest.id", index=True)
    content: str = text_column()


class DeliveryRow(Base, table=True):
    """One digest on its way to one target. ``rendition`` is what is sent, the same at every attempt."""

    __tablename__ = "delivery"
    __table_args__ = (
        partial_index("ix_delivery_due", "next_attempt_at", "id", where="state = 'pending'"),
        Index("ix_delivery_state", "state", "id"),
        UniqueConstraint("key"),
        AUTOINCREMENT,
    )

    id: int | None = id_column()
    key: str
    digest: int = foreign_key("digest.id", index=True)
    digest_id: str
    channel_id: str
    target: str = text_column()
    rendition: int = foreign_key("rendition.id", index=True)
    created_at: datetime = datetime_column(nullable=False)
    state: str = "pending"
    attempts: int = 0
    first_attempt_at: datetime | None = datetime_column()
    next_attempt_at: datetime | None = datetime_column()
    settled_at: datetime | None = datetime_column()
    last_error: str = text_column()
    lease_token: str = ""


class RecheckRow(Base, table=True):
    """When a told article's page is looked at next."""

    __tablename__ = "recheck"

    article_id: int = foreign_key("article.id", primary_key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))
    checked_at: datetime | None = datetime_column()
    missing: int = 0
    lease_token: str = ""


class SettingRow(Base, table=True):
    """A fact about the whole installation, such as the last configuration that was good."""

    __tablename__ = "meta"

    name: str = Field(primary_key=True)
    value: str = text_column()
    changed_at: datetime = datetime_column(nullable=False)

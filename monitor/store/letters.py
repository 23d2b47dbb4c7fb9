"""The tables of what is told: digests, what they told, deliveries; and facts about the installation."""

from datetime import datetime

from sqlalchemy import (
    Column,
    Index,
    UniqueConstraint,
)
from sqlmodel import Field

from monitor.store.base import CLUSTERED, COUNTED, Base, number, of, partial, when, words
from monitor.store.columns import BIG, Moment


class DigestRow(Base, table=True):
    """A digest that was composed; ``seen`` is the newest hit it told, below which nothing needs looking for."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("digest_id", "start_at"),
        Index("ix_digest_end_at", "digest_id", "end_at"),
        Index("ix_digest_seen", "digest_id", "seen"),
        COUNTED,
    )

    id: int | None = number()
    digest_id: str
    start_at: datetime = when(null=False)
    end_at: datetime = when(null=False)
    composed_at: datetime = Field(sa_column=Column(Moment, nullable=False, index=True))
    late: bool = False
    seen: int = Field(default=0, sa_column=Column(BIG, nullable=False))
    content: str = words()


class ToldRow(Base, table=True):
    """A hit that a digest has told."""

    __tablename__ = "told"
    __table_args__ = (CLUSTERED,)

    hit_id: int = of("hit.id", key=True)
    digest_id: str = Field(primary_key=True)
    digest: int = of("digest.id", index=True)


class RenditionRow(Base, table=True):
    """A digest in every form that a channel may want, for all its targets."""

    __tablename__ = "rendition"
    __table_args__ = (COUNTED,)

    id: int | None = number()
    digest: int = of("digest.id", index=True)
    content: str = words()


class DeliveryRow(Base, table=True):
    """One digest on its way to one target. ``rendition`` is what is sent, the same at every attempt."""

    __tablename__ = "delivery"
    __table_args__ = (
        partial("ix_delivery_due", "next_attempt_at", "id", where="state = 'pending'"),
        Index("ix_delivery_state", "state", "id"),
        UniqueConstraint("key"),
        COUNTED,
    )

    id: int | None = number()
    key: str
    digest: int = of("digest.id", index=True)
    digest_id: str
    channel_id: str
    target: str = words()
    rendition: int = of("rendition.id", index=True)
    created_at: datetime = when(null=False)
    state: str = "pending"
    attempts: int = 0
    first_attempt_at: datetime | None = when()
    next_attempt_at: datetime | None = when()
    settled_at: datetime | None = when()
    last_error: str = words()
    lease_token: str = ""


class RecheckRow(Base, table=True):
    """When a told article's page is looked at next."""

    __tablename__ = "recheck"

    article_id: int = of("article.id", key=True)
    next_at: datetime | None = Field(default=None, sa_column=Column(Moment, nullable=True, index=True))
    checked_at: datetime | None = when()
    missing: int = 0
    lease_token: str = ""


class MetaRow(Base, table=True):
    """A fact about the whole installation, such as the last configuration that was good."""

    __tablename__ = "meta"

    name: str = Field(primary_key=True)
    value: str = words()
    changed_at: datetime = when(null=False)

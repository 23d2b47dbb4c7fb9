"""The tables of grouping: prints, terms and open stories (``shelf.py``), and how common each term is."""

from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary
from sqlmodel import Field

from monitor.store.base import WITHOUT_ROWID, Base, datetime_column, text_column
from monitor.store.columns import BIG_INTEGER, UtcDateTime


class FingerprintRow(Base, table=True):
    """A print of a text, and an article that has it."""

    __tablename__ = "fingerprint"
    __table_args__ = (WITHOUT_ROWID,)

    print: int = Field(sa_column=Column(BIG_INTEGER, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article_id: int = Field(sa_column=Column(BIG_INTEGER, nullable=False))


class StoryTermRow(Base, table=True):
    """A term that weighs in a story."""

    __tablename__ = "term"
    __table_args__ = (WITHOUT_ROWID,)

    term: int = Field(sa_column=Column(BIG_INTEGER, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    story_id: str


class StoryCentroidRow(Base, table=True):
    """The centre of an open story: terms and weights side by side, names as a row of flags, days as JSON."""

    __tablename__ = "cluster"

    story_id: str = Field(primary_key=True)
    terms: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    weights: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    names: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    days: str = text_column()
    size: int
    first_at: datetime | None = datetime_column()
    last_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=True))


class TermFrequencyRow(Base, table=True):
    """In how many articles each term stood, packed; there is one row."""

    __tablename__ = "vocabulary"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))

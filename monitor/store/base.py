"""What the tables share: their schema, and columns that are declared alike.

The classes that follow from here are the one definition of every table. Only migrations and tests load them, because
making them is a fifth of a start; queries are built on ``catalogue.py``, which ``draw.py`` writes from them.
"""

from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, MetaData, text
from sqlmodel import Field, SQLModel

from monitor.store.columns import BIG_INTEGER, CleanText, UtcDateTime

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
WITHOUT_ROWID = {"sqlite_with_rowid": False}
AUTOINCREMENT = {
    "sqlite_autoincrement": True
}  # ids are never used again, so a late reference finds nothing, not another row


def datetime_column(*, nullable: bool = True) -> Any:
    """Declare a time."""
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def text_column(*, primary_key: bool = False) -> Any:
    """Declare a text from outside."""
    return Field(default="", sa_column=Column(CleanText, nullable=False, primary_key=primary_key))


def id_column() -> Any:
    """Declare a row's own number."""
    return Field(default=None, sa_column=Column(BIG_INTEGER, primary_key=True))


def foreign_key(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    """Declare a link to a row that this one goes with."""
    link = ForeignKey(target, ondelete="CASCADE")
    kind = CleanText if target == "source.id" else BIG_INTEGER
    return Field(
        sa_column=Column(kind, link, nullable=False, primary_key=primary_key, index=index, autoincrement=False)
    )


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Declare an index over some rows only: small, and free for all others."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Base(SQLModel):
    """Gives the tables a schema of their own, with names for constraints that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING_CONVENTION)

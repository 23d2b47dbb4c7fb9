"""Column types that mean the same on SQLite and on PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

BIG_INTEGER = BigInteger().with_variant(Integer, "sqlite")  # SQLite gives row ids to INTEGER alone


def clean_text(text: str) -> str:
    """Take out what no database can hold: NUL, and halves of surrogate pairs (they become U+FFFD)."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_texts(texts: Sequence[str]) -> Sequence[str]:
    """Take the same out of many texts, which mostly hold none of it."""
    joined = "".join(texts)
    return texts if joined.isascii() and "\0" not in joined else [clean_text(text) for text in texts]


class CleanText(TypeDecorator[str]):
    """Text from the world outside, stored clean."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's call
        """Clean what goes in."""
        return value if value is None or (value.isascii() and "\0" not in value) else clean_text(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time: TIMESTAMPTZ on PostgreSQL; on SQLite ISO text of fixed width, which sorts as time does."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        kind = String(27) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Bring to UTC; a time without a zone is a bug in the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value if value.tzinfo is UTC else value.astimezone(UTC)
        return value.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z" if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's call
        """Return it as UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)

"""Domain values as JSON text and back, for columns that nothing is looked up by.

A field that is missing takes its default and an unknown one is left out, so the types may grow without a migration.

Column types that mean the same on SQLite and on PostgreSQL.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from operator import attrgetter, methodcaller
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

T = TypeVar("T")
Decoder = Callable[[Any], Any]
_JSON_SCALARS = frozenset((str, int, float, bool, NoneType))


def to_json(value: object) -> str:
    """Write a value as JSON; fields that hold their default are left out."""
    return json.dumps(_to_plain(value), ensure_ascii=False, separators=(",", ":"))


def from_json(target_type: type[T], text: str) -> T:
    """Read what ``dumps`` wrote. Raises ``ValueError`` or ``TypeError`` if the text is not that."""
    value: T = decoder_for(target_type)(json.loads(text))  # type: ignore[arg-type]  # every type can be hashed
    return value


def _to_plain(value: Any) -> Any:
    return value if type(value) in _JSON_SCALARS else _encoder_for(type(value))(value)  # type: ignore[arg-type]  # as above


@cache
def _encoder_for(value_type: Any) -> Callable[[Any], Any]:
    """Return the function that makes of a ``kind`` what JSON can hold."""
    if issubclass(value_type, Enum):
        return attrgetter("value")
    if issubclass(value_type, str | int | float):
        return lambda value: value
    if issubclass(value_type, datetime | date | time):
        return methodcaller("isoformat")
    if issubclass(value_type, timedelta):
        return methodcaller("total_seconds")
    if issubclass(value_type, tuple | list):
        return lambda value: [_to_plain(item) for item in value]
    if dataclasses.is_dataclass(value_type):
        return _dataclass_encoder(value_type)
    raise TypeError(f"{value_type.__name__} has no JSON form")


def _dataclass_encoder(value_type: Any) -> Callable[[Any], Any]:
    fields = [(field.name, field.default) for field in dataclasses.fields(value_type)]

    def write(value: Any) -> dict[str, Any]:
        return {
            name: found if type(found) in _JSON_SCALARS else _to_plain(found)
            for name, default in fields
            if (found := getattr(value, name)) is not default and found != default
        }

    return write


@cache
def decoder_for(value_type: Any) -> Decoder:
    """Return the function that makes a ``kind`` of what ``json.loads`` gave."""
    arguments = get_args(value_type)
    if get_origin(value_type) in {Union, UnionType}:
        (inner,) = [decoder_for(argument) for argument in arguments if argument is not NoneType]
        return lambda data: None if data is None else inner(data)
    if get_origin(value_type) is tuple:
        return _tuple_decoder(arguments)
    if dataclasses.is_dataclass(value_type):
        return _dataclass_decoder(value_type)
    if value_type is timedelta:
        return lambda data: timedelta(seconds=data)
    if isinstance(value_type, type) and issubclass(value_type, datetime | date | time):
        return value_type.fromisoformat
    if isinstance(value_type, type) and issubclass(value_type, str | int | float | bool | Enum):
        return value_type
    raise TypeError(f"{value_type} has no JSON form")


def _tuple_decoder(arguments: tuple[Any, ...]) -> Decoder:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = decoder_for(arguments[0])
        return lambda data: tuple(each(item) for item in data)
    readers = tuple(decoder_for(argument) for argument in arguments)
    return lambda data: tuple(read(item) for read, item in zip(readers, data, strict=True))


def _dataclass_decoder(value_type: Any) -> Decoder:
    hints = get_type_hints(value_type)
    readers = {field.name: decoder_for(hints[field.name]) for field in dataclasses.fields(value_type)}

    def read(data: dict[str, Any]) -> Any:
        return value_type(**{name: readers[name](value) for name, value in data.items() if name in readers})

    return read


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

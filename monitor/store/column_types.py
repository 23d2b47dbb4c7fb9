"""Column types with the same meaning on SQLite and PostgreSQL, and conversion of domain values to JSON text and back.

A field that is missing in the JSON gets its default, and an unknown field is ignored. Therefore a field can be added to
a type without a migration. Renaming a field needs a migration.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from operator import attrgetter, methodcaller
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from msgspec import Struct, structs
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

T = TypeVar("T")
Decoder = Callable[[Any], Any]
_JSON_SCALARS = frozenset((str, int, float, bool, NoneType))


def to_json(value: object) -> str:
    """Return a value as JSON; fields with their default value are omitted."""
    return json.dumps(_to_plain(value), ensure_ascii=False, separators=(",", ":"))


def from_json(target_type: type[T], text: str) -> T:
    """Build a value of ``target_type`` from JSON text that ``to_json`` has made.

    Raises ``ValueError`` or ``TypeError`` for other texts.
    """
    value: T = decoder_for(target_type)(json.loads(text))  # type: ignore[arg-type]  # every type can be hashed
    return value


def _to_plain(value: Any) -> Any:
    return value if type(value) in _JSON_SCALARS else _encoder_for(type(value))(value)  # type: ignore[arg-type]  # as above


@cache
def _encoder_for(value_type: Any) -> Callable[[Any], Any]:
    """Return a function that converts values of ``value_type`` to values that ``json.dumps`` accepts.

    Raises ``TypeError`` if values of this type cannot be converted.
    """
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
    if issubclass(value_type, Struct):
        return _struct_encoder(value_type)
    raise TypeError(f"{value_type.__name__} has no JSON form")


def _struct_encoder(value_type: type[Struct]) -> Callable[[Any], Any]:
    fields = [(field.name, field.default) for field in structs.fields(value_type)]

    def write(value: Any) -> dict[str, Any]:
        return {
            name: found if type(found) in _JSON_SCALARS else _to_plain(found)
            for name, default in fields
            if (found := getattr(value, name)) is not default and found != default
        }

    return write


@cache
def decoder_for(value_type: Any) -> Decoder:
    """Return a function that builds a value of ``value_type`` from the result of ``json.loads``.

    Raises ``TypeError`` if values of this type cannot be built.
    """
    arguments = get_args(value_type)
    if get_origin(value_type) in {Union, UnionType}:
        (inner,) = [decoder_for(argument) for argument in arguments if argument is not NoneType]
        return lambda data: None if data is None else inner(data)
    if get_origin(value_type) is tuple:
        return _tuple_decoder(arguments)
    if value_type is timedelta:
        return lambda data: timedelta(seconds=data)
    if isinstance(value_type, type) and issubclass(value_type, Struct):
        return _struct_decoder(value_type)
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


def _struct_decoder(value_type: type[Struct]) -> Decoder:
    readers = {field.name: decoder_for(field.type) for field in structs.fields(value_type)}

    def read(data: dict[str, Any]) -> Any:
        return value_type(**{name: readers[name](value) for name, value in data.items() if name in readers})

    return read


BIG_INTEGER = BigInteger().with_variant(Integer, "sqlite")  # SQLite assigns ids only in INTEGER columns


def clean_text(text: str) -> str:
    """Remove from a text what a database rejects: NUL is deleted, and lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_texts(texts: Sequence[str]) -> Sequence[str]:
    """Clean each text as ``clean_text`` does. If no text needs a change, the function is fast."""
    joined = "".join(texts)
    return texts if joined.isascii() and "\0" not in joined else [clean_text(text) for text in texts]


class CleanText(TypeDecorator[str]):
    """Column type for text from outside the program; each value is cleaned by ``clean_text`` before it is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - signature of SQLAlchemy
        """Return the value to store, cleaned by ``clean_text``."""
        return value if value is None or (value.isascii() and "\0" not in value) else clean_text(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Column type for a time in UTC.

    On PostgreSQL it is TIMESTAMPTZ. On SQLite it is ISO 8601 text of fixed width, so that texts sort by time.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the SQLAlchemy type to use for this database engine: a timestamp on PostgreSQL, text on SQLite."""
        kind = String(27) if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return the time to store, converted to UTC.

        Raises ``ValueError`` for a time without a time zone, which is a bug in the caller.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value if value.tzinfo is UTC else value.astimezone(UTC)
        return value.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z" if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature of SQLAlchemy
        """Return the stored value as a ``datetime`` in UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)

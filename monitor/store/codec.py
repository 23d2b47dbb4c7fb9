"""Domain values as JSON text and back, for columns that nothing is looked up by.

A field that is missing takes its default and an unknown one is left out, so the types may grow without a migration.
"""

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache
from operator import attrgetter, methodcaller
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]
_BARE = frozenset((str, int, float, bool, NoneType))


def dumps(value: object) -> str:
    """Write a value as JSON; fields that hold their default are left out."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    """Read what ``dumps`` wrote. Raises ``ValueError`` or ``TypeError`` if the text is not that."""
    value: T = reader(kind)(json.loads(text))  # type: ignore[arg-type]  # every type can be hashed
    return value


def _plain(value: Any) -> Any:
    return value if type(value) in _BARE else _writer(type(value))(value)  # type: ignore[arg-type]  # as above


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """Return the function that makes of a ``kind`` what JSON can hold."""
    if issubclass(kind, Enum):
        return attrgetter("value")
    if issubclass(kind, str | int | float):
        return lambda value: value
    if issubclass(kind, datetime | date | time):
        return methodcaller("isoformat")
    if issubclass(kind, timedelta):
        return methodcaller("total_seconds")
    if issubclass(kind, tuple | list):
        return lambda value: [_plain(item) for item in value]
    if dataclasses.is_dataclass(kind):
        return _record_writer(kind)
    raise TypeError(f"{kind.__name__} has no JSON form")


def _record_writer(kind: Any) -> Callable[[Any], Any]:
    fields = [(field.name, field.default) for field in dataclasses.fields(kind)]

    def write(value: Any) -> dict[str, Any]:
        return {
            name: found if type(found) in _BARE else _plain(found)
            for name, default in fields
            if (found := getattr(value, name)) is not default and found != default
        }

    return write


@cache
def reader(kind: Any) -> Reader:
    """Return the function that makes a ``kind`` of what ``json.loads`` gave."""
    arguments = get_args(kind)
    if get_origin(kind) in {Union, UnionType}:
        (inner,) = [reader(argument) for argument in arguments if argument is not NoneType]
        return lambda data: None if data is None else inner(data)
    if get_origin(kind) is tuple:
        return _tuple_reader(arguments)
    if dataclasses.is_dataclass(kind):
        return _record_reader(kind)
    if kind is timedelta:
        return lambda data: timedelta(seconds=data)
    if isinstance(kind, type) and issubclass(kind, datetime | date | time):
        return kind.fromisoformat
    if isinstance(kind, type) and issubclass(kind, str | int | float | bool | Enum):
        return kind
    raise TypeError(f"{kind} has no JSON form")


def _tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = reader(arguments[0])
        return lambda data: tuple(each(item) for item in data)
    readers = tuple(reader(argument) for argument in arguments)
    return lambda data: tuple(read(item) for read, item in zip(readers, data, strict=True))


def _record_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: reader(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(data: dict[str, Any]) -> Any:
        return kind(**{name: readers[name](value) for name, value in data.items() if name in readers})

    return read

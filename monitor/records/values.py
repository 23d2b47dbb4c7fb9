"""Conversion of records to JSON and CSV."""

import json
from collections.abc import Iterable, Mapping, Sequence
from csv import writer as create_writer
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import asdict

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


class TextOutput(Protocol):
    """Protocol for a file or stream to which text can be written."""

    def write(self, text: str, /) -> object:
        """Write a text."""
        ...


def to_json_value(value: object) -> Any:
    """Convert a value to a type that JSON has.

    Times become ISO 8601 text in UTC, durations become seconds, enums become their values, and Structs become
    dictionaries.
    """
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json_value(item) for item in value]
    return value


def encode_json(document: Mapping[str, object]) -> str:
    """Encode a record as JSON, on one line."""
    return json.dumps(to_json_value(document), ensure_ascii=False)


def write_csv(output: TextOutput, columns: Sequence[str], records: Iterable[Mapping[str, object]]) -> None:
    """Write records as CSV with a byte order mark. Lists are joined by "; ".

    A text that a spreadsheet would read as a formula gets an apostrophe in front, which spreadsheets do not show.
    """
    output.write("\ufeff")
    writer = create_writer(output)
    writer.writerow(columns)
    writer.writerows([_csv_cell(record[column]) for column in columns] for record in records)


def _csv_cell(value: object) -> object:
    value = to_json_value(value)
    if isinstance(value, dict):
        value = [f"{key}: {item}" for key, item in value.items()]
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_PREFIXES) else value

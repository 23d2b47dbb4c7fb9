"""Sections of sources.yaml: the type of their entries, and the keys that an entry of each type has in the file."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.digest import DigestPlan, DigestReader
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Rule

T = TypeVar("T")

SECTION_DESCRIPTIONS = {
    "include": "other files with parts of the configuration",
    "settings": "settings of the whole daemon",
    "sources": "origins of articles, by id",
    "officials": "watched persons, by id",
    "synonyms": "lists of words that mean the same",
    "rules": "what to report, by id",
    "channels": "targets of digests, by id",
    "readers": "people who get digests by mail, by id",
    "digests": "what is sent when, by id",
}
"""Every top-level key of sources.yaml with its description, in the order of the file."""

PEOPLE_DESCRIPTION = "files with officials, as CSV or with one JSON object a line"
"""Description of the key ``from`` of the section ``officials``."""

ENTRY_TYPES: dict[str, type] = {
    "sources": Source,
    "officials": Official,
    "rules": Rule,
    "readers": DigestReader,
    "digests": DigestPlan,
}
"""Dictionary that maps a section to the type of its entries.

The section ``channels`` is not included, because the type of a channel depends on its kind.
"""


class KeyInfo(NamedTuple):
    """Description of a key of sources.yaml: its meaning, the type of its value, and whether it is required."""

    description: str
    annotation: Any
    is_required: bool


def get_keys(type_: type) -> Mapping[str, KeyInfo]:
    """Return a dictionary that maps the keys of a type, as written in the file, to their descriptions.

    The field ``id`` is left out, because the id is written as the key of the section.
    """
    return _read_keys(type_)


@cache
def _read_keys(type_: type) -> Mapping[str, KeyInfo]:
    hints = get_type_hints(type_, include_extras=True)
    found = {}
    for field in fields(type_):
        if field.name != "id":
            infos = [part for part in get_args(hints[field.name]) if isinstance(part, FieldInfo)]
            alias = next((info.alias for info in infos if info.alias), field.name)
            description = next((info.description for info in reversed(infos) if info.description), "")
            is_required = field.default is MISSING and field.default_factory is MISSING
            found[alias] = KeyInfo(description, hints[field.name], is_required)
    return found


@cache
def find_nested_type(annotation: Any) -> type | None:
    """Return the first class in a type annotation that has keys of its own in sources.yaml, or None."""
    if isinstance(annotation, type) and hasattr(annotation, "__pydantic_config__"):
        return annotation
    return next((found for part in get_args(annotation) if (found := find_nested_type(part))), None)


_SECRET_NAME = re.compile("auth|token|key|secret|cookie|session|passw|pwd", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Return whether the name of an HTTP header or of an unknown key suggests that its value is a secret."""
    return bool(_SECRET_NAME.search(name))


@cache
def list_secret_keys() -> tuple[str, ...]:
    """Return the keys whose values may contain references to secrets, in the order of the file."""
    keys = [*_list_nested_secret_keys(Settings), *_list_nested_secret_keys(Source)]
    for kind, model in CHANNEL_KINDS.items():
        inner = _list_nested_secret_keys(model)
        keys += [kind] if model.inline_field and inner else inner
    return tuple(dict.fromkeys(keys))


def _list_nested_secret_keys(type_: type) -> list[str]:
    keys = []
    for key, info in get_keys(type_).items():
        if holds_secret(info.annotation):
            keys.append(key)
        elif nested := find_nested_type(info.annotation):
            keys += _list_nested_secret_keys(nested)
    return keys


@cache
def holds_secret(annotation: Any) -> bool:
    """Return whether a type annotation describes a secret, or a collection that contains secrets.

    Secrets in the fields of a nested dataclass do not count.
    """
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation is Secret or any(holds_secret(part) for part in get_args(annotation))


def list_annotated(annotation: Any, type_: type[T]) -> list[T]:
    """Return the objects of one class that an annotation contains as metadata, such as ``ValueMark`` in ``Annotated``.

    Annotations inside a union or a list are searched, too.
    """
    parts = get_args(annotation)
    return [part for part in parts if isinstance(part, type_)] + [
        found for part in parts for found in list_annotated(part, type_)
    ]

"""Sections of sources.yaml: their types, and the keys that each type has in the file."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.digest import DigestPlan
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Rule

SECTION_DESCRIPTIONS = {
    "settings": "settings of the whole daemon",
    "sources": "origins of articles, by id",
    "officials": "watched persons, by id",
    "synonyms": "lists of words that mean the same",
    "rules": "what to report, by id",
    "channels": "targets of digests, by id",
    "digests": "what is sent when, by id",
}
"""Every top-level key of the file, in the order of the file."""

ENTRY_TYPES: dict[str, type] = {"sources": Source, "officials": Official, "rules": Rule, "digests": DigestPlan}
"""Types of the sections whose entries are mappings. A channel's type depends on its kind."""


class KeyInfo(NamedTuple):
    """A key of a type: its description, the type of its value, and whether it must be given."""

    description: str
    annotation: Any
    is_required: bool


def get_keys(type_: type) -> Mapping[str, KeyInfo]:
    """Return the keys that a type has in the file. Its ``id`` is not among them: the file has it as a key."""
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
    """Return the first type with keys of its own inside an annotation, or None."""
    if isinstance(annotation, type) and hasattr(annotation, "__pydantic_config__"):
        return annotation
    return next((found for part in get_args(annotation) if (found := find_nested_type(part))), None)


@cache
def list_secret_keys() -> tuple[str, ...]:
    """Return the keys whose values may refer to secrets, in the order of the file."""
    keys = [
        key for type_ in (Settings, Source) for key, info in get_keys(type_).items() if _holds_secret(info.annotation)
    ]
    for kind, model in CHANNEL_KINDS.items():
        inner = [key for key, info in get_keys(model).items() if _holds_secret(info.annotation)]
        keys += [kind] if model.value_field and inner else inner
    return tuple(dict.fromkeys(keys))


def _holds_secret(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation is Secret or any(_holds_secret(part) for part in get_args(annotation))

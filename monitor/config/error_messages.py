"""What the schema found wrong, as sentences: what it is, and what would be right."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.config.schema import DigestModel, OfficialModel, RuleModel, SettingsModel, SourceModel
from monitor.config.yaml_document import KeyPath
from monitor.domain.errors import KeyIssue
from monitor.domain.field_types import describe_non_text
from monitor.domain.value_parsers import suggest_similar

_EXPECTED_TYPE_HINTS = {
    "bool_type": "write true or false, without quotes",
    "int_type": "write a whole number, without quotes",
    "list_type": "write a list, such as [first, second]",
    "dict_type": "write a mapping, one indented line a key",
    "model_type": "write a mapping, one indented line a key",
}

RENAMED_KEYS: dict[type[BaseModel], dict[str, str]] = {
    SettingsModel: {
        "contact": "user_agent_contact",
        "allow_networks": "allowed_networks",
        "heartbeat": "heartbeat_url",
        "templates": "template_dir",
        "probes": "probe_address",
    },
    SourceModel: {
        "every": "poll_interval",
        "expect": "max_silence",
        "article": "text_from",
        "page": "listing: {url: ...}",
        "items": "listing: {items: ...}",
        "link": "listing: {link: ...}",
        "title": "listing: {title: ...}",
        "published": "listing: {published: ...}",
        "next": "listing: {next: ...}",
        "pages": "listing: {max_pages: ...}",
    },
    OfficialModel: {"not": "exclude_phrases"},
    RuleModel: {"roles": "match_positions", "changes": "report_edits"},
    DigestModel: {
        "to": "channels",
        "hold": "quiet_hours",
        "quiet_notice": "send_when_empty",
        "limit": "max_articles",
    },
}
"""New word for each key that an earlier version of the file had."""

RENAMED_VALUES = {("at", "once"): "at: immediately"}


def describe_error(path: KeyPath, detail: ErrorDetails, model: type[BaseModel]) -> KeyIssue:
    """Turn one error of pydantic into a remark; ``path`` is where the model's value stands in the file."""
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    parent, key = loc[:-1], loc[-1] if loc else ""
    if detail["type"] == "extra_forbidden":
        return KeyIssue((*path, *loc), describe_unknown_key(str(key), _resolve_model(model, parent)))
    if detail["type"] == "missing":
        field = _map_fields_by_key(_resolve_model(model, parent))[str(key)]
        return KeyIssue((*path, *parent), f"{key} is missing; add it: {field.description}")
    if isinstance(detail["input"], str) and (renamed := RENAMED_VALUES.get((str(key), detail["input"]))):
        return KeyIssue((*path, *loc), f"`{key}: {detail['input']}` is now `{renamed}`")
    return KeyIssue((*path, *loc), describe_value_error(detail))


def describe_value_error(detail: ErrorDetails) -> str:
    """Say what is wrong with one value."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type":
        return describe_non_text(detail["input"])
    if kind == "literal_error":
        return f"write one of {str(context['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind in _EXPECTED_TYPE_HINTS:
        return f"this is {describe_type(detail['input'])}; {_EXPECTED_TYPE_HINTS[kind]}"
    return (
        _describe_limit_error(kind, context) or f"{detail['msg'].lower()}; see monitor schema for what may stand here"
    )


def _describe_limit_error(kind: str, context: Mapping[str, Any]) -> str:
    limits = {
        "greater_than_equal": "this is too small; write {ge} or more",
        "less_than_equal": "this is too big; write {le} or less",
        "too_short": "this needs {min_length} or more; add some",
        "too_long": "this takes at most {max_length}; delete some",
        "string_too_long": "this is too long; write at most {max_length} letters",
        "string_too_short": "this is empty; write some text, or delete the key",
    }
    return limits.get(kind, "").format(**context)


def describe_type(value: Any) -> str:
    """Name the kind of a value as people say it."""
    kinds = {type(None): "nothing", bool: "a truth value", int: "a number", float: "a number", str: "text"}
    return {**kinds, list: "a list", dict: "a mapping"}.get(type(value), "something else")


def describe_unknown_key(key: str, model: type[BaseModel]) -> str:
    """Return the message for an unknown key: its new word, a similar key, or all known keys."""
    if renamed := RENAMED_KEYS.get(model, {}).get(key):
        return f"`{key}` is now `{renamed}`"
    known = _map_fields_by_key(model)
    hint = suggest_similar(key, known) or f"; known here: {', '.join(known)}"
    return f'there is no key "{key}"{hint}'


def _map_fields_by_key(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _resolve_model(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Follow a path of keys from a model to the model that lies there."""
    for part in loc:
        field = _map_fields_by_key(model).get(str(part))
        if field is not None:
            model = _find_model_type(field.annotation) or model
    return model


def _find_model_type(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _find_model_type(part))), None)

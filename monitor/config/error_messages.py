"""Error messages for the errors that pydantic finds in sources.yaml. Each states what is invalid and what is valid."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from monitor.config.sections import find_nested_type, get_keys
from monitor.config.yaml_document import KeyPath
from monitor.domain.configuration import Settings
from monitor.domain.digest import DigestPlan
from monitor.domain.errors import KeyIssue
from monitor.domain.field_types import describe_non_text
from monitor.domain.source import Source
from monitor.domain.value_parsers import suggest_similar
from monitor.domain.watchlist import Official, Rule

_EXPECTED_TYPE_HINTS = {
    "bool_type": "write true or false, without quotes",
    "int_type": "write a whole number, without quotes",
    "tuple_type": "write a list, such as [first, second]",
    "dict_type": "write a mapping, one indented line per key",
    "dataclass_type": "write a mapping, one indented line per key",
}

UNKNOWN_KEY_ERROR = "unexpected_keyword_argument"

RENAMED_KEYS: dict[type, dict[str, str]] = {
    Settings: {
        "contact": "user_agent_contact",
        "allow_networks": "allowed_networks",
        "heartbeat": "heartbeat_url",
        "templates": "template_dir",
        "probes": "probe_address",
    },
    Source: {
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
    Official: {"not": "exclude_phrases"},
    Rule: {"roles": "match_positions", "changes": "report_edits"},
    DigestPlan: {
        "to": "channels",
        "hold": "quiet_hours",
        "quiet_notice": "send_when_empty",
        "limit": "max_articles",
    },
}
"""Keys that were renamed since an earlier version: for each type, a dictionary that maps former to present names."""

RENAMED_VALUES = {("at", "once"): "at: immediately"}


def describe_error(path: KeyPath, detail: ErrorDetails, type_: type | None) -> KeyIssue:
    """Convert one error that pydantic found to an issue for the user.

    ``path`` is the path of the validated value in the file. ``type_`` is the type of this value, or None.
    """
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    parent, key = loc[:-1], loc[-1] if loc else ""
    if detail["type"] == UNKNOWN_KEY_ERROR and type_:
        return KeyIssue((*path, *loc), describe_unknown_key(str(key), _resolve_type(type_, parent)))
    if detail["type"] == "missing" and type_:
        info = get_keys(_resolve_type(type_, parent))[str(key)]
        return KeyIssue((*path, *parent), f"{key} is missing; add it: {info.description}")
    if isinstance(detail["input"], str) and (renamed := RENAMED_VALUES.get((str(key), detail["input"]))):
        return KeyIssue((*path, *loc), f"`{key}: {detail['input']}` is now `{renamed}`")
    return KeyIssue((*path, *loc), describe_value_error(detail))


def describe_value_error(detail: ErrorDetails) -> str:
    """Return the error message for an invalid value, without the name of its key."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type":
        return describe_non_text(detail["input"])
    if kind in {"literal_error", "enum"}:
        return f"write one of {str(context['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind in _EXPECTED_TYPE_HINTS:
        return f"this is {describe_type(detail['input'])}; {_EXPECTED_TYPE_HINTS[kind]}"
    return _describe_limit_error(kind, context) or f"{detail['msg'].lower()}; `monitor schema` shows the valid values"


def _describe_limit_error(kind: str, context: Mapping[str, Any]) -> str:
    limits = {
        "greater_than_equal": "this is too small; write {ge} or more",
        "less_than_equal": "this is too big; write {le} or less",
        "too_short": "this needs {min_length} or more; add some",
        "too_long": "this has more than {max_length}; delete some",
        "string_too_long": "this is too long; write at most {max_length} letters",
        "string_too_short": "this is empty; write some text, or delete the key",
    }
    return limits.get(kind, "").format(**context)


def describe_type(value: Any) -> str:
    """Return the name of a value's type, such as ``a list``, for use in an error message."""
    kinds = {type(None): "nothing", bool: "a truth value", int: "a number", float: "a number", str: "text"}
    return {**kinds, list: "a list", dict: "a mapping"}.get(type(value), "something else")


def describe_unknown_key(key: str, type_: type) -> str:
    """Return the error message for a key that a type does not have.

    The message helps with the first of these that is available: the present name of a renamed key, a similar key, or
    all keys of the type.
    """
    if renamed := RENAMED_KEYS.get(type_, {}).get(key):
        return f"`{key}` is now `{renamed}`"
    return describe_unknown_word(key, get_keys(type_))


def describe_unknown_word(key: str, known: Iterable[str]) -> str:
    """Return the error message for a key that is not in ``known``.

    The message contains a similar known key. If none is similar, it contains all known keys.
    """
    hint = suggest_similar(key, known) or f"; known here: {', '.join(known)}"
    return f'there is no key "{key}"{hint}'


def _resolve_type(type_: type, loc: tuple[str | int, ...]) -> type:
    """Return the type of the innermost mapping on a path in a value of the type ``type_``.

    For example, a source has the key ``listing``, whose value is a mapping of the type ``Listing``. So ``Source`` and
    the path ``("listing", "items")`` give ``Listing``. Parts of the path that are not keys, such as indexes of a list,
    are skipped.
    """
    for part in loc:
        info = get_keys(type_).get(str(part))
        if info is not None:
            type_ = find_nested_type(info.annotation) or type_
    return type_

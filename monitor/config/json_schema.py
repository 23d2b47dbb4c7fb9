"""JSON Schema of sources.yaml, with which text editors complete keys and show errors while the user types."""

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from monitor.config.sections import ENTRY_TYPES, PEOPLE_DESCRIPTION, SECTION_DESCRIPTIONS
from monitor.domain.channels import CHANNEL_KINDS, Channel
from monitor.domain.configuration import Settings
from monitor.domain.field_types import ID_PATTERN, Texts
from monitor.domain.watchlist import SynonymGroups


class _ConciseSchemaGenerator(GenerateJsonSchema):
    """JSON Schema generator of pydantic that does not warn if a default value cannot be written as JSON."""

    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012 - pydantic's own class attribute


def build_json_schema() -> dict[str, Any]:
    """Build the JSON Schema of sources.yaml (draft 2020-12)."""
    types: dict[str, Any] = {"include": Texts | str, "settings": Settings, "synonyms": SynonymGroups, **ENTRY_TYPES}
    types["officials.from"] = Texts | str
    types |= {f"channels.{kind}": model for kind, model in CHANNEL_KINDS.items()}
    schemas, shared = TypeAdapter.json_schemas(
        [(name, "validation", TypeAdapter(type_)) for name, type_ in types.items()],
        schema_generator=_ConciseSchemaGenerator,
    )
    parts = {name: schema for (name, _mode), schema in schemas.items()}
    definitions = shared["$defs"]
    for definition in definitions.values():
        _drop_id(definition)
    definitions["Channel"] = {
        "type": "object",
        "description": "One target of digests: exactly one of the kinds.",
        "additionalProperties": False,
        "properties": {
            kind: _kind_schema(model, parts[f"channels.{kind}"], definitions) for kind, model in CHANNEL_KINDS.items()
        },
        "oneOf": [{"required": [kind]} for kind in CHANNEL_KINDS],
    }
    entries = {**{name: parts[name] for name in ENTRY_TYPES}, "channels": {"$ref": "#/$defs/Channel"}}
    properties = {
        name: (_section_schema(entries[name]) if name in entries else parts[name]) | {"description": description}
        for name, description in SECTION_DESCRIPTIONS.items()
    }
    properties["officials"]["properties"] = {"from": parts["officials.from"] | {"description": PEOPLE_DESCRIPTION}}
    schema = {"type": "object", "properties": properties, "additionalProperties": False, "$defs": definitions}
    _drop_titles(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sources.yaml of monitor", **schema}


def render_json_schema() -> str:
    """Return the JSON Schema as formatted text, equal to the content of the file sources.schema.json."""
    return json.dumps(build_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _section_schema(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a section: a mapping from ids to entries with the schema ``entry``."""
    return {"type": "object", "additionalProperties": entry, "propertyNames": {"pattern": ID_PATTERN}}


def _kind_schema(model: type[Channel], reference: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema for the value of one kind of channel in sources.yaml, such as ``email``.

    ``model`` is the class of this kind. ``reference`` is a JSON reference to the definition of ``model`` in
    ``definitions``. If ``model.inline_field`` is set, the value in the file is the value of this field instead of a
    mapping with all fields. Then the schema of the field is returned, and the definition of ``model`` is removed.
    """
    if model.inline_field:
        reference = definitions.pop(model.__name__)["properties"][model.inline_field]
    return {**reference, "description": model.__doc__}


def _drop_id(definition: dict[str, Any]) -> None:
    """Remove the field ``id`` from the definition of a type, because the file has the id as a key of the section."""
    if "id" in definition.get("properties", {}):
        del definition["properties"]["id"]
        definition["required"] = [name for name in definition["required"] if name != "id"]


def _drop_titles(part: Any) -> None:
    """Remove all titles from a part of a schema, because pydantic's titles only repeat the keys."""
    if isinstance(part, dict):
        if isinstance(part.get("title"), str):
            del part["title"]
        for value in part.values():
            _drop_titles(value)
    elif isinstance(part, list):
        for value in part:
            _drop_titles(value)

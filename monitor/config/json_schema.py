"""The JSON Schema of sources.yaml, with which editors complete keys and mark faults while one types."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from monitor.config.schema import ConfigurationModel
from monitor.domain.field_types import ID_PATTERN


class _ConciseSchemaGenerator(GenerateJsonSchema):
    """Leaves out defaults that JSON cannot say and titles that repeat the key."""

    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012 - pydantic's own class attribute


def build_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of sources.yaml, for editors (draft 2020-12)."""
    schema = ConfigurationModel.model_json_schema(schema_generator=_ConciseSchemaGenerator)
    _drop_titles(schema)
    for section in schema["properties"].values():
        if "patternProperties" in section:
            section["propertyNames"] = {"pattern": ID_PATTERN}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sources.yaml of monitor", **schema}


def render_json_schema() -> str:
    """Return the JSON Schema as it is written into a file."""
    return json.dumps(build_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _drop_titles(part: Any) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("title"), str):
            del part["title"]
        for value in part.values():
            _drop_titles(value)
    elif isinstance(part, list):
        for value in part:
            _drop_titles(value)

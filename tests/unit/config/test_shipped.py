"""The sources.yaml at the root of the project is usable as it is."""

import json
import re
from pathlib import Path
from typing import Any

from monitor.config.json_schema import build_json_schema
from monitor.config.load import load_configuration, parse_configuration
from monitor.config.template import CONFIG_TEMPLATE
from monitor.match.lint import lint_watchlist

ROOT = Path(__file__).parents[3]


def test_the_shipped_configuration_is_valid() -> None:
    """It loads without secrets, errors or warnings, its examples pass, and paused sources have a reason."""
    found = load_configuration(ROOT / "sources.yaml", {}, [lint_watchlist])
    assert found.warnings == ()
    assert len(found.sources) >= 50
    assert len(found.watchlist.officials) >= 30
    assert found.digests
    assert all(len(source.paused) > 20 for source in found.sources if source.paused)
    assert sum(not source.paused for source in found.sources) >= 35


def test_the_examples_of_the_template_are_valid_sources() -> None:
    """Also without their secrets, because they are paused."""
    text = CONFIG_TEMPLATE
    start = text.index("  # Special sources")
    start = text.index("\n", start) + 1
    examples = re.sub("(?m)^  # ", "  ", text[start : text.index("\n\n", start)])
    found = parse_configuration(f"sources:\n{examples}\n".encode(), Path("sources.yaml"), {})
    assert len(found.sources) == 6
    assert all(source.paused for source in found.sources)


def keys_of(schema: dict[str, Any]) -> dict[str, object]:
    """Return the description, default and choices of each key of a schema, by its path.

    The form of a schema (references, titles, the order of alternatives) depends on the version of pydantic.
    """
    found: dict[str, object] = {}

    def walk(part: Any, path: str, seen: tuple[str, ...]) -> None:
        if isinstance(part, list):
            for each in part:
                walk(each, path, seen)
        elif isinstance(part, dict):
            if "description" in part:
                found[f"{path}: {part['description']}"] = None  # of a type as well as of a key
            reference = part.get("$ref")
            if reference and reference not in seen:
                walk(schema["$defs"][reference.rpartition("/")[2]], path, (*seen, reference))
            for name, value in part.get("properties", {}).items():
                inner = f"{path}.{name}"
                found[inner] = (value.get("description"), value.get("default"), sorted(map(str, value.get("enum", []))))
                walk(value, inner, seen)
            for word in ("items", "additionalProperties", "anyOf", "oneOf", "allOf"):
                walk(part.get(word), path, seen)
            walk(list(part.get("patternProperties", {}).values()), path, seen)

    walk(schema, "", ())
    return found


def test_the_shipped_schema_is_up_to_date() -> None:
    """sources.schema.json has the keys and help texts of `monitor schema`; update it by > sources.schema.json."""
    shipped = keys_of(json.loads((ROOT / "sources.schema.json").read_text(encoding="utf-8")))
    assert len(shipped) > 80
    assert shipped == keys_of(build_json_schema())

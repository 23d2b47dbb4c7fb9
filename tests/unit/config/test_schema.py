"""The JSON Schema says what the program says, and the manual knows every key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.config.json_schema import build_json_schema
from monitor.config.load import parse_configuration
from monitor.config.template import CONFIG_TEMPLATE
from monitor.config.yaml_document import parse_yaml
from monitor.domain.errors import ConfigError

ROOT = Path(__file__).parents[3]
WRONG = {
    "unknown key": "sources: {a: {feed: 'https://x.example', feeed: x}}",
    "no length": "sources: {a: {feed: 'https://x.example', poll_interval: soon}}",
    "a number for text": "officials: {a: {name: 5}}",
    "no name": "officials: {a: {country: Laos}}",
    "text for a truth value": "rules: {r: {query: x, match_positions: yes}}",
    "no such region": "rules: {r: {query: x, regions: [headline]}}",
    "an id in capitals": "sources: {Aa: {feed: 'https://x.example'}}",
    "no recipients": "channels: {c: {email: {to: [], from: a@b.example, server: 'smtp://h.example'}}}",
    "no time of day": "rules: {r: {query: x}}\ndigests: {d: {rules: r, at: '25:00'}}",
    "a source without address": "sources: {a: {name: x}}",
    "two kinds of channel": "channels: {c: {chat: 'slack://a', folder: x}}",
    "a digest without time": "rules: {r: {query: x}}\ndigests: {d: {rules: r}}",
    "a rule for nothing": "rules: {r: {match_positions: true}}",
    "too many pages": "sources: {a: {listing: {url: 'https://x.example', items: li, max_pages: 1000}}}",
}


def keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from keys(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys(part)


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = build_json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_good_files_fit(validator: Draft202012Validator) -> None:
    """What the program takes, an editor does not mark."""
    for text in (CONFIG_TEMPLATE, (ROOT / "sources.yaml").read_text(encoding="utf-8")):
        value = parse_yaml(text.encode()).value
        assert [error.message for error in validator.iter_errors(value)] == []


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong_files_do_not(validator: Draft202012Validator, text: str) -> None:
    """What the program refuses for its form, an editor marks too."""
    assert list(validator.iter_errors(parse_yaml(text.encode()).value))
    with pytest.raises(ConfigError):
        parse_configuration(text.encode(), Path("sources.yaml"), {})


def test_manual_knows_every_key() -> None:
    """docs/configuration.md names each key of the schema."""
    manual = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [
        key for key in sorted(set(keys(build_json_schema()))) if f"`{key}`" not in manual and f"## {key}" not in manual
    ] == []

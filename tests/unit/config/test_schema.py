"""JSON Schema: it agrees with the program, and the manual has every key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.config.json_schema import build_json_schema
from monitor.config.load import parse_configuration
from monitor.config.sections import get_keys, holds_secret
from monitor.config.template import CONFIG_TEMPLATE
from monitor.config.yaml_document import parse_yaml
from monitor.domain.channels import CHANNEL_KINDS
from monitor.domain.configuration import Settings
from monitor.domain.errors import ConfigError
from monitor.domain.source import Source, SourceKind

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


def test_valid_files_match_the_schema(validator: Draft202012Validator) -> None:
    """Editors mark no error in a file that the program accepts."""
    for text in (CONFIG_TEMPLATE, (ROOT / "sources.yaml").read_text(encoding="utf-8")):
        value = parse_yaml(text.encode()).value
        assert [error.message for error in validator.iter_errors(value)] == []


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_invalid_files_do_not_match_the_schema(validator: Draft202012Validator, text: str) -> None:
    """Editors mark the errors of form that the program rejects."""
    assert list(validator.iter_errors(parse_yaml(text.encode()).value))
    with pytest.raises(ConfigError):
        parse_configuration(text.encode(), Path("sources.yaml"), {})


def read_page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_manual_names_every_key() -> None:
    """The pages on configuration, sources and delivery name each key of the schema."""
    manual = "".join(map(read_page, ("configuration.md", "sources.md", "special-sources.md", "delivery.md")))
    assert [
        key
        for key in sorted(set(keys(build_json_schema())))
        if not any(text in manual for text in (f"`{key}`", f"`{key}:`", f"`{key}.", f".{key}`", f"## {key}"))
    ] == []


def test_the_manual_lists_the_keys_outside_channels_that_may_be_secrets() -> None:
    found = re.search(r"References are allowed in ([^.]*), and in the keys of channels", read_page("configuration.md"))
    assert found is not None
    expected = {
        key for type_ in (Settings, Source) for key, info in get_keys(type_).items() if holds_secret(info.annotation)
    }
    assert set(re.findall(r"`(\w+)`", found[1])) == expected


def test_the_manual_describes_each_key_of_a_channel_and_whether_it_may_be_a_secret() -> None:
    expected = {
        kind if model.inline_field else f"{kind}.{key}": "yes" if holds_secret(info.annotation) else "no"
        for kind, model in CHANNEL_KINDS.items()
        for key, info in get_keys(model).items()
    }
    rows = re.findall(r"^\| `([\w.]+)` \| (yes|no) \| [^|]+ \|$", read_page("delivery.md"), re.MULTILINE)
    assert dict(rows) == expected


def test_the_manual_describes_each_kind_of_source() -> None:
    assert [kind for kind in SourceKind if f"| `{kind.value}:` |" not in read_page("sources.md")] == []

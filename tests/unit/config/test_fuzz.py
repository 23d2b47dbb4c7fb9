"""Any file gives a configuration or a list of errors with places, and no other result."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.json_schema import build_json_schema
from monitor.config.load import parse_configuration
from monitor.config.template import CONFIG_TEMPLATE
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError
from monitor.match.lint import lint_watchlist

HERE = Path("sources.yaml")
KEYS = sorted({key for part in build_json_schema()["$defs"].values() for key in part.get("properties", ())})
WORDS = (
    *("all", "a", "b", "https://x.example/f", "http://127.0.0.1/", "${NAME}", "${", "file:/nowhere", "15m", "07:00"),
    *(
        "immediately",
        "auto",
        "2021-04-08",
        "li",
        "p[",
        "en",
        "0 7 * * 1",
        "smtp://u:p@h.example",
        "border AND",
        "@a",
        "/x/",
    ),
)
PATHS = ("../../etc/x", "..", "/etc/passwd", "a/b", "a\\b", "A", "ä", "", " ", "-rf", "a" * 65, "a.b")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(WORDS),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=30,
)
SECTIONS = ("sources", "officials", "rules", "channels", "digests")
ENTRIES = st.dictionaries(st.sampled_from(["a", "b", "all", "A b"]), TREES, max_size=3)
FILES = st.fixed_dictionaries({}, optional=dict.fromkeys(SECTIONS, ENTRIES) | {"settings": TREES, "synonyms": TREES})


def outcome(text: str) -> Configuration | tuple[object, ...]:
    try:
        return parse_configuration(text.encode("utf-8", "replace"), HERE, {}, [lint_watchlist])
    except ConfigError as error:
        return error.issues


@settings(max_examples=3 * settings().max_examples)
@given(FILES)
def test_any_tree_gives_a_configuration_or_errors(tree: dict[str, Any]) -> None:
    """Known keys with any values, at any depth, cause no other exception (JSON is YAML)."""
    found = outcome(json.dumps(tree))
    assert isinstance(found, Configuration) or found


@settings(max_examples=2 * settings().max_examples)
@given(st.data())
def test_a_damaged_file_gives_a_configuration_or_errors(data: st.DataObject) -> None:
    """Characters are removed from a valid file, or inserted, at any place."""
    start = data.draw(st.integers(0, len(CONFIG_TEMPLATE)))
    end = data.draw(st.integers(start, min(len(CONFIG_TEMPLATE), start + 40)))
    insert = data.draw(st.text(alphabet="[]{}:,-#&*!|>'\"%@`\n\t a1é\0", max_size=4))
    found = outcome(CONFIG_TEMPLATE[:start] + insert + CONFIG_TEMPLATE[end:])
    assert isinstance(found, Configuration) or found


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", PATHS)
def test_no_id_can_name_a_path(section: str, name: str) -> None:
    """Ids become file names and parts of keys, so only lower-case letters, digits and hyphens are valid."""
    found = outcome(json.dumps({section: {name: {}}}))
    assert any("is not a valid id" in str(error) for error in found)  # type: ignore[union-attr] # a configuration is not iterable, so it fails here


@pytest.mark.parametrize(
    "place",
    [
        "channels: {c: {webhook: {url: 'https://h.example/CANARY', secret: CANARY!}}}",
        "channels: {c: {email: {to: [], from: a@b.example, server: 'smtpx://u:CANARY@h.example'}}}",
        "channels: {c: {email: {to: a@b.example, from: a@b.example, server: 'smtp://u:CANARY@h.example:465'}}}",
        "channels: {c: {chat: [CANARY]}}",
        "channels: {c: {email: {to: a@b.example, from: a@b.example, server: {CANARY: 1}, pasword: CANARY}}}",
        "settings: {database: 'mysql://u:CANARY@h.example/x'}",
        "settings: {heartbeat_url: 'https://h .example/CANARY'}",
        "settings: {database: 'postgresql://u:${CANARY}@h.example/x'}",
        "sources: {a: {feed: 'https://u:CANARY@h.example/'}}",
        "sources: {a: {feed: 'https://h.example:port/?token=CANARY'}}",
        "sources: {a: {feed: 'https://x.example', headers: {'X Y': CANARY}}}",
        "sources: {a: {feed: 'https://x.example', headers: [CANARY]}}",
    ],
)
def test_no_error_repeats_a_secret(place: str) -> None:
    """An error about a value that may be a secret does not contain the value."""
    with pytest.raises(ConfigError) as caught:
        parse_configuration(place.replace("CANARY", "c4nary").replace("${c4nary}", "${NAME}").encode(), HERE, {})
    shown = str(caught.value).replace('there is no key "c4nary"', "").replace("c4nary: there is no key", "")
    assert "c4nary" not in shown.replace("server.c4nary", "")

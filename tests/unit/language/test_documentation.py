"""docs/languages.md: each field is explained, and the example is valid."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.language import schema
from monitor.language.schema import BUILDER_KEYS, Language

DOCUMENT = (Path(__file__).parents[3] / "docs" / "languages.md").read_text(encoding="utf-8")
MODELS = [
    model
    for model in vars(schema).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and model.model_fields
    and model is not schema.ZoneAbbreviations
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_field_is_explained(model: type[BaseModel]) -> None:
    """A field is a row of a table, or a table with a heading."""
    missing = [
        name
        for name in model.model_fields
        if f"| `{name}` | " not in DOCUMENT and f"### `[{name}]`" not in DOCUMENT and f"## A {name}\n" not in DOCUMENT
    ]
    assert missing == []


def test_the_keys_of_each_builder_are_listed() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (none|(?:`\w+`(?:, )?)+) \|$", DOCUMENT, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", found)) for name, found in rows} == BUILDER_KEYS


def test_the_example_is_a_valid_file() -> None:
    example = re.search(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    language = Language.model_validate(tomllib.loads(example[1]))
    assert len(language.calendar.months) == 12


def test_the_examples_of_passages_are_valid() -> None:
    example = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    for line in example[1].splitlines():
        case = json.loads(line)
        assert all(spelling in case["text"] for spellings in case["expect"].values() for spelling in spellings)

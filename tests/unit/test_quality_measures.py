"""Measures of quality: which data they accept, and which passages they count."""

import json
from pathlib import Path

import pytest
from quality.measures import passages
from support.baselines import tags_with_floors

from monitor.domain.errors import ConfigError

OFFICIALS = "officials:\n  o: {name: Somphone Vongdara, country: Laos, exclude_phrases: [Somphone Vongdara Street]}\n"


def case(name: str, text: str, expect: dict[str, list[str]], *tags: str) -> str:
    fields = {"id": name, "language": "en", "published": "2024-05-02", "title": "", "text": text, "expect": expect}
    return json.dumps(fields | {"either": [], "tags": tags, "note": ""}) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three passages, of which the one with the tag is missed."""
    (tmp_path / "officials.yaml").write_text(OFFICIALS, encoding="utf-8")
    found = {"o": ["Somphone Vongdara"]}
    cases = case("a", "Somphone Vongdara spoke.", found) + case("b", "The Somphone Vongdara Street is closed.", {})
    (tmp_path / "cases.jsonl").write_text(cases + case("c", "S. V. left.", {"o": ["S. V."]}, "xx"), encoding="utf-8")
    return tmp_path


def test_passages_with_a_tag_can_be_measured_apart(folder: Path) -> None:
    assert passages(folder).values["recall"] == 0.5
    assert passages(folder, "xx").values["recall"] == 0.0
    assert passages(folder, other_tags=["xx"]).values == {"precision": 1, "recall": 1, "f1": 1, "spellings": 1}


@pytest.mark.parametrize("key", ["not", "alias"])
def test_an_unknown_key_of_an_official_is_an_error(key: str, folder: Path) -> None:
    text = OFFICIALS.replace("exclude_phrases", key)
    (folder / "officials.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"exclude_phrases|aliases"):
        passages(folder)


def test_no_tag_has_floors_of_another_folder() -> None:
    assert tags_with_floors("names.nothing") == []

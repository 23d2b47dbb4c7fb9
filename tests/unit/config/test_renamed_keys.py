"""Keys of earlier versions of the file: each is an error that names the new word."""

from pathlib import Path

import pytest

from monitor.config.error_messages import RENAMED_KEYS
from monitor.config.load import parse_configuration
from monitor.config.sections import get_keys
from monitor.domain.configuration import Settings
from monitor.domain.digest import DigestPlan
from monitor.domain.errors import ConfigError
from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Rule

SECTIONS: dict[type, str] = {Source: "sources", Official: "officials", Rule: "rules", DigestPlan: "digests"}
CASES = [(model, old, new) for model, words in RENAMED_KEYS.items() for old, new in words.items()]


def issues(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_configuration(text.encode(), Path("s.yaml"), {})
    return [str(issue) for issue in caught.value.issues]


@pytest.mark.parametrize(("model", "old", "new"), CASES, ids=[f"{model.__name__}.{old}" for model, old, _ in CASES])
def test_an_old_key_is_an_error_that_names_the_new_one(model: type, old: str, new: str) -> None:
    """The message has the line and column of the old key."""
    if model is Settings:
        text, place = f"settings:\n    {old}: x\n", f"s.yaml:2:5: settings.{old}"
    else:
        section = SECTIONS[model]
        text, place = f"{section}:\n  a:\n    {old}: x\n", f"s.yaml:3:5: {section}.a.{old}"
    assert f"{place}: `{old}` is now `{new}`" in issues(text)


@pytest.mark.parametrize("model", RENAMED_KEYS, ids=lambda model: model.__name__)
def test_every_new_word_is_a_key_of_the_same_section(model: type) -> None:
    """No old word is still a key, and each new word starts with a key."""
    fields = get_keys(model)
    for old, new in RENAMED_KEYS[model].items():
        assert old not in fields
        assert new.partition(":")[0] in fields


def test_the_old_word_for_an_immediate_digest_names_the_new_one() -> None:
    text = "rules: {r: {query: x}}\ndigests:\n  d: {rules: r, at: once}\n"
    assert issues(text) == ["s.yaml:3:21: digests.d.at: `at: once` is now `at: immediately`"]


def test_an_old_source_is_reported_by_its_keys_alone() -> None:
    """A page with its selectors gives one error per key, and none for a missing address."""
    text = "sources:\n  a:\n    page: https://x.example/\n    items: li\n"
    assert [line.rpartition(" is now ")[2] for line in issues(text)] == [
        "`listing: {url: ...}`",
        "`listing: {items: ...}`",
    ]

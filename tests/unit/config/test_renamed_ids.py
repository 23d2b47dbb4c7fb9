"""`monitor check` asks if an id vanishes and another entry has its address or name."""

from pathlib import Path

import pytest

from monitor.config.included_files import read_file_set
from monitor.config.load import parse_configuration
from monitor.config.renamed_ids import find_renamed_ids
from monitor.config.yaml_document import load_saved_values
from monitor.domain.errors import ConfigError

BEFORE = """\
sources:
  times: {feed: "https://times.example/rss"}
  post: {listing: {url: "https://post.example/news", items: li}}
officials:
  giang: {name: Phan Văn Giang, country: Vietnam}
rules: {people: {officials: [giang]}}
"""


def ask(after: str) -> list[str]:
    """Return the messages for an edited file, with their lines."""
    data = after.encode()
    found = find_renamed_ids(
        load_saved_values(BEFORE),
        parse_configuration(data, Path("s.yaml"), {}),
        lambda: read_file_set(data, Path("s.yaml")),
    )
    return [f"{one.line}: {one.message}" for one in found]


def test_renamed_ids_are_asked_for_with_their_line() -> None:
    """By the address of a source and the name of an official."""
    after = BEFORE.replace("times:", "the-times:").replace("  post:", "  the-post:").replace("giang:", "phan:")
    source, listing, official = ask(after.replace("[giang]", "[phan]"))
    assert source.startswith("2: the-times has the address of times,")
    assert listing.startswith("3: the-post has the address of post,")
    assert official.endswith("if it is the same, add formerly: [giang] to keep its history")


def test_nothing_is_asked_if_formerly_says_so_or_nothing_vanished() -> None:
    """Another entry with the name of an official who is still there is not renamed."""
    renamed = BEFORE.replace("times: {", "the-times: {formerly: [times], ")
    assert ask(renamed) == ask(BEFORE) == []
    assert ask(BEFORE.replace("rules:", "  other: {name: Phan Văn Giang, country: Laos}\nrules:")) == []


@pytest.mark.parametrize(
    ("formerly", "reason"),
    [("post", "is the id of an entry of this file"), ("old", "has this former id, too")],
)
def test_a_former_id_belongs_to_one_entry(formerly: str, reason: str) -> None:
    """And to none that is in the file."""
    text = BEFORE.replace("items: li}}", "items: li}, formerly: [old]}")
    text = text.replace('rss"}', f'rss", formerly: [{formerly}]}}')
    with pytest.raises(ConfigError, match=reason):
        parse_configuration(text.encode(), Path("s.yaml"), {})

"""Incremental parsing: known items are skipped unless a new item could be confused with one of them."""

import pytest

from monitor.domain.source import Entry
from monitor.parse.incremental import hash_items, is_independent, remove_known_items

HEAD, TAIL = "<rss><channel><title>T</title>", "</channel></rss>"
ONE, TWO, NEW = (f"<item><title>Story {n}</title><guid>g{n}</guid></item>\n" for n in "123")


def test_only_new_items_are_kept() -> None:
    """Head and tail are kept, known items are removed, and the hashes of all items are returned."""
    rest = remove_known_items(HEAD + NEW + ONE + TWO + TAIL, hash_items(HEAD + ONE + TWO + TAIL))
    assert rest is not None
    assert rest.text.split() == (HEAD + NEW + TAIL).split()
    assert (rest.known_count, rest.new_count) == (2, 1)
    assert rest.item_hashes == hash_items(HEAD + NEW + ONE + TWO + TAIL)


@pytest.mark.parametrize("text", ["", HEAD + TAIL, HEAD + "<item>cut off", HEAD + NEW + TAIL])
def test_documents_without_known_or_separable_items_are_not_reduced(text: str) -> None:
    """The whole document is parsed if it has no items, an unclosed item or no known item."""
    assert remove_known_items(text, hash_items(HEAD + ONE + TWO + TAIL)) is None


@pytest.mark.parametrize(
    ("entry", "apart"),
    [
        (Entry("https://h.example/news/777", "g777", "Another headline"), True),
        (Entry("https://h.example/news/777", "g1", "Another headline"), False),
        (Entry("https://h.example/news/777", "g777", "Story  1"), False),
        (Entry("https://h.example/a?x=1&y=2", "g777", "Another headline"), False),
        (Entry("https://h.example/23456/777", "g777", "Another headline"), False),
        (Entry("https://h.example/20260305/777", "g777", "Another headline"), True),
        (Entry("", "g777", "Another headline"), False),
        (Entry("https://h.example/news/777", "g777", ""), False),
    ],
)
def test_new_items_that_share_an_identifier_with_skipped_ones_are_not_independent(entry: Entry, apart: bool) -> None:
    """A shared guid, path, number or headline requires the whole document."""
    left_out = ONE + TWO + "<item><link>https://h.example/a?x=1&amp;y=2</link><link>/23456/1</link> 20260305</item>"
    assert is_independent(entry, left_out) is apart

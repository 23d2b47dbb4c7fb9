"""Items known to the letter are left out, unless something else might be taken for them."""

import pytest

from monitor.domain.source import Entry
from monitor.parse.incremental import hash_items, is_independent, remove_known_items

HEAD, TAIL = "<rss><channel><title>T</title>", "</channel></rss>"
ONE, TWO, NEW = (f"<item><title>Story {n}</title><guid>g{n}</guid></item>\n" for n in "123")


def test_only_what_is_new_is_left() -> None:
    """Head and tail stay, known items go, and all items are remembered for the next time."""
    rest = remove_known_items(HEAD + NEW + ONE + TWO + TAIL, hash_items(HEAD + ONE + TWO + TAIL))
    assert rest is not None
    assert rest.text.split() == (HEAD + NEW + TAIL).split()
    assert (rest.known_count, rest.new_count) == (2, 1)
    assert rest.item_hashes == hash_items(HEAD + NEW + ONE + TWO + TAIL)


@pytest.mark.parametrize("text", ["", HEAD + TAIL, HEAD + "<item>cut off", HEAD + NEW + TAIL])
def test_what_cannot_be_cut_or_is_all_new_is_read_whole(text: str) -> None:
    """No items, an item that never ends, nothing known: the whole document is read."""
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
def test_new_items_must_have_nothing_in_common_with_those_left_out(entry: Entry, apart: bool) -> None:
    """A shared guid, address, number or headline sends the whole document to be judged."""
    left_out = ONE + TWO + "<item><link>https://h.example/a?x=1&amp;y=2</link><link>/23456/1</link> 20260305</item>"
    assert is_independent(entry, left_out) is apart

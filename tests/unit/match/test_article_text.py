"""Words of an article: the fast searches agree with their definitions."""

import re

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.match.article_text import normalize_article, replace_punctuation_fast
from monitor.text.tokens import replace_punctuation

CAPITAL = re.compile(r"(?<![A-Za-z'-])[A-Z][A-Za-z'-]*")
LAST = re.compile(r"[^\W_]*\Z")
TEXTS = st.text(st.sampled_from("AZaz éĐ’'-_.,9\nກ名\u200b\u0301@[`{"), max_size=60)


@given(TEXTS)
def test_capitalized_words_start_after_a_character_that_is_not_a_letter(text: str) -> None:
    """A capital inside a word, or after a hyphen or an apostrophe, does not start a word."""
    page = normalize_article(Article(url="", body=text))
    joined = page.latin_words
    words = [(start, joined[start : joined.index(" ", start)]) for start in page.capitalized_words]
    assert words == [(found.start(), found.group()) for found in CAPITAL.finditer(page.cased)]


@given(TEXTS, st.integers(0, 60))
def test_the_word_before_a_place_is_the_full_run_of_letters_and_digits(text: str, at: int) -> None:
    """Punctuation of any script ends it; the word is in small letters."""
    page = normalize_article(Article(url="", body=text))
    at = min(at, len(page.cased))
    found = LAST.search(page.cased[:at])
    assert found is not None
    assert page.word_ending_at(at) == found.group().lower()


@given(TEXTS)
def test_punctuation_is_replaced_the_same_way_in_names_and_articles(text: str) -> None:
    """The function for long texts gives the same result as the simple one."""
    assert replace_punctuation(text) == replace_punctuation_fast(text)

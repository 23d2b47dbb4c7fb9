"""Words about changes of posts: each phrase of the language files is found."""

import pytest

from monitor.insight.succession_words import STAR, Mark, has_succession_words, succession_words
from monitor.language.load import language_data
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced

LANGUAGES = sorted(code for code in language_data().languages if has_succession_words(code))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_phrase_of_a_language_file_is_found(language: str) -> None:
    """A `*` means any ending, also none, and a first word may be shorter than the key of the search."""
    table, words = language_data().languages[language].succession, succession_words(language)
    unfound = []
    for mark in Mark:
        for phrase in getattr(table, mark.value):
            folded = fold_key(phrase).replace("-", " ").replace("'", " ")
            if is_unspaced(folded[0]):
                continue
            printed = folded.replace(STAR, "").split()
            size, marks = words.find_marks(printed)
            if size != len(printed) or mark not in marks:
                unfound.append((mark.value, phrase))
    assert unfound == []

"""Names in Latin letters in Arabic and Hebrew texts, which print few vowels."""

import pytest
from steps import LINEAR, growth

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Watchlist
from monitor.match.consonants import is_spelling_of
from monitor.match.engine import compile_watchlist
from monitor.match.names.index import NameIndex

MATCHER = compile_watchlist(
    Watchlist(
        tuple(
            Official(name, name)
            for name in (
                "Roland Fischmann",
                "Abdel Hamid el-Khatib",
                "Giulia Romanelli",
                "Dan Lev",
                "Said Moradi",
                "Rafael Bernatz",
            )
        )
    )
)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "وصل رولاند فيشمان أمس. وقال فيشمان إن", ["رولاند فيشمان", "فيشمان"]),
        ("ar", "التقى الوزير ورولاند فيشمان", ["ورولاند فيشمان"]),
        ("ar", "قال عبد الحميد الخطيب", ["عبد الحميد الخطيب"]),
        ("ar", "جوليا رومانيلي في روما", ["جوليا رومانيلي"]),
        ("fa", "سعید مرادی گفت", ["سعید مرادی"]),
        ("he", "השר רולנד פישמן הגיע", ["רולנד פישמן"]),
        ("he", "השר רפאל ברנץ הגיע", ["רפאל ברנץ"]),
        ("ar", "قال رافائيل برناتس إن", ["رافائيل برناتس"]),
        ("ar", "رولاند فاشمون", []),
        ("ar", "رولاند، فيشمان", []),
        ("ar", "دون لف", []),
    ],
)
def test_a_latin_name_is_found_by_its_consonants(language: str, text: str, expected: list[str]) -> None:
    """All words agree in consonants and printed vowels; a name with few consonants is not compared."""
    mentions = MATCHER.match(Article(url="", body=text, language=language)).mentions
    assert [one.text for one in mentions] == expected


def test_a_printed_vowel_must_agree() -> None:
    """Short vowels are not printed; long ones are vowels of the name, and -i is always printed at the end."""
    assert is_spelling_of(["بوتين"], ["putin"])
    assert is_spelling_of(["بتن"], ["putin"])
    assert not is_spelling_of(["باتين"], ["putin"])
    assert not is_spelling_of(["رئيس"], ["raisi"])


def test_the_search_takes_time_in_proportion_to_the_text() -> None:
    """And not to its square, if it repeats a name."""
    index = NameIndex((Official("fischmann", "Roland Fischmann"),), ()).consonants

    def find(repetitions: int) -> None:
        assert sum(1 for _ in index.find("رولاند فيشمان " * repetitions)) == repetitions

    assert growth(find, 8_000) < LINEAR

"""The language of a text by its script, the claims of the page, and its function words."""

import pytest

from monitor.extract.language_detection import detect_language
from monitor.language.load import language_data


@pytest.mark.parametrize(
    ("text", "claims", "expected"),
    [
        ("Министр обороны встретился с послами двух стран в четверг.", [], "ru"),
        ("Минсітр абароны сустрэўся з пасламі дзвюх краін у чацвер.", ["be"], "be"),
        ("Министр обороны встретился с послами двух стран.", ["en-GB"], "ru"),
        ("Bộ trưởng Quốc phòng đã tiếp đại sứ của hai nước vào thứ Năm.", ["en"], "vi"),
        ("Le ministre a reçu les ambassadeurs des deux pays à la présidence.", ["fr"], "fr"),
        ("Le ministre a reçu les ambassadeurs des deux pays à la présidence.", ["ru"], ""),
        ("日本", ["ja"], "ja"),
        ("2026: 12 % – 13 %", ["de"], "de"),
    ],
)
def test_the_script_is_stronger_than_the_claim(text: str, claims: list[str], expected: str) -> None:
    """A claim decides between languages of one script, and for a text with few letters."""
    assert detect_language(text, claims) == expected


def test_a_language_is_recognized_by_letters_outside_ascii() -> None:
    """The detection searches only these, so that a text with a few accents costs no search for every script."""
    for language in language_data().languages.values():
        letters = language.detection.script + language.detection.letters
        assert all(not letter.isascii() or letter == "-" for letter in letters), language.code

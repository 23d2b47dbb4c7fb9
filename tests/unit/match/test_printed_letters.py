"""Printed letters: names with look-alike letters of another script, and readings in brackets."""

import pytest

from monitor.domain.article import Article
from monitor.domain.mention import Mention
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist


def find(official: Official, text: str, language: str) -> list[Mention]:
    return list(compile_watchlist(Watchlist((official,))).match(Article(url="", body=text, language=language)).mentions)


@pytest.mark.parametrize(
    ("name", "text", "printed", "letters"),
    [
        ("Oscar Pereira", "Disse Oscаr Pereirа ontem.", "Oscаr Pereirа", "а"),
        ("Peter Hansen", "I dag kom Реtеr Наnsеn.", "Реtеr Наnsеn", "Р, е, Н, а"),
        ("Jürgen Müller", "Gestern kam Jürgеn Мüller.", "Jürgеn Мüller", "е, М"),
        ("Сергей Макаров", "Министр Cергей Mакаров прибыл.", "Cергей Mакаров", "C, M"),
        ("Νίκος Παπαδάκης", "Ο Nίκος Παπαδάκης μίλησε.", "Nίκος Παπαδάκης", "N"),
    ],
)
def test_look_alike_letters_do_not_hide_a_name(name: str, text: str, printed: str, letters: str) -> None:
    """The name is found as it is printed, and the reason names the letters of the other script."""
    (mention,) = find(Official("one", name), text, "")
    assert mention.text == printed
    assert mention.reason.endswith(f"letters of another script that look alike: {letters}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Oscar Pereira", "Disse Oscar Pereira ontem. В Москве."),
        ("Сергей Макаров", "Сергей Макаров работает в IT."),
        ("Marta Kolar", "Маrта Kolaж."),
    ],
)
def test_other_texts_in_two_scripts_have_no_such_letters(name: str, text: str) -> None:
    """Words in one script are not changed, nor is a word with letters that are only in one of the two scripts."""
    assert all("look alike" not in mention.reason for mention in find(Official("one", name), text, ""))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("石橋正雄", "石橋正雄(いしばしまさお)外相は会見した。石橋外相は述べた。", ["石橋正雄", "石橋"]),
        ("石橋正雄", "石橋(いしばし)正雄(まさお)外相が来た。", ["石橋(いしばし)正雄"]),
        ("石橋正雄", "石橋（いしばし）外相は述べた。", ["石橋"]),
        ("李浩宇", "李浩宇（リー・ハオユー）外相は述べた。", ["李浩宇"]),
        ("石橋正雄", "石橋(仮名)正雄という人物。", []),
    ],
)
def test_a_reading_in_brackets_does_not_hide_a_name(name: str, text: str, expected: list[str]) -> None:
    """Only kana after Chinese characters are a reading; a mention does not include the reading at its end."""
    official = Official("one", name, "Japan", roles=(Role("Foreign Minister"),))
    assert [mention.text for mention in find(official, text, "ja")] == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("斎藤隆", "齋藤隆氏は語った。", "齋藤隆"),
        ("小澤 一", "小沢外相は述べた。", "小沢"),
        ("高瀬 茂", "髙瀬茂氏", "髙瀬茂"),
    ],
)
def test_old_and_new_characters_of_a_japanese_name_are_the_same(name: str, text: str, expected: str) -> None:
    """Newspapers print the character of the register or the usual one."""
    official = Official("one", name, "Japan", roles=(Role("Foreign Minister"),))
    assert [mention.text for mention in find(official, text, "ja")] == [expected]

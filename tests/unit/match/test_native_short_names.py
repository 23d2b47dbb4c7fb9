"""Short names in other scripts, after the full name in the same text."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist

PEOPLE = (
    Official("thai", "Wichai Boonruang", "Thailand", ("วิชัย บุญเรือง",)),
    Official("lao", "Somphone Vongdara", "Laos", ("ສົມພອນ ວົງດາລາ",)),
    Official("zh", "Qiu Wenbo", "China", ("邱文博",)),
    Official("ja", "Kenta Tanabe", "Japan", ("田辺健太",)),
    Official("el", "Stavros Leventis", "Greece", ("Σταύρος Λεβέντης",)),
    Official("ru", "Pavel Gromov", "Russia", ("Павел Громов",)),
)
MATCHER = compile_watchlist(Watchlist(PEOPLE))


def found(language: str, text: str) -> list[str]:
    return [one.text for one in MATCHER.match(Article(url="", body=text, language=language)).mentions]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("th", "นายวิชัย บุญเรือง กล่าวว่า พล.อ.วิชัยจะเดินทางไปเชียงใหม่", ["วิชัย บุญเรือง", "วิชัย"]),
        ("lo", "ທ່ານ ສົມພອນ ວົງດາລາ ໄດ້ກ່າວ, ທ່ານສົມພອນໄດ້ເດີນທາງ", ["ສົມພອນ ວົງດາລາ", "ສົມພອນ"]),
        ("zh", "邱文博抵达曼谷。邱外长表示满意，与邱部长会谈。", ["邱文博", "邱", "邱"]),
        ("ja", "田辺健太外相は到着した。田辺外相は会談した。", ["田辺健太", "田辺"]),
        ("el", "Ο Σταύρος Λεβέντης μίλησε. Ο Λεβέντης έφυγε.", ["Σταύρος Λεβέντης", "Λεβέντης"]),
        ("ru", "Павел Громов прибыл. С Громовым говорили долго.", ["Павел Громов", "Громовым"]),
    ],
)
def test_short_names_count_next_to_a_title_or_after_a_function_word(language: str, text: str, names: list[str]) -> None:
    """After the full name, a short name counts next to a title and after the first function word of a sentence."""
    assert found(language, text) == names


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("th", "นายวิชัยจะเดินทางไปเชียงใหม่", []),
        ("th", "วิชัย บุญเรือง กล่าว นายวิชัยา ไม่อยู่", ["วิชัย บุญเรือง"]),
        ("zh", "邱部长表示满意。", []),
        ("zh", "邱文博抵达曼谷，邱大伟部长也在，邱部长表示满意。", ["邱文博"]),
        ("zh", "邱文博抵达曼谷。山邱部长未到。沙邱", ["邱文博"]),
        ("ja", "田辺健太外相は到着した。田辺次郎官房長官と田辺外相は会談した。", ["田辺健太"]),
        ("ru", "Павел Громов прибыл. Иван Громов уехал.", ["Павел Громов"]),
    ],
)
def test_short_names_of_other_people_do_not_count(language: str, text: str, names: list[str]) -> None:
    """A short name does not count without the full name, inside a longer name, or if another person has it."""
    assert found(language, text) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("박도윤 외교부 장관은 5일 서울에서 밝혔다. 박 장관은 하노이로 떠났다.", ["박도윤", "박"]),
        ("박도윤 장관이 왔다. 박장관은 말했다.", ["박도윤", "박"]),
        ("박도윤 장관과 박서준 장관이 만났다. 박 장관은 떠났다.", ["박도윤"]),
        ("박도윤 장관이 왔다. 박 의원은 떠났다.", ["박도윤"]),
        ("박도윤 장관이 왔다. 대박 장관은 없다.", ["박도윤"]),
        ("박도윤과 김 의원이 왔다. 박 의원은 떠났다.", ["박도윤"]),
        ("박도윤 외교부 제1차관이 왔다. 박 차관은 떠났다.", ["박도윤", "박"]),
        ("서울에서 박 장관은 말했다.", []),
    ],
)
def test_korean_family_names_count_before_the_position_given_with_the_full_name(text: str, expected: list[str]) -> None:
    """The position must be the one given with the full name; no other person with the family name may hold it."""
    matcher = compile_watchlist(Watchlist((Official("park", "Park Do-yoon", "South Korea", ("박도윤",)),)))
    assert [one.text for one in matcher.match(Article(url="", body=text, language="ko")).mentions] == expected


@pytest.mark.parametrize(
    ("name", "language", "text", "found"),
    [
        ("高度", "zh", "部长高度表示，会议将于下周举行。", ["高度"]),
        ("高度", "zh", "高度、李秀会见了代表团。", ["高度"]),
        ("高度", "zh", "中方高度重视此事。", []),
        ("方面", "zh", "这一方面的工作很重要。", []),
        ("سامي الخطيب", "ar", "وصل الوزير سامي الخطيب. وقال الخطيب إن المحادثات ستستمر.", ["سامي الخطيب", "الخطيب"]),
        ("سامي الخطيب", "ar", "وصل الوزير سامي الخطيب مع محمود الخطيب.", ["سامي الخطيب"]),
        ("سامي الخطيب", "ar", "وصل الأمير خالد بن سامي الخطيب.", []),
        ("רוני אלמוג", "he", "השר רוני אלמוג הגיע. לאלמוג יש תוכנית, אמר אלמוג.", ["רוני אלמוג", "לאלמוג", "אלמוג"]),
        ("अनिल खुराना", "hi", "मंत्री अनिल खुराना पहुँचे। खुराना ने कहा।", ["अनिल खुराना", "खुराना"]),
    ],
)
def test_the_borders_of_names_without_capitals(name: str, language: str, text: str, found: list[str]) -> None:
    """A word or a longer name is not a name; a family name after the full name is one."""
    matcher = compile_watchlist(Watchlist((Official("one", name),)))
    mentions = matcher.match(Article(url="", body=text, language=language)).mentions
    assert [one.text for one in mentions] == found


HOLDERS = compile_watchlist(
    Watchlist(
        (
            Official("ja", "田辺健太", "Japan", roles=(Role("Minister of Foreign Affairs"),)),
            Official("zh", "邱文博", "China", roles=(Role("Premier"),)),
            Official("ko", "한지우", "South Korea", roles=(Role("President"),)),
            Official("th", "วิชัย บุญเรือง", "Thailand", roles=(Role("Prime Minister"),)),
        )
    )
)


@pytest.mark.parametrize(
    ("language", "text", "official"),
    [
        ("ja", "田辺外相は述べた。", "ja"),
        ("ja", "記者会見で田辺外務大臣は述べた。", "ja"),
        ("ja", "田辺首相は述べた。", ""),
        ("ja", "小田辺外相は述べた。", ""),
        ("zh", "邱总理会见了代表团。", "zh"),
        ("en", "邱总理, premier of Poland", ""),
        ("zh", "山邱总理会见了代表团。", ""),
        ("ko", "한 대통령은 회의를 열었다.", "ko"),
        ("th", "วิชัย นายกรัฐมนตรี กล่าววันนี้", "th"),
        ("th", "นายกรัฐมนตรี วิชัย กล่าววันนี้", "th"),
        ("th", "วิชัย โฆษก กล่าววันนี้", ""),
    ],
)
def test_a_part_of_a_name_next_to_a_fitting_title_counts_in_scripts_without_spaces(
    language: str, text: str, official: str
) -> None:
    """The full name is not in the text; the title fits the role, and the text is about the country."""
    mentions = HOLDERS.match(Article(url="", body=text, language=language)).mentions
    assert [one.official_id for one in mentions] == [official] * bool(official)

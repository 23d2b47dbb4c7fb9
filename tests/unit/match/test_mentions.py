"""Mentions: the officials found in a text, the written forms of a name, and places that are not mentions."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article, Region
from monitor.domain.mention import Findings, MatchForm
from monitor.domain.watchlist import Official, Role, Rule, Watchlist
from monitor.match.engine import compile_watchlist

DEFENCE = Official(
    "hai",
    "Trần Minh Hải",
    "Vietnam",
    roles=(
        Role("Chief of the General Staff", until_on=date(2021, 6, 3)),
        Role("Minister of National Defence", date(2021, 4, 8)),
    ),
    exclude_phrases=("Minh Hải district",),
)
PRESIDENT = Official("duong", "Lê Văn Dương", "Vietnam", roles=(Role("State President", date(2024, 10, 21)),))
CHIEF = Official(
    "tan-duong", "Phạm Tấn Đường", "Vietnam", roles=(Role("Chief of the General Staff", date(2021, 6, 3)),)
)
LAO = Official("som", "Somphone Vongdara", "Laos", ("ສົມພອນ ວົງດາລາ",), (Role("Prime Minister", date(2022, 12, 30)),))
NAMESAKE = Official("kham", "Khamkeo Vongdara", "Laos", roles=(Role("Chief of the General Staff"),))
HAN = Official("qiu", "Qiu Wenbo", "China", ("邱文博",), (Role("Minister of Foreign Affairs"),))
AMERICAN = Official("stone", "Walter Hargrove", "United States", roles=(Role("Secretary of Defense"),))
EVERYBODY = (DEFENCE, PRESIDENT, CHIEF, LAO, NAMESAKE, HAN, AMERICAN)
MATCHER = compile_watchlist(Watchlist(EVERYBODY))


def match(body: str, language: str = "en", when: date | None = date(2025, 5, 5), title: str = "") -> Findings:
    published = datetime(when.year, when.month, when.day, tzinfo=UTC) if when else None
    return MATCHER.match(Article(url="", title=title, body=body, language=language, published_at=published))


def found(body: str, language: str = "en", when: date | None = date(2025, 5, 5)) -> list[tuple[str, str]]:
    """Return the id and the printed name of each mention."""
    return [(one.official_id, one.text) for one in match(body, language, when).mentions]


@pytest.mark.parametrize(
    "written",
    [
        "Trần Minh Hải",
        "Tran Minh Hai",
        "TRẦN MINH HẢI",
        "TRAN MINH HAI",
        "Trân Minh Hai",
        "Tran-Minh-Hai",
        "Tran Minh-Hai",
        "Hai Tran Minh",
        "Minh Hai Tran",
        "Tran\u00a0Minh Hai",
        "Tran Minh\u200b Hai",
        unicodedata.normalize("NFD", "Trần Minh Hải"),
    ],
)
def test_all_written_forms_of_a_full_name_are_found(written: str) -> None:
    """Diacritics, capitals, order, hyphens and invisible characters do not hide a name; the mention is as printed."""
    assert found(f"In Hanoi, {written} said so.") == [("hai", written)]
    assert found(f"The desk of {written}\u2019s aide (L).") == [("hai", written)]


@pytest.mark.parametrize("written", ["Trấn Minh Hải", "Trần Mình Hải", "Trần Minh Hài", "Trần Minh Hái"])
def test_a_name_with_other_diacritics_is_a_near_miss(written: str) -> None:
    """A word printed with other diacritics is another name; it is kept as a near miss."""
    findings = match(f"In Hanoi, {written} said so.")
    assert not findings.mentions
    assert "diacritics differ" in findings.near_misses[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "Tran Minh Hai Son sang at the opera.",
        "The bus stops at Tran Minh Hai Street.",
        "The frigate Tran Minh Hai sailed.",
        "Boats at dawn. — VNA Photo Tran Minh Hai",
        "Boats at dawn. Photo: Tran Minh Hai",
        "Boats at dawn (Tran Minh Hai/AFP).",
        "Singer Tran Minh Hai sang.",
        "Tran Minh Hai, a tailor from Hue, sews.",
        "Đường Trần Minh Hải đang sửa.",
        "Dogs in the Minh Hải district bark at Trần Minh Hải district signs.",
        "By Tran Minh Hai\nThe rain stopped.",
    ],
)
def test_longer_names_places_credits_and_namesakes_are_not_mentions(text: str) -> None:
    """Longer names, streets, ships, credits, namesakes and exclude phrases are near misses at most."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Defence Minister Hai spoke in Hanoi.", [("hai", "Hai")]),
        ("Vietnam's Minister of National Defence, Gen. Hai, spoke.", [("hai", "Hai")]),
        ("Chinese Defence Minister Hai spoke in Beijing.", []),
        ("Finance Minister Hai spoke in Hanoi.", []),
        (
            "State President Duong and General Duong, Chief of the General Staff of Vietnam, met.",
            [("duong", "Duong"), ("tan-duong", "Duong")],
        ),
        ("Mr Duong runs a bakery in Hanoi.", []),
        ("Lao PM Vongdara agreed.", [("som", "Vongdara")]),
        ("Mr. Vongdara thanked the guests.", []),
        ("The Lao army's chief of staff, General Vongdara, agreed.", [("kham", "Vongdara")]),
        ("Thủ tướng Lào Vongdara đồng ý.", [("som", "Vongdara")]),
        ("Le Premier ministre lao, M. Vongdara, est arrivé.", [("som", "Vongdara")]),
        ("US Secretary of Defense Walter Hargorve spoke.", [("stone", "Walter Hargorve")]),
        ("Walter Hargorve plays chess.", []),
    ],
)
def test_a_short_name_with_a_title_counts_if_the_title_fits_one_official(
    text: str, expected: list[tuple[str, str]]
) -> None:
    """A rank or position with a part of the name counts if position, country and name fit one person."""
    assert found(text) == expected


def test_a_position_means_its_holder_on_the_date_of_the_article() -> None:
    """The same title means different officials on different dates, and nobody if the date contradicts."""
    text = "Vietnam's Chief of the General Staff Hai spoke."
    assert found(text, when=date(2019, 5, 5)) == [("hai", "Hai")]
    assert found(text, when=date(2025, 5, 5)) == []
    assert found("Vietnam's Chief of the General Staff Duong spoke.", when=date(2025, 5, 5)) == [("tan-duong", "Duong")]


def test_short_names_without_a_title_need_the_full_name_in_the_text() -> None:
    """A short name counts if the full name is in the same text, before or after it."""
    assert found("Hai spoke in Hanoi.") == []
    assert found("Hai spoke. Later Tran Minh Hai left.") == [("hai", "Hai"), ("hai", "Tran Minh Hai")]
    assert found("Somphone Vongdara came. Somphone smiled; Vongdara's aide too.")[1:] == [
        ("som", "Somphone"),
        ("som", "Vongdara"),
    ]


def test_near_misses_of_one_place_are_sorted_by_length() -> None:
    """Near misses have the same order in every process."""
    matcher = compile_watchlist(Watchlist((Official("clerk", "Tomas Kadarika", "Portugal"),)))
    typos = " ".join(f"Then Tomas Kadarik{sign} sang." for sign in "eiouy")
    body = f"Tomas Kadarika left. {typos}"
    missed = matcher.match(Article(url="", body=body)).near_misses
    assert [one.text for one in missed] == [text for sign in "eiouy" for text in ("Tomas", f"Tomas Kadarik{sign}")]


def test_a_near_miss_names_countries_with_capital_letters() -> None:
    """Countries of the title are capitalized; the official's country is as configured."""
    (missed,) = match("South Korean and Lao Defence Minister Hai was received in Hanoi.").near_misses
    assert missed.reason == "the title names Laos, South Korea, not Vietnam"


def test_an_ambiguous_short_name_is_a_near_miss_for_each_official() -> None:
    """A short name of two mentioned officials is a mention of neither and a near miss for both."""
    findings = match("Somphone Vongdara met Khamkeo Vongdara in Vientiane. Vongdara left early.")
    assert [one.text for one in findings.mentions] == ["Somphone Vongdara", "Khamkeo Vongdara"]
    assert {one.official_id for one in findings.near_misses} == {"som", "kham"}


@pytest.mark.parametrize(
    "bystander", ["Tran Quoc Hai, a coach, won. Hai wept.", "Bac Hai flooded.", "Hai Phong flooded."]
)
def test_a_short_name_after_another_person_with_it_is_not_a_mention(bystander: str) -> None:
    """Another person with the same given name, or a place, is closer to the short name than the official."""
    assert found(f"Tran Minh Hai spoke. {bystander}") == [("hai", "Tran Minh Hai")]


@pytest.mark.parametrize(
    ("written", "same"),
    [("Somphone Vongdala", True), ("Somphon Vongdara", True), ("Xomphone Vongdara", True), ("Somphet Vongdara", False)],
)
def test_spellings_that_sound_alike_are_found(written: str, same: bool) -> None:
    """Names without a fixed Latin spelling are compared by sound."""
    assert bool(found(f"In Vientiane {written} spoke.")) is same


def test_names_in_scripts_without_spaces_are_found() -> None:
    """Lao and Chinese names are found without spaces around them, and again by the given name."""
    assert found("ທ່ານສົມພອນ ວົງດາລາໄດ້ກ່າວ. ທ່ານ ສົມພອນ ຍິ້ມ.", "lo") == [("som", "ສົມພອນ ວົງດາລາ"), ("som", "ສົມພອນ")]
    assert found("中国外长邱文博会见记者。邱文博市没有。", "zh") == [("qiu", "邱文博")]


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("Виктор Орлов", "Виктор Орлов прибыл, позже Орлов уехал.", ["Виктор Орлов", "Орлов"]),
        ("Виктор Орлов", "Встреча с Орловым Виктором.", ["Орловым Виктором"]),
        ("Виктор Орлов", "Встреча с Виктором Орловым; без Орлова не начали.", ["Виктором Орловым", "Орлова"]),
        ("Виктор Орлов", "Виктор Орлов ждал, пришёл Денис Орлов. Видели орлов.", ["Виктор Орлов"]),
        ("Андрей Лесковский", "Речь Андрея Лесковского; к Лесковскому подошли.", ["Андрея Лесковского", "Лесковскому"]),
        ("Марія Коваль", "Зустріч з Марією Коваль.", ["Марією Коваль"]),
        ("Ірина Орлова", "О речи Ирины Орловой.", ["Ирины Орловой"]),
        ("Ирина Орлова", "О речи Ирины Орловой.", ["Ирины Орловой"]),
        ("Νίκος Παπαδάς", "Ο Νίκος Παπαδάς μίλησε. Αργότερα ο Παπαδάς έφυγε.", ["Νίκος Παπαδάς", "Παπαδάς"]),
        ("本松·坎代", "总理本松·坎代到访。本松说合作很好。本松树很多。", ["本松·坎代", "本松"]),
        ("สมศักดิ์ ใจดีมาก", "สมศักดิ์ ใจดีมาก กล่าว พล.อ.สมศักดิ์จะไป", ["สมศักดิ์ ใจดีมาก", "สมศักดิ์"]),
    ],
)
def test_short_names_in_other_scripts_are_found_after_the_full_name(name: str, body: str, expected: list[str]) -> None:
    """Family names in Greek and Cyrillic, in all cases; given names in scripts without word breaks."""
    matcher = compile_watchlist(Watchlist((Official("who", name),)))
    assert [one.text for one in matcher.match(Article(url="", body=body)).mentions] == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Secretary of Defense W. Hargrove spoke. Hargrove left.", ["W. Hargrove", "Hargrove"]),
        ("US Secretary of Defense W Hargrove spoke.", ["W Hargrove"]),
        ("Walter Hargrove spoke. Later W. Hargrove left.", ["Walter Hargrove", "W. Hargrove"]),
        ("The painter W. Hargrove spoke.", []),
        ("Secretary of Defense B. Hargrove spoke.", []),
    ],
)
def test_an_initial_may_replace_the_given_name(body: str, expected: list[str]) -> None:
    """It needs a fitting position or a mentioned official; another initial is another person."""
    assert [text for _, text in found(body)] == expected


@pytest.mark.parametrize(
    ("body", "expected", "rejected"),
    [
        ("Later Defence Minister J. Whitlock left.", [], ["john", "jane"]),
        ("John Whitlock and Jane Whitlock came. Later J. Whitlock left.", ["john", "jane"], ["john", "jane"]),
        ("John Whitlock came. Later J. Whitlock left.", ["john", "john"], []),
        ("John Whitlock came. Later Defence Minister J. Whitlock left.", ["john", "john"], []),
        ("Later Health Minister M. Whitlock left.", ["mary"], []),
    ],
)
def test_an_initial_that_several_officials_have_needs_a_reason_for_one(
    body: str, expected: list[str], rejected: list[str]
) -> None:
    """A title or an earlier mention must fit only one of them; otherwise the text is a near miss for each."""
    officials = [
        Official(name.lower(), f"{name} Whitlock", "United Kingdom", roles=(Role(f"Minister of {domain}"),))
        for name, domain in (("John", "Defence"), ("Jane", "Defence"), ("Mary", "Health"))
    ]
    findings = compile_watchlist(Watchlist(tuple(officials))).match(Article(url="", body=body, language="en"))
    assert [mention.official_id for mention in findings.mentions] == expected
    assert [miss.official_id for miss in findings.near_misses] == rejected


def test_a_syllable_after_a_rank_is_a_name_even_as_part_of_a_compound_word() -> None:
    """Hải bên has the letters of hai bên ("both sides"); after a rank it is the general."""
    body = "Đại tướng Trần Minh Hải thăm đơn vị. Đại tướng Hải bên cạnh các chiến sĩ. Quan hệ Hai bên tốt."
    assert [text for _, text in found(body, "vi")] == ["Trần Minh Hải", "Hải"]


@pytest.mark.parametrize(
    ("name", "country", "text", "expected"),
    [
        ("Muhammad Yunus", "Bangladesh", "Yesterday Md. Yunus met envoys in Dhaka.", ["Md. Yunus"]),
        ("Mohammad Sabu", "Malaysia", "The minister, Mohd. Sabu, spoke.", ["Mohd. Sabu"]),
        ("Mohamed Salim Khan", "Pakistan", "Muh. Salim Khan spoke.", ["Muh. Salim Khan"]),
        ("Omar Khalid", "Jordan", "He met Umar. Khalid left.", []),
        ("Md. Shahabuddin", "Bangladesh", "President Mohammed Shahabuddin spoke.", ["Mohammed Shahabuddin"]),
    ],
)
def test_an_abbreviated_first_name_is_part_of_the_name(name: str, country: str, text: str, expected: list[str]) -> None:
    """The dot of the abbreviation does not end a sentence; the dot of any other word does."""
    watchlist = Watchlist((Official("a", name, country),), (Rule("r", officials=("a",)),))
    findings = compile_watchlist(watchlist).match(Article(url="", body=text, language="en"))
    assert [one.text for one in findings.mentions] == expected


def test_a_rank_does_not_contradict_a_mentioned_official() -> None:
    """Configured roles are rarely complete: a minister may have been a general."""
    body = "Prime Minister Somphone Vongdara arrived in Vientiane. Gen Somphone thanked the hosts."
    assert [text for _, text in found(body)] == ["Somphone Vongdara", "Somphone"]


def test_in_capitals_the_next_word_belongs_to_the_name_only_if_it_can() -> None:
    """In a line of capitals the next word does not belong to the name, unless it can be a syllable of a name."""
    assert found("TRAN MINH HAI MEETS LAO PREMIER\nRain fell.") == [("hai", "TRAN MINH HAI")]
    assert found("FLIGHTS TO TRAN MINH HAI DONG RESUME TODAY\nRain fell.") == []


def test_mentions_have_their_form_and_exact_offsets() -> None:
    """Each mention has its form, and its offsets are those in the text of its region."""
    title = "General Hải in Vientiane"
    body = "Trần Minh Hải nói.\nDefence Minister Hải spoke; Hải left."
    findings = match(body, title=title)
    texts = {Region.TITLE: title, Region.BODY: body}
    assert [one.form for one in findings.mentions] == [
        MatchForm.WITH_TITLE,
        MatchForm.FULL,
        MatchForm.WITH_TITLE,
        MatchForm.SHORT,
    ]
    assert all(texts[one.region][one.start : one.end] == one.text for one in findings.mentions)


LATIN = "Trần Minh Hải|Tran Minh Hai|General|Hải|Minister|Bac|Duong|Le Van Duong|Vongdara|said|the|PM|Lao|Photo:|(L)"
OTHER = [",", ".", "\n", "—", "Somphone Vongdala", "ສົມພອນ ວົງດາລາ", "邱文博", "\u200b"]
PIECES = st.lists(st.sampled_from([*LATIN.split("|"), *OTHER]), max_size=25)


@given(PIECES)
def test_decomposed_texts_give_the_same_mentions(pieces: list[str]) -> None:
    """A text in NFD yields the mentions of the same text in NFC."""
    composed = unicodedata.normalize("NFC", " ".join(pieces))
    decomposed = unicodedata.normalize("NFD", composed)
    assert found(composed) == [(who, unicodedata.normalize("NFC", text)) for who, text in found(decomposed)]


@given(PIECES)
def test_mentions_and_near_misses_are_slices_of_the_text(pieces: list[str]) -> None:
    """Mentions and near misses are slices of the text; mentions are in order and do not overlap."""
    text = " ".join(pieces)
    findings = match(text)
    assert all(text[one.start : one.end] == one.text for one in findings.mentions)
    assert all(text[one.start : one.end] == one.text for one in findings.near_misses)
    ends = [one.end for one in findings.mentions]
    assert all(end <= one.start for end, one in zip(ends, findings.mentions[1:], strict=False))


@given(PIECES)
def test_an_unrelated_official_does_not_change_the_findings(pieces: list[str]) -> None:
    """One more official with a completely different name does not change the findings for the others."""
    stranger = Official("x", "Ingrid Østergaard-Quist", "Denmark", ("Иван Щукин",), (Role("Minister of Fisheries"),))
    article = Article(url="", body=" ".join(pieces), language="en")
    assert compile_watchlist(Watchlist((*EVERYBODY, stranger))).match(article) == MATCHER.match(article)


@pytest.mark.parametrize(
    "text",
    [
        "Hai " * 100_000,
        "General Hai " * 5_000,
        "A" * 1_000_000,
        "Tran Minh Hai. " * 5_000,
        "\ud800 Tran Minh Hai \udfff",
        "ສົມພອນ ວົງດາລາ " * 5_000,
        "Trần Minh Hải, " + "x" * 10_000_000,
        "(" * 200_000,
        "Photo: " * 60_000,
    ],
    ids=range(9),
)
def test_hostile_texts_take_bounded_time(text: str) -> None:
    """Long runs of capitals, names, signs and lone surrogates are matched in a time that grows with their length."""
    assert match(text) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("On Monday VP Liza told the reporters in Manila that the old bridge would be mended.", ["Liza"]),
        ("Officials in Manila waited while Secretary Fernandina and her aides crossed the bridge.", []),
        ("Reporters in Manila asked after Mayor Liza and the bridge that nobody had mended.", []),
        ("Reporters in Manila saw Vice President Liza Cortes of the bank cross the old bridge.", []),
        ("Liza Magbanua came to Manila on Monday. Later the nurse said that Liza had mended it.", ["Liza Magbanua"]),
    ],
)
def test_philippine_first_names_count_with_a_fitting_position(text: str, expected: list[str]) -> None:
    """The press there uses the first name with a position; without one or with another it does not count."""
    people = (
        Official("liza", "Liza Magbanua", "Philippines", roles=(Role("Vice President"),)),
        Official("fern", "Fernandina Quizon", "Philippines", roles=(Role("President"),)),
    )
    article = Article(url="", body=text, language="en")
    assert [one.text for one in compile_watchlist(Watchlist(people)).match(article).mentions] == expected


@pytest.mark.parametrize("text", ["Mr X. Yunus met R. Yunus and Prof. Q. Z. Yunus.", "S. Karim and A. B. Karim spoke."])
def test_initials_of_other_people_are_compared_with_each_spelling_of_a_name(text: str) -> None:
    """Also if one of its words has an abbreviation."""
    officials = (Official("a", "Muhammad Yunus", "Bangladesh"), Official("b", "Ali bin Karim", "Pakistan"))
    assert compile_watchlist(Watchlist(officials)).match(Article(url="", body=text, language="en")).mentions == ()

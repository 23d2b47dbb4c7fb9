"""Who is found in a text, how he is written, and what is not a mention."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article, Region
from monitor.domain.mention import Findings, MatchForm
from monitor.domain.watchlist import Official, Role, Watchlist
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
TWIN = Official("kham", "Khamkeo Vongdara", "Laos", roles=(Role("Chief of the General Staff"),))
HAN = Official("qiu", "Qiu Wenbo", "China", ("邱文博",), (Role("Minister of Foreign Affairs"),))
AMERICAN = Official("stone", "Walter Hargrove", "United States", roles=(Role("Secretary of Defense"),))
EVERYBODY = (DEFENCE, PRESIDENT, CHIEF, LAO, TWIN, HAN, AMERICAN)
WATCHER = compile_watchlist(Watchlist(EVERYBODY))


def screen(body: str, language: str = "en", when: date | None = date(2025, 5, 5), title: str = "") -> Findings:
    published = datetime(when.year, when.month, when.day, tzinfo=UTC) if when else None
    return WATCHER.match(Article(url="", title=title, body=body, language=language, published_at=published))


def found(body: str, language: str = "en", when: date | None = date(2025, 5, 5)) -> list[tuple[str, str]]:
    """Return who is found and as what."""
    return [(one.official_id, one.text) for one in screen(body, language, when).mentions]


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
def test_every_way_to_write_a_whole_name(written: str) -> None:
    """Marks, capitals, order, hyphens and invisible signs do not hide a name; what is told is what stands there."""
    assert found(f"In Hanoi, {written} said so.") == [("hai", written)]
    assert found(f"The desk of {written}\u2019s aide (L).") == [("hai", written)]


@pytest.mark.parametrize("written", ["Trấn Minh Hải", "Trần Mình Hải", "Trần Minh Hài", "Trần Minh Hái"])
def test_marks_that_contradict_are_somebody_else(written: str) -> None:
    """A word printed with other marks is another name; it is kept as a near miss."""
    findings = screen(f"In Hanoi, {written} said so.")
    assert not findings.mentions
    assert "marks" in findings.near_misses[0].reason


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
def test_what_is_not_a_mention(text: str) -> None:
    """Longer names, streets, ships, credits, namesakes and cancelled phrases are near misses at most."""
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
def test_a_title_decides(text: str, expected: list[tuple[str, str]]) -> None:
    """Rank or post with a part of the name counts where post, country and name fit one person."""
    assert found(text) == expected


def test_posts_are_held_for_a_time() -> None:
    """The same words mean another person at another time, and nobody for sure where the time is against him."""
    text = "Vietnam's Chief of the General Staff Hai spoke."
    assert found(text, when=date(2019, 5, 5)) == [("hai", "Hai")]
    assert found(text, when=date(2025, 5, 5)) == []
    assert found("Vietnam's Chief of the General Staff Duong spoke.", when=date(2025, 5, 5)) == [("tan-duong", "Duong")]


def test_short_forms_need_the_whole_name() -> None:
    """A bare part of a name counts when its bearer is named in the same text, before or after."""
    assert found("Hai spoke in Hanoi.") == []
    assert found("Hai spoke. Later Tran Minh Hai left.") == [("hai", "Hai"), ("hai", "Tran Minh Hai")]
    assert found("Somphone Vongdara came. Somphone smiled; Vongdara's aide too.")[1:] == [
        ("som", "Somphone"),
        ("som", "Vongdara"),
    ]


def test_near_misses_of_one_place_come_the_shortest_first() -> None:
    """What was refused is told in the same order by every process."""
    watcher = compile_watchlist(Watchlist((Official("clerk", "Tomas Kadarika", "Portugal"),)))
    slips = " ".join(f"Then Tomas Kadarik{sign} sang." for sign in "eiouy")
    body = f"Tomas Kadarika left. {slips}"
    missed = watcher.match(Article(url="", body=body)).near_misses
    assert [one.text for one in missed] == [text for sign in "eiouy" for text in ("Tomas", f"Tomas Kadarik{sign}")]


def test_a_near_miss_names_countries_as_they_are_written() -> None:
    """The title's countries have their capitals, the official's own is as configured."""
    (missed,) = screen("South Korean and Lao Defence Minister Hai was received in Hanoi.").near_misses
    assert missed.reason == "the title is of Laos, South Korea, not of Vietnam"


def test_what_cannot_be_resolved_is_kept_for_both() -> None:
    """A part of a name that two named people share is told of neither, and kept for both."""
    findings = screen("Somphone Vongdara met Khamkeo Vongdara in Vientiane. Vongdara left early.")
    assert [one.text for one in findings.mentions] == ["Somphone Vongdara", "Khamkeo Vongdara"]
    assert {one.official_id for one in findings.near_misses} == {"som", "kham"}


@pytest.mark.parametrize(
    "bystander", ["Tran Quoc Hai, a coach, won. Hai wept.", "Bac Hai flooded.", "Hai Phong flooded."]
)
def test_somebody_else_of_the_name(bystander: str) -> None:
    """A nearer bearer of the same given name, or a place, keeps it from the official."""
    assert found(f"Tran Minh Hai spoke. {bystander}") == [("hai", "Tran Minh Hai")]


@pytest.mark.parametrize(
    ("written", "same"),
    [("Somphone Vongdala", True), ("Somphon Vongdara", True), ("Xomphone Vongdara", True), ("Somphet Vongdara", False)],
)
def test_spellings_that_sound_alike(written: str, same: bool) -> None:
    """Names without fixed Latin spelling are heard, not compared letter by letter."""
    assert bool(found(f"In Vientiane {written} spoke.")) is same


def test_own_scripts() -> None:
    """Lao and Chinese names are found where no space sets them off, and said again by the given name."""
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
        ("Марія Коваль", "Зустріч з Марією Коваль.", []),
        ("Ірина Орлова", "О речи Ирины Орловой.", []),
        ("Ирина Орлова", "О речи Ирины Орловой.", ["Ирины Орловой"]),
        ("Νίκος Παπαδάς", "Ο Νίκος Παπαδάς μίλησε. Αργότερα ο Παπαδάς έφυγε.", ["Νίκος Παπαδάς", "Παπαδάς"]),
        ("本松·坎代", "总理本松·坎代到访。本松说合作很好。本松树很多。", ["本松·坎代", "本松"]),
        ("สมศักดิ์ ใจดีมาก", "สมศักดิ์ ใจดีมาก กล่าว พล.อ.สมศักดิ์จะไป", ["สมศักดิ์ ใจดีมาก", "สมศักดิ์"]),
    ],
)
def test_names_in_other_scripts_are_said_again(name: str, body: str, expected: list[str]) -> None:
    """Family names in Greek and Cyrillic, in their cases; given names in scripts without word breaks."""
    watcher = compile_watchlist(Watchlist((Official("who", name),)))
    assert [one.text for one in watcher.match(Article(url="", body=body)).mentions] == expected


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
def test_an_initial_may_stand_for_the_given_name(body: str, expected: list[str]) -> None:
    """Beside a post that fits, or of somebody who is named; another initial is somebody else."""
    assert [text for _, text in found(body)] == expected


def test_after_a_rank_a_syllable_is_a_name_whatever_word_it_begins() -> None:
    """Hải bên has the letters of hai bên, both sides; beside a rank it is the general."""
    body = "Đại tướng Trần Minh Hải thăm đơn vị. Đại tướng Hải bên cạnh các chiến sĩ. Quan hệ Hai bên tốt."
    assert [text for _, text in found(body, "vi")] == ["Trần Minh Hải", "Hải"]


def test_of_somebody_named_a_rank_is_no_contradiction() -> None:
    """Configured roles are rarely all: a minister may have been a general."""
    body = "Prime Minister Somphone Vongdara arrived in Vientiane. Gen Somphone thanked the hosts."
    assert [text for _, text in found(body)] == ["Somphone Vongdara", "Somphone"]


def test_headlines_have_their_own_capitals() -> None:
    """In a line of capitals the next word is no part of the name, unless it could be one."""
    assert found("TRAN MINH HAI MEETS LAO PREMIER\nRain fell.") == [("hai", "TRAN MINH HAI")]
    assert found("FLIGHTS TO TRAN MINH HAI DONG RESUME TODAY\nRain fell.") == []


def test_forms_and_offsets() -> None:
    """Each mention tells its form and stands exactly where it says, in the region's own text."""
    title = "General Hải in Vientiane"
    body = "Trần Minh Hải nói.\nDefence Minister Hải spoke; Hải left."
    findings = screen(body, title=title)
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
def test_decomposed_texts_give_the_same(pieces: list[str]) -> None:
    """A text in NFD yields the mentions of the same text in NFC."""
    composed = unicodedata.normalize("NFC", " ".join(pieces))
    decomposed = unicodedata.normalize("NFD", composed)
    assert found(composed) == [(who, unicodedata.normalize("NFC", text)) for who, text in found(decomposed)]


@given(PIECES)
def test_a_mention_is_exactly_its_slice(pieces: list[str]) -> None:
    """Mentions and near misses are slices of the text, in order, and never cover one another."""
    text = " ".join(pieces)
    findings = screen(text)
    assert all(text[one.start : one.end] == one.text for one in findings.mentions)
    assert all(text[one.start : one.end] == one.text for one in findings.near_misses)
    ends = [one.end for one in findings.mentions]
    assert all(end <= one.start for end, one in zip(ends, findings.mentions[1:], strict=False))


@given(PIECES)
def test_an_unrelated_official_changes_nothing(pieces: list[str]) -> None:
    """Watching one more person, whose name shares nothing, finds the same of the others."""
    stranger = Official("x", "Ingrid Østergaard-Quist", "Denmark", ("Иван Щукин",), (Role("Minister of Fisheries"),))
    article = Article(url="", body=" ".join(pieces), language="en")
    assert compile_watchlist(Watchlist((*EVERYBODY, stranger))).match(article) == WATCHER.match(article)


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
    """Long runs of capitals, names, signs and lone surrogates are screened in a time that grows with their length."""
    assert screen(text) is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("On Monday VP Liza told the reporters in Manila that the old bridge would be mended.", ["Liza"]),
        ("Officials in Manila waited while Secretary Fernandina and her aides crossed the bridge.", []),
        ("Reporters in Manila asked after Mayor Liza and the bridge that nobody had mended.", []),
        ("Reporters in Manila saw Vice President Liza Cortes of the bank cross the old bridge.", []),
        ("Liza Magbanua came to Manila on Monday. Later the nurse said that Liza had mended it.", ["Liza Magbanua"]),
    ],
)
def test_first_names_of_the_philippines_count_beside_a_post(text: str, told: list[str]) -> None:
    """The press there says the first name beside a post; alone or beside another's post it says nothing."""
    people = (
        Official("liza", "Liza Magbanua", "Philippines", roles=(Role("Vice President"),)),
        Official("fern", "Fernandina Quizon", "Philippines", roles=(Role("President"),)),
    )
    article = Article(url="", body=text, language="en")
    assert [one.text for one in compile_watchlist(Watchlist(people)).match(article).mentions] == told

"""Other events in the same words: what separates them, and what is only another house style."""

import pytest

from monitor.stories.contradictions import names_other_subject, names_other_weekday, tells_other_event
from monitor.stories.fingerprints import normalize_text

REST = (
    " Both sides reviewed the work of the past year and agreed on a list of projects. Officials of both ministries "
    "will meet again in the spring. The details were not published."
)
OTHER_EVENTS = {
    "ambassador": ("Minister meets Kenyan ambassador", "Minister meets Peruvian ambassador"),
    "minister received": (
        "Foreign Minister Okello received the envoy of Norway in Kampala on Monday.",
        "Foreign Minister Okello received the envoy of Qatar in Kampala on Monday.",
    ),
    "short names": (
        "The king appointed Princess Sok Da as patron of the Red Cross.",
        "The king appointed Princess Kim Ly as patron of the Red Cross.",
    ),
    "toll": ("Ferry toll rises to 18", "Ferry toll rises to 31"),
    "rate": (
        "The central bank set its key rate at 4.25 percent on Thursday.",
        "The central bank set its key rate at 4.75 percent on Thursday.",
    ),
    "refusal": (
        "President Tamm signs the border treaty with the neighbour",
        "President Tamm refuses to sign the border treaty with the neighbour",
    ),
    "denial": ("Union confirms strike at the port of Riga", "Union denies strike at the port of Riga"),
    "negation": (
        "The court said on Friday that it will hear the appeal of the former mayor.",
        "The court said on Friday that it will not hear the appeal of the former mayor.",
    ),
    "opposite verb": ("Parliament approves the new media law", "Parliament rejects the new media law"),
    "release": ("Police arrest editor of weekly magazine", "Police release editor of weekly magazine"),
    "opposites with a common character": ("시의회, 공항 이전안 본회의서 가결", "시의회, 공항 이전안 본회의서 부결"),
    "opposite verb in Swahili": (
        "Bunge la Kitendo lapitisha muswada wa ardhi",
        "Bunge la Kitendo lakataa muswada wa ardhi",
    ),
    "opposite verb in Turkish": ("Meclis köprü ihalesini onayladı", "Meclis köprü ihalesini reddetti"),
    "title case": (
        "Governor Opens Bridge In Luang Namtha District",
        "Governor Opens Bridge In Sekong District",
    ),
    "vietnamese": (
        "Thủ tướng tiếp Đại sứ Na Uy tại Hà Nội chiều nay",
        "Thủ tướng tiếp Đại sứ Cuba tại Hà Nội chiều nay",
    ),
    "vietnamese refusal": ("Công ty đồng ý bồi thường cho người dân", "Công ty từ chối bồi thường cho người dân"),
    "french": (
        "Le ministre a reçu mardi l'ambassadeur du Portugal à Abidjan.",
        "Le ministre a reçu mardi l'ambassadeur du Chili à Abidjan.",
    ),
    "german negation": ("Die Kanzlerin reist am Montag nach Oslo", "Die Kanzlerin reist am Montag nicht nach Oslo"),
    "spanish": ("El Senado aprueba la reforma fiscal", "El Senado rechaza la reforma fiscal"),
    "russian": (
        "Президент принял в среду посла Греции в своей резиденции.",
        "Президент принял в среду посла Мексики в своей резиденции.",
    ),
    "chinese": ("外交部长会见挪威大使", "外交部长会见古巴大使"),
    "chinese negation": ("总统将出席下周峰会", "总统将不出席下周峰会"),
    "thai negation": ("นายกฯ รับข้อเสนอของสหภาพ", "นายกฯ ไม่รับข้อเสนอของสหภาพ"),
    "indonesian": ("Menteri menerima usulan serikat buruh", "Menteri menolak usulan serikat buruh"),
    "polish": ("Sejm nie przyjął ustawy o mediach", "Sejm przyjął ustawę o mediach"),
}
SAME_EVENT = {
    "equal": ("Minister meets Kenyan ambassador", "Minister meets Kenyan ambassador"),
    "synonym": ("Minister meets Kenyan ambassador", "Minister receives Kenyan ambassador"),
    "other headline": ("Minister meets Kenyan ambassador", "Kenya and Norway plan more trade"),
    "transliteration": (
        "Sergei Petrov said on Tuesday that the plant would reopen.",
        "Sergey Petrov said on Tuesday that the plant would reopen.",
    ),
    "weekday and date": (
        "The council met on Tuesday to discuss the drought in the north.",
        "The council met on March 3 to discuss the drought in the north.",
    ),
    "spelling": ("Defence minister visits labour camp", "Defense minister visits labor camp"),
    "diacritics": ("Tô Lâm tiếp Thủ tướng Lào tại Hà Nội", "To Lam tiep Thu tuong Lao tai Ha Noi"),
    "acronym": ("US president meets Kenyan envoy", "American president meets Kenyan envoy"),
    "capitals": ("MINISTER MEETS KENYAN AMBASSADOR", "Minister Meets Kenyan Ambassador"),
    "inflection": (
        "Prezydent Litwy przyjął w Wilnie ministra Kowala w środę.",
        "Litewski prezydent przyjął w Wilnie ministra Kowala w środę.",
    ),
    "shorter headline": ("Minister meets Kenyan ambassador in the capital", "Minister meets Kenyan ambassador"),
    "number in words": ("Storm kills twelve in the delta", "Storm kills 12 in the delta"),
    "time of day": ("Fire destroys market at 2h in the old town", "Fire destroys market at 2 a.m. in the old town"),
    "chinese order": ("外交部长周一会见挪威大使", "外交部长会见挪威大使"),
    "added place": ("Parliament approves the new media law", "Parliament approves the new media law in Vilnius"),
}
BACKGROUND = {
    "weekday and date": "The council met on Tuesday, March 3.",
    "number in words": "The storm killed twelve people, 12 of them fishermen.",
    "inflection": "Prezydent Litwy. Litewski prezydent.",
}


@pytest.mark.parametrize("case", OTHER_EVENTS)
@pytest.mark.parametrize("place", ["headline", "first sentence"])
def test_another_subject_is_another_event(case: str, place: str) -> None:
    """It does not matter whether the headline or the first sentence shows it."""
    first, second = OTHER_EVENTS[case]
    if place == "headline":
        texts = [normalize_text(head, f"{head}.{REST}") for head in (first, second)]
    else:
        texts = [normalize_text("News in brief", f"{head}{REST}") for head in (first, second)]
    assert tells_other_event(*texts)
    assert tells_other_event(*reversed(texts))


@pytest.mark.parametrize("case", SAME_EVENT)
@pytest.mark.parametrize("place", ["headline", "first sentence"])
def test_another_house_style_is_the_same_event(case: str, place: str) -> None:
    """Synonyms, spellings, dates and forms of a name do not make another event."""
    first, second = SAME_EVENT[case]
    background = f" {BACKGROUND.get(case, '')} The envoys of Kenya and Norway attended in Vilnius.{REST}"
    if place == "headline":
        texts = [normalize_text(head, f"The ministry published a statement.{background}") for head in (first, second)]
    else:
        texts = [normalize_text("News in brief", f"{head}{background}") for head in (first, second)]
    assert not tells_other_event(*texts)
    assert not tells_other_event(*reversed(texts))
    assert not names_other_subject(*texts)


@pytest.mark.parametrize(
    ("first", "second", "is_other"),
    [
        ("Minister meets Kenyan ambassador", "Minister meets Peruvian ambassador", True),
        ("Chủ tịch Keo tiếp Đại sứ Kenya tại Viêng Chăn", "Chủ tịch Keo tiếp Đại sứ Peru tại Viêng Chăn", True),
        ("Президент принял посла Кении в понедельник", "Президент принял посла Перу в понедельник", True),
        ("Ferry toll rises to 18", "Ferry toll rises to 31", False),  # the same ferry, a day later
        ("Police arrest editor of weekly magazine", "Police release editor of weekly magazine", False),
    ],
)
def test_only_another_name_is_another_subject(first: str, second: str, is_other: bool) -> None:
    """Numbers and statements change in the course of one event."""
    texts = [normalize_text(head, f"{head}.{REST}") for head in (first, second)]
    assert names_other_subject(*texts) is is_other


CASELESS_NAMES = {
    "Arabic": (
        "وزير الخارجية يستقبل سفير {0}",
        "استقبل وزير الخارجية يوم الثلاثاء سفير {0} {1}، وبحث الجانبان الصيد.",
        (("النرويج", "لارس بيرغ"), ("تشيلي", "لويس مورا")),
    ),
    "Chinese": (
        "{0}市原副市长{1}因受贿获刑",
        "{0}市中级人民法院十六日宣判，原副市长{1}因受贿罪被判处有期徒刑。",
        (("临川", "周启明"), ("青岚", "郑文博")),
    ),
    "Japanese": (
        "{0}長選、新人の{1}氏が初当選",
        "{0}長選は14日投開票され、新人の{1}氏が現職を破り初当選した。",
        (("汐見市", "宮地"), ("波倉町", "小坂井")),
    ),
}
ONE_SYNONYM = {
    "Arabic": (
        "{} أربعة في حادث سير قرب المنيا",
        "أعلنت الشرطة {} أربعة أشخاص في حادث سير قرب المنيا صباح الثلاثاء.",
        ("مصرع", "مقتل"),
    ),
    "Chinese": ("青岚山体滑坡致三人{}", "青岚市十六日发生山体滑坡，造成三人{}，救援仍在进行。", ("遇难", "死亡")),
}


@pytest.mark.parametrize("language", CASELESS_NAMES)
def test_names_without_capitals_are_another_subject(language: str) -> None:
    """Two replaced words, one of them in headline and text, are names; they are missing in the other text."""
    title, text, names = CASELESS_NAMES[language]
    texts = [normalize_text(title.format(*pair), text.format(*pair)) for pair in names]
    assert names_other_subject(*texts)
    assert tells_other_event(*texts)


@pytest.mark.parametrize("language", ONE_SYNONYM)
def test_one_replaced_word_may_be_a_synonym(language: str) -> None:
    """Two editors call the victims "killed" and "dead"."""
    title, text, words = ONE_SYNONYM[language]
    assert not names_other_subject(*(normalize_text(title.format(word), text.format(word)) for word in words))


def test_editions_of_a_column_name_other_weekdays() -> None:
    """Parts of weekdays of several words, such as "hai" in "thứ hai", are numbers elsewhere."""
    column = "La bolsa de Lonville cierra {} este {}"
    texts = [normalize_text(column.format(*words), REST) for words in (("al alza", "lunes"), ("a la baja", "martes"))]
    assert names_other_weekday(*texts)
    assert not names_other_weekday(texts[0], texts[0])
    numbers = [normalize_text(f"Cháy xưởng gỗ ở Long Xuyên, {word} người bị thương", REST) for word in ("hai", "ba")]
    assert not names_other_weekday(*numbers)


def test_a_long_headline_takes_bounded_time() -> None:
    """Only the first words of a headline are compared."""
    texts = [normalize_text(" ".join(f"{word}{number}" for number in range(20_000)), REST) for word in ("a", "b")]
    assert not tells_other_event(*texts)

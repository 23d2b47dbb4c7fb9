"""Spellings of whole names: letters written as two, initials, Arabic words, lists, fathers' names, Han characters."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist
from monitor.match.names.forms import parse_name


def found(name: str, country: str, text: str, language: str = "en", *aliases: str) -> list[str]:
    """Return what is found of one official in a text."""
    matcher = compile_watchlist(Watchlist((Official("one", name, country, aliases, (Role("Governor"),)),)))
    return [mention.text for mention in matcher.match(Article(url="", body=text, language=language)).mentions]


@pytest.mark.parametrize(
    ("name", "country", "text", "language", "expected"),
    [
        ("Günther Köhler", "Germany", "Guenther Koehler spoke.", "en", "Guenther Koehler"),
        ("Åsa Bråten", "Norway", "Aasa Braaten spoke.", "en", "Aasa Braaten"),
        ("Đurđa Anđelić", "Croatia", "Djurdja Andjelic spoke.", "en", "Djurdja Andjelic"),
        ("Rəşad Əhmədov", "Azerbaijan", "Rashad Ahmadov and Rəşad Əhmədov are one man.", "en", "Rəşad Əhmədov"),
        ("Matei Păun-Țepeș", "Romania", "Matei Păun-Ţepeş a plecat.", "ro", "Matei Păun-Ţepeş"),
        ("P.J. Halloran", "Ireland", "Then PJ Halloran spoke.", "en", "PJ Halloran"),
        ("K. R. Kumar Nandini", "India", "KR Nandini spoke.", "en", "KR Nandini"),
        ("V. Raghunathan", "India", "V. Raghunathan spoke.", "en", "V. Raghunathan"),
        ("V. Raghunathan", "India", "V Raghunathan spoke.", "en", "V Raghunathan"),
        ("Ma. Corazon Dimalanta", "Philippines", "Corazon S. Dimalanta spoke.", "en", "Corazon S. Dimalanta"),
        ("Keti Mchedlishvili", "Georgia", "Georgia: Keti Mtchedlishvili spoke.", "en", "Keti Mtchedlishvili"),
        ("Jamal Jafarov", "Azerbaijan", "Azerbaijan: Camal Cafarov spoke.", "en", "Camal Cafarov"),
        ("P.J. Halloran", "Ireland", "Then P. J. Halloran spoke.", "en", "P. J. Halloran"),
        ("Siobhan O'Keeffe", "Ireland", "Siobhan OKeeffe spoke.", "en", "Siobhan OKeeffe"),
        ("Abdulrahman al-Harbi", "Saudi Arabia", "Abd al-Rahman al-Harbi spoke.", "en", "Abd al-Rahman al-Harbi"),
        ("Abdel Nasser Qasim", "Yemen", "Abdul Nasser Qasim spoke.", "en", "Abdul Nasser Qasim"),
        ("Mohammed bin Turki", "Saudi Arabia", "Muhammad ibn Turki spoke.", "en", "Muhammad ibn Turki"),
        ("Mohammed bin Turki", "Saudi Arabia", "Mohammed b. Turki spoke.", "en", "Mohammed b. Turki"),
        ("Choe Ryong-su", "North Korea", "Choi Ryong Su spoke.", "en", "Choi Ryong Su"),
        ("Noh Jae-won", "South Korea", "Jae-won Roh spoke.", "en", "Jae-won Roh"),
        ("Magdi Rajab", "Egypt", "Egypt: Majdi Ragab spoke.", "en", "Majdi Ragab"),
        (
            "Sirojiddin Muhiddinov",
            "Tajikistan",
            "Tajikistan: Sirodjiddin Mukhiddinov spoke.",
            "en",
            "Sirodjiddin Mukhiddinov",
        ),
        ("Farhad Naghavi", "Iran", "Farhad Naqavi spoke.", "en", "Farhad Naqavi"),
        ("Hamid Reza Sadeqi", "Iran", "Hamid Reza Sadeghi spoke.", "en", "Hamid Reza Sadeghi"),
        ("Mohsen Baqer Ghorbani", "Iran", "Mohsen Bagher Qorbani spoke.", "en", "Mohsen Bagher Qorbani"),
        ("Razali Osman", "Malaysia", "Razali bin Osman spoke.", "en", "Razali bin Osman"),
        ("Grace Lau Wai-man", "Hong Kong", "Grace Lau spoke.", "en", "Grace Lau"),
        ("Henrik Aalto", "Finland", "LIST: AALTO, Henrik; and others", "en", "AALTO, Henrik"),
        ("Henrik Aalto", "Finland", "AALTO Henrik, né le 2 mai 1970", "fr", "AALTO Henrik"),
        ("Henrik Aalto", "Finland", "Aalto, Henrik, the governor of the bank, was added.", "en", "Aalto, Henrik"),
        ("Henrik Aalto", "Finland", "•AALTO, Henrik spoke.", "en", "AALTO, Henrik"),
        ("Henrik Aalto", "Finland", "#HenrikAalto spoke.", "en", "HenrikAalto"),
        ("Bento Dias d'O", "Brazil", "Present: DIAS D'O Bento and others.", "en", "DIAS D'O Bento"),
        ("Олег Дроздов", "Russia", "Губернатор Олег Игоревич Дроздов прибыл.", "ru", "Олег Игоревич Дроздов"),
        ("Олег Дроздов", "Russia", "Встреча с Олегом Игоревичем Дроздовым.", "ru", "Олегом Игоревичем Дроздовым"),
        ("Олег Дроздов", "Russia", "О. И. Дроздов выступил.", "ru", "О. И. Дроздов"),
        ("Петър Димов", "Bulgaria", "Кметът Петър Стоянов Димов пристигна.", "bg", "Петър Стоянов Димов"),
        ("عبد الرحمن الحربي", "Saudi Arabia", "وعبدالرحمن الحربي قال", "ar", "وعبدالرحمن الحربي"),
        ("राजेन्द्र वर्मा", "India", "मंत्री राजेंद्र वर्मा ने कहा", "hi", "राजेंद्र वर्मा"),
        ("陈国华", "China", "省長陳國華表示支持。", "zh", "陳國華"),
        ("小林健太", "Japan", "小林　健太知事は会談した。", "ja", "小林　健太"),
    ],
)
def test_a_name_is_found_in_another_usual_spelling(
    name: str, country: str, text: str, language: str, expected: str
) -> None:
    """The rules of writing are data and builders, not a list of names."""
    assert expected in found(name, country, text, language)


@pytest.mark.parametrize(
    ("name", "country", "text", "language"),
    [
        ("Henrik Aalto", "Finland", "We met Aalto, Henrik said.", "en"),
        ("Олег Дроздов", "Russia", "Олег Игорь Дроздов прибыл.", "ru"),
        ("Olga Muller", "Germany", "Olga Mueler spoke.", "en"),
        ("Michael Novak", "United States", "Michal Novak spoke.", "en"),
        ("Samuel Reed", "United States", "Samul Reed spoke.", "en"),
        ("Joel Aarons", "United States", "Jol Arons spoke.", "en"),
    ],
)
def test_other_words_are_not_a_spelling(name: str, country: str, text: str, language: str) -> None:
    """A comma in a sentence, a further given name, a slip, and a name without one of two letters are not spellings."""
    assert found(name, country, text, language) == []


def test_an_alias_leaves_the_sound_of_the_name_alone() -> None:
    """The configured name is compared by sound whatever aliases it has."""
    assert found("Wichian Sukkasem", "Thailand", "General Vichian Sukasem of Thailand spoke.", "en", "Big Noi") == [
        "Vichian Sukasem"
    ]


def test_a_first_name_in_the_text_starts_the_comparison_by_sound() -> None:
    """The country need not be named: the first name is enough, in the spelling of another language, too."""
    assert found("Vyacheslav Dudnyk", "Ukraine", "Vyacheslav Dudnik spoke.") == ["Vyacheslav Dudnik"]
    assert found("Vladislav Kovalenko", "Ukraine", "Wladislaw Kowalenko sprach.", "de") == ["Wladislaw Kowalenko"]


def test_the_number_of_spellings_of_one_name_is_bounded() -> None:
    """A name with several exchangeable words has not hundreds of forms."""
    forms = parse_name("Abdul Karim bin Mohammed bin Abdel Hamid al-Hussein", "Saudi Arabia").full_forms
    assert len(forms) < 400


@pytest.mark.parametrize(
    ("name", "country", "title", "language", "text", "expected"),
    [
        (
            "Đỗ Quang Minh",
            "Vietnam",
            "Minister of Health",
            "en",
            "Health Minister Do Quang Mnih spoke.",
            "Do Quang Mnih",
        ),
        ("Đỗ Quang Minh", "Vietnam", "Minister of Health", "vi", "Bộ trưởng Y tế Do Quagn Minh nói.", "Do Quagn Minh"),
        (
            "Sok Chenda Vuthy",
            "Cambodia",
            "Foreign Minister",
            "en",
            "Foreign Minister Sok Chanda Vuthy.",
            "Sok Chanda Vuthy",
        ),
        ("Thein Lwin Oo", "Myanmar", "Minister of Health", "en", "Health Minister Thein Lwinn Oo.", "Thein Lwinn Oo"),
        ("Đỗ Quang Minh", "Vietnam", "Minister of Health", "en", "Finance Minister Do Quang Mnih spoke.", ""),
        ("Đỗ Quang Minh", "Vietnam", "Deputy Minister of Health", "en", "Deputy Health Minister Do Quang Mnih.", ""),
        ("Đỗ Quang Minh", "Vietnam", "Minister of Health", "en", "Do Quang Mnih spoke.", ""),
    ],
)
def test_a_typo_in_a_syllable_needs_a_position_of_one_person(
    name: str, country: str, title: str, language: str, text: str, expected: str
) -> None:
    """In names of syllables another letter is another name, except after the position of the official."""
    matcher = compile_watchlist(Watchlist((Official("one", name, country, roles=(Role(title),)),)))
    mentions = matcher.match(Article(url="", body=text, language=language)).mentions
    assert [mention.text for mention in mentions] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("name", "country", "text", "language", "expected"),
    [
        ("Ruth O'Hanlon", "Ireland", "Ruth O’Hanlon came. O’Hanlon spoke.", "en", ["Ruth O’Hanlon", "O’Hanlon"]),
        ("Ruth O'Hanlon", "Ireland", "Ruth J. O'Hanlon came.", "en", ["Ruth J. O'Hanlon"]),
        ("Piero D'Angeli", "Italy", "Piero D'Angeli arriva. D'Angeli parla.", "it", ["Piero D'Angeli", "D'Angeli"]),
        ("Livia della Torre", "Italy", "Ha parlato Livia della Torre.", "it", ["Livia della Torre"]),
        ("Nilo M. dela Rosa", "Philippines", "Nilo M. dela Rosa spoke.", "en", ["Nilo M. dela Rosa"]),
        ("Sidi ould Brahim", "Mauritania", "Sidi ould Brahim a parlé.", "fr", ["Sidi ould Brahim"]),
    ],
)
def test_names_with_apostrophes_and_long_particles_are_whole(
    name: str, country: str, text: str, language: str, expected: list[str]
) -> None:
    """The part before an apostrophe belongs to the family name; a long particle, to the name."""
    assert found(name, country, text, language) == expected


def test_of_several_officials_the_one_with_exactly_the_printed_name_is_found() -> None:
    """An official who has the name with a further name in the middle is not as likely."""
    names = ("Nora Whitfield", "Nora J. Whitfield", "Nora Lee Whitfield")
    matcher = compile_watchlist(Watchlist(tuple(Official(name, name, "United States") for name in names)))
    mentions = matcher.match(Article(url="", body="Reporters asked Nora Whitfield.", language="en")).mentions
    assert [mention.official_id for mention in mentions] == ["Nora Whitfield"]


def test_a_short_name_is_found_with_letters_that_ascii_texts_write_as_two() -> None:
    """After the full name, the family name alone may have the same spelling."""
    text = "Guenther Koehler spoke. Koehler left."
    assert found("Günther Köhler", "Germany", text) == ["Guenther Koehler", "Koehler"]


def test_ministers_are_found_by_their_office_in_their_own_language() -> None:
    """A family name next to a minister's title, in Greek or Lithuanian, needs no full name."""
    for name, country, language, title, text in (
        ("Ηλίας Καραβάς", "Greece", "el", "Minister of Shipping", "Ο υπουργός Ναυτιλίας Καραβάς έφυγε."),
        ("Jonas Karaliūnas", "Lithuania", "lt", "Minister of Agriculture", "Žemės ūkio ministras Karaliūnas išvyko."),
        ("Lone Skovbjerg", "Denmark", "da", "Minister of Culture", "Kulturminister Skovbjerg gik."),
    ):
        official = Official("one", name, country, (), (Role(title),))
        findings = compile_watchlist(Watchlist((official,))).match(Article(url="", body=text, language=language))
        assert [one.official_id for one in findings.mentions] == ["one"], name

"""Forms of a name by the convention of its country, and issues of doubtful names."""

from typing import get_args

import pytest

from monitor.domain.mention import MatchForm
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.language.load import language_data
from monitor.language.schema import BUILDER_KEYS, Builder
from monitor.match.lint import lint_names
from monitor.match.names.forms import list_name_forms, parse_name
from monitor.match.vocabulary import find_country_key


@pytest.mark.parametrize(
    ("name", "country", "form", "is_form"),
    [
        ("Mohammed Hosni Rashad", "Egypt", "hosni rashad", True),
        ("Mohammed Hosni Rashad", "Russia", "hosni rashad", False),
        ("Nur Hasan Ali", "Indonesia", "hasan ali", True),
        ("Nur Hasan Ali", "Iraq", "hasan ali", False),
        ("Maria Lourdes Vela", "Philippines", "lourdes vela", True),
        ("Maria Lourdes Vela", "Malaysia", "lourdes vela", False),
        ("Karim Jan van Dijk", "Netherlands", "karim van dijk", True),
        ("Karim Jan van Dijk", "Jordan", "karim van dijk", True),
    ],
)
def test_a_convention_reads_its_own_lists_and_those_it_shares(
    name: str, country: str, form: str, is_form: bool
) -> None:
    """A first name that one country omits is part of the name in another."""
    assert (form in {" ".join(words) for words in parse_name(name, country).full_forms}) == is_form


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Dr John Adam Smith", ""),
        ("Dr. John Adam Smith", "Kenya"),
        ("Mr John Adam Smith", ""),
        ("MR. John Adam Smith", "Canada"),
        ("Ms. John Adam Smith", ""),
        ("Mrs John Adam Smith", ""),
        ("Lt Gen John Adam Smith", "India"),
        ("Lt. Col. Dr. John Adam Smith", ""),
        ("Gen. Sir John Adam Smith", ""),
    ],
)
def test_forms_of_address_are_no_part_of_a_name(name: str, country: str) -> None:
    assert parse_name(name, country) == parse_name("John Adam Smith", country)


def test_a_code_in_capitals_is_that_of_its_country() -> None:
    """Some codes are also names of other countries: "Nga" is Russia, and "Áo" is Austria in Vietnamese."""
    wrong = {
        code: find_country_key(code)
        for country in language_data().countries
        for code in (country.domain.upper(), country.code)
        if code and find_country_key(code) != find_country_key(country.names[0])
    }
    assert wrong == {}
    assert [find_country_key(name) for name in ("Nga", "Áo", "Atlantis")] == ["russia", "austria", "atlantis"]


@pytest.mark.parametrize("country", ["VN", "vn", "VNM", "Viet Nam", "Việt Nam", "the Vietnam"])
def test_a_country_is_known_by_each_of_its_names_and_codes(country: str) -> None:
    assert parse_name("Phan Văn Giang", country) == parse_name("Phan Văn Giang", "Vietnam")
    assert list(lint_names(Watchlist((Official("a", "Phan Văn Giang", country),)))) == []


@pytest.mark.parametrize(
    ("name", "country"), [("Ba Htay Win", "Myanmar"), ("Bu Xiao Lin", "China"), ("Ko Ko Gyi", "Myanmar")]
)
def test_a_short_word_that_may_be_a_name_is_kept(name: str, country: str) -> None:
    assert parse_name(name, country).full_forms[0] == tuple(name.lower().split())
    assert lint_names(Watchlist((Official("o", name, country, (), (Role("President"),)),))) == ()


@pytest.mark.parametrize(
    ("name", "country", "words"),
    [
        ("Dr. Smith", "Kenya", "'Dr.' may be a form of address, which is no part of a name: if so, write 'Smith' in"),
        ("Bu Retno Marsudi", "Indonesia", "'Bu' may be a form of address"),
        ("Bà Trương Thị Mai", "Vietnam", "'Bà' may be a form of address"),
        ("Ko Htay Win", "Myanmar", "write 'Htay Win' in full"),
    ],
)
def test_a_form_of_address_that_is_kept_is_a_warning(name: str, country: str, words: str) -> None:
    (issue,) = lint_names(Watchlist((Official("o", name, country, (), (Role("President"),)),)))
    assert words in issue.message
    assert not issue.is_fatal


def test_every_builder_has_its_keys_and_builds_names() -> None:
    assert set(BUILDER_KEYS) == set(get_args(Builder))
    data = language_data()
    assert {convention.builder for convention in data.conventions.values()} == set(get_args(Builder))
    for convention in data.conventions:
        country = next(country.names[0] for country in data.countries if country.convention == convention)
        assert parse_name("Abc Def Ghi", country).full_forms


@pytest.mark.parametrize(
    ("name", "country", "wholes", "shorts"),
    [
        ("Trần Minh Hải", "Việt Nam", {"tran minh hai", "hai tran minh", "minh hai tran"}, {"hai", "minh hai"}),
        ("Somphone Vongdara", "Lao PDR", {"somphone vongdara", "vongdara somphone"}, {"somphone", "vongdara"}),
        ("Chea Vuthy", "Cambodia", {"chea vuthy", "vuthy chea"}, {"vuthy"}),
        ("Chea Vuthy Rithy", "Cambodia", {"chea vuthy rithy", "vuthy rithy chea"}, {"vuthy rithy", "chea vuthy"}),
        ("U Kyaw Zin Oo", "Myanmar", {"kyaw zin oo"}, {"zin oo", "oo"}),
        ("Bambang Sutrisno", "Indonesia", {"bambang sutrisno"}, {"bambang", "sutrisno"}),
        ("Zhao Mingde", "China", {"zhao mingde", "mingde zhao"}, {"zhao"}),
        ("Kang Min-ho", "South Korea", {"kang min ho", "min ho kang", "kang minho", "minho kang"}, {"kang"}),
        ("Aiko Tanabe", "Japan", {"aiko tanabe", "tanabe aiko"}, {"tanabe", "aiko"}),
        ("Jan van der Berg", "Netherlands", {"jan van der berg"}, {"van der berg"}),
        ("Rosa Fuentes Ibarra", "Mexico", {"rosa fuentes ibarra", "rosa fuentes"}, {"fuentes", "fuentes ibarra"}),
        (
            "Nabil al-Sabi",
            "Jordan",
            {"nabil al sabi", "nabil sabi", "nabil el sabi", "nabil as sabi", "nabil alsabi", "nabil elsabi"},
            {"sabi", "al sabi", "el sabi", "alsabi", "elsabi"},
        ),
        ("Alan B. Reyes Jr.", "Philippines", {"alan b reyes", "alan reyes"}, {"reyes", "alan"}),
        ("Marie-Claire Le Goff", "France", {"marie claire le goff"}, {"le goff"}),
    ],
)
def test_name_parts_follow_the_naming_convention(name: str, country: str, wholes: set[str], shorts: set[str]) -> None:
    """The full and short forms are the ones that the press of the country uses."""
    shape = parse_name(name, country)
    assert {" ".join(words) for words in shape.full_forms} == wholes
    assert {" ".join(short.words) for short in shape.short_forms} == shorts


def test_malay_names_allow_patronymic_particles_and_honorifics() -> None:
    """In Malay names "bin", "Haji" or "Datuk" may stand between a name and the father's, whether configured or not."""
    wholes = {" ".join(words) for words in parse_name("Zulkifli bin Osman", "Malaysia").full_forms}
    assert wholes >= {"zulkifli osman", "zulkifli bin osman", "zulkifli haji osman", "zulkifli bin datuk osman"}


def test_an_arabic_given_name_before_a_patronymic_needs_a_title() -> None:
    """The press writes "Prince Faris" for "Faris bin Nasser"."""
    shorts = {
        " ".join(short.words): short.sufficient for short in parse_name("Faris bin Nasser", "Saudi Arabia").short_forms
    }
    assert shorts["faris"] is False


def test_forms_are_listed_and_risky_ones_are_marked() -> None:
    """The list has every form and marks the ones that need more evidence."""
    forms = {
        (form.text, form.form): form
        for form in list_name_forms(Official("hai", "Trần Minh Hải", "Vietnam", ("陈明海",)))
    }
    assert not forms["Trần Minh Hải", MatchForm.FULL].risky
    assert not forms["陈明海", MatchForm.FULL].risky
    assert forms["Hải", MatchForm.SHORT].risky
    assert ("[title] Hải", MatchForm.WITH_TITLE) in forms


@pytest.mark.parametrize(
    ("official", "field", "index", "fatal", "words"),
    [
        (Official("a", "123"), "name", -1, True, "no letter"),
        (Official("a", "Man"), "name", -1, True, "ordinary word"),
        (Official("a", "Anna Kovar", aliases=("强",)), "aliases", 0, True, "too short"),
        (Official("a", "Sutrisno"), "name", -1, False, "one word"),
        (Official("a", "Sutrisno", "Indonesia"), "name", -1, False, "one word"),
        (Official("a", "Anna Kovar", "Atlantis"), "country", -1, False, "not a known country"),
        (
            Official("a", "Anna Kovar", roles=(Role("Minister of Finance"), Role("xyz"))),
            "roles",
            1,
            False,
            "no position",
        ),
        (Official("a", "Anna Kovar", aliases=("ANNA KOVAR",)), "aliases", 0, False, "the same as another name"),
    ],
)
def test_invalid_and_doubtful_names_are_reported_at_their_place(
    official: Official, field: str, index: int, fatal: bool, words: str
) -> None:
    """Names that cannot be used are fatal issues; misleading ones are not fatal."""
    (issue,) = [issue for issue in lint_names(Watchlist((official,))) if words in issue.message]
    assert (issue.field, issue.index, issue.is_fatal) == (field, index, fatal)


def test_shared_names_are_reported_unless_the_diacritics_differ() -> None:
    """Position and country distinguish two people with one name; different diacritics make two names."""
    first = Official("a", "Lê Minh Hưng", "Vietnam", roles=(Role("Prime Minister"),))
    assert lint_names(Watchlist((first, Official("b", "Lê Minh Hùng", "Vietnam")))) == ()
    (issue,) = lint_names(Watchlist((first, Official("b", "Le Minh Hung", "Vietnam", roles=(Role("Mayor"),)))))
    assert "where position, country or date fits one of them" in issue.message
    (issue,) = lint_names(Watchlist((first, Official("b", "Le Minh Hung", "Vietnam"))))
    assert "nothing distinguishes them" in issue.message

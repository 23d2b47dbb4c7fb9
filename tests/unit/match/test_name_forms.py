"""The forms of a name by the convention of its country, and what is said of doubtful names."""

import pytest

from monitor.domain.mention import MatchForm
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.lint import lint_names
from monitor.match.names.forms import list_name_forms, parse_name


@pytest.mark.parametrize(
    ("name", "country", "wholes", "shorts"),
    [
        ("Trần Minh Hải", "Việt Nam", {"tran minh hai", "hai tran minh", "minh hai tran"}, {"hai", "minh hai"}),
        ("Somphone Vongdara", "Lao PDR", {"somphone vongdara"}, {"somphone", "vongdara"}),
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
            "Omar al-Sabi",
            "Jordan",
            {"omar al sabi", "omar sabi", "omar el sabi", "omar as sabi", "omar alsabi", "omar elsabi"},
            {"sabi", "al sabi", "el sabi", "alsabi", "elsabi"},
        ),
        ("Alan B. Reyes Jr.", "Philippines", {"alan b reyes", "alan reyes"}, {"reyes", "alan"}),
        ("Marie-Claire Le Goff", "France", {"marie claire le goff"}, {"le goff"}),
    ],
)
def test_conventions(name: str, country: str, wholes: set[str], shorts: set[str]) -> None:
    """Each country's names are taken apart as its press does."""
    shape = parse_name(name, country)
    assert {" ".join(words) for words in shape.full_forms} == wholes
    assert {" ".join(short.words) for short in shape.short_forms} == shorts


def test_a_father_may_be_named_with_his_honours() -> None:
    """In Malay names "bin", "Haji" or "Datuk" may stand between a name and the father's, whether configured or not."""
    wholes = {" ".join(words) for words in parse_name("Zulkifli bin Osman", "Malaysia").full_forms}
    assert wholes >= {"zulkifli osman", "zulkifli bin osman", "zulkifli haji osman", "zulkifli bin datuk osman"}


def test_the_given_name_before_a_father_s_stands_beside_a_title() -> None:
    """Of "Faris bin Nasser" the press says Prince Faris; his father's name may be said too."""
    shorts = {
        " ".join(short.words): short.sufficient for short in parse_name("Faris bin Nasser", "Saudi Arabia").short_forms
    }
    assert shorts["faris"] is False


def test_forms_are_listed_with_their_risks() -> None:
    """A user sees every form, and which ones need more than themselves."""
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
        (Official("a", "Anna Kovar", "Atlantis"), "country", -1, False, "no country known"),
        (Official("a", "Anna Kovar", roles=(Role("Minister of Finance"), Role("xyz"))), "roles", 1, False, "no post"),
        (Official("a", "Anna Kovar", aliases=("ANNA KOVAR",)), "aliases", 0, False, "says nothing"),
    ],
)
def test_doubtful_names(official: Official, field: str, index: int, fatal: bool, words: str) -> None:
    """What cannot work is refused, what may mislead is remarked on, at its own place."""
    (remark,) = lint_names(Watchlist((official,)))
    assert (remark.field, remark.index, remark.is_fatal) == (field, index, fatal)
    assert words in remark.message


def test_shared_names() -> None:
    """Two people of one name are told apart by post and country; marks make them two names."""
    first = Official("a", "Lê Minh Hưng", "Vietnam", roles=(Role("Prime Minister"),))
    assert lint_names(Watchlist((first, Official("b", "Lê Minh Hùng", "Vietnam")))) == ()
    (remark,) = lint_names(Watchlist((first, Official("b", "Le Minh Hung", "Vietnam", roles=(Role("Mayor"),)))))
    assert "where post, country or date decides" in remark.message
    (remark,) = lint_names(Watchlist((first, Official("b", "Le Minh Hung", "Vietnam"))))
    assert "nothing tells them apart" in remark.message

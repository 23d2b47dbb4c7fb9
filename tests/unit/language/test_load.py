"""Loader of the data files: a mistake is reported with file and key."""

from pathlib import Path

import pytest

from monitor.language.load import LanguageDataError, load_language_data

LANGUAGE = 'code = "xx"\nname = "Example"\nsources = ["a grammar"]\n'
CONVENTION = 'name = "western"\nsources = ["a grammar"]\nbuilder = "family_last"\n'
COUNTRIES = 'sources = ["an atlas"]\n[[country]]\nnames = ["Exampleland"]\nconvention = "western"\nhome_of = "xx"\n'
ORTHOGRAPHY = """
sources = ["invented for this test"]
digraphs = {"ü" = "ue"}
twins = [["ы", "и"]]
arabic_prefixes = ["ال"]
han_simplified = ["国"]
han_traditional = ["國"]
transcriptions = [["u", "ou"]]
"""
TRANSLITERATION = """
sources = ["invented for this test"]
cyrillic = {"б" = "b"}
greek = {}
georgian = {}
armenian = {}
arabic = {}
hebrew = {}
katakana = {}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one valid file of each kind."""
    (tmp_path / "languages").mkdir()
    (tmp_path / "conventions").mkdir()
    (tmp_path / "languages/xx.toml").write_text(LANGUAGE, "utf-8")
    (tmp_path / "conventions/western.toml").write_text(CONVENTION, "utf-8")
    (tmp_path / "countries.toml").write_text(COUNTRIES, "utf-8")
    (tmp_path / "orthography.toml").write_text(ORTHOGRAPHY, "utf-8")
    (tmp_path / "transliteration.toml").write_text(TRANSLITERATION, "utf-8")
    return tmp_path


def test_valid_files_are_loaded(folder: Path) -> None:
    data = load_language_data(folder)
    assert data.languages["xx"].name == "Example"
    assert data.conventions["western"].builder == "family_last"
    assert data.countries[0].names == ("Exampleland",)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("languages/xx.toml", LANGUAGE + "[titles]\nranges = []\n", "xx.toml: titles.ranges: Extra inputs"),
        ("languages/xx.toml", LANGUAGE.replace('sources = ["a grammar"]', ""), "xx.toml: sources: Field required"),
        (
            "languages/xx.toml",
            LANGUAGE.replace('["a grammar"]', "[]"),
            "xx.toml: sources: Tuple should have at",
        ),
        ("languages/xx.toml", LANGUAGE + "[places]\nbefore = ['']\n", "xx.toml: places.before.0: String should have"),
        ("languages/xx.toml", LANGUAGE + "[places]\nbefore = []\n", "xx.toml: places.before: the list is empty"),
        (
            "languages/xx.toml",
            LANGUAGE + '[titles.positions]\nminister = ["a", "b", "a"]\n',
            "xx.toml: titles.positions.minister: 'a' is listed 2 times; delete all but one",
        ),
        (
            "conventions/western.toml",
            CONVENTION + "respellings = [['a', 'b'], ['a', 'b']]\n",
            "western.toml: respellings: ['a', 'b'] is listed 2 times",
        ),
        (
            "countries.toml",
            COUNTRIES + '[[country]]\nnames = ["Exampleland"]\nconvention = "western"\n',
            "countries.toml: Exampleland: names: two countries have this name",
        ),
        ("languages/xx.toml", LANGUAGE.replace('"xx"', '"yy"'), "xx.toml: code: 'yy' is not the name of the file"),
        ("languages/xx.toml", "code = ", "xx.toml: not valid TOML: Invalid value"),
        ("languages/xx.toml", LANGUAGE + '[calendar]\nmonths = [["a"]]\n', "a year has 12 months, not 1"),
        (
            "languages/xx.toml",
            LANGUAGE + '[titles.positions]\n"minister.foreign.deputy.x" = ["a"]\n',
            "use head, head.level or head.level.domain",
        ),
        (
            "languages/xx.toml",
            LANGUAGE + '[inflection]\nsame_as = "zz"\n',
            "xx.toml: inflection.same_as: no language 'zz'",
        ),
        (
            "languages/xx.toml",
            LANGUAGE + '[succession.country_adjectives]\nzz = ["zzish"]\n',
            "xx.toml: succession.country_adjectives: no country has the domain 'zz'",
        ),
        ("conventions/western.toml", CONVENTION.replace("western", "eastern", 1), "western.toml: name: 'eastern'"),
        ("conventions/western.toml", CONVENTION + 'phonetic_parts = ["first"]\n', "name two parts, or none"),
        (
            "conventions/western.toml",
            CONVENTION.replace("family_last", "by_parts") + '[[short_forms]]\npart = "family"\n',
            "western.toml: short_forms: part 'family' needs the builder 'family_last'",
        ),
        (
            "conventions/western.toml",
            CONVENTION + "split_hyphens = true\n",
            "western.toml: split_hyphens: the builder 'family_last' ignores it; it reads common_first_names",
        ),
        (
            "conventions/western.toml",
            CONVENTION.replace("family_last", "vietnamese") + "particles = ['de']\n",
            "western.toml: particles: the builder 'vietnamese' ignores it",
        ),
        (
            "conventions/western.toml",
            CONVENTION + "shares_lists_of = ['arabic']\n",
            "western.toml: shares_lists_of: no convention 'arabic'",
        ),
        ("conventions/western.toml", CONVENTION.replace("family_last", "eastern"), "western.toml: builder: Input"),
        ("countries.toml", COUNTRIES.replace('"xx"', '"zz"'), "countries.toml: home_of: no language 'zz'; add lang"),
        (
            "countries.toml",
            COUNTRIES.replace("[[country]]", "languages_without_file = ['xx']\n[[country]]"),
            "countries.toml: languages_without_file: 'xx' has a file; delete it",
        ),
        (
            "countries.toml",
            COUNTRIES.replace("[[country]]", "languages_without_file = ['zz']\n[[country]]"),
            "countries.toml: languages_without_file: 'zz' is home_of no country; delete it",
        ),
        ("countries.toml", COUNTRIES.replace("western", "eastern"), "Exampleland: no convention 'eastern'"),
        (
            "countries.toml",
            COUNTRIES + '[[country]]\nnames = ["Other"]\nconvention = "western"\nhome_of = "xx"\n',
            "countries.toml: home_of: 'xx' has 2 countries; name one",
        ),
    ],
)
def test_a_mistake_is_reported_with_file_and_key(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(LanguageDataError) as caught:
        load_language_data(folder)
    assert message in str(caught.value)

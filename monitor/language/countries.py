"""Codes of countries, and their names for display."""

from functools import cache
from types import MappingProxyType

from monitor.language.load import language_data


def is_country_code(text: str) -> bool:
    """Return whether a text has the form of a country code.

    Country codes have two or three letters. The code of a part of a country, such as gb-sct, and an id in Wikidata also
    count.
    """
    return bool(text) and (len(text) <= 3 or text[1:].isdigit() or (len(text) <= 7 and text[2:3] == "-"))


def find_country_of_code(text: str) -> str:
    """Return the name of the country with this code: the first of its names in the language data.

    The result is an empty string for an unknown code.
    """
    if not is_country_code(text):
        return ""
    codes, code = _names_by_code(), text.upper()
    return codes.get(code) or codes.get(code.partition("-")[0], "")


def format_country_name(country: str) -> str:
    """Return the name of a country for display, with capital letters. ``country`` is the key of the country."""
    words = (word if word in {"of", "and", "the"} else word.capitalize() for word in country.split())
    return " ".join(words)


@cache
def _names_by_code() -> MappingProxyType[str, str]:
    names: dict[str, str] = {}
    for country in language_data().countries:
        names |= {code.upper(): country.names[0] for code in (country.domain, country.code, country.wikidata) if code}
    names["GB"] = names["UK"]  # the domain differs from the code of ISO 3166-1
    return MappingProxyType(names)

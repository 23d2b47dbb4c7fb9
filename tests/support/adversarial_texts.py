"""Texts of any length by which a hostile feed could slow matching down, and the watchlist that they aim at."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Rule, Watchlist

OFFICIALS = (
    Official("pan", "Phan Văn Giang", "Vietnam", roles=(Role("Minister of Defence"),), aliases=("潘文江",)),
    Official("chansamone", "Chansamone Chanyalath", "Laos", roles=(Role("Prime Minister", date(2020, 1, 1)),)),
    Official("hargrove", "Walter Hargrove", "United States", roles=(Role("Secretary of State"),)),
    Official("turki", "Turki bin Fahd Al Saud", "Saudi Arabia", roles=(Role("Minister of Energy"),)),
    Official("kim", "김민석", "South Korea", roles=(Role("Prime Minister"),)),
    Official("wang", "Wang Yi", "China", roles=(Role("Foreign Minister"),), aliases=("王毅", "王")),
    Official("ivanov", "Sergey Ivanov", "Russia", roles=(Role("Minister of Defence"),), aliases=("Сергей Иванов",)),
    Official("suharto", "Sukarnoputri", "Indonesia", roles=(Role("President"),)),
    Official("khamtay", "ຄຳໄຕ ສີພັນດອນ", "Laos", roles=(Role("President"),)),
)
RULES = (
    Rule("people", officials=("all",), match_positions=True),
    Rule("border", query='(Laos OR "border guards") NEAR/10 (border OR Vietnam)'),
    Rule("prefix", query="defen* OR =Giang OR 国防*"),
    Rule("pattern", query="/Lao(s|tian)? border/ AND NOT cricket"),
    Rule("near", query="@pan NEAR/50 @wang"),
)
WATCHLIST = Watchlist(OFFICIALS, RULES)

_REPEATED = {
    "a Chinese name": "潘文江",
    "a Chinese name with its post": "国防部长潘文江",
    "a Chinese name with spaces": "潘文江 ",
    "a Chinese family name before a post": "王毅王外长",
    "a Korean name with its post": "김민석 총리 ",
    "a Latin name": "Phan Van Giang ",
    "a short name": "Giang ",
    "a short name in quotes": '"Giang" ',
    "a name after the full name": "Wang Yi Wang ",
    "a phonetic spelling": "Jansamone Janyalat ",
    "a Cyrillic name": "Сергей Иванов ",
    "a Lao name": "ຄຳໄຕ ສີພັນດອນ",
    "words of a NEAR query": "Laos border guards ",
    "words of a prefix": "defence",
    "a title": "Minister of Defence ",
    "a title with a country": "the Lao Prime Minister, ",
    "one title word": "Minister ",
    "function words": "of the ",
    "titles before a name": "General Minister Mr Giang, ",
    "a post after a name": "Giang, Minister of Defence, ",
    "initials": "W. ",
    "initials before a name": "W. B. Hargrove ",
    "another bearer": "Nguyen Giang. Giang said. ",
    "a patronymic": "Turki bin Fahd ",
    "a typo": "Walter Hargrave ",
    "a long line without spaces": "Giang",
    "a word that never ends": "a",
    "capitals that never end": "A",
    "mixed scripts": "潘A王Bмир",
    "look-alike letters": "Wаng Yi аnd Рhan Vаn Giаng ",
    "a word of look-alike letters": "aа",
    "readings in brackets": "王(おう)毅(き)",
    "a reading that never ends": "王(おう",
    "a name between scripts": "潘文江Giang王毅",
    "nested quotes": "\"'(“",
    "brackets around a name": "(((Giang",
    "closing brackets": "Giang))) ",
    "hyphens": "Giang-Giang-",
    "apostrophes": "Giang's' ",
    "dots": "Giang... ",
    "line breaks": "Giang\n",
    "empty lines": "Giang\n\n\n\n",
    "photo credits": "Photo: Giang/AFP ",
    "invisible characters": "Gi\u200bang\u200b ",
    "combining marks": "Giá\u0300\u0301\u0302ng ",
    "digits": "1234567890",
}


def _numbered(template: str) -> Callable[[int], str]:
    """Return a function that builds a text of different words, each containing a number spelt in letters."""

    def build(size: int) -> str:
        pieces: list[str] = []
        length = 0
        for number in count():
            letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            pieces.append(template.format(letters=letters, capitals=letters.capitalize()))
            length += len(pieces[-1])
            if length >= size:
                return "".join(pieces)[:size]
        raise AssertionError

    return build


def _repeated(piece: str) -> Callable[[int], str]:
    """Return a function that builds a text of one repeated piece."""
    return lambda size: (piece * (size // len(piece) + 1))[:size]


TEXTS: dict[str, Callable[[int], str]] = {label: _repeated(piece) for label, piece in _REPEATED.items()}
TEXTS |= {
    "a name before different words": _numbered("Giang {capitals} "),
    "different words before a name": _numbered("{capitals} Giang "),
    "different capitalized words": _numbered("{capitals}son Chan{letters} "),
    "different words between scripts": _numbered("潘{capitals}"),
    "different titles": _numbered("Minister of {capitals} and "),
}
"""Texts by what they repeat; each is called with its number of characters."""


def same_family_officials(number: int) -> tuple[Official, ...]:
    """Return officials with different first names and one family name."""
    build = ("".join(chr(ord("a") + int(digit)) for digit in f"{at:05}").capitalize() for at in range(number))
    return tuple(
        Official(f"o{at}", f"{first}o Nguyenson", "Philippines", roles=(Role("Senator"),))
        for at, first in enumerate(build)
    )


def text_of_names(officials: tuple[Official, ...], size: int) -> str:
    """Return a text with the full name of each official, then the family name, again and again."""
    pieces: list[str] = []
    length = 0
    while length < size:
        for official in officials:
            pieces.append(f"{official.name} met Senator Nguyenson and Nguyenson. ")
            length += len(pieces[-1])
            if length >= size:
                break
    return "".join(pieces)[:size]


def adversarial_articles(size: int) -> Iterator[tuple[str, Article]]:
    """Yield each text as the body of an article, and as its title."""
    for label, build in TEXTS.items():
        yield label, Article(url="", title=build(size // 4), body=build(size), language="en")

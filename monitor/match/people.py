"""An official taken apart for matching, as far as a text asks for it."""

from functools import cached_property, lru_cache

from monitor.domain.official import Official
from monitor.match.conventions import parse_name
from monitor.match.countries import find_country_key
from monitor.match.posts import Position, fold_words, parse_positions
from monitor.match.shape import NameParts
from monitor.match.spaces import replace_punctuation
from monitor.text.fold import fold, fold_key

_UNIFORMED_DOMAINS = {
    "defence",
    "staff",
    "army",
    "navy",
    "air",
    "politics",
    "police",
    "security",
    "commission",
    "forces",
}


def is_native(name: str) -> bool:
    """Tell whether a name is written in another script than Latin."""
    return not name.isascii() and any(char.isalpha() and not char.isascii() for char in fold_key(name))


@lru_cache(maxsize=1000)
def find_official_country(name: str) -> str:
    """Return the key of a configured country."""
    return find_country_key(" ".join(fold_words(name)))


def printed_words(name: str) -> list[str]:
    """Return the words of a name with their marks."""
    folded = fold(name)
    spaced = replace_punctuation(folded.text)
    words: list[str] = []
    at = 1
    for word in spaced.split():
        at = spaced.index(word, at)
        words.append(folded.original_slice(at - 1, at - 1 + len(word)))
        at += len(word)
    return words


class PreparedOfficial:
    """An official and what follows from his name, country and roles; each worked out when first asked for."""

    def __init__(self, index: int, official: Official) -> None:
        self.index, self.official = index, official

    @cached_property
    def country(self) -> str:
        """The key of his country, or an empty string."""
        return find_official_country(self.official.country)

    @cached_property
    def latin_names(self) -> tuple[str, ...]:
        """His names in Latin script, the first as configured."""
        return tuple(name for name in (self.official.name, *self.official.aliases) if not is_native(name))

    @cached_property
    def latin_name_parts(self) -> tuple[NameParts, ...]:
        """His Latin names taken apart."""
        return tuple(parse_name(name, self.official.country) for name in self.latin_names)

    @cached_property
    def name_parts(self) -> NameParts:
        """His first Latin name taken apart."""
        return self.latin_name_parts[0] if self.latin_name_parts else NameParts(())

    @cached_property
    def configured_spellings(self) -> dict[str, tuple[str, ...]]:
        """For each folded word of his names, the ways it is configured."""
        spelt: dict[str, tuple[str, ...]] = {}
        for name in self.latin_names:
            for printed in printed_words(name):
                folded = fold_key(printed)
                spelt[folded] = (*spelt.get(folded, ()), printed)
        return spelt

    @cached_property
    def has_diacritics(self) -> bool:
        """Tell whether any of his names is configured with marks."""
        return not all(name.isascii() for name in self.latin_names)

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """The posts of his roles, whenever held."""
        return tuple(dict.fromkeys(post for role in self.official.roles for post in parse_positions(role.title)))

    @cached_property
    def single_word_names(self) -> frozenset[str]:
        """His names of one word, folded."""
        return frozenset(words[0] for words in map(fold_words, self.latin_names) if len(words) == 1)

    @cached_property
    def can_hold_rank(self) -> bool:
        """Tell whether a rank befits him: some post is of the army or police, or nothing is known of his posts."""
        return not self.positions or any(
            post.domains & _UNIFORMED_DOMAINS or post.head == "commander" for post in self.positions
        )

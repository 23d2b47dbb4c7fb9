"""An official taken apart for matching, as far as a text asks for it."""

from functools import cached_property, lru_cache

from monitor.domain.official import Official
from monitor.match.conventions import shape_of
from monitor.match.countries import country_key
from monitor.match.posts import Post, posts_of, words_of
from monitor.match.shape import Shape
from monitor.match.spaces import space_out
from monitor.text.fold import fold, fold_key

_SOLDIERLY = {"defence", "staff", "army", "navy", "air", "politics", "police", "security", "commission", "forces"}


def is_native(name: str) -> bool:
    """Tell whether a name is written in another script than Latin."""
    return not name.isascii() and any(char.isalpha() and not char.isascii() for char in fold_key(name))


@lru_cache(maxsize=1000)
def country_of(name: str) -> str:
    """Return the key of a configured country."""
    return country_key(" ".join(words_of(name)))


def printed_words(name: str) -> list[str]:
    """Return the words of a name with their marks."""
    folded = fold(name)
    spaced = space_out(folded.text)
    words: list[str] = []
    at = 1
    for word in spaced.split():
        at = spaced.index(word, at)
        words.append(folded.slice(at - 1, at - 1 + len(word)))
        at += len(word)
    return words


class Person:
    """An official and what follows from his name, country and roles; each worked out when first asked for."""

    def __init__(self, index: int, official: Official) -> None:
        self.index, self.official = index, official

    @cached_property
    def country(self) -> str:
        """The key of his country, or an empty string."""
        return country_of(self.official.country)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """His names in Latin script, the first as configured."""
        return tuple(name for name in (self.official.name, *self.official.aliases) if not is_native(name))

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """His Latin names taken apart."""
        return tuple(shape_of(name, self.official.country) for name in self.names)

    @cached_property
    def shape(self) -> Shape:
        """His first Latin name taken apart."""
        return self.shapes[0] if self.shapes else Shape(())

    @cached_property
    def spellings(self) -> dict[str, tuple[str, ...]]:
        """For each folded word of his names, the ways it is configured."""
        spelt: dict[str, tuple[str, ...]] = {}
        for name in self.names:
            for printed in printed_words(name):
                folded = fold_key(printed)
                spelt[folded] = (*spelt.get(folded, ()), printed)
        return spelt

    @cached_property
    def marked(self) -> bool:
        """Tell whether any of his names is configured with marks."""
        return not all(name.isascii() for name in self.names)

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """The posts of his roles, whenever held."""
        return tuple(dict.fromkeys(post for role in self.official.roles for post in posts_of(role.title)))

    @cached_property
    def single(self) -> frozenset[str]:
        """His names of one word, folded."""
        return frozenset(words[0] for words in map(words_of, self.names) if len(words) == 1)

    @cached_property
    def soldierly(self) -> bool:
        """Tell whether a rank befits him: some post is of the army or police, or nothing is known of his posts."""
        return not self.posts or any(post.domains & _SOLDIERLY or post.head == "commander" for post in self.posts)

"""Finds statements in an article which say that a person gets, holds or leaves the post of a watched official.

A sentence is read as a sequence of posts, names, words such as "resigned", and other words (``succession_items``). A
post belongs to the name directly next to it, or to a name that a verb such as "was appointed" connects with it. A
statement that another person has a post is made only under two conditions. First, a watched official holds this post,
in the official's own country, on the date of the article. Second, the name cannot mean this official.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise, zip_longest

import ahocorasick_rs
from msgspec import Struct

from monitor.domain.article import Article
from monitor.domain.mention import MatchForm, Mention
from monitor.domain.succession import PostStatement, StatementKind
from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Role
from monitor.insight.succession_items import Item, Kind, joiners, split_items
from monitor.insight.succession_words import Mark, Marks, SuccessionWords, every_word, succession_words
from monitor.language.load import uncased_given_names
from monitor.match.article_text import NormalizedArticle, normalize_article
from monitor.match.names.coverage import Coverage, find_coverage, find_script
from monitor.match.names.inflection import find_inflection, list_nominatives
from monitor.match.titles.positions import (
    Position,
    RoleFit,
    describe_positions,
    is_diplomatic,
    parse_positions,
    rate_role_fit,
)
from monitor.match.types import Span
from monitor.match.vocabulary import (
    country_evidence_words,
    country_words,
    find_country_key,
    find_home_country,
    title_vocabulary,
)
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import is_unspaced

_MAX_FRAME_ITEMS = 16
_MAX_SUBJECT_ITEMS = 9
_MAX_OBJECT_ITEMS = 6
_MIN_YEAR = 1900
_MAX_SHORT_CLAUSE_ITEMS = 4
_MAX_RELATIVE_ITEMS, _MAX_VERB_DISTANCE = 4, 3
_OPTIONAL_DOMAINS = frozenset({"party", "politics", "army", "state", "government"})
_LEADER_HEADS = frozenset({"president", "premier", "gensec", "monarch"})
_MAX_LOOSE_WORDS = 3
_MAX_HAN_NAME_CHARS = 4
_HAN_NAME_CHARS = 3


class _Watched(Struct, frozen=True):
    """A watched official, the key of the official's country, and the words of each name of the official.

    The words are in lower case without diacritics.
    """

    official: Official
    country: str
    name_words: tuple[frozenset[str], ...]

    def current_roles(self, on: date) -> list[Role]:
        """Return the roles that the official holds on a day."""
        return [role for role in self.official.roles if role.is_held(on)]


def _build_automaton(watched: Iterable[_Watched]) -> ahocorasick_rs.AhoCorasick | None:
    """Return an automaton that finds all words for the posts of these officials in one pass over a text.

    The words are the phrases for the subject of a post, such as "defence". For a post without a subject, such as
    "president", they are the phrases for the post itself. The result is None if no official has a known post.
    """
    positions = {position for one in watched for role in one.official.roles for position in parse_positions(role.title)}
    domains = {f"d:{domain}" for one in positions for domain in one.domains - _OPTIONAL_DOMAINS}
    heads = {f"h:{one.head}" for one in positions if not one.domains - _OPTIONAL_DOMAINS}
    own = {word for one in positions for word in one.domains - _OPTIONAL_DOMAINS}
    phrases = {phrase for phrase, symbols in title_vocabulary().items() if (domains | heads) & set(symbols)} | own
    return ahocorasick_rs.AhoCorasick(sorted(phrases)) if phrases else None


class StatementFinder:
    """Finder of statements in articles about the posts of the watched officials."""

    def __init__(self, officials: Iterable[Official]) -> None:
        self._watched = {
            official.id: _Watched(
                official,
                find_country_key(official.country),
                tuple(frozenset(fold_words(name)) for name in (official.name, *official.aliases)),
            )
            for official in officials
            if official.roles
        }
        self._post_words = _build_automaton(self._watched.values())

    def may_concern(self, article: Article, mentions: Sequence[Mention]) -> bool:
        """Return whether an article may contain statements about the posts of watched officials.

        This is a quick test: the article must name a watched official, or contain a word for the post of one.
        """
        if any(one.official_id in self._watched for one in mentions):
            return True
        text = fold_key("\n".join(text for _, text in article.regions())).replace("-", " ")
        return bool(self._find_post_words(text))

    def _find_post_words(self, text: str) -> list[int]:
        """Return the offsets in a text at which words for the posts of watched officials begin.

        The text is in lower case, without diacritics and hyphens.
        """
        if self._post_words is None:
            return []
        return [start for _, start, _ in self._post_words.find_matches_as_indexes(text)]

    def find(
        self, article: Article, mentions: Sequence[Mention], on: date, home: str = ""
    ) -> tuple[PostStatement, ...]:
        """Return the statements of an article, each at most once.

        - ``mentions`` are the mentions of watched officials in the article.
        - ``on`` is the date of the article, or the day on which it was first seen.
        - ``home`` is the country of the article's source. If it is empty, the home country of the article's language is
          used. If the article names no other country, its posts are taken for posts in this country.
        """
        if not self._watched:
            return ()
        text = normalize_article(article)
        spans: dict[Span, tuple[str, ...]] = {}
        for mention in mentions:
            if mention.official_id in self._watched and mention.form is not MatchForm.POSITION:
                span = text.folded_span(mention.region, mention.start, mention.end)
                spans[span] = (*spans.get(span, ()), mention.official_id)
        home_country = find_country_key(home) or find_home_country(article.language)
        reader = _ArticleReader(self._watched, text, article.language, home_country, on)
        found: dict[tuple[str, str, str, str], PostStatement] = {}
        places = self._find_post_words(text.unhyphenated)
        for items in split_items(text, spans, places, article.language):
            for one in reader.read(items):
                key = (one.official_id, one.kind, one.person, one.post)
                if key not in found or (one.is_direct and not found[key].is_direct):
                    found[key] = one
        return tuple(
            one
            for one in found.values()
            if one.is_direct or (one.official_id, one.post) not in reader.confirmed or one.kind is StatementKind.LEFT
        )


class _Change(Struct, frozen=True):
    """A succession in a sentence: one person replaces another in a post.

    - ``index`` is the index of the word that states the succession, such as "replaced".
    - ``new`` and ``old`` are the new and the earlier holder of the post.
    - ``posts_from`` is the index from which on posts in the sentence may be the one that changes hands. Earlier posts
      belong to other people, such as the king in "the king replaced Y with X".
    """

    index: int
    new: "_Holder"
    old: "_Holder"
    posts_from: int


class _Holder(Struct, frozen=True):
    """The name of the person who holds a post.

    ``name`` is the name as an item of the sentence, and ``text`` is the name to show. ``is_direct`` is true if the text
    states that the person is new in the post.
    """

    name: Item
    text: str
    is_direct: bool


class _ArticleReader:
    """Reader of the sentences of one article. It finds the statements about posts."""

    def __init__(
        self, watched: Mapping[str, _Watched], text: NormalizedArticle, language: str, home: str, on: date
    ) -> None:
        self.confirmed: set[tuple[str, str]] = set()
        self._watched, self._text, self._on = watched, text, on
        self._roles = {official_id: one.current_roles(on) for official_id, one in watched.items()}
        self._home = home
        self._words = succession_words(language)
        self._language = language
        self._countries = _count_countries(text)

    def read(self, items: Sequence[Item]) -> Iterator[PostStatement]:
        """Yield each statement in a sentence which says that a person gets, holds or leaves a post."""
        sentence = _SentenceReader(items, self._words, self._on.year)
        for index, item in enumerate(items):
            if item.kind is Kind.POST:
                yield from self._read_post(sentence, index)
        yield from self._read_successors(sentence)
        yield from self._read_departures(sentence)

    def _read_post(self, sentence: "_SentenceReader", index: int) -> Iterator[PostStatement]:
        """Yield the statements that a sentence makes about the holder of one post.

        ``index`` is the index of the post.
        """
        item = sentence.items[index]
        holder = sentence.find_holder(index)
        if holder is None:
            return
        is_former = Mark.FORMER in item.marks or any(position.is_former for position in item.positions)
        for official_id, role in self._fitting_roles(sentence, item):
            watched = self._watched[official_id]
            if official_id in holder.name.official_ids:
                if is_former:
                    yield self._statement(official_id, StatementKind.LEFT, "", role.title, sentence, index, holder)
                else:
                    self.confirmed.add((official_id, role.title))
            elif not is_former and self._is_other_person(watched, holder) and self._is_evidence(item, holder, role):
                yield self._statement(
                    official_id, StatementKind.HOLDER, holder.text, role.title, sentence, index, holder
                )
        if holder.is_direct and not is_former and sentence.is_by_verb(index):
            for official_id in holder.name.official_ids:
                if self._is_new_post(sentence, official_id, item):
                    post = describe_positions(item.positions)
                    yield self._statement(official_id, StatementKind.NEW_POST, "", post, sentence, index, holder)

    def _is_evidence(self, post: Item, holder: "_Holder", role: Role) -> bool:
        """Return whether a post printed next to another person's name shows that an official's role has a new holder.

        A post with a word such as "new" next to it always shows this. Without such a word, it does not in three cases:

        - It is the post of a deputy, because a country has several deputies.
        - The name means a watched person who has the same post, for example in another country.
        - The role has no dates, so it may have ended long ago.
        """
        if holder.is_direct:
            return True
        if any(position.is_deputy for position in post.positions) or not (role.from_on or role.until_on):
            return False
        own_roles = [one for official_id in holder.name.official_ids for one in self._roles.get(official_id, ())]
        return not any(self._is_post(post.positions, one) for one in own_roles)

    def _statement(
        self,
        official_id: str,
        kind: StatementKind,
        person: str,
        post: str,
        sentence: "_SentenceReader",
        index: int,
        holder: _Holder,
    ) -> PostStatement:
        ends = (sentence.items[index], holder.name)
        region, start, end = self._text.locate_in_region(min(one.start for one in ends), max(one.end for one in ends))
        return PostStatement(official_id, kind, person, post, holder.is_direct, region, start, end)

    def _fitting_roles(self, sentence: "_SentenceReader", item: Item) -> Iterator[tuple[str, Role]]:
        for official_id, roles in self._roles.items():
            role = next((one for one in roles if self._is_post(item.positions, one)), None)
            if role is not None and self._is_home(sentence, item, official_id):
                yield official_id, role

    def _is_post(self, positions: Iterable[Position], role: Role) -> bool:
        return any(
            _is_same_post(position, configured, role, self._on)
            for position in positions
            for configured in parse_positions(role.title)
        )

    def _is_home(self, sentence: "_SentenceReader", item: Item, official_id: str) -> bool:
        """Return whether a post in a sentence is a post in the official's own country."""
        own = self._watched[official_id].country
        if not own or item.countries:
            return item.countries == {own}
        if sentence.names_region(item):
            return False
        named, is_named = sentence.countries(), sentence.names(official_id)
        if named:
            return own in named and (len(named) == 1 or own == self._home or is_named)
        return is_named or self._is_about(own)

    def _is_about(self, country: str) -> bool:
        """Return whether an article is about a country, to judge by the countries that it names.

        An article is about the country that it names most often. It is also about its home country (the country of its
        source or, if this is unknown, of its language) if it names this country at all, or if it names no country.
        """
        if not self._countries:
            return country == self._home
        leading = self._countries.most_common(2)
        is_leading = leading[0][0] == country and (len(leading) == 1 or leading[0][1] > leading[1][1])
        return is_leading or (country == self._home and country in self._countries)

    def _is_other_person(self, watched: _Watched, holder: _Holder) -> bool:
        """Return whether the printed name of a holder of a post means a person other than the official.

        This is the case if neither the printed name nor any name of the official contains all words of the other.
        Unless the text states that the holder is new, the official must also have a name that can be found in the
        script of the text.
        """
        words = frozenset(fold_words(holder.text))
        if not words or (len(holder.text) == 1 and holder.name.is_loose):
            return False
        if any(words <= names or names <= words for names in watched.name_words):
            return False
        if holder.is_direct:
            return True
        return find_coverage(watched.official, find_script(holder.text)) is not Coverage.NONE

    def _is_new_post(self, sentence: "_SentenceReader", official_id: str, item: Item) -> bool:
        """Return whether a printed post differs from all posts of an official in the configuration.

        Past and future posts are also compared. The result is False for a post that is too vague to be compared, such
        as "member", and for a post in a region. For a post in another country, it is True only if the post is
        diplomatic, such as "ambassador".
        """
        watched = self._watched[official_id]
        if any(position.is_vague or position.head == "member" for position in item.positions):
            return False
        if any(
            rate_role_fit(position, role, self._on) is not RoleFit.NO_MATCH
            for position in item.positions
            for role in watched.official.roles
        ):
            return False
        if item.countries and watched.country not in item.countries:
            return any(map(is_diplomatic, item.positions))
        return not sentence.names_region(item)

    def _read_successors(self, sentence: "_SentenceReader") -> Iterator[PostStatement]:
        """Yield each statement in a sentence which says that a person replaces an official, as in "X succeeds Y"."""
        for change in sentence.list_successions():
            new, old = change.new, change.old
            if not old.name.official_ids:
                if not self._is_inflected(new.name):
                    continue
                new, old = old, new
            for official_id in old.name.official_ids:
                watched = self._watched[official_id]
                if official_id in new.name.official_ids or not self._is_other_person(watched, new):
                    continue
                role = self._implied_role(sentence, official_id, posts_from=change.posts_from)
                if role is not None and (not sentence.is_deputy(new.name) or self._states_post(sentence, role)):
                    yield self._statement(
                        official_id, StatementKind.HOLDER, new.text, role.title, sentence, change.index, new
                    )

    def _states_post(self, sentence: "_SentenceReader", role: Role) -> bool:
        """Return whether a sentence contains the post of a role, and no name directly after it.

        Directly before a name, the post may be only a title.
        """
        return any(
            item.kind is Kind.POST
            and self._is_post(item.positions, role)
            and (following is None or following.kind is not Kind.NAME)
            for item, following in zip_longest(sentence.items, sentence.items[1:])
        )

    def _is_inflected(self, name: Item) -> bool:
        """Return whether the name of an official has the ending of a case other than the nominative.

        Such a name cannot be the subject of the sentence.
        """
        known = {word for one in name.official_ids for words in self._watched[one].name_words for word in words}
        for word in fold_words(name.text):
            inflection = find_inflection(word, self._language)
            if word not in known and inflection is not None and known.intersection(list_nominatives(word, inflection)):
                return True
        return False

    def _read_departures(self, sentence: "_SentenceReader") -> Iterator[PostStatement]:
        """Yield each statement in a sentence which says that an official leaves a post or dies."""
        for index, holder, is_death in sentence.list_departures():
            left = None if is_death else sentence.find_left_post(index)
            for official_id in holder.name.official_ids:
                role = self._implied_role(sentence, official_id, is_death=is_death)
                if role is not None and (left is None or self._is_post(left.positions, role)):
                    yield self._statement(official_id, StatementKind.LEFT, "", role.title, sentence, index, holder)

    def _implied_role(
        self, sentence: "_SentenceReader", official_id: str, *, is_death: bool = False, posts_from: int = 0
    ) -> Role | None:
        """Return the role of an official that a sentence is about, or None if this is not certain.

        A role (a post with its dates) is certain if the sentence states its post, or if the official has only one post
        and the sentence states no other specific post. For a death (``is_death``), the first role is returned if the
        sentence states no post of the official. ``posts_from`` is the index of the first item of the sentence whose
        post counts, because earlier posts belong to other people.
        """
        roles = self._roles[official_id]
        posts = [item for item in sentence.items[posts_from:] if item.kind is Kind.POST]
        for item in posts:
            for role in roles:
                if self._is_post(item.positions, role):
                    return role
        if not is_death and any(not position.is_vague for item in posts for position in item.positions):
            return None
        is_one_post = all(self._is_post(parse_positions(role.title), roles[0]) for role in roles[1:])
        return roles[0] if roles and (is_death or is_one_post) else None


def _is_same_post(position: Position, configured: Position, role: Role, on: date) -> bool:
    """Return whether a printed position means the configured position.

    The printed position may have only some of the configured subjects, such as "minister of justice" for the minister
    of justice and culture, but no other subject.
    """
    if position.head == "minister" and len(position.domains) > 1:
        # In "minister of justice in the Senate", the Senate is only the place.
        position = replace(position, domains=position.domains - {"assembly"})
    if rate_role_fit(position, role, on) < RoleFit.UNDATED or position.is_deputy != configured.is_deputy:
        return False
    domains, own = position.domains - _OPTIONAL_DOMAINS, configured.domains - _OPTIONAL_DOMAINS
    if position.is_vague:
        return False
    if position.head in _LEADER_HEADS or configured.head in _LEADER_HEADS:
        return position.head == configured.head and domains == own
    return domains == own or (bool(domains) and domains < own)


@cache
def _known_countries() -> Mapping[str, str]:
    """Return a dictionary that maps the names, adjectives and capitals of countries to the key of the country."""
    return country_words() | country_evidence_words()


def _count_countries(text: NormalizedArticle) -> Counter[str]:
    """Count how often an article names each country or its capital.

    Names in scripts without spaces between words are not found.
    """
    known = _known_countries()
    words = text.spaced.split()
    counts: Counter[str] = Counter()
    for index, word in enumerate(words):
        country = known.get(word) or known.get(" ".join(words[index : index + 2]))
        if country:
            counts[country] += 1
    return counts


class _SentenceReader:
    """Reader of one sentence. It finds which items of the sentence (posts, names, words) belong together."""

    def __init__(self, items: Sequence[Item], words: SuccessionWords, year: int) -> None:
        self.items, self._words, self._year = items, words, year

    def names(self, official_id: str) -> bool:
        """Return whether the sentence names an official."""
        return any(official_id in item.official_ids for item in self.items)

    def countries(self) -> frozenset[str]:
        """Return the countries that the sentence names."""
        return frozenset(country for item in self.items for country in item.countries)

    def names_region(self, item: Item) -> bool:
        """Return whether words next to a post name a region, as in "Bavaria's interior minister".

        ``item`` is the post. Such a post is held in the region and not in the country.
        """
        index = self.items.index(item)
        before = self._before(index)
        if before is not None:
            name = self.items[before]
            gap = item.start - name.end
            if name.kind is Kind.NAME and not name.official_ids and not name.is_loose:
                if name.has_possessive and gap <= 4:
                    return True
                if gap == 1 and " " not in name.text and before > 0 and self.items[before - 1].kind is not Kind.BREAK:
                    return self._has_name_after(index)
            if (
                name.kind is Kind.WORD
                and not name.marks
                and gap == 1
                and name.text.endswith(self._words.region_endings)
            ):
                return True
        link, place = self._at(index + 1), self._at(index + 2)
        is_link = link is not None and link.kind is Kind.WORD and link.text in self._words.place_links
        return is_link and place is not None and place.kind is Kind.NAME and not place.official_ids

    def _has_name_after(self, index: int) -> bool:
        after = self._at(index + 1)
        return after is not None and after.kind is Kind.NAME

    def _before(self, index: int) -> int | None:
        """Return the index of the item before a post, or None at the start of the sentence.

        Function words that belong to the post are skipped.
        """
        at = index - 1
        while at >= 0 and self.items[at].kind is Kind.WORD and self.items[at].text in self.items[index].lead:
            at -= 1
        return at if at >= 0 else None

    def _at(self, index: int) -> Item | None:
        return self.items[index] if 0 <= index < len(self.items) else None

    def find_holder(self, index: int) -> _Holder | None:
        """Return the name to which a post belongs, or None if the post belongs to no name in the sentence."""
        item = self.items[index]
        if item.has_possessive or self._is_not_held(index):
            return None
        is_new = Mark.NEW in item.marks or self._has_mark(index + 1, Mark.NEW)
        if is_new or not self._has_past_year(self._clause(index, index)):
            after = self._name_after(index, is_new=is_new)
            if after is not None:
                return _as_holder(after, is_new, from_start=True)
            before = self._name_before(index)
            if before is not None:
                return _as_holder(before, is_new, from_start=False)
        equal = self._name_next_to_copula(index) if is_new else None
        return self._find_by_verb(index) if equal is None else _as_holder(equal, True, from_start=True)

    def _name_next_to_copula(self, index: int) -> Item | None:
        """Return the name that a form of "to be" connects with a post, as in "the new minister is X".

        The result is None if there is no such name.
        """
        if self._has_mark(index + 1, Mark.IS):
            name = self._at(index + 2)
            return name if name is not None and name.kind is Kind.NAME else None
        at = self._before(index)
        while at is not None and at >= 0 and _is_article(self.items[at].text):
            at -= 1
        if at is None or not self._has_mark(at, Mark.IS):
            return None
        return self._last_name(max(0, at - _MAX_SUBJECT_ITEMS), at)

    def is_by_verb(self, index: int) -> bool:
        """Return whether a verb, such as "was appointed", connects a post with the name of its holder.

        If not, the name belongs to the post only because it is next to it.
        """
        return self._find_by_verb(index) is not None

    def _has_mark(self, index: int, mark: Mark) -> bool:
        item = self._at(index)
        return item is not None and item.kind is Kind.WORD and mark in item.marks

    def _is_not_held(self, index: int) -> bool:
        """Return whether words next to a post show that no person in the sentence holds it, as in "shadow minister"."""
        if Mark.NOT_HOLDER in self.items[index].marks:
            return True
        if self._has_mark(index + 1, Mark.NOT_HOLDER):
            return True
        at = index - 1
        while (item := self._at(at)) is not None and item.kind is Kind.WORD and index - at <= 4:
            if Mark.NOT_HOLDER in item.marks:
                return True
            if not (item.marks & {Mark.LINK} or _is_neutral(item.text)):
                return False
            at -= 1
        title = self._at(at)
        return (
            title is not None
            and title.kind in {Kind.TITLE, Kind.POST}
            and Mark.NOT_HOLDER in title.marks
            and at == index - 1
        )

    def _name_after(self, index: int, *, is_new: bool) -> Item | None:
        at, breaks = index + 1, 0
        while (item := self._at(at)) is not None and at <= index + 5:
            if item.kind is Kind.NAME:
                if self._is_credible(item, at, is_new=is_new, breaks=breaks):
                    return item
                return None
            if item.kind is Kind.BREAK:
                breaks += 1
                if breaks > 1 or not item.text.startswith((",", "،", ":")):
                    return None
            elif (
                item.kind is Kind.WORD and not (Mark.NEW in item.marks or _is_article(item.text))
            ) or item.kind is Kind.POST:
                return None
            at += 1
        return None

    def _is_credible(self, name: Item, at: int, *, is_new: bool, breaks: int) -> bool:
        """Return whether the name after a post is probably the name of its holder.

        ``at`` is the index of the name. ``breaks`` is the number of punctuation marks between post and name. ``is_new``
        is true if the text states that the holder is new in the post.
        """
        if breaks:
            following = self._at(at + 1)
            closed = following is None or following.kind is Kind.BREAK
            if not closed or (name.is_loose and not is_new):
                return False
        if not name.is_loose:
            return True
        title = self._at(at - 1)
        has_title = title is not None and title.kind is Kind.TITLE
        return _looks_like_name(name.text, has_title=has_title)

    def _name_before(self, index: int) -> Item | None:
        """Return the name that precedes a post and belongs to it, or None if there is none.

        A comma or bracket separates the name from the post. In East Asian scripts, the post follows the name directly.
        """
        item, before = self.items[index], self._at(index - 1)
        following = self._at(index + 1)
        if before is None or (following is not None and following.kind is Kind.NAME and not following.is_loose):
            return None
        if before.kind is Kind.NAME and before.end >= item.start - 1 and _is_east_asian(before.text, item.text):
            return before
        at = self._before(index)
        if at is None or self.items[at].kind is not Kind.BREAK or not self.items[at].text.startswith((",", "(", "،")):
            return None
        name = self._at(at - 1)
        if name is None or name.kind is not Kind.NAME or name.is_loose:
            return None
        if following is not None and following.kind is Kind.WORD and not self._ends_apposition(following):
            return None
        return name

    def _ends_apposition(self, item: Item) -> bool:
        return not (Mark.LINK in item.marks and item.text in self._words.place_links)

    def _find_by_verb(self, index: int) -> _Holder | None:
        """Return the name that any verb in the sentence, such as "was appointed", connects with a post, or None."""
        if not self._is_direct_object(index):
            return None
        verbs = [
            at
            for at in range(max(0, index - _MAX_FRAME_ITEMS), min(len(self.items), index + _MAX_FRAME_ITEMS))
            if self.items[at].marks & {Mark.GETS, Mark.GIVES}
        ]
        for at in sorted(verbs, key=lambda one: (one > index, abs(one - index))):
            name = self._connect(at, index)
            if name is not None and self.is_stated(at, index):
                return name
        return None

    def _connect(self, verb: int, post: int) -> _Holder | None:
        """Return the name that one verb connects with a post, or None.

        ``verb`` and ``post`` are the indexes of the two.
        """
        if verb > post:
            return self._connect_backward(verb, post)
        marks = self.items[verb].marks
        listed = self._listed_name(verb, post)
        if listed is not None:
            return _as_holder(listed, True, from_start=True)
        between = self._first_name(verb + 1, post)
        if Mark.GIVES in marks and between is not None:
            return _as_holder(between, True, from_start=True)
        if Mark.GETS not in marks or (Mark.GIVES in marks and self._is_indefinite(post)):
            return None
        subject = self._subject(verb)
        if subject is not None:
            return _as_holder(subject, True, from_start=False)
        return None if between is None else _as_holder(between, True, from_start=True)

    def _listed_name(self, verb: int, post: int) -> Item | None:
        """Return the name directly before the second or a later post of a list, or None.

        An example is Y in "appointed X minister and Y premier".
        """
        at = self._before(post)
        if at is None or self.items[at].kind is not Kind.NAME or at <= verb:
            return None
        return self.items[at] if any(item.kind is Kind.POST for item in self.items[verb:at]) else None

    def _connect_backward(self, verb: int, post: int) -> _Holder | None:
        """Return the name that a verb connects with an earlier post, or None.

        An example is X in "as minister, X was appointed". ``verb`` and ``post`` are the indexes of the two in the
        sentence. The name is searched for between the two, then before the post and, if no certain name is there,
        directly after the verb.
        """
        between = self._first_name(post + 1, verb)
        if between is not None and not self._is_earlier_holder(between):
            return _as_holder(between, True, from_start=True)
        subject = self._last_subject(max(0, post - _MAX_SUBJECT_ITEMS), post)
        following = next((item for item in self.items[verb + 1 :] if item.kind is not Kind.TITLE), None)
        is_weak = subject is None or (subject is self.items[0] and " " not in subject.text and not subject.official_ids)
        if is_weak and following is not None and following.kind is Kind.NAME and not following.is_loose:
            return _as_holder(following, True, from_start=True)
        return None if subject is None else _as_holder(subject, True, from_start=False)

    def _is_earlier_holder(self, name: Item) -> bool:
        """Return whether a name is that of an earlier holder, as Y in "in place of Y"."""
        before = self._at(self.items.index(name) - 1)
        return before is not None and Mark.IN_PLACE_OF in before.marks

    def _is_indefinite(self, post: int) -> bool:
        item = self.items[post]
        return Mark.NEW in item.marks or bool(item.lead)

    def _first_name(self, start: int, end: int) -> Item | None:
        return next((item for item in self.items[start:end] if item.kind is Kind.NAME), None)

    def _last_name(self, start: int, end: int) -> Item | None:
        return next((item for item in reversed(self.items[start:end]) if item.kind is Kind.NAME), None)

    def _subject(self, verb: int) -> Item | None:
        """Return the name that is the subject of a verb, or None if no name precedes the verb.

        In "X, the brother of Y, was appointed" and "X replaces Y and becomes", the subject is X, and not the nearer
        name Y.
        """
        start = max(0, verb - _MAX_SUBJECT_ITEMS)
        nearest = self._last_subject(start, verb)
        if nearest is None:
            return None
        at = self.items.index(nearest)
        if Mark.SUCCEEDS in self.items[at - 1].marks and (head := self._last_name(start, at)) is not None:
            return head
        breaks = [one for one in range(max(1, at - _MAX_SUBJECT_ITEMS), at) if self.items[one].kind is Kind.BREAK]
        if breaks and any(item.kind is Kind.BREAK for item in self.items[at:verb]):
            head = self.items[breaks[-1] - 1]
            if head.kind is Kind.NAME:
                return head
        return nearest

    def _last_subject(self, start: int, end: int) -> Item | None:
        """Return the last name between two indexes of the sentence that may be a subject, or None.

        Names in adverbial phrases cannot be subjects.
        """
        name = self._last_name(start, end)
        while name is not None and self._is_adverbial(name):
            name = self._last_name(start, self.items.index(name))
        return name

    def _is_adverbial(self, name: Item) -> bool:
        """Return whether a name is in an adverbial phrase.

        An example with German word order is Minister X in "was in Berlin by Minister X appointed".
        """
        at = self.items.index(name) - 1
        while (item := self._at(at)) is not None and item.kind in {Kind.TITLE, Kind.POST}:
            at -= 1
        return item is not None and item.kind is Kind.WORD and item.text in self._words.adverbial_links

    def _is_direct_object(self, index: int) -> bool:
        """Return whether a post is the one that a person gets.

        A post that only belongs to another post does not count, such as "minister" in "adviser to the minister".
        """
        if self.items[index].has_possessive:
            return False
        at = index - 1
        has_link = False
        while (item := self._at(at)) is not None and item.kind in {Kind.WORD, Kind.TITLE}:
            if item.marks - _ADJACENT_AND_LINK:
                return True
            if Mark.LINK in item.marks:
                has_link = has_link or not _is_neutral(item.text)
            elif item.kind is Kind.WORD and not _is_neutral(item.text):
                return has_link
            at -= 1
        return True

    def is_deputy(self, name: Item) -> bool:
        """Return whether a person has a title such as "deputy minister".

        A deputy who "replaces" the minister may do so at one event only, and is then no new minister.
        """
        at = self.items.index(name)
        following = self._at(at + 1)
        after = self._at(at + 2) if following is not None and following.kind is Kind.BREAK else None
        return any(
            one is not None
            and one.kind in {Kind.TITLE, Kind.POST}
            and (Mark.NOT_HOLDER in one.marks or any(position.is_deputy for position in one.positions))
            for one in (self._at(at - 1), after)
        )

    def is_stated(self, verb: int, other: int) -> bool:
        """Return whether a clause states a present fact, and nothing planned, denied or long past.

        The clause is the one that contains the items at the indexes ``verb`` and ``other``.
        """
        clause = self._clause(verb, other)
        if any(
            item.marks & {Mark.UNCERTAIN, Mark.PAST} and not self._introduces_post(item)
            for item in clause
            if item is not self.items[verb]
        ):
            return False
        return not self._has_past_year(clause)

    def _introduces_post(self, item: Item) -> bool:
        """Return whether a word such as "as" is directly before a post, as in "appointed as minister".

        In Dutch, this word ("als") also means "if", but not directly before a post.
        """
        following = self._at(self.items.index(item) + 1)
        return Mark.LINK in item.marks and following is not None and following.kind is Kind.POST

    def _clause(self, one: int, other: int) -> Sequence[Item]:
        """Return the items of the clause that contains two items, given by their indexes.

        Two kinds of earlier items come first, because they decide what the clause means: a short clause at the start of
        the sentence, such as "In 2016,"; and words that deny or doubt the clause, such as "denied" in "X denied that Y
        resigned".
        """
        first, last = min(one, other), max(one, other)
        while first > 0 and self.items[first - 1].kind is not Kind.BREAK:
            first -= 1
        while last + 1 < len(self.items) and self.items[last + 1].kind is not Kind.BREAK:
            last += 1
        clause = self.items[first : last + 1]
        if first >= 2 and Mark.THAT in self.items[first].marks:
            return [*self._doubts(first - 1), *clause]
        if first >= 2 and self._is_short_clause(first - 1):
            return [*self.items[: first - 1], *clause]
        return clause

    def _doubts(self, end: int) -> Iterator[Item]:
        """Yield the words that deny or doubt the next clause, such as "denied" in "X denied that Y resigned".

        The words are in the clause that ends before the index ``end``.
        """
        for item in reversed(self.items[:end]):
            if item.kind is Kind.BREAK:
                return
            if Mark.UNCERTAIN in item.marks:
                yield item

    def _has_past_year(self, clause: Iterable[Item]) -> bool:
        return any(_is_past_year(item.text, self._year) for item in clause if item.kind in {Kind.WORD, Kind.NAME})

    def _is_short_clause(self, end: int) -> bool:
        """Return whether the sentence begins with one short clause, such as "In 2016,", that ends before ``end``."""
        return end <= _MAX_SHORT_CLAUSE_ITEMS and not any(item.kind is Kind.BREAK for item in self.items[:end])

    def list_successions(self) -> Iterator["_Change"]:
        """Yield each succession in the sentence: the word that states it, the new holder, and the earlier holder."""
        gets_post = any(item.marks & {Mark.GETS, Mark.GIVES, Mark.NEW} for item in self.items) or any(
            before.marks >= {Mark.LINK} and item.kind is Kind.POST for before, item in pairwise(self.items)
        )
        for index, item in enumerate(self.items):
            found = self._find_change(index, item.marks)
            if found is None or (Mark.IN_PLACE_OF in item.marks and not gets_post):
                continue
            new, old, is_replaced = found
            places = (index, self.items.index(new), self.items.index(old))
            if (old.official_ids or new.official_ids) and self.is_stated(min(places), max(places)):
                yield _Change(
                    index,
                    _as_holder(new, True, from_start=places[1] > index),
                    _as_holder(old, True, from_start=places[2] > index),
                    index + 1 if is_replaced else 0,
                )

    def _find_change(self, index: int, marks: Marks) -> tuple[Item, Item, bool] | None:
        """Return the names of the new and the earlier holder next to a word that states a succession, or None.

        ``index`` is the index of the word, and ``marks`` are its meanings, such as "succeeds" or "succeeded by". The
        last value of the result is True if a third person makes the change, such as the king in "the king replaced Y
        with X".
        """
        after = self._first_name(index + 1, index + _MAX_OBJECT_ITEMS)
        if Mark.SUCCEEDS in marks and after is not None:
            return self._find_successor(index, after)
        before = self._subject(index)
        new = after if Mark.SUCCEEDED_BY in marks else None
        if new is None and before is not None and Mark.SUCCEEDS_LAST in marks:
            at = self.items.index(before)
            new = self._last_name(max(0, at - _MAX_SUBJECT_ITEMS), at)
        return None if before is None or new is None else (new, before, False)

    def _find_successor(self, index: int, after: Item) -> tuple[Item, Item, bool] | None:
        """Return the names of the new and the earlier holder next to a word such as "succeeds", or None.

        The word is at ``index``, and ``after`` is the first name after it. The last value of the result is True if a
        third person makes the change, such as the king in "the king replaced Y with X".
        """
        replacement = self._find_replacement(after)
        if replacement is not None:
            return replacement, after, True
        before = self._subject(index)
        if before is not None:
            return before, after, False
        second = self._at(self.items.index(after) + 1)  # in Arabic, the verb comes first
        if second is not None and second.kind is Kind.NAME and second.official_ids:
            return after, second, False
        return None

    def _find_replacement(self, old: Item) -> Item | None:
        """Return the name of the new holder in a clause such as "replaced Y with X", or None.

        ``old`` is the earlier holder. A word such as "with" must be between the two names. The name of a watched
        official is not returned.
        """
        at = self.items.index(old) + 1
        while (item := self._at(at)) is not None and item.kind is not Kind.BREAK and Mark.REPLACEMENT not in item.marks:
            if item.kind is Kind.NAME or item.marks - _ADJACENT_AND_LINK:
                return None
            at += 1
        if item is None or item.kind is Kind.BREAK:
            return None
        at += 1
        while (item := self._at(at)) is not None and (item.kind in {Kind.TITLE, Kind.POST} or _is_neutral(item.text)):
            at += 1
        return item if item is not None and item.kind is Kind.NAME and not item.official_ids else None

    def list_departures(self) -> Iterator[tuple[int, _Holder, bool]]:
        """Yield each statement of the sentence which says that a watched official leaves a post or dies.

        A statement consists of three values: the index of the word that states this, such as "resigned"; the official;
        and True if the official died.
        """
        for index, item in enumerate(self.items):
            if not item.marks & {Mark.LEAVES, Mark.REMOVES, Mark.REMOVED_LAST, Mark.DIES}:
                continue
            name = self._find_leaver(index)
            if name is not None and self.is_stated(index, self.items.index(name)):
                yield index, _as_holder(name, True, from_start=True), Mark.DIES in item.marks

    def find_left_post(self, verb: int) -> Item | None:
        """Return the post after a verb and a word such as "as" ("resigned as chairman of a club"), or None."""
        at = verb + 1
        while (item := self._at(at)) is not None and (Mark.LINK in item.marks or _is_neutral(item.text)):
            if item.text in joiners():
                return None
            at += 1
        return item if item is not None and item.kind is Kind.POST and at > verb + 1 else None

    def _find_leaver(self, verb: int) -> Item | None:
        """Return the watched official that a word such as "resigns" is about, or None.

        ``verb`` is the index of the word.
        """
        marks = self.items[verb].marks
        if Mark.REMOVED_LAST in marks:
            nearest = self._at(verb - 2 if self.items[verb - 1].kind is Kind.POST else verb - 1)
            if nearest is not None and nearest.official_ids:
                return nearest
        after = self._first_name(verb + 1, verb + _MAX_OBJECT_ITEMS)
        if (
            marks & {Mark.REMOVES, Mark.DIES}
            and after is not None
            and after.official_ids
            and self._is_object(verb, after)
        ):
            return after
        before = self._subject(verb)
        if before is None or not before.official_ids or before.has_possessive or not marks & {Mark.LEAVES, Mark.DIES}:
            return None
        if Mark.REMOVES in marks and self._has_object(verb):
            return None
        return before if self._leaves_itself(before, verb) else None

    def _has_object(self, verb: int) -> bool:
        """Return whether a verb is followed by a person as its object.

        The person before the verb then dismisses somebody, as in "X sacked three generals", and is not dismissed, as in
        "X was sacked".
        """
        at = verb + 1
        while (item := self._at(at)) is not None and item.kind is Kind.WORD and at - verb <= _MAX_VERB_DISTANCE:
            if item.marks or (_is_neutral(item.text) and not _is_article(item.text)):
                return False
            at += 1
        return item is not None and (
            item.kind in {Kind.TITLE, Kind.POST} or (item.kind is Kind.NAME and not item.is_loose and at == verb + 1)
        )

    def _leaves_itself(self, name: Item, verb: int) -> bool:
        """Return whether a verb such as "resigned" is about the person with this name, and not about somebody else.

        In "X met the parents of soldiers who died", the verb is about somebody else. Another example is "X has two
        generals dismissed", with the verb at the end, as in German.
        """
        at = self.items.index(name)
        near = self.items[max(0, at - _MAX_RELATIVE_ITEMS) : verb]
        if any(Mark.RELATIVE in item.marks for item in near):
            return False
        between = self.items[at + 1 : verb]
        last_break = max((index for index, item in enumerate(between) if item.kind is Kind.BREAK), default=None)
        clause = between if last_break is None else between[last_break + 1 :]
        if sum(item.kind is Kind.WORD and not item.marks for item in clause) > _MAX_VERB_DISTANCE:
            return False
        return last_break is not None or not any(item.kind in {Kind.POST, Kind.TITLE} for item in clause[1:])

    def _is_object(self, verb: int, name: Item) -> bool:
        between = self.items[verb + 1 : self.items.index(name)]
        if name.has_possessive or any(Mark.RELATIVE in one.marks for one in between):
            return False
        if len(between) > 1 and between[-1].kind is Kind.BREAK and between[-2].kind is Kind.POST:
            between = between[:-1]  # "dismissed the minister, X"
        return all(
            one.kind in {Kind.POST, Kind.TITLE}
            or (one.kind is Kind.WORD and (_is_neutral(one.text) or _is_article(one.text) or bool(one.marks)))
            for one in between
        )


_ADJACENT_AND_LINK = frozenset({Mark.LINK, Mark.NEW})


def _is_article(text: str) -> bool:
    return text in every_word("articles")


def _is_neutral(text: str) -> bool:
    return title_vocabulary().get(text) == ("-:",)


def _is_past_year(text: str, year: int) -> bool:
    return text.isdecimal() and len(text) == 4 and _MIN_YEAR <= int(text) < year


def _is_east_asian(name: str, post: str) -> bool:
    """Return whether a name and a post are in scripts in which a post follows the name without a comma."""
    return is_unspaced(post[0]) and is_unspaced(name[-1])


def _as_holder(item: Item, is_direct: bool, *, from_start: bool) -> _Holder:
    """Return the holder of a post with the name in ``item``.

    In a script without capitals, the item may contain further words. Then only the words that can be part of the name
    are kept.
    """
    text = item.text
    if item.is_loose:
        text = _trim_loose(text, from_start=from_start)
    return _Holder(item, text, is_direct)


def _trim_loose(text: str, *, from_start: bool) -> str:
    words = text.split()
    if len(words) == 1 and "\u3041" <= text[0] <= "\u9fff":
        if len(text) <= _MAX_HAN_NAME_CHARS:
            return text
        return text[:_HAN_NAME_CHARS] if from_start else text[-_HAN_NAME_CHARS:]
    given = [index for index, word in enumerate(words) if word in uncased_given_names()]
    if from_start:
        return " ".join(words[:_MAX_LOOSE_WORDS])
    if given and given[-1] >= len(words) - _MAX_LOOSE_WORDS:
        first = next(index for index in given if index >= len(words) - _MAX_LOOSE_WORDS)
        return " ".join(words[first:])
    return " ".join(words[-_MAX_LOOSE_WORDS:])


def _looks_like_name(text: str, *, has_title: bool) -> bool:
    """Return whether the text after a post, such as "minister", begins with the name of a person.

    The text is in a script without capitals. ``has_title`` is true if a title, such as "General", precedes the text.
    """
    words = text.split()
    if "\u3041" <= text[0] <= "\u9fff":
        begins_with_particle = text[0] < "\u30a0" and text[1:2] > "\u3400"
        return len(words[0]) > 1 and not begins_with_particle
    if "\uac00" <= text[0] <= "\ud7a3":
        return 2 <= len(words[0]) <= _MAX_HAN_NAME_CHARS
    return has_title or words[0] in uncased_given_names()

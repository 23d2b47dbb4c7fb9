"""Copies collapsed and stories grouped, one article after another, in an order that arrival does not decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.domain.grouping import COPY_WINDOW, Member, Shelf
from monitor.stories.cluster import CANDIDATES, Clusterer, heaviest
from monitor.stories.copies import verify
from monitor.stories.features import Features, Vector, Vocabulary
from monitor.stories.memory import MemoryShelf
from monitor.stories.prepare import Sketch, text_of
from monitor.stories.prints import Trace

CLEARLY_LATER = timedelta(minutes=30)
LOOKED_AT = 2
AT_ONCE = 100
FEW_PRINTS = 4
HARDLY_NEW = 0.9  # a copy of which less stands in its lead is looked up by its own prints too
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An article to be placed. ``number`` is unused so far and below 2**32, ``story`` names the one it may begin.

    ``prepared`` is what was read from it ahead, if it was; it is the same whoever reads it.
    """

    number: int
    article: Article
    story: str
    prepared: Sketch | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Copied:
    """The placed article that a text is a copy of, and how much of the text stands there."""

    lead: Member
    kept: float


@dataclass(frozen=True, slots=True)
class _Read:
    """What an article that is no copy is about."""

    features: Features
    vector: Vector


class Grouper:
    """Places articles on a shelf, one after another. How they come in batches makes no difference to their places."""

    def __init__(self, shelf: Shelf, vocabulary: Vocabulary) -> None:
        self._shelf, self._vocabulary = shelf, vocabulary
        self._placed: dict[int, Member] = {}
        self._sketches: dict[int, Sketch] = {}

    def place(self, batch: Sequence[Newcomer]) -> list[Member]:
        """Place articles in their order: a copy goes where its lead is, anything else where its story is."""
        sketches = [one.prepared or Sketch(text_of(one.article)) for one in batch]
        self._shelf.foresee_prints(chain.from_iterable(sketch.prints for sketch in sketches))
        self._placed, self._sketches = {}, {}
        copies = [self._collapse(one, sketch) for one, sketch in zip(batch, sketches, strict=True)]
        found = [copied or self._read(sketch) for sketch, copied in zip(sketches, copies, strict=True)]
        self._shelf.foresee_near([heaviest(one.vector) for one in found if isinstance(one, _Read)], CANDIDATES)
        return [self._put(one, what) for one, what in zip(batch, found, strict=True)]

    def _collapse(self, one: Newcomer, sketch: Sketch) -> _Copied | None:
        """Find what an article is a copy of, and make it findable itself if it says anything of its own."""
        copied = self._copied(sketch, one.article)
        lead = None
        if copied is None or copied.kept < HARDLY_NEW:
            self._shelf.post(one.number, sketch.prints)
            self._sketches[one.number] = sketch
        if copied is not None:
            lead = copied.lead.number if copied.lead.copy_of is None else copied.lead.copy_of
        self._placed[one.number] = Member(one.number, "", lead, one.article.published_at)
        return copied

    def _read(self, sketch: Sketch) -> _Read:
        self._vocabulary.learn(sketch.features)
        return _Read(sketch.features, self._vocabulary.weigh(sketch.features))

    def _put(self, one: Newcomer, found: _Copied | _Read) -> Member:
        if isinstance(found, _Copied):
            lead = self._shelf.member(found.lead.number)
            story = lead.story if lead else one.story
        else:
            story = Clusterer(self._shelf).place(found.vector, found.features, one.story)
        member = replace(self._placed[one.number], story=story)
        self._shelf.put(member)
        return member

    def _copied(self, sketch: Sketch, article: Article) -> _Copied | None:
        """Find the placed article that this text is a copy of: the look-up names candidates, the texts decide."""
        owners = self._shelf.owners(sketch.prints)
        needed = 1 if len(sketch.prints) <= FEW_PRINTS else 2
        ranked = sorted((-count, number) for number, count in owners.items() if count >= needed)
        for _, number in ranked[:LOOKED_AT]:
            member = self._placed.get(number) or self._shelf.member(number)
            if member is None or not _in_window(article, member):
                continue
            text, other = sketch.trace, self._trace(number)
            likeness = verify(text, other, other_later=_later(article, member))
            if likeness.copy:
                shorter = len(text.stream) <= len(other.stream)
                return _Copied(member, likeness.smaller_kept if shorter else likeness.larger_kept)
        return None

    def _trace(self, number: int) -> Trace:
        """Return a placed text prepared for comparison; it is prepared once a batch, for copies come together."""
        if number not in self._sketches:
            title, body = self._shelf.text(number)
            self._sketches[number] = Sketch((title, "", body, None))
        return self._sketches[number].trace


def _in_window(article: Article, member: Member) -> bool:
    if article.published_at is None or member.published_at is None:
        return True
    return abs(article.published_at - member.published_at) <= COPY_WINDOW


def _later(article: Article, member: Member) -> bool | None:
    """Tell whether the placed article was published clearly later than this one; None if they came together."""
    if article.published_at is None or member.published_at is None:
        return None
    gap = member.published_at - article.published_at
    return None if abs(gap) < CLEARLY_LATER else gap > timedelta(0)


def in_order(articles: Iterable[tuple[str, Article]]) -> list[tuple[str, Article]]:
    """Sort articles by time of publication, then by what they say: the order in which a poll is grouped.

    Those without a date come last. Arrival plays no part, so any order of arrival gives the same stories.
    """
    return sorted(articles, key=lambda each: (each[1].published_at is None, *_order(each[1]), each[0]))


def _order(article: Article) -> tuple[datetime, int]:
    text = f"{article.title}\n{article.body}".encode("utf-8", "surrogatepass")
    return article.published_at or LONG_AGO, xxh3_64_intdigest(text)


def group_articles(articles: Sequence[tuple[str, Article]]) -> dict[str, tuple[str, str | None]]:
    """Group articles given at once, by id: the id of the first article of each one's story, and of its lead if a copy.

    Ids are unique. Costs under a millisecond an article, and a few kilobytes of memory.
    """
    ordered = in_order(articles)
    shelf = MemoryShelf(lambda number: (ordered[number][1].title, ordered[number][1].body))
    grouper = Grouper(shelf, Vocabulary())
    names = [name for name, _ in ordered]
    comers = [Newcomer(number, article, name) for number, (name, article) in enumerate(ordered)]
    for start in range(0, len(comers), AT_ONCE):
        grouper.place(comers[start : start + AT_ONCE])
    placed = {names[one.number]: one for one in map(shelf.member, range(len(names))) if one}
    leads = {name: None if one.copy_of is None else names[one.copy_of] for name, one in placed.items()}
    return {name: (placed[name].story, leads[name]) for name, _ in articles}

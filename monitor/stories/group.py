"""Copies collapsed and stories grouped, one article after another, in an order that arrival does not decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.domain.grouping import Member, Shelf
from monitor.stories.cluster import Clusterer
from monitor.stories.copies import verify
from monitor.stories.features import Vocabulary, read_features
from monitor.stories.memory import MemoryShelf
from monitor.stories.prints import Trace, trace

COPY_WINDOW = timedelta(days=30)
CLEARLY_LATER = timedelta(minutes=30)
LOOKED_AT = 2
FEW_PRINTS = 4
HARDLY_NEW = 0.9  # a copy of which less stands in its lead is looked up by its own prints too
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grouper:
    """Places articles on a shelf, one after another."""

    shelf: Shelf
    vocabulary: Vocabulary

    def place(self, number: int, article: Article, new_id: str) -> Member:
        """Place one article: a copy goes where its lead is, anything else where its story is.

        ``number`` is unused so far and below 2**32, ``new_id`` names the story if the article begins one.
        """
        text = trace(article.title, article.body)
        found = self._copied(text, article)
        if found is None or found[1] < HARDLY_NEW:
            self.shelf.post(number, text.prints, article.title, article.body)
        if found is not None:
            lead = found[0].copy_of if found[0].copy_of is not None else found[0].number
            member = Member(number, found[0].story, lead, article.published_at)
        else:
            features = read_features(article.title, f"{article.standfirst}\n{article.body}", article.published_at)
            story = Clusterer(self.shelf, self.vocabulary).place(features, new_id)
            member = Member(number, story, None, article.published_at)
        self.shelf.put(member)
        return member

    def _copied(self, text: Trace, article: Article) -> tuple[Member, float] | None:
        """Find the placed article that this text is a copy of, and how much of this text stands there.

        The look-up names candidates, the texts decide.
        """
        owners = self.shelf.owners(text.prints)
        needed = 1 if len(text.prints) <= FEW_PRINTS else 2
        ranked = sorted((number for number, count in owners.items() if count >= needed), key=lambda n: (-owners[n], n))
        for number in ranked[:LOOKED_AT]:
            member = self.shelf.member(number)
            if member is None or not _in_window(article, member):
                continue
            other = trace(*self.shelf.text(number))
            likeness = verify(text, other, other_later=_later(article, member))
            if likeness.copy:
                shorter = len(text.stream) <= len(other.stream)
                return member, likeness.smaller_kept if shorter else likeness.larger_kept
        return None


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
    shelf = MemoryShelf()
    grouper = Grouper(shelf, Vocabulary())
    ordered = in_order(articles)
    names = [name for name, _ in ordered]
    for number, (name, article) in enumerate(ordered):
        grouper.place(number, article, name)
    placed = {names[one.number]: one for one in map(shelf.member, range(len(names))) if one}
    leads = {name: None if one.copy_of is None else names[one.copy_of] for name, one in placed.items()}
    return {name: (placed[name].story, leads[name]) for name, _ in articles}

"""Copies collapsed and stories grouped, one article after another, in an order that arrival does not decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from xxhash import xxh3_64_intdigest

from monitor.domain.article import Article
from monitor.stories.cluster import Clusterer
from monitor.stories.copies import verify
from monitor.stories.features import Vocabulary, read_features
from monitor.stories.memory import ClusterMemory, CopyMemory
from monitor.stories.prints import Trace, trace

COPY_WINDOW = timedelta(days=30)
CLEARLY_LATER = timedelta(minutes=30)
LOOKED_AT = 3
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Copies(Protocol):
    """Where texts are looked up by their prints; a database or a dictionary can stand behind it."""

    def owners(self, prints: Sequence[int]) -> Mapping[int, int]:
        """Return articles of the window that have some of these prints, with how many; a bounded look-up for each."""
        ...

    def text(self, article: int) -> Trace:
        """Return the text of an article that ``owners`` named."""
        ...

    def post(self, article: int, text: Trace) -> None:
        """Make an article findable by its prints."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """An article already placed: its story, and the lead it is a copy of, if any."""

    number: int
    story: str
    copy_of: int | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grouper:
    """Places articles. ``members`` finds placed articles by number; what is placed is added by the caller."""

    copies: Copies
    clusterer: Clusterer
    members: Mapping[int, Member]

    def place(self, number: int, article: Article, new_id: str) -> Member:
        """Place one article: a copy goes where its lead is, anything else where its story is.

        ``number`` is unused so far and below 2**32, ``new_id`` names the story if the article begins one.
        """
        text = trace(article.title, article.body)
        found = self._copied(text, article)
        if found is None or len(text.stream) > 1.3 * len(found[1].stream):
            self.copies.post(number, text)
        if found is not None:
            lead = found[0].copy_of if found[0].copy_of is not None else found[0].number
            return Member(number, found[0].story, lead, article.published_at)
        features = read_features(article.title, f"{article.standfirst}\n{article.body}", article.published_at)
        return Member(number, self.clusterer.place(features, new_id), None, article.published_at)

    def _copied(self, text: Trace, article: Article) -> tuple[Member, Trace] | None:
        """Find the placed article that this text is a copy of; the look-up names candidates, the texts decide."""
        owners = self.copies.owners(text.prints)
        needed = 1 if len(text.prints) <= 4 else 2
        ranked = sorted((number for number, count in owners.items() if count >= needed), key=lambda n: (-owners[n], n))
        for number in ranked[:LOOKED_AT]:
            member = self.members[number]
            later = None
            if article.published_at and member.published_at:
                gap = article.published_at - member.published_at
                if abs(gap) > COPY_WINDOW:
                    continue
                later = None if abs(gap) < CLEARLY_LATER else gap < timedelta(0)
            other = self.copies.text(number)
            if verify(text, other, other_later=later).copy:
                return member, other
        return None


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
    stories = ClusterMemory()
    members: dict[int, Member] = {}
    grouper = Grouper(CopyMemory(), Clusterer(stories, Vocabulary()), members)
    ordered = in_order(articles)
    for number, (name, article) in enumerate(ordered):
        members[number] = grouper.place(number, article, name)
    names = [name for name, _ in ordered]
    return {
        names[number]: (stories.resolve(one.story), None if one.copy_of is None else names[one.copy_of])
        for number, one in members.items()
    }

"""JSON records of officials and search results, for the API and the tools for assistants."""

from collections.abc import Iterable
from datetime import datetime

from typing_extensions import TypedDict

from monitor.domain.desk_models import NamedCount, NameForm
from monitor.records.articles import PassageRecord


class PersonRecord(TypedDict):
    """JSON record of an official.

    ``week`` is the number of articles that named the official in the last seven days. ``usual_week`` is the median of
    the numbers for the four weeks before. It is null if the archive, which exists since ``archive_since``, is too
    young.
    """

    id: str
    name: str
    country: str
    position: str
    aliases: tuple[str, ...]
    week: int
    usual_week: float | None
    last_named_at: datetime | None
    archive_since: datetime | None


class TimelineEntry(TypedDict):
    """JSON record of one period of an official's timeline.

    ``articles`` is the number of articles that named the official from day ``start`` to day ``end`` (YYYY-MM-DD).
    """

    start: str
    end: str
    articles: int


class CountRecord(TypedDict):
    """JSON record of how many articles about an official have a property.

    The property is an outlet, a language, a rule, or another official that the articles name. ``id`` and ``name`` state
    which one.
    """

    id: str
    name: str
    articles: int


class SampleRecord(TypedDict):
    """JSON record of counts in a sample of articles: the newest ones that name an official.

    ``articles`` is the number of articles in the sample, and ``since`` is the time of the oldest of them.
    """

    articles: int
    since: datetime | None
    outlets: list[CountRecord]
    languages: list[CountRecord]
    named_with: list[CountRecord]


class SuccessionStatementRecord(TypedDict):
    """JSON record of a statement about a post; ``direct`` means that the text states that the post changes hands."""

    article: int
    outlet: str
    title: str
    url: str
    person: str
    passage: str
    direct: bool
    seen_at: datetime


class SuccessionRecord(TypedDict):
    """JSON record of a post that may have changed hands.

    ``yaml`` is the entry to write under ``roles:`` in sources.yaml if the statements are right.
    """

    official: str
    name: str
    kind: str
    person: str
    post: str
    since: str
    outlets: list[str]
    yaml: str
    statements: list[SuccessionStatementRecord]


class FormRecord(TypedDict):
    """JSON record of a spelling that the press used for an official.

    ``article`` is the id of the newest article with this spelling.
    """

    text: str
    form: str
    mentions: int
    last_at: datetime
    article: int


class SearchResultRecord(TypedDict):
    """JSON record of an article found by a search."""

    article: int
    title: str
    url: str
    source: str
    outlet: str
    language: str
    published: datetime | None
    first_seen_at: datetime
    story: str
    officials: tuple[str, ...]
    passages: list[PassageRecord]


class HistoryStep(TypedDict):
    """JSON record of the numbers of articles and stories about an official in one part of a longer period.

    ``start`` and ``end`` are the first and last day of this part (YYYY-MM-DD).
    """

    start: str
    end: str
    articles: int
    stories: int


class CompanionRecord(TypedDict):
    """JSON record of an official who is named in the same articles as another official.

    ``lift`` states how many times more often this happens than it would by chance.
    """

    id: str
    name: str
    articles: int
    lift: float | None


class SeenPostRecord(TypedDict):
    """JSON record of a post (office) that articles print next to an official's name.

    Days are written as YYYY-MM-DD. ``article`` is the id of the newest article that prints the post.
    """

    post: str
    articles: int
    first_on: str
    last_on: str
    article: int


class HistoryRecord(TypedDict):
    """JSON record of the coverage of an official in a period.

    The counts by outlet, language and rule are from a sample of ``sample_articles`` articles.
    """

    id: str
    name: str
    country: str
    position: str
    articles: int
    stories: int
    first_named_at: datetime | None
    last_named_at: datetime | None
    sample_articles: int
    timeline: list[HistoryStep]
    outlets: list[CountRecord]
    languages: list[CountRecord]
    rules: list[CountRecord]
    named_with: list[CompanionRecord]
    forms: list[FormRecord]
    posts: list[SeenPostRecord]


TIMELINE_COLUMNS = ("official", "from", "to", "articles", "stories")
PEOPLE_COLUMNS = ("id", "name", "country", "position", "week", "usual_week", "last_named_at", "archive_since")


def count_records(counts: Iterable[NamedCount]) -> list[CountRecord]:
    """Convert numbers of articles, such as the number for each outlet, to JSON records, in the same order."""
    return [{"id": one.id, "name": one.name, "articles": one.count} for one in counts]


def form_record(form: NameForm) -> FormRecord:
    """Return the JSON record of a spelling that the press used for an official."""
    return {
        "text": form.text,
        "form": form.form,
        "mentions": form.count,
        "last_at": form.last_at,
        "article": form.article_id,
    }

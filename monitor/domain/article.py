"""Articles with their regions (headline, body and so on) and processing stages, pending pages, and stories."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

MAX_AUTHORS, MAX_AUTHOR_CHARS = 20, 200
"""Maximum number of authors of an article, and maximum length of one author.

Pages and feeds themselves have no such limits.
"""

REPOST = "(repost)"
"""Value of ``Article.section`` that marks the article as a repost on a social network."""

REPLY = "(reply) "
"""Prefix of ``Article.section`` if the article is a reply. The guid or URL of the answered post follows it."""


class Region(StrEnum):
    """A part of an article in which text may be matched, such as the headline or the body.

    Boilerplate, such as menus and advertisements, belongs to no region and is never matched.
    """

    TITLE = "title"
    STANDFIRST = "standfirst"
    DATELINE = "dateline"
    CAPTION = "caption"
    BODY = "body"


class AttachedText(Struct, frozen=True):
    """Text of a document that is attached to a message, or the reason why it could not be read.

    ``page_starts`` are offsets in ``text``. ``is_partial`` is true if only the first pages of the document were read.
    """

    text: str
    page_starts: tuple[int, ...] = ()
    is_partial: bool = False


class Article(Struct, frozen=True):
    """An article as it was extracted. All texts are in Unicode form NFC.

    - ``body`` is the main text, whose paragraphs are joined by newlines.
    - ``published_at`` is None if the time is uncertain.
    - ``authors`` are the authors of the article. For a repost on a social network, the first one is the author of the
      original post.
    - ``section`` is ``REPOST`` for a repost, and begins with ``REPLY`` for a reply. Otherwise it is the outlet's
      section, such as Politics.
    - ``confidence`` is the extraction confidence, from 0 (nothing found) to 1.
    - ``partial_reason`` is the reason why the text is incomplete: "paywall", "teaser", "feed", "pages" (a long PDF
      document) or "scripts" (the page shows its text with JavaScript only). It is empty if the text is complete.
    - ``page_starts`` are the offsets in ``body`` at which the pages of a PDF document begin; it is empty for other
      articles. If several documents are attached to an article, each of them begins with page 1. Between the values for
      two documents, the list then has the value ``-1 - offset``, where ``offset`` is the end of the first of the two.
    """

    url: str
    title: str = ""
    standfirst: str = ""
    dateline: str = ""
    captions: tuple[str, ...] = ()
    body: str = ""
    canonical_url: str = ""
    published_at: datetime | None = None
    modified_at: datetime | None = None
    authors: tuple[str, ...] = ()
    agency: str = ""
    section: str = ""
    language: str = ""
    confidence: float = 0.0
    partial_reason: str = ""
    page_starts: tuple[int, ...] = ()

    def find_page(self, region: Region, offset: int) -> int:
        """Return the number of the PDF page that contains an offset in a region.

        The result is 0 if the text is not from a PDF document, or if the region is not the body.
        """
        page = 0
        for start in self.page_starts if region is Region.BODY else ():
            if offset < (start if start >= 0 else -1 - start):
                break
            page = page + 1 if start >= 0 else 0
        return page

    def regions(self) -> Iterator[tuple[Region, str]]:
        """Yield a pair for each region that has text: the region and its text.

        All captions are one text, joined by newlines.
        """
        for region, text in (
            (Region.TITLE, self.title),
            (Region.STANDFIRST, self.standfirst),
            (Region.DATELINE, self.dateline),
            (Region.CAPTION, "\n".join(self.captions)),
            (Region.BODY, self.body),
        ):
            if text:
                yield region, text

    @property
    def repost_author(self) -> str:
        """The author of the original post if this is a repost on a social network, else an empty string."""
        return next(iter(self.authors), "") if self.section == REPOST else ""

    @property
    def reply_to(self) -> str:
        """The guid or URL of the post that this article answers, else an empty string."""
        return self.section.removeprefix(REPLY) if self.section.startswith(REPLY) else ""

    @property
    def text_length(self) -> int:
        """The number of characters in the headline, the body and all other regions together."""
        return sum(len(text) for _, text in self.regions())


def append_attached(body: str, attached: Sequence[AttachedText]) -> tuple[str, tuple[int, ...]]:
    """Append the texts of attached documents to the body of an article.

    Return the new body, and the offsets in it at which pages begin (``Article.page_starts``).
    """
    starts: list[int] = []
    for one in attached:
        if starts:
            starts.append(-1 - len(body))
        body = f"{body}\n{one.text}" if body else one.text
        starts += (len(body) - len(one.text) + start for start in one.page_starts)
    return body, tuple(starts)


class Stage(StrEnum):
    """The last step of the pipeline that a stored article has passed."""

    LISTED = "listed"
    EXTRACTED = "extracted"
    MATCHED = "matched"
    GROUPED = "grouped"


class NewArticle(Struct, frozen=True):
    """A new article before it is stored.

    - ``entry_keys`` are values by which the article is recognised later, such as its URL.
    - ``evidence_keys`` are stored for comparison with later entries, but never identify an article.
    - ``is_alertable`` is false for an article that must not be reported, for example because it was published long
      before the source was added.
    - ``stage`` is ``LISTED`` if the page must still be fetched, else ``EXTRACTED``.
    - ``quarantine_reason`` is not empty if the article is quarantined: it is stored, but not reported until
      `monitor articles release` releases it. For example, articles are quarantined if a poll brings many old ones.
    - ``search_text`` is the text for the full-text index. If it is None, the store must compute this text.
    - ``known_article_id`` is the id of the article if it is already stored, and was found in a feed again with another
      URL or other keys. Then only the keys and the URL are added to the stored article.
    """

    entry_keys: tuple[str, ...]
    article: Article
    is_alertable: bool
    stage: Stage
    quarantine_reason: str = ""
    search_text: str | None = None
    evidence_keys: tuple[str, ...] = ()
    known_article_id: int | None = None


class KnownArticle(Struct, frozen=True):
    """A stored article that was found by an entry key, such as the URL of an entry of a feed.

    If the article was deleted, only its id is known.
    """

    id: int
    url: str = ""
    title: str = ""
    published_at: datetime | None = None
    is_deleted: bool = False


class StoredArticle(Struct, frozen=True):
    """An article with its database id.

    - ``is_alertable`` is false if the article must not be reported, for example because it was published long before
      its source was added.
    - ``duplicate_of`` is the id of the original if this article is a duplicate, which means that it has the same text.
    - ``version_count`` is the number of earlier versions.
    - ``quarantine_reason`` is not empty while the article is quarantined, which means that it is not reported.
    - ``read_error`` is the reason why its page could not be read, or empty.
    """

    id: int
    source_id: str
    article: Article
    first_seen_at: datetime
    is_alertable: bool = True
    stage: Stage = Stage.LISTED
    story_id: str = ""
    duplicate_of: int | None = None
    version_count: int = 0
    quarantine_reason: str = ""
    read_error: str = ""


class PendingPage(Struct, frozen=True):
    """An article whose page must be fetched. It is leased to the process that has ``token``.

    ``quarantine_reason`` is not empty while the article is quarantined, which means that it is not reported. The date
    on the page may end the quarantine.
    """

    id: int
    source_id: str
    article: Article
    attempts: int
    token: str
    first_seen_at: datetime
    quarantine_reason: str = ""


class Story(Struct, frozen=True):
    """A story (articles about one event) with the ids of its articles.

    ``merged_into`` is the id of the story into which this story was merged, or empty.
    """

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    article_ids: tuple[int, ...] = ()
    official_ids: tuple[str, ...] = ()
    merged_into: str = ""


class ArticleAttempt(Struct, frozen=True):
    """An article that is processed alone instead of in a batch, because it is long or an earlier attempt failed."""

    article_id: int
    source_id: str


class DuePage(Struct, frozen=True):
    """An article whose page was not fetched yet (stage ``LISTED``), and may be fetched from the time ``due_at`` on."""

    due_at: datetime
    article_id: int
    source_id: str
    url: str

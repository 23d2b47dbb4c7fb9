"""Configured sources, and the parsed documents that list their articles.

Values from sources.yaml are validated by pydantic; values from code that constructs a source are not checked.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, assert_never

from msgspec import Struct
from pydantic import BeforeValidator, ConfigDict, Field

from monitor.domain.article import AttachedText
from monitor.domain.fetch_result import LOGIN_HEADERS
from monitor.domain.field_types import (
    STRICT,
    CssSelector,
    DateFormat,
    Duration,
    FilePath,
    HeaderName,
    HeaderValue,
    Ids,
    LanguageCode,
    PollInterval,
    ShortText,
    Texts,
    TimeZoneName,
    WebUrl,
    as_list,
    as_mapping,
    parse_paused,
)
from monitor.domain.special_sources import Api, Mailbox
from monitor.domain.values import replace


class Entry(Struct, frozen=True):
    """An entry of a parsed document, with its texts as published.

    - ``summary`` and ``content`` are HTML of the publisher, not sanitised.
    - ``is_repost`` means that the entry is a post of another account, which is then in ``authors``.
    - ``reply_to`` is the guid or URL of the entry that this one answers, or empty.
    - ``attached`` are the documents that are attached to a message.
    """

    url: str
    guid: str = ""
    title: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    is_repost: bool = False
    reply_to: str = ""
    attached: tuple[AttachedText, ...] = ()


class Feed(Struct, frozen=True):
    """The parsed document of a source: its entries in their order, its title, language and polling hints.

    - ``nested_urls`` are the URLs of further documents: the next page of a list, or the sitemaps of an index.
    - ``is_cut_off`` is true if the document ends inside an entry. That entry is left out.
    - ``merged_count`` entries were left out because they have the same URL as another entry.
    - ``empty_count`` entries were left out because they have no URL or are empty.
    - ``left_out_count`` entries were left out because they exceed the maximum number.
    - ``note`` describes what the user should correct in the source, although the document can be read.
    """

    entries: tuple[Entry, ...]
    title: str = ""
    url: str = ""
    language: str = ""
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    nested_urls: tuple[str, ...] = ()
    is_cut_off: bool = False
    merged_count: int = 0
    empty_count: int = 0
    left_out_count: int = 0
    note: str = ""

    @property
    def is_truncated(self) -> bool:
        """Return whether entries were left out because the document has more than the maximum number."""
        return self.left_out_count > 0


class SourceKind(StrEnum):
    """Kind of document that lists a source's articles. The value is the key in sources.yaml and the field of `Source`.

    A source has one kind. In addition, it may have a sitemap, in which a poll finds articles that are not in the main
    document any more. The order of the kinds has no meaning.
    """

    API = "api"
    FEED = "feed"
    LISTING = "listing"
    MAILBOX = "mailbox"
    SITEMAP = "sitemap"

    @property
    def is_page(self) -> bool:
        """Return whether the document is a web page that is made for people.

        For a page, robots.txt is applied, the page may link to further pages, and the articles are found by selectors
        in sources.yaml.
        """
        match self:
            case SourceKind.LISTING:
                return True
            case SourceKind.API | SourceKind.FEED | SourceKind.MAILBOX | SourceKind.SITEMAP:
                return False
            case _:
                assert_never(self)

    @property
    def has_further_pages(self) -> bool:
        """Return whether the document may link to further pages of the list."""
        match self:
            case SourceKind.API | SourceKind.LISTING:
                return True
            case SourceKind.FEED | SourceKind.MAILBOX | SourceKind.SITEMAP:
                return False
            case _:
                assert_never(self)

    @property
    def may_become_empty(self) -> bool:
        """Return whether a document that had entries may later be empty although nothing is wrong with the source.

        For example, somebody may move all messages of a mailbox to another folder.
        """
        match self:
            case SourceKind.MAILBOX:
                return True
            case SourceKind.API | SourceKind.FEED | SourceKind.LISTING | SourceKind.SITEMAP:
                return False
            case _:
                assert_never(self)

    @property
    def has_article_pages(self) -> bool:
        """Return whether the articles have web pages of their own, which may contain a date or the whole text."""
        match self:
            case SourceKind.MAILBOX:
                return False
            case SourceKind.API | SourceKind.FEED | SourceKind.LISTING | SourceKind.SITEMAP:
                return True
            case _:
                assert_never(self)


class TextOrigin(StrEnum):
    """Origin of the text of an article: the article's own page, or the feed alone."""

    PAGE = "page"
    FEED = "feed"


class FetchMethod(StrEnum):
    """The program that requests the pages of a source: the HTTP client, or a browser that runs their scripts."""

    HTTP = "http"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class DateSelector:
    """CSS selector of a date on a page and, if the date is in an unusual format, this format."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    selector: Annotated[CssSelector, Field(description="CSS selector of the date")]
    format: Annotated[
        DateFormat, Field(description="strptime format, such as %d/%m/%Y, for an unusual date format")
    ] = ""


DateSelectorField = Annotated[
    DateSelector, BeforeValidator(as_mapping("selector"), json_schema_input_type=DateSelector | str)
]


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors for article pages; they override what the extractor finds. An empty selector is not used."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    title: Annotated[CssSelector, Field(description="the headline")] = ""
    standfirst: Annotated[CssSelector, Field(description="the paragraph between headline and body")] = ""
    body: Annotated[CssSelector, Field(description="the element that contains the paragraphs")] = ""
    published: Annotated[DateSelectorField | None, Field(description="the date, as a selector or with its format")] = (
        None
    )
    authors: Annotated[CssSelector, Field(description="the writers")] = ""
    remove: Annotated[
        tuple[CssSelector, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="elements that are not part of the article"),
    ] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that lists articles, and the CSS selectors that find the parts of each article on it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    url: Annotated[WebUrl, Field(description="URL of the page")]
    items: Annotated[CssSelector, Field(description='CSS selector of one article in the list, such as "li.news"')]
    link: Annotated[CssSelector, Field(description="the link inside an item")] = "a[href]"
    title: Annotated[CssSelector, Field(description="the headline inside an item; default: the link's text")] = ""
    published: Annotated[DateSelectorField | None, Field(description="the date inside an item")] = None
    text: Annotated[CssSelector, Field(description="the whole text inside an item, such as a post")] = ""
    author: Annotated[CssSelector, Field(description="the writer inside an item, such as the account of a post")] = ""
    repost_of: Annotated[
        CssSelector, Field(description="the writer of the original inside an item that is a repost")
    ] = ""
    reply_to: Annotated[
        CssSelector, Field(description="the link to the post that an item answers, such as the first one of a thread")
    ] = ""
    next: Annotated[CssSelector, Field(description="the link to the next page of the list")] = ""
    max_pages: Annotated[int, Field(strict=True, ge=1, le=50, description="maximum number of pages of the list")] = 1


@dataclass(frozen=True, slots=True)
class Source:
    """An origin of articles: a feed, a news sitemap, a page or an API that lists articles, or a mailbox."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT | {
        "json_schema_extra": {"anyOf": [{"required": [kind.value]} for kind in SourceKind]}
    }

    id: str
    name: Annotated[ShortText, Field(description="the name of the outlet in digests; default: the id")] = ""
    feed: Annotated[WebUrl, Field(description="URL of an RSS, Atom, RDF or JSON feed")] = ""
    listing: Annotated[Listing | None, Field(description="a page that lists articles, and how to read it")] = None
    api: Annotated[Api | None, Field(description="a JSON API that lists articles, and how to read it")] = None
    mailbox: Annotated[Mailbox | None, Field(description="a folder of a mailbox, and how to read it")] = None
    sitemap: Annotated[
        WebUrl, Field(description="URL of a news sitemap; in addition to another address it fills gaps")
    ] = ""
    language: Annotated[LanguageCode, Field(description="language code of its articles, such as en")] = ""
    country: Annotated[ShortText, Field(description="home country of the outlet")] = ""
    timezone: Annotated[TimeZoneName, Field(description="time zone of dates without an offset")] = ""
    poll_interval: Annotated[PollInterval, Field(description="auto, or a fixed duration such as 15m")] = None
    max_silence: Annotated[Duration | None, Field(description="a longer time without a new article is reported")] = None
    text_from: Annotated[
        TextOrigin, Field(description="page fetches the page of each article, feed uses the text of the feed")
    ] = TextOrigin.PAGE
    fetch: Annotated[
        FetchMethod, Field(description="browser runs the scripts of its pages that show no article without them")
    ] = FetchMethod.HTTP
    selectors: Annotated[Selectors, Field(description="CSS selectors for its article pages")] = field(
        default_factory=Selectors
    )
    headers: Annotated[
        dict[HeaderName, HeaderValue], Field(description="additional HTTP headers; values may be secrets")
    ] = field(default_factory=dict, hash=False)
    groups: Annotated[
        Texts,
        BeforeValidator(as_list, json_schema_input_type=list[ShortText] | str),
        Field(description="names of groups for rules, such as [Asia/Laos]; a slash separates folders"),
    ] = ()
    cookie_file: Annotated[
        FilePath | Literal[""], Field(description="file with the cookies of a login, in the Netscape format")
    ] = ""
    formerly: Annotated[Ids, Field(description="earlier ids of the source; it keeps their history")] = ()
    paused: Annotated[
        ShortText,
        BeforeValidator(parse_paused, json_schema_input_type=bool | str),
        Field(description="true, or the reason"),
    ] = ""

    def is_in_group(self, group: str) -> bool:
        """Return whether the source is in a group, or in a group within this group.

        For example, a source in ``Asia/Laos`` is also in ``Asia``.
        """
        return any(one == group or one.startswith(f"{group}/") for one in self.groups)

    def address(self, kind: SourceKind) -> str:
        """Return the URL that is configured for a kind of document. If none is configured, return an empty text."""
        match kind:
            case SourceKind.FEED:
                return self.feed
            case SourceKind.LISTING:
                return self.listing.url if self.listing else ""
            case SourceKind.API:
                return self.api.url if self.api else ""
            case SourceKind.MAILBOX:
                return self.mailbox.address if self.mailbox else ""
            case SourceKind.SITEMAP:
                return self.sitemap
            case _:
                assert_never(kind)

    @property
    def kind(self) -> SourceKind:
        """Return the kind of the document that is polled.

        The sitemap is polled only if no other document is configured. The checks of the configuration refuse a source
        that has two kinds besides the sitemap.
        """
        if self.feed:  # a shortcut: most sources are feeds, and each poll needs the kind several times
            return SourceKind.FEED
        own = (kind for kind in SourceKind if kind is not SourceKind.SITEMAP and self.address(kind))
        return next(own, SourceKind.SITEMAP if self.sitemap else SourceKind.FEED)

    @property
    def url(self) -> str:
        """Return the URL of the document that is polled."""
        return self.address(self.kind)

    @property
    def has_login(self) -> bool:
        """Return whether the requests of the source contain cookies or other credentials."""
        return bool(self.cookie_file) or any(name.lower() in LOGIN_HEADERS for name in self.headers)

    @property
    def max_pages(self) -> int:
        """The maximum number of pages that a poll reads, if the list of articles has several pages.

        It is 1 for documents that have no further pages, such as feeds.
        """
        paged = self.listing or self.api
        return paged.max_pages if paged else 1

    @property
    def gap_sitemap(self) -> str:
        """The URL of the sitemap that shows which articles are missing in the main document.

        The URL is empty if no sitemap is configured, or if the sitemap is itself the main document.
        """
        return self.sitemap if self.kind is not SourceKind.SITEMAP else ""

    def as_gap_sitemap(self) -> "Source":
        """Return a copy of the source that has only the sitemap, so that a poll reads the sitemap."""
        names = {kind.value for kind in SourceKind if kind is not SourceKind.SITEMAP}
        empty: dict[str, Any] = {each.name: each.default for each in fields(self) if each.name in names}
        return replace(self, **empty)

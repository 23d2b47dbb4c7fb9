"""Article building: makes articles from new feed entries; large batches are built in a worker process.

Feed content is untrusted. If an entry kills the worker process, only this entry is stored as a fallback article with
plain text.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.errors import WorkerKilled
from monitor.domain.mention import Findings
from monitor.domain.source import Entry, Source, SourceKind, TextOrigin
from monitor.domain.values import replace
from monitor.domain.watchlist import Watchlist
from monitor.pipeline.bounded_matching import MAX_INLINE_CHARS, ArticleMatcher, compile_in_worker
from monitor.pipeline.early_matching import EarlyMatching, with_date
from monitor.pipeline.process_offloader import ProcessOffloader, describe_error
from monitor.stories.novelty import ClassifiedEntry
from monitor.stories.undated import UNDATED_REASONS

if TYPE_CHECKING:
    from monitor.stories.fingerprints import ArticleFeatures, PackedFeatures

MAX_BATCH_ENTRIES = 100
MAX_KILLED_PROCESSES = 2
_INLINE_BATCH_ENTRIES = 4


BuiltArticle = tuple[Article, Stage, str | None]


class WorkedEntries(Struct, frozen=True):
    """Result of building articles from several entries in a worker process.

    - ``built`` are the articles.
    - ``findings`` has one value for each article: what matching has found, or None if the article was not matched.
    - ``features`` are the data of all articles by which their texts are compared to group them into stories.
    - ``needs_watchlist`` is true if nothing was done, because the process does not have the watchlist yet.
    - ``error`` is the last error in matching or in computing features, or an empty string.
    """

    built: Sequence[BuiltArticle] = ()
    findings: Sequence[Findings | None] = ()
    features: "PackedFeatures | None" = None
    needs_watchlist: bool = False
    error: str = ""


class BuiltArticles(Struct, frozen=True):
    """The articles built from the entries of a poll, and the number of fallback articles.

    A fallback article has only plain text, because building it failed. ``findings`` (what matching has found) and
    ``features`` (the data for grouping) have one value for each of the ``articles``, or None if the article was not
    matched.
    """

    articles: tuple[NewArticle, ...] = ()
    fallback_count: int = 0
    findings: "tuple[Findings | None, ...]" = ()
    features: "tuple[ArticleFeatures | None, ...]" = ()


class ArticleBuilder:
    """Builder of articles from the new entries of a poll.

    If many articles wait, they are built in a worker process. Otherwise they are built in this process, which blocks
    the event loop. This is done in small parts, each of which must hold the lock ``cpu_slot``, so that other tasks can
    run between two parts.
    """

    def __init__(self, offloader: ProcessOffloader, cpu_slot: asyncio.Lock, early: EarlyMatching | None = None) -> None:
        self._offloader, self._cpu_slot = offloader, cpu_slot
        self._early = early if early and early.is_possible else None

    async def build(
        self, classified: Sequence[ClassifiedEntry], source: Source, now: datetime, *, is_isolated: bool = False
    ) -> BuiltArticles:
        """Build an article from each entry.

        If many articles wait, they are built in a worker process. The worker process also matches them if early
        matching is switched on. If ``is_isolated`` is true, each article is built alone in a worker process, because
        one of the entries may have killed the process in an earlier poll.
        """
        new_articles, fallback_count = list[NewArticle](), 0
        findings, features = list[Findings | None](), list["ArticleFeatures | None"]()
        for start in range(0, len(classified), MAX_BATCH_ENTRIES):
            batch = classified[start : start + MAX_BATCH_ENTRIES]
            entries = [one.entry for one in batch]
            worked: WorkedEntries | None = None
            is_safe = not (is_isolated and self._offloader.has_pool)
            try:
                worked = await self._work_in_pool(entries, source, now) if is_safe else None
                built = worked.built if worked else await self._build_inline(entries, source) if is_safe else ()
            except WorkerKilled:
                is_safe = False
            if not is_safe:
                built, killed_count = await self._build_one_by_one(entries, source)
                fallback_count += killed_count
            made = [_make_new_article(one, *parts, source) for one, parts in zip(batch, built, strict=True)]
            new_articles += made
            found, prepared = _take_findings(made, worked, now)
            findings += found
            features += prepared
        return BuiltArticles(tuple(new_articles), fallback_count, tuple(findings), tuple(features))

    async def _work_in_pool(self, entries: Sequence[Entry], source: Source, now: datetime) -> WorkedEntries | None:
        """Build articles in a worker process, and match them there if early matching (before they are stored) is on.

        The result is None if the articles must be built in this process, because few articles wait or no process can be
        started.
        """
        run, early = self._offloader.run_in_pool, self._early
        if early is None:
            built = await run(build_indexed_articles, entries, source)
            return WorkedEntries(built) if built else None
        worked = await run(work_on_entries, entries, source, now, early.key, None)
        if worked and worked.needs_watchlist:
            worked = await run(work_on_entries, entries, source, now, early.key, early.watchlist)
        if worked and worked.error:
            self._offloader.record_failure(work_on_entries.__name__, worked.error)
        return worked

    async def _build_inline(self, entries: Sequence[Entry], source: Source) -> list[BuiltArticle]:
        built: list[BuiltArticle] = []
        for start in range(0, len(entries), _INLINE_BATCH_ENTRIES):
            async with self._cpu_slot:
                built += build_articles(entries[start : start + _INLINE_BATCH_ENTRIES], source)
        return built

    async def _build_one_by_one(self, entries: Sequence[Entry], source: Source) -> tuple[list[BuiltArticle], int]:
        """Build articles one by one, after a batch has killed its worker process.

        Return the articles and the number of fallback articles, which have only plain text. After
        ``MAX_KILLED_PROCESSES`` further killed processes, the remaining entries are tried together, so that one feed
        cannot block other feeds for long.
        """
        from monitor.extract.feed_content import build_fallback_article

        built: list[BuiltArticle] = []
        kills = fallback_count = 0
        fallback_stage = Stage.EXTRACTED if source.text_from is TextOrigin.FEED else Stage.LISTED
        while len(built) < len(entries):
            remaining = entries[len(built) :]
            batch = remaining[:1] if kills < MAX_KILLED_PROCESSES else remaining
            try:
                built += await self._offloader.run_separately(build_indexed_articles, batch, source)
            except WorkerKilled:
                kills, fallback_count = kills + 1, fallback_count + len(batch)
                built += ((build_fallback_article(entry, source), fallback_stage, None) for entry in batch)
        return built, fallback_count


def _make_new_article(
    one: ClassifiedEntry, article: Article, stage: Stage, search_text: str | None, source: Source
) -> NewArticle:
    """Return the article to store for an entry.

    An entry without a date may be quarantined (stored without a report). Its page is then read even if the feed has the
    whole text, because the page may have the date. Pages of a source with `text_from: feed` are never read.
    """
    if one.quarantine_reason in UNDATED_REASONS and article.url and source.text_from is not TextOrigin.FEED:
        stage, search_text = Stage.LISTED, None
    return NewArticle(one.keys, article, one.is_alertable, stage, one.quarantine_reason, search_text, one.evidence_keys)


def _take_findings(
    articles: Sequence[NewArticle], worked: WorkedEntries | None, now: datetime
) -> "tuple[list[Findings | None], list[ArticleFeatures | None]]":
    """Return the findings of each article, and the features by which it is compared in grouping, as two lists.

    Both have None for an article that was not matched, for example because its page must be read first.
    """
    if worked is None or not worked.findings:
        return [None] * len(articles), [None] * len(articles)
    from monitor.stories.fingerprints import extract_grouping_text, unpack_features

    findings = [
        None if new.stage is Stage.LISTED else found for new, found in zip(articles, worked.findings, strict=True)
    ]
    if worked.features is None:
        return findings, [None] * len(articles)
    texts = [extract_grouping_text(with_date(new.article, now)) for new in articles]
    unpacked = unpack_features(worked.features, texts)
    return findings, [one if found is not None else None for one, found in zip(unpacked, findings, strict=True)]


def build_aliases(classified: Sequence[ClassifiedEntry]) -> tuple[NewArticle, ...]:
    """Return the keys and URLs to add to articles that are already stored.

    A key is a value by which an article is found again, such as its guid. An entry that a feed lists again may have a
    new key. Each result has the id of the stored article. No URL is added to an article that was deleted.
    """
    return tuple(
        NewArticle(
            one.keys,
            Article("" if one.known_article.is_deleted else one.entry.url),
            one.is_alertable,
            Stage.LISTED,
            evidence_keys=one.evidence_keys,
            known_article_id=one.known_article.id,
        )
        for one in classified
        if one.known_article
    )


def build_articles(entries: Sequence[Entry], source: Source) -> list[BuiltArticle]:
    """Build articles from entries, each with a stage that states whether the page of the article must be fetched.

    The page is not fetched if the feed has the complete text, or if the entry has no URL.
    """
    from monitor.extract.feed_content import article_from_entry, is_complete

    articles = [article_from_entry(entry, source) for entry in entries]
    if source.kind is SourceKind.MAILBOX:
        articles = [_complete_message(article, entry) for article, entry in zip(articles, entries, strict=True)]
    uses_feed_text = source.text_from is TextOrigin.FEED
    return [
        (article, Stage.EXTRACTED if uses_feed_text or is_complete(article) or not entry.url else Stage.LISTED, None)
        for article, entry in zip(articles, entries, strict=True)
    ]


def _complete_message(article: Article, entry: Entry) -> Article:
    """Return the article of a mailbox message with a URL that opens the message, and marked as complete.

    If only the first pages of an attached document were read, it is marked as partial instead. If the entry is a link
    in a message, it already has a URL, and its article is returned unchanged.
    """
    if entry.url:
        return article
    from monitor.parse.mailbox import message_url

    url = message_url(entry.guid)
    reason = "pages" if any(one.is_partial for one in entry.attached) else ""
    return replace(article, url=url, canonical_url=url, partial_reason=reason)


def build_indexed_articles(entries: Sequence[Entry], source: Source) -> list[BuiltArticle]:
    """Build articles from entries.

    The text for the full-text index is also computed, except for articles whose page must be read first.
    """
    from monitor.text.search_text import index_text

    return [
        (article, stage, index_text(article) if stage is Stage.EXTRACTED else None)
        for article, stage, _ in build_articles(entries, source)
    ]


def work_on_entries(
    entries: Sequence[Entry], source: Source, now: datetime, key: int, watchlist: Watchlist | None
) -> WorkedEntries:
    """Build articles in a worker process, match the complete ones, and compute the features of all for grouping.

    A feature is a value by which texts are compared. ``key`` identifies the watchlist. If ``watchlist`` is None, and
    this process has not received the watchlist before, nothing is done, and ``needs_watchlist`` is true in the result.
    An article that cannot be matched has no findings. The matching step later tries it again and records the reason.
    """
    from monitor.stories.fingerprints import extract_grouping_text, pack_features

    matcher = compile_in_worker(key, watchlist)
    if matcher is None:
        return WorkedEntries(needs_watchlist=True)
    built = build_indexed_articles(entries, source)
    errors: list[str] = []
    findings = [_match(matcher, article, stage, source.id, now, errors) for article, stage, _ in built]
    features = None
    try:
        features = pack_features([extract_grouping_text(with_date(article, now)) for article, _, _ in built])
    except Exception as error:  # noqa: BLE001 - the article that raised it is found when it is grouped
        errors.append(describe_error(error))
    return WorkedEntries(built, findings, features, error=errors[-1] if errors else "")


def _match(
    matcher: ArticleMatcher, article: Article, stage: Stage, source_id: str, now: datetime, errors: list[str]
) -> Findings | None:
    """Return the findings of an article, or None if it must be matched later. An error is appended to ``errors``."""
    if stage is not Stage.EXTRACTED or article.text_length > MAX_INLINE_CHARS:
        return None
    try:
        return matcher.match(article, source_id, now)
    except Exception as error:  # noqa: BLE001 - the matching step matches the article again and records the error
        errors.append(describe_error(error))
        return None

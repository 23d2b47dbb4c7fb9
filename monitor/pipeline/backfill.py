"""Backfill: stores older articles of a source from its sitemaps and listing pages, without reporting them.

The documents are read one after another, and articles are stored in small parts. The pages of one part are read before
the next part is stored. The pages of new articles therefore do not have to wait until the whole archive was read. A
backfill that was interrupted continues with the next document. Articles that are already stored are not stored again.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitor.domain.backfill import BackfillProgress
from monitor.domain.poll_state import PollState
from monitor.domain.ports import Clock
from monitor.domain.source import Entry, Feed, Source, SourceKind, TextOrigin
from monitor.domain.values import replace
from monitor.pipeline.one_pass import Pipeline
from monitor.store.database import Database
from monitor.stories.identity import assign_entry_keys, collect_lookup_keys
from monitor.stories.novelty import ClassifiedEntry, classify_entries, plausible_date
from monitor.text.urls import extract_origin

MIN_AGE = timedelta(days=2)
"""Minimum age of an article that a backfill stores. Polls find younger articles and report them."""
SAME_PERIOD = timedelta(days=31)
"""Maximum difference between the starts of two periods at which a backfill continues an unfinished one.

If the new period begins earlier than the unfinished one, or later by more than this, the backfill starts from the
beginning.
"""
MAX_DOCUMENTS, MAX_PENDING, MAX_PROBLEMS = 2_000, 2_000, 20
"""Limits for one backfill, which reads the archive of a source.

- ``MAX_DOCUMENTS`` is the number of sitemaps and listing pages that one run reads.
- ``MAX_PENDING`` is the number of such documents that wait to be read.
- ``MAX_PROBLEMS`` is the number of problems that are stored.
"""
PART_SIZE = 50
NEXT_LINKS = 'a[rel~="next"], link[rel~="next"]'
"""Selector of the link to the next page of a list, for a source without a configured selector."""
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:[-_/.]?(0[1-9]|1[0-2]))?(?!\d)")


class Backfiller:
    """Runner of backfills. It reads the archive of a source, and stores its articles with the steps of ``pipeline``.

    ``progress`` is called with a text and the number of articles that were stored so far.
    """

    def __init__(
        self, database: Database, pipeline: Pipeline, clock: Clock, progress: Callable[[str, int], None]
    ) -> None:
        self._database, self._pipeline, self._clock, self._progress = database, pipeline, clock, progress

    async def run(self, source: Source, since_at: datetime, limit: int) -> BackfillProgress:
        """Read the archive of a source back to ``since_at``, and store at most ``limit`` articles.

        The source is polled first, so that its current articles are known and reported as usual.
        """
        await self._pipeline.collector.run_due({source.id: source}, 1, [source.id])
        state = await self._start(source, since_at)
        stored, documents = 0, 0
        while state.pending_urls and stored < limit and documents < MAX_DOCUMENTS:
            url, documents = state.pending_urls[0], documents + 1
            part = await self._pipeline.collector.feed_reader.read_part(archive_source(source, url), url)
            if isinstance(part, Feed):
                count, is_whole = await self._store(source, part, since_at, limit - stored)
                stored += count
                state = replace(state, stored_count=state.stored_count + count)
                state = self._advance(source, state, url, part) if is_whole else state
            else:
                problem = f"{url}: {part.reason}"
                state = _without_first(replace(state, problems=(*state.problems, problem)[:MAX_PROBLEMS]))
            state = await self._save(_finish(state))
            self._progress(f"articles of {source.id} stored", state.stored_count)
        return state

    async def _start(self, source: Source, since_at: datetime) -> BackfillProgress:
        """Return the stored progress of a backfill of the same period, or else the progress of a new backfill.

        A period that begins at most ``SAME_PERIOD`` after the stored one counts as the same period, because a duration
        such as 90d is counted back from the present day. If the archive is already complete for the period, the
        progress has no documents to read.
        """
        stored = await self._database.read(self._database.key_values.get_backfill, source.id)
        before = stored.complete_since_at if stored else None
        if before and before <= since_at:
            return BackfillProgress(source.id, since_at, self._clock(), complete_since_at=before)
        if stored and stored.since_at <= since_at <= stored.since_at + SAME_PERIOD and stored.pending_urls:
            return stored
        now = self._clock()
        urls = await self._find_archive(source)
        problems = () if urls else ("the site names no sitemap, and the source has no listing page; add sitemap:",)
        new = BackfillProgress(source.id, since_at, now, tuple(urls), problems=problems, complete_since_at=before)
        return await self._save(new)

    async def _find_archive(self, source: Source) -> list[str]:
        """Return the addresses of the sitemap and the listing page of a source.

        If neither is configured for a feed, return the sitemaps in the robots.txt of its site.
        """
        own = [source.sitemap, source.listing.url if source.listing else ""]
        if not any(own) and source.kind is SourceKind.FEED:
            own = await self._pipeline.collector.feed_reader.find_sitemaps(source)
        return [url for url in own if url]

    async def _store(self, source: Source, feed: Feed, since_at: datetime, limit: int) -> tuple[int, bool]:
        """Store at most ``limit`` articles of a document that are in the period of the backfill, and read their pages.

        Articles that are already stored, or are younger than ``MIN_AGE``, are ignored. Return how many articles were
        stored, and whether no article of the document is left to store.
        """
        now, collector = self._clock(), self._pipeline.collector
        wanted = [entry for entry in feed.entries if _is_wanted(entry, since_at, now)]
        keyed = assign_entry_keys(replace(feed, entries=tuple(wanted)))
        known = await collector.find_known(source, collect_lookup_keys(keyed))
        novelty = classify_entries(keyed, known, PollState(source.id), timedelta(0), now)
        new = novelty.new[:limit]
        for start in range(0, len(new), PART_SIZE):
            await self._store_part(source, new[start : start + PART_SIZE])
        return len(new), len(new) == len(novelty.new)

    async def _store_part(self, source: Source, entries: Sequence[ClassifiedEntry]) -> None:
        now, pipeline = self._clock(), self._pipeline
        if not any(one.entry.content for one in entries):  # a sitemap has no texts, also if the feed has them
            source = replace(source, text_from=TextOrigin.PAGE)
        built = await pipeline.collector.article_builder.build(entries, source, now)
        quiet = [replace(article, is_alertable=False, quarantine_reason="") for article in built.articles]
        await self._database.run(self._database.articles.store_archive, source.id, quiet, now)
        while await pipeline.page_reader.run_due(pipeline.sources, PART_SIZE, source.id):
            pass
        await pipeline.matching_step.run_all()
        await pipeline.grouping_step.run_all()

    def _advance(self, source: Source, state: BackfillProgress, url: str, feed: Feed) -> BackfillProgress:
        """Return the progress of a backfill after a document (``feed``) was read.

        The documents to which this document links are added to the documents that are still to be read. If the document
        is too long to be read completely, this is noted as a problem.
        """
        known = {*state.read_urls, *state.pending_urls}
        linked = [one for one in feed.nested_urls if one not in known and not is_older(one, state.since_at)]
        if is_listing(source, url):
            dates = [date for entry in feed.entries if (date := entry.published_at)]
            linked = linked if not dates or max(dates) >= state.since_at else []
        problems = list(state.problems)
        if feed.is_cut_off or feed.left_out_count or len(state.pending_urls) + len(linked) > MAX_PENDING:
            problems.append(f"{url}: is too long to be read completely")
        rest = (*state.pending_urls[1:], *linked)[:MAX_PENDING]
        return replace(
            state, pending_urls=rest, read_urls=(*state.read_urls, url), problems=tuple(problems[:MAX_PROBLEMS])
        )

    async def _save(self, state: BackfillProgress) -> BackfillProgress:
        state = replace(state, changed_at=self._clock())
        await self._database.run(self._database.key_values.save_backfill, state)
        return state


def archive_source(source: Source, url: str) -> Source:
    """Return the source with the settings that are needed to read a sitemap or listing page of its archive."""
    if is_listing(source, url) and source.listing:
        following = source.listing.next or NEXT_LINKS
        return replace(source, listing=replace(source.listing, next=following, max_pages=2))
    is_own = extract_origin(url) == extract_origin(source.url)  # headers may hold a login
    return replace(source.as_gap_sitemap(), sitemap=url, headers=source.headers if is_own else {})


def is_listing(source: Source, url: str) -> bool:
    """Return whether a document of an archive is a listing page, and not a sitemap."""
    is_xml = url.partition("?")[0].endswith((".xml", ".xml.gz"))
    return source.listing is not None and not is_xml and url != source.sitemap


def is_older(url: str, since_at: datetime) -> bool:
    """Return whether a sitemap has only articles from before ``since_at``, to judge by the month or year in its name.

    An example of such a name is sitemap-2019-05.xml. Without a month or year in the name, the result is False.
    """
    found = _MONTH.findall(url.rpartition("/")[2] or url)
    if len(found) != 1:
        return False
    year, month = int(found[0][0]), int(found[0][1] or 12)
    return (year, month) < (since_at.year, since_at.month)


def _is_wanted(entry: Entry, since_at: datetime, now: datetime) -> bool:
    date = plausible_date(entry.published_at or entry.updated_at, now)
    return date is None or since_at <= date < now - MIN_AGE


def _without_first(state: BackfillProgress) -> BackfillProgress:
    return replace(state, pending_urls=state.pending_urls[1:])


def _finish(state: BackfillProgress) -> BackfillProgress:
    """Mark the archive as complete if all documents were read without a problem, and return the progress."""
    if state.pending_urls or state.problems:
        return state
    return replace(state, complete_since_at=state.since_at, read_urls=())

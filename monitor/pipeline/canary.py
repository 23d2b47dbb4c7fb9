"""Canary: a synthetic article that is parsed, matched, put into a digest and rendered, but never stored or sent.

A daemon can look healthy while it finds nothing, for example if its libraries were replaced while it was running. Only
an article that passes through all steps proves that the daemon works.
"""

import asyncio
from datetime import datetime, timedelta

from monitor.digest.compose import compose_digest
from monitor.digest.render import render_digest
from monitor.domain.configuration import Configuration
from monitor.domain.digest import Coverage, DigestPlan, ReportableHit, Window
from monitor.domain.errors import CanaryLost
from monitor.domain.mention import HitKind
from monitor.domain.ports import Clock
from monitor.domain.source import Source, TextOrigin
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.extract.feed_content import article_from_entry
from monitor.match.engine import Matcher, compile_watchlist
from monitor.parse.dispatch import parse_document

NAME, OFFICIAL_ID, RULE_ID = "Canary Exampleton", "canary", "canary"
URL = "https://canary.example/article"
SOURCE = Source("canary", "Canary", feed="https://canary.example/feed", text_from=TextOrigin.FEED)
FEED = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Canary</title><item><guid>{URL}</guid><link>{URL}</link>
<title>Harbour reopens after the storm</title>
<description>The harbour reopened on Monday, {NAME} said in the capital.</description>
</item></channel></rss>""".encode()


class Canary:
    """Test of the pipeline with a synthetic article. It uses the configured templates, but its own watchlist."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self._template_dir, self._clock = configuration.settings.template_dir, clock
        self._official = Official(OFFICIAL_ID, NAME)
        self._watchlist = Watchlist((self._official,), (Rule(RULE_ID, (OFFICIAL_ID,)),))
        self._matcher: Matcher | None = None

    async def run(self) -> None:
        """Pass the synthetic article through all steps.

        Raises ``CanaryLost`` if the article does not reach the end. The error names the step that failed.
        """
        await asyncio.to_thread(self._run_steps, self._clock())

    def _run_steps(self, now: datetime) -> None:
        step = "parsing"
        try:
            (entry,) = parse_document(FEED, "application/rss+xml", SOURCE.url, SOURCE).entries
            article = article_from_entry(entry, SOURCE)
            step = "matching"
            self._matcher = self._matcher or compile_watchlist(self._watchlist)
            findings = self._matcher.match(article, SOURCE.id, now)
            (hit,) = findings.hits
            step = "composing"
            reportable = ReportableHit(
                id=1,
                rule_id=hit.rule_id,
                official_ids=hit.official_ids,
                passages=hit.passages,
                kind=HitKind.NEW,
                found_at=now,
                article_id=1,
                article=article,
                source_id=SOURCE.id,
                outlet=SOURCE.name,
                first_seen_at=now,
                mentions=findings.mentions,
            )
            plan = DigestPlan("canary", (RULE_ID,), at="immediately")
            window = Window(now - timedelta(minutes=1), now)
            digest = compose_digest(plan, window, (reportable,), Coverage(1, 1, 1), (self._official,), {}, now, False)
            step = "rendering"
            rendered = render_digest(digest, self._template_dir)
            for form in (rendered.text, rendered.html, rendered.payload):
                form.index(URL)  # raises ValueError if the link of the article is missing
        except Exception as error:  # any error in these steps would lose an article of an outlet, too
            raise CanaryLost(f"a test article was lost in {step} ({type(error).__name__}: {error})") from error

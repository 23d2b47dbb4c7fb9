"""Fallback digest: a plain list of headlines and links, for when the usual digest cannot be composed or rendered.

The fallback digest needs no template and no passages, so that an error in a template or passage cannot prevent it.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from monitor.digest.payload import build_payload, encode_payload
from monitor.domain.delivery import RenderedDigest
from monitor.domain.digest import Digest, DigestItem, DigestPlan, DigestStory, Window
from monitor.text.sanitize import single_line


def compose_fallback(plan: DigestPlan, window: Window, items: Sequence[DigestItem], now: datetime) -> Digest:
    """Compose a digest with one story for each article, at most ``plan.max_articles`` of them."""
    shown = items[: plan.max_articles]
    notice = "This digest could not be composed as usual. It lists headlines and links only."
    return Digest(
        plan.id,
        plan.title,
        window,
        now,
        plan.timezone,
        stories=tuple(DigestStory(f"a{item.article_id}", item.title, (), (item,)) for item in shown),
        notices=(notice,),
        omitted_articles=len(items) - len(shown),
    )


def render_fallback(digest: Digest) -> RenderedDigest:
    """Render a digest of ``compose_fallback`` in all output formats, without templates."""
    items = [item for story in digest.stories for item in story.items]
    count = len(items) + digest.omitted_articles
    subject = f"{digest.title or digest.plan_id}: {count} {'article' if count == 1 else 'articles'}, as a list"
    entries = [(f"{item.outlet}: {single_line(item.title)}", item.url) for item in items]
    left_out = (f"{digest.omitted_articles} more articles are not listed.",) if digest.omitted_articles else ()
    paragraphs = (*digest.notices, *(f"{headline}\n{url}".rstrip() for headline, url in entries), *left_out)
    lines = [
        *(f"<p>{escape(notice)}</p>" for notice in digest.notices),
        *(f'<p><a href="{escape(url)}">{escape(headline)}</a></p>' for headline, url in entries),
        *(f"<p>{notice}</p>" for notice in left_out),
    ]
    html = f'<!doctype html><html><head><meta charset="utf-8"></head><body>{"".join(lines)}</body></html>\n'
    text = "\n\n".join(paragraphs) + "\n"
    return RenderedDigest(subject, text, html, encode_payload(build_payload(digest)), (), paragraphs)

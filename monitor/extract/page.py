"""A page becomes an article."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import Article
from monitor.domain.source import Source
from monitor.extract.blocks import Layout, survey, tidy
from monitor.extract.body import choose
from monitor.extract.metadata import Metadata, read_metadata
from monitor.text.dates import parse_date
from monitor.text.encoding import decode

_MAGIC = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"PK\x03\x04", b"\x1f\x8b", b"\x00\x00\x00")


@dataclass(frozen=True, slots=True)
class Explanation:
    """An article and, region by region, what was taken from where and why."""

    article: Article
    reasons: tuple[tuple[str, str], ...]


def extract_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> Article:
    """Return the article of a page; a page without one comes back empty with a confidence of 0. Never raises.

    ``entry`` is what the feed said of it, for what the page leaves open.
    """
    return explain_page(body, url, content_type, source, entry).article


def explain_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> Explanation:
    """Do the same and tell why each region became what it is."""
    tree = LexborHTMLParser(decode(body, content_type) if _is_text(body) else "")
    metadata = read_metadata(tree)
    root = tree.body
    layout = survey(root) if root is not None else Layout()
    choice = choose(layout) if layout.runs else None
    zone = ZoneInfo(source.timezone) if source and source.timezone else None
    title = _title(tree, metadata) or (entry.title if entry else "")
    article = Article(
        url=url,
        title=title,
        standfirst=metadata.descriptions[0] if metadata.descriptions else "",
        body="\n".join(run.text for run in choice.runs) if choice else "",
        canonical_url=urljoin(url, metadata.urls[0]) if metadata.urls else url,
        published_at=_first(metadata.published, zone) or (entry.published_at if entry else None),
        modified_at=_first(metadata.modified, zone),
        authors=tuple(metadata.authors[:10]),
        section=metadata.sections[0] if metadata.sections else "",
        language=metadata.languages[0].partition("-")[0].partition("_")[0].lower() if metadata.languages else "",
        confidence=round(choice.confidence, 2) if choice else 0.0,
    )
    return Explanation(article, (("body", f"{len(choice.runs) if choice else 0} paragraphs"),))


def _title(tree: LexborHTMLParser, metadata: Metadata) -> str:
    headings = [tidy(node.text(separator=" ")) for node in tree.css("h1")]
    headings = [text for text in headings if text]
    claimed = metadata.titles[0] if metadata.titles else ""
    for heading in headings:
        if heading in claimed or claimed in heading:
            return heading
    return claimed or (headings[0] if headings else "")


def _first(texts: list[str], zone: tzinfo | None) -> datetime | None:
    for text in texts:
        moment = parse_date(text, zone)
        if moment is not None:
            return moment
    return None


def _is_text(body: bytes) -> bool:
    """Tell text from pictures, archives and PDFs that are served as HTML."""
    head = body[:2_000]
    if head.startswith(_MAGIC):
        return False
    odd = sum(byte < 9 or 14 <= byte < 27 for byte in head)
    return odd <= len(head) // 20 or head.count(0) > len(head) // 4

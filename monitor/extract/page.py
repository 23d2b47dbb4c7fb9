"""A page becomes an article: one tree, one walk over it, then decisions on a flat list."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import Article
from monitor.domain.source import Selectors, Source
from monitor.extract.blocks import Layout, survey
from monitor.extract.body import Page, choose, open_page
from monitor.extract.honesty import find_partial, fuller_text, judge
from monitor.extract.language import find_language
from monitor.extract.metadata import Metadata, read_metadata
from monitor.extract.regions import Regions, sort_runs
from monitor.extract.selectors import remove, select_body, select_date, select_texts
from monitor.extract.shape import guarded
from monitor.extract.times import Clock, find_modified, find_published, in_utc
from monitor.extract.title import pick_title
from monitor.extract.zones import zone_of
from monitor.text.encoding import decode


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text became part of a region, or of none ("dropped")."""

    region: str
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An article, the reasons for all that it holds and lacks, and the CSS path of the box taken for its body.

    ``published`` is ``article.published_at`` by the clock the page tells it in: its date is the one readers saw.
    """

    article: Article
    reasons: tuple[Reason, ...]
    body_path: str
    published: datetime | None


def extract_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> Article:
    """Return the article of a page; one without any comes back empty with a confidence of 0. Never raises.

    ``entry`` is what the feed said of it, for what the page leaves open; where the page has no headline that could
    stand against the feed's, it is left out (``better`` joins the two).
    """
    return explain_page(body, url, content_type, source, entry).article


def explain_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> Explanation:
    """Do the same and tell why each region became what it is, so that a user can write selectors."""
    tree = LexborHTMLParser(guarded(decode(body, content_type)) if _is_text(body) else "")
    metadata = read_metadata(tree)
    selectors = source.selectors if source else Selectors()
    zone = zone_of(source, url)
    clock = Clock(zone, is_sure=bool(source and source.timezone))
    published, published_why = select_date(tree, selectors, zone), "selector"
    remove(tree, selectors.remove)
    root = tree.body
    page = open_page(survey(root) if root is not None else Layout(), list(metadata.headlines.values()))
    regions, title, title_why = _regions(tree, page, metadata, selectors, url)
    if published is None:
        published, published_why = find_published(tree, page, metadata, clock, entry.published_at if entry else None)
    own = "" if entry and _feed_knows_better(entry.title, title_why) else title
    text, text_why = fuller_text("\n".join(regions.body), metadata.body)
    article = Article(
        url=url,
        title=own,
        standfirst=regions.standfirst,
        dateline=regions.dateline,
        captions=tuple(regions.captions),
        body=text,
        canonical_url=_canonical(url, metadata.urls),
        published_at=in_utc(published),
        modified_at=find_modified(tree, metadata, zone, published),
        authors=_authors(metadata, tree, selectors) or (entry.authors if entry else ()),
        agency=regions.agency,
        section=metadata.sections[0] if metadata.sections else "",
        language=find_language(f"{title} {text}", metadata.languages) or _default_language(source, entry),
        confidence=judge(page, title, published is not None, selectors.body),
        partial=find_partial(page, metadata, text),
    )
    if selectors.body and not page.selected:
        text_why = text_why or f"the selector matched nothing: {selectors.body}"
    return Explanation(
        article, tuple(_reasons(article, page, title_why, published_why, text_why)), _path(page), published
    )


def _regions(
    tree: LexborHTMLParser, page: Page, metadata: Metadata, selectors: Selectors, url: str
) -> tuple[Regions, str, str]:
    """Return the regions with selectors applied, the headline and who vouches for it."""
    if page.layout.runs and not select_body(tree, page, selectors.body):
        choose(page)
    title, why = pick_title(page, metadata, urlsplit(url).hostname or "")
    selected = select_texts(tree, selectors.title)
    if selected:
        title, why = " ".join(selected), "selector"
    regions = sort_runs(page, title, metadata.descriptions, metadata.authors) if page.layout.runs else Regions()
    standfirst = select_texts(tree, selectors.standfirst)
    if standfirst:
        regions.standfirst = "\n".join(standfirst)
        regions.body = [text for text in regions.body if text not in standfirst]
    return regions, title, why


def _feed_knows_better(listed: str, witnesses: str) -> bool:
    """Tell whether only the window's title vouches for another headline, which often is the site's name."""
    return bool(listed) and not listed.endswith(("...", "…")) and witnesses in {"document", "nothing"}


def _authors(metadata: Metadata, tree: LexborHTMLParser, selectors: Selectors) -> tuple[str, ...]:
    """Return names, without the "By" before them; addresses of profiles are no names."""
    found = select_texts(tree, selectors.authors) or metadata.authors
    names = [name.removeprefix("By ").removeprefix("by ").strip() for name in found]
    return tuple(dict.fromkeys(name for name in names if name and "://" not in name and len(name) < 100))[:10]


def _canonical(url: str, claims: list[str]) -> str:
    """Return the address the page gives itself, unless that is another site's or a front page's."""
    here = urlsplit(url)
    for claim in claims:
        try:
            there = urlsplit(urljoin(url, claim))
        except ValueError:
            continue
        front = there.path in {"", "/"} and here.path not in {"", "/"} and not there.query
        same = not url or _site(there.hostname) == _site(here.hostname)
        if there.scheme in {"http", "https"} and same and not front:
            return there._replace(fragment="").geturl()
    return url


def _site(host: str | None) -> str:
    """Return the last labels of a host: www., m. and language prefixes are one site."""
    return ".".join((host or "").split(".")[-2:])


def _default_language(source: Source | None, entry: Article | None) -> str:
    return (entry.language if entry else "") or (source.language if source else "")


def _reasons(article: Article, page: Page, title: str, published: str, text: str) -> list[Reason]:
    reasons = [Reason("title", title, article.title)]
    if article.published_at:
        reasons.append(Reason("published", published, article.published_at.isoformat()))
    if text:
        reasons.append(Reason("body", text, article.body))
    for fate, run in zip(page.fate, page.layout.runs, strict=True):
        region = fate if fate in {"caption", "standfirst"} else "dropped" if fate else "body"
        reasons.append(Reason(region, fate or "prose", run.text))
    return reasons


def _path(page: Page) -> str:
    """Name the smallest box around the whole body as a selector would: the nearest id, else tags and first classes."""
    kept = [at for at, fate in enumerate(page.fate) if not fate]
    boxes = page.layout.boxes
    index = page.layout.runs[kept[0]].box if kept else -1
    while index > 0 and (boxes[index].end <= kept[-1] or (kept[0] != kept[-1] and boxes[index].tag == "p")):
        index = boxes[index].parent
    parts: list[str] = []
    while index >= 0 and len(parts) < 3:
        attributes = boxes[index].node.attributes
        name, classes = attributes.get("id"), (attributes.get("class") or "").split()
        tag = boxes[index].tag
        parts.insert(0, f"{tag}#{name}" if name else f"{tag}.{classes[0]}" if classes else tag)
        index = -1 if name else boxes[index].parent
    return " > ".join(parts)


_ODD = bytes([*range(9), *range(14, 27)])
_MAGIC = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"PK\x03\x04", b"\x1f\x8b", b"\x00\x00\x00")


def _is_text(body: bytes) -> bool:
    """Tell text from pictures, archives and PDFs that are served as HTML."""
    head = body[:2_000]
    if head.startswith(_MAGIC):
        return False
    odd = len(head) - len(head.translate(None, _ODD))
    return odd <= len(head) // 20 or head.count(0) > len(head) // 4

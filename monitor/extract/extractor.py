"""Extractor: converts a page to an article, and estimates how complete and reliable the result is.

The HTML is parsed once, and the tree is walked once. All later steps use the resulting flat list of text runs.
"""

import re
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import MAX_AUTHOR_CHARS, MAX_AUTHORS, Article
from monitor.domain.source import Selectors, Source
from monitor.extract.authors import find_authors
from monitor.extract.box_names import PAYWALL_NAMES
from monitor.extract.dates import find_modified, find_published, to_utc
from monitor.extract.dom_blocks import PageLayout, limit_html, survey_dom
from monitor.extract.embedded_text import MIN_ARTICLE_WEIGHT, find_embedded_text, is_made_by_scripts, read_noscript
from monitor.extract.feed_content import cut_title
from monitor.extract.language_detection import detect_language
from monitor.extract.line_classifier import is_sentence
from monitor.extract.main_content import PageAnalysis, alnum_key, analyze_page, find_content, measure_weight
from monitor.extract.metadata import PageMetadata, read_metadata
from monitor.extract.pdf_document import PdfText, is_pdf, read_pdf
from monitor.extract.regions import ArticleRegions, assemble_regions, split_signatures
from monitor.extract.selectors import remove_selected, select_body, select_date, select_texts
from monitor.extract.titles import choose_title, find_site_keys, find_unnamed_headline, list_headlines
from monitor.text.encoding import decode
from monitor.text.site_domains import get_site_domain
from monitor.text.time_zones import find_local_time

_MAX_PAYWALLED_WEIGHT = 1_800  # weight; a page with a paywall box and less text is taken as cut off by it
_TRUNCATION_MARK = re.compile(r"(?:…|\.{3}|\[…\]|\[\.\.\.\])[\s\"'”’»)\]]*$")
_MIN_AGREEMENT_SHARE = 0.7  # share of the page's text that the metadata's copy must contain
_MIN_LENGTH_RATIO = 1.4  # the metadata's copy must be this many times longer to replace the page's text


def find_partial_reason(page: PageAnalysis, metadata: PageMetadata, text: str) -> str:
    """Return "paywall" or "teaser" if a text is only the beginning of the article, otherwise an empty string."""
    weight = measure_weight(text)
    if weight < _MAX_PAYWALLED_WEIGHT and (
        metadata.is_paywalled or any(name and PAYWALL_NAMES.search(name) for name in page.box_hints)
    ):
        return "paywall"
    last = text.rpartition("\n")[2]
    return "teaser" if text and weight < _MAX_PAYWALLED_WEIGHT // 2 and _TRUNCATION_MARK.search(last) else ""


def choose_fuller_text(text: str, claimed_text: str) -> tuple[str, str]:
    """Return the text of the article, and the reason if the text is not from the visible page but from the metadata.

    ``text`` is the visible text, and ``claimed_text`` is the text in the metadata. The latter is used if it is much
    longer and contains most of the visible text: the page then shows only the beginning of the article. If the visible
    text is used, the reason is empty.
    """
    if (
        not text
        or measure_weight(claimed_text) < _MIN_LENGTH_RATIO * measure_weight(text)
        or "<" in claimed_text
        or "&lt;" in claimed_text
    ):
        return text, ""
    claimed_key = alnum_key(claimed_text)
    lines = text.split("\n")
    agreed_weight = sum(measure_weight(line) for line in lines if alnum_key(line) in claimed_key)
    if (
        agreed_weight < _MIN_AGREEMENT_SHARE * measure_weight(text)
        or alnum_key(lines[0])[:60] not in claimed_key[:2_000]
    ):
        return text, ""
    paragraphs = [" ".join(line.split()) for line in claimed_text.splitlines()]
    return "\n".join(filter(None, paragraphs)), "json-ld articleBody: the page shows only its beginning"


def estimate_confidence(page: PageAnalysis, title: str, has_date: bool, body_selector: str = "") -> float:
    """Estimate how likely it is that title and body are the whole article and nothing else, from 0 to 1.

    The confidence is halved if the user's ``body_selector`` matched nothing: the page has then probably changed since
    the user wrote the selector.
    """
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason]
    weight = sum(page.weights[at] for at in kept)
    if not weight:
        return 0.0
    sentences = sum(page.weights[at] for at in kept if is_sentence(page.layout.runs[at].text)) / weight
    outside = sum(
        value for value, reason in zip(page.prose_values, page.rejection_reasons, strict=True) if reason == "outside"
    )
    share = weight / (weight + outside)
    confidence = 0.4 * min(1.0, weight / 1_200) + 0.2 * share + 0.15 * min(1.0, sentences + 0.2)
    confidence += 0.1 * bool(title) + 0.1 * (page.title_run_index >= 0) + 0.05 * has_date
    if body_selector and not page.is_body_selected:
        confidence *= 0.5
    return round(confidence * (1.0 - max(0.0, page.link_share(page.root_box_index) - 0.4)), 2)


class ExtractionReason(Struct, frozen=True):
    """A row of an extraction explanation: a text of the page, the region it was assigned to, and the reason.

    Text that does not belong to the article has the region "dropped".
    """

    region: str
    reason: str
    text: str


class ExtractionExplanation(Struct, frozen=True):
    """Result of ``explain_page``: the article, and the reason why each piece of text on the page was kept or dropped.

    ``body_css_path`` is a CSS path to the box with the article's body. ``local_published_at`` is the publication time
    in the page's own time zone, so that its date is the date that readers of the page saw.
    """

    article: Article
    reasons: tuple[ExtractionReason, ...]
    body_css_path: str
    local_published_at: datetime | None


def extract_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> Article:
    """Extract the article from a page or PDF document.

    If there is no article, an empty article with confidence 0 is returned. Raises ``UnreadableDocument`` for a PDF
    document without readable text, and no other error. ``entry`` is the entry of the feed. Its date and authors are
    used if the page has none. If the feed's title is more reliable than the page's title, the title is left empty;
    ``merge_texts`` later adds the feed's title.
    """
    return explain_page(body, url, content_type, source, entry).article


def explain_page(
    body: bytes, url: str, content_type: str = "", source: Source | None = None, entry: Article | None = None
) -> ExtractionExplanation:
    """Extract a page like ``extract_page``, and also return why each text was kept or dropped.

    The reasons help users to write selectors. In a PDF document, the reason for a paragraph is its page number.
    """
    if is_pdf(body):
        return _explain_pdf(read_pdf(body, url, source.language if source else "", entry))
    tree = LexborHTMLParser(limit_html(decode(body, content_type)) if _is_text_body(body) else "")
    metadata = read_metadata(tree)
    selectors = source.selectors if source else Selectors()
    local_time = find_local_time(source, url)
    published_by = selectors.published
    published, published_why = select_date(tree, published_by, local_time) if published_by else None, "selector"
    remove_selected(tree, selectors.remove)
    page, regions, title, title_why = _read_page(tree, metadata, selectors, url, entry.title if entry else "")
    if published is None:
        published, published_why = find_published(
            tree, page, metadata, local_time, url, entry.published_at if entry else None
        )
    own_title = "" if entry and _is_feed_title_better(entry.title, title_why) else title
    text, text_why = _choose_text(tree, page, metadata, regions)
    selected = tuple(text[:MAX_AUTHOR_CHARS] for text in select_texts(tree, selectors.authors)[:MAX_AUTHORS])
    authors, agency = find_authors(tree, page, metadata, urlsplit(url).hostname or "")
    article = Article(
        url=url,
        title=own_title or cut_title(text if not entry or not entry.title else ""),
        standfirst=regions.standfirst,
        dateline=regions.dateline,
        captions=tuple(regions.captions),
        body=text,
        canonical_url=_choose_canonical_url(url, metadata.urls),
        published_at=to_utc(published),
        modified_at=find_modified(tree, page, metadata, local_time, published),
        authors=selected or authors or (entry.authors if entry else ()),
        agency=regions.agency or agency,
        section=metadata.sections[0] if metadata.sections else "",
        language=detect_language(f"{title} {text}", metadata.languages) or _choose_default_language(source, entry),
        confidence=estimate_confidence(page, title, published is not None, selectors.body)
        or _estimate_embedded_confidence(text, title, published is not None) * bool(text),
        partial_reason=find_partial_reason(page, metadata, text) or _find_script_reason(tree, page, text),
    )
    if selectors.body and not page.is_body_selected:
        text_why = text_why or f"the selector matched nothing: {selectors.body}"
    return ExtractionExplanation(
        article,
        tuple(_collect_reasons(article, page, title_why, published_why, text_why)),
        _build_css_path(page),
        published,
    )


def _find_script_reason(tree: LexborHTMLParser, page: PageAnalysis, text: str) -> str:
    """Return "scripts" if the page has no article until its scripts have run, otherwise an empty string."""
    if measure_weight(text) >= MIN_ARTICLE_WEIGHT or page.is_body_selected:
        return ""
    return "scripts" if is_made_by_scripts(tree, " ".join(run.text for run in page.layout.runs)) else ""


def _explain_pdf(found: PdfText) -> ExtractionExplanation:
    reasons = [ExtractionReason("title", "largest text", found.article.title)] if found.article.title else []
    reasons += (ExtractionReason("body", f"page {one.page}", one.text) for one in found.paragraphs)
    return ExtractionExplanation(found.article, tuple(reasons), "", None)


def _read_page(
    tree: LexborHTMLParser, metadata: PageMetadata, selectors: Selectors, url: str, feed_title: str
) -> tuple[PageAnalysis, ArticleRegions, str, str]:
    """Analyze a page: return the analysis, the regions, the title, and the parts of the page that state the title.

    If the visible page has no article, the content of ``<noscript>`` is analyzed too, and used if it has the article.
    """
    site_keys = find_site_keys(metadata, urlsplit(url).hostname or "")
    titles = list_headlines(metadata, site_keys)
    root = tree.body
    page = analyze_page(survey_dom(root) if root is not None else PageLayout(), titles, site_keys)
    reading = (page, *_extract_regions(tree, page, metadata, selectors, url, feed_title))
    weight = measure_weight("".join(reading[1].body))
    if page.is_body_selected or weight >= MIN_ARTICLE_WEIGHT:
        return reading
    layout = read_noscript(tree)
    if layout is None:
        return reading
    page = analyze_page(layout, titles, site_keys)
    inner = (page, *_extract_regions(tree, page, metadata, selectors, url, feed_title))
    return inner if measure_weight("".join(inner[1].body)) > max(MIN_ARTICLE_WEIGHT, 2 * weight) else reading


def _choose_text(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, regions: ArticleRegions
) -> tuple[str, str]:
    """Return the body of the article, and the reason if the body is not the visible text of the page.

    If the body is embedded text (from JSON-LD or page data), its dateline and agency are stored in ``regions``, and all
    visible text is rejected.
    """
    shown = "\n".join(regions.body)
    heading = page.layout.runs[page.title_run_index].text if page.title_run_index >= 0 else ""
    paragraphs, reason = ([], "") if page.is_body_selected else find_embedded_text(tree, metadata, heading, shown)
    if not paragraphs:
        return choose_fuller_text(shown, metadata.body)
    page.rejection_reasons[:] = [old or "not in the embedded text" for old in page.rejection_reasons]
    regions.body = paragraphs
    split_signatures(regions)
    return "\n".join(regions.body), reason


def _estimate_embedded_confidence(text: str, title: str, has_date: bool) -> float:
    """Estimate the confidence, from 0 to 1, for a text from JSON-LD or page data.

    Only its length, title and date are considered, because no other text of the page can be mixed into it.
    """
    return round(0.4 + 0.4 * min(1.0, measure_weight(text) / 1_200) + 0.1 * bool(title) + 0.05 * has_date, 2)


def _extract_regions(
    tree: LexborHTMLParser,
    page: PageAnalysis,
    metadata: PageMetadata,
    selectors: Selectors,
    url: str,
    feed_title: str,
) -> tuple[ArticleRegions, str, str]:
    """Return the regions of the article, its title, and the parts of the page that state the title.

    Texts that the user's selectors match replace the result of the extractor.
    """
    if page.layout.runs and not select_body(tree, page, selectors.body):
        find_content(page)
        find_unnamed_headline(page, metadata)
    title, title_reason = choose_title(page, metadata, urlsplit(url).hostname or "", feed_title)
    selected = select_texts(tree, selectors.title)
    if selected:
        title, title_reason = " ".join(selected), "selector"
    regions = (
        assemble_regions(page, title, metadata.descriptions, metadata.authors) if page.layout.runs else ArticleRegions()
    )
    standfirst = select_texts(tree, selectors.standfirst)
    if standfirst:
        regions.standfirst = "\n".join(standfirst)
        regions.body = [text for text in regions.body if text not in standfirst]
    return regions, title, title_reason


def _is_feed_title_better(feed_title: str, title_origins: str) -> bool:
    """Return whether the feed's title is more reliable than the page's title.

    This is so if the page's title comes only from the document title (``<title>``), which is often the name of the
    site.
    """
    return bool(feed_title) and not feed_title.endswith(("...", "…")) and title_origins in {"document", "nothing"}


def _choose_canonical_url(url: str, declared_urls: list[str]) -> str:
    """Return the canonical URL that the page declares, or otherwise the page's own URL.

    A declared URL is ignored if it is on another site or is the URL of a front page.
    """
    url_parts = urlsplit(url)
    for declared_url in declared_urls:
        try:
            claim_parts = urlsplit(urljoin(url, declared_url))
        except ValueError:
            continue
        is_front_page = claim_parts.path in {"", "/"} and url_parts.path not in {"", "/"} and not claim_parts.query
        is_same_site = not url or get_site_domain(claim_parts.hostname or "") == get_site_domain(
            url_parts.hostname or ""
        )
        if claim_parts.scheme in {"http", "https"} and is_same_site and not is_front_page:
            return claim_parts._replace(fragment="").geturl()
    return url


def _choose_default_language(source: Source | None, entry: Article | None) -> str:
    """Return the language that the feed entry states, or otherwise the language of the source."""
    return (entry.language if entry else "") or (source.language if source else "")


def _collect_reasons(
    article: Article, page: PageAnalysis, title_reason: str, published_reason: str, text_reason: str
) -> list[ExtractionReason]:
    """Return the rows of an explanation: for the title and date of the article, and for each text run of the page."""
    reasons = [ExtractionReason("title", title_reason, article.title)]
    if article.published_at:
        reasons.append(ExtractionReason("published", published_reason, article.published_at.isoformat()))
    if text_reason:
        reasons.append(ExtractionReason("body", text_reason, article.body))
    for reason, run in zip(page.rejection_reasons, page.layout.runs, strict=True):
        region = reason if reason in {"caption", "standfirst"} else "dropped" if reason else "body"
        reasons.append(ExtractionReason(region, reason or "prose", run.text))
    return reasons


def _build_css_path(page: PageAnalysis) -> str:
    """Return a CSS path to the smallest box that contains the whole body.

    The path has at most three elements, each a tag with its id or first class. It begins at the nearest element with an
    id.
    """
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason]
    boxes = page.layout.boxes
    index = page.layout.runs[kept[0]].box_index if kept else -1
    while index > 0 and (boxes[index].run_end <= kept[-1] or (kept[0] != kept[-1] and boxes[index].tag == "p")):
        index = boxes[index].parent_index
    parts: list[str] = []
    while index >= 0 and len(parts) < 3:
        attributes = boxes[index].node.attributes
        name, classes = attributes.get("id"), (attributes.get("class") or "").split()
        tag = boxes[index].tag
        parts.insert(0, f"{tag}#{name}" if name else f"{tag}.{classes[0]}" if classes else tag)
        index = -1 if name else boxes[index].parent_index
    return " > ".join(parts)


_UNUSUAL_CONTROL_BYTES = bytes([*range(9), *range(14, 27)])
_BINARY_SIGNATURES = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x00\x00\x00",
)


def _is_text_body(body: bytes) -> bool:
    """Return whether the body of a response is text.

    Some servers declare pictures, archives and PDF documents as HTML.
    """
    head = body[:2_000]
    if head.startswith(_BINARY_SIGNATURES):
        return False
    control_count = len(head) - len(head.translate(None, _UNUSUAL_CONTROL_BYTES))
    return control_count <= len(head) // 20 or head.count(0) > len(head) // 4

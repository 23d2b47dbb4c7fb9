"""Articles from feed content: extraction, test for completeness, and merging with the article of the page.

A fallback builds an article without the HTML parser.
"""

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import REPLY, REPOST, Article, append_attached
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.domain.values import replace
from monitor.extract.dom_blocks import PageLayout, TextRun, limit_html, normalize_spacing, survey_dom
from monitor.extract.language_detection import detect_language
from monitor.extract.line_breaks import unwrap_lines
from monitor.extract.line_classifier import is_credit, is_reader_appeal, split_agency_signature, split_dateline
from monitor.extract.main_content import alnum_key, compute_link_ratio, measure_weight
from monitor.text.sanitize import truncate_text
from monitor.text.tokens import CLEAR_STOPS, SENTENCE_STOPS

_MAX_BARE_HTML_CHARS = 40_000
_TAG = re.compile("<[^<>]*>")


def build_fallback_article(entry: Entry, source: Source) -> Article:
    """Build the article of an entry without the HTML parser, for entries on which the parser crashed.

    The time is linear in the length of the text.
    """
    text = _strip_markup(entry.content) or _strip_markup(entry.summary)
    text, page_starts = append_attached(text, entry.attached)
    return Article(
        url=entry.url,
        title=_strip_markup(entry.title),
        body=text,
        canonical_url=entry.url,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        authors=entry.authors,
        section=_describe_post(entry),
        language=entry.language or source.language,
        partial_reason="feed",
        page_starts=page_starts,
    )


def _describe_post(entry: Entry) -> str:
    """Return the text that ``Article.section`` has for a repost or a reply, or an empty string for any other entry."""
    if entry.is_repost:
        return REPOST
    return f"{REPLY}{entry.reply_to}" if entry.reply_to else ""


def _strip_markup(html: str) -> str:
    return normalize_spacing(unescape(_TAG.sub(" ", html[:_MAX_BARE_HTML_CHARS])))


_MIN_COMPLETE_WEIGHT = 1_200  # weight from which a feed's text is a full article instead of a lead
_MARKUP_CHARS = re.compile("[<&\0]")
_SIMPLE_PARAGRAPHS = re.compile(r"(?:\s*+<p(?:\s++[a-z-]++=\"[^\"<>\0]*+\")*+>[^<\0]*+</p>){1,5000}+\s*+")
_PARAGRAPH_TEXT = re.compile(r">([^<]*)</p>")
_CHARACTER_REFERENCE = re.compile(
    r"&(?:[A-Za-z]{2,8}|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}));"
)
_TRUNCATION_MARK = re.compile(
    r"(?:…|\.{3}|\[…\]|\[\.{3}\]|\(\.{3}\)|read more|continue reading|weiterlesen|"
    r"lire la suite|seguir leyendo|selengkapnya|xem thêm|đọc tiếp|"
    r"อ่านต่อ|阅读全文)[\s»›>.)\]]*$",
    re.IGNORECASE,
)
_MAX_TRUNCATION_MARK_CHARS = 20  # characters; length of the longest mark, without the punctuation that may follow it
_SYNDICATION_NOTE = re.compile(
    r"^(?:the post|l'article|der beitrag|la entrada|o post|artikel)\b.{3,300}"
    r"\b(?:appeared|first on|est apparu|erschien|aparece|apareceu)\b",
    re.IGNORECASE,
)
_MAX_CUT_TITLE_CHARS = 100
_REPLY_NAMES = re.compile(r"^(?:@[\w.@-]+\s+)+")
_FIRST_SENTENCE = re.compile(rf".{{12,}}?(?:[{SENTENCE_STOPS}](?=\s|$)|[{CLEAR_STOPS}])", re.DOTALL)
_MIN_SHARED_UNITS = 0.15  # share of the feed's words that the page must contain to be the page of that entry
_PUNCTUATION = ".,;:!?()[]\"'“”‘’«»…"
_MIN_TRUSTED_CONFIDENCE = 0.3  # a page with a lower confidence does not replace the feed's text


def html_to_text(html: str) -> str:
    """Convert the HTML of a feed's summary or content to its visible text, with one paragraph per line."""
    return "\n".join(run.text for _tag, run in _extract_runs(html))


def article_from_entry(entry: Entry, source: Source) -> Article:
    """Build an article from the content of a feed entry.

    Its ``partial_reason`` is "feed", unless the feed clearly has the complete text.
    """
    summary, summary_captions, is_summary_complete = _extract_paragraphs(entry.summary)
    body, captions, is_content_complete = _extract_paragraphs(entry.content)
    if not body and (source.text_from is TextOrigin.FEED or is_summary_complete):
        summary, body, captions, is_content_complete = [], summary, summary_captions, is_summary_complete
    if summary and _begins_with("".join(body), "".join(summary)):
        summary = []
    dateline = agency = ""
    if body:
        dateline, body[0], agency = split_dateline(body[0])
        body[-1], signature = split_agency_signature(body[-1])
        agency = signature or agency
    text, page_starts = append_attached("\n".join(filter(None, body)), entry.attached)
    title = html_to_text(entry.title).replace("\n", " ") or cut_title(text or " ".join(summary))
    return Article(
        url=entry.url,
        title=title,
        standfirst="\n".join(summary),
        dateline=dateline,
        captions=tuple(captions),
        body=text,
        canonical_url=entry.url,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        authors=entry.authors,
        agency=agency,
        section=_describe_post(entry),
        language=detect_language(f"{title} {text or ' '.join(summary)}", [entry.language, source.language]),
        confidence=0.5 if text else 0.2,
        partial_reason="" if is_content_complete else "feed",
        page_starts=page_starts,
    )


def _begins_with(text: str, beginning: str) -> bool:
    """Return whether the letters and digits of a text begin with the ones of ``beginning``.

    Usually only the first characters of the text are read.
    """
    key = alnum_key(beginning)
    head = alnum_key(text[: 2 * len(beginning)])
    return (head if len(head) >= len(key) else alnum_key(text)).startswith(key)


def cut_title(text: str) -> str:
    """Return a title for a post that has none: its first sentence, or its first words.

    The account names at the start of a reply are left out.
    """
    line = _REPLY_NAMES.sub("", " ".join(text.split("\n")[:2])[: 4 * _MAX_CUT_TITLE_CHARS]).strip()
    sentence = _FIRST_SENTENCE.match(line)
    if sentence and len(sentence[0]) <= _MAX_CUT_TITLE_CHARS:
        return sentence[0].strip()
    return truncate_text(line, _MAX_CUT_TITLE_CHARS)


def is_complete(article: Article) -> bool:
    """Return whether an article from a feed has the whole text. Its page then need not be fetched."""
    return not article.partial_reason and bool(article.body)


def merge_texts(page_article: Article, feed_article: Article) -> Article:
    """Merge the article of a page with the article of its feed entry.

    The fuller text is used, and missing fields are added. The page is discarded if it shares hardly any word with the
    entry, because it is then a consent page, a bot wall or a front page.
    """
    if not _is_same_article(page_article, feed_article) or (
        page_article.confidence < _MIN_TRUSTED_CONFIDENCE and feed_article.body
    ):
        return replace(feed_article, partial_reason=feed_article.partial_reason or "feed")
    is_feed_fuller = is_complete(feed_article) and measure_weight(feed_article.body) > measure_weight(page_article.body)
    best, other = (
        (feed_article, page_article) if is_feed_fuller or not page_article.body else (page_article, feed_article)
    )
    return replace(
        best,
        url=page_article.url or feed_article.url,
        title=page_article.title or feed_article.title,
        standfirst=_merge_standfirst(page_article, feed_article)
        if best is page_article
        else feed_article.standfirst or page_article.standfirst,
        captions=best.captions or other.captions,
        canonical_url=page_article.canonical_url or feed_article.canonical_url,
        published_at=page_article.published_at or feed_article.published_at,
        modified_at=page_article.modified_at or feed_article.modified_at,
        authors=feed_article.authors if feed_article.repost_author else page_article.authors or feed_article.authors,
        agency=page_article.agency or feed_article.agency,
        section=feed_article.section or page_article.section,
        language=page_article.language or feed_article.language,
        confidence=max(page_article.confidence, feed_article.confidence),
    )


def match_score(page_article: Article, feed_article: Article) -> float | None:
    """Return how likely it is that a page is the article of its feed entry, from 0 to 1.

    The result is None for a page behind a paywall.
    """
    if page_article.partial_reason == "paywall":
        return None
    return page_article.confidence if _is_same_article(page_article, feed_article) else 0.0


def _merge_standfirst(page_article: Article, feed_article: Article) -> str:
    """Return the standfirst of the page, or that of the feed if the page has none.

    If the page's text is partial, the feed's standfirst is appended, unless the page repeats it.
    """
    is_page_partial = page_article.partial_reason or page_article.confidence < _MIN_TRUSTED_CONFIDENCE
    parts = [page_article.standfirst or feed_article.standfirst]
    if is_page_partial and alnum_key(feed_article.standfirst) not in alnum_key(f"{parts[0]} {page_article.body}"):
        parts.append(feed_article.standfirst)
    return "\n".join(parts)


def _extract_runs(html: str) -> list[tuple[str, TextRun]]:
    """Return a pair for each text run in the HTML of a feed: the tag of its innermost box, and the text run."""
    if not _MARKUP_CHARS.search(html):  # true for most summaries: each line is a paragraph, so no parser is needed
        lines = map(normalize_spacing, unwrap_lines(html).split("\n"))
        return [("body", TextRun(line, 0, 0)) for line in lines if line]
    # Plain paragraphs with known character references need no parser either.
    if _SIMPLE_PARAGRAPHS.fullmatch(html) and not ("&" in html and "&" in _CHARACTER_REFERENCE.sub("", html)):
        lines = map(normalize_spacing, map(unescape, _PARAGRAPH_TEXT.findall(html)))
        return [("p", TextRun(line, 0, 0)) for line in lines if line]
    root = LexborHTMLParser(limit_html(html)).body
    layout = survey_dom(root) if root is not None else PageLayout()
    runs = [run for run in layout.runs if not layout.boxes[run.box_index].is_hidden] or layout.runs
    return [(layout.boxes[run.box_index].tag, run) for run in runs]


def _extract_paragraphs(html: str) -> tuple[list[str], list[str], bool]:
    """Return three values for the HTML of a feed: its paragraphs, its captions, and whether it has the whole article.

    Notes that link back to the site are left out.
    """
    body: list[str] = []
    captions: list[str] = []
    runs = _extract_runs(html)
    for tag, run in runs:
        if tag in {"figcaption", "figure"} or (measure_weight(run.text) < 250 and is_credit(run.text)):
            captions.append(run.text)
        elif not (_SYNDICATION_NOTE.search(run.text) or (compute_link_ratio(run) > 0.3 and is_reader_appeal(run.text))):
            body.append(run.text)
    is_complete_text = (
        len(body) > 2 and sum(map(measure_weight, body)) >= _MIN_COMPLETE_WEIGHT and not _is_truncated(runs[-1][1].text)
    )
    return body, captions, is_complete_text


def _is_truncated(text: str) -> bool:
    """Return whether a line ends with a truncation mark, such as "...".

    Only the end of the line is searched, because this is a hundred times faster.
    """
    return _TRUNCATION_MARK.search(text, max(0, len(text.rstrip(" »›>.)]")) - _MAX_TRUNCATION_MARK_CHARS)) is not None


def _is_same_article(page_article: Article, feed_article: Article) -> bool:
    """Return whether a page has enough words in common with its feed entry to be the same article.

    Words with non-ASCII letters are compared by their pairs of characters. If the entry has very few words, every page
    is accepted.
    """
    feed_units = _build_comparison_units(f"{feed_article.title} {feed_article.standfirst}")
    if len(feed_units) < 6:
        return True
    return len(
        feed_units & _build_comparison_units(f"{page_article.title} {page_article.standfirst} {page_article.body}")
    ) >= _MIN_SHARED_UNITS * len(feed_units)


def _build_comparison_units(text: str) -> set[str]:
    """Return the long ASCII words in a text, and all pairs of adjacent characters in its other words."""
    words = [word.strip(_PUNCTUATION) for word in normalize_spacing(text).casefold().split()]
    return {word for word in words if len(word) > 3 and word.isascii()} | {
        word[at : at + 2] for word in words if not word.isascii() for at in range(len(word) - 1)
    }

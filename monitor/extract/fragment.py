"""What a feed itself gives of an article: its HTML as text, and whether that is the whole of it."""

import re
from dataclasses import replace
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import Article
from monitor.domain.entry import Entry
from monitor.domain.source import ArticleMode, Source
from monitor.extract.blocks import Layout, Run, survey, tidy
from monitor.extract.body import linked, squeeze, weigh
from monitor.extract.language import find_language
from monitor.extract.lines import is_credit, speaks_to_reader, split_credit, split_dateline
from monitor.extract.shape import guarded

_WHOLE = 1_200  # weight from which a feed's text is an article rather than a lead
_MARKUP = re.compile("[<&\0]")
_PARAGRAPHS = re.compile(r"(?:\s*+<p(?:\s++[a-z-]++=\"[^\"<>\0]*+\")*+>[^<\0]*+</p>){1,5000}+\s*+")
_PARAGRAPH = re.compile(r">([^<]*)</p>")
_REFERENCE = re.compile(r"&(?:[A-Za-z]{2,8}|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}));")
_CUT = re.compile(
    r"(?:…|\.{3}|\[…\]|\[\.{3}\]|\(\.{3}\)|read more|continue reading|weiterlesen|"
    r"lire la suite|seguir leyendo|selengkapnya|xem thêm|đọc tiếp|"
    r"อ่านต่อ|阅读全文)[\s»›>.)\]]*$",
    re.IGNORECASE,
)
_CUT_WITHIN = 20  # characters: the longest of these, before the signs that may follow it
_SYNDICATED = re.compile(
    r"^(?:the post|l'article|der beitrag|la entrada|o post|artikel)\b.{3,300}"
    r"\b(?:appeared|first on|est apparu|erschien|aparece|apareceu)\b",
    re.IGNORECASE,
)
_FAMILIAR = 0.15  # of the feed's words must be on the page for it to be the page of that entry
_POINTS = ".,;:!?()[]\"'“”‘’«»…"
_DOUBTFUL = 0.3  # confidence below which a page is not believed against its feed


def fragment_text(html: str) -> str:
    """Return the visible text of a feed's summary or content, a paragraph a line."""
    return "\n".join(run.text for _tag, run in _runs(html))


def extract_entry(entry: Entry, source: Source) -> Article:
    """Make an article of what the feed says; ``partial`` is "feed" unless the text is plainly whole."""
    summary, shown, whole = _paragraphs(entry.summary)
    body, captions, complete = _paragraphs(entry.content)
    if not body and (source.article is ArticleMode.FEED or whole):
        summary, body, captions, complete = [], summary, shown, whole
    if summary and squeeze("".join(body)).startswith(squeeze("".join(summary))):
        summary = []
    dateline = agency = ""
    if body:
        dateline, body[0], agency = split_dateline(body[0])
        body[-1], signed = split_credit(body[-1])
        agency = signed or agency
    text = "\n".join(filter(None, body))
    title = fragment_text(entry.title).replace("\n", " ")
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
        language=find_language(f"{title} {text or ' '.join(summary)}", [entry.language, source.language]),
        confidence=0.5 if text else 0.2,
        partial="" if complete else "feed",
    )


def is_complete(article: Article) -> bool:
    """Tell whether the feed's text is the whole article, so that its page need not be fetched."""
    return not article.partial and bool(article.body)


def better(page: Article, feed: Article) -> Article:
    """Return the longer honest text of the two, completed by what only the other one knows.

    A page that shares hardly a word with its entry (a consent page, a challenge, a front page) is not the article.
    """
    if not _is_familiar(page, feed) or (page.confidence < _DOUBTFUL and feed.body):
        return replace(feed, partial=feed.partial or "feed")
    whole = is_complete(feed) and weigh(feed.body) > weigh(page.body)
    best, other = (feed, page) if whole or not page.body else (page, feed)
    return replace(
        best,
        url=page.url or feed.url,
        title=page.title or feed.title,
        standfirst=_both(page, feed) if best is page else feed.standfirst or page.standfirst,
        captions=best.captions or other.captions,
        canonical_url=page.canonical_url or feed.canonical_url,
        published_at=page.published_at or feed.published_at,
        modified_at=page.modified_at or feed.modified_at,
        authors=page.authors or feed.authors,
        agency=page.agency or feed.agency,
        section=page.section,
        language=page.language or feed.language,
        confidence=max(page.confidence, feed.confidence),
    )


def credence(page: Article, feed: Article) -> float | None:
    """Return how well a page was read as the article of its entry: 0 for another page; None if a paywall hides it."""
    if page.partial == "paywall":
        return None
    return page.confidence if _is_familiar(page, feed) else 0.0


def _both(page: Article, feed: Article) -> str:
    """Return a page's standfirst; where the page is not the whole text, with what its feed said beyond it."""
    hides = page.partial or page.confidence < _DOUBTFUL
    said = [page.standfirst or feed.standfirst]
    if hides and squeeze(feed.standfirst) not in squeeze(f"{said[0]} {page.body}"):
        said.append(feed.standfirst)
    return "\n".join(said)


def _runs(html: str) -> list[tuple[str, Run]]:
    """Return the runs of a feed's HTML, each with the tag of the box it stands in."""
    if not _MARKUP.search(html):  # as most summaries: a line is a paragraph, which takes no parser to see
        return [("body", Run(line, 0, 0)) for line in map(tidy, html.split("\n")) if line]
    if _PARAGRAPHS.fullmatch(html) and not ("&" in html and "&" in _REFERENCE.sub("", html)):  # nor does this
        lines = map(tidy, map(unescape, _PARAGRAPH.findall(html)))
        return [("p", Run(line, 0, 0)) for line in lines if line]
    root = LexborHTMLParser(guarded(html)).body
    layout = survey(root) if root is not None else Layout()
    return [(layout.boxes[run.box].tag, run) for run in layout.runs]


def _paragraphs(html: str) -> tuple[list[str], list[str], bool]:
    """Return paragraphs and captions of a feed's HTML without the way back to the site, and whether it seems whole."""
    body: list[str] = []
    captions: list[str] = []
    runs = _runs(html)
    for tag, run in runs:
        if tag in {"figcaption", "figure"} or (weigh(run.text) < 250 and is_credit(run.text)):
            captions.append(run.text)
        elif not (_SYNDICATED.search(run.text) or (linked(run) > 0.3 and speaks_to_reader(run.text))):
            body.append(run.text)
    whole = len(body) > 2 and sum(map(weigh, body)) >= _WHOLE and not _is_cut(runs[-1][1].text)
    return body, captions, whole


def _is_cut(text: str) -> bool:
    """Tell a last line that says that there is more; only its end is searched, which is a hundred times cheaper."""
    return _CUT.search(text, max(0, len(text.rstrip(" »›>.)]")) - _CUT_WITHIN)) is not None


def _is_familiar(page: Article, feed: Article) -> bool:
    """Compare by pairs of neighbouring letters within words, which serves scripts without spaces, too."""
    said = _pairs(f"{feed.title} {feed.standfirst}")
    if len(said) < 6:
        return True
    return len(said & _pairs(f"{page.title} {page.standfirst} {page.body}")) >= _FAMILIAR * len(said)


def _pairs(text: str) -> set[str]:
    words = [word.strip(_POINTS) for word in tidy(text).casefold().split()]
    return {word for word in words if len(word) > 3 and word.isascii()} | {
        word[at : at + 2] for word in words if not word.isascii() for at in range(len(word) - 1)
    }

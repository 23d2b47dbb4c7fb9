"""Title choice: selects the headline that most parts of a page agree on, and removes the outlet's name from it.

No single part is trusted: outlets use different titles on the page, for social networks and for search engines.
"""

import re

from monitor.extract.main_content import PageAnalysis, alnum_key
from monitor.extract.metadata import PageMetadata, title_words

_NAME_PART = r"\s*(?:[|»·•：_]|\s[-–—:]|\s::|--+|[－—]+)\s*"
_SITE_SUFFIX = re.compile(rf"^(.{{8,}}?){_NAME_PART}([^|»·•]{{2,60}})$")
_LAST_PART = re.compile(r"^(.{8,})(\s*[|_»·•]\s*|\s*--+\s*)([^|»·•_]{2,60})$")
_SITE_PREFIX = re.compile(rf"^([^|»·•]{{2,60}}?){_NAME_PART}(.{{8,}})$")
_MAX_SECTION_WORDS = 3  # words of the name of a section between headline and outlet
_MAX_PARTS = 3  # names that are removed from the end of a title
_MAX_PRINTED_DIFFERENCE = 5  # characters, for punctuation
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"^(?:https?://\S+|(?:[\w-]+\.)+[a-z]{2,6}(?:/\S*)?)$", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"^(?:home(?: ?page)?|index|news|article|articles|blog|untitled(?: document)?|document|new page|no title|title|"
    r"default|loading|welcome|startseite|accueil|inicio|главная|trang chủ|首页|首頁)$",
    re.IGNORECASE,
)
_ORIGIN_WEIGHTS = {"json-ld": 2.2, "opengraph": 1.5, "heading": 1.5, "document": 0.3, "twitter": 0.3}
_UNRELATED_FACTOR = 0.4  # for a claim that has no word in common with the headline that the page shows
_MAX_SITE_NAME_CHARS = 40  # characters; some pages state their headline as the name of the site
_MIN_HOST_PART_CHARS = 4  # characters; shorter parts of a host name do not name the outlet


def find_site_keys(metadata: PageMetadata, host: str) -> frozenset[str]:
    """Return the normalized names of the outlet, from the metadata and from the parts of the host name."""
    parts = [part for part in host.split(".")[:-1] if len(part) >= _MIN_HOST_PART_CHARS]
    names = [name for name in (*metadata.sites, *parts, host) if len(name) <= _MAX_SITE_NAME_CHARS]
    return frozenset({alnum_key(name) for name in names} - {""})


def list_headlines(metadata: PageMetadata, site_keys: frozenset[str]) -> list[str]:
    """Return the titles in the metadata that may be headlines.

    Names of the outlet, addresses and words like "Home" are left out.
    """
    return [text for text in metadata.headlines.values() if _is_headline(text, site_keys)]


def _is_headline(text: str, site_keys: frozenset[str]) -> bool:
    key = alnum_key(text)
    return bool(key) and key not in site_keys and not _NO_TITLE.match(text.strip()) and not _ADDRESS.match(text.strip())


def choose_title(page: PageAnalysis, metadata: PageMetadata, host: str) -> tuple[str, str]:
    """Return the title of a page, and the parts of the page that state it, such as "opengraph, heading".

    The title with the most support is chosen. The document title (``<title>``) also supports a title with which it
    begins. If the chosen title is written in several ways, the way with the most words is used, because some parts of
    the page omit the space between kicker and headline. In a tie, the visible heading is used.
    """
    sites = find_site_keys(metadata, host)
    heading = page.layout.runs[page.title_run_index].text if page.title_run_index >= 0 else ""
    claims = {**metadata.headlines, "heading": heading}
    others = {origin: {alnum_key(claim) for name, claim in claims.items() if name != origin} for origin in claims}
    texts = {
        origin: text
        for origin, claim in claims.items()
        if claim and _is_headline(text := _remove_site_name(claim, others[origin], sites, page), sites)
    }
    votes: dict[str, float] = {}
    for text in texts.values():
        key = alnum_key(text)
        if key not in votes:
            votes[key] = sum(
                weight * (_UNRELATED_FACTOR if origin != "heading" and _is_unrelated(text, texts) else 1.0)
                for origin, weight in _ORIGIN_WEIGHTS.items()
                if _is_supported_by(origin, alnum_key(texts.get(origin, "")), key)
            )
    if not votes:
        return "", "nothing"
    best = max(votes, key=lambda key: votes[key])
    origins = [origin for origin, text in texts.items() if alnum_key(text) == best]
    best_origin = max(origins, key=lambda origin: (len(_WORD.findall(texts[origin])), origin == "heading"))
    return texts[best_origin], ", ".join(origins)


def _is_unrelated(text: str, texts: dict[str, str]) -> bool:
    """Return whether a title shares no word with the visible heading.

    If the page has no visible heading, the title is compared with the document title.
    """
    shown = texts.get("heading") or texts.get("document") or text
    return title_words(text).isdisjoint(title_words(shown))


def _is_supported_by(origin: str, title_key: str, key: str) -> bool:
    """Return whether the title in one part of the page supports a title that may be the article's.

    ``origin`` is the part of the page, such as "opengraph", and ``title_key`` is the title in this part. ``key`` is the
    title that may be the article's. Both titles are normalized. They must be equal; the document title (``<title>``)
    may also begin with ``key``.
    """
    return title_key == key or (origin == "document" and title_key.startswith(key))


def _remove_site_name(claim: str, others: set[str], sites: frozenset[str], page: PageAnalysis) -> str:
    """Remove the names of the outlet and of its sections from the start and end of a title.

    A part at the start or end is removed if it is the name of the outlet. A part at the end is also removed if the rest
    equals another title or a line of the page. ``others`` are the other titles, normalized.
    """
    text, removed = claim, False
    for _ in range(_MAX_PARTS):
        match = _SITE_SUFFIX.match(text)
        if not match:
            break
        rest = alnum_key(match[1])
        if not (_is_site_name(match[2], sites) or rest in others or _is_printed(page, match[1], rest)):
            break
        text, removed = match[1], True
    if not removed:
        match = _SITE_PREFIX.match(text)
        if match and _is_site_name(match[1], sites):
            return match[2]
    return _remove_sections(text, is_named=removed)


def _is_printed(page: PageAnalysis, text: str, key: str) -> bool:
    """Return whether a line of the page equals a text. ``key`` is the text in normalized form."""
    lines = (run.text for run in page.layout.runs if abs(len(run.text) - len(text)) < _MAX_PRINTED_DIFFERENCE)
    return any(line[:1].casefold() == text[:1].casefold() and alnum_key(line) == key for line in lines)


def _remove_sections(text: str, *, is_named: bool) -> str:
    """Remove the short parts at the end of a title that follow a separator, such as a bar.

    Headlines do not contain such parts. If no name of the outlet was removed before (``is_named`` is false), a part may
    be one word longer, because it may be the outlet's name.
    """
    for _ in range(_MAX_PARTS):
        match = _LAST_PART.match(text)
        is_short = match is not None and len(_WORD.findall(match[3])) <= _MAX_SECTION_WORDS + (not is_named)
        if match is None or not is_short or len(match[3]) >= len(match[1]):
            return text
        text = match[1].rstrip()
    return text


def _is_site_name(text: str, sites: frozenset[str]) -> bool:
    key = alnum_key(text)
    return any(key and (key in site or site in key) for site in sites)

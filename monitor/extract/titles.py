"""Title choice: selects the headline that most parts of a page agree on, and removes the outlet's name from it.

No single part is trusted: outlets use different titles on the page, for social networks and for search engines.
"""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from monitor.extract.box_names import HEADING_LABEL_NAMES, HEADING_PART_NAMES, split_camel_case
from monitor.extract.line_classifier import is_sentence
from monitor.extract.main_content import HEADING_TAGS, PageAnalysis, alnum_key, is_emphasized
from monitor.extract.metadata import UNSPACED_CHARS, PageMetadata, title_words

_NAME_PART = r"\s*(?:[|«»·•：_]|\s::|\s[-–—:]|--+|[－—]+)\s*"
_SITE_SUFFIX = re.compile(rf"^(.{{8,}}?){_NAME_PART}([^|»·•]{{2,60}})$")
_HYPHENATED_SUFFIX = re.compile(r"^(.{4,})-([^-|]{2,30})$")
_LAST_PART = re.compile(r"^(.{8,})(\s*[|_»·•<]\s*|\s+«\s+|\s*--+\s*)([^|«»·•_<]{2,60})$")
_BARS = re.compile(r"\s+[|«»<>]\s+")
_REPEATED_DASH = re.compile(r"^(.{8,}?)(\s[-–—]\s)([^-–—|]{2,40})\2([^-–—|]{2,40})$")
_BAR_PREFIX = re.compile(r"^([^|»·•]{2,40}?)\s*(?:[|»·•]|\s::)\s*(.{8,})$")
_SITE_PREFIX = re.compile(rf"^([^|»·•]{{2,60}}?)(?:{_NAME_PART}|:\s)(.{{8,}})$")
_CUT_OFF = re.compile(r"\s*(?:…|\.{3})$")
_MAX_SECTION_WORDS = 3  # words of the name of a section between headline and outlet
_MAX_ABBREVIATION_CHARS = 5  # letters of the short name of an outlet
_MAX_PARTS = 3  # names that are removed from the end of a title
_MAX_PRINTED_DIFFERENCE = 5  # characters, for punctuation
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"^(?:https?://\S+|(?:[\w-]+\.)+[a-z]{2,6}(?:/\S*)?)$", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"^(?:home(?: ?page)?|index|news|article|articles|blog|untitled(?: document)?|document|new page|no title|title|"
    r"default|loading|welcome|startseite|accueil|inicio|главная|trang chủ|首页|首頁)$",
    re.IGNORECASE,
)
_ORIGIN_WEIGHTS = {"feed": 2.7, "json-ld": 2.2, "opengraph": 1.5, "heading": 1.5, "document": 0.3, "twitter": 0.3}
"""Weights of the places that state the title. The printed heading and the feed, which readers see, outweigh the
metadata."""
_UNRELATED_FACTOR = 0.3  # for a claim that has no word in common with the headline that the page shows
_LABEL = re.compile(
    r"\W{0,2}(?:(?:\w+\W)?\w+(?:[\])}]\s*|\s*:\s*|[.!]\s+)|(?:\w+\W{1,2}){0,4}\w+(?:\s*[|·•»›/]\s*|\s[-–—]\s))"
)
"""Pattern of a label or a name before a headline, with its separator, such as "Exclusive:"."""
_ADDITION = re.compile(r"\s*[:;|(（【]|\s[-–—]\s|\.\s")
"""Pattern of the separator before an addition to a headline, such as a colon or a bar."""
_MIN_ALIGNED_WORDS = 3
_MIN_CUT_WORDS_CHARS = 50  # characters; a shorter title is an own title that begins like the heading
_MAX_TEXT_CHARS = 2_000  # characters at the start of the text that are searched for the words of a title
_MAX_WIDE_SECTION_CHARS = 8  # characters of the name of a section or outlet in a script without spaces
_MIN_CUT_OFF_CHARS = 15  # characters; a shorter title is not the cut-off beginning of another one
_MAX_SITE_NAME_CHARS = 40  # characters; some pages state their headline as the name of the site
_MAX_UNRELATED_SHARE = 0.5  # share of a title's words in the text; a headline has more
_MAX_HEADLINE_DISTANCE_RUNS = 8  # text runs between a headline and the text, such as a date and a summary
_MAX_HEADLINE_CHARS = 250
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
    is_name = key in site_keys or key.removeprefix("the") in site_keys
    return bool(key) and not is_name and not _NO_TITLE.match(text.strip()) and not _ADDRESS.match(text.strip())


def choose_title(page: PageAnalysis, metadata: PageMetadata, host: str, feed_title: str = "") -> tuple[str, str]:
    """Return the title of a page, and the places that state it, such as "opengraph, heading".

    The title with the most support is chosen. The document title (``<title>``) also supports a title with which it
    begins. A title that was cut off supports the complete title. The feed's title counts as support, but is not a
    candidate itself.

    If the chosen title has several spellings, one of them is chosen by these preferences, in this order:

    - a spelling that is not in capitals,
    - the spelling with the most words, because some places omit the space between kicker and headline,
    - the spelling that the page shows.
    """
    sites = find_site_keys(metadata, host)
    heading = page.layout.runs[page.title_run_index].text if page.title_run_index >= 0 else ""
    claims = {**metadata.headlines, "heading": heading, "feed": feed_title}
    keys = {origin: alnum_key(claim) for origin, claim in claims.items()}
    others = {origin: {key for name, key in keys.items() if name != origin} for origin in claims}
    texts = {
        origin: text
        for origin, claim in claims.items()
        if claim and _is_headline(text := _remove_site_name(claim, others[origin], sites, page), sites)
    }
    if "heading" in texts and _is_removed_name(texts, claims.get("document", ""), page):
        name = alnum_key(texts["heading"])
        texts = {origin: text for origin, text in texts.items() if alnum_key(text) != name}
    if "heading" in texts:
        texts["heading"] = _choose_heading_part(page, texts)
        texts = {origin: _align_with_heading(page, text, texts) for origin, text in texts.items()}
    texts = {origin: _complete(text, texts.values()) for origin, text in texts.items()}
    unrelated = {alnum_key(texts[origin]) for origin in _find_unrelated_origins(page, texts)}
    votes: dict[str, float] = {}
    for candidate_origin, text in texts.items():
        key = alnum_key(text)
        if key not in votes and candidate_origin != "feed":
            votes[key] = sum(
                weight * (_UNRELATED_FACTOR if key in unrelated else 1.0)
                for origin, weight in _ORIGIN_WEIGHTS.items()
                if _is_supported_by(origin, alnum_key(texts.get(origin, "")), key)
            )
    if not votes:
        return "", "nothing"
    best = max(votes, key=lambda key: votes[key])
    origins = [origin for origin, text in texts.items() if alnum_key(text) == best]

    def rank_spelling(origin: str) -> tuple[bool, int, int, bool]:
        text = texts[origin]
        return not text.isupper(), len(_WORD.findall(text)), len(text.split()), origin == "heading"

    return texts[max(origins, key=rank_spelling)], ", ".join(origins)


def find_unnamed_headline(page: PageAnalysis, metadata: PageMetadata) -> None:
    """Find the headline of a page whose metadata state only the outlet or the kind of page, as "Press release".

    The headline is then the heading above the text, or a bold line there. It must have more words in common with the
    text than the titles in the metadata.
    """
    runs, boxes = page.layout.runs, page.layout.boxes
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason and page.prose_values[at]]
    first = next((at for at in kept if is_sentence(runs[at].text)), -1)
    if page.title_run_index >= 0 or first < 0:
        return
    words = title_words(" ".join(runs[at].text for at in kept if at >= first)[:_MAX_TEXT_CHARS])

    def measure_share(title: str) -> float:
        found = title_words(title)
        return len(found & words) / max(1, len(found))

    share = max(map(measure_share, metadata.headlines.values()), default=0.0)
    if share > _MAX_UNRELATED_SHARE:
        return
    lines = [
        (boxes[runs[at].box_index].tag if boxes[runs[at].box_index].tag in HEADING_TAGS else "text", at)
        for at in range(max(0, first - _MAX_HEADLINE_DISTANCE_RUNS), first)
        if _MIN_CUT_OFF_CHARS <= len(runs[at].text) < _MAX_HEADLINE_CHARS
        and not runs[at].link_chars
        and not is_sentence(runs[at].text)
        and measure_share(runs[at].text) > share
    ]
    page.title_run_index = min(
        (line for line in lines if line[0] != "text" or is_emphasized(page, line[1])), default=("", -1)
    )[1]


def _is_removed_name(texts: dict[str, str], document_title: str, page: PageAnalysis) -> bool:
    """Return whether the printed heading is the name of the outlet or of a section, and not a headline.

    This is so on two conditions. First, the document title consists of the heading and a longer text. Second, the
    article's text contains a larger share of the words of this longer text than of the words of the heading. ``texts``
    maps places, such as "heading", to their titles; the heading is already removed from the document title in it.
    """
    name, title = alnum_key(texts["heading"]), alnum_key(texts.get("document", ""))
    whole = alnum_key(document_title)
    if not title or title == name or whole not in {title + name, name + title}:
        return False
    words = title_words(_list_text(page))
    shares = [
        len(words & found) / max(1, len(found)) for found in map(title_words, (texts["heading"], texts["document"]))
    ]
    return len(title) > len(name) and shares[0] < shares[1]


def _list_text(page: PageAnalysis) -> str:
    kept = (run.text for run, why in zip(page.layout.runs, page.rejection_reasons, strict=True) if not why)
    return " ".join(kept)[:_MAX_TEXT_CHARS]


def _choose_heading_part(page: PageAnalysis, texts: dict[str, str]) -> str:
    """Return the text of the printed heading, or only the part of it that is the headline.

    The heading may also contain elements with a kicker, a subtitle, a time or a number of comments. The headline is the
    part that another place states as the title. If there is none, it is the heading without the elements whose classes
    indicate such additions. The whole heading is the headline if a place other than the document title states it: the
    document title may contain the texts of all elements.
    """
    box = page.layout.boxes[page.layout.runs[page.title_run_index].box_index]
    elements = list(box.node.iter())
    heading = _strip_elements(texts["heading"], elements, HEADING_LABEL_NAMES)
    keys = {alnum_key(text): text for origin, text in texts.items() if origin not in {"heading", "document"}}
    whole = alnum_key(heading)
    if whole in keys:
        return heading
    inner = [key for child in elements if (key := alnum_key(child.text() or ""))]
    parts = [part for key in inner for part in (key, whole.removeprefix(key), whole.removesuffix(key))]
    stated = {alnum_key(text): text for text in texts.values()} | keys
    found = next((stated[part] for part in parts if part in stated and part != whole), "")
    return found or _strip_elements(heading, elements, HEADING_PART_NAMES)


def _strip_elements(heading: str, elements: Iterable[LexborNode], names: re.Pattern[str]) -> str:
    """Remove the texts of some elements, such as labels and times, from the start and end of a heading.

    These are the elements whose class matches ``names``, and ``time`` and ``small`` elements. If nothing would remain,
    the heading is returned unchanged.
    """
    left = heading
    for child in elements:
        name = split_camel_case(child.attributes.get("class") or "")
        text = " ".join((child.text() or "").split())
        if text and (child.tag in {"small", "time"} or names.search(name)):
            left = left.removeprefix(text).removesuffix(text).strip(" :|–—-")
    return left or heading


def _align_with_heading(page: PageAnalysis, text: str, texts: dict[str, str]) -> str:
    """Return the printed heading if a title is only a variant of it, otherwise return the title.

    A title is a variant of the heading in three cases:

    - A label precedes the heading: one or two words, such as "Exclusive:", or the name of an outlet and a bar. It is
      not a label but a kicker, which belongs to the title, if the page prints these words, too, or if the places that
      state the title separate them in different ways.
    - An addition follows the heading after a colon or another separator.
    - The title is long and was cut off: it is the beginning of the heading, which continues without a separator.

    ``texts`` maps the places, such as "heading", to their titles. If the heading has very few words, the title is
    returned.
    """
    heading = texts["heading"]
    given, printed = text.casefold(), heading.casefold()
    is_short = len(_WORD.findall(heading)) < _MIN_ALIGNED_WORDS and not UNSPACED_CHARS.search(heading)
    if given == printed or is_short:
        return text
    label = text[: -len(heading)]
    if given.endswith(printed) and _LABEL.fullmatch(label):
        words = label.strip(" []().:!|·•»›/–—-")
        spellings = {other for other in texts.values() if alnum_key(other) == alnum_key(text)}
        is_kicker = len(spellings) > 1 or _is_printed(page, words, alnum_key(words))
        return text if is_kicker else heading
    if given.startswith(printed) and _ADDITION.match(text[len(heading) :]):
        return heading
    is_cut_off = len(text) >= _MIN_CUT_WORDS_CHARS and printed.startswith(given)
    return heading if is_cut_off and re.match(r"\s\w", heading[len(text) :]) else text


def _complete(text: str, titles: Iterable[str]) -> str:
    """Return the longest title that begins with a text, if the text was cut off with dots or inside a word.

    Otherwise return the text itself.
    """
    beginning = _CUT_OFF.sub("", text)
    if len(beginning) < _MIN_CUT_OFF_CHARS:
        return text
    has_dots = beginning != text
    longer = [
        title
        for title in titles
        if len(title) > len(text)
        and title.startswith(beginning)
        and (has_dots or (title[len(beginning)].isalnum() and not UNSPACED_CHARS.match(title[len(beginning)])))
    ]
    return max(longer, key=len, default=text)


def _find_unrelated_origins(page: PageAnalysis, texts: dict[str, str]) -> set[str]:
    """Return the origins, such as "opengraph", whose title shares no word with the printed heading.

    Origins whose title equals the feed's title are left out. If the page has no printed heading, the titles are
    compared with the document title. If the printed heading shares no word with the article's text, but another title
    does, only the printed heading is unrelated.
    """
    reference = "heading" if "heading" in texts else "document"
    words = {origin: title_words(text) for origin, text in texts.items()}
    feed_key = alnum_key(texts.get("feed", ""))
    unrelated = {
        origin
        for origin, text in texts.items()
        if words[origin].isdisjoint(words.get(reference, words[origin])) and alnum_key(text) != feed_key
    }
    if not unrelated or reference != "heading":
        return unrelated
    text_words = title_words(_list_text(page))
    is_heading_of_text = not text_words.isdisjoint(words["heading"])
    if is_heading_of_text or all(text_words.isdisjoint(found) for found in words.values()):
        return unrelated
    return {"heading"}


def _is_supported_by(origin: str, title_key: str, key: str) -> bool:
    """Return whether the title in one part of the page confirms a candidate for the title of the article.

    ``origin`` is the part of the page, such as "opengraph", ``title_key`` the title in this part, and ``key`` the
    candidate. Both titles are normalized. They must be equal, but the document title (``<title>``) only has to begin
    with ``key``.
    """
    return title_key == key or (origin == "document" and title_key.startswith(key))


def _remove_site_name(claim: str, others: set[str], sites: frozenset[str], page: PageAnalysis) -> str:
    """Remove the names of the outlet and of its sections from the start and end of a title.

    If bars divide the title into three or more parts, only the longest part is kept. A part at the start or end is
    removed if it is the name of the outlet. A part at the end, or a part before a bar at the start, is also removed if
    the remaining title equals another title or a line of the page. ``others`` are the other titles, normalized.
    """

    def is_stated(text: str) -> bool:
        key = alnum_key(text)
        return key in others or _is_printed(page, text, key)

    parts = _BARS.split(claim)
    text, removed = max(parts, key=len) if len(parts) > 2 else claim, False
    for _ in range(_MAX_PARTS):
        match = _SITE_SUFFIX.match(text) or _HYPHENATED_SUFFIX.match(text)
        if not match:
            break
        is_hyphenated = match.re is _HYPHENATED_SUFFIX
        is_name = alnum_key(match[2]) in sites if is_hyphenated else _is_site_name(match[2], sites)
        if not (is_name or is_stated(match[1])):
            break
        text, removed = match[1], True
    if not removed:
        match = _SITE_PREFIX.match(text)
        if match and (_is_site_name(match[1], sites) or (_is_abbreviation(match[1]) and is_stated(match[2]))):
            return match[2]
    match = _BAR_PREFIX.match(text)
    if match and is_stated(match[2]):
        return match[2]
    return _remove_sections(text, is_named=removed)


def _is_printed(page: PageAnalysis, text: str, key: str) -> bool:
    """Return whether a line of the page equals a text. ``key`` is the text in normalized form."""
    lines = (run.text for run in page.layout.runs if abs(len(run.text) - len(text)) < _MAX_PRINTED_DIFFERENCE)
    return any(line[:1].casefold() == text[:1].casefold() and alnum_key(line) == key for line in lines)


def _remove_sections(text: str, *, is_named: bool) -> str:
    """Remove the short parts at the end of a title that follow a separator, such as a bar.

    Headlines do not contain such parts. A part has at most ``_MAX_SECTION_WORDS`` words. If no name of the outlet was
    removed before (``is_named`` is false), one more word is allowed, because the part may be this name.
    """
    match = _REPEATED_DASH.match(text)
    if match and all(_is_short_part(part) for part in match.group(3, 4)):
        return match[1]
    for _ in range(_MAX_PARTS):
        match = _LAST_PART.match(text)
        is_short = match is not None and len(_WORD.findall(match[3])) <= _MAX_SECTION_WORDS + (not is_named)
        if match is None or not is_short or len(match[3]) >= len(match[1]):
            return text
        text = match[1].rstrip()
    return text


def _is_abbreviation(text: str) -> bool:
    return len(text) <= _MAX_ABBREVIATION_CHARS and text.isupper() and text.isalpha()


def _is_short_part(text: str) -> bool:
    """Return whether a text is short enough for the name of a section or outlet, in any script."""
    if UNSPACED_CHARS.search(text):
        return len(text) <= _MAX_WIDE_SECTION_CHARS
    return len(_WORD.findall(text)) <= _MAX_SECTION_WORDS


def _is_site_name(text: str, sites: frozenset[str]) -> bool:
    key = alnum_key(text)
    return any(key and (key in site or site in key) for site in sites)

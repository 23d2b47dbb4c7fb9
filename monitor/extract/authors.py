"""Authors and news agency of an article, from the metadata, marked page elements and bylines."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.agencies import find_agencies, find_last_agency
from monitor.extract.boilerplate import NAME_SIGNATURE
from monitor.extract.box_names import split_camel_case
from monitor.extract.dom_blocks import normalize_spacing, survey_dom
from monitor.extract.line_classifier import is_byline, is_credit, is_date_line, is_sentence
from monitor.extract.main_content import PageAnalysis, alnum_key
from monitor.extract.metadata import PageMetadata
from monitor.extract.printed_dates import OwnElements
from monitor.language.load import language_data, page_phrases

_MAX_BYLINE_CHARS = 160  # characters; a longer text is a biography or a paragraph
_MAX_NAME_CHARS = 60
_MAX_NAME_WORDS = 6
_MAX_HAN_NAME_CHARS = 6
_MAX_AUTHORS = 10
_MAX_CLAIM_CHARS = 1_000  # characters in which one statement names authors
_MAX_ELEMENTS = 50  # elements that state authors, for each selector
_MAX_NAMED_ELEMENTS = 500  # elements whose class names may mean authors
_MAX_LINES_ABOVE = 4  # text runs above the headline that may be the byline
_MAX_LINES_BELOW = 12  # text runs below the headline that may be the byline
_MAX_LAST_LINES = 6  # text runs at the end of the article that may be the byline
_AUTHOR_PARTS = (
    "byline", "author", "autor", "auteur", "writer", "reporter", "journalist", "penulis", "tac-gia", "tacgia", "agenc",
    "agentur", "source", "nguon", "sumber", "fuente", "fonte",
)  # fmt: skip
_AUTHOR_SELECTOR = ", ".join(f'[class*="{part}" i]' for part in _AUTHOR_PARTS)
_STATED_SELECTORS = ('[itemprop~="author"]', '[rel~="author"]')
_AUTHOR_NAMES = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|authors?|autor(?:es|en|e|a)?|auteurs?|writers?|reporters?|journalists?|tac-?gia|penulis)"
    r"(?:-?(?:name|info|link|title))?(?=$|[\s_-])"
)
_AGENCY_NAMES = re.compile(
    r"(?:^|[\s_-])(?:agenc(?:y|ies|e|ia|ias)|agenturen?|sources?|nguon|sumber|fuente|fonte)(?:-?(?:name|info))?(?=$|[\s_-])"
)
_OTHER_PEOPLE = re.compile(
    r"(?:^|[\s_-])(?:bio|biography|about|photo|image|img|caption|avatar|comments?|editors?)(?=$|[\s_-])"
)
_AGENCY_PROPERTY = '[itemprop~="sourceOrganization"]'
_ADDRESSES = re.compile(r"[(<\[]?\s*\S+@\S+\.\w+\s*[)>\]]?|\bhttps?://\S+|\bwww\.\S+|(?<!\w)@\w+", re.IGNORECASE)
_ACCOUNT = re.compile(r"^(?:[\w.-]+\.[A-Za-z]{2,6}|[a-z0-9]+(?:[-_][a-z0-9]+)+|\d+)$")
_BRACKETS = " \t【】[]（）()"
_BRACKETED = re.compile(r"\s*[(（]([^()（）]{2,40})[)）]")
_PLACE = re.compile(r"^((?:(?![a-z][A-Z])[^,])+?)\s+(?:in|à|en|em|aus|from|w|в|у)\s+[^\W\d_a-z][^,]*$")
"""Pattern of a reporter's name with the place of the reporter, as in "Ann Example in Paris".

A word with a capital inside, as in "ExampleReporter in Paris", is not matched, because there the job title ("Reporter")
follows the name without a space.
"""
_PARTS = re.compile(r"\s*[|•·;=\n\t]\s*|\s+[–—-]\s+|\s*[／]\s*")
_SHORT_MARK = re.compile(r"\s*\((?:[^()]{1,5}|[^()]*[@.][^()]*)\)")
_UNCASED = re.compile("[\u0590-\u08ff\u0900-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_NAMES = re.compile("(?:[\u3400-\u9fff]{2,4}\\s+)+[\u3400-\u9fff]{2,4}")
_REPORTER_MARKS = re.compile(r"^(?:記者|记者|通讯员|通訊員)\s*[:：]?\s*|\s*(?:기자|특파원|記者|记者)$")
_PARTICLE_WORDS = "da das de del della den der di dos du e el la le los ten ter van von y zu zur bin ibn binti al af av"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_ABBREVIATED_END = re.compile(r"\b(?:Jr|Sr|\w)\.$")
_NAME_WORD = re.compile(r"[^\W\d_]")


def find_authors(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, host: str
) -> tuple[tuple[str, ...], str]:
    """Return the names of the authors, and the news agency that wrote the article; both may be empty.

    Names in the metadata are used first. Without any, the page elements that are marked as author are read, and then
    the bylines near the text. Names of the outlet, of accounts and of departments are omitted.
    """
    byline = _Byline({alnum_key(site) for site in (*metadata.sites, host.removeprefix("www."))} - {""})
    for name in metadata.authors:
        byline.add_claim(name[:_MAX_CLAIM_CHARS])
    byline.agency = byline.agency or next(filter(None, map(find_agencies, metadata.organizations)), "")
    if not page.layout.runs:
        return tuple(byline.authors[:_MAX_AUTHORS]), byline.agency
    if not byline.authors:
        _read_elements(byline, OwnElements(tree, page))
        if not byline.authors:
            _read_lines(byline, page)
    return tuple(byline.authors[:_MAX_AUTHORS]), byline.agency


class _Byline:
    """Collector of the authors and the agency of an article. ``sites`` are the normalized names of the outlet."""

    def __init__(self, sites: set[str]) -> None:
        self.sites = sites
        self.authors: list[str] = []
        self.agency = ""

    def add_claim(self, text: str) -> None:
        """Add an author from the metadata. This name need not look like the name of a person."""
        text = _SHORT_MARK.sub("", _ADDRESSES.sub("", _remove_label(text))).strip(" ,;|(")
        agency = find_agencies(text)
        if agency:
            self.agency = self.agency or agency
            return
        parts = [part for part in _split_names(text) if part]
        if not all(_is_person(part, is_stated=True) for part in parts):
            parts = [text]
        for part in parts:
            is_account = _ACCOUNT.match(part) or _is_desk(part, is_whole=True) or self._is_site(part) or is_credit(part)
            if part and not is_account and len(part) < _MAX_NAME_CHARS + 40:
                self._add(part)

    def add_text(self, text: str, *, is_stated: bool) -> None:
        """Add the authors and the agency that a byline names.

        ``is_stated`` is true if the page marks the text as an author.
        """
        label = _label_pattern().match(text)
        text = self._take_bracketed_agency(_ADDRESSES.sub(" ", _remove_label(_remove_brackets(text))))
        for part in _PARTS.split(text):
            if is_date_line(part) and not _is_person(part, is_stated=False):
                continue
            if agency := find_agencies(part):
                self.agency = self.agency or agency
                continue
            before = len(self.authors)
            for name in _split_names(_remove_label(_SHORT_MARK.sub("", part))):
                self._add_name(name, is_stated=is_stated or label is not None)
            if is_stated and len(self.authors) == before:
                self.agency = self.agency or find_last_agency(part)

    def _take_bracketed_agency(self, text: str) -> str:
        """Remember the agency in brackets, as in "Anna Example (with AFP)", and return the text without it."""
        match = _BRACKETED.search(text)
        agency = find_last_agency(match[1]) if match else ""
        if match is None or not agency:
            return text
        self.agency = self.agency or agency
        return text[: match.start()] + text[match.end() :]

    def _add_name(self, text: str, *, is_stated: bool) -> None:
        marked = _PLACE.sub(r"\1", _cut_date(text)).strip()
        name = _REPORTER_MARKS.sub("", marked)
        is_stated = is_stated or name != marked
        name = name.strip(" ,;:：៖،/")
        name = name if _ABBREVIATED_END.search(name) else name.rstrip(".")
        agency = find_agencies(name)
        if agency:
            self.agency = f"{self.agency}, {agency}" if self.agency and agency not in self.agency else agency
        elif _is_person(name, is_stated=is_stated and not self.authors) and not self._is_site(name):
            self._add(name)

    def _is_site(self, name: str) -> bool:
        key = alnum_key(name)
        return any(key == site or (len(key) > 3 and site.startswith(key)) for site in self.sites)

    def _add(self, name: str) -> None:
        if alnum_key(name) not in map(alnum_key, self.authors):
            self.authors.append(name)


def _read_elements(byline: _Byline, elements: OwnElements) -> None:
    """Read the page elements whose attributes or class names mark them as an author or an agency."""
    for selector in _STATED_SELECTORS:
        for node in islice(elements.select(selector), _MAX_ELEMENTS):
            _read_node(byline, node)
        if byline.authors:
            return
    for node in islice(elements.select(_AGENCY_PROPERTY), _MAX_ELEMENTS):
        byline.agency = byline.agency or find_agencies(normalize_spacing(node.text(separator=" ")))
    for node in islice(elements.select(_AUTHOR_SELECTOR), _MAX_NAMED_ELEMENTS):
        name = split_camel_case(node.attributes.get("class") or "").replace("__", "-")
        if _AUTHOR_NAMES.search(name) and not _OTHER_PEOPLE.search(name):
            _read_node(byline, node)
        elif _AGENCY_NAMES.search(name):
            byline.agency = byline.agency or find_last_agency(normalize_spacing(node.text(separator=" ")))


def _read_node(byline: _Byline, node: LexborNode) -> None:
    """Read a page element that is marked as an author.

    Its microdata are used. Without any, the first of its lines that contains a name is used.
    """
    named = node.css('[itemprop~="name"]')
    stated = node.attributes.get("content")
    for text in (stated,) if stated else (normalize_spacing(inner.text(separator=" ")) for inner in named):
        byline.add_text((text or "")[:_MAX_CLAIM_CHARS], is_stated=True)
    lines = [run.text for run in survey_dom(node).runs]
    if named or stated or sum(map(len, lines)) > _MAX_BYLINE_CHARS:
        return
    before = len(byline.authors)
    for line in lines:
        if is_sentence(line) and not is_byline(line.rstrip(". ")):
            return
        byline.add_text(line, is_stated=len(byline.authors) == before)
        if len(byline.authors) > before:
            return
    for link in node.css("a"):
        byline.add_text(normalize_spacing(link.text(separator=" ")), is_stated=False)


def _read_lines(byline: _Byline, page: PageAnalysis) -> None:
    """Read the lines near the headline, and at the end of the article, that begin like a byline or name an agency."""
    for run, reason in zip(page.layout.runs, page.rejection_reasons, strict=True):
        if reason == NAME_SIGNATURE:
            byline.add_text(run.text, is_stated=False)
    for text in _list_byline_texts(page):
        is_reporter = _REPORTER_MARKS.search(_remove_brackets(_ADDRESSES.sub("", text))) is not None
        if (is_reporter or is_byline(text)) and not byline.authors:
            byline.add_text(text, is_stated=False)
        elif not byline.agency:
            byline.agency = find_agencies(text)


def _list_byline_texts(page: PageAnalysis) -> Iterator[str]:
    """Yield the short lines above and below the text of the article that may be bylines."""
    runs, reasons = page.layout.runs, page.rejection_reasons
    box = page.layout.boxes[page.article_box_index]
    start = max(0, page.title_run_index - _MAX_LINES_ABOVE) if page.title_run_index >= 0 else box.run_start
    kept = [at for at in range(box.run_start, box.run_end) if not reasons[at]]
    end = kept[-1] + 1 if kept else box.run_end
    near = range(start, min(len(runs), max(page.title_run_index, box.run_start) + _MAX_LINES_BELOW))
    last = range(max(near.stop, end - 1), min(box.run_end, end + _MAX_LAST_LINES))
    for at in (*near, *last):
        text = runs[at].text
        is_other = reasons[at].startswith(("caption", "teasers", "links: ", "aside", "hidden"))
        if reasons[at] and not is_other and len(text) < _MAX_BYLINE_CHARS and not is_sentence(text):
            yield text


@cache
def _label_pattern() -> re.Pattern[str]:
    """Return the pattern of the words before the names in a byline, such as "By" or "Text:", in all languages."""
    words = "|".join(sorted(page_phrases("bylines"), key=len, reverse=True))
    return re.compile(rf"^\W*(?:{words})(?:\s*[:：៖／/=＝]\s*|\s+[–—-]\s+|\s+|(?=[\u3400-\u9fff]))", re.IGNORECASE)


@cache
def _joiner_pattern() -> re.Pattern[str]:
    joiners = {word for language in language_data().languages.values() for word in language.credits.joiners}
    words = "|".join(sorted(joiners - {"و"}))
    return re.compile(rf"\s*[,،，、&+/]\s*|\s+(?:{words}|with)\s+", re.IGNORECASE)


@cache
def _desk_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(page_phrases('desks'))})(?!\w)", re.IGNORECASE)


def _remove_label(text: str) -> str:
    """Remove the words that introduce the names in a byline, such as "By"."""
    for _ in range(2):
        text = _label_pattern().sub("", text.strip(), count=1)
    return text


def _remove_brackets(text: str) -> str:
    """Return a text without the brackets around all of it."""
    text = text.strip()
    return text.strip(_BRACKETS) if text[:1] in _BRACKETS else text


def _split_names(text: str) -> Iterable[str]:
    parts = [part.strip() for part in _joiner_pattern().split(text)]
    return [name for part in parts for name in (part.split() if _HAN_NAMES.fullmatch(part) else [part])]


def _cut_date(text: str) -> str:
    """Cut off a date that follows a name: "Anna Example on May 5, 2026" becomes "Anna Example"."""
    at = re.search(r"\s+(?:on\s+)?(?:\S+\s+)?\d", text)
    return text[: at.start()] if at else text


def _is_desk(text: str, *, is_whole: bool) -> bool:
    """Return whether a text contains the name of a department or an account.

    With ``is_whole``, it must be the whole text.
    """
    return bool(_desk_pattern().fullmatch(text.strip()) if is_whole else _desk_pattern().search(text))


def _is_person(name: str, *, is_stated: bool) -> bool:
    """Return whether a text looks like the name of a person.

    In scripts with capitals, a single word is a name only if the page marks it as an author (``is_stated``).
    """
    words = name.split()
    if not words or len(name) > _MAX_NAME_CHARS or len(words) > _MAX_NAME_WORDS or any(map(str.isdigit, name)):
        return False
    if not _NAME_WORD.match(name[0]) or _is_desk(name, is_whole=False) or is_sentence(name.rstrip(".")):
        return False
    if _UNCASED.search(name):
        return len(name) <= _MAX_HAN_NAME_CHARS if _HAN.search(name) else is_stated or len(words) > 1
    is_capitalized = all(word[0].isupper() or word.lower() in _PARTICLES or word[:3] == "al-" for word in words)
    return is_capitalized and words[0][0].isupper() and (is_stated or len(words) > 1) and len(name) > 2

"""Main content detection: finds the box with the article's text, and neighbouring boxes that continue the text.

A box is a block-level HTML element. The detection does not depend on a language. A text run is prose if it is long
enough and only a small part of it is links. Lengths are measured as weights, in which an ideograph counts as three
letters, so that all scripts are treated alike. The prose in a box is computed quickly, from running totals over the
list of text runs.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate, islice
from operator import itemgetter

from selectolax.lexbor import LexborNode

from monitor.extract.box_names import (
    BODY_NAMES,
    HEADER_NAMES,
    HEADLINE_NAMES,
    LINK_LIST_NAMES,
    PAYWALL_NAMES,
    TOOL_WEIGHT,
    find_boilerplate_name,
    find_kind,
    is_same_kind,
    split_camel_case,
)
from monitor.extract.dom_blocks import PageLayout, TextRun

HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_UPPER_HEADING_TAGS = frozenset(("h2", "h3"))
_TITLE_TAGS = frozenset(("h1", "h2", "h3"))
_MIN_HEADLINE_WEIGHT = 15  # weight; a shorter heading is the name of a section or of the outlet
_LEAF_TAGS = HEADING_TAGS | {"p", "li", "dt", "dd", "blockquote", "figcaption", "pre", "td", "th"}
_CELL_TAGS = frozenset(("td", "th"))
_SIDEBAR_TAGS = frozenset(("aside", "footer"))
_ASCII_NON_ALNUM = bytes(code for code in range(0x80) if not chr(code).isalnum())
_FRONT_PAGE = re.compile(r"(?:https?://[^/?#]+/?|/)$")
_WIDE_CHARS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MIN_PROSE_WEIGHT = 40  # weight from which a text run counts as prose
_MIN_SHORT_PROSE_WEIGHT = 15  # the same on a page without longer text runs
_MAX_PARAGRAPH_WEIGHT = 1000  # weight above which a longer paragraph does not raise the score
_MAX_BOILERPLATE_SHARE = 0.35  # share of the page's prose; a box with more is not boilerplate, whatever its name
_MAX_COMPARED_HEADINGS = 20  # more would be compared in quadratic time, and an article has one
_MIN_EXCERPTS = 3
_MAX_EXCERPT_LINES = 4  # headline, excerpt, date and section of another story
_MAX_FORM_CHARS = 500  # characters; the box of a form with more text has other content
_ADDRESS_FIELD = 'input[type="email" i], input[name*="mail" i]'
_EMPHASIS = 'b, strong, big, font[size="4"], font[size="5"], font[size="6"], font[size^="+"]'
_CHOICE = 'input[type="radio" i]'
_MIN_CHOICES = 2
_MIN_ARTICLE_PROSE = 400  # weight of a short article in its own HTML element
_MIN_BRIEF_PROSE = 100  # weight of such an article if other articles follow it
_MAX_SIBLING_KINDS = 200  # kinds of boxes in one box that are compared with each other; a page has some dozens
_MIN_SHOWN_PROSE = 200  # weight of two sentences; a page that shows less has its article elsewhere
_MIN_HIDDEN_BODY_RATIO = 2.0  # a hidden body has this many times the text around it; terms of use have no such name
_MAX_PROSE_LINK_SHARE = 0.1  # of a box's text in links; lists of links have more
_MIN_PROSE_BOX = 80  # weight; a box with less has no sentence of an article
_MAX_BOILERPLATE_REST = 600.0  # weight of a short article; if this remains, boilerplate may be longer, as comments are
_PARENT_SCORE_FACTOR = 0.6  # share of a paragraph's score that each further enclosing box gets
_HEADER_FACTOR = 0.3  # factor for the score of boxes in the article's header, so that a long summary is not the text
_BEFORE_TITLE_FACTOR = 0.25  # factor for the score of prose before the headline


@dataclass(slots=True)
class PageAnalysis:
    """A page layout with values that are computed for its text runs and boxes. Each extraction step updates them.

    ``rejection_reasons`` has for each text run the reason why it is not body text; it is empty for body text.
    ``is_body_selected`` is true if the user's selector found the body. ``pull_quotes`` are the indexes of
    the text runs that are pull quotes (quotations set apart from the text).
    """

    layout: PageLayout
    weights: list[int]
    prose_values: list[float]
    rejection_reasons: list[str]
    title_run_index: int = -1
    is_body_selected: bool = False
    root_box_index: int = 0
    article_box_index: int = 0
    box_hints: list[str] = field(default_factory=list)
    boilerplate_names: dict[str, tuple[str, int]] = field(default_factory=dict)
    prose_sums: list[float] = field(default_factory=list)
    char_sums: list[int] = field(default_factory=list)
    link_sums: list[int] = field(default_factory=list)
    pull_quotes: frozenset[int] = frozenset()
    child_boxes: list[list[int]] = field(default_factory=list)
    kind_sums: dict[int, dict[tuple[str, frozenset[str]], float]] = field(default_factory=dict)

    def prose_in(self, box_index: int) -> float:
        """Return how much prose a box contains: the sum of the prose values of its text runs that are not rejected.

        The prose value of a text run is about its length, but 0 if it is short, is a heading, or is mostly links.
        """
        box = self.layout.boxes[box_index]
        return self.prose_sums[box.run_end] - self.prose_sums[box.run_start]

    def chars_in(self, box_index: int) -> int:
        """Return the number of characters in a box."""
        box = self.layout.boxes[box_index]
        return self.char_sums[box.run_end] - self.char_sums[box.run_start]

    def link_share(self, box_index: int) -> float:
        """Return the share of a box's characters that are in links, from 0 to 1."""
        box = self.layout.boxes[box_index]
        return (self.link_sums[box.run_end] - self.link_sums[box.run_start]) / max(1, self.chars_in(box_index))

    def update_prose_sums(self) -> None:
        """Compute the running totals of prose again, after text runs were rejected."""
        pairs = zip(self.prose_values, self.rejection_reasons, strict=True)
        self.kind_sums.clear()
        self.prose_sums = list(accumulate((0.0 if reason else value for value, reason in pairs), initial=0.0))

    def reject(self, box_index: int, reason: str) -> None:
        """Reject all text runs in a box, and store the reason.

        Text runs that are already rejected keep their reason.
        """
        box = self.layout.boxes[box_index]
        for at in range(box.run_start, box.run_end):
            self.rejection_reasons[at] = self.rejection_reasons[at] or reason


def measure_weight(text: str) -> int:
    """Return the weight of a text: its length in characters, in which an ideograph counts as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(_WIDE_CHARS.findall(text))


def compute_link_ratio(run: TextRun) -> float:
    """Return the share of a text run's characters that are in links, from 0 to 1."""
    return run.link_chars / len(run.text)


def is_emphasized(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a line is bold or in larger letters."""
    run = page.layout.runs[run_index]
    parts = page.layout.boxes[run.box_index].node.css(_EMPHASIS)
    return any(" ".join((part.text() or "").split()) == run.text for part in parts)


def analyze_page(layout: PageLayout, titles: list[str], site_keys: frozenset[str] = frozenset()) -> PageAnalysis:
    """Analyze a page layout: find its headline, and compute the values that are needed to find the content.

    ``titles`` are the headlines in the metadata. ``site_keys`` are the normalized names of the outlet.
    """
    weights = [measure_weight(run.text) for run in layout.runs]
    prose = _compute_prose_values(layout, weights, _MIN_PROSE_WEIGHT)
    if not any(prose):
        prose = _compute_prose_values(layout, weights, _MIN_SHORT_PROSE_WEIGHT)
    page = PageAnalysis(
        layout, weights, prose, [""] * len(prose), box_hints=[split_camel_case(box.hint) for box in layout.boxes]
    )
    page.char_sums = list(accumulate((len(run.text) for run in layout.runs), initial=0))
    page.link_sums = list(accumulate((run.link_chars for run in layout.runs), initial=0))
    page.child_boxes = [[] for _ in layout.boxes]
    for index, box in enumerate(layout.boxes[1:], 1):
        page.child_boxes[box.parent_index].append(index)
    page.update_prose_sums()
    page.title_run_index = _find_title(page, titles, site_keys)
    return page


def _compute_prose_values(layout: PageLayout, weights: list[int], min_weight: int) -> list[float]:
    """Return a prose value for each text run: its weight (see ``measure_weight``), limited to a maximum.

    The value is 0 for a text run that weighs less than ``min_weight``, is a heading, or is mostly links.
    """
    return [
        float(min(weight, _MAX_PARAGRAPH_WEIGHT))
        if weight >= min_weight
        and run.link_chars * 2 < len(run.text)
        and layout.boxes[run.box_index].tag not in HEADING_TAGS
        else 0.0
        for run, weight in zip(layout.runs, weights, strict=True)
    ]


def find_content(page: PageAnalysis) -> None:
    """Find the root box of the article: the box with its text. Reject the text runs outside it, and all boilerplate."""
    total = page.prose_in(0)
    if total < _MIN_SHOWN_PROSE:
        _count_short_sentences(page)
        total = page.prose_in(0)
    is_brief = total < _MIN_SHOWN_PROSE and page.title_run_index >= 0
    _reject_forms(page, total)
    _reject_polls(page, total)
    _reject_boilerplate(
        page,
        lambda index: is_brief or _is_small_part(page, index, total),
        _MIN_SHORT_PROSE_WEIGHT if is_brief else 0.0,
    )
    _reject_hidden(page)
    page.update_prose_sums()
    scores = _score_boxes(page)
    page.article_box_index = _find_article_box(page, max(range(len(scores)), key=scores.__getitem__))
    inside = range(page.article_box_index, page.layout.boxes[page.article_box_index].subtree_end)
    page.root_box_index = max(inside, key=lambda index: (scores[index], index))
    root_prose = page.prose_in(page.root_box_index)
    _reject_boilerplate(
        page,
        lambda index: not (index <= page.root_box_index < page.layout.boxes[index].subtree_end),
        min(_MAX_BOILERPLATE_REST, root_prose / 2),
    )
    page.update_prose_sums()
    _expand(page)
    root = page.layout.boxes[page.root_box_index]
    for at in range(len(page.rejection_reasons)):
        if not root.run_start <= at < root.run_end:
            page.rejection_reasons[at] = page.rejection_reasons[at] or "outside"


def _count_short_sentences(page: PageAnalysis) -> None:
    """Treat shorter text runs as prose, too, on a page whose article may be a single short sentence.

    With the usual minimum length for prose, this sentence would not be prose, but a longer postal address below it
    would be. Text runs up to the headline never count as prose.
    """
    page.prose_values = _compute_prose_values(page.layout, page.weights, _MIN_SHORT_PROSE_WEIGHT)
    for at in range(page.title_run_index + 1):
        page.prose_values[at] = 0.0
    page.update_prose_sums()


def _find_article_box(page: PageAnalysis, best_box_index: int) -> int:
    """Return the index of the smallest box around the headline that has enough prose for an article.

    ``best_box_index`` is the box with the highest score on the page. Its prose determines how much is enough, so that a
    header with a long summary is not taken for the article. If the page has no headline, the result is 0, the index of
    the box of the whole page.
    """
    if page.title_run_index < 0:
        return 0
    boxes = page.layout.boxes
    index = page.layout.runs[page.title_run_index].box_index
    min_prose = max(600.0, 0.3 * page.prose_in(best_box_index))
    while index > 0:
        prose = page.prose_in(index)
        is_enough = prose >= min_prose or (boxes[index].tag == "article" and prose >= _find_min_prose(page, index))
        if is_enough and not _is_header_above_text(page, index):
            return index
        index = boxes[index].parent_index
    return 0


def _find_min_prose(page: PageAnalysis, article_index: int) -> int:
    """Return the minimum amount of prose with which an ``article`` element counts as the article of the page.

    The minimum is lower if other articles with headings follow.
    """
    boxes = page.layout.boxes
    following = [at for at in page.child_boxes[boxes[article_index].parent_index] if at > article_index]
    has_others = any(
        boxes[at].tag == "article"
        and page.prose_in(at)
        and any(boxes[inner].tag in _TITLE_TAGS for inner in range(at + 1, min(at + 4, boxes[at].subtree_end)))
        for at in following
    )
    return _MIN_BRIEF_PROSE if has_others else _MIN_ARTICLE_PROSE


def _is_header_above_text(page: PageAnalysis, box_index: int) -> bool:
    """Return whether a box is the header of an article, whose text is below the box."""
    box, name = page.layout.boxes[box_index], page.box_hints[box_index]
    if box_index == 0 or not box.run_start <= page.title_run_index < box.run_end:
        return False
    if box.tag not in {"header", "hgroup"} and not (name and HEADER_NAMES.search(name)):
        return False
    around = page.layout.boxes[box.parent_index]
    return page.prose_sums[around.run_end] - page.prose_sums[box.run_end] >= _MIN_SHOWN_PROSE


def _find_title(page: PageAnalysis, titles: list[str], site_keys: frozenset[str]) -> int:
    """Return the index of the text run that is the headline, or -1 if there is none.

    A heading that is the name of the outlet, or that contains a link to the front page, is ignored. The headline is the
    first of these that exists:

    - an h1 that equals a title in the metadata,
    - another heading that equals such a title,
    - an h1 that is long enough for a headline, if possible one above most of the prose (see ``_owns_text``),
    - other text that equals such a title,
    - the first other heading whose class or id contains a word for a headline,
    - any h1,
    - any other text whose class or id contains a word for a headline.
    """
    title_keys = [alnum_key(title) for title in titles if title]
    folded_titles = {title.casefold() for title in titles}
    candidates: list[tuple[int, int]] = []
    for at, run in enumerate(page.layout.runs):
        box = page.layout.boxes[run.box_index]
        is_named = 14 < len(run.text) < 250 and not run.link_chars and _is_named_headline(page, at)
        if box.tag not in HEADING_TAGS and (
            not 14 < len(run.text) < 250 or not (is_named or _begins_like_title(run.text, folded_titles))
        ):
            continue
        text = alnum_key(run.text)
        is_long = page.weights[at] >= _MIN_HEADLINE_WEIGHT
        is_confirmed = text in title_keys or any(
            _is_same_title(text, title, 0.3 if box.tag == "h1" else 0.6) for title in title_keys if is_long
        )
        if text in site_keys or (run.link_chars and _is_link_to_front_page(box.node)):
            continue
        if box.tag == "h1":
            candidates.append((0 if is_confirmed else 2 if is_long else 5, at))
        elif is_confirmed and len(text) > 14 and (box.tag in HEADING_TAGS or text in title_keys):
            candidates.append((1 if box.tag in HEADING_TAGS else 3, at))
        elif is_named or (box.tag in _UPPER_HEADING_TAGS and _is_named_headline(page, at)):
            candidates.append((4 if box.tag in _UPPER_HEADING_TAGS else 6, at))
    best = min(candidates, default=(0, -1))
    unconfirmed = [at for rank, at in candidates if rank == best[0] == 2][:_MAX_COMPARED_HEADINGS]
    if len(unconfirmed) > 1:
        return next((at for at in unconfirmed if _owns_text(page, at, unconfirmed)), best[1])
    return best[1]


def _is_link_to_front_page(heading: LexborNode) -> bool:
    """Return whether a heading contains a link to the front page of the site, as the name of the outlet does."""
    link = heading.css_first("a[href]")
    return link is not None and _FRONT_PAGE.match(link.attributes["href"] or "") is not None


def _owns_text(page: PageAnalysis, heading_index: int, heading_indexes: list[int]) -> bool:
    """Return whether a heading is above most of the page's prose, as the headline of an article is.

    The test takes the largest box that contains this heading and none of the other ones in ``heading_indexes``: it must
    contain most of the prose. Headings of promotions and lists do not pass the test. A heading with a link never does.
    """
    if page.layout.runs[heading_index].link_chars:
        return False
    boxes = page.layout.boxes
    others = [at for at in heading_indexes if at != heading_index]
    index = page.layout.runs[heading_index].box_index
    while index > 0:
        around = boxes[boxes[index].parent_index]
        if any(around.run_start <= at < around.run_end for at in others):
            break
        index = boxes[index].parent_index
    return page.prose_in(index) > page.prose_in(0) / 2


def _is_named_headline(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run is the headline, judged by the class or id of its box.

    The class or id must contain a word such as "headline". More than half of the page's prose must be below the text
    run.
    """
    run = page.layout.runs[run_index]
    name = page.box_hints[run.box_index]
    if not name or run.link_chars or page.weights[run_index] < _MIN_HEADLINE_WEIGHT or not HEADLINE_NAMES.search(name):
        return False
    return not find_boilerplate_name(name)[0] and page.prose_sums[run_index] < 0.5 * page.prose_sums[-1]


def _is_same_title(text: str, title: str, min_share: float) -> bool:
    """Return whether two normalized headlines are the same headline.

    They are also the same if one contains the other, and the shorter one has at least ``min_share`` of the longer one's
    length.
    """
    shorter, longer = sorted((text, title), key=len)
    return len(shorter) > 5 and shorter in longer and len(shorter) >= min_share * len(longer)


def _begins_like_title(text: str, titles: set[str]) -> bool:
    """Return whether one of the titles begins with the first characters of a text.

    This quick test is made before the text is normalized.
    """
    begin = text[:12].casefold()
    return any(title.startswith(begin) for title in titles)


def alnum_key(text: str) -> str:
    """Return only the letters and digits of a text, case-folded, as a key for comparisons."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_NON_ALNUM).decode().lower()
    key = "".join(filter(str.isalnum, text)).casefold()
    return key.replace("ı", "i").replace("\u0307", "")  # so that "İSKELE YAPILDI" and "İskele yapıldı" are equal


def _reject_hidden(page: PageAnalysis) -> None:
    """Reject the text that the page does not show, unless the hidden text is the article.

    The hidden text is the article in two cases:

    - The page shows less than two sentences, and hides more.
    - The page hides much more than it shows, and the class or id of a hidden element names the body of an article.

    Text in a hidden element whose class or id contains a word for a paywall is also kept: it is the part of the article
    for subscribers.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    hidden = {at for at, run in enumerate(runs) if boxes[run.box_index].is_hidden}
    if not hidden:
        return
    prose = [0.0 if reason else value for value, reason in zip(page.prose_values, page.rejection_reasons, strict=True)]
    hidden_prose = sum(prose[at] for at in hidden)
    shown_prose = sum(prose) - hidden_prose
    if shown_prose < _MIN_SHOWN_PROSE and hidden_prose > shown_prose:
        return
    names = [(box, name) for box, name in zip(boxes, page.box_hints, strict=True) if box.is_hidden and name]
    if hidden_prose > _MIN_HIDDEN_BODY_RATIO * shown_prose and any(BODY_NAMES.search(name) for _, name in names):
        return
    for box, name in names:
        if PAYWALL_NAMES.search(name):
            hidden.difference_update(range(box.run_start, box.run_end))
    for at in hidden:
        page.rejection_reasons[at] = page.rejection_reasons[at] or "hidden"


def _reject_boilerplate(page: PageAnalysis, is_candidate: Callable[[int], bool], min_rest: float = 0.0) -> None:
    """Reject each boilerplate box for which ``is_candidate`` is true, or that lists other stories.

    A box that contains the headline is never rejected. The boxes are grouped by the reason why they are boilerplate. If
    less than ``min_rest`` prose would remain in the root box, the group with the most prose is not rejected. This is
    repeated until enough prose remains.
    """
    found: dict[str, list[int]] = {}
    index, boxes = 1, page.layout.boxes
    title = page.title_run_index
    kept_reason, kept_end = "", 0  # of the outermost box that is kept although it has the name of a tool
    title_blocks = _list_title_blocks(page)
    while index < len(boxes):
        box = boxes[index]
        is_empty_or_title = box.run_end <= box.run_start or box.run_start <= title < box.run_end
        reason = "" if is_empty_or_title else _find_boilerplate_reason(page, index)
        is_kept = (
            bool(reason)
            and page.prose_in(index) > 0
            and ((reason == kept_reason and index < kept_end) or any(map(boxes[index].hint.startswith, title_blocks)))
        )
        if not reason or (is_kept and page.link_share(index) < _MAX_PROSE_LINK_SHARE):
            index += 1
        elif is_candidate(index) or _is_list_of_other_stories(page, index):
            found.setdefault(reason, []).append(index)
            index = box.subtree_end
        else:
            if find_boilerplate_name(page.box_hints[index])[1] and index >= kept_end:
                kept_reason, kept_end = reason, box.subtree_end
            index += 1
    root = range(page.root_box_index, boxes[page.root_box_index].subtree_end)
    taken = {reason: sum(page.prose_in(at) for at in at_boxes if at in root) for reason, at_boxes in found.items()}
    while taken and page.prose_in(page.root_box_index) - sum(taken.values()) < min_rest:
        largest = max(taken, key=taken.__getitem__)
        del taken[largest], found[largest]
    for reason, at_boxes in found.items():
        for at in at_boxes:
            page.reject(at, reason)


def _list_title_blocks(page: PageAnalysis) -> list[str]:
    """Return the class prefixes, such as ``hero-promo__``, of the parts of the boxes around the headline.

    In the naming convention BEM, ``hero-promo__text`` is a part of ``hero-promo``. If ``hero-promo`` contains the
    headline, the word "promo" in its name and in the names of its parts does not indicate boilerplate.
    """
    boxes = page.layout.boxes
    index = page.layout.runs[page.title_run_index].box_index if page.title_run_index >= 0 else 0
    blocks: list[str] = []
    while index > 0:
        blocks += (f"{name}__" for name in boxes[index].hint.split() if "__" not in name)
        index = boxes[index].parent_index
    return blocks


def _reject_forms(page: PageAnalysis, total: float) -> None:
    """Reject the small forms of a page, and the small boxes around forms that ask for an email address.

    Such boxes advertise a newsletter. ``total`` is the amount of prose on the page. A form with much of this prose is
    kept, because some pages consist of one form.
    """
    boxes = page.layout.boxes
    for index, box in enumerate(boxes):
        if box.tag != "form" or not _is_small_box(page, index, total):
            continue
        outer, has_address_field = index, box.node.css_first(_ADDRESS_FIELD) is not None
        while has_address_field and _is_small_box(page, boxes[outer].parent_index, total):
            outer = boxes[outer].parent_index
        page.reject(outer, "form")


def _reject_polls(page: PageAnalysis, total: float) -> None:
    """Reject the small boxes with the answers that readers can choose, and the question above the answers."""
    boxes = page.layout.boxes
    choices = boxes[0].node.css(_CHOICE) if boxes else []
    if len(choices) < _MIN_CHOICES:
        return
    indexes = {box.node.mem_id: index for index, box in enumerate(boxes)}
    for choice in choices:
        node = choice.parent
        while node is not None and (
            node.mem_id not in indexes or len(node.css(_CHOICE)) < _MIN_CHOICES  # the box of one answer
        ):
            node = node.parent
        index = indexes[node.mem_id] if node is not None else 0
        if not _is_small_box(page, index, total):
            continue
        parent = boxes[index].parent_index
        while _is_small_box(page, parent, total) and _count_runs(page, parent) <= _count_runs(page, index) + 1:
            index, parent = parent, boxes[parent].parent_index
        page.reject(index, "poll")


def _count_runs(page: PageAnalysis, box_index: int) -> int:
    return page.layout.boxes[box_index].run_end - page.layout.boxes[box_index].run_start


def _is_small_box(page: PageAnalysis, box_index: int, total: float) -> bool:
    """Return whether a box is below the headline, and has little text and little of the page's prose."""
    box = page.layout.boxes[box_index]
    is_below = box_index > 0 and not box.run_start <= page.title_run_index < box.run_end
    return (
        is_below
        and page.chars_in(box_index) < _MAX_FORM_CHARS
        and page.prose_in(box_index) <= _MAX_BOILERPLATE_SHARE * total
    )


def _is_small_part(page: PageAnalysis, box_index: int, total: float) -> bool:
    """Return whether a box has only a small share of the page's prose.

    ``total`` is the amount of prose on the page. The prose of siblings of the same kind is counted with the box, except
    if the parent of the box is boilerplate. Without this exception, a comment below an article would not be a small
    part if all comments together are longer than the article.
    """
    if page.prose_in(box_index) > _MAX_BOILERPLATE_SHARE * total:
        return False
    parent = page.layout.boxes[box_index].parent_index
    name, tag = page.box_hints[box_index], page.layout.boxes[box_index].tag
    word, outweighing = find_boilerplate_name(page.box_hints[parent])
    if not name or not page.prose_in(box_index) or (word and not outweighing):
        return True
    kind = find_kind(name)
    sums = _sum_prose_by_kind(page, parent)
    alike = sums.get((tag, kind), 0.0) + sum(
        prose
        for (other_tag, other), prose in islice(sums.items(), _MAX_SIBLING_KINDS)
        if other_tag == tag and other != kind and (other <= kind or kind <= other)
    )
    return alike <= _MAX_BOILERPLATE_SHARE * total


def _sum_prose_by_kind(page: PageAnalysis, parent: int) -> dict[tuple[str, frozenset[str]], float]:
    """Return a dictionary that maps each pair of tag and kind (``find_kind``) to an amount of prose, the largest first.

    It is the prose in all children of the box ``parent`` that have this tag and kind.
    """
    if parent not in page.kind_sums:
        sums: dict[tuple[str, frozenset[str]], float] = defaultdict(float)
        for child in page.child_boxes[parent]:
            sums[page.layout.boxes[child].tag, find_kind(page.box_hints[child])] += page.prose_in(child)
        page.kind_sums[parent] = dict(sorted(sums.items(), key=itemgetter(1), reverse=True))
    return page.kind_sums[parent]


def _find_boilerplate_reason(page: PageAnalysis, box_index: int) -> str:
    """Return the reason why a box is boilerplate, or an empty string. Its tag, class names and links are considered."""
    box, name = page.layout.boxes[box_index], page.box_hints[box_index]
    if box.tag in _SIDEBAR_TAGS:
        return box.tag
    if name not in page.boilerplate_names:
        page.boilerplate_names[name] = find_boilerplate_name(name) if name else ("", 0)
    word, outweighing = page.boilerplate_names[name]
    is_row = box.tag == "tr" and outweighing == TOOL_WEIGHT  # such as the row of a player in a table of results
    if word and not is_row and not (outweighing and _has_paragraphs(page, box_index, outweighing)):
        return f"boilerplate: {word}"
    found = LINK_LIST_NAMES.search(name) if name and page.link_share(box_index) > 0.3 else None
    if found:
        return f"links: {found.group().strip(' _:-')}"
    if len(page.child_boxes[box_index]) < _MIN_EXCERPTS:
        return ""
    return "teasers" if _is_teaser_list(page, box_index) or _is_list_of_other_stories(page, box_index) else ""


def _has_paragraphs(page: PageAnalysis, box_index: int, count: int) -> bool:
    """Return whether a box reads like an article: mostly prose, with at least ``count`` paragraphs and few links."""
    box = page.layout.boxes[box_index]
    if count == TOOL_WEIGHT and _has_quoted_post(page, box_index):
        return True
    prose = [page.weights[at] for at in range(box.run_start, box.run_end) if page.prose_values[at]]
    weight = sum(page.weights[box.run_start : box.run_end])
    is_prose = len(prose) >= count and sum(prose) >= max(_MIN_PROSE_BOX, weight // 2)
    return is_prose and page.link_share(box_index) < _MAX_PROSE_LINK_SHARE


def _has_quoted_post(page: PageAnalysis, box_index: int) -> bool:
    """Return whether a box contains a quoted post of a social network."""
    boxes = page.layout.boxes
    if boxes[box_index].node.css_first("blockquote") is None:
        return False
    inside = range(box_index, boxes[box_index].subtree_end)
    return any(boxes[at].tag == "blockquote" and page.prose_in(at) >= _MIN_PROSE_WEIGHT for at in inside)


def _is_teaser_list(page: PageAnalysis, box_index: int) -> bool:
    """Return whether a box is a list of teasers for other articles.

    At least three of its children, and most of them, must have a line that is almost only a link.
    """
    children = page.child_boxes[box_index]
    if page.link_share(box_index) < 0.2:
        return False
    runs, boxes = page.layout.runs, page.layout.boxes
    teasers = 0
    for child in children:
        box = boxes[child]
        teasers += any(
            compute_link_ratio(run) > 0.9 and len(run.text) > 14
            for run in runs[box.run_start : min(box.run_end, box.run_start + 6)]
        )
    return teasers >= 3 and teasers * 10 >= len(children) * 6


def _is_list_of_other_stories(page: PageAnalysis, box_index: int) -> bool:
    """Return whether a box is a list of excerpts of other stories next to the article. The list may be long.

    Most of its children, and at least three, must begin with a heading that is a link, and have few lines. The box must
    be outside of the smallest box that contains the headline and the first paragraph below it.
    """
    boxes, runs, title = page.layout.boxes, page.layout.runs, page.title_run_index
    if len(page.child_boxes[box_index]) < _MIN_EXCERPTS or not page.link_share(box_index):
        return False
    children = [child for child in page.child_boxes[box_index] if boxes[child].run_end > boxes[child].run_start]
    if title < 0 or len(children) < _MIN_EXCERPTS:
        return False
    excerpts = sum(
        boxes[child].run_end - boxes[child].run_start <= _MAX_EXCERPT_LINES
        and any(
            boxes[run.box_index].tag in HEADING_TAGS and compute_link_ratio(run) > 0.9
            for run in runs[boxes[child].run_start : boxes[child].run_start + 2]
        )
        for child in children
    )
    if excerpts < _MIN_EXCERPTS or excerpts * 10 < len(children) * 6:
        return False
    box = boxes[box_index]
    outside = (at for at in range(title + 1, len(runs)) if not box.run_start <= at < box.run_end)
    first = next((at for at in outside if page.prose_values[at]), -1)
    index = runs[title].box_index
    while index > 0 and not boxes[index].run_start <= first < boxes[index].run_end:
        index = boxes[index].parent_index
    return first >= 0 and not index <= box_index < boxes[index].subtree_end


def _score_boxes(page: PageAnalysis) -> list[float]:
    """Return a score for each box: how much prose it has. The deeper the prose is nested, the less it counts.

    A box whose class or id is typical of an article's body gets a higher score, and the header of an article a lower
    one. Prose before the headline counts less.
    """
    boxes = page.layout.boxes
    scores = [0.0] * len(boxes)
    late = sum(
        value
        for value, reason in zip(
            page.prose_values[page.title_run_index + 1 :],
            page.rejection_reasons[page.title_run_index + 1 :],
            strict=True,
        )
        if not reason
    )
    for at, (run, value) in enumerate(zip(page.layout.runs, page.prose_values, strict=True)):
        if not value or page.rejection_reasons[at]:
            continue
        share = value * (_BEFORE_TITLE_FACTOR if at < page.title_run_index and late > 200 else 1.0)
        index = run.box_index
        if boxes[index].tag in _LEAF_TAGS:
            index = boxes[index].parent_index
        while index >= 0 and share > 1:
            scores[index] += share
            index, share = boxes[index].parent_index, share * _PARENT_SCORE_FACTOR
    for index, name in enumerate(page.box_hints):
        if scores[index] and name:
            scores[index] *= (
                1.5 if "articlebody" in name or "article-body" in name else 1.25 if BODY_NAMES.search(name) else 1.0
            )
        if scores[index] and _is_header_above_text(page, index):
            for at in range(index, boxes[index].subtree_end):
                scores[at] *= _HEADER_FACTOR
    return scores


def _expand(page: PageAnalysis) -> None:
    """Enlarge the root box, which contains the article's text, by boxes next to it that continue the article.

    The root box is replaced by its parent, at most six times. Other children of this parent that do not continue the
    article are rejected. The root box is not replaced if it contains the headline and is not inside the article box, or
    if its parent contains most of the page but nothing that continues the article.
    """
    boxes = page.layout.boxes
    for _ in range(6):
        parent = boxes[page.root_box_index].parent_index
        root = boxes[page.root_box_index]
        has_title = root.run_start <= page.title_run_index < root.run_end
        article = page.article_box_index
        is_within_article = 0 < article < page.root_box_index < boxes[article].subtree_end
        if parent < 0 or (has_title and not is_within_article):
            return
        inside, around = page.prose_in(page.root_box_index), page.prose_in(parent)
        continuations = [
            child
            for child in page.child_boxes[parent]
            if child != page.root_box_index and _is_continuation(page, child, inside)
        ]
        if (
            around - inside > 0
            and not continuations
            and boxes[parent].run_end - boxes[parent].run_start > 3 * len(page.layout.runs) // 4
        ):
            return
        for child in page.child_boxes[parent]:
            if child != page.root_box_index and child not in continuations:
                page.reject(child, "next to the article")
        page.update_prose_sums()
        page.root_box_index = parent


def _is_continuation(page: PageAnalysis, child_index: int, root_prose: float) -> bool:
    """Return whether a box next to the root box (the box with the article's text) continues the article.

    It must have few links. In addition, it must look like the root box, be an introduction before it, or have enough
    prose.
    """
    box = page.layout.boxes[child_index]
    prose = page.prose_in(child_index)
    if not prose or page.link_share(child_index) > 0.3:
        return False
    if box.tag in _CELL_TAGS:
        return prose >= 0.2 * root_prose
    is_alike = box.tag == page.layout.boxes[page.root_box_index].tag and is_same_kind(
        page.box_hints[child_index], page.box_hints[page.root_box_index]
    )
    is_lead = (
        box.run_end <= page.layout.boxes[page.root_box_index].run_start and box.run_start > page.title_run_index >= 0
    )
    if (
        is_lead and page.link_share(child_index) < 0.05 and box.node.css_first("li") is None
    ):  # a list before the text is a summary
        return True
    return is_alike or box.tag in _LEAF_TAGS or not page.child_boxes[child_index] or prose >= 0.2 * root_prose

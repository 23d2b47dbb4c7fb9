"""What is left at the end of an article when the rest is decided: headings of nothing, the page's foot, biographies."""

from monitor.extract.body import HEADING_TAGS, PageAnalysis, alnum_key
from monitor.extract.callouts import READER_APPEAL
from monitor.extract.lines import is_biography, is_imprint, is_sentence

_MAX_EMPTY_HEADINGS = 3  # headings, each over a picture, from which the article is a series of pictures
_MAX_FOOTER_LINES = 9  # lines at the end of a text that may be the page's foot
_FOOTER_REASONS = frozenset(("", READER_APPEAL, "date line"))


def drop_empty_headings(page: PageAnalysis) -> None:
    """Drop headings of what was dropped, and those that nothing follows; many of these are a story told in pictures."""
    ended: list[int] = []
    below = "end"  # what stands under the heading above: body, caption, heading, links, end
    for at in range(len(page.rejection_reasons) - 1, -1, -1):
        fate = page.rejection_reasons[at]
        if not fate and page.layout.boxes[page.layout.runs[at].box_index].tag in HEADING_TAGS:
            if below in {"end", "links"}:
                page.rejection_reasons[at] = "heading of nothing"
                ended += [at] if below == "end" else []
            else:
                below = "heading"
        elif not fate:
            below = "body"
        elif fate == "caption":
            below = below if below == "end" else "caption"
        elif below == "heading" and fate.startswith(("furniture", "links", "teasers")):
            below = "links"
    if len(ended) > _MAX_EMPTY_HEADINGS:
        for at in ended:
            page.rejection_reasons[at] = ""


def drop_imprint(page: PageAnalysis) -> None:
    """Drop the page's foot from the end of the text: lines of rights and addresses, the crumbs between them.

    A short line with a number and a comma right above them is an address, too.
    """
    foot: list[int] = []
    found = False
    for at in [at for at, fate in enumerate(page.rejection_reasons) if fate in _FOOTER_REASONS][:-_MAX_FOOTER_LINES:-1]:
        text = page.layout.runs[at].text
        foot += [] if page.rejection_reasons[at] else [at]
        short = page.weights[at] <= 100 and not is_sentence(text)
        if is_imprint(text) or (found and short and "," in text and any(map(str.isdigit, text))):
            found = True
            for line in foot:
                page.rejection_reasons[line] = "imprint"
        elif not (short or page.rejection_reasons[at]):
            return


def drop_biographies(page: PageAnalysis, author_names: dict[str, str]) -> None:
    """Drop what is said of the author at the end."""
    kept = [at for at, fate in enumerate(page.rejection_reasons) if not fate]
    for at in kept[max(len(kept) - 3, len(kept) * 3 // 4) :]:
        text = page.layout.runs[at].text
        if is_biography(text) or (author_names and alnum_key(text[:80]).startswith(tuple(author_names))):
            page.rejection_reasons[at] = "about the author"

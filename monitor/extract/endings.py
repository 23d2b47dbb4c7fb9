"""What is left at the end of an article when the rest is decided: headings of nothing, the page's foot, biographies."""

from monitor.extract.body import HEADINGS, Page, squeeze
from monitor.extract.callouts import PLEA
from monitor.extract.lines import is_biography, is_imprint, is_sentence

_SLIDES = 3  # headings, each over a picture, from which the article is a series of pictures
_FOOT = 9  # lines at the end of a text that may be the page's foot
_SAID = frozenset(("", PLEA, "date line"))


def drop_headings(page: Page) -> None:
    """Drop headings of what was dropped, and those that nothing follows; many of these are a story told in pictures."""
    ended: list[int] = []
    below = "end"  # what stands under the heading above: body, caption, heading, links, end
    for at in range(len(page.fate) - 1, -1, -1):
        fate = page.fate[at]
        if not fate and page.layout.boxes[page.layout.runs[at].box].tag in HEADINGS:
            if below in {"end", "links"}:
                page.fate[at] = "heading of nothing"
                ended += [at] if below == "end" else []
            else:
                below = "heading"
        elif not fate:
            below = "body"
        elif fate == "caption":
            below = below if below == "end" else "caption"
        elif below == "heading" and fate.startswith(("furniture", "links", "teasers")):
            below = "links"
    if len(ended) > _SLIDES:
        for at in ended:
            page.fate[at] = ""


def drop_imprint(page: Page) -> None:
    """Drop the page's foot from the end of the text: lines of rights and addresses, the crumbs between them.

    A short line with a number and a comma right above them is an address, too.
    """
    foot: list[int] = []
    found = False
    for at in [at for at, fate in enumerate(page.fate) if fate in _SAID][:-_FOOT:-1]:
        text = page.layout.runs[at].text
        foot += [] if page.fate[at] else [at]
        short = page.weights[at] <= 100 and not is_sentence(text)
        if is_imprint(text) or (found and short and "," in text and any(map(str.isdigit, text))):
            found = True
            for line in foot:
                page.fate[line] = "imprint"
        elif not (short or page.fate[at]):
            return


def drop_biographies(page: Page, names: dict[str, str]) -> None:
    """Drop what is said of the author at the end."""
    kept = [at for at, fate in enumerate(page.fate) if not fate]
    for at in kept[max(len(kept) - 3, len(kept) * 3 // 4) :]:
        text = page.layout.runs[at].text
        if is_biography(text) or (names and squeeze(text[:80]).startswith(tuple(names))):
            page.fate[at] = "about the author"

"""Hidden text: what a reader of the page cannot see is not the article, unless the page has no other copy of it."""

import pytest

from monitor.domain.article import Article
from monitor.extract.extractor import extract_page
from monitor.extract.feed_content import html_to_text

A = "Der Gemeinderat hat am Dienstag beschlossen, die alte Mühle zu kaufen und im Erdgeschoss ein Museum einzurichten."
B = "Die Sanierung soll nach den Worten der Bürgermeisterin zwei Jahre dauern und wird zur Hälfte vom Land bezahlt."
C = "Der Verein der Müller will seine Sammlung zur Verfügung stellen, die bisher in einer Scheune am Ortsrand lagert."
UNSEEN = "Landrat Ottmar Beispiel steht in einer Zeile, die kein Leser dieser Seite jemals zu sehen bekommen wird."


def read(inside: str) -> Article:
    page = f"<html><body><main><h1>Gemeinde kauft die Mühle</h1>{inside}</main></body></html>"
    return extract_page(page.encode(), "https://blatt.example/ort/muehle-5", "")


HIDING = [
    "style='visibility: hidden'",
    "style='color:red; VISIBILITY : HIDDEN;'",
    "style='display:none !important'",
    "style='position:absolute;left:-9999px'",
    "style='position: fixed; top: -10000px'",
    "style='text-indent:-5000em'",
    "hidden",
    "hidden=''",
    "aria-hidden=true",
    "class='note visually-hidden'",
    "class=sr-only",
    "class='box d-none'",
    "class=hidden",
    "class=element-invisible",
    "style='height:0; overflow:hidden'",
    "style='overflow:hidden;max-height:0px'",
    "style='clip-path: inset(50%)'",
    "style='transform: translateX(-9999px)'",
]


@pytest.mark.parametrize("hiding", HIDING)
@pytest.mark.parametrize("times", [1, 12])
def test_hidden_boxes_of_any_length_are_dropped(hiding: str, times: int) -> None:
    """Text that the page hides is dropped, also if it is longer than the article."""
    found = read(f"<p>{A}</p><p>{B}</p><div {hiding}>{f'<p>{UNSEEN}</p>' * times}</div><p>{C}</p>")
    assert found.body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize("hiding", HIDING)
def test_hidden_words_within_a_sentence_are_dropped(hiding: str) -> None:
    """The sentence around hidden words stays whole, on pages and in feeds."""
    inside = f"<p>Der Verein <span {hiding}>Ottmar Beispiel</span> der Müller stellt seine Sammlung aus.</p>"
    assert "Der Verein der Müller stellt" in read(f"<p>{A}</p><p>{B}</p>{inside}").body
    assert html_to_text(inside) == "Der Verein der Müller stellt seine Sammlung aus."


def test_a_hidden_article_without_another_copy_is_read() -> None:
    """Some pages show their article only when a script has run."""
    for box in ("<div style='display:none'>", "<div class=article-body hidden>"):
        assert read(f"<p>Bitte warten.</p>{box}<p>{A}</p><p>{B}</p><p>{C}</p></div>").body == f"{A}\n{B}\n{C}"


def test_the_part_for_subscribers_is_read() -> None:
    """A hidden box named after a paywall continues the article."""
    assert C in read(f"<p>{A}</p><p>{B}</p><div class=paywall hidden><p>{C}</p></div>").body


@pytest.mark.parametrize("shown", ["hidden md:block", "d-none d-lg-block", "hidden-xs", "overflow-hidden"])
def test_text_that_some_screens_show_is_read(shown: str) -> None:
    """A box that is hidden only on small screens is on the page."""
    assert C in read(f"<p>{A}</p><p>{B}</p><div class='{shown}'><p>{C}</p></div>").body


def test_a_drop_cap_is_read() -> None:
    """A single letter hidden from screen readers is seen by everyone else."""
    drop_cap = A.replace("Der", "<span aria-hidden=true>D</span>er", 1)
    assert read(f"<p>{drop_cap}</p><p>{B}</p>").body == f"{A}\n{B}"


def test_a_box_that_opens_on_a_search_is_read() -> None:
    """Text that the browser's search finds is on the page."""
    assert C in read(f"<p>{A}</p><p>{B}</p><div hidden=until-found><p>{C}</p></div>").body

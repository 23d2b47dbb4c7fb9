"""Layouts of articles: the text is found whatever stands above it, and whatever pictures and headings are in it."""

import pytest

from monitor.domain.article import Article
from monitor.extract.extractor import extract_page

A = "Il consiglio comunale ha approvato martedì il piano per riaprire il vecchio mercato coperto accanto alla stazione."
B = "I lavori cominceranno in primavera dal tetto, che perde acqua da anni, e dureranno fino all'autunno prossimo."
C = "Trentadue commercianti hanno già chiesto un banco, e la giunta conta di assegnare i posti entro la fine di maggio."
D = "L'assessora ha ricordato che il mercato aveva chiuso dopo la piena, e che nessuno aveva trovato i fondi."
LONG = " ".join((A, B, C, D, A.replace("martedì", "ieri")))


def read(inside: str, head: str = "") -> Article:
    page = f"<html><head>{head}</head><body><main><article>{inside}</article></main></body></html>"
    return extract_page(page.encode(), "https://corriere.example/citta/mercato-9", "")


@pytest.mark.parametrize(
    "header",
    [
        f"<header class=testata><h1>Riapre il mercato</h1><div class=riassunto><p>{LONG}</p></div></header>",
        f"<div class=article-intro><h1>Riapre il mercato</h1><p class=abstract>{LONG}</p></div>",
        f"<hgroup><h1>Riapre il mercato</h1><p>{LONG}</p></hgroup>",
    ],
)
def test_a_long_summary_in_the_header_is_not_the_article(header: str) -> None:
    """The text below a header is the body, also if the header has more of it."""
    found = read(f"<div class=colonna>{header}<div class=testo>{B}<br><br>{C}<br><br>{D}</div></div>")
    assert found.body.endswith(f"{B}\n{C}\n{D}")


@pytest.mark.parametrize(
    ("short", "body"),
    [
        ("Rosa Esempio è stata eletta lunedì.", f"<p>{A}</p><p>{B}</p>"),
        ("Иван Примеров задержан в пятницу.", f"<p>{A}</p><p>{B}</p>"),
        ("山田太郎氏は逮捕された。", f"<p>{A}</p><p>{B}</p>"),
        ("ທ່ານ ສົມສັກ ຖືກແຕ່ງຕັ້ງວັນສຸກ", f"<p>{A}</p><p>{B}</p>"),
        ("انتخب أحمد المثال رئيسا للبلدية.", f"<p>{A}</p><p>{B}</p>"),
    ],
)
def test_a_short_first_paragraph_belongs_to_the_body(short: str, body: str) -> None:
    """A sentence between headline and text is text, in every script."""
    assert read(f"<h1>Notizia dal comune</h1><p>{short}</p>{body}").body.startswith(f"{short}\n")


@pytest.mark.parametrize("line", ["Di Anna Esempio", "By Anna Example.", "12 maggio 2026", "Roma", "Foto: Ansa"])
def test_a_line_above_the_text_that_is_no_sentence_is_dropped(line: str) -> None:
    """Bylines, dates, places and credits are not the first paragraph."""
    assert read(f"<h1>Notizia dal comune</h1><p>{line}</p><p>{A}</p><p>{B}</p>").body == f"{A}\n{B}"


def test_section_headings_of_the_first_rank_are_kept() -> None:
    """Only the headline itself is left out of the body."""
    found = read(f"<h1>Riapre il mercato</h1><p>{A}</p><h1>Che cosa ha detto Rosa Esempio</h1><p>{B}</p><p>{C}</p>")
    assert "Che cosa ha detto Rosa Esempio" in found.body
    assert found.body.count("Riapre il mercato") == 0


@pytest.mark.parametrize(
    "name", ["ce-textpic image-right", "content-imagetext", "media-block photo", "blocco-foto img"]
)
def test_paragraphs_in_a_box_with_a_picture_are_text(name: str) -> None:
    """A box named after its picture holds the picture's caption and the text next to it."""
    picture = "<figure><img src=a.jpg><figcaption>Il tetto del mercato.</figcaption></figure>"
    found = read(
        f"<h1>Riapre il mercato</h1><div class='{name}'>{picture}<div><p>{A}</p><p>{B}</p></div></div><p>{C}</p>"
    )
    assert found.body == f"{A}\n{B}\n{C}"
    assert found.captions == ("Il tetto del mercato.",)


def test_the_captions_of_a_picture_story_are_its_text() -> None:
    """If the prose of an article is below its pictures, it is the body; credits stay captions."""
    figures = "".join(
        f"<figure><img src={n}.jpg><figcaption>{text}</figcaption></figure><p class=credit>Foto: Ansa/{n}</p>"
        for n, text in enumerate((A, B, C, D))
    )
    found = read(f"<h1>Il mercato in quattro immagini</h1>{figures}")
    assert found.body == f"{A}\n{B}\n{C}\n{D}"


def test_centred_paragraphs_below_pictures_are_text_if_all_are() -> None:
    """Blogs centre their whole text between pictures."""
    inside = "".join(
        f"<p><img src={n}.jpg></p><p style='text-align:center'>{t}</p>" for n, t in enumerate((A, B, C, D))
    )
    assert A in read(f"<h1>Riapre il mercato</h1>{inside}").body


@pytest.mark.parametrize(
    "credit",
    [
        "<span class=image><img src=a.jpg><span class=attribution>© Agenzia Esempio</span></span>",
        "<img src=a.jpg><small class='photo-credit'>Foto: Agenzia Esempio</small>",
        "<span class='img-caption'>Il tetto del mercato</span>",
    ],
)
def test_a_credit_at_the_start_of_a_paragraph_is_not_part_of_it(credit: str) -> None:
    """The sentence behind an inline credit is text, without the credit."""
    found = read(f"<h1>Riapre il mercato</h1><div itemprop=articleBody><p>{credit}{A}</p><p>{B}</p><p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"

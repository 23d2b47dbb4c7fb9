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


@pytest.mark.parametrize("name", ["image-text", "wp-block-media-text", "article__image-and-text", "foto-testo"])
def test_a_paragraph_next_to_a_picture_is_text(name: str) -> None:
    """The name of the box says that it has a picture and text."""
    found = read(
        f"<h1>Riapre il mercato</h1><div class='{name}'><div class=image><img src=a.jpg></div>"
        f"<div class=bodytext><p>{A}</p></div></div><div class='{name}'><img src=b.jpg><p>{B}</p></div><p>{C}</p>"
    )
    assert found.body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize("credit", ["© Fornito da Agenzia", "© AFP 2026 / Anna Esempio", "(Foto: Ansa)", "Foto: Ansa"])
def test_a_credit_without_a_class_is_not_part_of_the_paragraph(credit: str) -> None:
    """A short inline credit before the first sentence is recognized by its words."""
    found = read(f"<h1>Riapre il mercato</h1><div><p><span>{credit}</span> {A}</p><p>{B}</p><p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"


def test_an_article_in_several_sections_is_whole() -> None:
    """The section with the headline is not the whole article."""
    sections = "".join(f"<section><div><h1>Capitolo {at}</h1><p>{t}</p></div></section>" for at, t in enumerate((C, D)))
    found = read(f"<section><div><h1>Riapre il mercato coperto</h1><p>{A}</p><p>{B}</p></div></section>{sections}")
    assert found.body == f"{A}\n{B}\nCapitolo 0\n{C}\nCapitolo 1\n{D}"


def test_linked_headings_of_a_list_article_are_text() -> None:
    """Each heading has a long paragraph below it; the excerpts of other stories have boxes of their own."""
    items = "".join(
        f"<h3><a href=/b/{at}>{at}. Il banco di Rosa</a></h3><img src=a.jpg><p>{t}</p>" for at, t in enumerate((B, C))
    )
    found = read(f"<h1>Riapre il mercato</h1><div><p>{A}</p>{items}</div>")
    assert found.body == f"{A}\n0. Il banco di Rosa\n{B}\n1. Il banco di Rosa\n{C}"
    story = f"<div><h3><a href=/x>Altra notizia di cronaca cittadina</a></h3><p>{D}</p></div>"
    assert (
        "Altra notizia" not in read(f"<h1>Riapre il mercato</h1><div><p>{A}</p><p>{B}</p><p>{C}</p>{story}</div>").body
    )


def test_an_enumeration_of_links_is_text() -> None:
    """Places and persons in a paragraph may all be links."""
    places = "Comuni: " + ", ".join(
        f"<a href=/c/{name}>{name}</a>" for name in ("Empoli", "Fucecchio", "Vinci", "Pisa")
    )
    found = read(f"<h1>Riapre il mercato</h1><div><p>{A}</p><p>{places}</p><p>{B}</p></div>")
    assert found.body == f"{A}\nComuni: Empoli, Fucecchio, Vinci, Pisa\n{B}"


@pytest.mark.parametrize(
    "sentence",
    [
        "Rosa Esempio è stata arrestata venerdì.",
        "山田太郎氏は逮捕された。",
        "ທ່ານ ສົມສັກ ຖືກແຕ່ງຕັ້ງ",
        "Иван Примеров задержан.",
    ],
)
def test_an_article_of_one_short_sentence_is_read(sentence: str) -> None:
    """The address below it is longer, and is not the article."""
    footer = "<footer><p>Corriere di Esempio, via Roma 12, Empoli. Tutti i diritti riservati.</p></footer>"
    page = f"<main><article><h1>Notizia</h1><div><p>{sentence}</p></div></article></main>{footer}"
    assert extract_page(page.encode(), "https://corriere.example/9", "").body == sentence


def test_slides_are_read_whatever_they_are_called() -> None:
    """A story of which every paragraph is a slide."""
    slides = "".join(
        f"<div class=carousel-item><img src=a.jpg><div class=carousel-caption><p>{text}</p></div></div>"
        for text in (A, B, C)
    )
    assert read(f"<h1>Riapre il mercato</h1><div class=carousel>{slides}</div>").body == f"{A}\n{B}\n{C}"


def test_a_caption_is_the_text_of_an_article_without_other_text() -> None:
    """A page with a video and its description is not empty."""
    found = read(f"<h1>Riapre il mercato</h1><div><video src=x></video><p class=item-caption>{A} {B}</p></div>")
    assert (found.body, found.captions) == (f"{A} {B}", ())
    assert found.confidence > 0.3


def test_a_table_in_a_figure_is_text() -> None:
    """Publishing systems put tables into figures."""
    table = "<table><tr><td>Sindaca</td><td>Rosa Esempio</td></tr><tr><td>Vice</td><td>Ugo Prova</td></tr></table>"
    found = read(f"<h1>Riapre il mercato</h1><p>{A}</p><p>{B}</p><figure>{table}</figure><p>{C}</p>")
    assert "Rosa Esempio" in found.body


def test_a_quoted_post_is_text() -> None:
    """A post of a social network that the article quotes is kept, whatever its box is called."""
    post = "Il sindaco Ugo Prova annuncia oggi che il mercato riapre prima dell'estate."
    quote = f"<div class=social-embed><blockquote><p>{post}</p>— Ugo Prova (@prova)</blockquote></div>"
    assert post in read(f"<h1>Riapre il mercato</h1><p>{A}</p><p>{B}</p>{quote}<p>{C}</p>").body


@pytest.mark.parametrize(
    "deck",
    [
        "<h2 class=x1>Rosa Esempio promette che i banchi saranno assegnati entro maggio</h2>",
        "<p>Rosa Esempio promette che i banchi saranno assegnati entro maggio</p>",
    ],
)
def test_a_summary_without_a_full_stop_is_the_standfirst(deck: str) -> None:
    """Directly below the headline."""
    found = read(
        f"<div class=top><h1>Riapre il mercato</h1>{deck}</div><div class=testo><p>{A}</p><p>{B}</p><p>{C}</p></div>"
    )
    assert found.standfirst.startswith("Rosa Esempio promette")


POSTS = (("14:05", A), ("13:40", B), ("12.10 Uhr", C), ("90'", D))


@pytest.mark.parametrize(
    "post",
    [
        "<div class=live-post><time>{0}</time><p>{1}</p></div>",
        "<article class=post><header><span class=time>{0}</span></header><div><p>{1}</p></div></article>",
        "<div class=online__item><div class=online__time>{0}</div><div class=online__text><p>{1}</p></div></div>",
        "<div class=live-comment><span class=minute>{0}</span><p>{1}</p></div>",
        "<dt>{0}</dt><dd>{1}</dd>",
    ],
)
def test_the_posts_of_a_live_blog_keep_their_times(post: str) -> None:
    """Each time is a line above its post."""
    posts = "".join(post.format(*one) for one in POSTS)
    found = read(f"<h1>Il consiglio in diretta</h1><div class=liveblog>{posts}</div>")
    assert found.body == "\n".join(line for one in POSTS for line in one)


def test_a_single_time_is_not_text() -> None:
    """The time of the article does not make it a live blog."""
    assert read(f"<h1>Il consiglio vota</h1><p>14:05</p><p>{A}</p><p>{B}</p>").body == f"{A}\n{B}"

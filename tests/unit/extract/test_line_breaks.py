"""Line breaks: a sentence that a page or a feed breaks over lines stays whole; separate lines stay apart."""

import pytest

from monitor.domain.article import Article
from monitor.domain.source import Entry, Source
from monitor.extract.extractor import extract_page
from monitor.extract.feed_content import article_from_entry, html_to_text
from monitor.extract.line_breaks import unwrap_lines

URL = "https://diario.example/economia/puente-77"
FIRST = "Los ingenieros del puerto revisaron las dos grúas que la tormenta había dañado durante la noche del martes."
SECOND = "El muelle del este quedará cerrado hasta que lleguen las piezas que el consorcio pidió a una fábrica lejana."


def read(inside: str) -> Article:
    return extract_page(f"<html><body><h1>El puerto reabre</h1><div>{inside}</div></body></html>".encode(), URL, "")


def test_lines_wrapped_at_a_fixed_width_are_joined() -> None:
    """A name that a line break splits is joined; a text with one line per paragraph is not changed."""
    broken = "word " * 13 + "Tran\nMinh Hai " + "word " * 11 + "x\n"
    text = broken * 4 + "\n" + broken * 4
    assert "Tran Minh Hai" in unwrap_lines(text)
    assert "\n\n" in unwrap_lines(text)
    assert unwrap_lines("One.\nTwo.\n\nThree.") == "One.\nTwo.\n\nThree."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("La terminal de carga fue inaugurada por Lucía\nFernández Ortega el jueves.", "Lucía Fernández Ortega"),
        ("El acuerdo de pesca lo firmaron ayer Joaquim\r\nAmaral Pires y su homólogo.", "Joaquim Amaral Pires"),
    ],
)
def test_a_name_over_a_line_end_of_a_plain_summary_is_whole(text: str, name: str) -> None:
    """Feeds wrap plain text; a word that had no room in its line goes on in the next one."""
    assert name in html_to_text(text)
    assert name in article_from_entry(Entry(URL, summary=text), Source("a", "A", feed="https://a.example/f")).standfirst


@pytest.mark.parametrize(
    "text",
    [
        "Puente nuevo sobre el río Tajo\nEl alcalde lo visitó el lunes con los vecinos de los dos barrios.",
        f"{FIRST}\n{SECOND}",
        "Resultados de la jornada de ayer\nMálaga 2, Cádiz 1\nGetafe 0, Betis 0",
        "ກອງປະຊຸມຄັ້ງທີສອງ\nທ່ານລັດຖະມົນຕີໄດ້ກ່າວຄຳປາໄສຕໍ່ກອງປະຊຸມໃນວັນສຸກຜ່ານມາ",
    ],
)
def test_separate_lines_of_plain_text_stay_apart(text: str) -> None:
    """A headline, a paragraph and a result are lines of their own."""
    assert unwrap_lines(text) == text


@pytest.mark.parametrize("mark", ["<br>", "<br/>", " <br />\n"])
def test_a_name_over_a_break_is_whole(mark: str) -> None:
    """A single break within a sentence is a space, also before a capital."""
    body = read(f"<p>La escuela fue inaugurada ayer por Lucía{mark}Fernández ante los vecinos.</p><p>{SECOND}</p>").body
    assert "por Lucía Fernández ante" in body


def test_a_break_in_a_script_without_spaces_adds_none() -> None:
    """Ideographs and kana on both sides of a break are one word."""
    body = read(f"<p>式典には地元の関係者ら二百人が出席し、市長の山本<br>花子氏があいさつした。</p><p>{FIRST}</p>").body
    assert "山本花子氏" in body


@pytest.mark.parametrize(
    "lines",
    [
        ("Por Lucía Fernández Ortega", "Ana Prieto, fotografía de puertos"),
        ("<b>Dos grúas nuevas para el puerto</b>", FIRST),
        ("Málaga 2, Cádiz 1 en La Rosaleda", "Getafe 0, Betis 0 en el Coliseum"),
        ("- Una grúa para contenedores grandes", "- Otra grúa para el muelle del este"),
    ],
)
def test_lines_that_are_no_sentence_stay_apart(lines: tuple[str, str]) -> None:
    """Bylines, bold headings, results and lists keep their lines."""
    found = html_to_text(f"<div>{lines[0]}<br>{lines[1]}</div>")
    assert len(found.split("\n")) == 2


@pytest.mark.parametrize(
    "ruby",
    [
        "<ruby>佐藤<rt>さとう</rt></ruby><ruby>一郎<rt>いちろう</rt></ruby>",
        "<ruby>佐藤<rp>(</rp><rt>さとう</rt><rp>)</rp>一郎<rp>(</rp><rt>いちろう</rt><rp>)</rp></ruby>",
        "<ruby><rb>佐</rb><rb>藤</rb><rtc><rt>さ</rt><rt>とう</rt></rtc></ruby>一<rt></rt>郎",
    ],
)
def test_readings_of_ideographs_are_no_text(ruby: str) -> None:
    """A name with its reading above it is the name, on pages and in feeds."""
    sentence = f"{ruby}知事は三日、県庁で記者団に対し、来年の春に新しい橋が開通する見通しだと明らかにした。"
    assert "佐藤一郎知事は" in read(f"<p>{sentence}</p><p>{FIRST}</p>").body
    assert html_to_text(f"<p>{sentence}</p>").startswith("佐藤一郎知事は")

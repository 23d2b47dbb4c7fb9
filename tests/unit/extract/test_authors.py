"""Authors and agency: who wrote an article, from its metadata, its elements for authors and its bylines."""

import json
from collections.abc import Callable

import pytest
from steps import LINEAR, growth

from monitor.domain.article import MAX_AUTHORS, Article
from monitor.extract.extractor import extract_page

TITLE = "Assembly votes to rebuild the bridge"
A = "The provincial assembly voted on Tuesday to rebuild the bridge over the river, which a flood destroyed in autumn."
B = "Work is to begin in March and to last until the rainy season, the head of the works department told reporters."
C = "About forty families who live on the far bank have to cross by boat until the new bridge is open, he added."
ANNA, BEN = "Anna Example", "Ben Sample"


def read(byline: str, head: str = "", body: tuple[str, ...] = (A, B, C), after: str = "") -> Article:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in body)
    inside = f"<main><article><h1>{TITLE}</h1>{byline}<div class=entry-content>{text}</div></article></main>{after}"
    page = f"<html><head><title>{TITLE} | Daily Mail Box</title>{head}</head><body>{inside}</body></html>"
    return extract_page(page.encode(), "https://www.daily-mail-box.example/politics/bridge-7", "")


def json_ld(author: object) -> str:
    claims = {"@type": "NewsArticle", "headline": TITLE, "author": author, "publisher": {"name": "Daily Mail Box"}}
    return f"<script type='application/ld+json'>{json.dumps(claims)}</script>"


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        ("<p class=byline>By Anna Example</p>", [ANNA]),
        ("<p class=byline>BY ANNA EXAMPLE</p>", ["ANNA EXAMPLE"]),
        ("<p class=byline>By Anna Example and Ben Sample | 5 May 2026</p>", [ANNA, BEN]),
        ("<p class=byline>By Anna Example, Hanoi</p>", [ANNA]),
        ("<p class=byline>By <a href=/p/1>Anna Example</a>, <a href=/p/2>Ben Sample</a></p>", [ANNA, BEN]),
        ("<div>By <a rel=author href=/a>Anna Example</a></div>", [ANNA]),
        ("<div itemprop=author itemscope><span itemprop=name>Anna Example</span><i>Reporter</i></div>", [ANNA]),
        ("<meta itemprop=author content='Anna Example'>", [ANNA]),
        ("<div class='article-author'>Anna Example<br>Political correspondent</div>", [ANNA]),
        ("<div class=article__author><img><a href=/p/1>Anna Example</a><span>Reporter in Hanoi</span></div>", [ANNA]),
        ("<p class=byline>Posted by Anna Example on May 5, 2026</p>", [ANNA]),
        ("<p class=byline>Reported by Anna Example; edited by Ben Sample</p>", [ANNA]),
        ("<p class=author>Anna Example (a@paper.example)</p>", [ANNA]),
        ("<p class=byline>By Anna O'Example-Jones Jr.</p>", ["Anna O'Example-Jones Jr."]),
        ("<p class=byline>By Anna Example, Daily Mail Box</p>", [ANNA]),
        ("<p>Von Anna Example und Ben Sample, Berlin</p>", [ANNA, BEN]),
        ("<p>Par Anna Example et Ben Sample</p>", [ANNA, BEN]),
        ("<p class=autor>Por Anna Example y Ben Sample</p>", [ANNA, BEN]),
        ("<p>di Anna Example e Ben Sample</p>", [ANNA, BEN]),
        ("<p>Penulis: Anna Example</p>", [ANNA]),
        ("<p class=byline>Yazan: Anna Example</p>", [ANNA]),
        ("<p>Текст: Анна Примерова и Иван Образцов</p>", ["Анна Примерова", "Иван Образцов"]),
        ("<p class='tac-gia'>Tác giả: Nguyễn Văn Ví Dụ - Trần Thị Mẫu</p>", ["Nguyễn Văn Ví Dụ", "Trần Thị Mẫu"]),
        ("<p class=author>Nguyễn Văn Ví Dụ và Trần Thị Mẫu</p>", ["Nguyễn Văn Ví Dụ", "Trần Thị Mẫu"]),
        ("<p>记者：王小明、李大伟</p>", ["王小明", "李大伟"]),
        ("<p class=reporter>記者王小明／台北報導</p>", ["王小明"]),
        ("<p class=author>بقلم: أحمد المثال</p>", ["أحمد المثال"]),
        ("<p class=author>โดย สมชาย ตัวอย่าง</p>", ["สมชาย ตัวอย่าง"]),
        ("<p class=author>ໂດຍ: ສົມສັກ ຕົວຢ່າງ</p>", ["ສົມສັກ ຕົວຢ່າງ"]),
        ("<p class=author>ដោយ៖ សុខ ឧទាហរណ៍</p>", ["សុខ ឧទាហរណ៍"]),
        ("<p class=reporter>홍길동 기자</p>", ["홍길동"]),
        ("<p>홍길동 기자 hong@paper.example</p>", ["홍길동"]),
        ("<p>[서울=홍길동 기자]</p>", ["홍길동"]),
        ("<p>本报记者 王小明 李大伟</p>", ["王小明", "李大伟"]),
        ("<p>【記者王小明／台北報導】</p>", ["王小明"]),
        ("<p>文／王小明</p>", ["王小明"]),
        ("<p>取材・文＝山田花子</p>", ["山田花子"]),
        ("<p>كتبت - سارة المثال</p>", ["سارة المثال"]),
        ("<p>נכתב על ידי דנה דוגמה</p>", ["דנה דוגמה"]),
        ("<p>نویسنده: رضا نمونه</p>", ["رضا نمونه"]),
        ("<p>Imeandikwa na Juma Mfano</p>", ["Juma Mfano"]),
        ("<p>Írta: Minta Anna</p>", ["Minta Anna"]),
        ("<p>Autor: Anna Przykładowa</p>", ["Anna Przykładowa"]),
        ("<p>Γράφει η Άννα Παράδειγμα</p>", ["Άννα Παράδειγμα"]),
        ("<p>Пише: Ана Пример</p>", ["Ана Пример"]),
        ("<p>Af Anna Example og Ben Sample</p>", [ANNA, BEN]),
        ("<p>Door Anna Example en Ben Sample</p>", [ANNA, BEN]),
        ("<p>By ANNA EXAMPLE in Hanoi and BEN SAMPLE in Vientiane</p>", ["ANNA EXAMPLE", "BEN SAMPLE"]),
    ],
)
def test_the_authors_are_read_from_the_page(byline: str, authors: list[str]) -> None:
    """Labels, places, dates, jobs and addresses next to the names are removed."""
    found = read(byline)
    assert list(found.authors) == authors
    assert found.agency == ""
    assert found.body == f"{A}\n{B}\n{C}"


@pytest.mark.parametrize(
    "byline",
    [
        "<p class=author>admin</p>",
        "<p class=byline>Posted by admin</p>",
        "<p class=author><a href='mailto:x@paper.example'>x@paper.example</a></p>",
        "<p class=author>Daily Mail Box</p>",
        "<p>By Friday the water had reached the first floor of the school, residents said.</p>",
        "<p>Anna Example reports from Hanoi</p>",
    ],
)
def test_accounts_outlets_and_sentences_are_no_authors(byline: str) -> None:
    """Only personal names are authors."""
    assert read(byline).authors == ()


COMMENT = "<div class=comments><p><b class=author>Troll Example</b> I had not expected that to happen.</p></div>"
STORY = "<article><h3><a href=/x>Another story of the day</a></h3><i class=byline>By Other Writer</i></article>"


@pytest.mark.parametrize("after", [COMMENT, f"<div class=related>{STORY}</div>"])
def test_the_authors_of_comments_and_other_stories_are_ignored(after: str) -> None:
    """A byline counts only next to the article."""
    assert read("", after=after).authors == ()


@pytest.mark.parametrize(
    ("author", "authors"),
    [
        ([{"@type": "Person", "name": ANNA}, {"@type": "Organization", "name": "Example Media Group"}], [ANNA]),
        ({"@type": "Person", "name": "Anna Example and Ben Sample"}, [ANNA, BEN]),
        ([{"name": [ANNA, BEN]}], [ANNA, BEN]),
        ("By Anna Example", [ANNA]),
        ({"@type": "Person", "name": "Anna Example (ae)"}, [ANNA]),
        ({"@type": "Organization", "name": "Daily Mail Box"}, []),
        ({"@type": "Person", "name": "Daily Mail Box"}, []),
        ({"@type": "Person", "name": "https://www.daily-mail-box.example/author/anna"}, []),
        ({"@type": "Person", "name": "anna@paper.example"}, []),
    ],
)
def test_the_authors_in_the_metadata_are_persons(author: object, authors: list[str]) -> None:
    """Organizations, the outlet and addresses are left out, and joined names are split."""
    assert list(read("", json_ld(author)).authors) == authors


def test_a_byline_replaces_metadata_without_a_person() -> None:
    """If the metadata name only the outlet, the page's byline is read."""
    found = read("<p class=byline>By Anna Example</p>", json_ld({"@type": "Organization", "name": "Daily Mail Box"}))
    assert found.authors == (ANNA,)


@pytest.mark.parametrize(
    ("byline", "agency"),
    [
        ("<p class=byline>By Reuters</p>", "Reuters"),
        ("<div class=byline>(Reuters)</div>", "Reuters"),
        ("<span class=agency>AFP</span>", "AFP"),
        ("<p class=agence>Le Journal avec AFP</p>", "AFP"),
        ("<div class='article-source'>Source: Xinhua</div>", "Xinhua"),
        ("<p class=source>来源：新华社</p>", "新华社"),
        ("<p>Nguồn: TTXVN</p>", "TTXVN"),
        ("<p class=source>Источник: ТАСС</p>", "ТАСС"),
        ("<p class=source>المصدر: رويترز</p>", "رويترز"),
        ("<p class=byline>dpa/AFP</p>", "dpa/AFP"),
        ("<p>Źródło: PAP</p>", "PAP"),
        ("<p>Zdroj: ČTK</p>", "ČTK"),
        ("<p>出典：共同通信</p>", "共同通信"),
        ("<p>(연합뉴스)</p>", "연합뉴스"),
        ("<p>（中央社）</p>", "中央社"),
        ("<p>Lähde: STT</p>", "STT"),
        ("<p>منبع: ایرنا</p>", "ایرنا"),
        ("<p class=author>Redaktion mit dpa</p>", "dpa"),
        ("<div itemprop=sourceOrganization><span itemprop=name>AFP</span></div>", "AFP"),
        ("<span itemprop=author>REUTERS</span>", "REUTERS"),
        (json_ld({"@type": "Organization", "name": "Reuters"}), "Reuters"),
    ],
)
def test_an_agency_is_read_from_the_byline(byline: str, agency: str) -> None:
    """An agency is not an author."""
    found = read(byline)
    assert (found.agency, found.authors) == (agency, ())


@pytest.mark.parametrize(
    "byline", ["<p class=byline>By Anna Example, Reuters</p>", "<p>By Anna Example (with Reuters)</p>"]
)
def test_an_author_and_an_agency_may_share_a_byline(byline: str) -> None:
    """Each is in its own field."""
    found = read(byline)
    assert (found.agency, found.authors) == ("Reuters", (ANNA,))


@pytest.mark.parametrize(
    ("signature", "agency"),
    [
        ("(Reuters)", "Reuters"),
        ("dpa", "dpa"),
        ("— AFP", "AFP"),
        ("Theo TTXVN", "TTXVN"),
        ("(Với thông tin từ TTXVN)", "TTXVN"),
        ("(AFP, Reuters)", "AFP, Reuters"),
        ("(新华社)", "新华社"),
        ("ТАСС", "ТАСС"),
    ],
)
def test_a_signature_is_the_agency_and_not_text(signature: str, agency: str) -> None:
    """The signature may be a line of its own or follow the last sentence."""
    for body in ((A, B, C, signature), (A, B, f"{C} {signature}")):
        found = read("", body=body)
        assert (found.agency, found.body) == (agency, f"{A}\n{B}\n{C}")


def test_an_agency_within_a_sentence_is_text() -> None:
    """Only a signature is removed."""
    last = "The head of the department gave no details (he had spoken to Reuters before)."
    found = read("", body=(A, B, last))
    assert (found.agency, found.body.split("\n")[-1]) == ("", last)


@pytest.mark.parametrize(
    "build",
    [
        lambda size: read("", "".join(f"<meta name=author content='Ann B{one}lund'>" for one in names(size))),
        lambda size: read("", json_ld(["Ann " + "b" * size])),
        lambda size: read("", json_ld([f"Ann B{one}lund" for one in names(size)])),
        lambda size: read("".join(f"<a rel=author>Ann B{one}lund</a>" for one in names(size))),
        lambda size: read(f"<meta itemprop=author content='{'b' * size}'>"),
        lambda size: read("".join(f"<p class=author>Ann B{one}lund</p>" for one in names(size // 10))),
    ],
)
def test_authors_are_bounded(build: Callable[[int], Article]) -> None:
    """A page names as many as it likes: the work is linear, and only the first ones are kept."""
    assert growth(build, 8_000) < LINEAR
    found = build(8_000).authors
    assert len(found) <= MAX_AUTHORS
    assert max(map(len, found), default=0) < 200


def names(count: int) -> list[str]:
    """Return different words of letters."""
    return ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(count)]

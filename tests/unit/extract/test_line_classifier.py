"""What single lines say of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.line_classifier import (
    is_biography,
    is_byline,
    is_credit,
    is_date_line,
    is_fact_line,
    is_imprint,
    is_machine_summary_label,
    is_reader_appeal,
    split_agency_signature,
    split_dateline,
)


@pytest.mark.parametrize(
    ("text", "dateline", "agency"),
    [
        ("VIENTIANE — The two armies", "VIENTIANE —", ""),
        ("HÀ NỘI — Prime Minister", "HÀ NỘI —", ""),
        ("Hanoi (VNA) – The minister", "Hanoi (VNA) –", "VNA"),
        ("(Reuters) — The company", "(Reuters) —", "Reuters"),
        ("LUANG PRABANG, March 7 (Xinhua) -- The governor", "LUANG PRABANG, March 7 (Xinhua) --", "Xinhua"),
        ("BEIRUT/THE HAGUE, March 7 (AFP) - A crew", "BEIRUT/THE HAGUE, March 7 (AFP) -", "AFP"),
        ("新华社万象4月24日电 老挝国防部长", "新华社万象4月24日电", ""),
    ],
)
def test_datelines_are_parted(text: str, dateline: str, agency: str) -> None:
    """Place, day and agency before a dash are the dateline; the rest is the text."""
    found, rest, named = split_dateline(text)
    assert (found, named) == (dateline, agency)
    assert text.endswith(rest)
    assert rest


@pytest.mark.parametrize(
    "text",
    [
        "The minister — who is 64 — spoke.",
        "US-China talks resume",
        "NATO - the alliance - met.",
        "Phan Văn A – the host",
    ],
)
def test_a_dash_alone_makes_no_dateline(text: str) -> None:
    """Sentences with dashes stay whole."""
    assert split_dateline(text) == ("", text, "")


@given(st.text(max_size=120))
def test_parting_loses_nothing(text: str) -> None:
    """Dateline and rest together are the paragraph."""
    dateline, rest, _ = split_dateline(text)
    assert "".join((dateline + rest).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "rest", "agency"),
    [
        ("They agreed. — VNA/VNS", "They agreed.", "VNA/VNS"),
        ("VNA", "", "VNA"),
        ("(TTXVN/Vietnam+)", "", "TTXVN/Vietnam+"),
        ("Source: VNA", "", "VNA"),
        ("He spoke of the UN", "He spoke of the UN", ""),
        ("They agreed.", "They agreed.", ""),
    ],
)
def test_signatures_of_agencies_are_cut_off(text: str, rest: str, agency: str) -> None:
    """An agency's name behind the last sentence, or alone, is a credit."""
    assert split_agency_signature(text) == (rest, agency)


@pytest.mark.parametrize(
    "text",
    [
        "Published November 20th, 2019 - 07:29 GMT",
        "Updated at 1:23 p.m. on Nov 3, 2025",
        "15:18 | 07/10/2026",
        "Thứ bảy, 14/02/2026, 17:32 (GMT+7)",
        "2026年02月14日 17:32",
    ],
)
def test_lines_of_dates_are_no_text(text: str) -> None:
    """A date with the words around it says nothing else."""
    assert is_date_line(text)


def test_a_sentence_with_a_date_is_text() -> None:
    """A date in a sentence is news."""
    assert not is_date_line("On 14 February 2026 the ministers met in Vientiane.")
    assert not is_fact_line("On 14 February 2026 the ministers met in Vientiane.")
    assert is_fact_line("National | Chea Vannak | 06 March 2026, 1:00PM | Share:")


@pytest.mark.parametrize(
    "text",
    ["Read more: Minister opens school", "Related news:", "Xem thêm: Bộ trưởng thăm Lào", "Advertisement", "© 2026 DN"],
)
def test_words_to_the_reader_are_known_in_many_languages(text: str) -> None:
    """Labels and pleas are no part of the article."""
    assert is_reader_appeal(text)


def test_news_is_not_mistaken_for_a_plea() -> None:
    """A sentence that only resembles a label stays."""
    assert not is_reader_appeal("Related ministries were told to act.")
    assert not is_reader_appeal("The newsletter was stopped by the ministry.")


def test_credits_and_bylines() -> None:
    """Who took the picture and who wrote the text is told apart from what it says."""
    assert is_credit("The two ministers in Vientiane on Monday. — DNA/DN Photo")
    assert is_credit("Soldiers at the border (Photo: DNA)")
    assert not is_credit("He said the photo was taken in March.")
    assert is_byline("By Anna Keo")
    assert not is_byline("Byron wrote it.")


@pytest.mark.parametrize(
    "text",
    [
        "Reporting by Ana Keo, additional reporting by Tom Vong, editing by Li Wen",
        "With reports from the news desk in Vientiane",
        "Redaktion: Anna Beispiel und Max Muster",
        "Got a story? Get in touch with our news desk.",
        "Check out more of our travel stories by signing up to our free weekly newsletter",
        "Folgst du uns schon auf WhatsApp?",
        "Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden.",
        "If you know more, contact the desk at desk@daily.example",
        "ATENÇÃO: Comentários ofensivos não serão aprovados pelo moderador.",
    ],
)
def test_staff_offers_and_consent_are_words_to_the_reader(text: str) -> None:
    """Who edited, what is for sale, what must be agreed to, where to write."""
    assert is_reader_appeal(text)


@pytest.mark.parametrize(
    "text",
    [
        "The ministry said on its WhatsApp channel that the road would open on Monday.",
        "The hospital gives the villagers unlimited access to its laboratory.",
        "Bürger können sich dort kostenlos testen lassen.",
        "The minister reported by telephone that a contract had been signed.",
        "The embassy said in its weekly newsletter that visas would be free.",
        "He asked the public to register with the police in Vientiane.",
        "Promoted to Senior Lieutenant General in 2021, he has led the General Staff since.",
        "Subscribers of the state's telephone company lost their lines.",
        "“We apologise to the families,” the minister said.",
        "Donated rice reached the villages of Attapeu on Monday.",
        "Theo dõi tình hình Biển Đông, Bộ trưởng yêu cầu báo cáo hằng ngày.",
        "更多国家加入了该协定，外交部长周一表示。",
        "An dieser Stelle stand die alte Brücke.",
        "Reporting by human rights groups shows that the general knew of it.",
        "With information from villagers, the police found the minister's car.",
        "The minister read from the original treaty, and people follow him on WhatsApp.",
    ],
)
def test_news_of_such_things_is_news(text: str) -> None:
    """The words alone make no plea."""
    assert not is_reader_appeal(text)


def test_the_label_of_a_machine_made_summary() -> None:
    """It is told in several languages; that somebody summarised is news."""
    assert is_machine_summary_label("This summary was generated by AI and checked by the desk.")
    assert is_machine_summary_label("Diese Zusammenfassung wurde künstlich erzeugt.")
    assert is_machine_summary_label("Sammendraget er laget av ChatGPT.")
    assert not is_machine_summary_label("A summary of the law on artificial intelligence was handed to the ministers.")


def test_the_foot_of_a_page() -> None:
    """Rights, addresses, licences; a name and a street alone are not told from news."""
    assert is_imprint("Army Review. 7 Phan Dinh Phung, Hanoi. Copying allowed with a mention of the source.")
    assert is_imprint("Tòa soạn: 1 Nguyễn Trãi, Hà Nội. Điện thoại: 024 1234567")
    assert is_imprint("Editor-in-chief: Somebody Else. Licence No. 12/2020")
    assert not is_imprint("The address of the minister was heard by thousands.")


def test_what_is_said_of_the_author() -> None:
    """A trade of the press or the university, in the present tense."""
    assert is_biography("Ana Keo is a senior researcher with the river observatory in Pakse.")
    assert is_biography("Is a visiting lecturer at the university of Vientiane.")
    assert not is_biography("The minister is a guest of the general staff.")

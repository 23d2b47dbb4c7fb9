"""Classification of single lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.line_classifier import (
    is_biography,
    is_byline,
    is_credit,
    is_date_line,
    is_dated_fact_line,
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
        ("新华社万象4月24日电 老挝国防部长", "新华社万象4月24日电", "新华社"),
        ("（中央社記者陳樣本河內5日電）國防部長", "（中央社記者陳樣本河內5日電）", "中央社"),
        ("【共同通信】防衛相は", "【共同通信】", "共同通信"),
        ("Berlin (dpa/lby) - Der Minister", "Berlin (dpa/lby) -", "dpa/lby"),
        ("МОСКВА, 5 мая. /ТАСС/. Министр", "МОСКВА, 5 мая. /ТАСС/.", "ТАСС"),
        ("МОСКВА, 5 мая — РИА Новости. Министр", "МОСКВА, 5 мая — РИА Новости.", "РИА Новости"),
        ("رويترز - قال الوزير", "رويترز -", "رويترز"),
        ("(KPL) The minister", "(KPL)", "KPL"),
    ],
)
def test_datelines_are_split_off(text: str, dateline: str, agency: str) -> None:
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
def test_a_dash_alone_is_not_a_dateline(text: str) -> None:
    """Sentences with dashes are not split."""
    assert split_dateline(text) == ("", text, "")


@given(st.text(max_size=120))
def test_splitting_a_dateline_loses_no_text(text: str) -> None:
    """Dateline and remaining text together are the paragraph."""
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
def test_agency_signatures_are_split_off(text: str, rest: str, agency: str) -> None:
    """An agency's name after the last sentence, or alone on a line, is a signature."""
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
def test_date_lines_are_recognised(text: str) -> None:
    """A line with a date and only the usual words around it is a date line."""
    assert is_date_line(text)


def test_a_sentence_with_a_date_is_not_a_date_line() -> None:
    """A sentence that contains a date is news."""
    assert not is_date_line("On 14 February 2026 the ministers met in Vientiane.")
    assert not is_date_line("鵜殿 浩一 4377 無現")  # votes


def test_a_line_of_several_fields_with_a_date_lists_data() -> None:
    """A line with three fields between bars or bullets, one of them a date, is not text."""
    assert is_dated_fact_line("Halina Wierzchowska•4 maja 2026, 13:05•2 min czytania")
    assert is_dated_fact_line("Sport | 4 May 2026 | Ann Example")
    assert not is_dated_fact_line("4 May 2026 – The minister resigns")
    assert not is_dated_fact_line("Kandidat | Stimmen | Anteil")
    assert not is_fact_line("On 14 February 2026 the ministers met in Vientiane.")
    assert is_fact_line("National | Chea Vannak | 06 March 2026, 1:00PM | Share:")


@pytest.mark.parametrize(
    "text",
    ["Read more: Minister opens school", "Related news:", "Xem thêm: Bộ trưởng thăm Lào", "Advertisement", "© 2026 DN"],
)
def test_reader_appeals_are_recognised_in_many_languages(text: str) -> None:
    """Labels and appeals to the reader are not part of the article."""
    assert is_reader_appeal(text)


def test_news_is_not_mistaken_for_an_appeal() -> None:
    """A sentence that resembles a label is kept."""
    assert not is_reader_appeal("Related ministries were told to act.")
    assert not is_reader_appeal("The newsletter was stopped by the ministry.")


def test_credits_and_bylines_are_recognised() -> None:
    """Picture credits and bylines are distinguished from sentences with similar words."""
    assert is_credit("The two ministers in Vientiane on Monday. — DNA/DN Photo")
    assert is_credit("Soldiers at the border (Photo: DNA)")
    assert not is_credit("He said the photo was taken in March.")
    assert is_credit("नगर निगम कार्यालय से निकलतीं मेयर (फोटो: पीटीआई)")
    assert is_credit("Protest przed urzędem / fot. Bartosz Kłos")
    assert is_credit("市长在码头视察 王小明 摄")
    assert is_credit("市役所前の広場（写真＝浜風新聞）")
    assert not is_credit("他在会上说，拍摄工作将于六月完成。")
    assert not is_credit("На фото они стоят рядом, и всё было хорошо.")
    assert is_byline("By Anna Keo")
    assert is_byline("von")
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
def test_editor_notes_offers_and_consent_prompts_are_appeals(text: str) -> None:
    """Lines about editors, offers, consent and contact addresses are not part of the article."""
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
def test_news_about_offers_and_newsletters_is_kept(text: str) -> None:
    """The words of an appeal within a sentence do not make it an appeal."""
    assert not is_reader_appeal(text)


def test_labels_of_machine_generated_summaries_are_recognised() -> None:
    """The label is recognised in several languages; a sentence about a summary is not a label."""
    assert is_machine_summary_label("This summary was generated by AI and checked by the desk.")
    assert is_machine_summary_label("Diese Zusammenfassung wurde künstlich erzeugt.")
    assert is_machine_summary_label("Sammendraget er laget av ChatGPT.")
    assert not is_machine_summary_label("A summary of the law on artificial intelligence was handed to the ministers.")


def test_imprint_lines_are_recognised() -> None:
    """Copyright, address and licence lines are recognised; a name and a street alone are not."""
    assert is_imprint("Army Review. 7 Phan Dinh Phung, Hanoi. Copying allowed with a mention of the source.")
    assert is_imprint("Tòa soạn: 1 Nguyễn Trãi, Hà Nội. Điện thoại: 024 1234567")
    assert is_imprint("Editor-in-chief: Somebody Else. Licence No. 12/2020")
    assert not is_imprint("The address of the minister was heard by thousands.")


def test_author_biographies_are_recognised() -> None:
    """A biography names a job in media or at a university, in the present tense."""
    assert is_biography("Ana Keo is a senior researcher with the river observatory in Pakse.")
    assert is_biography("Is a visiting lecturer at the university of Vientiane.")
    assert not is_biography("The minister is a guest of the general staff.")

"""Mail messages as articles: their text, the items of alerts, senders, and malformed messages."""

from base64 import b64encode
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.secret import Secret
from monitor.domain.source import Entry, Source
from monitor.domain.special_sources import Mailbox, MailContent
from monitor.parse.mailbox import RawMessage, join_messages, message_url, parse_messages, split_messages, unwrap_link

SERVER = Secret("imaps://desk:x@imap.example.org")
ALERT = """<table>
<tr itemscope itemtype="http://schema.org/Article"><td>
 <a href="https://www.google.com/url?rct=j&sa=t&url=https://daily.example/giang-1&ct=ga&usg=abc" itemprop="url">
 <span itemprop="name">Phan Van <b>Giang</b> visits the border</span></a>
 <div itemprop="publisher"><a><span itemprop="name">The Daily</span></a></div>
 <div itemprop="description">The minister <b>Giang</b> met border guards &amp; officials ...</div></td></tr>
<tr itemscope itemtype="http://schema.org/Article"><td>
 <a href="https://www.google.com/url?q=https://post.example/2&sa=t" itemprop="url">
 <span itemprop="name">Second report</span></a>
</td></tr></table><a href="https://www.google.com/alerts/remove?x=1">Unsubscribe from this alert</a>"""
NEWSLETTER = """<p>Good morning.</p>
<p><a href="https://daily.example/1">The minister opens a bridge over the northern river</a></p>
<p><a href="https://daily.example/2">国防部长潘文江访问老挝边境部队</a>
<a href="https://daily.example/1#x">Read more</a></p>
<p><a href="https://daily.example/unsubscribe">Unsubscribe from this newsletter at any time</a></p>"""


def mail(html: str = "", text: str = "", **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in ({"Subject": "News", "From": "press@ministry.example"} | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content(text or "plain")
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def entries(*bodies: bytes, **keys: object) -> list[Entry]:
    source = Source("m", mailbox=Mailbox(SERVER, **keys))  # type: ignore[arg-type]  # keys of the mailbox
    document = join_messages(RawMessage(1, number, body) for number, body in enumerate(bodies, start=1))
    return list(parse_messages(document, "imaps://imap.example.org/INBOX", source).feed.entries)


def test_the_items_of_an_alert_are_articles() -> None:
    """With their own addresses, titles and summaries, and without the links of the service."""
    found = entries(mail(ALERT, From="Google Alerts <googlealerts-noreply@google.com>"))
    assert [(one.url, one.title) for one in found] == [
        ("https://daily.example/giang-1", "Phan Van Giang visits the border"),
        ("https://post.example/2", "Second report"),
    ]
    assert "met border guards" in found[0].summary


PARTS = """From: press@ministry.example
Subject: Parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=A

--A
Content-Type: multipart/related; boundary=B

--B
Content-Type: multipart/alternative; boundary=C

--C
Content-Type: text/plain

The plain form.
--C
Content-Type: text/html

<p>The minister visited the border.</p>
--C--
--B--
--A
Content-Type: text/plain
Content-Disposition: inline

He returns on Friday.
--A
Content-Type: text/plain
Content-Disposition: attachment; filename=notes.txt

Not shown.
--A--
"""


def test_all_parts_that_a_message_shows_are_read() -> None:
    """Of alternatives the HTML, at any depth; attached texts are not shown."""
    (entry,) = entries(PARTS.encode())
    assert entry.content == "<p>The minister visited the border.</p><p>He returns on Friday.</p>"


def test_a_forwarded_message_is_read_with_its_subject() -> None:
    inner = EmailMessage()
    inner["Subject"] = "Visit to the border"
    inner.set_content("The minister visited the border.")
    message = EmailMessage()
    message["Subject"], message["From"] = "Fwd: Visit", "press@ministry.example"
    message.set_content("See below.")
    message.add_attachment(inner)
    (entry,) = entries(message.as_bytes())
    paragraphs = ["See below.", "Visit to the border", "The minister visited the border."]
    assert entry.content == "".join(f"<p>{one}</p>" for one in paragraphs)


@pytest.mark.parametrize(
    ("declared", "actual", "text"),
    [
        ("iso-8859-1", "utf-8", "Đại tướng Phan Văn Giang thăm bộ đội biên phòng."),
        ("us-ascii", "utf-8", "Đại tướng Phan Văn Giang thăm bộ đội biên phòng."),
        ("utf-8", "windows-1251", "Министр обороны посетил пограничников в понедельник и поблагодарил их."),
        ("gb2312", "gb18030", "国防部长董军星期一会见了来访的客人，双方就共同关心的问题交换了意见。"),
        ("x-unknown", "utf-8", "Đại tướng Phan Văn Giang thăm bộ đội biên phòng."),
    ],
)
def test_a_wrong_character_set_is_corrected(declared: str, actual: str, text: str) -> None:
    """In the subject, too."""
    packed = b64encode(text.encode(actual)).decode()
    head = f"From: p@m.example\nSubject: =?{declared}?B?{packed}?=\nContent-Type: text/plain; charset={declared}\n\n"
    (entry,) = entries(head.encode() + text.encode(actual))
    assert (entry.title, entry.content) == (text, f"<p>{text}</p>")


def test_a_message_in_a_format_of_outlook_states_that_it_is_not_read() -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "Decree", "press@ministry.example"
    message.set_content("")
    message.add_attachment(b"\x78\x9f\x3e\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    (entry,) = entries(message.as_bytes())
    assert "winmail.dat: it is in a format of Outlook (TNEF)" in entry.attached[0].text


@pytest.mark.parametrize(
    ("content", "count"), [(MailContent.AUTO, 1), (MailContent.MESSAGE, 1), (MailContent.LINKS, 2)]
)
def test_a_newsletter_is_one_article_or_its_links(content: MailContent, count: int) -> None:
    """By `articles:`; links of the service and short ones are left out, and each address counts once."""
    found = entries(mail(NEWSLETTER), articles=content)
    assert len(found) == count
    assert [one.url for one in found] == (
        [""] if count == 1 else ["https://daily.example/1", "https://daily.example/2"]
    )


def test_plain_text_and_encoded_headers_are_read() -> None:
    """In any character set; a signature is left out."""
    raw = (
        "Subject: =?utf-8?b?QuG7mSB0csaw4bufbmc=?= Giang\nFrom: =?iso-8859-1?q?Andr=E9?= <a@b.example>\n"
        "Message-ID: <x/1@b.example>\nContent-Type: text/plain; charset=windows-1258\n"
        "Content-Transfer-Encoding: 8bit\n\nFirst line\nand second.\n\nCafé & Co < 5.\n-- \nSignature"
    ).encode("windows-1258")
    (entry,) = entries(raw)
    assert (entry.title, entry.authors, entry.guid) == ("Bộ trưởng Giang", ("André",), "<x/1@b.example>")
    assert entry.content == "<p>First line\nand second.</p><p>Café &amp; Co &lt; 5.</p>"
    assert message_url(entry.guid) == "mid:x%2F1@b.example"


@pytest.mark.parametrize(
    ("headers", "senders", "is_read"),
    [
        ({}, (), True),
        ({}, ("press@ministry.example",), True),
        ({}, ("@ministry.example",), True),
        ({"From": "Press@MINISTRY.example"}, ("press@ministry.example",), True),
        ({}, ("@other.example",), False),
        ({"From": '"press@ministry.example" <evil@evil.example>'}, ("press@ministry.example",), False),
        ({"From": "evil@evilministry.example"}, ("@ministry.example",), False),
        ({"Authentication-Results": "mx.example; dmarc=fail"}, ("@ministry.example",), False),
        ({"Authentication-Results": "mx.example; dmarc=pass"}, ("@ministry.example",), True),
    ],
)
def test_only_messages_of_the_senders_are_read(
    headers: dict[str, str], senders: tuple[str, ...], is_read: bool
) -> None:
    """A message whose server found it forged is not."""
    raw = mail(text="x", **{"From": "Press <press@ministry.example>"} | headers)
    assert bool(entries(raw, senders=senders)) is is_read


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://www.google.com/url?url=https://a.example/1&x=1", "https://a.example/1"),
        ("https://www.google.co.uk/url?q=https://a.example/1", "https://a.example/1"),
        ("https://www.google.com/url?q=https://www.google.de/url?q%3Dhttps://a.example/1", "https://a.example/1"),
        ("https://www.google.com/url?url=javascript:alert(1)", ""),
        ("https://evil.example/url?url=https://a.example/1", "https://evil.example/url?url=https://a.example/1"),
        ("mailto:a@b.example", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_links_are_unwrapped(href: str, url: str) -> None:
    assert unwrap_link(href) == url


def test_a_malformed_message_stops_no_other() -> None:
    """It gives an entry with its number."""
    malformed = (
        b"Content-Type: multipart/mixed; boundary=\nFrom: =?x?b?=?=\nSubject: =?unknown-8bit?q?=FF?=\nDate: 99\n\n\xff"
    )
    found = entries(malformed, mail(text="x"))
    assert len(found) == 2
    assert found[1].title == "News"


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_any_bytes_are_parsed(bodies: list[bytes]) -> None:
    """Each gives an entry, and the document keeps their borders."""
    raws = [RawMessage(1, number, body) for number, body in enumerate(bodies, start=1)]
    assert list(split_messages(join_messages(iter(raws)))) == raws
    assert len(entries(*bodies)) == len(bodies)

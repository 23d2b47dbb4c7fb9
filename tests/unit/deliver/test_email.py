"""MIME messages: exact header bytes, whatever text they contain."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.factories import NOW, message

from monitor.deliver.mime import build_mime_message, parse_mailbox

SENDER, READER = parse_mailbox("Monitor <monitor@example.net>"), parse_mailbox("desk@example.org")
LONG_URL = "https://lists.example.net/unsubscribe?reader=" + "a1B2" * 60 + "&list=morning"


def lines(mime_message: bytes) -> list[bytes]:
    return mime_message.partition(b"\r\n\r\n")[0].split(b"\r\n")


def read(mime_message: bytes) -> EmailMessage:
    return message_from_bytes(mime_message, policy=default)


def read_html(mime_message: bytes) -> str:
    part = read(mime_message).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_long_unsubscribe_url_is_not_encoded_or_folded() -> None:
    """Mail programs expect the URL unchanged on one line."""
    mime_message = build_mime_message(message(), SENDER, READER, NOW, LONG_URL)
    assert f"List-Unsubscribe: <{LONG_URL}>".encode() in lines(mime_message)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines(mime_message)


def test_list_unsubscribe_needs_a_configured_url() -> None:
    """The header appears only if an unsubscribe URL is configured."""
    assert b"List-Unsubscribe" not in build_mime_message(message(), SENDER, READER, NOW)


def test_identity_headers_are_never_folded() -> None:
    """Message-ID, References and List-Id are on one line each; a long subject is folded at 78 characters."""
    roots = tuple(f"story-{number:032x}" for number in range(5))
    mime_message = build_mime_message(message(1, references=roots, subject="Thủ tướng " * 18), SENDER, READER, NOW)
    heads = {line.partition(b":")[0] for line in lines(mime_message)}
    assert b"Message-ID: <" + b"0" * 39 + b"1@example.net>" in lines(mime_message)
    assert b"References: " + b" ".join(f"<{root}@example.net>".encode() for root in roots) in lines(mime_message)
    assert b"In-Reply-To: <story-" + b"0" * 32 + b"@example.net>" in lines(mime_message)
    assert b"List-Id: <morning.example.net>" in lines(mime_message)
    assert {b"Auto-Submitted", b"Precedence", b"Date"} <= heads
    subject = mime_message.split(b"Subject:")[1].split(b"From:")[0].split(b"\r\n")
    assert max(map(len, subject)) <= 78
    assert read(mime_message)["Subject"] == ("Thủ tướng " * 18).strip()
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", mime_message.split(b"From:")[0]))


@pytest.mark.parametrize(
    "subject",
    [
        "Visit\r\nBcc: everybody@example.org",
        "Visit\nContent-Type: text/html\n\n<script>",
        "Visit\u2028X-Injected: yes",
        "Visit\x00\x1b[31m\x85X-Injected: yes",
        "Visit \ud800 \udfff",
        "\u202egnp.exe\u202c Visit \u2066x\u2069",
    ],
)
def test_titles_cannot_inject_headers(subject: str) -> None:
    """Line breaks, control characters, bidirectional overrides and lone surrogates in a title change no header."""
    plain = read(build_mime_message(message(), SENDER, READER, NOW))
    mime_message = read(build_mime_message(message(subject=subject, text=subject, html=subject), SENDER, READER, NOW))
    assert mime_message.keys() == plain.keys()
    assert "Visit" in mime_message["Subject"]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069\ud800-\udfff]", mime_message["Subject"])


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_gives_a_parsable_message(text: str) -> None:
    """The message has the same headers, CRLF line ends and readable parts, whatever the text is."""
    mime_message = build_mime_message(message(subject=text, text=text, html=text), SENDER, READER, NOW)
    assert b"\n" not in mime_message.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in mime_message.split(b"\r\n"))
    parsed = read(mime_message)
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["Message-ID"] == f"<{1:040x}@example.net>"


def test_subject_and_body_lines_are_limited() -> None:
    """The subject has at most 200 characters; body lines are short enough for every server."""
    mime_message = build_mime_message(message(subject="x" * 5000, html="<p>" + "y" * 5000), SENDER, READER, NOW)
    assert len(read(mime_message)["Subject"]) <= 200
    assert max(map(len, mime_message.split(b"\r\n"))) <= 998
    assert "y" * 5000 in read(mime_message).as_string().replace("=\n", "")


def test_utf8_text_is_not_encoded_for_a_server_that_takes_it() -> None:
    """The message is a quarter shorter. Long lines of HTML are broken at spaces, and nothing is lost."""
    html = "<p>" + "Bộ trưởng Quốc phòng thăm Viêng Chăn. " * 200 + "</p>"
    sent = message(text="ທ່ານ ລັດຖະມົນຕີ", html=html)
    mime_message = build_mime_message(sent, SENDER, READER, NOW)
    assert mime_message.count(b"Content-Transfer-Encoding: 8bit") == 2
    assert max(map(len, mime_message.split(b"\r\n"))) <= 998
    assert read_html(mime_message).split() == html.split()
    encoded = build_mime_message(sent, SENDER, READER, NOW, is_8bit=False)
    assert encoded.isascii()
    assert read_html(encoded).split() == html.split()
    assert len(mime_message) < 0.8 * len(encoded)


def test_text_without_spaces_is_encoded() -> None:
    """No line of a mail may have more than 998 bytes, and a text in Chinese has no place for a line break."""
    html = "国防部长" * 200
    mime_message = build_mime_message(message(html=html), SENDER, READER, NOW)
    assert max(map(len, mime_message.split(b"\r\n"))) <= 998
    assert read_html(mime_message).strip() == html


def test_two_attempts_differ_only_in_the_date() -> None:
    """A receiver can recognise the repeated message."""
    assert build_mime_message(message(), SENDER, READER, NOW) == build_mime_message(message(), SENDER, READER, NOW)


@pytest.mark.parametrize("text", ["", "desk", "a@b@", "a b@c.example", "a@b.example, c@d.example", "<a@b.example"])
def test_invalid_addresses_are_rejected(text: str) -> None:
    """The error contains an example of a valid address."""
    if text == "<a@b.example":
        assert parse_mailbox(text).addr_spec == "a@b.example"
        return
    with pytest.raises(ValueError, match=r"desk@example\.org"):
        parse_mailbox(text)


def test_sender_names_in_any_script_are_kept() -> None:
    """The name may be written in any script, with or without quotes."""
    address = parse_mailbox('"Bộ phận, tin tức" <monitor@example.net>')
    assert (address.display_name, address.addr_spec) == ("Bộ phận, tin tức", "monitor@example.net")
    assert (
        read(build_mime_message(message(), address, READER, NOW))["From"].addresses[0].display_name
        == "Bộ phận, tin tức"
    )

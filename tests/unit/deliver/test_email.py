"""Headers exact to the byte, whatever the text in them."""

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


def lines(letter: bytes) -> list[bytes]:
    return letter.partition(b"\r\n\r\n")[0].split(b"\r\n")


def read(letter: bytes) -> EmailMessage:
    return message_from_bytes(letter, policy=default)


def test_row_28_a_long_unsubscribe_url_stays_a_url() -> None:
    """One line, no encoded-word, not folded: mail programs look for the URL as it is."""
    letter = build_mime_message(message(), SENDER, READER, NOW, LONG_URL)
    assert f"List-Unsubscribe: <{LONG_URL}>".encode() in lines(letter)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines(letter)


def test_without_a_served_address_no_unsubscription_is_promised() -> None:
    """List-Unsubscribe appears only if somebody serves it."""
    assert b"List-Unsubscribe" not in build_mime_message(message(), SENDER, READER, NOW)


def test_row_28_identity_headers_are_never_folded() -> None:
    """Message-ID, References and List-Id stand on one line each, a long subject on several of 78 at most."""
    roots = tuple(f"story-{number:032x}" for number in range(5))
    letter = build_mime_message(message(1, references=roots, subject="Thủ tướng " * 18), SENDER, READER, NOW)
    heads = {line.partition(b":")[0] for line in lines(letter)}
    assert b"Message-ID: <" + b"0" * 39 + b"1@example.net>" in lines(letter)
    assert b"References: " + b" ".join(f"<{root}@example.net>".encode() for root in roots) in lines(letter)
    assert b"In-Reply-To: <story-" + b"0" * 32 + b"@example.net>" in lines(letter)
    assert b"List-Id: <morning.example.net>" in lines(letter)
    assert {b"Auto-Submitted", b"Precedence", b"Date"} <= heads
    subject = letter.split(b"Subject:")[1].split(b"From:")[0].split(b"\r\n")
    assert max(map(len, subject)) <= 78
    assert read(letter)["Subject"] == ("Thủ tướng " * 18).strip()
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", letter.split(b"From:")[0]))


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
def test_row_27_no_title_injects_a_header(subject: str) -> None:
    """Line ends, controls, bidirectional overrides and lone surrogates in a title change no header."""
    plain = read(build_mime_message(message(), SENDER, READER, NOW))
    letter = read(build_mime_message(message(subject=subject, text=subject, html=subject), SENDER, READER, NOW))
    assert letter.keys() == plain.keys()
    assert "Visit" in letter["Subject"]
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069\ud800-\udfff]", letter["Subject"])


@given(st.text(alphabet=st.characters(), max_size=300))
def test_row_23_any_text_makes_a_letter_that_reads_back(text: str) -> None:
    """Whatever a publisher writes, the letter has the same headers, clean CRLF lines and readable parts."""
    letter = build_mime_message(message(subject=text, text=text, html=text), SENDER, READER, NOW)
    assert b"\n" not in letter.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in letter.split(b"\r\n"))
    parsed = read(letter)
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["Message-ID"] == f"<{1:040x}@example.net>"


def test_a_subject_is_clipped_and_a_body_line_is_not_long() -> None:
    """200 characters of subject at most; body lines within what any server takes."""
    letter = build_mime_message(message(subject="x" * 5000, html="<p>" + "y" * 5000), SENDER, READER, NOW)
    assert len(read(letter)["Subject"]) <= 200
    assert max(map(len, letter.split(b"\r\n"))) <= 998
    assert "y" * 5000 in read(letter).as_string().replace("=\n", "")


def test_two_attempts_write_the_same_bytes() -> None:
    """Only the date of the attempt differs, so a receiver can tell a repetition."""
    assert build_mime_message(message(), SENDER, READER, NOW) == build_mime_message(message(), SENDER, READER, NOW)


@pytest.mark.parametrize("text", ["", "desk", "a@b@", "a b@c.example", "a@b.example, c@d.example", "<a@b.example"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """The error says what an address looks like."""
    if text == "<a@b.example":
        assert parse_mailbox(text).addr_spec == "a@b.example"
        return
    with pytest.raises(ValueError, match=r"desk@example\.org"):
        parse_mailbox(text)


def test_names_in_any_script_are_kept() -> None:
    """A sender's name may be written in any script, in quotes or not."""
    address = parse_mailbox('"Bộ phận, tin tức" <monitor@example.net>')
    assert (address.display_name, address.addr_spec) == ("Bộ phận, tin tức", "monitor@example.net")
    assert (
        read(build_mime_message(message(), address, READER, NOW))["From"].addresses[0].display_name
        == "Bộ phận, tin tức"
    )

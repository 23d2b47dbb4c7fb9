"""MIME messages: builds the email of a digest, with headers, plain text and HTML."""

import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime

from monitor.domain.delivery import Message
from monitor.text.sanitize import sanitize, single_line

UNFOLDED_HEADERS = {"message-id", "references", "in-reply-to", "list-id", "list-unsubscribe", "list-unsubscribe-post"}
_LONG_LINE_POLICY = SMTP.clone(max_line_length=998)
_MAILBOX = re.compile(r'(?:"?(?P<name>[^<>"\x00-\x1f]*)"?\s*<)?(?P<address>[^\s<>,;:"()\x00-\x1f]+)>?')
_UNSAFE_ID_CHARS = re.compile(r"[^a-z0-9.-]+")


class _MimeMessagePolicy(EmailPolicy):
    """Email policy with lines of 78 characters, which never folds headers that other programs parse.

    The standard policy has two faults. It turns a URL longer than a line into an encoded word, which breaks one-click
    unsubscription. It also loses or adds spaces in a long non-ASCII subject.
    """

    def fold(self, name: str, value: str) -> str:
        """Fold one header into lines, and return them as text."""
        return self.fold_binary(name, value).decode("ascii")

    def fold_binary(self, name: str, value: str) -> bytes:
        """Fold one header into lines, and return them as bytes."""
        if name.lower() == "subject":
            charset = "us-ascii" if value.isascii() else "utf-8"
            encoded = Header(str(value), charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")
            return f"{name}: {encoded}\r\n".encode("ascii")
        policy = _LONG_LINE_POLICY if name.lower() in UNFOLDED_HEADERS else SMTP
        return policy.fold_binary(name, value)


_POLICY = _MimeMessagePolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)
_MAX_LINE_BYTES = 998  # RFC 5322, without the line end
_LONG_HTML_LINE = re.compile(rb"([^\n]{500,900}) ")


def parse_mailbox(text: str) -> Address:
    """Parse a mail address, with or without a display name. An international domain is converted to ASCII.

    Raises ``ValueError`` if the address is invalid.
    """
    found = _MAILBOX.fullmatch(text.strip())
    name, address = (found["name"] or "", found["address"]) if found else ("", "")
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        raise ValueError(f'"{single_line(text, 80)}" is not a valid mail address; use for example desk@example.org')
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f'"{single_line(domain, 80)}" is not a valid mail domain: {error}') from error
    return Address(single_line(name, 120), local, domain)


def build_message_id(message: Message, domain: str) -> str:
    """Return the Message-ID of a message. It is the same for every attempt at the delivery."""
    return f"<{message.key}@{domain}>"


def build_mime_message(
    message: Message,
    sender: Address,
    recipient: Address,
    attempt_at: datetime,
    unsubscribe_url: str = "",
    *,
    is_8bit: bool = True,
) -> bytes:
    """Build the email for one recipient, and return it as bytes.

    If ``is_8bit`` is true, texts in UTF-8 are sent without a transfer encoding, which makes the email about a quarter
    shorter. The SMTP server must support this (8BITMIME, RFC 6152).

    ``unsubscribe_url`` is empty, or a URL that accepts one-click POST requests (RFC 8058). If the message contains the
    ids of earlier emails about its stories, the headers In-Reply-To and References refer to them. Mail programs then
    show a correction in the same thread as the first report.
    """
    mime_message = EmailMessage(policy=_POLICY.clone(cte_type="8bit" if is_8bit else "7bit"))
    mime_message["Subject"] = single_line(message.rendered.subject, 200)
    mime_message["From"] = sender
    mime_message["To"] = recipient
    mime_message["Date"] = format_datetime(attempt_at)
    mime_message["Message-ID"] = build_message_id(message, sender.domain)
    if message.rendered.references:
        roots = [f"<{root}@{sender.domain}>" for root in message.rendered.references]
        mime_message["In-Reply-To"] = roots[0]
        mime_message["References"] = " ".join(roots)
    mime_message["Auto-Submitted"] = "auto-generated"
    mime_message["Precedence"] = "bulk"
    mime_message["X-Auto-Response-Suppress"] = "All"
    mime_message["List-Id"] = f"<{_UNSAFE_ID_CHARS.sub('-', message.plan_id.lower())}.{sender.domain}>"
    if unsubscribe_url:
        mime_message["List-Unsubscribe"] = f"<{sanitize(unsubscribe_url)}>"
        mime_message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = sanitize(message.rendered.text), _wrap_html(sanitize(message.rendered.html))
    mime_message.set_content(text, cte=_choose_encoding(text) if is_8bit else None)
    mime_message.add_alternative(html, subtype="html", cte=_choose_encoding(html) if is_8bit else None)
    mime_message.set_boundary(f"=_{message.key}")  # every attempt has the same bytes, except for the date
    return mime_message.as_bytes()


def _wrap_html(html: str) -> str:
    """Replace spaces in long lines of HTML by line breaks, which have the same meaning."""
    return _LONG_HTML_LINE.sub(rb"\1\n", html.encode()).decode()


def _choose_encoding(text: str) -> str | None:
    """Return the transfer encoding for a text.

    None means that the email library chooses: 7bit for ASCII text with short lines, and otherwise the shorter one of
    quoted-printable and base64.
    """
    is_short_lined = all(len(line) <= _MAX_LINE_BYTES for line in text.encode().splitlines())
    return "8bit" if is_short_lined and not text.isascii() else None

"""MIME messages of digests: headers, text, HTML and attachments."""

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
    """SMTP lines of 78, but never folds those headers that other programs read.

    The standard policy turns a URL longer than a line into an encoded word, which breaks one-click unsubscription,
    and loses or adds spaces in a long subject that is not ASCII.
    """

    def fold(self, name: str, value: str) -> str:
        """Write one header as text."""
        return self.fold_binary(name, value).decode("ascii")

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write one header as bytes."""
        if name.lower() == "subject":
            charset = "us-ascii" if value.isascii() else "utf-8"
            encoded = Header(str(value), charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")
            return f"{name}: {encoded}\r\n".encode("ascii")
        policy = _LONG_LINE_POLICY if name.lower() in UNFOLDED_HEADERS else SMTP
        return policy.fold_binary(name, value)


_POLICY = _MimeMessagePolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


def parse_mailbox(text: str) -> Address:
    """Read an address as the user wrote it, with or without a name; a domain in another script becomes ASCII.

    Raises ``ValueError`` for what is no address.
    """
    found = _MAILBOX.fullmatch(text.strip())
    name, plain = (found["name"] or "", found["address"]) if found else ("", "")
    local, at, domain = plain.rpartition("@")
    if not (at and local and domain):
        raise ValueError(f'"{single_line(text, 80)}" is no mail address; expected for example desk@example.org')
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f'"{single_line(domain, 80)}" is no mail domain: {error}') from error
    return Address(single_line(name, 120), local, domain)


def build_message_id(message: Message, domain: str) -> str:
    """Return the Message-ID of a delivery, the same at every attempt."""
    return f"<{message.key}@{domain}>"


def build_mime_message(
    message: Message, sender: Address, recipient: Address, attempt_at: datetime, unsubscribe_url: str = ""
) -> bytes:
    """Write one mail. ``unsubscribe`` is an https address that takes RFC 8058 one-click POSTs, or empty.

    A digest about few stories names their conversations in References, so that a correction stands under the first
    report in the reader's mail program.
    """
    letter = EmailMessage(policy=_POLICY)
    letter["Subject"] = single_line(message.rendered.subject, 200)
    letter["From"] = sender
    letter["To"] = recipient
    letter["Date"] = format_datetime(attempt_at)
    letter["Message-ID"] = build_message_id(message, sender.domain)
    if message.rendered.references:
        roots = [f"<{root}@{sender.domain}>" for root in message.rendered.references]
        letter["In-Reply-To"] = roots[0]
        letter["References"] = " ".join(roots)
    letter["Auto-Submitted"] = "auto-generated"
    letter["Precedence"] = "bulk"
    letter["X-Auto-Response-Suppress"] = "All"
    letter["List-Id"] = f"<{_UNSAFE_ID_CHARS.sub('-', message.plan_id.lower())}.{sender.domain}>"
    if unsubscribe_url:
        letter["List-Unsubscribe"] = f"<{sanitize(unsubscribe_url)}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(sanitize(message.rendered.text))
    letter.add_alternative(sanitize(message.rendered.html), subtype="html")
    letter.set_boundary(f"=_{message.key}")  # the same bytes at every attempt but for the date
    return letter.as_bytes()

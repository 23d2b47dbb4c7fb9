"""Mail messages as articles: a message gives one article, or one for each article that it links to.

The messages that one poll of a mailbox finds are joined into one document. Before each message, the document has a line
with the UIDVALIDITY of the folder, the UID of the message and the message's length in bytes.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from html import escape
from urllib.parse import parse_qs, quote, urlsplit

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.domain.article import AttachedText
from monitor.domain.source import Entry, Feed, Source
from monitor.domain.special_sources import MAX_MESSAGE_BYTES, Mailbox, MailContent
from monitor.domain.values import replace
from monitor.parse.fields import MAX_TEXT_CHARS, remove_control_characters, to_plain_text
from monitor.text.encoding import decode
from monitor.text.urls import canonicalize_url, is_web_url

MAX_ATTACHMENTS = 5  # per message
MAX_LINKS = 100  # per message
_MIN_LINK_CHARS, _MIN_LINK_WORDS = 20, 4  # of the text of a link to an article; ideographs count as words
_MAX_PART_DEPTH = 20
_OUTLOOK_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_ALERT_SENDERS = ("googlealerts-noreply@google.com",)
_ARTICLE_TYPE = '[itemtype*="schema.org/Article"]'
_MAX_REDIRECTS = 3  # Google wraps a link again if a message is forwarded
_REDIRECT_HOSTS = re.compile(r"(?:^|\.)google\.[a-z.]{2,6}$")
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SERVICE_LINK = re.compile(
    r"unsubscribe|opt.?out|preferences|manage|view (?:this|it|in|online)|in (?:your )?browser|privacy|terms of|"
    r"forward to|follow us|see more results|edit this alert|receive this alert|flag as irrelevant|abbestellen|"
    r"désabonn|cancelar|hủy đăng ký",
    re.IGNORECASE,
)


class RawMessage(Struct, frozen=True):
    """A message as the server sent it, with the two IMAP numbers that identify the message (UIDVALIDITY and UID)."""

    uid_validity: int
    uid: int
    body: bytes


class Attachment(Struct, frozen=True):
    """A PDF document that is attached to a message. ``guid`` is the guid of the entry that is made from the message.

    ``is_cut_off`` is true if the message is too long, and ends inside the document.
    """

    guid: str
    name: str
    body: bytes
    is_cut_off: bool = False


class ParsedMessages(Struct, frozen=True):
    """Result of ``parse_messages``: the entries, and the PDF documents that are attached to the messages."""

    feed: Feed
    attachments: tuple[Attachment, ...] = ()


def join_messages(messages: Iterator[RawMessage]) -> bytes:
    """Join messages into one document.

    Each message is preceded by a line with its IMAP numbers and its length in bytes.
    """
    return b"".join(b"%d %d %d\n%s" % (one.uid_validity, one.uid, len(one.body), one.body) for one in messages)


def split_messages(document: bytes) -> Iterator[RawMessage]:
    """Yield the messages in a document that ``join_messages`` has made."""
    start = 0
    while start < len(document):
        end = document.index(b"\n", start)
        uid_validity, uid, length = map(int, document[start:end].split())
        start = end + 1 + length
        yield RawMessage(uid_validity, uid, document[end + 1 : start])


def parse_messages(document: bytes, url: str, source: Source) -> ParsedMessages:
    """Parse the messages in a document that ``join_messages`` has made.

    A message that cannot be parsed is not lost: the result has an entry that states the UID of this message. The
    remaining messages are parsed as usual.
    """
    entries: list[Entry] = []
    attachments: list[Attachment] = []
    mailbox = source.mailbox
    assert mailbox is not None  # noqa: S101 - the kind of the source
    for raw in split_messages(document):
        try:
            message = message_from_bytes(raw.body, policy=policy.default)
            if not is_from(message, mailbox.senders):
                continue
            found = _read_message(message, raw, mailbox)
            if len(found) == 1 and not found[0].url:
                files = _find_attachments(message, found[0].guid)
                if files and len(raw.body) >= MAX_MESSAGE_BYTES:
                    files = (*files[:-1], replace(files[-1], is_cut_off=True))
                found = [_add_outlook_note(found[0], message)]
            else:
                files = ()
        except Exception as error:  # noqa: BLE001 - the library raises many kinds of errors for malformed messages
            found, files = [build_unreadable_entry(raw, f"{type(error).__name__}")], ()
        entries += found
        attachments += files
    return ParsedMessages(Feed(tuple(entries), url=url), tuple(attachments))


def build_unreadable_entry(raw: RawMessage, reason: str) -> Entry:
    """Return an entry for a message that could not be parsed, so that the user looks for the message in the mailbox."""
    title = f"Message {raw.uid} could not be read ({reason})"
    return Entry("", guid=f"imap:{raw.uid_validity}:{raw.uid}", title=title, content=f"<p>{escape(title)}</p>")


def is_from(message: EmailMessage, senders: tuple[str, ...]) -> bool:
    """Return whether the sender of a message is one of ``senders``; without ``senders``, every message is accepted.

    A message that the user's mail server has marked as forged is not accepted. The mark is searched for in the first
    Authentication-Results header only, because this one was added by the user's own server.
    """
    if not senders:
        return True
    results = str(message.get("Authentication-Results", "")).lower()
    if "dmarc=fail" in results:
        return False
    addresses = [address.lower() for _, address in getaddresses([str(value) for value in message.get_all("From", [])])]
    allowed = [sender.lower() for sender in senders]
    return any(
        address == sender or (sender.startswith("@") and address.endswith(sender))
        for address in addresses[:1]
        for sender in allowed
    )


def _read_message(message: EmailMessage, raw: RawMessage, mailbox: Mailbox) -> list[Entry]:
    title = to_plain_text(escape(_read_header(message, "Subject"), quote=False))
    message_id = remove_control_characters(str(message.get("Message-ID", "")).strip())[:500]
    guid = message_id or f"imap:{raw.uid_validity}:{raw.uid}"
    html, text = _find_text(message)
    published_at = _read_date(message)
    sender = getaddresses([str(message.get("From", ""))])[:1]
    entry = Entry(
        "",
        guid=guid,
        title=title,
        published_at=published_at,
        content=remove_control_characters(html or _to_html(text))[:MAX_TEXT_CHARS],
        authors=tuple(filter(None, (to_plain_text(escape(name, quote=False)) for name, _ in sender))),
    )
    if mailbox.articles is MailContent.MESSAGE or not html:
        return [entry]
    items = _find_alert_items(html)
    is_alert = bool(items) or any(address.lower() in _ALERT_SENDERS for _, address in sender)
    if not items and (mailbox.articles is MailContent.LINKS or is_alert):
        items = _find_link_items(html)
    if not items or (mailbox.articles is MailContent.AUTO and not is_alert):
        return [entry]
    return [replace(item, published_at=published_at) for item in items[:MAX_LINKS]]


def _find_text(message: EmailMessage) -> tuple[str, str]:
    """Return the HTML of a message, and its plain text. One of them is empty.

    The texts of all parts that a mail program shows are joined. If any part is HTML, all parts are converted to HTML.
    """
    texts = [(kind, text) for kind, text in _list_texts(message, 0) if text.strip()]
    if any(kind == "html" for kind, _ in texts):
        return "".join(text if kind == "html" else _to_html(text) for kind, text in texts), ""
    return "", "\n\n".join(text for _, text in texts)


def _list_texts(part: EmailMessage, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the kind ("html" or "plain") and the text of each part of a message that a mail program would show.

    If a part has several alternatives, the HTML is yielded, or the plain text if there is no HTML. The text of a
    forwarded message is preceded by its subject.
    """
    content_type = part.get_content_type()
    if depth > _MAX_PART_DEPTH:
        return
    if content_type == "message/rfc822":
        for inner in _list_parts(part):
            yield "plain", _read_header(inner, "Subject")
            yield from _list_texts(inner, depth + 1)
    elif content_type == "multipart/alternative":
        found = [text for one in _list_parts(part) for text in _list_texts(one, depth + 1) if text[1].strip()]
        kind = "html" if any(kind == "html" for kind, _ in found) else "plain"
        yield from (one for one in found if one[0] == kind)
    elif part.is_multipart():
        for one in _list_parts(part):
            yield from _list_texts(one, depth + 1)
    elif content_type in {"text/html", "text/plain"} and not part.is_attachment() and not part.get_filename():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield content_type.removeprefix("text/"), decode(payload, str(part.get("Content-Type", "")))


def _list_parts(part: EmailMessage) -> list[EmailMessage]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, EmailMessage)] if isinstance(payload, list) else []


def _read_header(message: EmailMessage, name: str) -> str:
    """Return the text of a header. If it is not in the encoding that it states, its encoding is detected."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        pieces = decode_header(str(raw))
    except HeaderParseError:
        return str(message.get(name, ""))
    if not any(charset for _, charset in pieces):
        return str(message.get(name, ""))
    return "".join(
        decode(piece, f"text/plain; charset={charset or 'utf-8'}") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )


def _to_html(text: str) -> str:
    """Convert the plain text of a message to HTML paragraphs, without the sender's signature."""
    body = re.split(r"\r?\n-- \r?\n", text, maxsplit=1)[0]
    return "".join(f"<p>{escape(part.strip(), quote=False)}</p>" for part in re.split(r"\n\s*\n", body) if part.strip())


def _read_date(message: EmailMessage) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(message.get("Date", "")))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _find_attachments(message: EmailMessage, guid: str) -> tuple[Attachment, ...]:
    found = []
    for part in message.walk():
        name = part.get_filename() or ""
        if part.get_content_type() == "application/pdf" or name.lower().endswith(".pdf"):
            body = part.get_payload(decode=True)
            if isinstance(body, bytes) and body:
                found.append(Attachment(guid, to_plain_text(escape(name, quote=False)) or "document.pdf", body))
    return tuple(found[:MAX_ATTACHMENTS])


def _add_outlook_note(entry: Entry, message: EmailMessage) -> Entry:
    """Add a note to the entry of a message if a part of it cannot be read, because it is in the format of Outlook."""
    if not any(part.get_content_type() in _OUTLOOK_TYPES for part in message.walk()):
        return entry
    note = "Attachment winmail.dat: it is in a format of Outlook (TNEF), which is not read; ask the sender for HTML."
    return replace(entry, attached=(*entry.attached, AttachedText(note)))


def _find_alert_items(html: str) -> list[Entry]:
    """Return an entry for each article that is marked with schema.org attributes in a message, as in Google Alerts."""
    items = []
    for node in LexborHTMLParser(html).css(_ARTICLE_TYPE):
        link = node.css_first("a[itemprop=url]") or node.css_first("a[href]")
        name = node.css_first("[itemprop=name]") or link
        description = node.css_first("[itemprop=description]")
        if link is not None and (url := unwrap_link(link.attributes.get("href") or "")):
            items.append(Entry(url, title=_read_text(name), summary=escape(_read_text(description), quote=False)))
    return _drop_repeated(items)


def _find_link_items(html: str) -> list[Entry]:
    """Return an entry for each link in a message, if the text of the link looks like a headline."""
    items = []
    for link in LexborHTMLParser(html).css("a[href]"):
        title, url = _read_text(link), unwrap_link(link.attributes.get("href") or "")
        words = len(title.split()) + len(_WIDE.findall(title)) // 2
        is_headline = words >= _MIN_LINK_WORDS and len(title) + len(_WIDE.findall(title)) >= _MIN_LINK_CHARS
        if url and is_headline and not _SERVICE_LINK.search(title):
            items.append(Entry(url, title=title))
    return _drop_repeated(items)


def unwrap_link(href: str) -> str:
    """Return the web address to which a link leads, or an empty string if it leads to no web address.

    If the link is a redirect through Google, the result is the address in its parameters. This is repeated if that
    address is such a redirect, too. Any other web address is returned unchanged.
    """
    url = href.strip()
    for _ in range(_MAX_REDIRECTS + 1):
        parts = urlsplit(url) if is_web_url(url) else None
        if parts is None:
            return ""
        if not (_REDIRECT_HOSTS.search(parts.hostname or "") and parts.path == "/url"):
            return url
        query = parse_qs(parts.query)
        url = next(iter(query.get("url", []) or query.get("q", [])), "")
    return ""


def _read_text(node: LexborNode | None) -> str:
    return to_plain_text(escape(node.text(separator=" ", strip=True), quote=False)) if node is not None else ""


def _drop_repeated(items: list[Entry]) -> list[Entry]:
    """Return one entry for each address: the entry with the longest title."""
    found: dict[str, Entry] = {}
    for item in items:
        key = canonicalize_url(item.url)
        if key not in found or len(item.title) > len(found[key].title):
            found[key] = item
    return list(found.values())


def message_url(guid: str) -> str:
    """Return the ``mid:`` URL (RFC 2392) of a message. Mail programs open the message at this URL.

    The result is an empty string if ``guid`` is not a Message-ID in angle brackets.
    """
    return f"mid:{quote(guid.strip('<>'), safe='@.-_~+=')}" if guid.startswith("<") else ""

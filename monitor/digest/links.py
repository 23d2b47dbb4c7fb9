"""Signed links in a digest, with which a reader gives feedback or unsubscribes.

All targets (recipients) get the same rendered digest. Its links are therefore placeholders ("markers"), which are
replaced by signed links when the digest is sent to a target. A signed link is valid until a date, for one purpose, one
delivery, and one story or mention. Every attempt at a delivery uses the same links, so that it sends the same bytes.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.values import replace

LINK_PATH, UNSUBSCRIBE_PATH = "/l/", "/l/unsubscribe/"
SIGNATURE_BYTES, DELIVERY_CHARS = 16, 20
_MARKER = re.compile(r"/l/~([rm])~([a-z0-9-]*)~([0-9]*)~([a-z0-9-]*)~")
_EPOCH = date(1970, 1, 1)


class LinkPurpose(StrEnum):
    """Purpose of a link: to reject a mention of an official in an article, to mute a story, or to unsubscribe."""

    REJECT = "r"
    MUTE = "m"
    UNSUBSCRIBE = "u"


class DigestLink(Struct, frozen=True):
    """Content of a signed link.

    ``delivery`` is the beginning of the delivery's key. The link is valid until the day before ``ends_on``. Ids that
    the purpose does not need are empty or 0.
    """

    purpose: LinkPurpose
    delivery: str
    ends_on: date
    story_id: str = ""
    article_id: int = 0
    official_id: str = ""


def make_marker(purpose: LinkPurpose, story_id: str, article_id: int = 0, official_id: str = "") -> str:
    """Return a marker (a placeholder for a link): a path with the purpose of the link and the ids that it needs.

    ``fill_links`` replaces the marker by a signed link before the digest is sent.
    """
    return f"{LINK_PATH}~{purpose}~{story_id}~{article_id or ''}~{official_id}~"


def sign_link(link: DigestLink, key: str) -> str:
    """Sign a link, and return it as a token for use in a URL."""
    days = (link.ends_on - _EPOCH).days
    subject = f"{link.delivery}~{days}~{link.story_id}~{link.article_id or ''}~{link.official_id}"
    body = f"{link.purpose}{subject}".encode()
    return _encode(_signature(body, link.purpose, key) + body)


def read_link(token: str, key: str) -> DigestLink | None:
    """Decode the link in a token. Return None if the token was not signed with this key.

    The caller must check whether the link has expired.
    """
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, body = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
        text = body.decode("ascii")
        purpose = LinkPurpose(text[:1])
        if not key or not hmac.compare_digest(signature, _signature(body, purpose, key)) or _encode(data) != token:
            return None
        delivery, days, story_id, article_id, official_id = text[1:].split("~")
        ends_on = _EPOCH + timedelta(days=int(days))
        return DigestLink(purpose, delivery, ends_on, story_id, int(article_id or 0), official_id)
    except (ValueError, binascii.Error, OverflowError):
        return None


def fill_links(message: Message, web_url: str, key: str, period: timedelta) -> Message:
    """Replace the markers in a message with signed links for its delivery, and add the unsubscribe link.

    The links are valid for ``period`` after the message was created.
    """
    base = web_url.rstrip("/")
    delivery, ends_on = message.key[:DELIVERY_CHARS], find_end(message.created_at, period)

    def sign(found: re.Match[str]) -> str:
        purpose, story_id, article_id, official_id = found.groups()
        link = DigestLink(LinkPurpose(purpose), delivery, ends_on, story_id, int(article_id or 0), official_id)
        return f"{LINK_PATH}{sign_link(link, key)}"

    unsubscribe = sign_link(DigestLink(LinkPurpose.UNSUBSCRIBE, delivery, ends_on), key)
    rendered = _replace_texts(message.rendered, lambda text: _MARKER.sub(sign, text))
    return replace(message, rendered=rendered, unsubscribe_url=f"{base}{UNSUBSCRIBE_PATH}{unsubscribe}")


def remove_markers(text: str) -> str:
    """Replace each link marker in a text by a link to its story on the desk, for readers who are logged in."""
    return _MARKER.sub(lambda found: f"/story/{found[2]}", text)


def find_end(created_at: datetime, period: timedelta) -> date:
    """Return the first day (in UTC) after the links of a delivery have expired.

    The links are valid for ``period`` after ``created_at``.
    """
    return (created_at.astimezone(UTC) + period).date() + timedelta(days=1)


def _replace_texts(rendered: RenderedDigest, change: Callable[[str], str]) -> RenderedDigest:
    return replace(
        rendered,
        text=change(rendered.text),
        html=change(rendered.html),
        blocks=tuple(map(change, rendered.blocks)),
        page=change(rendered.page),
    )


def _signature(body: bytes, purpose: LinkPurpose, key: str) -> bytes:
    """Return the signature of a token's content. Each purpose has its own key, which is derived from ``key``."""
    own = hmac.new(key.encode(), f"digest link {purpose}".encode(), hashlib.sha256).digest()
    return hmac.new(own, body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

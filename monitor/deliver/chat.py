"""Chat services through Apprise (extra ``chat``): one target, texts split by story within what the service takes.

Apprise posts by itself, in threads: the guard against private addresses does not see these requests.

Long texts cut into messages, between paragraphs wherever possible.
"""

import asyncio
import html
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from monitor.domain.channels import ChatChannel
from monitor.domain.delivery import Message, Retry, SendResult, Sent
from monitor.domain.errors import UsageError
from monitor.text.sanitize import sanitize


def count_utf16_units(text: str) -> int:
    """Count UTF-16 units, in which chat services measure."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _split_paragraph(text: str, max_units: int) -> Iterator[str]:
    """Cut one paragraph that is too long: between lines, else between words, else anywhere but inside a letter."""
    while count_utf16_units(text) > max_units:
        cut = max_units
        while count_utf16_units(text[:cut]) > max_units:
            cut -= max(1, (count_utf16_units(text[:cut]) - max_units) // 2)
        for sign in ("\n", " "):
            place = text.rfind(sign, cut // 2, cut)
            if place > 0:
                cut = place
                break
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def split_paragraphs(paragraphs: Sequence[str], max_units: int) -> tuple[str, ...]:
    """Join paragraphs into as few texts of at most ``limit`` UTF-16 units as their order allows."""
    texts: list[str] = []
    for paragraph in paragraphs:
        for piece in _split_paragraph(paragraph, max_units):
            joined = f"{texts[-1]}\n\n{piece}" if texts else piece
            if texts and count_utf16_units(joined) <= max_units:
                texts[-1] = joined
            else:
                texts.append(piece)
    return tuple(texts)


CHAT_TIMEOUT_SECONDS = 60.0  # seconds for all parts of one message
MAX_UNITS_BY_SERVICE = {
    "slack": 12_000,
    "discord": 1_900,
    "tgram": 3_900,
}  # UTF-16 units, by the scheme Apprise knows a service by
MARKDOWN_SERVICES = {"discord"}  # reads Markdown in what Apprise sends as text
MAX_PARTIAL_MESSAGES = 1000  # messages of which only some parts were sent
_MARKDOWN_CHARS = re.compile(r"([\\*_~`|>#\[\]()])")
_WEB_ADDRESS = re.compile(r"(https?://\S+)")


def escape_chat_text(text: str, *, is_markdown: bool) -> str:
    """Take from a text what a chat service would act on: mentions everywhere, Markdown where it is read."""
    quiet = sanitize(text).replace("@", "@\u200b")
    if not is_markdown:
        return quiet
    parts = _WEB_ADDRESS.split(quiet)
    return "".join(part if number % 2 else _MARKDOWN_CHARS.sub(r"\\\1", part) for number, part in enumerate(parts))


def _load_plugin(url: str) -> Any:
    """Return Apprise's plug-in for a URL; the URL is a secret and is never named in an error."""
    try:
        import apprise
    except ImportError as error:
        raise UsageError("chat channels need the extra `chat`; install it with: pip install 'monitor[chat]'") from error
    asset = apprise.AppriseAsset(app_id="monitor", app_desc="monitor", image_url_mask="", image_url_logo="")
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        scheme = url.partition(":")[0]
        raise UsageError(f"the chat URL ({scheme}://...) is not one that Apprise understands")
    return plugin


class ChatSender:
    """Sends to the one target of a chat channel."""

    def __init__(self, channel: ChatChannel, *, timeout_seconds: float = CHAT_TIMEOUT_SECONDS) -> None:
        """``deadline`` is in seconds. Raises ``UsageError`` without Apprise, or for a URL it does not understand."""
        self._plugin = _load_plugin(channel.url.reveal())
        schemes = self._plugin.secure_protocol or self._plugin.protocol
        self._scheme = schemes if isinstance(schemes, str) else schemes[0]
        # A tenth is left to what escaping and the service's own frame add.
        self._max_units = min(
            MAX_UNITS_BY_SERVICE.get(self._scheme, 30_000), max(int(self._plugin.body_maxlen * 0.9), 200)
        )
        formats = self._plugin.notify_format
        known = [str(one.value) for one in (formats if isinstance(formats, tuple | list) else [formats])]
        self._format = "text" if "text" in known else known[0]
        self._is_markdown = self._format == "markdown" or self._scheme in MARKDOWN_SERVICES
        self._timeout_seconds = timeout_seconds
        self._sent_parts_by_key: dict[str, int] = {}

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:  # noqa: ARG002 - the port's signature
        """Try once, within the deadline; a further attempt goes on with the part that failed."""
        paragraphs = [
            escape_chat_text(block, is_markdown=self._is_markdown)
            for block in message.rendered.blocks or (message.rendered.text,)
        ]
        texts = split_paragraphs(paragraphs, self._max_units - 40)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                for number in range(self._sent_parts_by_key.get(message.key, 0), len(texts)):
                    if not await asyncio.to_thread(self._post, texts[number], number, len(texts)):
                        return Retry(f"the chat service did not take part {number + 1} of {len(texts)}")
                    self._record_progress(message.key, number + 1)
        except TimeoutError:
            return Retry("the chat service did not answer in time")
        self._sent_parts_by_key.pop(message.key, None)
        return Sent(f"{len(texts)} {'part' if len(texts) == 1 else 'parts'}")

    def _post(self, text: str, part_index: int, part_count: int) -> bool:
        body = f"{text}\n\n({part_index + 1}/{part_count})" if part_count > 1 else text
        if self._format == "html":
            body = html.escape(body, quote=False)
        return bool(self._plugin.notify(body=body, body_format=self._format))

    def _record_progress(self, message_key: str, sent_parts: int) -> None:
        self._sent_parts_by_key[message_key] = sent_parts
        while len(self._sent_parts_by_key) > MAX_PARTIAL_MESSAGES:
            del self._sent_parts_by_key[next(iter(self._sent_parts_by_key))]

"""Chat sender: posts messages to a chat service through Apprise (extra ``chat``).

Long texts are split into several messages, between stories where possible. Apprise opens its own connections in
threads, so the address guard, which forbids connections to private networks, does not check them.
"""

import asyncio
import html
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from monitor.domain.channels import ChatChannel
from monitor.domain.delivery import Message, Retry, SendResult, Sent
from monitor.domain.errors import UsageError
from monitor.text.sanitize import sanitize


def count_utf16_units(text: str) -> int:
    """Count the UTF-16 code units of a text; chat services measure lengths in these units."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _split_paragraph(text: str, max_units: int) -> Iterator[str]:
    """Split a paragraph into pieces of at most ``max_units`` UTF-16 code units.

    It is split at line breaks if possible, otherwise between words, otherwise between characters.
    """
    while count_utf16_units(text) > max_units:
        cut = max_units
        while count_utf16_units(text[:cut]) > max_units:
            cut -= max(1, (count_utf16_units(text[:cut]) - max_units) // 2)
        for separator in ("\n", " "):
            position = text.rfind(separator, cut // 2, cut)
            if position > 0:
                cut = position
                break
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def split_paragraphs(paragraphs: Sequence[str], max_units: int) -> tuple[str, ...]:
    """Join paragraphs, in order, to as few texts as possible, each of at most ``max_units`` UTF-16 code units.

    A paragraph that is longer than the limit is split.
    """
    texts: list[str] = []
    for paragraph in paragraphs:
        for piece in _split_paragraph(paragraph, max_units):
            joined = f"{texts[-1]}\n\n{piece}" if texts else piece
            if texts and count_utf16_units(joined) <= max_units:
                texts[-1] = joined
            else:
                texts.append(piece)
    return tuple(texts)


CHAT_TIMEOUT_SECONDS = 60.0  # time for all parts of one message
# UTF-16 code units per message, by the scheme of the service's URL in Apprise
MAX_UNITS_BY_SERVICE = {"slack": 12_000, "discord": 1_900, "tgram": 3_900}
MARKDOWN_SERVICES = {"discord"}  # services that interpret Markdown in the plain text that Apprise sends
MAX_PARTIAL_MESSAGES = 1000  # number of messages whose sent parts are remembered, so that a retry skips these parts
_MARKDOWN_CHARS = re.compile(r"([\\*_~`|>#\[\]()])")
_WEB_ADDRESS = re.compile(r"(https?://\S+)")


def escape_chat_text(text: str, *, is_markdown: bool) -> str:
    """Escape a text so that a chat service shows it unchanged, and so that an ``@`` in it notifies nobody.

    If the service interprets Markdown (``is_markdown``), Markdown characters are escaped, except in URLs.
    """
    escaped = sanitize(text).replace("@", "@\u200b")
    if not is_markdown:
        return escaped
    parts = _WEB_ADDRESS.split(escaped)
    return "".join(part if number % 2 else _MARKDOWN_CHARS.sub(r"\\\1", part) for number, part in enumerate(parts))


def _load_plugin(url: str) -> Any:
    """Load the Apprise plugin for the URL of a chat.

    Raises ``UsageError`` if Apprise is missing or does not know the URL.

    The URL is a secret, so no error message contains it.
    """
    try:
        import apprise
    except ImportError as error:
        raise UsageError("chat channels need the extra `chat`; install it with: pip install 'monitor[chat]'") from error
    asset = apprise.AppriseAsset(app_id="monitor", app_desc="monitor", image_url_mask="", image_url_logo="")
    logger = logging.getLogger("apprise")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # Apprise logs a URL that it does not understand, with the secrets in it
    try:
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    finally:
        logger.setLevel(level)
    if plugin is None:
        scheme = url.partition(":")[0]
        raise UsageError(
            f"the chat URL ({scheme}://...) is not one that Apprise understands; write it as in "
            "tgram://BOT_TOKEN/CHAT_ID, or see the cookbook in docs/ for Slack and Teams"
        )
    return plugin


class ChatSender:
    """Sender of messages to a chat channel, which has only one target."""

    def __init__(self, channel: ChatChannel, *, timeout_seconds: float = CHAT_TIMEOUT_SECONDS) -> None:
        """Load the plugin of the channel. Raises ``UsageError`` if Apprise is missing or does not support the URL."""
        self._plugin = _load_plugin(channel.url.reveal())
        schemes = self._plugin.secure_protocol or self._plugin.protocol
        self._scheme = schemes if isinstance(schemes, str) else schemes[0]
        # 10 % is reserved for characters that escaping and the service's own format add.
        self._max_units = min(
            MAX_UNITS_BY_SERVICE.get(self._scheme, 30_000), max(int(self._plugin.body_maxlen * 0.9), 200)
        )
        formats = self._plugin.notify_format
        format_names = [str(one.value) for one in (formats if isinstance(formats, tuple | list) else [formats])]
        self._format = "text" if "text" in format_names else format_names[0]
        self._is_markdown = self._format == "markdown" or self._scheme in MARKDOWN_SERVICES
        self._timeout_seconds = timeout_seconds
        self._sent_parts_by_key: dict[str, int] = {}

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:  # noqa: ARG002 - the port's signature
        """Send the message in one attempt within the timeout.

        A long message is sent in several parts. If a part fails, the next attempt begins with this part.
        """
        paragraphs = [
            escape_chat_text(block, is_markdown=self._is_markdown)
            for block in message.rendered.blocks or (message.rendered.text,)
        ]
        texts = split_paragraphs(paragraphs, self._max_units - 40)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                for number in range(self._sent_parts_by_key.get(message.key, 0), len(texts)):
                    if not await asyncio.to_thread(self._post, texts[number], number, len(texts)):
                        return Retry(f"the chat service did not accept part {number + 1} of {len(texts)}")
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

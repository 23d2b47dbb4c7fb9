"""Signed JSON over HTTP, as the Standard Webhooks specification 1.0.0 has it: one attempt."""

import asyncio
import base64
import binascii
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from standardwebhooks import Webhook

from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Message, Refused, Retry, SendResult, Sent
from monitor.domain.errors import MonitorError
from monitor.domain.secret import Secret
from monitor.text.sanitize import single_line

WEBHOOK_TIMEOUT_SECONDS = 20.0  # seconds for the whole exchange
MAX_RETRY_DELAY = timedelta(days=1)
GONE_STATUS, TOO_MANY_REQUESTS_STATUS = 410, 429
MAX_EXCERPT_BYTES, MAX_RESPONSE_BYTES = 400, 16_384  # bytes of an answer that are kept, and that are read


def _decode_signing_key(secret: Secret) -> bytes:
    """Return the signing key: base64 with or without the ``whsec_`` prefix, anything else as it is."""
    text = secret.reveal().removeprefix("whsec_")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def parse_retry_after_header(value: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header, seconds or a date; never more than a day."""
    if value.strip().isdigit():
        wait = timedelta(seconds=min(int(value.strip()[:9]), 10**6))
    else:
        try:
            wait = parsedate_to_datetime(value).astimezone(UTC) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, timedelta(0)), MAX_RETRY_DELAY)


def _classify_response(response: httpx.Response, excerpt: str, now: datetime) -> SendResult:
    """Decide by the status: 2xx alone is success, 410 stops the target, redirects are not followed."""
    status = response.status_code
    reason = single_line(f"HTTP {status} {excerpt}", 300)
    if 200 <= status < 300:
        return Sent(f"HTTP {status}")
    if status == GONE_STATUS:
        return Refused(reason, stop_target=True)
    if 300 <= status < 400:
        return Retry(f"HTTP {status}: redirects are not followed, name the final address in sources.yaml")
    wait = parse_retry_after_header(response.headers.get("retry-after", ""), now)
    return Retry(reason, wait, pause_channel=status == TOO_MANY_REQUESTS_STATUS)


class WebhookSender:
    """Posts the deliveries of one channel. ``transport`` is where addresses are guarded."""

    def __init__(
        self,
        channel: WebhookChannel,
        transport: httpx.AsyncBaseTransport,
        *,
        timeout_seconds: float = WEBHOOK_TIMEOUT_SECONDS,
    ) -> None:
        """``deadline`` is in seconds."""
        self._url = channel.url.reveal()
        self._signers = [Webhook(_decode_signing_key(secret)) for secret in channel.secrets]
        self._transport = transport
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Try once, within the deadline."""
        request = self._build_request(message, attempt_at)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    excerpt = await self._read_excerpt(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            return Retry("the webhook did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, MonitorError) as error:
            return Retry(single_line(f"{type(error).__name__}: {error}".replace(self._url, "the webhook"), 300))
        return _classify_response(response, excerpt, attempt_at)

    def _build_request(self, message: Message, attempt_at: datetime) -> httpx.Request:
        """Sign the exact bytes that are sent, with the time of this attempt and every secret."""
        body = message.rendered.payload.encode()
        now = attempt_at.astimezone(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": "monitor",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._signers:
            text = body.decode()
            headers["webhook-signature"] = " ".join(signer.sign(message.key, now, text) for signer in self._signers)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)
        return httpx.Request("POST", self._url, headers=headers, content=body, extensions={"timeout": limits})

    @staticmethod
    async def _read_excerpt(response: httpx.Response) -> str:
        """Return the start of the answer, and read a little more so that the connection can be used again."""
        kept, length = b"", 0
        if isinstance(response.stream, httpx.AsyncByteStream):
            async for piece in response.stream:
                kept += piece[: MAX_EXCERPT_BYTES - len(kept)]
                length += len(piece)
                if length > MAX_RESPONSE_BYTES:
                    break
        return kept.decode(errors="replace")

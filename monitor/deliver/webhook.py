"""Webhook sender: posts signed JSON, as defined by Standard Webhooks 1.0.0, in one attempt."""

import asyncio
import base64
import binascii
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Message, Rejected, Retry, SendResult, Sent
from monitor.domain.errors import MonitorError
from monitor.domain.secret import Secret
from monitor.text.http_dates import parse_retry_after
from monitor.text.sanitize import single_line

WEBHOOK_TIMEOUT_SECONDS = 20.0  # for request and response
GONE_STATUS, TOO_MANY_REQUESTS_STATUS = 410, 429
MAX_EXCERPT_BYTES, MAX_RESPONSE_BYTES = 400, 16_384  # bytes of a response that are kept, and read


def _decode_signing_key(secret: Secret) -> bytes:
    """Return the signing key: decoded base64, with or without the prefix ``whsec_``, else the text itself."""
    text = secret.reveal().removeprefix("whsec_")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _classify_response(response: httpx.Response, excerpt: str, now: datetime) -> SendResult:
    """Return the result for a response: only 2xx is success, 410 stops the target, redirects are not followed."""
    status = response.status_code
    reason = single_line(f"HTTP {status} {excerpt}", 300)
    if 200 <= status < 300:
        return Sent(f"HTTP {status}")
    if status == GONE_STATUS:
        return Rejected(reason, stop_target=True)
    if 300 <= status < 400:
        return Retry(f"HTTP {status}: redirects are not followed; use the final URL in sources.yaml")
    retry_after = parse_retry_after(response.headers.get("retry-after", ""), now)
    return Retry(reason, retry_after, pause_channel=status == TOO_MANY_REQUESTS_STATUS)


class WebhookSender:
    """Sender that posts the deliveries of one channel; ``transport`` must apply the address guard."""

    def __init__(
        self,
        channel: WebhookChannel,
        transport: httpx.AsyncBaseTransport,
        *,
        timeout_seconds: float = WEBHOOK_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare the sender with the channel's URL and signing keys."""
        self._url = channel.url.reveal()
        self._signers = [Webhook(_decode_signing_key(secret)) for secret in channel.secrets]
        self._transport = transport
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send the message in one attempt within the timeout."""
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
        """Build the request, signed with every secret over the exact body bytes and the time of this attempt."""
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
        """Return the start of the response body; reads slightly more, so that the connection can be reused."""
        kept, length = b"", 0
        if isinstance(response.stream, httpx.AsyncByteStream):
            async for piece in response.stream:
                kept += piece[: MAX_EXCERPT_BYTES - len(kept)]
                length += len(piece)
                if length > MAX_RESPONSE_BYTES:
                    break
        return kept.decode(errors="replace")

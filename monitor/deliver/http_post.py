"""HTTP POST: sends a message to a URL in one attempt, for all senders that use HTTP."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

import httpx

from monitor.domain.delivery import Rejected, Retry, SendResult, Sent
from monitor.domain.errors import MonitorError
from monitor.text.http_dates import parse_retry_after
from monitor.text.sanitize import single_line

POST_TIMEOUT_SECONDS = 20.0  # time for request and response
TOO_MANY_REQUESTS_STATUS = 429
MAX_REASON_CHARS = 300
MAX_EXCERPT_BYTES, MAX_RESPONSE_BYTES = 400, 16_384  # bytes of a response that are kept, and read


class HttpPoster:
    """Sender of HTTP POST requests to one URL. No result contains the URL, because the URL may be a secret.

    ``transport`` must apply the address guard, which forbids connections to private networks. ``name`` is the
    receiver's name in results, such as "the webhook". Redirects are not followed. Results by status:

    - 2xx is success.
    - After a status in ``refused_statuses``, the message is not sent again.
    - After a status in ``gone_statuses``, the target gets no further message at all.
    - After any other status, the message is sent again later; 429 also pauses the channel.
    """

    def __init__(
        self,
        url: str,
        transport: httpx.AsyncBaseTransport,
        *,
        name: str,
        refused_statuses: Collection[int] = (),
        gone_statuses: Collection[int] = (),
        timeout_seconds: float = POST_TIMEOUT_SECONDS,
    ) -> None:
        self._url, self._transport, self._name = url, transport, name
        self._refused_statuses, self._gone_statuses = refused_statuses, gone_statuses
        self._timeout_seconds = timeout_seconds

    async def post(self, body: bytes, headers: Mapping[str, str], attempt_at: datetime) -> SendResult:
        """Post a body with headers, in one attempt within the timeout. A User-Agent header is added."""
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)
        try:
            request = httpx.Request(
                "POST",
                self._url,
                headers={"user-agent": "monitor", **headers},
                content=body,
                extensions={"timeout": limits},
            )
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    excerpt = await _read_excerpt(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            return Retry(f"{self._name} did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, MonitorError) as error:
            reason = f"{type(error).__name__}: {error}".replace(self._url, self._name)
            return Retry(single_line(reason, MAX_REASON_CHARS))
        return self._classify(response, excerpt, attempt_at)

    def _classify(self, response: httpx.Response, excerpt: str, now: datetime) -> SendResult:
        """Convert a response to the result of an attempt. The reason includes ``excerpt``, the start of the body."""
        status = response.status_code
        reason = single_line(f"HTTP {status} {excerpt}", MAX_REASON_CHARS)
        if 200 <= status < 300:
            return Sent(f"HTTP {status}")
        if status in self._gone_statuses:
            return Rejected(reason, stop_target=True)
        if status in self._refused_statuses:
            return Rejected(reason)
        if 300 <= status < 400:
            return Retry(f"HTTP {status}: redirects are not followed; use the final URL in sources.yaml")
        retry_after = parse_retry_after(response.headers.get("retry-after", ""), now)
        return Retry(reason, retry_after, pause_channel=status == TOO_MANY_REQUESTS_STATUS)


async def _read_excerpt(response: httpx.Response) -> str:
    """Read the response body, and return its start.

    A short body is read to its end, so that the connection can be used again.
    """
    kept, length = b"", 0
    if isinstance(response.stream, httpx.AsyncByteStream):
        async for piece in response.stream:
            kept += piece[: MAX_EXCERPT_BYTES - len(kept)]
            length += len(piece)
            if length > MAX_RESPONSE_BYTES:
                break
    return kept.decode(errors="replace")

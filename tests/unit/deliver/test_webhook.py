"""Webhook sender, checked with the receiver's own library."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
import time_machine
from loops import run_jumping
from standardwebhooks import Webhook, WebhookVerificationError
from support.factories import NOW, message

from monitor.deliver.webhook import WebhookSender
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Rejected, Retry, SendResult, Sent
from monitor.domain.secret import Secret

KEY = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NEXT_KEY = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()
PATH_SECRET = "T0P-S3CRET"
URL = f"https://hooks.example.org/{PATH_SECRET}?token={PATH_SECRET}"
Handler = Callable[[httpx.Request], httpx.Response]


class Inbox:
    """Handler that records requests and returns a fixed status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)


def post(handler: Handler, *secrets: str) -> SendResult:
    channel = WebhookChannel("bridge", Secret(URL), tuple(Secret(secret) for secret in secrets))
    sender = WebhookSender(channel, httpx.MockTransport(handler), timeout_seconds=60)
    return asyncio.run(sender.send(message(payload='{"type":"digest","data":{"title":"Thủ tướng"}}'), NOW))


def answer(status: int, headers: dict[str, str] | None = None, text: str = "") -> Handler:
    return lambda _: httpx.Response(status, headers=headers, text=text)


def received(*secrets: str) -> httpx.Request:
    inbox = Inbox(204)
    post(inbox, *secrets)
    return inbox.requests[0]


def verify(secret: str, request: httpx.Request, later: timedelta = timedelta(0)) -> object:
    """Verify as a receiver whose clock is ``later`` after the attempt."""
    with time_machine.travel(NOW + later, tick=False):
        return Webhook(secret).verify(request.content, dict(request.headers))


def test_a_receiver_verifies_id_time_and_body() -> None:
    """The standard library accepts the delivery, and rejects it 301 seconds later or with one byte changed."""
    request = received(KEY)
    assert verify(KEY, request, timedelta(0)) == {"type": "digest", "data": {"title": "Thủ tướng"}}
    assert verify(KEY, request, timedelta(seconds=299)) is not None
    with pytest.raises(WebhookVerificationError, match="old"):
        verify(KEY, request, timedelta(seconds=301))
    forged = httpx.Request("POST", URL, headers=request.headers, content=request.content + b" ")
    with pytest.raises(WebhookVerificationError, match="matching"):
        verify(KEY, forged, timedelta(0))


def test_both_secrets_are_valid_during_rotation() -> None:
    """Receivers with the old and with the new secret both accept the same delivery."""
    request = received(KEY, NEXT_KEY)
    assert len(request.headers["webhook-signature"].split()) == 2
    for secret in (KEY, NEXT_KEY):
        assert verify(secret, request, timedelta(0))


def test_attempts_have_the_same_id_and_different_timestamps() -> None:
    """The id is the idempotency key; the timestamp is the time of the attempt in UTC."""
    inbox = Inbox(500)
    sender = WebhookSender(WebhookChannel("bridge", Secret(URL), (Secret(KEY),)), httpx.MockTransport(inbox))
    for minutes in (0, 5):
        asyncio.run(sender.send(message(9), NOW + timedelta(minutes=minutes)))
    assert {request.headers["webhook-id"] for request in inbox.requests} == {f"{9:040x}"}
    times = [int(request.headers["webhook-timestamp"]) for request in inbox.requests]
    assert times == [int(NOW.timestamp()), int(NOW.timestamp()) + 300]


def test_a_secret_that_is_not_base64_is_used_as_text() -> None:
    """Plain text is also a valid key; without a secret nothing is signed."""
    assert received("a plain word!").headers["webhook-signature"].startswith("v1,")
    assert "webhook-signature" not in received().headers


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (answer(200), Sent("HTTP 200")),
        (answer(204), Sent("HTTP 204")),
        (answer(302, {"location": "http://127.0.0.1/"}), None),
        (answer(410, text="gone"), Rejected("HTTP 410 gone", stop_target=True)),
        (answer(429, {"retry-after": "120"}), Retry("HTTP 429", timedelta(seconds=120), pause_channel=True)),
        (answer(503, {"retry-after": "Mon, 04 May 2026 00:10:00 GMT"}), Retry("HTTP 503", timedelta(minutes=10))),
        (answer(500, text="boom\r\nX: y"), Retry("HTTP 500 boom X: y")),
        (answer(404), Retry("HTTP 404")),
        (answer(502, {"retry-after": "99999999999999"}), Retry("HTTP 502", timedelta(days=1))),
    ],
)
def test_the_status_determines_the_result(handler: Handler, expected: SendResult | None) -> None:
    """Only 2xx is success, 410 stops the target, 429 pauses the channel; redirects are not followed."""
    receipt = post(handler, KEY)
    if expected is None:
        assert isinstance(receipt, Retry)
        assert "redirects are not followed" in receipt.reason
    else:
        assert receipt == expected


def test_a_slow_receiver_is_stopped_by_the_timeout() -> None:
    """A receiver that never answers, or sends an endless error text slowly, is retried later."""

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(1)
                yield b""

    class Dripping(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(500, stream=Drip())

    channel = WebhookChannel("bridge", Secret(URL), (Secret(KEY),))
    for transport in (Silent(), Dripping()):
        receipt = run_jumping(WebhookSender(channel, transport, timeout_seconds=60).send(message(), NOW))
        assert receipt == Retry("the webhook did not answer in time")


def test_a_long_error_text_is_truncated() -> None:
    """Only the start of an error text is read."""
    receipt = post(answer(500, text="x" * 10_000_000), KEY)
    assert isinstance(receipt, Retry)
    assert len(receipt.reason) < 420


def test_errors_do_not_contain_the_url() -> None:
    """The path of a webhook is a secret, so errors contain neither path nor query."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot connect to {request.url}")

    receipt = post(fail, KEY)
    assert isinstance(receipt, Retry)
    assert PATH_SECRET not in repr(receipt)


def test_a_rejection_by_the_address_guard_is_retried() -> None:
    """An error of the guarded transport is reported like any other failure."""

    def guard(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("10.0.0.1 is a private address; settings.allowed_networks does not hold it")

    receipt = post(guard, KEY)
    assert isinstance(receipt, Retry)
    assert "private address" in receipt.reason


def test_the_payload_is_sent_unchanged() -> None:
    """The body is exactly the payload's bytes."""
    body = json.dumps({"n": "Đỗ Mười"})
    inbox = Inbox(200)
    sender = WebhookSender(WebhookChannel("bridge", Secret(URL), (Secret(KEY),)), httpx.MockTransport(inbox))
    asyncio.run(sender.send(message(payload=body), NOW))
    assert [request.content for request in inbox.requests] == [body.encode()]

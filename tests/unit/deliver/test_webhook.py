"""Webhooks as a receiver sees them, checked with the receiver's own library."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
import time_machine
from loops import leaping
from standardwebhooks import Webhook, WebhookVerificationError
from support.factories import NOW, message

from monitor.deliver.webhook import WebhookSender, parse_retry_after_header
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Refused, Retry, SendResult, Sent
from monitor.domain.secret import Secret

KEY = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NEXT_KEY = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()
PATH_SECRET = "T0P-S3CRET"
URL = f"https://hooks.example.org/{PATH_SECRET}?token={PATH_SECRET}"
Handler = Callable[[httpx.Request], httpx.Response]


class Inbox:
    """Keeps what was posted, and answers with one status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)


def post(handler: Handler, *secrets: str) -> SendResult:
    channel = WebhookChannel("bridge", Secret(URL), tuple(Secret(secret) for secret in secrets))
    carrier = WebhookSender(channel, httpx.MockTransport(handler), timeout_seconds=60)
    return asyncio.run(carrier.send(message(payload='{"type":"digest","data":{"title":"Thủ tướng"}}'), NOW))


def answer(status: int, headers: dict[str, str] | None = None, text: str = "") -> Handler:
    return lambda _: httpx.Response(status, headers=headers, text=text)


def received(*secrets: str) -> httpx.Request:
    inbox = Inbox(204)
    post(inbox, *secrets)
    return inbox.requests[0]


def verify(secret: str, request: httpx.Request, later: timedelta = timedelta(0)) -> object:
    """Verify as a receiver does whose clock shows the attempt's time plus some."""
    with time_machine.travel(NOW + later, tick=False):
        return Webhook(secret).verify(request.content, dict(request.headers))


def test_a_receiver_verifies_id_time_and_body() -> None:
    """The standard library accepts the delivery, and refuses it 301 seconds later or with one byte changed."""
    request = received(KEY)
    assert verify(KEY, request, timedelta(0)) == {"type": "digest", "data": {"title": "Thủ tướng"}}
    assert verify(KEY, request, timedelta(seconds=299)) is not None
    with pytest.raises(WebhookVerificationError, match="old"):
        verify(KEY, request, timedelta(seconds=301))
    forged = httpx.Request("POST", URL, headers=request.headers, content=request.content + b" ")
    with pytest.raises(WebhookVerificationError, match="matching"):
        verify(KEY, forged, timedelta(0))


def test_two_secrets_are_both_valid_while_one_replaces_the_other() -> None:
    """Receivers with the old and with the new secret both accept the same delivery."""
    request = received(KEY, NEXT_KEY)
    assert len(request.headers["webhook-signature"].split()) == 2
    for secret in (KEY, NEXT_KEY):
        assert verify(secret, request, timedelta(0))


def test_every_attempt_has_the_same_id_and_a_time_of_its_own() -> None:
    """The id is the idempotency key; the time is that of the attempt, in UTC whatever the zone."""
    inbox = Inbox(500)
    carrier = WebhookSender(WebhookChannel("bridge", Secret(URL), (Secret(KEY),)), httpx.MockTransport(inbox))
    for minutes in (0, 5):
        asyncio.run(carrier.send(message(9), NOW + timedelta(minutes=minutes)))
    assert {request.headers["webhook-id"] for request in inbox.requests} == {f"{9:040x}"}
    times = [int(request.headers["webhook-timestamp"]) for request in inbox.requests]
    assert times == [int(NOW.timestamp()), int(NOW.timestamp()) + 300]


def test_a_secret_that_is_no_base64_is_used_as_it_is() -> None:
    """Plain words serve as a key too; without any secret nothing is signed."""
    assert received("a plain word!").headers["webhook-signature"].startswith("v1,")
    assert "webhook-signature" not in received().headers


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        (answer(200), Sent("HTTP 200")),
        (answer(204), Sent("HTTP 204")),
        (answer(302, {"location": "http://127.0.0.1/"}), None),
        (answer(410, text="gone"), Refused("HTTP 410 gone", stop_target=True)),
        (answer(429, {"retry-after": "120"}), Retry("HTTP 429", timedelta(seconds=120), pause_channel=True)),
        (answer(503, {"retry-after": "Mon, 04 May 2026 00:10:00 GMT"}), Retry("HTTP 503", timedelta(minutes=10))),
        (answer(500, text="boom\r\nX: y"), Retry("HTTP 500 boom X: y")),
        (answer(404), Retry("HTTP 404")),
        (answer(502, {"retry-after": "99999999999999"}), Retry("HTTP 502", timedelta(days=1))),
    ],
)
def test_the_status_decides(handler: Handler, outcome: SendResult | None) -> None:
    """2xx alone is success, 410 stops, 429 holds the server, Retry-After counts, redirects are not followed."""
    receipt = post(handler, KEY)
    if outcome is None:
        assert isinstance(receipt, Retry)
        assert "redirects are not followed" in receipt.reason
    else:
        assert receipt == outcome


def test_a_slow_receiver_meets_the_deadline() -> None:
    """A receiver that never answers, or drips an endless error text, is tried again later."""

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
        receipt = leaping(WebhookSender(channel, transport, timeout_seconds=60).send(message(), NOW))
        assert receipt == Retry("the webhook did not answer in time")


def test_an_endless_error_text_is_cut() -> None:
    """Only the start of an error's text is read."""
    receipt = post(answer(500, text="x" * 10_000_000), KEY)
    assert isinstance(receipt, Retry)
    assert len(receipt.reason) < 420


def test_the_url_is_in_no_error() -> None:
    """The path of a hook is a secret: an error names neither it nor the query."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot connect to {request.url}")

    receipt = post(fail, KEY)
    assert isinstance(receipt, Retry)
    assert PATH_SECRET not in repr(receipt)


def test_a_refusal_of_the_guard_is_an_outcome() -> None:
    """What the guarded transport refuses is reported like any other failure, and tried again."""

    def guard(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("10.0.0.1 is a private address; settings.allowed_networks does not hold it")

    receipt = post(guard, KEY)
    assert isinstance(receipt, Retry)
    assert "private address" in receipt.reason


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "Mon, 99 Foo 2026"])
def test_an_unreadable_retry_after_is_no_wish(value: str) -> None:
    """Only seconds and dates count."""
    assert parse_retry_after_header(value, NOW) is None


def test_a_payload_is_sent_as_it_was_made() -> None:
    """The bytes posted are the payload's own."""
    body = json.dumps({"n": "Đỗ Mười"})
    inbox = Inbox(200)
    carrier = WebhookSender(WebhookChannel("bridge", Secret(URL), (Secret(KEY),)), httpx.MockTransport(inbox))
    asyncio.run(carrier.send(message(payload=body), NOW))
    assert [request.content for request in inbox.requests] == [body.encode()]

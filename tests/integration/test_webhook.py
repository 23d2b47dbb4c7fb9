"""Webhook sender over the guarded transport to real servers: allowed targets, redirects and timeouts."""

import asyncio
from ipaddress import ip_network

from loops import run_ready_tasks, run_skipping, skip
from support.factories import NOW, message
from support.http_server import Loopback, Respond, on_loop, reply, respond_with, serving

from monitor.deliver.webhook import WebhookSender
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Rejected, Retry, SendResult, Sent
from monitor.domain.secret import Secret
from monitor.fetch.transport import create_guarded_transport

KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
LOOPBACK = (ip_network("127.0.0.0/8"),)
DEADLINE = 60.0  # seconds; tests that need it to expire move the event loop's clock forward


async def post(url: str, *, allowed: bool = True) -> SendResult:
    transport = create_guarded_transport(LOOPBACK if allowed else ())
    try:
        sender = WebhookSender(
            WebhookChannel("bridge", Secret(url), (Secret(KEY),)), transport, timeout_seconds=DEADLINE
        )
        return await sender.send(message(), NOW)
    finally:
        await transport.aclose()


async def post_to(handler: Respond, *, allowed: bool = True) -> tuple[SendResult, Loopback]:
    async with serving(handler) as server:
        return await post(server.url("/hook"), allowed=allowed), server


def posted(handler: Respond, *, allowed: bool = True) -> tuple[SendResult, Loopback]:
    return on_loop(post_to(handler, allowed=allowed))


def test_a_delivery_arrives_signed() -> None:
    """It is one connection and one POST with the headers of Standard Webhooks."""
    receipt, server = posted(respond_with(reply(status="204 No Content")))
    assert receipt == Sent("HTTP 204")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hook", message().rendered.payload.encode())
    headers = asked.headers
    assert headers["webhook-id"] == f"{1:040x}"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["content-type"] == "application/json"


def test_a_private_target_is_never_connected_to() -> None:
    """A webhook to a private network is rejected before a connection unless the settings allow it."""
    receipt, server = posted(respond_with(reply()), allowed=False)
    assert isinstance(receipt, Retry)
    assert "127.0.0.1" in receipt.reason
    assert server.accepts == 0


def test_a_redirect_is_not_followed() -> None:
    """A receiver cannot forward the digest to a URL that is not in the settings."""

    async def run() -> tuple[SendResult, Loopback]:
        async with serving(respond_with(reply())) as secret:
            away = reply(status="307 Temporary Redirect", location=secret.url("/inside"))
            async with serving(respond_with(away)) as server:
                return await post(server.url("/hook")), secret

    receipt, secret = on_loop(run())
    assert isinstance(receipt, Retry)
    assert "redirects are not followed" in receipt.reason
    assert secret.accepts == 0


def test_gone_stops_the_target_and_too_many_requests_pauses_it() -> None:
    """410 ends deliveries to the target; 429 pauses them for the requested time."""
    assert posted(respond_with(reply(status="410 Gone")))[0] == Rejected("HTTP 410", stop_target=True)
    receipt, _ = posted(respond_with(reply(b"slow down", "429 Too Many Requests", retry_after="30")))
    assert isinstance(receipt, Retry)
    assert (receipt.pause_channel, receipt.retry_after and receipt.retry_after.total_seconds()) == (True, 30)


def test_a_silent_or_slow_receiver_is_stopped_by_the_timeout() -> None:
    """The attempt ends in time without a response or with one sent byte by byte."""

    async def silent(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        skip(DEADLINE + 1)
        await run_ready_tasks()

    async def dripping(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(10):
            writer.write(b"x")
            await writer.drain()
            await run_ready_tasks()
            skip(DEADLINE / 4)
        await run_ready_tasks()

    for handler in (silent, dripping):
        receipt, _ = run_skipping(post_to(handler))
        assert receipt == Retry("the webhook did not answer in time")


def test_an_endless_response_is_cut_off() -> None:
    """A body without end is read up to a limit, then the attempt ends."""

    async def endless(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 No\r\n\r\n")
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    receipt, _ = posted(endless)
    assert isinstance(receipt, Retry)


def test_a_refused_connection_is_retried() -> None:
    """A refused connection does not stop the target."""
    receipt = on_loop(post("http://127.0.0.1:9/hook"))
    assert isinstance(receipt, Retry)

"""Webhooks over the guarded transport to real servers: who is reached, what is followed, how long it may take."""

import asyncio
from ipaddress import ip_network

from loopback import Loopback, Talk, on_loop, reply, says, serving
from worlds import NOW, message

from monitor.deliver.webhook import WebhookCarrier
from monitor.domain.delivery import Receipt, Refused, Retry, Secret, Sent, WebhookChannel
from monitor.fetch.transport import guarded_transport

KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
LOOPBACK = (ip_network("127.0.0.0/8"),)


async def post(url: str, *, allowed: bool = True, deadline: float = 2.0) -> Receipt:
    transport = guarded_transport(LOOPBACK if allowed else ())
    try:
        carrier = WebhookCarrier(WebhookChannel("bridge", Secret(url), (Secret(KEY),)), transport, deadline=deadline)
        return await carrier.send(message(), NOW)
    finally:
        await transport.aclose()


def posted(talk: Talk, *, allowed: bool = True, deadline: float = 2.0) -> tuple[Receipt, Loopback]:
    async def run() -> tuple[Receipt, Loopback]:
        async with serving(talk) as server:
            return await post(server.url("/hook"), allowed=allowed, deadline=deadline), server

    return on_loop(run())


def test_a_delivery_arrives_signed() -> None:
    """One connection, one POST, the headers of Standard Webhooks."""
    receipt, server = posted(says(reply(status="204 No Content")))
    assert receipt == Sent("HTTP 204")
    ((path, headers),) = server.asked
    assert path == "/hook"
    assert headers["webhook-id"] == f"{1:040x}"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["content-type"] == "application/json"


def test_row_09_a_private_target_is_never_dialled() -> None:
    """Without leave in the settings a webhook into the own network is refused before a connection."""
    receipt, server = posted(says(reply()), allowed=False)
    assert isinstance(receipt, Retry)
    assert "127.0.0.1" in receipt.reason
    assert server.accepts == 0


def test_row_42_a_redirect_is_not_followed() -> None:
    """A receiver cannot send the digest on to an address that nobody wrote into the settings."""

    async def run() -> tuple[Receipt, Loopback]:
        async with serving(says(reply())) as secret:
            away = reply(status="307 Temporary Redirect", location=secret.url("/inside"))
            async with serving(says(away)) as server:
                return await post(server.url("/hook")), secret

    receipt, secret = on_loop(run())
    assert isinstance(receipt, Retry)
    assert "redirects are not followed" in receipt.reason
    assert secret.accepts == 0


def test_row_42_gone_stops_and_busy_pauses() -> None:
    """410 ends the target, 429 holds it for as long as it says."""
    assert posted(says(reply(status="410 Gone")))[0] == Refused("HTTP 410", stop=True)
    receipt, _ = posted(says(reply(b"slow down", "429 Too Many Requests", retry_after="30")))
    assert isinstance(receipt, Retry)
    assert (receipt.pause, receipt.after and receipt.after.total_seconds()) == (True, 30)


def test_row_42_a_silent_or_endless_receiver_meets_the_deadline() -> None:
    """No answer, an answer byte by byte, or a body without end: the attempt is over in time."""

    async def silent(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async def endless(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 No\r\n\r\n")
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    for talk in (silent, endless):
        receipt, _ = posted(talk, deadline=0.5)
        assert isinstance(receipt, Retry)


def test_a_receiver_that_is_not_there_is_tried_again() -> None:
    """A refused connection is no end."""
    receipt = on_loop(post("http://127.0.0.1:9/hook"))
    assert isinstance(receipt, Retry)

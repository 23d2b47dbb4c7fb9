"""HTTP POST for senders: which statuses are final, and what a result may contain."""

import asyncio

import httpx
import pytest
from support.factories import NOW

from monitor.deliver.http_post import HttpPoster
from monitor.domain.delivery import Rejected, Retry, SendResult, Sent

URL = "https://push.example.org/s3cret"


def post(handler: httpx.MockTransport) -> SendResult:
    poster = HttpPoster(URL, handler, name="the server", refused_statuses={400, 413}, gone_statuses={410})
    return asyncio.run(poster.post(b"body", {"x-title": "T"}, NOW))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, Sent("HTTP 201")),
        (400, Rejected("HTTP 400 why")),
        (413, Rejected("HTTP 413 why")),
        (410, Rejected("HTTP 410 why", stop_target=True)),
        (403, Retry("HTTP 403 why")),
        (429, Retry("HTTP 429 why", pause_channel=True)),
        (301, Retry("HTTP 301: redirects are not followed; use the final URL in sources.yaml")),
    ],
)
def test_a_sender_chooses_the_statuses_that_are_final(status: int, expected: SendResult) -> None:
    assert post(httpx.MockTransport(lambda _: httpx.Response(status, text="why"))) == expected


def test_the_request_has_body_and_headers_of_the_sender() -> None:
    requests = []

    def record(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200)

    post(httpx.MockTransport(record))
    (request,) = requests
    assert (request.method, request.content, request.headers["x-title"]) == ("POST", b"body", "T")
    assert request.headers["user-agent"] == "monitor"


def test_the_url_is_in_no_result() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    result = post(httpx.MockTransport(fail))
    assert isinstance(result, Retry)
    assert "s3cret" not in repr(result)
    assert "cannot reach the server" in result.reason

"""Parsing of request targets: the fast path for ordinary URLs agrees with httpx."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.transport import RequestTarget

HOSTS = st.sampled_from(
    ["news.example", "1.2.3.4", "01.2.3.4", "1.2.3.256", "xn--bcher-kva.example", "bücher.example", "News.Example", "a"]
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":60999", ":1"])
PATHS = st.text(st.sampled_from("ab1/.?&=%+-~:;,'é #"), max_size=12).map("/".__add__)


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, st.one_of(st.just(""), PATHS))
def test_urls_are_parsed_as_httpx_parses_them(scheme: str, host: str, port: str, path: str) -> None:
    """Host, port and path on the wire are equal, and URLs that httpx rejects are rejected."""
    url = f"{scheme}://{host}{port}{path}"
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        with pytest.raises(httpx.InvalidURL):
            RequestTarget.from_url(url)
        return
    assert RequestTarget.from_url(url) == RequestTarget.from_httpx_url(parsed)

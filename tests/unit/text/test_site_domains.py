"""Domains of sites: what two hosts of one outlet share, and two outlets do not."""

import pytest

from monitor.text.site_domains import get_site_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.daily.example", "daily.example"),
        ("daily.example", "daily.example"),
        ("a.b.daily.co.uk", "daily.co.uk"),
        ("daily.co.uk", "daily.co.uk"),
        ("www.gov.uk", "www.gov.uk"),
        ("en.baochinhphu.gov.vn", "baochinhphu.gov.vn"),
        ("www.daily.com.au", "daily.com.au"),
        ("news.daily.or.jp", "daily.or.jp"),
        ("rss.daily.go.th", "daily.go.th"),
        ("www.daily.com.mm", "daily.com.mm"),
        ("www.daily.gob.mx", "daily.gob.mx"),
        ("www.web.de", "web.de"),
        ("rss.co.de", "co.de"),
        ("localhost", "localhost"),
        ("", ""),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1.2.3.4", "2001:db8::1.2.3.4"),
    ],
)
def test_the_domain_of_a_site_has_the_label_that_its_owner_registered(host: str, domain: str) -> None:
    """A second label such as `co.uk` belongs to all outlets of a country; an address has no domain."""
    assert get_site_domain(host) == domain

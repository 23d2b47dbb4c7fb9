"""Every kind of source is accepted, polled and checked alike."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from monitor.config.load import parse_configuration
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError
from monitor.domain.source import Source, SourceKind

URL = "https://daily.example/news"
ADDRESSES: dict[SourceKind, Any] = {
    SourceKind.API: {"url": URL, "items": "items"},
    SourceKind.FEED: URL,
    SourceKind.LISTING: {"url": URL, "items": "li"},
    SourceKind.MAILBOX: {"server": "imaps://desk:${PASSWORD}@daily.example"},
    SourceKind.SITEMAP: URL,
}
ENVIRON = {"PASSWORD": "secret"}
SITEMAP = {"sitemap": "https://daily.example/sitemap.xml"}
OWN_KINDS = [kind for kind in ADDRESSES if kind is not SourceKind.SITEMAP]


PUBLIC = [kind for kind in ADDRESSES if kind is not SourceKind.MAILBOX]
POLLED = dict.fromkeys(ADDRESSES, URL) | {SourceKind.MAILBOX: "imaps://daily.example/INBOX"}


def configure(*kinds: SourceKind, **keys: Any) -> Configuration:
    """Return a configuration with one source that has the keys in this order."""
    given = {kind.value: ADDRESSES[kind] for kind in kinds} | keys
    return parse_configuration(json.dumps({"sources": {"a": given}}).encode(), Path("s.yaml"), ENVIRON)


def read(*kinds: SourceKind, **keys: Any) -> Source:
    (source,) = configure(*kinds, **keys).sources
    return source


def test_every_kind_is_tested_here() -> None:
    assert set(ADDRESSES) == set(SourceKind)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_source_is_polled_at_the_address_of_its_kind(kind: SourceKind) -> None:
    source = read(kind)
    assert (source.kind, source.url, source.gap_sitemap) == (kind, POLLED[kind], "")


@pytest.mark.parametrize("kind", OWN_KINDS)
def test_a_sitemap_fills_the_gaps_of_every_other_kind(kind: SourceKind) -> None:
    source = read(kind, **SITEMAP)
    assert (source.kind, source.url, source.gap_sitemap) == (kind, POLLED[kind], SITEMAP["sitemap"])
    sitemap = source.as_gap_sitemap()
    assert (sitemap.kind, sitemap.url, sitemap.id) == (SourceKind.SITEMAP, SITEMAP["sitemap"], "a")


@pytest.mark.parametrize("pair", list(permutations(OWN_KINDS, 2)))
@pytest.mark.parametrize("more", [{}, SITEMAP], ids=["alone", "sitemap"])
def test_two_kinds_in_one_source_are_an_error(pair: tuple[SourceKind, SourceKind], more: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"sources.a.{pair[1].value}: .*not both"):
        configure(*pair, **more)


@pytest.mark.parametrize("kind", PUBLIC)
def test_a_private_address_is_reported_at_its_place(kind: SourceKind) -> None:
    text = json.dumps({"sources": {"a": {kind.value: ADDRESSES[kind]}}}).replace("daily.example", "10.1.2.3")
    warnings = parse_configuration(text.encode(), Path("s.yaml"), {}).warnings
    place = f"sources.a.{kind.value}.url:" if isinstance(ADDRESSES[kind], dict) else f"sources.a.{kind.value}:"
    assert any(f"{place} this address is in a private network" in str(warning) for warning in warnings)

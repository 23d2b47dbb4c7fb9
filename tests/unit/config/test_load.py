"""Loading of sources.yaml: the result is a configuration, or all errors at once."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.config.load import load_configuration, parse_configuration
from monitor.domain.channels import EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError, KeyIssue
from monitor.domain.secret import Secret
from monitor.domain.source import DateSelector, SourceKind
from monitor.domain.watchlist import Role, Watchlist

HERE = Path("/etc/monitor/sources.yaml")
KINDS = f"{', '.join(list(SourceKind)[:-1])} or {list(SourceKind)[-1]}"
NO_LENGTH = "is not a valid duration; write a number and a unit, such as 90s, 15m, 2h, 7d or 2y"
ENVIRON = {"SMTP_PASSWORD": "p@ss/w", "HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
WHOLE = """\
settings:
  timezone: Asia/Vientiane
  retention: forever
  allowed_networks: [127.0.0.0/8]
sources:
  daily:
    name: The Daily
    feed: http://127.0.0.1:8000/rss
    sitemap: http://127.0.0.1:8000/news.xml
    poll_interval: 1h30m
    headers: {X-Key: "${SMTP_PASSWORD}"}
  agency:
    listing:
      url: https://agency.example/news
      items: li.story
      published: {selector: time, format: "%d/%m/%Y"}
  map: {sitemap: "https://map.example/sitemap.xml", paused: true, language: no}
officials:
  one: {name: Phan Văn Giang, country: Vietnam, roles: [Minister, {title: Chief, from: 2019-05, until: 2021-04-08}]}
  two: {name: Khamlieng Outhakaysone, aliases: [ຄຳລຽງ ອຸທະໄກສອນ], exclude_phrases: [a street]}
synonyms: [[Vietnam, Viet Nam]]
rules:
  people: {officials: all}
  border: {query: 'border NEAR/5 patrol*', sources: [daily], regions: [title]}
channels:
  desk: {email: {to: desk@example.org, from: m@example.org, server: "smtps://u:${SMTP_PASSWORD}@mail.example.org"}}
  hook: {webhook: {url: "https://hooks.example.org/x", secret: "${HOOK}"}}
digests:
  morning: {rules: [people, border], at: 07:00, channels: [desk, hook], quiet_hours: "22:00-06:00"}
  weekly: {rules: all, cron: "0 7 * * 1-5"}
"""


def read(text: str, environ: dict[str, str] | None = None) -> Configuration:
    return parse_configuration(text.encode(), HERE, ENVIRON if environ is None else environ)


def errors(text: str, environ: dict[str, str] | None = None) -> list[str]:
    """Return the errors of a text as ``line:column: message``."""
    with pytest.raises(ConfigError) as caught:
        read(text, environ)
    return [str(error).removeprefix(f"{HERE}:") for error in caught.value.issues]


def test_a_complete_file_becomes_a_configuration() -> None:
    """Every section becomes a domain type, with default values."""
    found = read(WHOLE)
    assert found.settings.database.reveal() == "sqlite:////etc/monitor/monitor.db"
    assert found.settings.retention is None
    assert found.settings.allowed_networks == (ip_network("127.0.0.0/8"),)
    daily, agency, sitemap = found.sources
    assert (daily.kind, daily.poll_interval, daily.sitemap) == (
        SourceKind.FEED,
        timedelta(minutes=90),
        "http://127.0.0.1:8000/news.xml",
    )
    assert daily.headers == {"X-Key": Secret("p@ss/w")}
    assert agency.listing is not None
    assert (agency.listing.items, agency.listing.published) == ("li.story", DateSelector("time", "%d/%m/%Y"))
    assert (sitemap.kind, sitemap.name, sitemap.language) == (SourceKind.SITEMAP, "map", "no")
    assert sitemap.paused == "paused in the configuration"
    assert found.watchlist.officials[0].roles == (Role("Minister"), Role("Chief", date(2019, 5, 1), date(2021, 4, 8)))
    assert found.watchlist.rules[0].officials == ("one", "two")
    desk, hook, outbox = found.channels
    assert isinstance(desk, EmailChannel)
    assert desk.server == Secret("smtps://u:p%40ss%2Fw@mail.example.org")
    assert isinstance(hook, WebhookChannel)
    assert outbox == FolderChannel("outbox", "/etc/monitor/outbox")
    morning, weekly = found.digests
    assert (morning.schedule.at, morning.timezone) == ((time(7, 0),), "Asia/Vientiane")
    assert (weekly.schedule.cron, weekly.rules) == ("0 7 * * mon,tue,wed,thu,fri", ("people", "border"))
    (warning,) = found.warnings
    assert str(warning).startswith(
        f"{HERE}:30:3: digests.weekly: this digest goes only to the folder channel outbox; add"
    )


def test_the_default_channel_is_a_folder() -> None:
    """The first run needs no mail server: digests are written to a folder next to the file."""
    found = read("officials: {a: {name: Tô Lâm}}\n")
    assert found.channels == (FolderChannel("outbox", "/etc/monitor/outbox"),)


@pytest.mark.parametrize("value", ['"${TOKEN}"', '"Bearer ${TOKEN}"', '"typed\\r\\nX-Evil: 1"', '"a\\x00b"'])
def test_header_values_with_line_breaks_are_errors(value: str) -> None:
    """A line break, typed or from a secret, would start another header; the error does not repeat the value."""
    text = f"sources:\n  a: {{feed: 'https://x.example/rss', headers: {{X-Auth-Token: {value}}}}}\n"
    (error,) = errors(text, {"TOKEN": "s3cret\r\nX-Evil: 1"})
    assert error.startswith("2:")
    assert "line break" in error
    assert "s3cret" not in error
    assert "X-Evil" not in error


def test_header_values_that_no_header_can_have_are_errors() -> None:
    """Otherwise each request would fail; the error does not repeat the value, which may be a secret."""
    (error,) = errors("sources:\n  a: {feed: 'https://x.example/rss', headers: {X-Auth-Token: Đ4s3cret}}\n", {})
    assert error.startswith("2:")
    assert "(character 1)" in error
    assert "s3cret" not in error


def test_all_errors_are_reported_at_once() -> None:
    """Errors of syntax, of single values and between keys are listed in file order; none hides another."""
    text = """\
settings: {timezone: Asia/Vientian}
sources:
  a: {feeed: "https://x.example", poll_interval: soon}
  a: {feed: "https://y.example"}
rules:
  r: {officials: [nobody], match_positions: yes}
digests:
  d: {rules: [r], at: "7:00", channels: [desk]}
"""
    assert errors(text) == [
        '1:22: settings.timezone: "Asia/Vientian" is not a valid time zone; did you mean Asia/Vientiane?',
        f"3:3: sources.a: a source needs its address; add {KINDS} with a URL",
        '3:7: sources.a.feeed: there is no key "feeed"; did you mean feed?',
        f'3:50: sources.a.poll_interval: "soon" {NO_LENGTH}',
        '4:3: "a" is repeated, first in line 3; keep one of them',
        '6:19: rules.r.officials.0: there is no official "nobody"; define it under officials, or delete it here',
        "6:45: rules.r.match_positions: this is text; write true or false, without quotes",
        '8:23: digests.d.at: "7:00" is not a valid time of day; write HH:MM on the 24-hour clock, such as "07:00"',
        '8:42: digests.d.channels.0: there is no channel "desk"; define it under channels, or delete it here',
    ]


def test_a_check_reports_the_place_within_a_value() -> None:
    """A check passed by the caller gets the watchlist, and its issue has the exact line and column in a value."""

    def check(watch: Watchlist) -> Iterable[KeyIssue]:
        position = watch.rules[0].query.index("Laos")
        yield KeyIssue(("rules", "r", "query"), "an operator is missing before this; write AND", position)

    text = "rules:\n  r:\n    query: >\n      border\n      'Laos'\n"
    with pytest.raises(ConfigError) as caught:
        parse_configuration(text.encode(), HERE, {}, [check])
    assert [(error.line, error.column) for error in caught.value.issues] == [(5, 8)]


def test_the_error_for_a_missing_file_names_the_command_that_creates_one(tmp_path: Path) -> None:
    """A missing file and a folder in its place are errors with a suggestion."""
    with pytest.raises(ConfigError, match="there is no such file; create it with: monitor init"):
        load_configuration(tmp_path / "sources.yaml", {})
    with pytest.raises(ConfigError, match="this is a folder"):
        load_configuration(tmp_path, {})

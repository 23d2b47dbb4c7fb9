"""Parsers of single values: accepted texts, and errors for all others."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import engine_parsers
from monitor.config.yaml_document import parse_yaml
from monitor.domain import value_parsers

VALID: list[tuple[Callable[[str], object], str, object]] = [
    (value_parsers.parse_duration, "90s", timedelta(seconds=90)),
    (value_parsers.parse_duration, "1h30m", timedelta(minutes=90)),
    (value_parsers.parse_duration, "2y", timedelta(days=730)),
    (value_parsers.parse_date, "2021-04", date(2021, 4, 1)),
    (value_parsers.parse_date, "2024-02-29", date(2024, 2, 29)),
    (value_parsers.parse_host_port, "[::1]:9464", ("::1", 9464)),
    (value_parsers.parse_language_code, "zh-Hans", "zh-Hans"),
    (value_parsers.parse_email_address, "desk@bücher.example", "desk@bücher.example"),
    (value_parsers.parse_email_address, "News Desk <desk@example.org>", "News Desk <desk@example.org>"),
    (value_parsers.parse_url, "https://tin.việt.example/a?b=ü#c", "https://tin.việt.example/a?b=ü#c"),
    (value_parsers.parse_url, "http://[::1]:8080/", "http://[::1]:8080/"),
    (engine_parsers.parse_cron, "0 7 * * 1-5", "0 7 * * mon,tue,wed,thu,fri"),
    (engine_parsers.parse_cron, "*/5 0 1 jan *", "*/5 0 1 jan *"),
    (engine_parsers.parse_cron, "0 7 * * 7", "0 7 * * sun"),
    (engine_parsers.parse_cron, "0 7 * * 0-7", "0 7 * * *"),
    (engine_parsers.parse_cron, "0 7 * * fri-mon", "0 7 * * sun,mon,fri,sat"),
    (engine_parsers.parse_cron, "0 7 * * */2", "0 7 * * sun,tue,thu,sat"),
]
INVALID: list[tuple[Callable[[str], object], str, str]] = [
    (value_parsers.parse_duration, "15", "write a number and a unit"),
    (value_parsers.parse_duration, "1.5h", "write a number and a unit"),
    (value_parsers.parse_duration, "0s", "write 1s or more"),
    (value_parsers.parse_duration, "999999y", "write 100y or less"),
    (value_parsers.parse_duration, "999999999y", "write 100y or less"),
    (value_parsers.parse_time_of_day, "24:00", "24-hour clock"),
    (value_parsers.parse_quiet_hours, "22:00", "write two times"),
    (value_parsers.parse_quiet_hours, "22:00-22:00", "write two times"),
    (value_parsers.parse_date, "2021-02-30", "write year-month-day"),
    (value_parsers.parse_timezone, "asia/vientiane", "did you mean Asia/Vientiane"),
    (value_parsers.parse_timezone, "local time", "such as Asia/Vientiane"),
    (value_parsers.parse_id, "../../etc/x", "such as etc-x"),
    (value_parsers.parse_id, "-x", "such as x"),
    (value_parsers.parse_id, "x" * 65, "at most 64"),
    (value_parsers.parse_network, "10.0.0.1/8", "such as 10.0.0.0/8"),
    (value_parsers.parse_network, "home", "such as 127.0.0.0/8"),
    (value_parsers.parse_host_port, "localhost:80", "such as 127.0.0.1:9464"),
    (value_parsers.parse_host_port, "127.0.0.1:0", "such as 127.0.0.1:9464"),
    (value_parsers.parse_url, "example.org/feed", "write https:// or http:// before it"),
    (value_parsers.parse_url, "file:///etc/passwd", '"file:"'),
    (value_parsers.parse_url, "https://", "has no valid host"),
    (value_parsers.parse_url, "https://a b/", "no spaces"),
    (value_parsers.parse_url, "https://x.example:99999/", "not a valid URL"),
    (value_parsers.parse_url, "https://user:pw@x.example/", "put them into headers"),
    (value_parsers.parse_url, "https://x.example/?k=${KEY}", "put the secret into headers"),
    (value_parsers.parse_url, "https://-x-.example/", "has no valid host"),
    (value_parsers.parse_email_address, "desk", "such as desk@example.org"),
    (value_parsers.parse_email_address, "a@b.example, c@d.example", "such as desk@example.org"),
    (value_parsers.parse_email_address, "a@b.example\nBcc: c@d.example", "such as desk@example.org"),
    (engine_parsers.parse_css_selector, "p[", "such as div.story > h2 a"),
    (value_parsers.parse_date_format, "%d/%m", "such as %d/%m/%Y"),
    (value_parsers.parse_header_name, "Host", "sets Host itself"),
    (value_parsers.parse_header_name, "X Y", "such as Authorization"),
    (value_parsers.check_header_value, "b\r\nX-Evil: 1", "in one line"),
    (value_parsers.check_header_value, "b\n", "in one line"),
    (value_parsers.check_header_value, "a\0b", "in one line"),
    (value_parsers.check_header_value, "a\x1b[2J", "in one line"),
    (engine_parsers.parse_cron, "@daily", 'such as "0 7 * * mon-fri"'),
    (engine_parsers.parse_cron, "0 7 1 * mon", "leave one of them"),
    (engine_parsers.parse_cron, "0 7 30 2 *", "a day that exists"),
    (engine_parsers.parse_cron, "61 7 * * *", "higher than the maximum"),
    (engine_parsers.parse_cron, "0 7 * * someday", "mon-fri"),
    (value_parsers.parse_signing_key, "plain text!", "openssl rand -base64 32"),
]


@pytest.mark.parametrize(("parse", "text", "value"), VALID)
def test_valid_text_is_parsed(parse: Callable[[str], object], text: str, value: object) -> None:
    """Each format has the meaning that users expect."""
    assert parse(text) == value


@pytest.mark.parametrize(("parse", "text", "hint"), INVALID)
def test_the_error_for_invalid_text_shows_a_valid_form(parse: Callable[[str], object], text: str, hint: str) -> None:
    """Every error has a suggestion, and none repeats the text of a URL."""
    with pytest.raises(ValueError, match=r".+") as caught:
        parse(text)
    assert hint in str(caught.value)
    assert "user:pw" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_parsers_raise_no_other_error(text: str) -> None:
    """Any text gives a value or the parser's own error."""
    for parse in {parse for parse, _, _ in INVALID}:
        try:
            parse(text)
        except ValueError as error:
            assert len(str(error)) > 10  # noqa: PT017 - both ways out are right


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_errors(data: bytes) -> None:
    """Invalid YAML gives errors with places inside the file."""
    document = parse_yaml(data)
    lines = data.count(b"\n") + data.count(b"\r") + 2
    assert all(1 <= place.line <= lines and place.column >= 1 for place, _ in document.errors)


@pytest.mark.parametrize(
    ("source", "character", "where"),
    [
        ("q: one BAD", "B", (1, 8)),
        ("q: 'it''s BAD'", "B", (1, 11)),
        ('q: "a \\"b\\" BAD"', "B", (1, 13)),
        ("q: |\n  one\n  BAD", "B", (3, 3)),
        ("q: >-\n  one\n\n  two BAD", "B", (4, 7)),
        ("q: Tô Lâm BAD", "B", (1, 11)),
    ],
)
def test_a_character_of_a_value_has_its_place_in_the_file(source: str, character: str, where: tuple[int, int]) -> None:
    """In quoted, folded and multi-line values the place is where the user sees the character."""
    document = parse_yaml(source.encode())
    assert isinstance(document.value, dict)
    value = document.value["q"]
    assert isinstance(value, str)
    place = document.find_character_position(("q",), value.index(character))
    assert (place.line, place.column) == where

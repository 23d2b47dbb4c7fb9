"""HTML templates of the desk, the web site for readers.

They run in a sandbox, escape every value, and raise an error for an undefined name.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.digest.labels import name_language, sanitize_language_code
from monitor.text.numbers import format_count
from monitor.text.sanitize import sanitize, sanitize_link, single_line

STATIC_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
HASH_CHARS = 12


# Browsers also name those from which they were made, so the order counts.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)


@cache
def load_static_files() -> dict[str, tuple[str, bytes]]:
    """Return a dictionary that maps the path ``HASH/NAME`` of each static file to its content type and content."""
    found = {}
    for file in files("monitor.web").joinpath("static").iterdir():
        suffix = file.name.rpartition(".")[2]
        if suffix in STATIC_TYPES:
            body = file.read_bytes()
            found[f"{hashlib.sha256(body).hexdigest()[:HASH_CHARS]}/{file.name}"] = (STATIC_TYPES[suffix], body)
    return found


@cache
def static_url(name: str) -> str:
    """Return the path of a static file. It contains a hash of the content, so that it changes with the content."""
    return next(f"/static/{path}" for path in load_static_files() if path.endswith(f"/{name}"))


def format_moment(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """Return a time in a time zone as text, such as "Fri 27 Nov, 08:10".

    If it is not in the present year, add the year.
    """
    local = moment.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a %-d %b}{year}, {local:%H:%M}"


def format_day(moment: datetime, zone: tzinfo) -> str:
    """Return the day of a time in a time zone, as YYYY-MM-DD."""
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def format_duration(seconds: float) -> str:
    """Return a duration as text in the largest suitable unit, such as "3 h"."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(0, seconds))} s"


def language_code(text: str) -> str:
    """Return a language code for the HTML attribute ``lang``, or "und" if the language is unknown."""
    return sanitize_language_code(text) or "und"


def make_url(path: str, **parameters: object) -> str:
    """Return a path with the given parameters as its query string. Empty parameters are left out."""
    given = [(name, str(value)) for name, value in parameters.items() if value not in {"", None}]
    return f"{path}?{urlencode(given)}" if given else path


def quote_segment(text: object) -> str:
    """Return a text quoted for use as one segment of a path."""
    return quote(str(text), safe="")


def iso_utc(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def describe_browser(agent: str) -> str:
    """Return browser and system of a User-Agent header, such as "Firefox, Windows", or the header itself."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system))) if browser else agent


def bar_heights(counts: Iterable[int], height: int) -> list[tuple[int, int]]:
    """Return a pair for each count: the count and the height of its bar. The largest count has the full height."""
    numbers = list(counts)
    peak = max(numbers, default=0)
    return [(count, max(2, round(count * height / peak)) if count else 0) for count in numbers]


@cache
def create_environment() -> ImmutableSandboxedEnvironment:
    """Return the Jinja environment of all templates, with their filters and functions."""
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clean=sanitize,
        line=single_line,
        link=sanitize_link,
        lang=language_code,
        language=name_language,
        segment=quote_segment,
        iso=iso_utc,
        count=format_count,
        length_of=format_duration,
        bars=bar_heights,
        browser=describe_browser,
    )
    environment.globals.update(static_url=static_url, url=make_url)
    return environment


def render(name: str, **values: Any) -> str:
    """Render a template of the desk with the given values, and return the HTML."""
    return create_environment().get_template(name).render(values)

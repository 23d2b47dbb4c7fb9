"""Parsers of the values in sources.yaml: durations, times of day, dates, time zones, addresses and URLs.

Each parser takes the text from the file and returns the value. If the text is invalid, it raises ``ValueError``, whose
message states what is wrong and what is valid. No message contains a URL, because a URL may contain a secret.
"""

import base64
import binascii
import difflib
import ipaddress
import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import cache
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

SECONDS_BY_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
MAX_DURATION = timedelta(days=36500)
MAX_URL_CHARS, MAX_ID_CHARS = 2000, 64

_DURATION = re.compile(r"(?:[0-9]{1,9}[smhdwy])+")
_DURATION_PART = re.compile(r"([0-9]+)([smhdwy])")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"([12][0-9]{3})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?")
_NAMED_EMAIL_ADDRESS = re.compile(r'"?[^<>"@,;:\\()]+"? ?<([^<>]+)>')
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
WIKIDATA_ID_PATTERN = "^Q[1-9][0-9]{0,11}$"
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RESERVED_HEADERS = {"accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match"}


def parse_duration(text: str) -> timedelta:
    """Parse a duration, such as 90s, 7d or 1h30m.

    A duration has one or more numbers, each with a unit (s m h d w y), which are added together.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f'"{text}" is not a valid duration; write a number and a unit, such as 90s, 15m, 2h, 7d or 2y')
    seconds = sum(int(n) * SECONDS_BY_UNIT[unit] for n, unit in _DURATION_PART.findall(text))
    if seconds <= 0:
        raise ValueError("a duration must be more than zero; write 1s or more")
    if seconds > MAX_DURATION.total_seconds():
        raise ValueError(f'"{text}" is over a hundred years; write 100y or less')
    return timedelta(seconds=seconds)


def parse_time_of_day(text: str) -> time:
    """Parse a time of day on the 24-hour clock, HH:MM."""
    if found := _TIME_OF_DAY.fullmatch(text):
        return time(int(found[1]), int(found[2]))
    raise ValueError(f'"{text}" is not a valid time of day; write HH:MM on the 24-hour clock, such as "07:00"')


def parse_quiet_hours(text: str) -> tuple[time, time]:
    """Parse quiet hours, HH:MM-HH:MM, and return their start and end.

    If the start is later than the end, the hours include midnight.
    """
    parts = text.split("-")
    if len(parts) == 2 and all(_TIME_OF_DAY.fullmatch(part.strip()) for part in parts):
        start, end = (parse_time_of_day(part.strip()) for part in parts)
        if start != end:
            return start, end
    raise ValueError(f'"{text}" are not valid quiet hours; write two times, such as "22:00-06:00"')


def parse_date(text: str) -> date:
    """Parse a date, YYYY-MM-DD. The form YYYY-MM gives the first day of that month."""
    found = _DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        pass
    raise ValueError(f'"{text}" is not a valid date; write year-month-day, such as 2021-04-08, or year-month')


def parse_timezone(text: str) -> str:
    """Check the name of an IANA time zone, such as Asia/Vientiane, and return it."""
    if text in _list_timezones():
        return text
    city = text.replace(" ", "_").lower()
    whole = sorted((zone for zone in _list_timezones() if zone.lower().endswith(f"/{city}")), key=len)
    hint = f"; did you mean {whole[0]}?" if whole else suggest_similar(text, _list_timezones())
    raise ValueError(f'"{text}" is not a valid time zone{hint or "; write a name such as Asia/Vientiane"}')


@cache
def _list_timezones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if zone != "localtime")


def parse_id(text: str) -> str:
    """Check an id and return it. Valid ids have lower-case letters, digits and hyphens, at most 64 characters.

    An id begins with a letter or a digit.
    """
    if _ID.fullmatch(text):
        return text
    better = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].rstrip("-")
    hint = f", such as {better}" if better else ", such as viet-nam-news"
    raise ValueError(f"an id has lower-case letters, digits and hyphens only, at most 64{hint}")


def parse_wikidata_id(text: str) -> str:
    """Check the id of a Wikidata item, such as Q123, and return it."""
    if re.match(WIKIDATA_ID_PATTERN, text):
        return text
    raise ValueError(f'"{text}" is not an id of Wikidata; write it as in the address of the item, such as Q123')


def parse_language_code(text: str) -> str:
    """Check a language code, such as en, vi, lo or zh-Hans, and return it."""
    if _LANGUAGE_CODE.fullmatch(text):
        return text
    raise ValueError(
        f'"{text}" is not a valid language code; write two or three lower-case letters, such as en, vi or lo'
    )


def parse_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Parse a network in CIDR form, such as 10.0.0.0/8, or a single address."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        try:
            hint = str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            hint = "127.0.0.0/8"
        raise ValueError(f'"{text}" is not a valid network; write it such as {hint}') from error


def parse_host_port(text: str) -> tuple[str, int]:
    """Parse an address of this machine and a port, such as 127.0.0.1:9464 or [::1]:9464."""
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ValueError(f'"{text}" is not a valid address and port; write them such as 127.0.0.1:9464, or off')
    return str(address), int(port)


def parse_url(text: str) -> str:
    """Check an http or https URL and return it. It must have no user name and no password."""
    parts = split_url(text, ("https", "http"))
    if "@" in parts.netloc:
        raise ValueError("a URL may not contain a user or password; put them into headers, as ${NAME}")
    if "${" in text:
        raise ValueError("${NAME} is not read in a plain URL; put the secret into headers")
    return text


def parse_token_url(text: str) -> str:
    """Return the text if it is a URL to which secrets may be sent: https, or http on this machine."""
    parse_url(text)
    parts = split_url(text, ("https", "http"))
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("secrets are sent to this URL, so it must begin with https://")
    return text


def split_url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """Check the scheme, host, port and characters of a URL, and return its parts.

    ``schemes`` are the schemes that are allowed.
    """
    example = f"{schemes[0]}://host.example"
    if not text.isprintable() or " " in text or len(text) > MAX_URL_CHARS:  # no other space is printable
        raise ValueError(f"a URL has no spaces or control characters and at most {MAX_URL_CHARS} letters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"this is not a valid URL, {error}; use a form such as {example}") from error
    if parts.scheme not in schemes:
        right = " or ".join(f"{scheme}://" for scheme in schemes)
        if parts.scheme.isalnum() and "://" in text:
            raise ValueError(f'this URL begins with "{parts.scheme}:" but must begin with {right}')
        raise ValueError(f"this URL has no scheme; write {right} before it")
    if not is_valid_host(host):
        raise ValueError(f"this URL has no valid host; write it such as {example}")
    return parts


def is_ip_address(host: str) -> bool:
    """Return whether a host is an IP address."""
    if not (host[-1:].isdigit() or ":" in host):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_valid_host(host: str) -> bool:
    """Return whether a text is an IP address or a valid host name. Letters of any script are allowed."""
    if is_ip_address(host):
        return True
    try:
        ascii_host = host.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return 0 < len(ascii_host) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in ascii_host.split("."))


def parse_email_address(text: str) -> str:
    """Check that a text is one email address, alone or as ``Name <address>``, and return the text unchanged."""
    named = _NAMED_EMAIL_ADDRESS.fullmatch(text)
    bare = named[1] if named else text
    try:
        address = Address(addr_spec=bare)
        good = bool(address.username) and is_valid_host(address.domain) and address.addr_spec == bare
    except (ValueError, IndexError, HeaderParseError):
        good = False
    if not good or not text.isprintable() or any(letter.isspace() for letter in bare):
        raise ValueError(f'"{text}" is not a valid email address; write one such as desk@example.org')
    return text


def parse_date_format(text: str) -> str:
    """Check a date format for ``strptime`` and return it. It must contain day, month and year."""
    probe = datetime(2021, 4, 8, 15, 16)  # noqa: DTZ001 - a format, not a time, is tested
    twin = probe.replace(year=2027)  # with the same calendar: from Python 3.13 on, strptime warns of a missing year
    try:
        dated = probe.strftime(text) != twin.strftime(text)
        good = dated and datetime.strptime(probe.strftime(text), text).date() == probe.date()  # noqa: DTZ007 - as above
    except ValueError:
        good = False
    if not good:
        raise ValueError(f'"{text}" is not a valid date format; write one such as %d/%m/%Y or %d/%m/%Y %H:%M')
    return text


def parse_header_name(name: str) -> str:
    """Check the name of an HTTP header and return it.

    Raises ``ValueError`` if the name is invalid, or belongs to a header that only the program may set.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("this is not a valid header name; use one such as Authorization")
    if name.lower() in _RESERVED_HEADERS:
        raise ValueError(f"the program sets {name} itself; delete it")
    return name


def check_header_value(text: str) -> None:
    """Check that the value of an HTTP header has only printable ASCII characters. Raises ``ValueError`` otherwise.

    A line break in the value would begin another header, and other characters have no common encoding in a header. The
    message does not contain the value, because it may be a secret.
    """
    if _CONTROL_CHARACTER.search(text):
        raise ValueError(
            "the value of a header has a line break or another control character; "
            "write it, or the secret that it refers to, in one line"
        )
    if not text.isascii():
        raise ValueError(
            f"the value of a header has a character that headers cannot have (character {_find_foreign(text)}); "
            "use letters, digits and signs of ASCII"
        )


def _find_foreign(text: str) -> int:
    return next(number for number, char in enumerate(text, 1) if not char.isascii())


def parse_signing_key(text: str) -> str:
    """Check a secret in the format of Standard Webhooks, and return it unchanged.

    The format is base64, with or without the prefix ``whsec_``.
    """
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a webhook secret is base64, with whsec_ before it; make one by: openssl rand -base64 32")
    return text


def suggest_similar(text: str, known_words: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the known word that is most similar to a word.

    If no known word is similar, the result is an empty text.
    """
    words = {word.lower(): word for word in known_words}
    near = difflib.get_close_matches(text.lower(), words, 1, 0.7)
    return f"; did you mean {words[near[0]]}?" if near else ""

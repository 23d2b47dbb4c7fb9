"""Canonical URLs: one spelling for each URL, so that an article is recognized by any link to it."""

import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING_PARAMETER = re.compile(
    r"(?:utm_.*|mc_[ce]id|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid|igsh|"
    r"zarsrc|_ga|_gl|_hsenc|_hsmi|mkt_tok|vero_id|oly_(?:anon|enc)_id|wt\.mc.*|cmpid|ocid|ns_.*|at_(?:medium|campaign)|"
    r"jsessionid|phpsessid|spm|ref_src|ref_url|__twitter_impression|guccounter|guce_.*)",
    re.IGNORECASE,
)
_UNSAFE_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_CANONICAL = re.compile(  # a URL that is already canonical, except for its query
    r"(https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::(?:[1-9]\d{3}|[1-5]\d{4}))?)"
    r"(/(?:[A-Za-z0-9_~!$&'()*+,=:@/-]|\.(?![./]|$))*)(?:\?([A-Za-z0-9._~!$'()*+,=:@/?&-]*))?"
)
_PERCENT_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HEADER_SAFE_CHARACTERS = _UNRESERVED_CHARACTERS | frozenset("!#$%&'()*+,/:;=?@[]")
_AUTHORITY = re.compile(rb"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")
_LEADING_HOST = re.compile(r"((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?::\d{2,5})?(?=[/?#]|$)")
_GENERIC_SUFFIXES = frozenset(
    """
    com org net edu gov mil int info biz news press media today online site live world asia africa app blog radio report
    reviews digital network agency international london paris berlin tokyo example test
    """.split()  # noqa: SIM905 - more readable than a long list
)
"""Top-level domains of more than two letters that outlets use.

Every top-level domain of two letters belongs to a country.
"""
_FILE_SUFFIXES = frozenset("ai cc do gz hs im js md mk mo pl pm ps py rb rs sh so ts vb ws".split())  # noqa: SIM905 - as above
"""Top-level domains of countries that are also endings of file names."""
_NO_PLACE_FRAGMENT = re.compile(
    r"(?:|top|main|content|nav|menu|footer|comments|respond|share|.*=.*|[!/].*)", re.IGNORECASE | re.DOTALL
)
_SESSION_PARAMETERS = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;]*", re.IGNORECASE)


def canonicalize_url(url: str, base: str = "") -> str:
    """Return the canonical spelling of a web URL, or an empty string for any other text.

    - A relative URL is resolved against ``base``.
    - Scheme and host are converted to lower case, and international hosts to their xn-- form.
    - Default ports, credentials, fragments, tracking parameters and session ids are removed.
    - Dot segments are resolved, and percent escapes are normalized.
    - Parameters are sorted by name; parameters with the same name keep their order.
    - The path keeps its case and its final slash, because servers may distinguish them.
    """
    if match := _CANONICAL.fullmatch(url):
        query = _canonicalize_query(match[3] or "")
        return f"{match[1]}{match[2]}?{query}" if query else f"{match[1]}{match[2]}"
    parts = _split_url(url, base)
    if parts is None:
        return ""
    host = _to_ascii_host(parts.hostname or "")
    if not host:
        return ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    path = _SESSION_PARAMETERS.sub("", _normalize_escapes(_resolve_dot_segments(parts.path), "/:@!$&'()*+,;=")) or "/"
    return urlunsplit(
        (parts.scheme, netloc, path, _normalize_escapes(_canonicalize_query(parts.query), "/:@!$&'()*+,;=?"), "")
    )


def extract_host(url: str) -> str:
    """Return the host of a web URL in lower case and without its port, or an empty string for any other text."""
    if match := _CANONICAL.match(url):
        return match[1].partition("://")[2].partition(":")[0]
    parts = _split_url(url, "")
    return _to_ascii_host(parts.hostname or "") if parts else ""


def extract_origin(url: str) -> str:
    """Return the scheme, host and port of a web URL, such as ``https://daily.example:443``.

    The result is an empty string for any other text.
    """
    parts = _split_url(url, "")
    host = _to_ascii_host(parts.hostname or "") if parts else ""
    return f"{parts.scheme}://{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}" if parts and host else ""


def starts_with_host(link: str) -> bool:
    """Return whether a link without a scheme begins with a host name, as ``www.daily.example/a/22`` does.

    The last label of the name must be a top-level domain and not a usual file extension: ``index.php`` and ``story.do``
    are paths.
    """
    found = _LEADING_HOST.match(link)
    if found is None:
        return False
    labels = found[1].lower().split(".")
    if labels[0] == "www" or labels[-1] in _GENERIC_SUFFIXES:
        return len(labels) > 1
    is_country = len(labels[-1]) == len("uk") and (len(labels) > 2 or labels[-1] not in _FILE_SUFFIXES)
    return is_country and labels[-1].isascii()


def quote_unsafe_characters(address: bytes) -> str:
    """Convert an address in an HTTP header to text, with percent escapes for spaces, non-ASCII and other unsafe bytes.

    The host is decoded as UTF-8 instead, because an international host has no percent-encoded form.
    """
    found = _AUTHORITY.match(address)
    authority = found[0] if found else b""
    rest = "".join(
        chr(byte) if chr(byte) in _HEADER_SAFE_CHARACTERS else f"%{byte:02X}" for byte in address[len(authority) :]
    )
    return authority.decode("utf-8", "replace") + rest


def find_page_place(url: str) -> str:
    """Return the fragment of a URL if it leads to a particular part of the page, such as one of several articles.

    Otherwise the result is an empty string: for a general fragment ("#top", "#comments"), a campaign parameter
    ("#xtor=RSS-1") or a route ("#!/").
    """
    fragment = url.partition("#")[2].strip() if "://" in url else ""
    return "" if _NO_PLACE_FRAGMENT.fullmatch(fragment) else fragment


def is_web_url(url: str) -> bool:
    """Return whether a text is an absolute http or https URL with a host, without spaces and invisible characters."""
    if _CANONICAL.fullmatch(url):
        return True
    return " " not in url and not _UNSAFE_CHARACTERS.search(url) and bool(extract_host(url))


def _split_url(url: str, base: str) -> SplitResult | None:
    """Resolve a URL against ``base`` and split it into its parts; return None if it is not an http or https URL."""
    text = _UNSAFE_CHARACTERS.sub("", url).strip()
    try:
        parts = urlsplit(urljoin(base, text) if base else text)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return None
        parts.port  # noqa: B018 - reading it raises ValueError for a port out of range
    except ValueError:
        return None
    return parts


def _to_ascii_host(host: str) -> str:
    """Convert a host name to the ASCII form that DNS uses; return an empty string if IDNA rejects the name."""
    name = host.rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _resolve_dot_segments(path: str) -> str:
    """Resolve the segments ``.`` and ``..`` in an absolute path (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _normalize_escapes(text: str, safe: str) -> str:
    """Normalize the percent escapes in a part of a URL.

    Escapes of unreserved characters are replaced by the characters. Characters that are neither unreserved nor in
    ``safe`` are escaped as UTF-8, in upper case.
    """
    if "%" in text:
        text = _PERCENT_ESCAPE.sub(_unescape_unreserved, text)
    if text.isascii() and text.isprintable() and not any(char in text for char in ' "<>\\^`{|}'):
        return text
    allowed = _UNRESERVED_CHARACTERS | frozenset(safe + "%")
    return "".join(
        char if char in allowed else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in text
    )


def _unescape_unreserved(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED_CHARACTERS else f"%{match[1].upper()}"


def _canonicalize_query(query: str) -> str:
    """Remove tracking parameters from a query, and sort the others by name.

    Parameters with the same name keep their order.
    """
    if not query:
        return ""
    pairs = [pair for pair in query.split("&") if pair and not _TRACKING_PARAMETER.fullmatch(pair.partition("=")[0])]
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    return "&".join(pairs)

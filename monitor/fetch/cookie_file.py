"""Cookie files: the cookies of a login, in the Netscape format, which browsers and their extensions export.

A file is read again when it changes. A cookie is sent only to the hosts, paths and schemes that the file states.
"""

import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from http.cookiejar import Cookie, CookieJar, LoadError, MozillaCookieJar
from pathlib import Path
from typing import Any

from msgspec import Struct

_MAX_FILE_BYTES = 1_000_000


class CookieFileError(Exception):
    """Raised if a cookie file cannot be read, or if all its cookies for a host have expired.

    The message gives the reason.
    """


class _LoadedFile(Struct, frozen=True):
    cookies: tuple[Cookie, ...]
    version: tuple[int, int]


class CookieFiles:
    """Cache of cookie files. A file is read again when it has changed."""

    def __init__(self) -> None:
        self._files: dict[str, _LoadedFile] = {}

    def get_header(self, path: str, url: str, now: datetime) -> str:
        """Return the value of the ``Cookie`` header for a URL.

        The result is empty if the file has no cookie for the host. Raises ``CookieFileError`` if the file cannot be
        read, or if all its cookies for the host have expired.
        """
        request = urllib.request.Request(url)  # noqa: S310 - opened nowhere; the jar needs it to match cookies
        cookies, jar = self._load(path), CookieJar()
        for cookie in cookies:
            if not _is_expired(cookie, now):
                jar.set_cookie(cookie)
        jar.add_cookie_header(request)
        header = request.get_header("Cookie") or ""
        if not header and (expired := _list_expired(cookies, request.host, now)):
            last = max(datetime.fromtimestamp(cookie.expires or 0, UTC) for cookie in expired)
            names = ", ".join(sorted(cookie.name for cookie in expired)[:3])
            raise CookieFileError(
                f"the cookies of {request.host} in {Path(path).name} have expired ({names}), the last one on "
                f"{last:%Y-%m-%d}"
            )
        return header

    def list_for_browser(self, path: str) -> list[dict[str, Any]]:
        """Return all cookies of a file in the format of Playwright. Raises ``CookieFileError`` if it cannot be read."""
        return [
            {
                "name": cookie.name,
                "value": cookie.value or "",
                "domain": cookie.domain,
                "path": cookie.path,
                "secure": cookie.secure,
                "expires": cookie.expires or -1,
            }
            for cookie in self._load(path)
        ]

    def _load(self, path: str) -> tuple[Cookie, ...]:
        try:
            status = Path(path).stat()
            version = (status.st_mtime_ns, status.st_size)
            known = self._files.get(path)
            if known and known.version == version:
                return known.cookies
            if status.st_size > _MAX_FILE_BYTES:
                raise CookieFileError(f"the cookie file {path} is longer than {_MAX_FILE_BYTES // 1_000_000} MB")
            jar = MozillaCookieJar(path)
            jar.load(ignore_discard=True, ignore_expires=True)
        except LoadError as error:
            raise CookieFileError(
                f"the cookie file {path} is not in the Netscape format, whose first line is "
                "'# Netscape HTTP Cookie File' and whose rows have seven columns with tabs between them"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise CookieFileError(f"the cookie file {path} cannot be read: {reason}") from error
        for cookie in jar:
            if cookie.expires == 0:  # most programs write a cookie like this if it ends with the session of the browser
                cookie.expires, cookie.discard = None, True
        self._files[path] = _LoadedFile(tuple(jar), version)
        return self._files[path].cookies


def _is_expired(cookie: Cookie, now: datetime) -> bool:
    return cookie.expires is not None and cookie.expires <= now.timestamp()


def _list_expired(cookies: Iterable[Cookie], host: str, now: datetime) -> list[Cookie]:
    """Return the expired cookies for a host."""
    name = host.partition(":")[0]
    domains = {cookie: cookie.domain.lstrip(".") for cookie in cookies if _is_expired(cookie, now)}
    return [cookie for cookie, domain in domains.items() if name == domain or name.endswith(f".{domain}")]

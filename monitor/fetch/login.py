"""Expired logins: detects that a server redirects a source with a login to its login page, or asks for a login."""

import re
from urllib.parse import urlsplit

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Fetched, FetchRequest, FetchResult
from monitor.domain.source_health import SUGGEST_LOGIN

LOGIN_STATUSES = frozenset({401, 402, 407})
_LOGIN_PATH = re.compile(
    r"(?:^|[/_.-])(?:log-?in|sign-?in|log-?on|auth|sso|anmelden|connexion|iniciar-?sesion|dang-?nhap|masuk)(?:$|[/_.?-])",
    re.IGNORECASE,
)


def find_expired_login(request: FetchRequest, status: int, final_url: str, result: FetchResult) -> FetchResult:
    """Return ``Blocked`` if the response shows that the login of a source has expired; otherwise return ``result``.

    Requests without a login are not examined, because a server may ask for a login that the user never had.
    """
    if not request.has_login:
        return result
    host = urlsplit(final_url).hostname or ""
    evidence = ""
    if status in LOGIN_STATUSES:
        evidence = f"{host} asks for a login again ({status})"
    elif isinstance(result, Fetched) and is_login_page(final_url) and not is_login_page(request.url):
        evidence = f"{request.url} redirects to {final_url.partition('?')[0]}"
    return Blocked(evidence, SUGGEST_LOGIN, problem=PageProblem.LOGIN_EXPIRED) if evidence else result


def is_login_page(url: str) -> bool:
    """Return whether the host or path of a URL is typical of a login page."""
    parts = urlsplit(url)
    return bool(_LOGIN_PATH.search(parts.path) or _LOGIN_PATH.match(f"/{(parts.hostname or '').partition('.')[0]}/"))

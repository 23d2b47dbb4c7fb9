"""Expired logins: detects that the server of a source with a login asks for the login again.

The server then redirects to its login page, or responds with a status such as 401.
"""

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
    """Return ``Blocked`` if a response shows that the login of a source has expired; otherwise return ``result``.

    ``result`` is the result of the fetch. It is also returned if the source has no login, because the server may ask
    for a login that the user never had.
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
    """Return whether the host name or path of a URL is typical of a login page."""
    parts = urlsplit(url)
    return bool(_LOGIN_PATH.search(parts.path) or _LOGIN_PATH.match(f"/{(parts.hostname or '').partition('.')[0]}/"))

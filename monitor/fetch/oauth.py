"""Access tokens of OAuth 2.0 that are renewed with a refresh token (RFC 6749, section 6), and kept in memory only."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import httpx
from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Failed, FailureCause, FailureWeight
from monitor.domain.ports import Clock
from monitor.domain.secret import Secret
from monitor.domain.special_sources import OAuthLogin
from monitor.text.numbers import parse_number
from monitor.text.sanitize import single_line

SUGGEST_NEW_LOGIN = (
    "log in to the mailbox again, and store the new refresh token; check the id and the secret of the client"
)
TOKEN_TIMEOUT_SECONDS = 20.0
RENEW_BEFORE = timedelta(minutes=1)
"""Time between the renewal of a token and the time at which it would expire."""
DEFAULT_LIFETIME, MAX_LIFETIME_SECONDS = timedelta(minutes=5), 86_400
"""Lifetime of a token if the server states none, and the upper limit for a lifetime that the server states."""
_REFUSED = frozenset({400, 401, 403})


class TokenRefused(Exception):
    """Raised if no access token can be obtained. ``result`` is the result with which the poll of the mailbox ends."""

    def __init__(self, result: Blocked | Failed) -> None:
        super().__init__()
        self.result = result


class _StoredToken(Struct, frozen=True):
    """An access token, the time at which it expires, and the refresh token with which the next one is requested."""

    access_token: Secret
    ends_at: datetime
    refresh_token: Secret


class TokenStore:
    """Store of the access tokens of mailboxes, in memory only.

    ``transport`` must apply the address guard, which forbids connections to private networks.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self._tokens: dict[OAuthLogin, _StoredToken] = {}
        self._lock = asyncio.Lock()

    async def get(self, login: OAuthLogin, *, is_renewed: bool = False) -> Secret:
        """Return a valid access token of a login.

        With ``is_renewed``, a new token is requested even if the stored one is still valid. Raises ``TokenRefused`` if
        no token can be obtained.
        """
        async with self._lock:
            stored = self._tokens.get(login)
            if stored and not is_renewed and self._clock() < stored.ends_at - RENEW_BEFORE:
                return stored.access_token
            renewed = await self._renew(login, stored.refresh_token if stored else login.refresh_token)
            self._tokens[login] = renewed
            return renewed.access_token

    async def _renew(self, login: OAuthLogin, refresh_token: Secret) -> _StoredToken:
        host = urlsplit(login.token_url).hostname or ""
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token.reveal(),
            "client_id": login.client_id.reveal(),
        }
        if login.client_secret:
            fields["client_secret"] = login.client_secret.reveal()
        if login.scope:
            fields["scope"] = login.scope
        try:
            async with asyncio.timeout(TOKEN_TIMEOUT_SECONDS):
                response = await self._transport.handle_async_request(_build_request(login.token_url, fields))
                body = await response.aread()
        except (TimeoutError, httpx.HTTPError) as error:
            reason = f"no token from {host}: {single_line(str(error), 200) or 'it does not answer'}"
            raise TokenRefused(Failed(reason, FailureWeight.TEMPORARY, cause=FailureCause.UNREACHABLE)) from error
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        answer = answer if isinstance(answer, dict) else {}
        if response.status_code in _REFUSED:
            sent = (refresh_token, login.refresh_token, login.client_id, login.client_secret)
            described = _describe_error(answer, response.status_code, [one.reveal() for one in sent if one])
            raise TokenRefused(
                Blocked(
                    f"{host} does not renew the token: {described}",
                    SUGGEST_NEW_LOGIN,
                    problem=PageProblem.LOGIN_EXPIRED,
                )
            )
        token = answer.get("access_token")
        if not response.is_success or not isinstance(token, str) or not _is_printable(token):
            reason = f"{host} sends no token (status {response.status_code})"
            raise TokenRefused(Failed(reason, FailureWeight.TEMPORARY, status=response.status_code))
        following = answer.get("refresh_token")
        return _StoredToken(
            Secret(token),
            self._clock() + _read_lifetime(answer.get("expires_in")),
            Secret(following) if isinstance(following, str) and following else refresh_token,
        )


def _build_request(url: str, fields: dict[str, str]) -> httpx.Request:
    headers = {
        "user-agent": "monitor",
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
    }
    limits = dict.fromkeys(("connect", "read", "write", "pool"), TOKEN_TIMEOUT_SECONDS)
    return httpx.Request(
        "POST", url, headers=headers, content=urlencode(fields).encode(), extensions={"timeout": limits}
    )


def _describe_error(answer: dict[str, object], status: int, sent: Iterable[str]) -> str:
    """Return a description of the error that a token server reported.

    The server may repeat values of the request (``sent``), which are secret. They are replaced by asterisks.
    """
    parts = [str(answer[name]) for name in ("error", "error_description") if isinstance(answer.get(name), str)]
    text = ": ".join(parts) or f"status {status}"
    for value in filter(None, sent):
        text = text.replace(value, "***")
    return single_line(text, 200)


def _read_lifetime(value: object) -> timedelta:
    """Return the lifetime that a server states in seconds, or ``DEFAULT_LIFETIME`` if the value is not a lifetime."""
    seconds = parse_number(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:  # also not NaN
        return DEFAULT_LIFETIME
    return timedelta(seconds=min(seconds, MAX_LIFETIME_SECONDS))


def _is_printable(token: str) -> bool:
    """Return whether a token has only the characters that a token may have, and thus no control character."""
    return token.isascii() and token.isprintable() and " " not in token and bool(token)

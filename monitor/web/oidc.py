"""Login through an OpenID provider: OpenID Connect with the code flow, PKCE, state and nonce.

The desk redirects the reader to the provider. The reader returns with a code, which the desk exchanges for an identity
token. Requests to the provider use an HTTP client that refuses private addresses. State, nonce and verifier of a login
are in a signed cookie of the browser in which the login has begun.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
from msgspec import Struct

from monitor.domain.errors import MonitorError
from monitor.domain.readers import OWNER_LOGIN, Role
from monitor.domain.web_settings import OidcLogin
from monitor.text.sanitize import single_line

CALLBACK_PATH = "/login/oidc/callback"
LOGIN_SECONDS, REQUEST_SECONDS, LEEWAY_SECONDS, METADATA_SECONDS = 600, 15.0, 60, 3600.0
MAX_ANSWER_BYTES = 1_000_000
MAX_LOGIN_CHARS = 100
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Accepted algorithms of identity tokens. All use a private key of the provider, so that nobody can sign a token with
the data that the desk has."""

_ORDER = (Role.VIEWER, Role.EDITOR, Role.ADMIN)


class LoginFailed(MonitorError):
    """Raised if a login through the provider fails. The message is for the reader and contains no secret."""


class StartedLogin(Struct, frozen=True):
    """A login that has begun: the provider's address to which the browser is redirected, and a cookie for the browser.

    The cookie is needed to check the answer of the provider later.
    """

    url: str
    cookie: str


class ProvenReader(Struct, frozen=True):
    """A reader whose login the provider has proved, with the role from the reader's groups, and the page to open."""

    login: str
    name: str
    role: Role
    next_path: str


class OidcProvider:
    """The OpenID provider that is configured in the settings.

    ``open_client`` returns an HTTP client that does not follow redirects.
    """

    def __init__(
        self,
        settings: OidcLogin,
        public_url: str,
        open_client: Callable[[], httpx.AsyncClient],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._open_client, self._now = settings, open_client, now
        self._redirect_uri = public_url + CALLBACK_PATH
        self._cookie_key = secrets.token_bytes(32)
        self._metadata: tuple[float, Mapping[str, Any]] = (float("-inf"), {})

    @property
    def name(self) -> str:
        """The host of the provider."""
        return urlsplit(self._settings.issuer).netloc

    async def start(self, next_path: str) -> StartedLogin:
        """Begin a login: return the address of the provider to which the reader is redirected, and a cookie.

        After the login, the desk opens the page ``next_path``. Raises ``LoginFailed`` if the provider cannot be
        reached, or if its answer is not valid.
        """
        metadata = await self._load_metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = _encode(hashlib.sha256(verifier.encode()).digest())
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client,
            "redirect_uri": self._redirect_uri,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self._endpoint(metadata, "authorization_endpoint")
        separator = "&" if "?" in address else "?"
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "next": next_path}
        cookie = jwt.encode(kept | {"exp": self._now() + LOGIN_SECONDS}, self._cookie_key, "HS256")
        return StartedLogin(f"{address}{separator}{urlencode(parameters)}", cookie)

    async def finish(self, parameters: Mapping[str, str], cookie: str) -> ProvenReader:
        """Return the reader that the provider has identified. Raises ``LoginFailed`` if there is none.

        ``parameters`` is the query string with which the reader returns, and ``cookie`` is the cookie of the login that
        has begun.
        """
        kept = self._read_cookie(cookie)
        if not hmac.compare_digest(parameters.get("state", "").encode(), kept["state"].encode()):
            raise LoginFailed("this answer belongs to another login; begin again")
        if parameters.get("iss", self._settings.issuer) != self._settings.issuer:
            raise LoginFailed("the answer is of another provider; begin again")
        if error := parameters.get("error"):
            reason = single_line(f"{error} {parameters.get('error_description', '')}", 200)
            raise LoginFailed(f"{self.name} refused the login: {reason}")
        claims = await self._load_claims(parameters.get("code", ""), kept["verifier"], kept["nonce"])
        # some providers send the claim as a text
        if self._settings.login == "email" and str(claims.get("email_verified")).lower() != "true":
            raise LoginFailed(f"{self.name} has not verified your e-mail address, which is the login")
        login = single_line(str(claims.get(self._settings.login) or ""), MAX_LOGIN_CHARS)
        if not login:
            raise LoginFailed(f"{self.name} names no {self._settings.login}, which is the login; see settings.web.oidc")
        if login == OWNER_LOGIN:
            raise LoginFailed(f"the login {OWNER_LOGIN} belongs to the machine of the desk; use another one")
        name = claims.get("name")
        return ProvenReader(
            login, single_line(name, 100) if isinstance(name, str) else "", self._choose_role(claims), kept["next"]
        )

    def _choose_role(self, claims: Mapping[str, Any]) -> Role:
        """Return the highest role that the settings give to the reader's groups, or to every reader.

        Raises ``LoginFailed`` if they give no role.
        """
        given = claims.get(self._settings.groups)
        groups = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        roles = [self._settings.roles[one] for one in groups if isinstance(one, str) and one in self._settings.roles]
        if self._settings.role is not None:
            roles.append(self._settings.role)
        if not roles:
            raise LoginFailed("none of your groups may use this desk; ask its admin")
        return max(roles, key=_ORDER.index)

    def _read_cookie(self, cookie: str) -> dict[str, str]:
        options: Any = {"require": ["exp"], "verify_exp": False}
        try:
            kept: dict[str, Any] = jwt.decode(cookie, self._cookie_key, ["HS256"], options=options)
        except jwt.InvalidTokenError as error:
            raise LoginFailed(
                "this browser has not begun this login, or the desk was restarted; begin again"
            ) from error
        if kept["exp"] < self._now():
            raise LoginFailed("this login took too long; begin again")
        return {name: str(value) for name, value in kept.items()}

    async def _load_claims(self, code: str, verifier: str, nonce: str) -> dict[str, Any]:
        """Exchange the code with which the reader returned for an identity token, and return the claims of the token.

        Claims are what the provider states about the reader. Raises ``LoginFailed`` if the provider refuses the code,
        or if the token is not valid.
        """
        if not code:
            raise LoginFailed(f"the answer of {self.name} has no code; begin again")
        metadata = await self._load_metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        client, secret = self._settings.client, self._settings.secret.reveal()
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth = httpx.BasicAuth(_quote(client), _quote(secret)) if "client_secret_basic" in methods else None
        if auth is None:
            form |= {"client_id": client, "client_secret": secret}
        answer = await self._request("POST", self._endpoint(metadata, "token_endpoint"), data=form, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            reason = single_line(str(answer.get("error", "its answer has no identity token")), 200)
            raise LoginFailed(f"{self.name} refused the code: {reason}")
        keys = await self._request("GET", self._endpoint(metadata, "jwks_uri"))
        return self._verify(token, keys, nonce)

    def _verify(self, token: str, keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Check an identity token as the standard requires, and return its claims: what it states about the reader.

        ``keys`` are the public keys of the provider. Raises ``LoginFailed`` if the token is not valid, or if it belongs
        to another login.
        """
        try:
            header = jwt.get_unverified_header(token)
            known = [one for one in jwt.PyJWKSet.from_dict(dict(keys)).keys if one.public_key_use in {None, "sig"}]
            fitting = [one for one in known if one.key_id == header.get("kid")] or (known if len(known) == 1 else [])
            if not fitting:
                raise LoginFailed(f"{self.name} has signed with an unknown key; begin again")
            claims: dict[str, Any] = jwt.decode(
                token,
                fitting[0],
                algorithms=list(ALGORITHMS),
                audience=self._settings.client,
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise LoginFailed(
                f"the identity token of {self.name} is not valid: {single_line(str(error), 200)}"
            ) from error
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise LoginFailed("the identity token belongs to another login; begin again")
        if claims.get("azp", self._settings.client) != self._settings.client:
            raise LoginFailed("the identity token is for another program")
        return claims

    async def _load_metadata(self) -> Mapping[str, Any]:
        """Return the metadata of the provider, which contain its addresses. They are requested at most once an hour.

        Raises ``LoginFailed`` if the provider cannot be reached, or if it has another name than the configured one.
        """
        loaded_at, metadata = self._metadata
        if self._now() - loaded_at > METADATA_SECONDS:
            issuer = self._settings.issuer
            metadata = await self._request("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if metadata.get("issuer") != issuer:
                named = single_line(str(metadata.get("issuer")), 200)
                raise LoginFailed(f"the provider names itself {named}, and not {issuer}; see settings.web.oidc.issuer")
            self._metadata = self._now(), metadata
        return metadata

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """Return an address from the metadata of the provider. Raises ``LoginFailed`` if it is missing or not secure.

        The address needs https, unless the address of the provider itself has http.
        """
        address = metadata.get(name)
        scheme = urlsplit(self._settings.issuer).scheme
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", scheme}:
            raise LoginFailed(f"the description of {self.name} has no valid {name}")
        return address

    async def _request(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Send a request to the provider, and return the JSON object in its answer.

        Raises ``LoginFailed`` if the provider cannot be reached, or if its answer is too long or not a JSON object.
        """
        try:
            async with self._open_client() as client:
                request = client.build_request(
                    method, url, data=more.get("data"), headers={"Accept": "application/json"}
                )
                answer = await client.send(request, auth=more.get("auth"), stream=True, follow_redirects=False)
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise LoginFailed(f"the answer of {self.name} is too long")
                await answer.aclose()
            found = json.loads(body)
        except httpx.HTTPError as error:
            reason = single_line(str(error) or type(error).__name__, 200)
            raise LoginFailed(f"{self.name} cannot be reached: {reason}") from error
        except (ValueError, RecursionError) as error:
            raise LoginFailed(f"{self.name} answers HTTP {answer.status_code}, and not with JSON") from error
        if not isinstance(found, dict):
            raise LoginFailed(f"{self.name} answers with JSON that is not an object")
        return found


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _quote(text: str) -> str:
    """Return a text quoted for HTTP Basic authentication, as the OAuth standard requires."""
    return urlencode({"": text})[1:]

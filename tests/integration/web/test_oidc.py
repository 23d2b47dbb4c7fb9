"""Login by an OpenID provider on loopback."""

import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from support.desk import Desk
from support.openid_provider import CLIENT, SECRET, OpenIdProvider
from support.stores import locked

from monitor.domain.readers import Role
from monitor.domain.secret import Secret
from monitor.domain.web_settings import LoginMethod, OidcLogin, WebSettings
from monitor.fetch.transport import create_guarded_transport
from monitor.store.database import Database
from monitor.web.oidc import OidcProvider

NETWORKS = [ip_network("127.0.0.0/8")]
ROLES = {"desk": Role.EDITOR, "chiefs": Role.ADMIN}


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    yield provider
    provider.close()


@pytest.fixture
def provider(running: OpenIdProvider) -> Iterator[OpenIdProvider]:
    """Return the provider, which behaves well before and after the test."""
    before = {name: getattr(running, name) for name in ("claims", "signing_key", "algorithm", "metadata")}
    yield running
    for name, value in before.items():
        setattr(running, name, value)


def build(database: Database, provider: OpenIdProvider, networks: Any = NETWORKS, **changes: Any) -> Desk:
    """Build a desk whose readers log in by the provider."""
    keys: dict[str, Any] = {
        "issuer": provider.issuer,
        "client": CLIENT,
        "secret": Secret(SECRET),
        "roles": ROLES,
    } | changes
    settings = WebSettings(login=LoginMethod.OIDC, oidc=OidcLogin(**keys))
    assert settings.oidc is not None

    def open_client() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=create_guarded_transport(networks), timeout=30)

    oidc = OidcProvider(settings.oidc, settings.public_url, open_client)
    return Desk(database, settings, oidc_provider=oidc)


@pytest.fixture
def desk(database: Database, provider: OpenIdProvider) -> Desk:
    return build(database, provider)


def begin(desk: Desk, path: str = "/people") -> tuple[str, str]:
    """Press the button on the page of the login; return the address of the provider, and the cookie."""
    answer = desk.get(f"/login/oidc?next={path}")
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    return answer.headers["location"], cookie.partition(";")[0]


def bring_back(desk: Desk, address: str, cookie: str) -> Any:
    """Log in at the provider, and bring its answer to the desk."""
    back = urlsplit(httpx.get(address).headers["location"])
    return desk.get(f"{back.path}?{back.query}", Cookie=cookie)


def log_in(desk: Desk) -> Any:
    return bring_back(desk, *begin(desk))


def test_a_reader_logs_in_with_the_role_of_the_groups(desk: Desk, provider: OpenIdProvider) -> None:
    """At each login; a lower role ends the other sessions."""
    assert 'href="/login/oidc?next=%2Fpeople"' in desk.get("/login?next=/people").text
    answer = log_in(desk)
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    session = answer.headers["set-cookie"].partition(";")[0]
    assert "Anna" in desk.get("/me", Cookie=session).text
    assert desk.database.readers.get_account("anna").role is Role.EDITOR
    provider.claims = provider.claims | {"groups": ["chiefs", "desk"]}
    log_in(desk)
    assert desk.database.readers.get_account("anna").role is Role.ADMIN
    assert desk.get("/me", Cookie=session).status_code == 303


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"groups": ["others"]}, "none of your groups"),
        ({"groups": {"desk": 1}}, "none of your groups"),
        ({"preferred_username": ""}, "names no preferred_username"),
        ({"preferred_username": "owner"}, "belongs to the machine"),
        ({"nonce": "other"}, "belongs to another login"),
        ({"aud": "another"}, "is not valid"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "for another program"),
        ({"iss": "https://evil.example"}, "is not valid"),
        ({"exp": 1}, "is not valid"),
        ({"iat": int(time.time()) + 10**6}, "is not valid"),
    ],
)
def test_a_token_that_proves_nothing_is_refused(
    desk: Desk, provider: OpenIdProvider, claims: dict[str, Any], reason: str
) -> None:
    provider.claims = provider.claims | claims
    answer = log_in(desk)
    assert answer.status_code == 403
    assert reason in answer.text
    assert "__Host-monitor=" not in answer.headers.get("set-cookie", "").replace("__Host-monitor-oidc", "")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email_verified": True}, 303),
        ({"email_verified": "true"}, 303),
        ({"email_verified": False}, 403),
        ({"email_verified": "false"}, 403),
        ({"email_verified": 1}, 403),
        ({}, 403),
    ],
)
def test_only_a_verified_email_is_a_login(
    database: Database, provider: OpenIdProvider, claims: dict[str, Any], status: int
) -> None:
    """Otherwise anybody could register the address of another reader at the provider."""
    desk = build(database, provider, login="email")
    desk.database.readers.ensure_account("anna@desk.example", Role.EDITOR, desk.clock())
    provider.claims = provider.claims | {"email": "anna@desk.example"} | claims
    answer = log_in(desk)
    assert answer.status_code == status
    assert ("has not verified" in answer.text) is (status == 403)


def test_a_login_at_a_locked_database_may_be_repeated(desk: Desk) -> None:
    address, cookie = begin(desk)
    with locked(desk.database):
        answer = bring_back(desk, address, cookie)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "try again" in answer.text
    assert log_in(desk).status_code == 303


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", None), ("HS256", SECRET * 4), ("none", "")])
def test_a_token_with_another_signature_is_refused(
    desk: Desk, provider: OpenIdProvider, algorithm: str, key: str | None
) -> None:
    """Of another key, of the secret that the desk knows, or none."""
    provider.algorithm, provider.signing_key = algorithm, key or None
    if key is None:
        provider.signing_key = rsa.generate_private_key(65537, 2048)
    answer = log_in(desk)
    assert answer.status_code == 403
    assert "is not valid" in answer.text


def test_an_answer_counts_only_in_the_browser_that_has_begun_the_login(desk: Desk, provider: OpenIdProvider) -> None:
    """Without its cookie, with that of another login, with a forged one, and once."""
    address, cookie = begin(desk)
    other_address, other_cookie = begin(desk)
    assert bring_back(desk, address, "").status_code == 403
    assert "another login" in bring_back(desk, address, other_cookie).text
    assert bring_back(desk, address, cookie[:-2] + "xx").status_code == 403
    back = urlsplit(httpx.get(other_address).headers["location"])
    assert desk.get(f"{back.path}?{back.query}", Cookie=other_cookie).status_code == 303
    again = desk.get(f"{back.path}?{back.query}", Cookie=other_cookie)
    assert "invalid_grant" in again.text
    state = parse_qs(urlsplit(address).query)["state"][0]
    refused = desk.get(
        f"/login/oidc/callback?state={state}&error=access_denied&error_description=%3Cb%3E", Cookie=cookie
    )
    assert "access_denied &lt;b&gt;" in refused.text
    mixed = desk.get(f"/login/oidc/callback?state={state}&code=x&iss=https://evil.example", Cookie=cookie)
    assert "another provider" in mixed.text


def test_a_provider_inside_the_network_is_refused_by_the_guard(database: Database, provider: OpenIdProvider) -> None:
    """Unless its network is allowed; the login page says why."""
    answer = build(database, provider, networks=[]).get("/login/oidc")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://other.example"}, {"authorization_endpoint": "javascript:alert(1)"}]
)
def test_a_description_that_does_not_fit_is_refused(
    desk: Desk, provider: OpenIdProvider, metadata: dict[str, str]
) -> None:
    provider.metadata = metadata
    assert desk.get("/login/oidc").status_code == 503


def test_a_login_never_leads_elsewhere_and_a_disabled_reader_stays_out(desk: Desk, provider: OpenIdProvider) -> None:
    assert bring_back(desk, *begin(desk, "//evil.example")).headers["location"] == "/"
    desk.database.readers.set_disabled("anna", desk.clock())
    assert "disabled" in log_in(desk).text

"""Attacks on the desk and what it does; docs/security.md lists them."""

import asyncio
import json
import re
import threading
from asyncio import run
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.routing import Route
from support.desk import HOST, Desk
from support.rows import draft, screened

from monitor.domain.readers import SESSION_IDLE_PERIOD, SESSION_MAX_PERIOD, Role, Scope
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.telemetry.redact import Redactor
from monitor.web.application import PAGE_MODULES
from monitor.web.context import MAX_READS, MAX_WAITING_READS, TooManyRequests
from monitor.web.page import SESSION_COOKIE
from monitor.web.security import MAX_BODY_BYTES, make_form_token, safe_path
from monitor.web.templating import load_static_files

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7*7 }}{% for x in y %}",
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
)
PAGES: tuple[str, ...] = (
    "/",
    "/?by=story",
    "/?by=outlet",
    "/article/{id}",
    "/sources",
    "/sources/times",
    "/digests",
    "/outbox",
)
PAGES += ("/status", "/me", "/digests/next/morning")
FOREIGN_TARGETS = (
    *("//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example"),
    *("http:evil.example", "javascript:alert(1)", "/\tevil", "/\n/evil", " /x", "", "evil"),
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_foreign_text_is_never_markup(database: Database, script: str) -> None:
    """A script in a headline or a text is shown as text on every page."""
    article = draft("x", body=f"{script}\nSome Body {script}")
    (stored,) = screened(database, replace(article, article=replace(article.article, title=script)))
    reader = Desk(database).log_in()
    for page in PAGES:
        answer = reader.get(page.format(id=stored.id))
        assert answer.status_code == 200, (page, answer.text)
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "<svg/onload" not in answer.text
        assert not re.search(r"<[^>]*\son\w+\s*=", answer.text)
        assert 'href="javascript:' not in answer.text


def test_every_answer_has_the_security_headers(desk: Desk) -> None:
    """Also redirects, errors and refusals; only static files may be kept by a cache."""
    reader = desk.log_in()
    answers = [reader.get(page.format(id=1)) for page in PAGES]
    answers += [desk.get("/"), desk.get("/login"), desk.get("/nowhere"), reader.get("/article/999")]
    answers += [desk.get("/", Host="evil.example"), desk.post("/logout", {}, **{"Sec-Fetch-Site": "cross-site"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "Cookie" in answer.headers["vary"]
        assert "access-control-allow-origin" not in answer.headers
    static = desk.get(f"/static/{next(iter(load_static_files()))}")
    assert "immutable" in static.headers["cache-control"]


def test_each_page_needs_a_login(desk: Desk) -> None:
    """Whoever is not logged in is led to the login and back."""
    open_paths = {
        "/login",
        "/login/{code}",
        "/login/oidc",
        "/login/oidc/callback",
        "/static/{digest}/{name}",
        "/robots.txt",
    }
    routes = [route for module in PAGE_MODULES for route in module.router.routes if isinstance(route, Route)]
    paths = {route.path for route in routes if "GET" in (route.methods or ())}
    assert len(paths) > 10
    for path in paths - open_paths:
        if path == "/feeds/{code}.atom" or path.startswith("/l/"):
            continue
        answer = desk.get(re.sub(r"{\w+}", "1", path))
        assert (answer.status_code, answer.headers["location"].startswith("/login")) == (303, True), path


def test_a_captured_page_is_only_downloaded(desk: Desk, database: Database) -> None:
    """A page of another site never runs in the desk."""
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO page_snapshot (article_id, url, status, headers, sha256, body) "
            "VALUES (1, 'https://x.example', 200, '[]', '', X'1f8b080000000000000303000000000000000000')"
        )
    answer = desk.log_in().get("/article/1/evidence")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"},
    ],
)
def test_forms_of_other_sites_are_refused(desk: Desk, headers: dict[str, str]) -> None:
    """Also of another port of this machine, whose requests carry the cookie, and with a valid form token."""
    reader = desk.log_in()
    assert reader.post("/me", {"theme": "dark"}, **headers).status_code == 403
    assert desk.database.readers.get_account("owner").theme == ""


def test_without_fetch_metadata_the_origin_counts(desk: Desk) -> None:
    """Old browsers send an origin; a form without either is refused."""
    reader = desk.log_in()
    for origin, status in ((f"http://{HOST}", 303), ("http://127.0.0.1:9999", 403), ("null", 403), ("", 403)):
        answer = desk.client.post(
            "/me",
            content=f"theme=dark&form_token={make_form_token(reader.key)}",
            headers=reader.cookie | {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin},
        )
        assert answer.status_code == status, origin


def test_a_form_needs_the_token_of_its_session(desk: Desk) -> None:
    reader, other = desk.log_in(), desk.log_in()
    for token in ("", "x", make_form_token(other.key)):
        assert reader.post("/me", {"form_token": token, "theme": "dark"}).status_code == 403
        assert reader.post("/logout", {"form_token": token}).status_code == 403
    assert reader.post("/me", {"theme": "dark"}).status_code == 303
    assert reader.post("/me", {}, **{"Content-Type": "text/plain"}).status_code == 403


def test_a_login_replaces_the_session(desk: Desk) -> None:
    """A key that was set before the login is worth nothing after it."""
    first = desk.log_in()
    code = desk.database.readers.create_login_link(first.account.id, desk.clock(), timedelta(minutes=10))
    answer = desk.post("/login", {"code": code}, **first.cookie)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie
    assert first.get("/").status_code == 303
    key = cookie.partition("=")[2].partition(";")[0]
    assert desk.client.get("/", headers={"Cookie": f"{SESSION_COOKIE}={key}"}).status_code == 200


@pytest.mark.parametrize(
    ("idle", "works"),
    [(SESSION_IDLE_PERIOD - timedelta(minutes=1), True), (SESSION_IDLE_PERIOD + timedelta(minutes=1), False)],
)
def test_a_session_ends_without_use(desk: Desk, idle: timedelta, works: bool) -> None:
    reader = desk.log_in()
    desk.clock.now += idle
    assert (reader.get("/me").status_code == 200) is works


def test_a_session_ends_at_last_although_it_is_used(desk: Desk) -> None:
    reader = desk.log_in()
    used = 0
    end = desk.clock.now + SESSION_MAX_PERIOD
    while desk.clock.now < end:
        assert reader.get("/me").status_code == 200
        desk.clock.now += SESSION_IDLE_PERIOD - timedelta(hours=1)
        used += 1
    assert used > 60
    assert reader.get("/me").status_code == 303


def test_logging_out_ends_the_session(desk: Desk) -> None:
    reader = desk.log_in()
    assert reader.post("/logout").status_code == 303
    assert reader.get("/").status_code == 303


def test_a_one_time_address_acts_once_and_only_when_pressed(desk: Desk) -> None:
    """Opening it only shows a button, so that a scanner of mails does not use it."""
    account = desk.log_in().account
    code = desk.database.readers.create_login_link(account.id, desk.clock(), timedelta(minutes=10))
    for _ in range(3):
        assert desk.get(f"/login/{code}").status_code == 200
    first = desk.post("/login", {"code": code, "next": "/status"})
    assert (first.status_code, first.headers["location"]) == (303, "/status")
    assert desk.post("/login", {"code": code}).status_code == 403


def test_a_one_time_address_expires(desk: Desk) -> None:
    account = desk.log_in().account
    code = desk.database.readers.create_login_link(account.id, desk.clock(), timedelta(minutes=10))
    desk.clock.now += timedelta(minutes=11)
    assert desk.post("/login", {"code": code}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "", "127.0.0.1:8788.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/login", "/static/x/y", "/nowhere"])
def test_other_hosts_are_not_served(desk: Desk, host: str, path: str) -> None:
    """A name that resolves to this machine (DNS rebinding) gets nothing."""
    assert desk.get(path, Host=host).status_code == 421


@pytest.mark.parametrize(
    "path",
    [
        "/static/../desk.css",
        "/static/x/..%2f..%2fdesk.py",
        "/static/%2e%2e/%2e%2e",
        "/article/..%2f1",
        "/article/1%00",
        "/sources/..%2f..%2fetc",
        "/story/../../x",
        "/digests/1/..%2fx",
        "/article/" + "9" * 400,
        "/outbox?before=x",
        "/?by=../x",
        "/outbox?state=%00",
    ],
)
def test_paths_are_never_file_names(desk: Desk, path: str) -> None:
    assert desk.log_in().get(path).status_code in {400, 404, 422}


@pytest.mark.parametrize("number", ["x", "", "-1", "²", "٣", "1e3", "9" * 19, "9" * 5000])
def test_a_field_that_is_no_number_is_the_readers_error(desk: Desk, number: str) -> None:
    """Also digits of other scripts, and more of them than Python converts."""
    reader = desk.log_in()
    forms = {
        "/me/tokens": {"name": "x", "scope": "read", "days": number},
        "/me/tokens/revoke": {"token": number},
        "/feeds/delete": {"view": number},
        "/feedback/undo": {"change": number},
        "/feedback/read": {"hit": number},
        "/feedback/reject": {"article": number, "official": "somebody"},
    }
    for path, fields in forms.items():
        answer = reader.post(path, fields)
        assert answer.status_code == 400, (path, answer.text)
    for path in ("/changes?before=", "/people?page=", "/outbox?before="):
        assert reader.get(f"{path}{quote(number)}").status_code == (400 if number else 200)
    assert reader.get(f"/?done={quote(number)}").status_code == 200


@pytest.mark.parametrize("target", FOREIGN_TARGETS)
def test_a_login_never_leads_to_another_site(desk: Desk, target: str) -> None:
    assert safe_path(target) == "/"
    account = desk.log_in().account
    code = desk.database.readers.create_login_link(account.id, desk.clock(), timedelta(minutes=10))
    assert desk.post("/login", {"code": code, "next": target}).headers["location"] == "/"
    assert f'value="{target}"' not in desk.get(f"/login?next={quote(target)}").text or not target


def test_a_body_that_is_too_long_is_refused(desk: Desk) -> None:
    reader = desk.log_in()
    assert reader.post("/me", {"zone": "x" * (MAX_BODY_BYTES + 1)}).status_code == 413


@pytest.mark.parametrize("length", [b"\xb2", b"-1", b"9" * 40, b"1e3"])
def test_a_length_that_is_no_number_is_refused(desk: Desk, length: bytes) -> None:
    """Python takes "²" for a digit, but not for a number."""
    assert desk.client.post("/login", headers=[(b"Content-Length", length)]).status_code == 413


def test_a_removed_or_demoted_reader_is_logged_out_at_once(desk: Desk) -> None:
    """Sessions, one-time addresses and tokens end in the same transaction."""
    desk.log_in()
    changes: dict[str, Callable[[str], None]] = {
        "anna": lambda login: desk.database.readers.set_disabled(login, desk.clock()),
        "ben": lambda login: desk.database.readers.set_role(login, Role.VIEWER),
    }
    for name, change in changes.items():
        reader = desk.log_in(name, Role.EDITOR)
        code = desk.database.readers.create_login_link(reader.account.id, desk.clock(), timedelta(minutes=10))
        period = timedelta(days=1)
        _, token = desk.database.readers.create_token(reader.account.id, "x", (Scope.READ,), desk.clock(), period)
        bearer = {"Authorization": f"Bearer {token}"}
        assert desk.client.get("/api/v1/status", headers=bearer).status_code == 200
        change(reader.account.login)
        assert desk.client.get("/api/v1/status", headers=bearer).status_code == 401
        assert reader.get("/").status_code == 303
        assert desk.post("/login", {"code": code}).status_code == 403


def test_many_slow_tabs_wait_and_further_ones_are_refused(desk: Desk) -> None:
    """W19: four look-ups at a time, sixteen wait, and the desk works again when they have ended."""
    ends = threading.Event()

    async def open_tabs() -> list[object]:
        tabs = [asyncio.create_task(desk.context.read(ends.wait)) for _ in range(MAX_READS + MAX_WAITING_READS + 5)]
        await asyncio.wait(tabs, return_when=asyncio.FIRST_COMPLETED)
        ends.set()
        return await asyncio.gather(*tabs, return_exceptions=True)

    answers = run(open_tabs())
    assert sum(isinstance(one, TooManyRequests) for one in answers) == 5
    assert answers.count(True) == MAX_READS + MAX_WAITING_READS
    assert desk.log_in().get("/").status_code == 200


def test_a_request_never_shows_a_traceback(desk: Desk) -> None:
    reader = desk.log_in()
    desk.database.close()
    answer = reader.get("/")
    assert answer.status_code in {500, 503}
    assert "Traceback" not in answer.text
    assert "File " not in answer.text


def test_no_answer_has_a_secret(database: Database) -> None:
    """Neither a page nor the API, also if an error of a server or a target repeats it."""
    secret = "canary-4f9a0c7be2"
    desk = Desk(database, redact=Redactor([Secret(secret)]))
    run(
        desk.app.state.composer.send_now(
            desk.loader.snapshot.configuration.digests[0], desk.loader.snapshot.configuration
        )
    )
    with database._connections.write_transaction() as connection:
        state = json.dumps(
            {"source_id": "times", "state": "failing", "detail": f"401 for {secret}", "suggestion": secret}
        )
        source = "UPDATE source SET poll_state = ?, state = 'failing', url = ?"
        connection.exec_driver_sql(source, (state, f"https://x/{secret}"))
        delivery = "UPDATE delivery SET last_error = ?, target = ?, state = 'failed'"
        connection.exec_driver_sql(delivery, (secret, f"x#{secret}"))
    reader = desk.log_in()
    number = database.deliveries.list_digests()[0].id
    paths = [*(page.format(id=1) for page in PAGES), f"/digests/{number}", "/changes", "/outbox?state=failed"]
    names = ("status", "sources", "sources/times", "deliveries", "articles", "me", "digests/next/morning")
    paths += [f"/api/v1/{name}" for name in names]
    for path in paths:
        answer = reader.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert secret not in answer.text, path
    assert "401 for" in reader.get("/sources").text

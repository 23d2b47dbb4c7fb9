"""Logins with a password and by the header of a proxy."""

import re
import time
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from support.command_line import app as command_line
from support.desk import Desk
from support.stores import locked
from typer.testing import CliRunner

from monitor.config.load import parse_configuration
from monitor.domain.errors import ConfigError
from monitor.domain.readers import FREE_LOGIN_ATTEMPTS, MAX_LOGIN_DELAY, Role
from monitor.domain.web_settings import HeaderLogin, LoginMethod, WebSettings
from monitor.store.database import Database
from monitor.web.passwords import hash_password

PASSWORD = "correct horse battery"
WITH_PASSWORDS = WebSettings(login=LoginMethod.PASSWORD)


@pytest.fixture
def desk(database: Database) -> Desk:
    """Build a desk with passwords, and a reader who has one."""
    desk = Desk(database, WITH_PASSWORDS)
    account = database.readers.ensure_account("anna", Role.EDITOR, desk.clock())
    database.readers.set_password_hash(account.id, hash_password(PASSWORD))
    return desk


def test_a_reader_logs_in_with_a_password(desk: Desk) -> None:
    answer = desk.post("/login", {"login": "anna", "password": PASSWORD, "next": "/people"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    assert "__Host-monitor=" in answer.headers["set-cookie"]
    assert desk.post("/login", {"login": "anna", "password": PASSWORD + "x"}).status_code == 403


def test_a_login_at_a_locked_database_may_be_repeated(desk: Desk) -> None:
    """Both ways to log in answer that the database is busy, and the same attempt succeeds later."""
    code = desk.database.readers.create_login_link(1, desk.clock(), timedelta(minutes=5))
    attempts = ({"login": "anna", "password": PASSWORD}, {"code": code})
    with locked(desk.database):
        for fields in attempts:
            answer = desk.post("/login", fields)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "locked by another program; try again" in answer.text
    for fields in attempts:
        assert desk.post("/login", fields).status_code == 303


def test_the_sixth_attempt_must_wait(desk: Desk) -> None:
    """Also with the right password, also for a login that does not exist, and from one address for all logins."""
    for number in range(FREE_LOGIN_ATTEMPTS):
        assert desk.post("/login", {"login": f"nobody{number}", "password": "x"}).status_code == 403
    refused = desk.post("/login", {"login": "anna", "password": PASSWORD})
    assert refused.status_code == 429
    desk.clock.now += timedelta(seconds=int(refused.headers["retry-after"]))
    assert desk.post("/login", {"login": "anna", "password": PASSWORD}).status_code == 303


def test_an_unknown_login_takes_as_long_as_a_wrong_password(desk: Desk) -> None:
    """And has the same answer, so that nobody learns which logins exist."""

    def measure(login: str) -> tuple[float, str]:
        desk.clock.now += MAX_LOGIN_DELAY
        started = time.process_time()
        answer = desk.post("/login", {"login": login, "password": "wrong password"})
        return time.process_time() - started, re.sub("anna|nobody", "", answer.text)

    pairs = [(measure("anna"), measure("nobody")) for _ in range(5)]
    assert all(known[1] == unknown[1] for known, unknown in pairs)
    # The minimum of each, because other load only adds time.
    ratio = min(known[0] for known, _ in pairs) / min(unknown[0] for _, unknown in pairs)
    assert 1 / 3 < ratio < 3


def test_a_reader_changes_the_password_and_other_logins_end(desk: Desk) -> None:
    reader, other = desk.log_in("anna"), desk.log_in("anna")
    assert reader.post("/me/password", {"old": "wrong", "new": "another password"}).status_code == 403
    assert reader.post("/me/password", {"old": PASSWORD, "new": "short"}).status_code == 400
    assert reader.post("/me/password", {"old": PASSWORD, "new": "another password"}).status_code == 303
    assert (reader.get("/me").status_code, other.get("/me").status_code) == (200, 303)
    assert desk.post("/login", {"login": "anna", "password": "another password"}).status_code == 303


def test_the_command_line_sets_a_password(desk: Desk, tmp_path: Path) -> None:
    from support.desk import CONFIGURATION

    (tmp_path / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    url = f"sqlite:///{desk.database._connections.database_file}"
    words = ["readers", "password", "anna", "--config", str(tmp_path / "sources.yaml"), "--database", url]
    ran = CliRunner().invoke(command_line, words, input="a new password\na new password\n")
    assert ran.exit_code == 0, ran.output
    assert desk.post("/login", {"login": "anna", "password": "a new password"}).status_code == 303


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 303), ("10.0.0.9", 401)])
def test_the_header_of_a_proxy_counts_from_its_network_only(database: Database, peer: str, status: int) -> None:
    """Another sender is refused with its address."""
    header = HeaderLogin((ip_network("127.0.0.0/8"),), "X-Remote-User", Role.EDITOR)
    desk = Desk(database, WebSettings(login=LoginMethod.HEADER, header=header), peer=peer)
    answer = desk.get("/login?next=/people", **{"X-Remote-User": "anna"})
    assert answer.status_code == status
    if status == 401:
        assert peer in answer.text
        assert database.readers.find_account("anna") is None
        return
    key = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    cookie = {"Cookie": f"__Host-monitor={key}"}
    assert desk.get("/people", **cookie, **{"X-Remote-User": "anna"}).status_code == 200
    assert desk.get("/people", **cookie, **{"X-Remote-User": "ben"}).status_code == 303
    assert desk.get("/people", **cookie).status_code == 303
    assert database.readers.get_account("anna").role is Role.EDITOR


@pytest.mark.parametrize(
    ("web", "reason"),
    [
        ("{listen: '0.0.0.0:80'}", "other machines can reach this address"),
        ("{listen: '0.0.0.0:80', url: 'http://x.example', login: password}", "other machines can reach this address"),
        ("{login: header}", "needs the key header"),
        ("{header: {from: 10.0.0.0/8}}", "only with login: header"),
        ("{listen: 'unix:/run/x.sock'}", "a socket needs url"),
        ("{url: 'https://x.example/desk'}", "a host name of its own"),
        ("{listen: here}", "not a valid address"),
        ("{secret: short}", "the secret is short"),
    ],
)
def test_unsafe_settings_are_refused(web: str, reason: str) -> None:
    text = f"settings: {{web: {web}}}\nsources: {{a: {{feed: 'https://x.example'}}}}"
    with pytest.raises(ConfigError, match=reason):
        parse_configuration(text.encode(), Path("sources.yaml"), {})

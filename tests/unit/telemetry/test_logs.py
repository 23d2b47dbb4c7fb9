"""Log lines: fields, one line per event, no secrets, no control characters."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from monitor.domain.channels import EmailChannel, WebhookChannel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.telemetry.logs import set_up_logging
from monitor.telemetry.redact import Redactor, find_secrets

CANARY = 'c4n@ry/"pass\\word'


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    """Restore the logging configuration, which is global state."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(*, as_json: bool, secrets: tuple[Secret, ...] = ()) -> tuple[io.StringIO, structlog.stdlib.BoundLogger]:
    stream = io.StringIO()
    set_up_logging(Redactor(secrets), as_json=as_json, stream=stream)
    return stream, structlog.get_logger("monitor.test")


def test_json_lines_have_fields() -> None:
    """Each line is one document with time, level, event, logger and the fields."""
    stream, log = lines(as_json=True)
    log.info("polled", source="kpl", new=3)
    record = json.loads(stream.getvalue())
    assert list(record) == ["timestamp", "level", "event", "logger", "source", "new"]
    assert (record["event"], record["source"], record["new"]) == ("polled", "kpl", 3)


def test_console_lines_are_readable() -> None:
    """On a terminal an event is one readable line."""
    stream, log = lines(as_json=False)
    log.warning("source is blocked", source="kpl")
    assert "warning" in stream.getvalue()
    assert "source=kpl" in stream.getvalue()


def test_libraries_share_the_handler_and_are_quiet() -> None:
    """Loggers of the standard library use the same handler; httpx, which logs whole URLs at INFO, is set to WARNING."""
    stream, _ = lines(as_json=True)
    logging.getLogger("some.library").info("hello %s", "world", extra={"job": "tick"})
    for quiet in ("httpx", "httpcore", "apscheduler.scheduler", "alembic.runtime"):
        logging.getLogger(quiet).info("GET https://user:pw@host/")
    record = json.loads(stream.getvalue())
    assert (record["event"], record["job"]) == ("hello world", "tick")


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_never_logged(as_json: bool) -> None:
    """A test secret does not appear as text, field, key, URL, encoded, or in a traceback."""
    url = Secret("smtps://user:c4n%40ry%2F%22pass%5Cword@mail.example")
    stream, log = lines(as_json=as_json, secrets=(Secret(CANARY), url))
    log.info(
        "sending with %s", CANARY, password=CANARY, server=url.reveal(), nested={"a": [CANARY]}, secret=Secret("x")
    )
    log.info("a path", where=f"/x?password={CANARY}")
    try:
        json.loads(CANARY)
    except ValueError:
        log.exception("could not read %s", CANARY)
    text = stream.getvalue()
    assert text.count("***") >= 7
    for face in ("c4n@ry", "c4n%40ry", "pass\\word", "pass\\\\word", "pass%5Cword"):
        assert face not in text


def test_text_that_looks_like_a_secret_is_redacted() -> None:
    """Headers, logins in URLs, webhook secrets and tokens in queries are replaced even if they are unknown."""
    redact = Redactor()
    for text in (
        "Authorization: Basic dXNlcjpwYXNz",
        "{'authorization': 'Bearer sesame-open'}",
        "GET https://user:sesame@host/path",
        "https://h.example/?api_key=sesame&page=2",
        "whsec_c2VzYW1lc2VzYW1l",
        "Set-Cookie: id=sesame",
    ):
        assert "sesame" not in redact(text)
        assert "dXNl" not in redact(text)
        assert "***" in redact(text)
    assert redact("https://kpl.gov.la/En/News.aspx?cat=10") == "https://kpl.gov.la/En/News.aspx?cat=10"


def test_all_secrets_of_a_configuration_are_found() -> None:
    """Those of database, heartbeat, channels and headers are given to the redactor."""
    configuration = Configuration(
        settings=Settings(database=Secret("db"), heartbeat_url=Secret("beat")),
        sources=(Source("s", "S", feed="https://x.example", headers={"X-Key": Secret("head")}),),
        channels=(
            EmailChannel("e", ("a@b.example",), "c@d.example", Secret("mail")),
            WebhookChannel("w", Secret("url"), (Secret("sign"),)),
        ),
    )
    assert {secret.reveal() for secret in find_secrets(configuration)} == {"db", "beat", "head", "mail", "url", "sign"}


def test_secrets_in_a_struct_are_found() -> None:
    """A Struct is searched like a dataclass, also inside another value."""

    class Login(Struct, frozen=True):
        user: str
        password: Secret

    assert [secret.reveal() for secret in find_secrets((Login("ada", Secret("word")),))] == ["word"]


def test_foreign_text_cannot_forge_a_log_line() -> None:
    """Line breaks, escape sequences and direction marks of a headline are displayed as escapes."""
    for as_json in (True, False):
        stream, log = lines(as_json=as_json)
        log.info("new article", title='x\n2026 [info] forged\r\x1b[2J\u202eevil\x85"')
        text = stream.getvalue()
        assert text.count("\n") == 1
        assert not {"\r", "\x1b", "\u202e", "\x85"} & set(text)


@given(
    st.text(), st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"), min_size=6)
)
def test_a_known_secret_is_always_replaced(text: str, secret: str) -> None:
    """It is replaced whatever text surrounds it."""
    assert secret not in Redactor([Secret(secret)])(f"{text}{secret}{text}")

"""The HTTP API: tokens and scopes, cursors, entity tags, errors, and the JSON of the command line."""

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert
from starlette.testclient import TestClient
from support.api import Client
from support.command_line import app as command_line
from support.desk import CONFIGURATION, HOST, Desk
from support.rows import MINUTE, NOW, draft, kept
from support.stores import locked
from typer.testing import CliRunner

from monitor.domain.errors import StoreBusy
from monitor.domain.readers import Role, Scope
from monitor.store.core_tables import STORY
from monitor.store.database import Database
from monitor.web.api.requests import RateLimited, RateLimiter

READING = [
    *("/status", "/articles", "/articles/1", "/articles/1/why", "/articles/1/versions", "/hits", "/stories", "/people"),
    *("/people/somebody", "/people/somebody/timeline", "/people/somebody/named-with", "/people/somebody/forms"),
    *("/people/somebody/near-misses", "/search?q=body", "/sources", "/sources/times", "/digests", "/deliveries"),
    *("/successions", "/digests/next/morning", "/verdicts", "/marks", "/changes", "/me"),
]


@pytest.fixture
def client(desk: Desk) -> Client:
    return Client(desk)


@pytest.mark.parametrize("path", READING)
def test_every_resource_is_read_with_an_entity_tag(client: Client, path: str) -> None:
    """The second request with the tag has no body; an answer is kept by no shared cache."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.json()
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in answer.headers["vary"]
    again = client.get(path, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def cli(database: Database, *words: str) -> list[dict[str, Any]]:
    """Return what a command prints as JSON for the same database."""
    url = f"sqlite:///{database._connections.database_file}"
    config = Path(database._connections.database_file).with_name("sources.yaml")
    config.write_text(CONFIGURATION, encoding="utf-8")
    ran = CliRunner().invoke(command_line, [*words, "--json", "--config", str(config), "--database", url])
    assert ran.exit_code == 0, ran.output
    return [json.loads(line) for line in ran.output.splitlines()]


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/articles", ("articles",)),
        ("/hits", ("hits",)),
        ("/stories", ("stories",)),
        ("/sources", ("sources", "list")),
        ("/articles/1", ("articles", "show", "1")),
    ],
)
def test_resources_are_the_json_of_the_command_line(
    client: Client, database: Database, path: str, command: tuple[str, ...]
) -> None:
    document = client.get(path).json()
    items = document.get("items", [document])
    assert sorted(items, key=by_id) == sorted(cli(database, *command), key=by_id)


def by_id(record: dict[str, Any]) -> str:
    return str(record["id"])


def test_a_list_is_read_page_by_page(client: Client, database: Database) -> None:
    """Each article once, also with new ones in between; the cursor belongs to its filter."""
    kept(database, *(draft(f"n{number}") for number in range(5)), now=NOW + MINUTE)
    ids: list[int] = []
    path = "/articles?limit=2"
    while True:
        page = client.get(path).json()
        ids += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        path = f"/articles?limit=2&cursor={page['next']}"
        kept(database, draft(f"later{len(ids)}"), now=NOW + len(ids) * 60 * MINUTE)
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == len(set(ids)) == 7
    cursor = client.get("/articles?limit=2").json()["next"]
    for wrong in (f"/articles?limit=2&source=times&cursor={cursor}", f"/hits?cursor={cursor}", "/articles?cursor=x"):
        assert client.get(wrong).status_code == 400


def test_stories_of_one_time_are_on_one_page_each(client: Client, database: Database) -> None:
    """Stories that were last seen at the same time are neither skipped nor repeated."""
    at = {"title": "T", "first_seen_at": NOW, "last_seen_at": NOW, "merged_into": ""}
    rows = [{"id": f"s{number}{letter}"} | at for number in range(1, 9) for letter in ("", "b")]
    with database._connections.write_transaction() as connection:
        connection.execute(insert(STORY).values(rows))
    ids: list[str] = []
    path = "/stories?limit=2"
    while path:
        page = client.get(path).json()
        ids += [one["id"] for one in page["items"]]
        path = f"/stories?limit=2&cursor={page['next']}" if page["next"] else ""
    assert len(ids) == len(set(ids)) == 16
    cursor = client.get("/stories?limit=2").json()["next"]
    for wrong in (f"/stories?official=somebody&cursor={cursor}", f"/articles?cursor={cursor}", "/stories?cursor=x"):
        assert client.get(wrong).status_code == 400


def test_lists_are_lines_or_csv_if_asked(client: Client) -> None:
    lines = client.get("/hits", Accept="application/x-ndjson").text.splitlines()
    assert [json.loads(line)["rule"] for line in lines] == ["rule", "rule"]
    csv = client.get("/hits", Accept="text/csv").text
    assert csv.startswith("\ufeffid,article,rule")


def test_csv_cells_are_never_formulas(client: Client, database: Database) -> None:
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET title = '=HYPERLINK(1)' WHERE id = 1")
    assert "'=HYPERLINK(1)" in client.get("/articles", Accept="text/csv").text


@pytest.mark.parametrize(
    ("method", "path", "scope", "role", "status"),
    [
        ("PUT", "/marks/s1/muted", Scope.READ, Role.ADMIN, 403),
        ("PUT", "/marks/nothing/muted", Scope.FEEDBACK, Role.VIEWER, 404),
        ("POST", "/sources/times/poll", Scope.OPERATE, Role.EDITOR, 202),
        ("POST", "/sources/times/poll", Scope.OPERATE, Role.VIEWER, 403),
        ("POST", "/sources/times/poll", Scope.FEEDBACK, Role.EDITOR, 403),
        ("POST", "/sources/nothing/poll", Scope.OPERATE, Role.EDITOR, 404),
        ("POST", "/sources/times/release", Scope.OPERATE, Role.EDITOR, 200),
        ("POST", "/deliveries/1/resend", Scope.OPERATE, Role.EDITOR, 404),
        ("POST", "/deliveries/1/cancel", Scope.READ, Role.EDITOR, 403),
        ("DELETE", "/changes/1", Scope.FEEDBACK, Role.EDITOR, 404),
    ],
)
def test_a_token_has_its_scopes_and_never_more_than_its_reader(
    desk: Desk, method: str, path: str, scope: Scope, role: Role, status: int
) -> None:
    answer = Client(desk, scope, role=role).send(method, path)
    assert answer.status_code == status, answer.text


def test_a_verdict_is_given_and_undone(desk: Desk) -> None:
    client = Client(desk, Scope.FEEDBACK)
    body = {"kind": "rejected", "article": 1, "official": "somebody", "reason": "namesake"}
    answer = client.send("POST", "/verdicts", body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["way"] == "api"
    assert client.get("/verdicts").json()["items"][0]["reason"] == "namesake"
    undone = client.send("DELETE", f"/changes/{answer.json()['change']}")
    assert (undone.status_code, undone.json()["what"]) == (200, "undo")
    assert client.get("/verdicts").json()["items"][0]["undone_at"]
    assert client.get("/changes").json()["items"][0]["change"] == undone.json()["change"]
    assert client.send("POST", "/verdicts", body | {"kind": "loved"}).status_code == 400
    assert client.send("POST", "/verdicts", body | {"more": 1}).status_code == 400


def test_changes_are_the_json_of_the_command_line(desk: Desk, database: Database) -> None:
    """As a list, and as the answer to the request that makes the change."""
    client = Client(desk, Scope.FEEDBACK)
    given = client.send("POST", "/verdicts", {"kind": "rejected", "article": 1, "official": "somebody"}).json()
    story = {"id": "s1", "title": "T", "first_seen_at": NOW, "last_seen_at": NOW, "merged_into": ""}
    with database._connections.write_transaction() as connection:
        connection.execute(insert(STORY).values(story))
    marked = client.send("PUT", "/marks/s1/muted").json()
    undone = client.send("DELETE", f"/changes/{given['change']}").json()
    changes = client.get("/changes").json()["items"]
    assert changes == cli(database, "feedback")
    assert [one["change"] for one in changes] == [one["change"] for one in (undone, marked, given)]
    assert changes[1].items() <= marked.items()
    assert changes[2]["verdict"] == client.get("/verdicts").json()["items"][0]
    assert client.get("/marks").json()["items"] == [marked["mark"]]
    assert (given["verdict"]["undone_at"], given["articles"]) == (None, 1)


def test_a_request_that_is_repeated_with_its_key_is_carried_out_once(desk: Desk) -> None:
    """For a day and one token; another request with the key, or a key that is too long, is refused."""
    client, key = Client(desk, Scope.FEEDBACK), {"Idempotency-Key": "k1"}
    body = {"kind": "rejected", "article": 1, "official": "somebody"}
    first = client.send("POST", "/verdicts", body, **key)
    undo = client.send("DELETE", f"/changes/{first.json()['change']}", **key | {"Idempotency-Key": "k2"})
    again = client.send("POST", "/verdicts", body, **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (again.headers["idempotent-replayed"], again.headers["content-type"]) == ("true", "application/json")
    assert client.get("/changes").json()["items"][0]["change"] == undo.json()["change"]
    other = client.send("POST", "/verdicts", body | {"note": "x"}, **key)
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert client.send("POST", "/verdicts", body, **{"Idempotency-Key": "k" * 300}).status_code == 400
    assert Client(desk, Scope.READ, role=Role.EDITOR).send("POST", "/verdicts", body, **key).status_code == 403
    desk.clock.now += timedelta(hours=25)
    client = Client(desk, Scope.FEEDBACK)
    assert client.send("POST", "/verdicts", body, **key).json()["change"] > undo.json()["change"]


def test_a_key_may_be_used_again_if_the_request_had_no_effect(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a repetition waits while the first request is being carried out, unless its process was lost."""
    client, key = Client(desk, Scope.OPERATE), {"Idempotency-Key": "k1"}
    with monkeypatch.context() as patched:
        patched.setattr(desk.database.sources, "make_due", Mock(side_effect=StoreBusy("busy")))
        assert client.send("POST", "/sources/times/poll", **key).status_code == 503
    answers, hashed = desk.database.api_answers, sha256(b"k1").hexdigest()
    request = sha256(b"POST\0/api/v1/sources/times/poll\0\0").hexdigest()
    assert answers.reserve(client.token.id, hashed, request, desk.clock()) is None
    assert client.send("POST", "/sources/times/poll", **key).status_code == 409
    desk.clock.now += timedelta(minutes=3)
    assert client.send("POST", "/sources/times/poll", **key).status_code == 202


def test_a_request_with_a_key_at_a_locked_database_may_be_repeated(desk: Desk) -> None:
    client, key = Client(desk, Scope.OPERATE), {"Idempotency-Key": "k1"}
    with locked(desk.database):
        answer = client.send("POST", "/sources/times/poll", **key)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "locked by another program; try again" in answer.json()["detail"]
    assert client.send("POST", "/sources/times/poll", **key).status_code == 202


def test_an_answer_that_cannot_be_kept_is_sent_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request was carried out; only a repetition is not recognised later."""
    client, key = Client(desk, Scope.OPERATE), {"Idempotency-Key": "k1"}
    monkeypatch.setattr(desk.database.api_answers, "save", Mock(side_effect=StoreBusy("busy")))
    desk.client = TestClient(desk.app, base_url=f"http://{HOST}", client=("127.0.0.1", 50000))
    assert client.send("POST", "/sources/times/poll", **key).status_code == 202


def test_a_look_up_that_takes_too_long_is_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and the API give a reason; the next look-up works."""
    monkeypatch.setattr("monitor.web.context.LOOKUP_SECONDS", 0.05)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    def look_up(*_args: object, **_more: object) -> None:
        with desk.database._connections.read_transaction() as connection:
            connection.exec_driver_sql(endless)

    reader, client = desk.log_in(), Client(desk)
    with monkeypatch.context() as patched:
        patched.setattr(desk.database.queries, "list_articles", look_up)
        answer = client.get("/articles")
        assert (answer.status_code, answer.json()["title"]) == (503, "This takes too long")
        patched.setattr(desk.database.desk, "list_sources", look_up)
        page = reader.get("/sources")
        assert page.status_code == 503
        assert "takes too long" in page.text
    assert client.get("/articles").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic x", "Bearer mon_" + "x" * 500])
def test_without_a_valid_token_nothing_is_read(desk: Desk, header: str) -> None:
    answer = desk.client.get("/api/v1/articles", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_or_expired_token_ends(desk: Desk) -> None:
    client, other = Client(desk), Client(desk)
    desk.database.readers.revoke_token(client.token.id, desk.clock())
    assert client.get("/me").status_code == 401
    assert other.get("/me").status_code == 200
    desk.clock.now += timedelta(days=2)
    assert other.get("/me").status_code == 401


def test_the_cookie_of_the_desk_only_reads(desk: Desk) -> None:
    """Another site cannot write with it, and pages may link to JSON."""
    reader = desk.log_in()
    assert reader.get("/api/v1/me").json()["login"] == "owner"
    same = {"Sec-Fetch-Site": "same-origin"}
    assert desk.client.post("/api/v1/sources/times/poll", headers=reader.cookie | same).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/articles/999", 404),
        ("/articles/x", 400),
        ("/articles?limit=0", 400),
        ("/articles?since=soon", 400),
        ("/search?q=(", 400),
        ("/search?q=/x/", 422),
        ("/people/nobody", 404),
        ("/people/somebody/timeline?span=9d", 400),
        ("/nowhere", 404),
        ("/digests/next/x", 404),
    ],
)
def test_errors_are_problem_documents(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == status
    assert document["type"] == f"urn:monitor:problem:{status}"
    assert document["detail"]


def test_a_token_is_limited_to_a_number_of_requests() -> None:
    """The limit ends by itself; other tokens are not affected."""
    now = [0.0]
    limiter = RateLimiter(2, lambda: now[0])
    assert [limiter.count("a"), limiter.count("a"), limiter.count("b")] == [1, 0, 1]
    with pytest.raises(RateLimited) as refused:
        limiter.count("a")
    assert refused.value.seconds == 61
    now[0] = 61
    assert limiter.count("a") == 1


def test_no_other_site_may_read_the_api(client: Client) -> None:
    """There are no headers for other origins, and a request with a foreign origin is refused if it could write."""
    assert "access-control-allow-origin" not in client.get("/me", Origin="https://evil.example").headers
    answer = client.call("POST", "/sources/times/poll", Origin="https://evil.example")
    assert answer.status_code == 403


def test_generated_requests_have_documented_answers(database: Database, tmp_path: Path) -> None:
    """No request of any form causes an error of the desk, and every answer has a documented form."""
    file = tmp_path / "sources.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    desk = Desk(database, file=file)
    client = Client(desk, *Scope)
    desk.api.state.limiter = desk.api.state.search_limiter = RateLimiter(10**9)
    schema = schemathesis.openapi.from_dict(desk.client.get("/api/v1/openapi.json").json())
    operations = [cast("Any", found).ok() for found in schema.get_all_operations()]
    assert len(operations) > 30
    for operation in operations:
        check_operation(client, operation)


def check_operation(client: Client, operation: Any) -> None:
    """Send a few generated requests of one operation."""

    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        request = case.as_transport_kwargs(base_url=f"http://{HOST}/api/v1")
        answer = client.desk.client.request(
            request["method"],
            request["url"],
            params=request.get("params"),
            json=request.get("json"),
            headers={"Authorization": f"Bearer {client.text}"},
        )
        assert answer.status_code < 500, (request, answer.text)
        assert str(answer.status_code) in {*operation.responses.status_codes, "413", "405"}, (request, answer.text)

    check()


def test_a_young_archive_has_no_usual_week_yet(client: Client, desk: Desk) -> None:
    """The API has the time since when the archive exists, and the page has it in words."""
    for person in (client.get("/people").json()["items"][0], client.get("/people/somebody").json()):
        assert person["usual_week"] is None
        assert person["archive_since"]
    since = person["archive_since"][:10]
    assert f"No usual week yet (archive since {since})" in desk.log_in().get("/people").text

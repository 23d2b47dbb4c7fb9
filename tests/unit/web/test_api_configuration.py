"""The API for the configuration files: entity tags, check, save, and rehearsals as jobs."""

from pathlib import Path
from typing import Any

import pytest
from support.api import Client
from support.desk import CONFIGURATION, Desk

from monitor.domain.readers import Role, Scope
from monitor.domain.secret import Secret
from monitor.store.database import Database
from monitor.telemetry.redact import Redactor

CANARY = "c4nary-secret"
FILE = CONFIGURATION.replace('rss"}\n  post', f'rss", headers: {{X-Key: {CANARY}}}}}\n  post', 1)
EDIT = ("query: river", "query: listened")


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    file = tmp_path / "sources.yaml"
    file.write_text(FILE, encoding="utf-8")
    return Desk(database, file=file, redact=Redactor([Secret(CANARY)]))


@pytest.fixture
def client(desk: Desk) -> Client:
    return Client(desk, Scope.CONFIGURE)


def put(client: Client, text: str, tag: str | None, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {client.text}"} | ({"If-Match": tag} if tag else {})
    return client.desk.client.request("PUT", "/api/v1/config", headers=headers, json={"text": text} | more)


def test_a_file_is_saved_with_its_entity_tag_only(desk: Desk, client: Client) -> None:
    """W17, W13: a stale tag is refused, and the secret is in no answer and stays in the file."""
    opened = client.get("/config")
    assert CANARY not in opened.text
    text, tag, file = opened.json()["text"], opened.headers["etag"], desk.file
    assert file
    assert client.get("/config", **{"If-None-Match": tag}).status_code == 304
    assert put(client, text.replace(*EDIT), None).status_code == 428
    saved = put(client, text.replace(*EDIT), tag)
    assert saved.status_code == 200, saved.text
    assert (saved.json()["what"], saved.json()["way"]) == ("edit", "api")
    assert file.read_text() == FILE.replace(*EDIT)
    assert put(client, text.replace("Some Body", "Some Person"), tag).status_code == 412
    assert file.read_text() == FILE.replace(*EDIT)
    path = f"/changes/{saved.json()['change']}"
    assert Client(desk, Scope.FEEDBACK).send("DELETE", path).status_code == 403
    assert client.send("DELETE", path).status_code == 200
    assert file.read_text() == FILE


def test_a_check_lists_faults_and_the_difference(client: Client) -> None:
    """W25, too: the answer to a save is the same list."""
    opened = client.get("/config")
    text = opened.json()["text"]
    checked = client.send("POST", "/config/check", {"text": text.replace(*EDIT)}).json()
    assert (checked["valid"], checked["errors"], len(checked["difference"])) == (True, [], 11)
    for wrong in (text.replace("query:", "qury:"), text.replace("name: The Post", "cookie_file: /etc/passwd")):
        checked = client.send("POST", "/config/check", {"text": wrong}).json()
        assert not checked["valid"]
        assert checked["errors"][0]["line"] > 1
        refused = put(client, wrong, opened.headers["etag"])
        assert refused.status_code == 422
        assert refused.json()["faults"][0]["line"] == checked["errors"][0]["line"]
        assert client.send("POST", "/config/rehearse", {"text": wrong}).status_code == 422
    assert client.get("/config?file=../x").status_code == 404


def test_a_rehearsal_is_a_job(desk: Desk, client: Client) -> None:
    """Only for the reader who has started it."""
    with desk.client:  # one event loop, in which the job goes on between the requests
        text = client.get("/config").json()["text"]
        started = client.send("POST", "/config/rehearse", {"text": text.replace(*EDIT), "days": 90})
        assert started.status_code == 202, started.text
        path = started.headers["location"].removeprefix("/api/v1")
        job = client.get(path).json()
        while job["state"] == "running":
            job = client.get(path).json()
        assert job["state"] == "done", job
        assert {one["rule"]: one["new"] for one in job["rules"]}["rivers"] == 1
        assert Client(desk, Scope.CONFIGURE, role=Role.EDITOR).get(path).status_code == 404
        assert client.send("DELETE", path).json()["state"] == "done"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/config"),
        ("PUT", "/config"),
        ("POST", "/config/check"),
        ("POST", "/config/rehearse"),
        ("GET", "/jobs/x"),
    ],
)
def test_the_scope_and_the_role_are_needed(desk: Desk, method: str, path: str) -> None:
    """W22: as on the page."""
    body = {"text": FILE} if method in {"PUT", "POST"} else None
    others = [scope for scope in Scope if scope is not Scope.CONFIGURE]
    for client in (Client(desk, *others), Client(desk, *Scope, role=Role.VIEWER)):
        assert client.send(method, path, body).status_code == 403

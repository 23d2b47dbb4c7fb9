"""Page of the desk with the posts that may have changed hands, and its twin in the API."""

import pytest
from support.api import Client
from support.desk import CONFIGURATION, Desk, FixedLoader
from support.rows import NOW, draft, kept

from monitor.domain.succession import ReportedStatement, StatementKind
from monitor.store.database import Database
from monitor.store.successions import SearchBatch, SearchProgress

POST = "Minister of Rivers"
PASSAGE = "Jane <b>Roe</b> was sworn in as minister of rivers."


@pytest.fixture
def dated_desk(database: Database) -> Desk:
    """Build a desk whose official has a dated role, with the statements of two outlets on it."""
    kept(database, draft("c"), name="post")
    ids = (1, database.desk.newest_article_id())
    statements = [
        ReportedStatement(
            "somebody", StatementKind.HOLDER, "Jane Roe", POST, True, PASSAGE, NOW, number, number, "", "", "", ""
        )
        for number in ids
    ]
    database.successions.save(SearchBatch((), SearchProgress(ids[1]), is_last=True), statements, NOW)
    dated = CONFIGURATION.replace(f"[{POST}]", f"[{{title: {POST}, from: 2020-01-01}}]")
    return Desk(database, loader=FixedLoader(dated))


def test_a_succession_is_shown_with_passages_and_the_line_for_the_file(dated_desk: Desk) -> None:
    """Texts of outlets are never markup."""
    reader = dated_desk.log_in()
    text = reader.get("/successions").text
    assert "Jane Roe may now hold the post of Some Body: Minister of Rivers." in text
    assert text.count("Jane &lt;b&gt;Roe&lt;/b&gt; was sworn in") == 2
    assert f"- {{title: {POST}, from: 2020-01-01, until: {NOW:%Y-%m-%d}}}" in text
    assert 'href="/people/somebody"' in text
    assert "2 outlets" in text
    assert "No succession found" in reader.get("/successions?person=other").text
    assert reader.get("/successions?person=nobody").status_code == 404


def test_the_page_is_reached_from_people_and_from_a_person(desk: Desk) -> None:
    reader = desk.log_in()
    assert 'href="/successions"' in reader.get("/people").text
    assert 'href="/successions?person=somebody"' in reader.get("/people/somebody").text
    assert "No succession found" in reader.get("/successions").text


def test_the_api_has_the_same_successions(dated_desk: Desk) -> None:
    client = Client(dated_desk)
    (record,) = client.get("/successions").json()["items"]
    assert (record["official"], record["kind"], record["person"]) == ("somebody", "holder", "Jane Roe")
    assert [one["passage"] for one in record["statements"]] == [PASSAGE, PASSAGE]
    assert client.get("/successions?official=other").json()["items"] == []
    assert client.get("/successions?official=nobody").status_code == 404

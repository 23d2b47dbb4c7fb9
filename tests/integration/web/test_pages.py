"""Pages of the desk: what they show."""

import re
from asyncio import run
from datetime import timedelta
from xml.etree.ElementTree import fromstring

import pytest
from support.desk import CONFIGURATION, Desk, FixedLoader
from support.rows import MINUTE, NOW

from monitor.domain.backfill import BackfillProgress
from monitor.domain.delivery import Sent
from monitor.domain.poll_state import SourceState
from monitor.domain.readers import Role
from monitor.domain.translation import TextToTranslate
from monitor.domain.values import replace
from monitor.store.database import Database


def test_today_shows_new_stories_under_their_person(desk: Desk) -> None:
    text = desk.log_in().get("/").text
    assert text.index("Some Body") < text.index("Minister of Rivers") < text.index("About b")
    assert "<mark>Some Body</mark> spoke." in text
    assert "2 stories with new hits" in text


def test_today_is_empty_when_everything_is_read(desk: Desk, database: Database) -> None:
    reader = desk.log_in()
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE reader SET seen_hit_id = 1000")
    text = reader.get("/").text
    assert "Nothing new" in text
    assert "About a" not in text


def test_an_article_shows_mentions_near_misses_and_reasons(desk: Desk) -> None:
    text = desk.log_in().get("/article/1").text
    assert '<mark class="mention">Some Body<a class="ref" href="#f1"' in text
    assert "a street" in text
    assert "found by rule, and not reported yet" in text


def test_a_merged_story_leads_to_the_one_that_absorbed_it(desk: Desk, database: Database) -> None:
    with database._connections.write_transaction() as connection:
        for story, into in (("s1", ""), ("s2", "s1")):
            connection.exec_driver_sql(
                "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) VALUES (?, 'T', ?, ?, ?)",
                (story, "2026-03-01T12:00:00.000000Z", "2026-03-01T12:00:00.000000Z", into),
            )
        connection.exec_driver_sql("UPDATE article SET story_id = 's1'")
    reader = desk.log_in()
    answer = reader.get("/story/s2")
    assert (answer.status_code, answer.headers["location"]) == (301, "/story/s1")
    text = reader.get("/story/s1").text
    assert "2 articles in 1 outlet" in text
    assert text.index("About a") < text.index("About b")


def test_a_story_names_all_its_languages(desk: Desk, database: Database) -> None:
    """English, too, if there is another one; a story in English alone names none."""
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) VALUES ('s1', 'T', ?, ?, '')",
            ("2026-03-01T12:00:00.000000Z", "2026-03-01T12:00:00.000000Z"),
        )
        connection.exec_driver_sql("UPDATE article SET story_id = 's1', language = 'en'")
    reader = desk.log_in()
    assert "2 articles in 1 outlet ·" in reader.get("/story/s1").text
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET language = 'vi' WHERE id = 2")
    assert re.search(
        r"2 articles in 1 outlet, in (English, Vietnamese|Vietnamese, English) ·", reader.get("/story/s1").text
    )


@pytest.mark.parametrize("path", ["/", "/people", "/people/somebody", "/article/1", "/search", "/sources", "/me"])
def test_no_paragraph_contains_a_form(desk: Desk, path: str) -> None:
    """A browser ends the paragraph at the form, so that the page is not laid out as it was written."""
    text = desk.log_in().get(path).text
    assert not re.search(r"<p[ >](?:(?!</p>).)*<form", text, re.DOTALL)


def test_the_status_page_states_that_no_daemon_has_run(desk: Desk, database: Database) -> None:
    """Otherwise "no problem" would hide that sources are read only by hand."""
    (lease,) = database.sources.lease_due(desk.clock(), 1, desk.clock() + MINUTE, only={"times"})
    polled = replace(lease.poll_state, state=SourceState.OK, last_attempt_at=desk.clock(), last_success_at=desk.clock())
    database.articles.commit_poll(lease, polled, [], desk.clock())
    assert "The daemon has never run on this database" in desk.log_in().get("/status").text


def test_pages_show_the_translations_that_digests_have_made(database: Database) -> None:
    """After the original, marked as made by a machine."""
    text = CONFIGURATION.replace("timezone:", "translate: {to: fr, command: [translate]}, timezone:")
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) VALUES ('s1', 'T', ?, ?, '')",
            ("2026-03-01T12:00:00.000000Z", "2026-03-01T12:00:00.000000Z"),
        )
        connection.exec_driver_sql("UPDATE article SET story_id = 's1', language = 'en'")
    made = {
        TextToTranslate("en", "About a"): "Au <sujet> de a",
        TextToTranslate("en", "Some Body spoke."): "Quelqu'un a parlé.",
    }
    database.translations.save(made, "fr", "translate", NOW)
    page = Desk(database, loader=FixedLoader(text)).log_in().get("/story/s1").text
    assert page.index("About a") < page.index("Machine translation: Au &lt;sujet&gt; de a")
    assert "Machine translation: Quelqu&#39;un a parlé." in page
    article = Desk(database, loader=FixedLoader(text)).log_in().get("/article/1").text
    assert article.index("About a</bdi>") < article.index("Machine translation: Au &lt;sujet&gt; de a")
    assert article.index("spoke.</p>") < article.index("Machine translation: Quelqu&#39;un a parlé.")
    assert "Machine translation" not in Desk(database).log_in().get("/story/s1").text


def test_the_timeline_of_a_person_marks_days_without_a_source(desk: Desk, database: Database) -> None:
    """In words, too, because silence on such a day may be no news."""
    reader = desk.log_in()
    assert "could not be read" not in reader.get("/people/somebody").text
    (lease,) = database.sources.lease_due(desk.clock(), 1, desk.clock() + MINUTE, only={"times"})
    failing = replace(lease.poll_state, state=SourceState.FAILING, state_since_at=NOW, detail="HTTP 500")
    database.articles.commit_poll(lease, failing, [], desk.clock())
    text = reader.get("/people/somebody").text
    assert 'fill="url(#hatch)"' in text
    assert "<td>1 source</td>" in text
    assert "could not be read there" in text


def test_sources_show_their_state(desk: Desk) -> None:
    reader = desk.log_in()
    assert "The Times" not in reader.get("/sources?q=nothing").text
    assert "Times" in reader.get("/sources?q=tim").text
    page = reader.get("/sources/times").text
    assert "About b" in page
    assert "2 articles" in page or "<dd>2</dd>" in page


def test_a_source_shows_from_when_on_its_archive_is_complete(desk: Desk, database: Database) -> None:
    reader = desk.log_in()
    state = database.sources.load_poll_states()["times"]
    begun = BackfillProgress(
        "times", NOW - timedelta(days=900), NOW, ("https://times.example/map.xml",), stored_count=17
    )
    database.key_values.save_backfill(begun)
    page = reader.get("/sources/times").text
    assert ("Archive complete since" in page) == (state.baseline_at is not None)
    assert "Backfill under way" in page
    assert "17 articles stored" in page
    reached = replace(begun, pending_urls=(), complete_since_at=NOW - timedelta(days=900))
    database.key_values.save_backfill(reached)
    page = reader.get("/sources/times").text
    assert "Archive complete since" in page
    assert f"{NOW - timedelta(days=900):%Y-%m-%d}" in page
    assert "Backfill under way" not in page


def test_the_next_digest_is_shown_and_not_sent(desk: Desk, database: Database) -> None:
    text = desk.log_in().get("/digests/next/morning").text
    assert "preview" in text
    assert "About a" in text
    assert database.deliveries.list_digests() == []


def test_a_sent_digest_is_shown_in_each_form(desk: Desk, database: Database) -> None:
    composer = desk.app.state.composer
    configuration = desk.loader.snapshot.configuration
    run(composer.send_now(configuration.digests[0], configuration))
    reader = desk.log_in()
    number = database.deliveries.list_digests()[0].id
    assert "About a" in reader.get(f"/digests/{number}").text
    assert f'href="/digests/{number}"' in reader.get("/digests").text
    assert "outbox" in reader.get("/outbox").text
    for form, kind in (("page", "text/html"), ("text", "text/plain"), ("json", "application/json")):
        answer = reader.get(f"/digests/{number}/{form}")
        assert answer.headers["content-type"].startswith(kind)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "About a" in answer.text
    assert reader.get(f"/digests/{number}/exe").status_code == 404


def test_preferences_are_kept(desk: Desk) -> None:
    reader = desk.log_in()
    assert reader.post("/me", {"zone": "Europe/Berlin", "theme": "dark"}).status_code == 303
    text = reader.get("/").text
    assert 'data-theme="dark"' in text
    assert "Times are in Europe/Berlin" in text
    assert "data-keys" not in text
    assert reader.post("/me", {"zone": "Nowhere/Town"}).status_code == 400


def test_other_sessions_can_be_ended(desk: Desk) -> None:
    first, second = desk.log_in(), desk.log_in()
    assert second.post("/me/sessions/end").status_code == 303
    assert (first.get("/me").status_code, second.get("/me").status_code) == (303, 200)


def test_a_token_is_shown_once_and_can_be_revoked(desk: Desk) -> None:
    reader = desk.log_in()
    page = reader.post("/me/tokens", {"name": "export", "scope": ["read", "feedback"], "days": "7"}).text
    found = re.search(r"mon_[\w-]+", page)
    assert found
    text = reader.get("/me").text
    assert "export" in text
    assert found[0] not in text
    answer = desk.client.get("/api/v1/me", headers={"Authorization": f"Bearer {found[0]}"})
    assert answer.json()["scopes"] == ["feedback", "read"]
    number = desk.database.readers.list_tokens()[0].id
    other = desk.log_in("anna", Role.VIEWER)
    assert other.post("/me/tokens/revoke", {"token": number}).status_code == 404
    assert reader.post("/me/tokens/revoke", {"token": number}).status_code == 303
    assert desk.client.get("/api/v1/me", headers={"Authorization": f"Bearer {found[0]}"}).status_code == 401
    assert reader.post("/me/tokens", {"name": "x", "scope": "everything", "days": "7"}).status_code == 400


@pytest.mark.parametrize(
    ("fields", "count"),
    [({"person": "somebody"}, 2), ({"rule": "rule"}, 2), ({"digest": "morning"}, 2), ({"q": "other people"}, 1)],
)
def test_a_feed_has_an_address_of_its_own(desk: Desk, fields: dict[str, str], count: int) -> None:
    """Feed readers open it without a login; it ends when its reader ends it, or is disabled."""
    reader = desk.log_in("anna", Role.VIEWER)
    address = re.search(r"/feeds/[\w-]+\.atom", reader.post("/feeds", fields).text)
    assert address
    answer = desk.get(address[0])
    assert answer.headers["content-type"].startswith("application/atom+xml")
    tree = fromstring(answer.text)
    entries = tree.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == count
    assert "times.example/rss" not in answer.text
    view = desk.database.readers.list_views(reader.account.id)[0]
    assert reader.post("/feeds/delete", {"view": view.id}).status_code == 303
    assert desk.get(address[0]).status_code == 404


def test_the_feeds_of_a_disabled_reader_end(desk: Desk) -> None:
    desk.log_in()
    reader = desk.log_in("anna", Role.VIEWER)
    address = re.search(r"/feeds/[\w-]+\.atom", reader.post("/feeds", {"rule": "rule"}).text)
    assert address
    desk.database.readers.set_disabled("anna", desk.clock())
    assert desk.get(address[0]).status_code == 404


@pytest.mark.parametrize("fields", [{}, {"person": "nobody"}, {"rule": "x"}, {"q": "("}, {"digest": "x"}])
def test_a_feed_of_nothing_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    assert desk.log_in().post("/feeds", fields).status_code == 400


def test_the_outbox_shows_a_resend_at_once_and_its_cancelling(desk: Desk) -> None:
    """With the ids of the shell; the record that the delivery was sent is kept."""
    configuration = desk.loader.snapshot.configuration
    for _digest in range(2):
        run(desk.app.state.composer.send_now(configuration.digests[0], configuration))
    for leased in desk.database.deliveries.lease_deliveries(desk.clock(), 10, desk.clock() + MINUTE):
        desk.database.deliveries.record_result(leased, Sent(), desk.clock(), None)
    reader = desk.log_in()
    line = desk.database.desk.list_deliveries(10)[0]
    desk.database.deliveries.forward(line.id, "other", desk.clock())  # so that ids of deliveries and digests differ
    desk.database.deliveries.cancel(line.id + 1, desk.clock())
    text = reader.get("/outbox").text
    assert f'<th scope="row">{line.id + 1}</th>' in text
    assert f"morning, digest {line.digest_id}<" in text
    assert "0 pending, 0 failed" in text
    reader.post(f"/outbox/{line.id}/resend")
    text = reader.get("/outbox").text
    assert "1 pending, 0 failed" in text
    assert "No daemon is running" in text
    assert "sent before" in text
    reader.post(f"/outbox/{line.id}/cancel")
    text = reader.get("/outbox?state=sent").text
    assert "0 pending" in text
    assert f'<th scope="row">{line.id}</th>' in text


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 303), (Role.VIEWER, 403)])
def test_an_editor_polls_sources_and_resends_deliveries(desk: Desk, role: Role, status: int) -> None:
    """The daemon does both; the acts are on the page of changes."""
    run(
        desk.app.state.composer.send_now(
            desk.loader.snapshot.configuration.digests[0], desk.loader.snapshot.configuration
        )
    )
    (delivery,) = desk.database.desk.list_deliveries(10)
    reader = desk.log_in("anna", role)
    assert reader.post(f"/outbox/{delivery.id}/cancel").status_code == status
    assert reader.post(f"/outbox/{delivery.id}/resend").status_code == status
    assert reader.post("/sources/times/poll").status_code == status
    assert reader.post("/sources/times/release").status_code == status
    done = [change.what for change in desk.database.feedback.list_changes()]
    assert done == (["release", "poll", "resend", "cancel"] if status == 303 else [])
    assert ("Poll now" in reader.get("/sources/times").text) == (status == 303)
    assert "no daemon is running" in reader.get("/sources/times?did=poll").text
    assert reader.post("/outbox/999/resend").status_code in {403, 404}
    assert reader.post("/sources/nothing/poll").status_code in {403, 404}

"""Search over folded words, on both engines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from support.rows import NOW, draft, kept, leased

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.values import replace
from monitor.store.articles import replace_text
from monitor.store.database import Database
from monitor.store.full_text import parse_search_query, remove_from_index
from monitor.text.search_text import index_text

TEXTS = {
    "dang": "Ông Đặng Minh Đức nói chuyện với Łukasz và Søren Strauß ở İstanbul.",
    "giang": "Bộ trưởng Quốc phòng, Đại tướng Phan Văn Giang thăm Lào.",
    "lao": "ທ່ານ ພົນເອກ ຄຳລຽງ ອຸທະໄກສອນ ລັດຖະບານປະຊາຊົນ",
    "thai": "รัฐมนตรีว่าการกระทรวงกลาโหมพบผู้แทนลาว",
    "chinese": "越南国防部长潘文江大将表示感谢",
    "border": "Border guards met the patrol; the state-of-the-art post opened at 100% of cost.",
    "nbsp": "General Nguyen\u00a0Tan Cuong\u200b spoke of O'Brien's boat.",
}
ASKED = {
    "dang minh duc": {"dang"},
    "đặng": {"dang"},
    "lukasz soren strauss istanbul": {"dang"},
    "PHAN VAN GIANG": {"giang"},
    '"phan van giang"': {"giang"},
    '"giang van phan"': set(),
    '"văn giang thăm"': {"giang"},
    "phan*": {"giang"},
    '"van gia*"': {"giang"},
    "ປະຊາຊົນ": {"lao"},
    "ຄຳລຽງ": {"lao"},
    "ຄໍາລຽງ ອຸທະໄກສອນ": {"lao"},
    "กลาโหม": {"thai"},
    "กระทรวงกลาโหมพบ": {"thai"},
    "潘文江": {"chinese"},
    "潘": {"chinese"},
    "谢": {"chinese"},
    "江潘": set(),
    "border -patrol": set(),
    "border -nothing": {"border"},
    "guard": set(),
    "guard*": {"border"},
    "nguyen tan cuong": {"nbsp"},
    '"nguyen tan cuong"': {"nbsp"},
    "o'brien": {"nbsp"},
    "100%": {"border"},
    "state-of-the-art": {"border"},
    '"100_ of"': {"border"},
    "": set(),
    "-border": set(),
    '"': set(),
    "* ()": set(),
}


def library() -> list[NewArticle]:
    article = Article("https://x", language="en")
    return [
        NewArticle((name,), replace(article, title=name, body=text), True, Stage.EXTRACTED)
        for name, text in TEXTS.items()
    ]


def test_words_are_found_in_every_spelling_and_script(database: Database) -> None:
    """With or without marks, as phrases, by their beginning, and inside runs without word breaks."""
    kept(database, *library())
    found = {query: {one.article.title for one in database.queries.search(query)} for query in ASKED}
    assert found == ASKED


def test_common_words_are_found_like_rare_ones(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL goes from article to article for them; the index answers the same."""
    kept(database, *library())
    monkeypatch.setattr("monitor.store.full_text.SCAN_LIMIT", 0)
    found = {query: {one.article.title for one in database.queries.search(query)} for query in ASKED}
    assert found == ASKED


@pytest.mark.parametrize(
    "query",
    ['" OR 1', "a AND", "NEAR(", "a NOT", "title:x", "'; DROP TABLE article", "a:*", "\\", "!a & b", "\0", "%_"],
)
def test_any_text_is_a_valid_query(database: Database, query: str) -> None:
    """Users may type anything."""
    kept(database, *library())
    database.queries.search(query)


def test_the_newest_articles_are_first(database: Database) -> None:
    """At most as many as requested."""
    kept(database, *(draft(str(number), body="same words") for number in range(5)))
    assert [one.article.title for one in database.queries.search("same", 2)] == ["About 4", "About 3"]


def test_a_replaced_text_is_no_longer_found(database: Database) -> None:
    """The page's text replaces the feed's."""
    kept(database, draft("a", stage=Stage.LISTED, body="teaser"))
    assert database.queries.search("teaser") == []
    (unread,) = database.articles.lease_pages(NOW, 1, NOW)
    database.articles.save_page(unread, replace(unread.article, body="whole story"))
    assert len(database.queries.search("whole story")) == 1
    assert database.queries.search("teaser") == []
    lease = leased(database)
    database.articles.commit_poll(lease, lease.poll_state, [draft("b")], NOW)


def test_words_that_an_earlier_program_indexed_otherwise_do_not_damage_the_index(database: Database) -> None:
    """They stay in the index when the article is changed, and the other articles are found as before."""
    kept(database, draft("a", body="old words"), draft("b", body="other words"))
    with database._connections.write_transaction() as connection:
        connection.execute(sql("UPDATE article_text SET search_text = 'of another text' WHERE article_id = 1"))
        remove_from_index(connection, [1, 2])
        connection.execute(sql("DELETE FROM article WHERE id IN (1, 2)"))
    assert database.queries.search("words") == []
    assert database.maintenance.check_database() == ()
    kept(database, draft("c", body="new words"))
    assert [one.article.title for one in database.queries.search("words")] == ["About c"]


def test_a_changed_text_is_found_and_the_old_one_is_not(database: Database) -> None:
    """The old words are computed again from the article as it is stored."""
    (stored,) = kept(database, draft("a", body="some words in Đặng's café"))
    with database._connections.write_transaction() as connection:
        replace_text(connection, stored.id, replace(stored.article, body="whole story"))
    assert database.queries.search("dang") == []
    assert len(database.queries.search("whole story")) == 1
    assert database.maintenance.check_database() == ()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_a_text_is_found_by_all_its_words(text: str) -> None:
    """Indexing and queries split a text alike."""
    indexed = f" {index_text(Article('u', body=text))} "
    for term in parse_search_query('"' + text.replace('"', " ") + '"'):
        phrase = " " + " ".join(term.words)
        assert phrase + ("" if term.is_prefix else " ") in indexed


@given(st.text(alphabet="ກຂຄລາວໄທ中文字 ab", min_size=1, max_size=30), st.data())
def test_any_part_of_a_text_without_spaces_is_found(text: str, data: st.DataObject) -> None:
    """Such scripts match as substrings."""
    run = data.draw(st.sampled_from(text.replace("a", " ").replace("b", " ").split() or [""]))
    start = data.draw(st.integers(0, max(len(run) - 1, 0)))
    part = run[start : start + data.draw(st.integers(1, 6))]
    indexed = f" {index_text(Article('u', body=text))} "
    for term in parse_search_query(part):
        assert " " + " ".join(term.words) + ("" if term.is_prefix else " ") in indexed

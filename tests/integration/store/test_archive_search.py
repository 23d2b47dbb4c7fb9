"""Search with queries of rules, on both engines."""

import random
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.rows import NOW, draft, found, kept

from monitor.domain.article import Region
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.insight.search import Search, count_articles, find_articles, limit_to_regions
from monitor.pipeline import search as searching
from monitor.pipeline.search import SearchRequest, compile_search, search_articles
from monitor.store.database import Database

UTC = ZoneInfo("UTC")
SOURCES, OFFICIALS, RULES, WORDS = ("times", "post"), ("a", "b"), ("one", "two"), ("river", "border", "visit")
FILTERS: list[dict[str, Any]] = [
    {},
    {"source_id": "times"},
    {"official_id": "a"},
    {"rule_id": "one"},
    {"source_id": "post", "official_id": "b"},
    {"source_ids": ("post",), "rule_id": "two"},
    {"language": "lo", "official_id": "a"},
    {"official_id": "nobody"},
]
TEXTS = {
    "lo": "ທ່ານ ທອງລຸນ ສີສຸລິດ ໄດ້ຢ້ຽມຢາມຊາຍແດນລາວ",
    "th": "นายกรัฐมนตรีเดินทางไปชายแดนลาวเมื่อวานนี้",
    "km": "នាយករដ្ឋមន្ត្រីបានទៅទស្សនាព្រំដែនកម្ពុជា",
    "zh": "老挝国家主席会见防长并访问边境地区",
    "ja": "ラオスの国防大臣が国境の町を訪問した",
    "en": "Some Body, the minister, visited the border region of Laos.",
}


@pytest.fixture
def archive(database: Database) -> Database:
    """Store an article in each language; the English one has a mention and a hit."""
    for language, text in TEXTS.items():
        new = draft(language, body=text)
        (stored,) = kept(database, replace(new, article=replace(new.article, language=language)))
        mentioned = found("rule") if language == "en" else replace(found(), mentions=(), near_misses=())
        database.findings.save([(stored, mentioned)], NOW)
    return database


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ຊາຍແດນ", ["lo"]),
        ("ชายแดน", ["th"]),
        ("ព្រំដែន", ["km"]),
        ("国家主席", ["zh"]),
        ("边境 OR 国境", ["ja", "zh"]),
        ("国防大臣 NOT 防长", ["ja"]),
        ("border NEAR/2 visited", ["en"]),
        ("@somebody border", ["en"]),
        ("visit* /minis.er/", ["en"]),
        ("主席会见防", ["zh"]),
        ("主席防长", []),
    ],
)
def test_words_inside_running_text_are_found(archive: Database, query: str, expected: list[str]) -> None:
    compiled = compile_search(query, ["somebody"])
    result = find_articles(archive, Search(query, ArticleFilter()), compiled, UTC, 10)
    assert [one.line.language for one in result.found] == expected
    assert result.is_complete


def test_a_search_is_counted_continued_and_limited_to_regions(archive: Database) -> None:
    """Counts are of all results; the cursor continues without gap or repetition."""
    compiled = compile_search("about", [])
    search = Search("about", ArticleFilter())
    counts, is_complete = count_articles(archive, search, compiled, UTC, "language")
    assert (dict(counts), is_complete) == (dict.fromkeys(TEXTS, 1), True)
    assert count_articles(archive, search, compiled, UTC, "official") == ((("somebody", 1),), True)
    seen: list[int] = []
    next_id: int | None = None
    for _ in range(3):
        part = find_articles(archive, replace(search, before_id=next_id), compiled, UTC, 2)
        seen += [one.line.id for one in part.found]
        next_id = part.next_id
    assert seen == [6, 5, 4, 3, 2, 1]
    assert find_articles(archive, search, limit_to_regions(compiled, [Region.BODY]), UTC, 9).found == ()
    assert (
        len(find_articles(archive, search, limit_to_regions(compiled, [Region.BODY, Region.TITLE]), UTC, 9).found) == 6
    )
    rule = ArticleFilter(rule_id="rule")
    assert [one.line.id for one in find_articles(archive, Search("", rule), None, UTC, 9).found] == [6]


@pytest.mark.parametrize("wanted", [ArticleFilter(official_id="somebody"), ArticleFilter(rule_id="rule")])
@pytest.mark.parametrize("language", ["", "lo"])
def test_pages_of_an_official_or_a_rule_have_each_article_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, wanted: ArticleFilter, language: str
) -> None:
    """Also if other filters leave few of many articles, or if the hits of older articles were found later."""
    monkeypatch.setattr("monitor.store.queries._MAX_SUBQUERY_IDS", 3)
    monkeypatch.setattr("monitor.store.desk.MAX_SAMPLE_ARTICLES", 3)
    stored = []
    for number in range(12):
        new = draft(f"n{number}")
        article = replace(new.article, language="lo" if number in {0, 1, 5} else "en")
        stored.append(kept(database, replace(new, article=article), now=NOW + timedelta(minutes=number))[-1])
    for one in reversed(stored):
        database.findings.save([(one, found("rule"))], NOW)
    seen: list[int] = []
    request = SearchRequest(None, replace(wanted, language=language, limit=2), UTC)
    for _ in range(30):
        part = search_articles(database, request)
        seen += [one.line.id for one in part.found]
        if part.next_id is None:
            break
        request = replace(request, before_id=part.next_id)
    assert seen == ([6, 2, 1] if language else list(range(12, 0, -1)))


def fill(database: Database, number: int, rng: random.Random) -> list[dict[str, Any]]:
    """Store articles with random words, sources, languages and findings, and return what each has."""
    written = []
    for serial in range(number):
        words = tuple(word for word in WORDS if rng.random() < rng.choice((0.1, 0.9)))
        one: dict[str, Any] = {"source": rng.choice(SOURCES), "words": words, "language": rng.choice(("en", "lo"))}
        new = draft(f"n{serial}", body=" ".join((*words, "end")))
        new = replace(new, article=replace(new.article, language=one["language"]))
        (stored,) = kept(database, new, name=one["source"])
        one |= {"id": stored.id, "official": rng.choice((*OFFICIALS, "")), "rule": rng.choice((*RULES, ""))}
        findings = found(*[one["rule"]] if one["rule"] else [], official=one["official"])
        database.findings.save([(stored, findings if one["official"] else replace(findings, mentions=()))], NOW)
        written.append(one)
    return written


def is_selected(one: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Return whether a filter selects an article."""
    return (
        wanted.get("source_id", one["source"]) == one["source"]
        and one["source"] in wanted.get("source_ids", SOURCES)
        and wanted.get("official_id", one["official"]) == one["official"]
        and wanted.get("rule_id", one["rule"]) == one["rule"]
        and wanted.get("language", one["language"]) == one["language"]
    )


@pytest.mark.parametrize("batch_size", [2, 7, 500])
def test_a_filter_and_words_find_the_same_articles_in_any_order_of_reading(
    database: Database, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    """Each result is found once, newest first, by the articles with the words as by the articles of the filter."""
    for name in ("CANDIDATE_BATCH", "PROBE_BATCH"):
        monkeypatch.setattr(searching, name, batch_size)
    monkeypatch.setattr(searching, "PROBE_COST", 1)
    written = fill(database, 60, random.Random(batch_size))
    for wanted in FILTERS:
        for words in ((), ("border",), ("river", "visit")):
            compiled = compile_search(" ".join(words), []) if words else None
            asked = Search(" ".join(words), ArticleFilter(**wanted))
            expected = [one["id"] for one in written if is_selected(one, wanted) and set(words) <= set(one["words"])]
            seen: list[int] = []
            next_id: int | None = None
            while True:
                part = find_articles(database, replace(asked, before_id=next_id), compiled, UTC, 4)
                seen += [one.line.id for one in part.found]
                next_id = part.next_id
                if next_id is None:
                    break
            assert seen == sorted(expected, reverse=True), (wanted, words)

"""The page of a passage in a PDF document, from the document to hits, digests and press reviews, on both engines."""

from datetime import timedelta

from support.pdf_writer import column, write_pdf
from support.rows import MINUTE, NOW, kept, plan

from monitor.cli.input_documents import InputDocument
from monitor.cli.match import format_findings
from monitor.digest.compose import compose_digest
from monitor.digest.press_review import render_markdown
from monitor.digest.render import render_digest
from monitor.domain.article import NewArticle, Stage
from monitor.domain.digest import Coverage, Window
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.extract.extractor import extract_page
from monitor.match.engine import compile_watchlist
from monitor.records.articles import findings_record, hit_record
from monitor.store.database import Database

OFFICIAL = Official("somebody", "Phan Van Giang", "Vietnam")
WATCHLIST = Watchlist((OFFICIAL,), (Rule("rule", ("somebody",)),))
PAGES = [
    column(60, 700, ["A decree on the border guards is published here."]),
    [],
    column(60, 700, ["It was signed by General Phan Van Giang on Monday."]),
]


def test_the_page_of_a_passage_is_shown_wherever_the_passage_is(database: Database) -> None:
    """In hits, in `why`, and in digests in each form."""
    article = replace(extract_page(write_pdf(PAGES), "https://gazette.example/d.pdf"), title="Decree 12")
    kept(database, NewArticle(("d",), article, True, Stage.EXTRACTED))
    (stored,) = database.articles.unmatched(10)
    assert stored.article.page_starts == article.page_starts
    findings = compile_watchlist(WATCHLIST).match(stored.article)
    database.findings.save([(stored, findings)], NOW)

    (hit,) = database.queries.list_hits(ArticleFilter())
    assert (hit.page, hit_record(hit)["page"]) == (3, 3)
    assert "(page 3) It was signed" in format_findings(InputDocument("1", stored.article), findings)
    assert findings_record("1", findings)["hits"][0]["passages"][0]["page"] == 3

    hits = database.digests.undelivered_hits(plan("daily"), NOW + MINUTE)
    window = Window(NOW - timedelta(days=1), NOW + MINUTE)
    digest = compose_digest(plan("daily"), window, hits, Coverage(1, 1, 1), (OFFICIAL,), {}, NOW, is_overdue=False)
    rendered = render_digest(digest)
    assert "(page 3)" in rendered.text
    assert "(page 3)" in rendered.html
    assert '"page": 3' in rendered.payload.replace('"page":3', '"page": 3')
    assert "(page 3)" in render_markdown(digest)

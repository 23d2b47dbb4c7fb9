"""``monitor extract``: prints the articles of saved pages."""

import gzip
import json
from pathlib import Path

from support.command_line import app
from typer.testing import CliRunner, Result

from monitor.domain.errors import UsageError

LEAD = "The Minister of National Defence received the delegation in the capital on Friday morning, state media said."
PAGE = f"""<html lang="en"><head><meta property="og:title" content="Visit ends">
<link rel="canonical" href="https://news.example/visit-1">
<meta property="article:published_time" content="2026-02-14T00:30:00+07:00"></head>
<body><h1>Visit ends</h1><div class="sapo">Two days of talks brought three agreements.</div>
<div class="content"><p>VIENTIANE — {LEAD}</p><p>{LEAD.replace("Friday", "Saturday")} — DNA</p></div></body></html>"""
KEYS = {"url", "canonical_url", "title", "standfirst", "text", "captions", "published", "modified", "authors"} | {
    *("agency", "section", "language", "confidence")
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["extract", *arguments])


def test_one_page_is_printed_as_one_json_document(tmp_path: Path) -> None:
    """The text has standfirst and dateline; the date is the one that readers saw."""
    file = tmp_path / "visit.html"
    file.write_text(PAGE, encoding="utf-8")
    found = json.loads(run("--json", str(file)).stdout)
    assert set(found) >= KEYS
    assert "id" not in found
    assert found["title"] == "Visit ends"
    assert found["url"] == found["canonical_url"] == "https://news.example/visit-1"
    assert found["text"].startswith("Two days of talks brought three agreements.\nVIENTIANE — The Minister")
    assert found["agency"] == "DNA"
    assert found["published"].startswith("2026-02-14T00:30")


def test_a_folder_is_printed_with_one_line_per_page(tmp_path: Path) -> None:
    """Each page, compressed or not, is one line with the file's stem as its id."""
    (tmp_path / "b.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "a.1.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    (tmp_path / "notes.txt").write_text("not a page", encoding="utf-8")
    rows = [json.loads(line) for line in run("--json", str(tmp_path)).stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a.1", "b"]
    assert rows[0]["text"] == rows[1]["text"]


def test_text_output_gives_the_reasons(tmp_path: Path) -> None:
    """Without --json every line of the page is printed with its region and the reason."""
    file = tmp_path / "visit.html"
    file.write_text(PAGE, encoding="utf-8")
    shown = run(str(file)).stdout
    assert "div.content" in shown
    assert "standfirst" in shown
    assert "opengraph" in shown


def test_a_missing_file_is_a_usage_error() -> None:
    """The error names the file."""
    result = run("nowhere.html")
    assert isinstance(result.exception, UsageError)
    assert "nowhere.html" in str(result.exception)

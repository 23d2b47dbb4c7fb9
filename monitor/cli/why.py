"""Command ``monitor why``: show the processing of one article, and why it was reported or not."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    compile_matcher,
    format_time,
    load_config,
    print_json,
    print_text,
)
from monitor.cli.feedback import find_articles
from monitor.cli.input_documents import InputDocument
from monitor.cli.match import format_findings
from monitor.domain.codes import parse_code

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.mention import Findings
    from monitor.records.explanation import ExplanationRecord
    from monitor.store.database import Database


def why(
    url: Annotated[
        str,
        typer.Argument(metavar="URL|CODE", help="URL, id or code (a53, h45, s12) of the article.", show_default=False),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show why an article was reported or not: first seen, text, mentions, hits and digests."""
    from monitor.records.explanation import explanation_record

    configuration = load_config(config, database)
    matcher = compile_matcher(configuration)
    with open_to_read(configuration) as opened:
        articles = find_articles(opened, url)
        if not articles:
            print_unknown_url(url, configuration, opened, json=json)
            return
        hits = {stored.id: opened.queries.list_article_hits(stored.id) for stored in articles}
        abandoned = {stored.id: opened.attempts.find_abandonment(stored.id) for stored in articles}
        verdicts = opened.feedback.load_verdicts(articles)
    records = []
    for stored in articles:
        counting = verdicts.get(stored.id, ())
        findings = matcher.match(stored.article, stored.source_id, stored.first_seen_at, counting)
        rules = configuration.watchlist.rules
        records.append(explanation_record(stored, findings, hits[stored.id], rules, abandoned[stored.id]))
        if not json:
            _print_explanation(stored, findings, records[-1])
            if not parse_code(url) and url not in {stored.article.url, stored.article.canonical_url}:
                print_text(f"  {url} is another address of this article")
    if json:
        print_json({"url": url, "known": True, "articles": records})


def print_unknown_url(url: str, configuration: "Configuration", database: "Database", *, json: bool) -> None:
    """Print why no article is stored for a URL, and the state of each source on the same host."""
    from monitor.records.explanation import unknown_url_record

    record = unknown_url_record(url, configuration.sources, database.sources.load_poll_states())
    if json:
        print_json(record)
        return
    print_text(f"{url} is unknown: {record['verdict']}.")
    for source in record["sources"]:
        print_text(f"  {source['id']} is {source['state']}. {source['detail']}")


def _print_explanation(stored: "StoredArticle", findings: "Findings", record: "ExplanationRecord") -> None:
    first_seen = (
        f"first seen {format_time(stored.first_seen_at)} from {stored.source_id}, {len(stored.article.body)} characters"
    )
    print_text(f"{format_findings(InputDocument(str(stored.id), stored.article), findings)}\n  {first_seen}")
    for rule in record["rules_without_hit"]:
        print_text(f"  rule {rule['rule']} has no hit: {rule['reason']}")
    print_text(f"  {record['verdict']}")

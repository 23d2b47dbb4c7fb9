"""Commands ``monitor match`` and ``monitor backtest``: match documents, and run edited rules over stored articles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database, open_to_read, parse_since
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    compile_matcher,
    format_time,
    load_config,
    print_json,
    print_table,
    print_text,
)
from monitor.cli.input_documents import InputDocument, read_documents

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.mention import Findings
    from monitor.pipeline.match_articles import BacktestExample, RuleBacktest


def match(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Files, folders of files, or - for text on standard input.", show_default=False
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Find mentions and hits in .html, .txt, .json or .jsonl documents, with the reasons; nothing is stored."""
    from monitor.records.articles import findings_record

    matcher = compile_matcher(load_config(config))
    for document in read_documents(files):
        findings = matcher.match(document.article)
        if json:
            print_json(findings_record(document.id, findings))
        else:
            print_text(format_findings(document, findings))


def format_findings(document: InputDocument, findings: "Findings") -> str:
    """Return a listing for the user of the mentions, near misses (rejected mentions) and hits in a document."""
    lines = [f"{document.id}: {document.article.title or '(no title)'}"]
    lines += [
        f"  {one.official_id}: {one.text!r} in the {one.region}, {one.form} ({one.confidence:.2f}): {one.reason}"
        for one in findings.mentions
    ]
    lines += [
        f"  not {one.official_id}: {one.text!r} in the {one.region}: {one.reason}" for one in findings.near_misses
    ]
    lines += [
        f"  rule {hit.rule_id}: {f'(page {passage.page}) ' if passage.page else ''}{passage.text}"
        for hit in findings.hits
        for passage in hit.passages
    ]
    return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing found"])


def backtest(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: Annotated[str, typer.Option("--since", metavar="LENGTH", help="Articles of the last 7d, 30d ...")] = "30d",
    apply: Annotated[
        bool, typer.Option("--apply", help="Store the new hits, so that the next digests report them.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run the rules of the configuration over stored articles and list new and lost hits.

    Exits with 1 if a reported hit would be lost.
    """
    from monitor.domain.feedback import VerdictIndex
    from monitor.pipeline.match_articles import backtest as run_backtest
    from monitor.pipeline.rehearsal import backtest_record, iter_articles, load_reported_rules

    configuration = load_config(config, database)
    matcher = compile_matcher(configuration)
    since_at = parse_since(since)
    new: list[tuple[StoredArticle, Findings]] = []
    with (open_database if apply else open_to_read)(configuration) as opened:
        result = run_backtest(
            matcher,
            (rule.id for rule in configuration.watchlist.rules),
            iter_articles(opened, since_at),
            load_reported_rules(opened, since_at),
            VerdictIndex(opened.feedback.list_verdicts(limit=100_000)),
            lambda stored, findings: new.append((stored, findings)) if apply else None,
        )
        added = opened.feedback.save_backtest(new, datetime.now(UTC)).added if new else 0
    if json:
        print_json({"since": since_at, "rules": [backtest_record(one) for one in result], "stored": added})
    else:
        _print_backtest(result)
        if apply:
            print_text(f"{added} new hits are stored; the next digests report them.")
    if any(one.lost_count for one in result):
        raise typer.Exit(1)


def _print_backtest(results: "list[RuleBacktest]") -> None:
    rows = (
        (one.rule, one.hit_count, f"{one.hit_count / max(1, len(one.hits_by_day)):.1f}", one.new_count, one.lost_count)
        for one in results
    )
    print_table(("rule", "hits", "hits per day with hits", "new", "lost"), rows, "No rule is configured.")
    for one in results:
        for label, examples in (("new", one.new_examples), ("lost", one.lost_examples)):
            for example in examples:
                print_text(f"{label} {one.rule}: {_format_example(example)}")


def _format_example(example: "BacktestExample") -> str:
    passage = f" | {example.passage}" if example.passage else ""
    return f"{format_time(example.first_seen_at)} {example.title} {example.url}{passage}"

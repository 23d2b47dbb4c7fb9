"""Explain: who is found in a text, in which forms a name is looked for, and what edited rules would tell."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database, parse_since
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    format_time,
    load_config,
    print_json,
    print_json_lines,
    print_table,
    to_json_value,
)
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.input_documents import InputDocument
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.mention import Findings
    from monitor.domain.read_models import ArticleFilter
    from monitor.domain.watchlist import Official
    from monitor.pipeline.match_articles import BacktestExample, RuleBacktest
    from monitor.store.database import SqlDatabase

PAGE_SIZE = 500
MAX_NEAR_MISSES = 200
_JSON_KEYS = {"official_id": "official", "article_id": "article"}


def match(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Find officials and rules in .html, .txt, .json or .jsonl documents, and say why; nothing is stored."""
    from monitor.cli.input_documents import read_documents
    from monitor.match.engine import compile_watchlist

    watcher = compile_watchlist(load_config(config).watchlist)
    for given in read_documents(files):
        findings = watcher.match(given.article)
        if json:
            print_json(findings_record(given.id, findings))
        else:
            sys.stdout.write(format_findings(given, findings) + "\n")


def findings_record(article_id: str, findings: "Findings") -> dict[str, object]:
    """Return what was found in an article as the JSON that ``monitor match`` prints."""
    return {
        "id": article_id,
        "mentions": [
            {
                "official": one.official_id,
                "text": one.text,
                "region": one.region,
                "start": one.start,
                "end": one.end,
                "form": one.form,
                "confidence": one.confidence,
                "reason": one.reason,
            }
            for one in findings.mentions
        ],
        "hits": [
            {"rule": hit.rule_id, "officials": hit.officials, "passages": [asdict(passage) for passage in hit.passages]}
            for hit in findings.hits
        ],
        "near_misses": [
            {
                "official": one.official_id,
                "text": one.text,
                "region": one.region,
                "start": one.start,
                "end": one.end,
                "reason": one.reason,
            }
            for one in findings.near_misses
        ],
    }


def format_findings(document: "InputDocument", findings: "Findings") -> str:
    """Say to a person what was found in a document."""
    lines = [f"{document.id}: {document.article.title or '(no title)'}"]
    lines += [
        f"  {one.official_id}: {one.text!r} in the {one.region}, {one.form} ({one.confidence:.2f}): {one.reason}"
        for one in findings.mentions
    ]
    lines += [
        f"  not {one.official_id}: {one.text!r} in the {one.region}: {one.reason}" for one in findings.near_misses
    ]
    lines += [f"  rule {hit.rule_id}: {passage.text}" for hit in findings.hits for passage in hit.passages]
    return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing found"])


def names(
    official: Annotated[str, typer.Argument(metavar="[OFFICIAL]", help="The official's id.", show_default=False)] = "",
    missed: Annotated[
        bool, typer.Option("--missed", help="List what was nearly found instead, of one official or of all.")
    ] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="LENGTH", help="With --missed: over the last 7d, 30d ...")
    ] = "7d",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """List every form in which an official's name is looked for, and which of them are risky, and why."""
    from monitor.match.names.forms import list_name_forms

    if missed:
        _print_near_misses(load_config(config, database), official, since, json=json)
        return
    if not official:
        raise UsageError("name an official, or ask for what was nearly found of all of them with --missed")
    forms = list_name_forms(_find_official(load_config(config).watchlist.officials, official))
    if json:
        print_json_lines(asdict(form) for form in forms)
        return
    rows = ((form.text, form.form.value, "risky" if form.risky else "", form.why) for form in forms)
    print_table(("written", "form", "", "why"), rows, "no form")


def _print_near_misses(configuration: "Configuration", official_id: str, since: str, *, json: bool) -> None:
    from monitor.domain.digest import Window

    officials = configuration.watchlist.officials
    wanted = [_find_official(officials, official_id).id] if official_id else [one.id for one in officials]
    now = datetime.now(UTC)
    with open_database(configuration) as opened:
        found = opened.outbox.list_near_misses(wanted, Window(parse_since(since) or now, now), MAX_NEAR_MISSES)
    if json:
        print_json_lines({_JSON_KEYS.get(key, key): value for key, value in asdict(line).items()} for line in found)
        return
    rows = (
        (line.official_id, line.text, line.articles, line.reason, f"{line.article_id} {line.title}") for line in found
    )
    print_table(("official", "written", "articles", "why not counted", "the latest"), rows, "Nothing was nearly found.")


def _find_official(officials: "tuple[Official, ...]", official_id: str) -> "Official":
    for official in officials:
        if official.id == official_id:
            return official
    known = ", ".join(official.id for official in officials[:10]) or "none is configured"
    raise UsageError(f"there is no official {official_id!r}; configured are: {known}")


def rehearse(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: Annotated[
        str, typer.Option("--since", metavar="LENGTH", help="Over the articles of the last 7d, 30d ...")
    ] = "30d",
    json: JsonOption = False,
) -> None:
    """Try the rules as the file has them now on the articles kept: what would be told anew, what would be lost.

    Ends with 1 if a hit that was told would be lost.
    """
    from monitor.domain.read_models import ArticleFilter
    from monitor.match.engine import compile_watchlist
    from monitor.pipeline.match_articles import backtest as run

    configuration = load_config(config, database)
    watcher = compile_watchlist(configuration.watchlist)
    since_at = parse_since(since)
    with open_database(configuration) as opened:
        wanted = ArticleFilter(since_at=since_at, limit=PAGE_SIZE)
        result = run(
            watcher,
            (rule.id for rule in configuration.watchlist.rules),
            _iter_articles(opened, wanted),
            _load_reported_rules(opened, since_at),
        )
    if json:
        print_json({"since": since_at, "rules": [_backtest_record(one) for one in result]})
    else:
        _print_backtest(result)
    if any(one.lost_count for one in result):
        raise typer.Exit(1)


def _iter_articles(database: "SqlDatabase", article_filter: "ArticleFilter") -> "Iterator[StoredArticle]":
    """Yield articles newest first, a page at a time, each once."""
    from dataclasses import replace

    seen: set[int] = set()
    while True:
        page = [stored for stored in database.queries.list_articles(article_filter) if stored.id not in seen]
        yield from page
        if not page:
            return
        seen = {stored.id for stored in page if stored.first_seen_at == page[-1].first_seen_at} | (
            seen if page[-1].first_seen_at == article_filter.until_at else set()
        )
        article_filter = replace(article_filter, until_at=page[-1].first_seen_at, limit=PAGE_SIZE + len(seen))


def _load_reported_rules(database: "SqlDatabase", since_at: "datetime | None") -> dict[int, frozenset[str]]:
    from monitor.domain.read_models import ArticleFilter

    rules: dict[int, set[str]] = {}
    for line in database.queries.list_hits(ArticleFilter(since_at=since_at, limit=10_000_000)):
        rules.setdefault(line.article_id, set()).add(line.rule_id)
    return {article: frozenset(ids) for article, ids in rules.items()}


def _backtest_record(result: "RuleBacktest") -> dict[str, object]:
    return {
        "rule": result.rule,
        "hits": result.hit_count,
        "new": result.new_count,
        "lost": result.lost_count,
        "days": {day.isoformat(): count for day, count in sorted(result.hits_by_day.items())},
        "new_examples": [to_json_value(asdict(one)) for one in result.new_examples],
        "lost_examples": [to_json_value(asdict(one)) for one in result.lost_examples],
    }


def _print_backtest(results: "list[RuleBacktest]") -> None:
    rows = (
        (one.rule, one.hit_count, f"{one.hit_count / max(1, len(one.hits_by_day)):.1f}", one.new_count, one.lost_count)
        for one in results
    )
    print_table(("rule", "hits", "a day with any", "new", "lost"), rows, "no rules are configured")
    for one in results:
        for word, examples in (("new", one.new_examples), ("lost", one.lost_examples)):
            for example in examples:
                sys.stdout.write(f"{word} {one.rule}: {_format_example(example)}\n")


def _format_example(example: "BacktestExample") -> str:
    proof = f" | {example.passage}" if example.passage else ""
    return f"{format_time(example.first_seen_at)} {example.title} {example.url}{proof}"

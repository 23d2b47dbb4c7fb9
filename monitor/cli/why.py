"""Why: the way of one article through the program, and the step at which it was told or stopped."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from monitor.cli.articles import open_database
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    format_time,
    load_config,
    print_json,
    to_json_value,
)
from monitor.cli.match import findings_record, format_findings
from monitor.domain.article import Stage

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.mention import Findings
    from monitor.domain.read_models import HitSummary
    from monitor.domain.watchlist import Rule
    from monitor.store.database import SqlDatabase


def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="The article's address.", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Say why an article was told or not: when it was met, what was read, who was found, and what was told."""
    from monitor.match.engine import compile_watchlist

    configuration = load_config(config, database)
    watcher = compile_watchlist(configuration.watchlist)
    with open_database(configuration) as opened:
        articles = opened.queries.find_by_url(url)
        if not articles:
            print_unknown_url(url, configuration, opened, json=json)
            return
        lines = {stored.id: _load_hits(opened, stored) for stored in articles}
    records = []
    for stored in articles:
        findings = watcher.match(stored.article, stored.source_id, stored.first_seen_at)
        verdict, silent = explain_article(stored, findings, lines[stored.id], configuration.watchlist.rules)
        records.append(explained_article_record(stored, findings, lines[stored.id], verdict, silent))
        if not json:
            _print_explanation(stored, findings, verdict, silent)
    if json:
        print_json({"url": url, "known": True, "articles": records})


def _load_hits(database: "SqlDatabase", stored: "StoredArticle") -> "list[HitSummary]":
    """Return the article's hits, each once for every digest that told it."""
    from monitor.domain.read_models import ArticleFilter

    wanted = ArticleFilter(source_id=stored.source_id, since_at=stored.first_seen_at, limit=1_000_000)
    lines = [line for line in database.queries.list_hits(wanted) if line.article_id == stored.id]
    tellings = database.queries.digests_by_hit([line.id for line in lines])
    named = (
        replace(line, plan_id=digest_id, reported_at=told_at)
        for line in lines
        for digest_id, told_at in tellings.get(line.id, ())
    )
    return [*named, *(line for line in lines if line.id not in tellings)]


def print_unknown_url(url: str, configuration: "Configuration", database: "SqlDatabase", *, json: bool) -> None:
    """Say of an address that was never met whether any source could have brought it, and how that source is."""
    host = _host_without_www(url)
    near = [source for source in configuration.sources if host and _host_without_www(source.url) == host]
    memories = database.sources.load_poll_states()
    sources = [
        {
            "id": source.id,
            "state": memories[source.id].state if source.id in memories else "never read",
            "detail": memories[source.id].detail if source.id in memories else "",
            "last_success_at": memories[source.id].last_success_at if source.id in memories else None,
        }
        for source in near
    ]
    verdict = f"no source of {host or 'this address'} is configured: monitor sources discover {url} finds its feeds"
    if near:
        verdict = "no source has listed this address; it may have left the feed between two polls"
    if json:
        print_json(
            {"url": url, "known": False, "verdict": verdict, "sources": [to_json_value(source) for source in sources]}
        )
        return
    sys.stdout.write(f"{url} was never met: {verdict}.\n")
    for source in sources:
        sys.stdout.write(f"  {source['id']} is {to_json_value(source['state'])}. {source['detail']}\n")


def _host_without_www(url: str) -> str:
    """Return the host of an address without its usual first label."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def explain_article(
    stored: "StoredArticle", findings: "Findings", hits: "list[HitSummary]", rules: "tuple[Rule, ...]"
) -> tuple[str, list[tuple[str, str]]]:
    """Return in one sentence what became of an article, and for each rule that is silent the reason."""
    hit = {one.rule_id for one in findings.hits}
    silent = [(rule.id, _explain_no_hit(rule, stored, findings)) for rule in rules if rule.id not in hit]
    sent = ", ".join(sorted({f"{line.rule_id} in {line.plan_id}" for line in hits if line.reported_at}))
    waiting = ", ".join(sorted({line.rule_id for line in hits}))
    verdicts = (
        (sent, f"told: {sent}"),
        (waiting, f"found by {waiting}, and not told yet"),
        (stored.stage is Stage.LISTED, "listed by its source, and its page not read yet"),
        (not stored.news, "known, and not news: there before the source was watched, or come with a flood"),
        (hit, f"screened before {', '.join(sorted(hit))} was as it is now: it would find the article today"),
        (
            not stored.article.body,
            f"read, but no text was found in its page ({stored.article.partial or 'no reason known'})",
        ),
    )
    return next((said for holds, said in verdicts if holds), "read and screened: no rule is satisfied"), silent


def _explain_no_hit(rule: "Rule", stored: "StoredArticle", findings: "Findings") -> str:
    if rule.sources and stored.source_id not in rule.sources:
        return f"it reads {', '.join(rule.sources)} only"
    if rule.languages and stored.article.language and stored.article.language.split("-")[0] not in rule.languages:
        return f"it reads {', '.join(rule.languages)} only, and the article is in {stored.article.language}"
    misses = [one for one in findings.near_misses if one.official_id in rule.officials or "all" in rule.officials]
    if misses:
        return "; ".join(dict.fromkeys(f"{one.text!r} is not {one.official_id}: {one.reason}" for one in misses[:3]))
    if rule.regions and any(one.official_id in rule.officials for one in findings.mentions):
        return f"it looks in {', '.join(rule.regions)} only"
    return "nothing of it stands in the article" if not rule.query else "its query is not satisfied"


def explained_article_record(
    stored: "StoredArticle",
    findings: "Findings",
    hits: "list[HitSummary]",
    verdict: str,
    rules_without_hit: list[tuple[str, str]],
) -> dict[str, object]:
    """Return an article's way as JSON."""
    article = stored.article
    return {
        **findings_record(str(stored.id), findings),
        "source": stored.source_id,
        "url": article.url,
        "title": article.title,
        "published": article.published_at,
        "first_seen_at": stored.first_seen_at,
        "language": article.language,
        "stage": stored.stage,
        "news": stored.news,
        "partial": article.partial,
        "characters": len(article.body),
        "story": stored.story_id,
        "copy_of": stored.copy_of,
        "verdict": verdict,
        "told": [
            {"rule": line.rule_id, "found_at": line.found_at, "told_at": line.reported_at, "digest": line.plan_id}
            for line in hits
        ],
        "silent": [{"rule": rule, "reason": reason} for rule, reason in rules_without_hit],
    }


def _print_explanation(
    stored: "StoredArticle", findings: "Findings", verdict: str, rules_without_hit: list[tuple[str, str]]
) -> None:
    from monitor.cli.input_documents import InputDocument

    seen = (
        f"first seen {format_time(stored.first_seen_at)} from {stored.source_id}, {len(stored.article.body)} characters"
    )
    sys.stdout.write(f"{format_findings(InputDocument(str(stored.id), stored.article), findings)}\n  {seen}\n")
    for rule, reason in rules_without_hit:
        sys.stdout.write(f"  rule {rule} is silent: {reason}\n")
    sys.stdout.write(f"  {verdict}\n")

"""Command ``monitor why``: the steps of one article, and the reason why it was reported or not."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

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
    to_json_value,
)
from monitor.cli.input_documents import InputDocument
from monitor.cli.match import findings_record, format_findings
from monitor.domain.article import Stage
from monitor.domain.read_models import ArticleFilter

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.mention import Findings
    from monitor.domain.poll_state import PollState
    from monitor.domain.read_models import HitSummary
    from monitor.domain.watchlist import Rule
    from monitor.store.database import Database


def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="The URL of the article.", show_default=False)],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show why an article was reported or not: first seen, text, mentions, hits and digests."""
    configuration = load_config(config, database)
    matcher = compile_matcher(configuration)
    with open_to_read(configuration) as opened:
        articles = opened.queries.find_by_url(url)
        if not articles:
            print_unknown_url(url, configuration, opened, json=json)
            return
        hits = {stored.id: _load_hits(opened, stored) for stored in articles}
    records = []
    for stored in articles:
        findings = matcher.match(stored.article, stored.source_id, stored.first_seen_at)
        verdict, rules_without_hit = explain_article(stored, findings, hits[stored.id], configuration.watchlist.rules)
        records.append(explained_article_record(stored, findings, hits[stored.id], verdict, rules_without_hit))
        if not json:
            _print_explanation(stored, findings, verdict, rules_without_hit)
            if url not in {stored.article.url, stored.article.canonical_url}:
                print_text(f"  {url} is another address of this article")
    if json:
        print_json({"url": url, "known": True, "articles": records})


def _load_hits(database: "Database", stored: "StoredArticle") -> "list[HitSummary]":
    """Return the hits of an article: one for each digest that reported it, or one without a digest."""
    wanted = ArticleFilter(source_id=stored.source_id, since_at=stored.first_seen_at, limit=1_000_000)
    hits = [hit for hit in database.queries.list_hits(wanted) if hit.article_id == stored.id]
    digests = database.queries.digests_by_hit([hit.id for hit in hits])
    reported = (
        replace(hit, plan_id=plan_id, reported_at=reported_at)
        for hit in hits
        for plan_id, reported_at in digests.get(hit.id, ())
    )
    return [*reported, *(hit for hit in hits if hit.id not in digests)]


def print_unknown_url(url: str, configuration: "Configuration", database: "Database", *, json: bool) -> None:
    """Print that a URL is unknown, and the state of the sources on its host, if any."""
    host = _host_without_www(url)
    same_host = [source for source in configuration.sources if host and _host_without_www(source.url) == host]
    poll_states = database.sources.load_poll_states()
    sources = [
        {
            "id": source.id,
            "state": poll_states[source.id].state if source.id in poll_states else "never polled",
            "detail": poll_states[source.id].detail if source.id in poll_states else "",
            "last_success_at": poll_states[source.id].last_success_at if source.id in poll_states else None,
        }
        for source in same_host
    ]
    verdict = f"no source of {host or 'this URL'} is configured: `monitor sources discover {url}` finds its feeds"
    if same_host:
        verdict = _explain_unlisted([poll_states[source.id] for source in same_host if source.id in poll_states])
    if json:
        print_json(
            {"url": url, "known": False, "verdict": verdict, "sources": [to_json_value(source) for source in sources]}
        )
        return
    print_text(f"{url} is unknown: {verdict}.")
    for source in sources:
        print_text(f"  {source['id']} is {to_json_value(source['state'])}. {source['detail']}")


def _explain_unlisted(poll_states: "list[PollState]") -> str:
    """Return why no article has a URL of the host of these sources."""
    if not any(poll_state.last_success_at for poll_state in poll_states):
        return "its source was not read yet"
    reasons = []
    for poll_state in poll_states:
        counts, source_id = poll_state.counts, poll_state.source_id
        if counts.left_out:
            reasons.append(
                f"{counts.left_out} entries of {source_id} were left out: its document is too long or cut off"
            )
        if counts.unaccounted:
            reasons.append(f"{counts.unaccounted} entries of {source_id} are unaccounted for")
    gaps = [poll_state.source_id for poll_state in poll_states if poll_state.state.value == "gap"]
    if gaps:
        reasons.append(f"articles of {', '.join(gaps)} between two polls are missing")
    return "no source has listed this URL; " + (
        "; ".join(reasons) or "it may have left the feed between two polls, or the feed lists another address"
    )


def _host_without_www(url: str) -> str:
    """Return the host of a URL without "www."."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def explain_article(
    stored: "StoredArticle", findings: "Findings", hits: "list[HitSummary]", rules: "tuple[Rule, ...]"
) -> tuple[str, list[tuple[str, str]]]:
    """Return a sentence on the state of an article, and the reason of each rule without a hit."""
    current = {hit.rule_id for hit in findings.hits}
    rules_without_hit = [(rule.id, _explain_no_hit(rule, stored, findings)) for rule in rules if rule.id not in current]
    reported = ", ".join(sorted({f"{hit.rule_id} in {hit.plan_id}" for hit in hits if hit.reported_at}))
    stored_hits = ", ".join(sorted({hit.rule_id for hit in hits}))
    verdicts = (
        (reported, f"reported: {reported}"),
        (stored_hits, f"found by {stored_hits}, and not reported yet"),
        (stored.quarantine_reason, f"in quarantine: {stored.quarantine_reason}. {_format_release(stored)}"),
        (stored.stage is Stage.LISTED, "listed by its source; its page was not read yet"),
        (
            not stored.is_alertable,
            "stored without a report: listed at the first poll of its source, and older or undated",
        ),
        (current, f"matched before {', '.join(sorted(current))} was edited; the rule as it is now matches the article"),
        (
            not stored.article.body,
            f"read, but its page has no article text ({stored.article.partial_reason or 'reason unknown'})",
        ),
    )
    verdict = next((text for applies, text in verdicts if applies), "read and matched; no rule has a hit")
    return verdict, rules_without_hit


def _format_release(stored: "StoredArticle") -> str:
    return f"`monitor articles release {stored.source_id}` makes it news"


def _explain_no_hit(rule: "Rule", stored: "StoredArticle", findings: "Findings") -> str:
    if rule.sources and stored.source_id not in rule.sources:
        return f"its sources are {', '.join(rule.sources)}"
    if rule.languages and stored.article.language and stored.article.language.split("-")[0] not in rule.languages:
        return f"its languages are {', '.join(rule.languages)}; the article is in {stored.article.language}"
    misses = [one for one in findings.near_misses if one.official_id in rule.officials or "all" in rule.officials]
    if misses:
        return "; ".join(dict.fromkeys(f"{one.text!r} is not {one.official_id}: {one.reason}" for one in misses[:3]))
    if rule.regions and any(one.official_id in rule.officials for one in findings.mentions):
        return f"its regions are {', '.join(rule.regions)}"
    return "its query does not match" if rule.query else "no official of the rule is mentioned"


def explained_article_record(
    stored: "StoredArticle",
    findings: "Findings",
    hits: "list[HitSummary]",
    verdict: str,
    rules_without_hit: list[tuple[str, str]],
) -> dict[str, object]:
    """Return the JSON record of one article in ``why --json``."""
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
        "is_alertable": stored.is_alertable,
        "partial_reason": article.partial_reason,
        "characters": len(article.body),
        "story": stored.story_id,
        "copy_of": stored.duplicate_of,
        "verdict": verdict,
        "reports": [
            {"rule": hit.rule_id, "found_at": hit.found_at, "reported_at": hit.reported_at, "digest": hit.plan_id}
            for hit in hits
        ],
        "rules_without_hit": [{"rule": rule, "reason": reason} for rule, reason in rules_without_hit],
    }


def _print_explanation(
    stored: "StoredArticle", findings: "Findings", verdict: str, rules_without_hit: list[tuple[str, str]]
) -> None:
    first_seen = (
        f"first seen {format_time(stored.first_seen_at)} from {stored.source_id}, {len(stored.article.body)} characters"
    )
    print_text(f"{format_findings(InputDocument(str(stored.id), stored.article), findings)}\n  {first_seen}")
    for rule, reason in rules_without_hit:
        print_text(f"  rule {rule} has no hit: {reason}")
    print_text(f"  {verdict}")

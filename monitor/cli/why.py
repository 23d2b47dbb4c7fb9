"""Why: the way of one article through the program, and the step at which it was told or stopped."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, emit, load, plain, when
from monitor.cli.explain import findings_record, told
from monitor.cli.look import reading
from monitor.domain.article import Stage

if TYPE_CHECKING:
    from monitor.domain.archive import HitLine
    from monitor.domain.article import Stored
    from monitor.domain.mention import Findings
    from monitor.domain.rule import Rule
    from monitor.domain.settings import Configuration
    from monitor.store.database import SqlDatabase


def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="The article's address.", show_default=False)],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    json: Json = False,
) -> None:
    """Say why an article was told or not: when it was met, what was read, who was found, and what was told."""
    from monitor.match.rules import compile_watch

    configuration = load(config, database)
    watcher = compile_watch(configuration.watch)
    with reading(configuration) as opened:
        articles = opened.archive.by_url(url)
        if not articles:
            explain_unknown(url, configuration, opened, json=json)
            return
        lines = {stored.id: _hits(opened, stored) for stored in articles}
    records = []
    for stored in articles:
        findings = watcher.screen(stored.article, stored.source_id, stored.first_seen_at)
        verdict, silent = judge(stored, findings, lines[stored.id], configuration.watch.rules)
        records.append(article_record(stored, findings, lines[stored.id], verdict, silent))
        if not json:
            _print(stored, findings, verdict, silent)
    if json:
        emit({"url": url, "known": True, "articles": records})


def _hits(database: "SqlDatabase", stored: "Stored") -> "list[HitLine]":
    """Return the article's hits, each once for every digest that told it."""
    from monitor.domain.archive import Filter

    wanted = Filter(source_id=stored.source_id, since_at=stored.first_seen_at, limit=1_000_000)
    lines = [line for line in database.archive.hits(wanted) if line.article_id == stored.id]
    tellings = database.archive.tellings([line.id for line in lines])
    named = (
        replace(line, digest_id=digest_id, told_at=told_at)
        for line in lines
        for digest_id, told_at in tellings.get(line.id, ())
    )
    return [*named, *(line for line in lines if line.id not in tellings)]


def explain_unknown(url: str, configuration: "Configuration", database: "SqlDatabase", *, json: bool) -> None:
    """Say of an address that was never met whether any source could have brought it, and how that source is."""
    host = _site(url)
    near = [source for source in configuration.sources if host and _site(source.url) == host]
    memories = database.sources.memories()
    sources = [
        {
            "id": source.id,
            "state": memories[source.id].state if source.id in memories else "never read",
            "detail": memories[source.id].detail if source.id in memories else "",
            "last_success_at": memories[source.id].last_success_at if source.id in memories else None,
        }
        for source in near
    ]
    verdict = f"no source of {host or 'this address'} is configured: monitor discover {url} finds its feeds"
    if near:
        verdict = "no source has listed this address; it may have left the feed between two polls"
    if json:
        emit({"url": url, "known": False, "verdict": verdict, "sources": [plain(source) for source in sources]})
        return
    sys.stdout.write(f"{url} was never met: {verdict}.\n")
    for source in sources:
        sys.stdout.write(f"  {source['id']} is {plain(source['state'])}. {source['detail']}\n")


def _site(url: str) -> str:
    """Return the host of an address without its usual first label."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def judge(
    stored: "Stored", findings: "Findings", lines: "list[HitLine]", rules: "tuple[Rule, ...]"
) -> tuple[str, list[tuple[str, str]]]:
    """Return in one sentence what became of an article, and for each rule that is silent the reason."""
    hit = {one.rule_id for one in findings.hits}
    silent = [(rule.id, _silence(rule, stored, findings)) for rule in rules if rule.id not in hit]
    sent = ", ".join(sorted({f"{line.rule_id} in {line.digest_id}" for line in lines if line.told_at}))
    waiting = ", ".join(sorted({line.rule_id for line in lines}))
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


def _silence(rule: "Rule", stored: "Stored", findings: "Findings") -> str:
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


def article_record(
    stored: "Stored", findings: "Findings", lines: "list[HitLine]", verdict: str, silent: list[tuple[str, str]]
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
            {"rule": line.rule_id, "found_at": line.found_at, "told_at": line.told_at, "digest": line.digest_id}
            for line in lines
        ],
        "silent": [{"rule": rule, "reason": reason} for rule, reason in silent],
    }


def _print(stored: "Stored", findings: "Findings", verdict: str, silent: list[tuple[str, str]]) -> None:
    from monitor.cli.texts import Given

    seen = f"first seen {when(stored.first_seen_at)} from {stored.source_id}, {len(stored.article.body)} characters"
    sys.stdout.write(f"{told(Given(str(stored.id), stored.article), findings)}\n  {seen}\n")
    for rule, reason in silent:
        sys.stdout.write(f"  rule {rule} is silent: {reason}\n")
    sys.stdout.write(f"  {verdict}\n")

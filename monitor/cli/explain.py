"""Explain: who is found in a text, in which forms a name is looked for, and what edited rules would tell."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, emit, emit_lines, load, plain, table, when
from monitor.cli.look import ago, reading
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.texts import Given
    from monitor.domain.archive import Filter
    from monitor.domain.article import Stored
    from monitor.domain.mention import Findings
    from monitor.domain.official import Official
    from monitor.domain.settings import Configuration
    from monitor.pipeline.rehearse import Example, Rehearsed
    from monitor.store.database import SqlDatabase

PAGE = 500
MISSES = 200
_KEYS = {"official_id": "official", "article_id": "article"}


def match(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", show_default=False)],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Find officials and rules in .html, .txt, .json or .jsonl documents, and say why; nothing is stored."""
    from monitor.cli.texts import read_given
    from monitor.match.rules import compile_watch

    watcher = compile_watch(load(config).watch)
    for given in read_given(files):
        findings = watcher.screen(given.article)
        if json:
            emit(findings_record(given.id, findings))
        else:
            sys.stdout.write(told(given, findings) + "\n")


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


def told(given: "Given", findings: "Findings") -> str:
    """Say to a person what was found in a document."""
    lines = [f"{given.id}: {given.article.title or '(no title)'}"]
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
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    json: Json = False,
) -> None:
    """List every form in which an official's name is looked for, and which of them are risky, and why."""
    from monitor.match.names import name_forms

    if missed:
        _print_missed(load(config, database), official, since, json=json)
        return
    if not official:
        raise UsageError("name an official, or ask for what was nearly found of all of them with --missed")
    forms = name_forms(_official(load(config).watch.officials, official))
    if json:
        emit_lines(asdict(form) for form in forms)
        return
    rows = ((form.text, form.form.value, "risky" if form.risky else "", form.why) for form in forms)
    table(("written", "form", "", "why"), rows, "no form")


def _print_missed(configuration: "Configuration", official: str, since: str, *, json: bool) -> None:
    from monitor.domain.digest import Window

    officials = configuration.watch.officials
    wanted = [_official(officials, official).id] if official else [one.id for one in officials]
    now = datetime.now(UTC)
    with reading(configuration) as opened:
        found = opened.outbox.misses(wanted, Window(ago(since) or now, now), MISSES)
    if json:
        emit_lines({_KEYS.get(key, key): value for key, value in asdict(line).items()} for line in found)
        return
    rows = (
        (line.official_id, line.text, line.articles, line.reason, f"{line.article_id} {line.title}") for line in found
    )
    table(("official", "written", "articles", "why not counted", "the latest"), rows, "Nothing was nearly found.")


def _official(officials: "tuple[Official, ...]", wanted: str) -> "Official":
    for official in officials:
        if official.id == wanted:
            return official
    known = ", ".join(official.id for official in officials[:10]) or "none is configured"
    raise UsageError(f"there is no official {wanted!r}; configured are: {known}")


def rehearse(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    since: Annotated[
        str, typer.Option("--since", metavar="LENGTH", help="Over the articles of the last 7d, 30d ...")
    ] = "30d",
    json: Json = False,
) -> None:
    """Try the rules as the file has them now on the articles kept: what would be told anew, what would be lost.

    Ends with 1 if a hit that was told would be lost.
    """
    from monitor.domain.archive import Filter
    from monitor.match.rules import compile_watch
    from monitor.pipeline.rehearse import rehearse as run

    configuration = load(config, database)
    watcher = compile_watch(configuration.watch)
    since_at = ago(since)
    with reading(configuration) as opened:
        wanted = Filter(since_at=since_at, limit=PAGE)
        result = run(
            watcher, (rule.id for rule in configuration.watch.rules), _kept(opened, wanted), _told(opened, since_at)
        )
    if json:
        emit({"since": since_at, "rules": [_rehearsed_record(one) for one in result]})
    else:
        _print_rehearsed(result)
    if any(one.lost for one in result):
        raise typer.Exit(1)


def _kept(database: "SqlDatabase", wanted: "Filter") -> "Iterator[Stored]":
    """Yield articles newest first, a page at a time, each once."""
    from dataclasses import replace

    seen: set[int] = set()
    while True:
        page = [stored for stored in database.archive.articles(wanted) if stored.id not in seen]
        yield from page
        if not page:
            return
        seen = {stored.id for stored in page if stored.first_seen_at == page[-1].first_seen_at} | (
            seen if page[-1].first_seen_at == wanted.until_at else set()
        )
        wanted = replace(wanted, until_at=page[-1].first_seen_at, limit=PAGE + len(seen))


def _told(database: "SqlDatabase", since_at: "datetime | None") -> dict[int, frozenset[str]]:
    from monitor.domain.archive import Filter

    rules: dict[int, set[str]] = {}
    for line in database.archive.hits(Filter(since_at=since_at, limit=10_000_000)):
        rules.setdefault(line.article_id, set()).add(line.rule_id)
    return {article: frozenset(ids) for article, ids in rules.items()}


def _rehearsed_record(result: "Rehearsed") -> dict[str, object]:
    return {
        "rule": result.rule,
        "hits": result.hits,
        "new": result.new,
        "lost": result.lost,
        "days": {day.isoformat(): count for day, count in sorted(result.days.items())},
        "new_examples": [plain(asdict(one)) for one in result.new_examples],
        "lost_examples": [plain(asdict(one)) for one in result.lost_examples],
    }


def _print_rehearsed(results: "list[Rehearsed]") -> None:
    rows = ((one.rule, one.hits, f"{one.hits / max(1, len(one.days)):.1f}", one.new, one.lost) for one in results)
    table(("rule", "hits", "a day with any", "new", "lost"), rows, "no rules are configured")
    for one in results:
        for word, examples in (("new", one.new_examples), ("lost", one.lost_examples)):
            for example in examples:
                sys.stdout.write(f"{word} {one.rule}: {_shown(example)}\n")


def _shown(example: "Example") -> str:
    proof = f" | {example.passage}" if example.passage else ""
    return f"{when(example.first_seen_at)} {example.title} {example.url}{proof}"

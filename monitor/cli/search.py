"""Command ``monitor search``: search stored articles with a query as in rules, or save a search as a rule."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import (
    OfficialOption,
    SourceOption,
    open_to_read,
    outlet_names,
    require_known_id,
)
from monitor.cli.common import (
    ALL_ROWS,
    DEFAULT_CONFIG,
    DEFAULT_LIMIT,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    complete_ids,
    load_config,
    print_records,
    print_table,
)
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.insight.search import Search, SearchResult
    from monitor.store.database import Database

MomentOption = Annotated[str, typer.Option(metavar="DATE|LENGTH", help="Such as 2026-11-30, or 7d.")]


def search(  # noqa: PLR0913, PLR0917 - a parameter is an option
    query: Annotated[
        str,
        typer.Argument(
            help='As in rules: words, "a phrase", begin*, AND OR NOT, NEAR/5, title:word, @official. -word excludes.'
        ),
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: MomentOption = "",
    until: MomentOption = "",
    source: SourceOption = "",
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Only sources of this group.", show_default=False)
    ] = "",
    official: OfficialOption = "",
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            metavar="ID",
            help="Only articles with a hit of this rule.",
            show_default=False,
            autocompletion=complete_ids("rules"),
        ),
    ] = "",
    language: Annotated[
        str, typer.Option("--language", metavar="CODE", help="Only this language, such as lo.", show_default=False)
    ] = "",
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="PART", help="Only in title, standfirst, body ...; may be repeated."),
    ] = None,
    count: Annotated[
        str, typer.Option("--count", metavar="day|source|official|language", help="Print numbers of articles instead.")
    ] = "",
    sort: Annotated[str, typer.Option("--sort", metavar="newest|oldest|published|outlet", help="Order.")] = "newest",
    cursor: Annotated[
        int | None,
        typer.Option("--cursor", min=1, max=MAX_NUMBER, help="Continue a search; printed if there are more results."),
    ] = None,
    save_rule: Annotated[
        str, typer.Option("--save-rule", metavar="ID", help="Add the search to sources.yaml as a rule.")
    ] = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Search stored articles with a query in the language of the rules, newest first."""
    from zoneinfo import ZoneInfo

    from monitor.domain.read_models import ArticleFilter
    from monitor.insight.search import (
        COUNTS,
        MAX_PARTS,
        SORTS,
        Search,
        count_articles,
        find_articles,
        limit_to_regions,
        parse_moment,
        parse_regions,
        read_minus_as_not,
        sources_of_group,
    )
    from monitor.pipeline.search import compile_search

    if count and count not in COUNTS:
        raise UsageError(f"--count {count!r} is not one of {', '.join(COUNTS)}")
    if sort not in SORTS:
        raise UsageError(f"--sort {sort!r} is not one of {', '.join(SORTS)}")
    if cursor and (count or sort != "newest"):
        raise UsageError("--cursor continues a list by age; it cannot be combined with --count or --sort")
    configuration = load_config(config, database)
    watchlist = configuration.watchlist
    require_known_id("source", source, (one.id for one in configuration.sources), config)
    require_known_id("official", official, (one.id for one in watchlist.officials), config)
    require_known_id("rule", rule, (one.id for one in watchlist.rules), config)
    zone, now = ZoneInfo(configuration.settings.timezone), datetime.now(UTC)
    text = read_minus_as_not(query.strip())
    wanted = ArticleFilter(
        source_id=source,
        rule_id=rule,
        official_id=official,
        language=language.lower(),
        since_at=parse_moment(since, zone, now),
        until_at=parse_moment(until, zone, now, is_end=True),
        source_ids=sources_of_group(configuration.sources, group) if group else (),
    )
    asked = Search(text, wanted, parse_regions(region or ()), cursor)
    if asked.regions and not text:
        raise UsageError("--region needs a query: the words that must be in that part of an article")
    official_ids = [one.id for one in watchlist.officials]
    compiled = compile_search(text, official_ids, watchlist.synonyms) if text else None
    compiled = limit_to_regions(compiled, asked.regions) if compiled else None
    if save_rule:
        save_as_rule(config, configuration, save_rule, asked, group)
        return
    with open_to_read(configuration) as opened:
        if count:
            counts, is_complete = count_articles(opened, asked, compiled, zone, count)
            print_counts(counts, count, as_json=json, as_csv=csv)
            if not is_complete:
                sys.stderr.write("Only the newest 20,000 articles are counted; choose a shorter period.\n")
            return
        is_piped = json or csv or not sys.stdout.isatty()
        most = limit or (ALL_ROWS if is_piped else DEFAULT_LIMIT)
        max_parts = None if most == ALL_ROWS else MAX_PARTS
        result = find_articles(opened, asked, compiled, zone, most, sort, max_parts)
        print_result(opened, configuration, result, as_json=json, as_csv=csv)
    if result.next_id is not None and len(result.found) < most:
        sys.stderr.write(f"Older articles were not searched yet; --cursor {result.next_id} continues.\n")
    elif result.next_id is not None:
        more = f"or --cursor {result.next_id} to continue" if sort == "newest" else "or choose a shorter period"
        sys.stderr.write(f"There are more than {most} results; add --limit N to print more of them, {more}.\n")


def print_counts(counts: tuple[tuple[str, int], ...], by: str, *, as_json: bool, as_csv: bool) -> None:
    """Print the number of articles for each value of ``by``, such as each outlet, as a table, JSON or CSV."""
    records = ({by: key, "articles": number} for key, number in counts)
    if not print_records((by, "articles"), records, as_json=as_json, as_csv=as_csv):
        print_table((by, "articles"), counts, "No stored article matches.")


def print_result(
    database: "Database", configuration: "Configuration", result: "SearchResult", *, as_json: bool, as_csv: bool
) -> None:
    """Print articles with the passages that satisfy a query, as a table, JSON or CSV."""
    from monitor.records.articles import ARTICLE_COLUMNS, article_record, passage_record

    outlets = outlet_names(configuration)
    by_id = {one.id: one for one in database.queries.load_articles([one.line.id for one in result.found])}
    found = [one for one in result.found if one.line.id in by_id]
    records = (
        {
            **article_record(by_id[one.line.id], outlets),
            "officials": one.official_ids,
            "passages": [passage_record(passage) for passage in one.passages],
        }
        for one in found
    )
    if print_records(ARTICLE_COLUMNS, records, as_json=as_json, as_csv=as_csv):
        return
    rows = (
        (
            f"a{one.line.id}",
            one.line.dated_at,
            one.line.outlet,
            one.line.title,
            one.passages[0].text if one.passages else "",
            one.line.url,
        )
        for one in found
    )
    print_table(("id", "published", "outlet", "title", "passage", "address"), rows, "No stored article matches.")


def save_as_rule(config: Path, configuration: "Configuration", rule_id: str, asked: "Search", group: str) -> None:
    """Add a search to the configuration file as a rule. The file is written only if it is valid afterwards.

    Raises ``UsageError`` if a rule with this id exists or the search cannot be a rule, or ``ConfigError``.
    """
    import os

    from monitor.config.load import parse_configuration
    from monitor.config.yaml_edit import save_edited_file, set_value
    from monitor.insight.search import make_rule
    from monitor.match.lint import find_watchlist_errors

    if any(one.id == rule_id for one in configuration.watchlist.rules):
        raise UsageError(f"there is a rule {rule_id!r} already; choose another id")
    rule = make_rule(asked, group)
    before = config.read_bytes()
    after = set_value(before, ("rules", rule_id), rule)
    parse_configuration(after, config, os.environ, checks=(find_watchlist_errors,), require_secrets=False)
    save_edited_file(config, before, after)
    sys.stdout.write(f"The rule {rule_id} is in {config}.")
    if asked.wanted.since_at or asked.wanted.until_at:
        sys.stdout.write(" A rule has no period: --since and --until are not part of it.")
    sys.stdout.write(" Add it to `rules:` of a digest to have its hits reported.\n")

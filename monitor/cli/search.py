"""Command ``monitor search``: search stored articles with the query language of rules, or save a search as a rule."""

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
    ReaderOption,
    complete_ids,
    load_config,
    print_records,
    print_table,
)
from monitor.cli.config_edits import create_editor, record_edit
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.domain.watchlist import Watchlist
    from monitor.insight.search import Search, SearchResult
    from monitor.match.query.evaluate import CompiledQuery
    from monitor.store.database import Database

QueryArgument = Annotated[
    str,
    typer.Argument(
        help='As in rules: words, "a phrase", begin*, AND OR NOT, NEAR/5, title:word, @official. -word excludes.'
    ),
]
MomentOption = Annotated[str, typer.Option(metavar="DATE|LENGTH", help="Such as 2026-11-30, or 7d.")]
GroupOption = Annotated[
    str, typer.Option("--group", metavar="NAME", help="Only sources of this group.", show_default=False)
]
RuleOption = Annotated[
    str,
    typer.Option(
        "--rule",
        metavar="ID",
        help="Only articles with a hit of this rule.",
        show_default=False,
        autocompletion=complete_ids("rules"),
    ),
]
LanguageOption = Annotated[
    str, typer.Option("--language", metavar="CODE", help="Only this language, such as lo.", show_default=False)
]
RegionOption = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="PART", help="Only in title, standfirst, body ...; may be repeated."),
]
CountOption = Annotated[
    str, typer.Option("--count", metavar="day|source|official|language", help="Print numbers of articles instead.")
]
SortOption = Annotated[str, typer.Option("--sort", metavar="newest|oldest|published|outlet", help="Order.")]
CursorOption = Annotated[
    int | None,
    typer.Option("--cursor", min=1, max=MAX_NUMBER, help="Continue a search; printed if there are more results."),
]
SaveRuleOption = Annotated[
    str, typer.Option("--save-rule", metavar="ID", help="Add the search to sources.yaml as a rule.")
]


def search(  # noqa: PLR0913, PLR0917 - a parameter is an option
    query: QueryArgument = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: MomentOption = "",
    until: MomentOption = "",
    source: SourceOption = "",
    group: GroupOption = "",
    official: OfficialOption = "",
    rule: RuleOption = "",
    language: LanguageOption = "",
    region: RegionOption = None,
    count: CountOption = "",
    sort: SortOption = "newest",
    cursor: CursorOption = None,
    save_rule: SaveRuleOption = "",
    reader: ReaderOption = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Search stored articles with a query, newest first; the query has the same syntax as in a rule."""
    from zoneinfo import ZoneInfo

    from monitor.domain.read_models import ArticleFilter
    from monitor.insight.search import Search, parse_moment, parse_regions, read_minus_as_not, sources_of_group

    check_modes(count, sort, cursor)
    configuration = load_config(config, database)
    watchlist = configuration.watchlist
    require_known_id("source", source, (one.id for one in configuration.sources), config)
    require_known_id("official", official, (one.id for one in watchlist.officials), config)
    require_known_id("rule", rule, (one.id for one in watchlist.rules), config)
    zone, now = ZoneInfo(configuration.settings.timezone), datetime.now(UTC)
    wanted = ArticleFilter(
        source_id=source,
        rule_id=rule,
        official_id=official,
        language=language.lower(),
        since_at=parse_moment(since, zone, now),
        until_at=parse_moment(until, zone, now, is_end=True),
        source_ids=sources_of_group(configuration.sources, group) if group else (),
    )
    asked = Search(read_minus_as_not(query.strip()), wanted, parse_regions(region or ()), cursor)
    compiled = compile_query(asked, watchlist)
    if save_rule:
        save_as_rule(config, configuration, save_rule, asked, group, reader)
        return
    print_found(configuration, asked, compiled, count, sort, limit, as_json=json, as_csv=csv)


def check_modes(count: str, sort: str, cursor: int | None) -> None:
    """Raise ``UsageError`` if ``--count`` or ``--sort`` is unknown, or cannot be combined with ``--cursor``."""
    from monitor.insight.search import COUNTS, SORTS

    if count and count not in COUNTS:
        raise UsageError(f"--count {count!r} is not one of {', '.join(COUNTS)}")
    if sort not in SORTS:
        raise UsageError(f"--sort {sort!r} is not one of {', '.join(SORTS)}")
    if cursor and (count or sort != "newest"):
        raise UsageError("--cursor continues a list by age; it cannot be combined with --count or --sort")


def compile_query(asked: "Search", watchlist: "Watchlist") -> "CompiledQuery | None":
    """Return the compiled query of a search, or None if the search has no query.

    The query is limited to the regions of the search (parts of an article, such as the headline). Raises ``UsageError``
    if there are regions without a query.
    """
    from monitor.insight.search import limit_to_regions
    from monitor.pipeline.search import compile_search

    if asked.text:
        compiled = compile_search(asked.text, [one.id for one in watchlist.officials], watchlist.synonyms)
        return limit_to_regions(compiled, asked.regions)
    if asked.regions:
        raise UsageError("--region needs a query: the words that must be in that part of an article")
    return None


def print_found(  # noqa: PLR0913 - as for the command
    configuration: "Configuration",
    asked: "Search",
    compiled: "CompiledQuery | None",
    count: str,
    sort: str,
    limit: int | None,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Search, and print the articles. With ``count``, print only their number for each day, source or other group.

    If some results are missing, print a note.
    """
    from zoneinfo import ZoneInfo

    from monitor.insight.search import MAX_PARTS, count_articles, find_articles

    zone = ZoneInfo(configuration.settings.timezone)
    with open_to_read(configuration) as opened:
        if count:
            counts, is_complete = count_articles(opened, asked, compiled, zone, count)
            print_counts(counts, count, as_json=as_json, as_csv=as_csv)
            if not is_complete:
                sys.stderr.write("Only the newest 20,000 articles are counted; choose a shorter period.\n")
            return
        is_piped = as_json or as_csv or not sys.stdout.isatty()
        most = limit or (ALL_ROWS if is_piped else DEFAULT_LIMIT)
        max_parts = None if most == ALL_ROWS else MAX_PARTS
        result = find_articles(opened, asked, compiled, zone, most, sort, max_parts)
        print_result(opened, configuration, result, as_json=as_json, as_csv=as_csv)
    if result.next_id is not None and len(result.found) < most:
        sys.stderr.write(f"Older articles were not searched yet; --cursor {result.next_id} continues.\n")
    elif result.next_id is not None:
        more = f"or --cursor {result.next_id} to continue" if sort == "newest" else "or choose a shorter period"
        sys.stderr.write(f"There are more than {most} results; add --limit N to print more of them, {more}.\n")


def print_counts(counts: tuple[tuple[str, int], ...], by: str, *, as_json: bool, as_csv: bool) -> None:
    """Print the number of articles for each value of a property, such as each outlet, as a table, JSON or CSV.

    ``by`` is the name of the property. ``counts`` are pairs of a value and the number of its articles.
    """
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


def save_as_rule(
    config: Path, configuration: "Configuration", rule_id: str, asked: "Search", group: str, reader: str
) -> None:
    """Add a search to the configuration file as a rule, and record this as a change.

    Raises ``UsageError`` if a rule with this id exists or the search cannot be a rule, and ``ConfigError`` if the
    configuration with the new rule is not valid.
    """
    from monitor.insight.search import make_rule

    editor = create_editor(config)
    saved = editor.add_rule(rule_id, make_rule(asked, group))
    sys.stdout.write(f"The rule {rule_id} is in {config}.")
    if asked.wanted.since_at or asked.wanted.until_at:
        sys.stdout.write(" A rule has no period: --since and --until are not part of it.")
    digests = [plan.id for plan in load_config(config).digests if rule_id in plan.rules]
    if digests:
        sys.stdout.write(f" Its hits are reported in: {', '.join(digests)}.\n")
    else:
        sys.stdout.write(" Add it to `rules:` of a digest to have its hits reported.\n")
    record_edit(configuration, editor, [saved], f"rules.{rule_id}", reader)

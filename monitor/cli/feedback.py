"""Commands for feedback: reject, confirm, mark, undo, feedback, report, and edits of stories."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.articles import open_database, open_to_read, parse_since, require_known_id
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    CsvOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    ReaderOption,
    compile_matcher,
    complete_ids,
    format_time,
    load_at_once,
    load_config,
    load_rows,
    login_of,
    print_json,
    print_records,
    print_table,
    print_text,
    run_async,
    stream_rows,
)
from monitor.cli.config_edits import create_editor
from monitor.domain.codes import MAX_NUMBER, CodeKind, parse_code
from monitor.domain.errors import UsageError
from monitor.domain.feedback import MarkKind, RejectionReason
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.domain.article import StoredArticle
    from monitor.domain.configuration import Configuration
    from monitor.domain.feedback import Change, FeedbackResult
    from monitor.feedback.noise import NameCount, NoiseReport
    from monitor.feedback.service import Actor, FeedbackService
    from monitor.records.feedback import ChangeRecord
    from monitor.records.noise import NameNoiseRecord, NoiseRecord, RuleNoiseRecord
    from monitor.store.database import Database

MAX_REPORTED_ROWS = 30
CODE_HELP = "Code in a digest (a53, h45, s12), id or URL of an article."
TargetArgument = Annotated[str, typer.Argument(metavar="CODE", help=CODE_HELP, show_default=False)]
OfficialOption = Annotated[
    str,
    typer.Option(
        "--official",
        metavar="ID",
        help="The official; not needed if the article names only one.",
        show_default=False,
        autocompletion=complete_ids("officials"),
    ),
]
WrittenOption = Annotated[
    str, typer.Option("--written", metavar="TEXT", help="Only the name as written so.", show_default=False)
]
ProposalOption = Annotated[
    int, typer.Option(max=MAX_NUMBER, metavar="PROPOSAL", help="Decide a proposal, as an editor.", show_default=False)
]
NoteOption = Annotated[str, typer.Option("--note", help="A remark, kept with the verdict.", show_default=False)]
DigestOption = Annotated[
    str,
    typer.Option(
        "--digest",
        metavar="ID",
        help="For all readers of this digest; not needed if only one is configured and --by is not given.",
        show_default=False,
        autocompletion=complete_ids("digests"),
    ),
]
RuleOption = Annotated[
    str,
    typer.Option(
        "--rule",
        metavar="ID",
        help="Only its hits of this rule.",
        show_default=False,
        autocompletion=complete_ids("rules"),
    ),
]
UntilOption = Annotated[
    str,
    typer.Option("--until", metavar="LENGTH|DATE", help="End of the mark: 7d, 12h, or 2026-12-31.", show_default=False),
]
StoryArgument = Annotated[
    str, typer.Argument(metavar="CODE", help="Code of a story (s12), or of an article in it (a53).", show_default=False)
]

mark_app = create_command_group("Mark a story: mute, follow, read or irrelevant.")


def reject(  # noqa: PLR0913, PLR0917 - a parameter is an option
    target: TargetArgument,
    official: OfficialOption = "",
    written: WrittenOption = "",
    story: Annotated[
        bool, typer.Option("--story", help="For the whole story of the article, also later articles.")
    ] = False,
    reason: Annotated[
        RejectionReason, typer.Option("--reason", help="Why the official is not meant.")
    ] = RejectionReason.OTHER,
    note: NoteOption = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """State that a name in an article does not mean a certain official; the hits that it caused are withdrawn.

    Hits of copies of the article are withdrawn, too.
    """
    with _open_service(config, database) as (service, opened):
        stored, is_story = find_target(opened, target, official)
        chosen = official or _choose_official(opened, stored)

        async def give(actor: "Actor") -> "FeedbackResult":
            whole_story = story or is_story
            return await service.reject(
                stored.id, chosen, actor, written=written, whole_story=whole_story, reason=reason, note=note
            )

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)


def confirm(  # noqa: PLR0913, PLR0917 - a parameter is an option
    target: TargetArgument,
    official: OfficialOption = "",
    written: WrittenOption = "",
    note: NoteOption = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """State that a text in an article, such as a rejected name, means an official; the new hit is reported once."""
    with _open_service(config, database) as (service, opened):
        stored, _is_story = find_target(opened, target, official)
        chosen, text = _choose_near_miss(opened, stored, official, written)

        async def give(actor: "Actor") -> "FeedbackResult":
            return await service.confirm(stored.id, chosen, text, actor, note=note)

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)


@mark_app.command("mute")
def mark_mute(  # noqa: PLR0913, PLR0917 - a parameter is an option
    target: StoryArgument,
    digest: DigestOption = "",
    until: UntilOption = "",
    rule: RuleOption = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Shorten a story to one line in digests.

    Corrections, withdrawals, and reports that name a further official are still shown in full.
    """
    _mark(MarkKind.MUTED, target, digest, until, rule, reader, config, database, json=json)


@mark_app.command("follow")
def mark_follow(
    target: StoryArgument,
    digest: DigestOption = "",
    until: UntilOption = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Follow a story: digests report each new article of it, even if the article names no official."""
    _mark(MarkKind.FOLLOWED, target, digest, until, "", reader, config, database, json=json)


@mark_app.command("irrelevant")
def mark_irrelevant(
    target: StoryArgument,
    digest: DigestOption = "",
    rule: RuleOption = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """State that a story names the right person but is of no interest; the digest leaves it out."""
    _mark(MarkKind.IRRELEVANT, target, digest, "", rule, reader, config, database, json=json)


@mark_app.command("read")
def mark_read(
    target: Annotated[str, typer.Argument(metavar="[CODE]", help="Code of a story.", show_default=False)] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="HIT", help="All hits up to this one, such as h45.", show_default=False)
    ] = "",
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Mark a story as read by you, or all hits up to a given hit."""
    if bool(target) is bool(until):
        raise UsageError("give the code of a story, or --until with the code of a hit")
    if target:
        _mark(MarkKind.READ, target, "", "", "", reader, config, database, json=json)
        return
    code = parse_code(until)
    if code is None or code.kind is not CodeKind.HIT:
        raise UsageError(f"{until!r} is not the code of a hit; it is like h45, and `monitor hits` lists them")
    with _open_service(config, database) as (service, opened):
        opened.feedback.get_hit_place(code.number)

        async def give() -> None:
            await service.mark_read_until(code.number, await service.get_actor(login_of(reader)))

        run_async(give())
    typer.echo(f"All hits up to h{code.number} are read.")


def undo(
    change: Annotated[
        int, typer.Argument(max=MAX_NUMBER, metavar="CHANGE", help="Number of a change in `monitor feedback`.")
    ],
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Undo a verdict, a mark, an edit of stories, or an edit of sources.yaml by the desk or a command."""
    from monitor.domain.feedback import EDIT
    from monitor.feedback.configuration import ConfigurationService

    with _open_service(config, database) as (service, opened):

        async def give(actor: "Actor") -> "FeedbackResult":
            undone = opened.feedback.get_change(change)
            if undone.what == EDIT and undone.undone_at is None:
                files = ConfigurationService(opened, create_editor(config), lambda: datetime.now(UTC))
                return await files.undo(undone, actor)
            return await service.undo(change, actor)

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)


def feedback(  # noqa: PLR0913, PLR0917 - a parameter is an option
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    official: OfficialOption = "",
    proposals: Annotated[bool, typer.Option("--proposals", help="List the proposals that wait for an editor.")] = False,
    accept: ProposalOption = 0,
    refuse: ProposalOption = 0,
    reader: ReaderOption = "",
    limit: LimitOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List verdicts, marks and edits, newest first; or list, accept or refuse the proposals of viewers.

    `monitor undo` takes the numbers in the list of verdicts, marks and edits.
    """
    from monitor.records.feedback import CHANGE_COLUMNS, change_record

    if accept or refuse:
        _decide_proposal(config, database, accept, refuse, reader, json=json)
        return
    if proposals:
        _list_proposals(config, database, limit, json=json, csv=csv)
        return
    with open_to_read(load_config(config, database)) as opened:

        def load(count: int, last: "Change | None") -> "list[Change]":
            return opened.feedback.list_changes(count, last.id if last else None, official_id=official)

        def make_record(one: "Change") -> "ChangeRecord":
            verdicts = opened.feedback.get_verdicts([one.verdict_id]) if one.verdict_id else []
            return change_record(one, next(iter(verdicts), None))

        if print_records(CHANGE_COLUMNS, map(make_record, stream_rows(load, limit)), as_json=json, as_csv=csv):
            return
        found = load_rows(load, limit)
    rows = (
        (
            one.id,
            format_time(one.made_at),
            one.reader,
            one.what,
            one.subject,
            f"undone by {one.undone_by}" if one.undone_at else "",
        )
        for one in found
    )
    print_table(("change", "at", "by", "what", "of", "state"), rows, "There is no feedback yet.")


def _list_proposals(config: Path, database: str, limit: int | None, *, json: bool, csv: bool) -> None:
    from monitor.records.feedback import PROPOSAL_COLUMNS, proposal_record

    with open_to_read(load_config(config, database)) as opened:
        found = load_at_once(opened.proposals.list_open, limit, as_document=json or csv)
    if print_records(PROPOSAL_COLUMNS, map(proposal_record, found), as_json=json, as_csv=csv):
        return
    rows = (
        (
            one.id,
            format_time(one.made_at),
            one.reader,
            one.kind,
            one.official_id or f"digest {one.plan_id}",
            f"a{one.article_id}" if one.article_id else one.story_id,
            one.title,
        )
        for one in found
    )
    columns = ("proposal", "at", "by", "what", "of", "in", "title")
    print_table(columns, rows, "No proposal waits for an editor.")


def _decide_proposal(config: Path, database: str, accept: int, refuse: int, reader: str, *, json: bool) -> None:
    """Accept or refuse a proposal. ``reader`` is the login of the editor who decides."""
    if accept and refuse:
        raise UsageError("--accept and --refuse cannot be combined")
    with _open_service(config, database) as (service, _opened):
        if accept:

            async def give(actor: "Actor") -> "FeedbackResult":
                return await service.accept(accept, actor)

            _print_result(run_async(_act(service, reader, give)), json=json)
            return

        async def close() -> None:
            await service.refuse(refuse, await service.get_actor(login_of(reader)))

        run_async(close())
        typer.echo(f"Proposal {refuse} is refused.", err=json)


def report(
    since: Annotated[str, typer.Option("--since", metavar="LENGTH", help="Of the last 7d, 30d ...")] = "90d",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Show how often each rule, official, spelling and alias was found, and how often it was rejected.

    The report also lists the names and aliases that were always rejected, or never found.
    """
    from monitor.feedback.noise import build_noise_report

    configuration = load_config(config, database)
    since_at = parse_since(since) or datetime.now(UTC)
    with open_to_read(configuration) as opened:
        rules, uses = opened.noise.count_rules(since_at), opened.noise.list_name_uses(since_at)
    found = build_noise_report(configuration.watchlist, rules, uses)
    if json:
        print_json(_noise_record(found, since_at))
        return
    rows = ((one.rule_id, one.found, one.rejected, format_time(one.last_at)) for one in found.rules)
    print_table(("rule", "hits", "rejected", "last"), rows, "No rule is configured.")
    for title, counts in (("official", found.officials), ("form", found.forms)):
        lines = (
            (one.official_id, one.text, ", ".join(sorted(one.forms)), one.found, one.rejected, format_time(one.last_at))
            for one in counts[:MAX_REPORTED_ROWS]
        )
        typer.echo("")
        print_table((title, "written", "kind", "articles", "rejected", "last"), lines, "Nobody was found.")
    typer.echo("")
    for label, counts in (("Only rejected", found.always_rejected), ("Never found", found.never_found)):
        names = "; ".join(f"{one.text} ({one.official_id})" for one in counts[:MAX_REPORTED_ROWS])
        more = f" and {len(counts) - MAX_REPORTED_ROWS} more" if len(counts) > MAX_REPORTED_ROWS else ""
        if names:
            print_text(f"{label} since {format_time(since_at)}: {names}{more}.")


def _noise_record(found: "NoiseReport", since_at: datetime) -> "NoiseRecord":
    rules: list[RuleNoiseRecord] = [
        {"rule": one.rule_id, "found": one.found, "rejected": one.rejected, "last_at": one.last_at}
        for one in found.rules
    ]
    return {
        "since": since_at,
        "rules": rules,
        "officials": list(map(_name_record, found.officials)),
        "forms": list(map(_name_record, found.forms)),
        "names": list(map(_name_record, found.names)),
        "never_found": list(map(_name_record, found.never_found)),
        "always_rejected": list(map(_name_record, found.always_rejected)),
    }


def _name_record(one: "NameCount") -> "NameNoiseRecord":
    return {
        "official": one.official_id,
        "text": one.text,
        "found": one.found,
        "rejected": one.rejected,
        "last_at": one.last_at,
        "forms": sorted(one.forms),
    }


def split_story(
    story: StoryArgument,
    articles: Annotated[list[str], typer.Argument(metavar="ARTICLE...", help="Codes of articles that do not belong.")],
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Move articles, with all copies of their texts, from a story into a new one.

    The program does not join the two stories again by itself.
    """
    with _open_service(config, database) as (service, opened):
        story_id = resolve_story(opened, story)
        article_ids = [find_target(opened, one)[0].id for one in articles]

        async def give(actor: "Actor") -> "FeedbackResult":
            return await service.split_story(story_id, article_ids, actor)

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)


def join_stories(
    story: StoryArgument,
    into: Annotated[str, typer.Argument(metavar="INTO", help="Code of the story that takes the articles.")],
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Move all articles of a story into another one; the id of the first story then refers to the other."""
    with _open_service(config, database) as (service, opened):
        ids = resolve_story(opened, story), resolve_story(opened, into)

        async def give(actor: "Actor") -> "FeedbackResult":
            return await service.join_stories(*ids, actor)

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)


def _mark(  # noqa: PLR0913, PLR0917 - as for the commands
    kind: MarkKind,
    target: str,
    digest: str,
    until: str,
    rule: str,
    reader: str,
    config: Path,
    database: str,
    *,
    json: bool,
) -> None:
    configuration = load_config(config, database)
    require_known_id("digest", digest, [plan.id for plan in configuration.digests], config)
    require_known_id("rule", rule, [one.id for one in configuration.watchlist.rules], config)
    until_at = parse_until(until)
    if kind is not MarkKind.READ and not (digest or reader):
        digest = _choose_digest([plan.id for plan in configuration.digests])
    with _open_service(config, database, configuration) as (service, opened):
        story = opened.stories.get_story(resolve_story(opened, target))

        async def give(actor: "Actor") -> "FeedbackResult":
            return await service.mark(story.id, kind, actor, plan_id=digest, rule_id=rule, until_at=until_at)

        result = run_async(_act(service, reader, give))
    _print_result(result, json=json)
    if not json:
        print_text(f"The story: {story.title}")
    if not (digest or json or kind is MarkKind.READ):
        typer.echo("It counts for this reader on the desk. To change a digest, add --digest ID.")


def _choose_digest(ids: Sequence[str]) -> str:
    """Return the id of the only configured digest, or an empty string if no digest is configured.

    ``ids`` are the ids of all configured digests. Raises ``UsageError`` if there are several.
    """
    if len(ids) > 1:
        named = " or ".join(f"--digest {one}" for one in ids)
        raise UsageError(f"choose the readers of the mark: {named}, or --by LOGIN for a reader's own view of the desk")
    return ids[0] if ids else ""


@contextmanager
def _open_service(
    config: Path, database: str, configuration: "Configuration | None" = None
) -> "Iterator[tuple[FeedbackService, Database]]":
    from monitor.feedback.service import FeedbackService
    from monitor.pipeline.bounded_matching import BoundedMatcher

    configuration = configuration or load_config(config, database)
    matcher = BoundedMatcher(compile_matcher(configuration), configuration.watchlist)
    with open_database(configuration) as opened:
        yield FeedbackService(opened, matcher, configuration.watchlist, lambda: datetime.now(UTC)), opened


async def _act(
    service: "FeedbackService", reader: str, give: "Callable[[Actor], Coroutine[Any, Any, FeedbackResult]]"
) -> "FeedbackResult":
    return await give(await service.get_actor(login_of(reader)))


def parse_until(text: str) -> datetime | None:
    """Return the time at which a mark should end, in UTC; for an empty text, return None.

    The text is a duration from now, such as ``7d``, or a date, which means the start of that day in the local time
    zone. Raises ``UsageError`` for other texts and for a time that has passed.
    """
    from monitor.domain.value_parsers import parse_duration

    if not text:
        return None
    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        try:
            return now + parse_duration(text)
        except ValueError:
            raise UsageError(f"--until {text!r} is neither a day like 2030-01-31 nor a length like 7d") from None
    if moment <= now:
        raise UsageError(f"--until {text!r} has passed; write a later day, or a length, such as 7d")
    return moment


def find_articles(database: "Database", target: str) -> "list[StoredArticle]":
    """Return the articles that ``target`` refers to: a code, the id of an article, or a URL.

    The code of a story (such as s12) refers to all its articles, the code of a hit (such as h45) to the article of the
    hit, and the code of an article (such as a53) to the article. The result is empty for an unknown URL. Raises
    ``UsageError`` for an unknown code or id.
    """
    code = parse_code(target)
    if code is None:
        return database.queries.find_by_url(target)
    if code.kind is CodeKind.STORY:
        return database.queries.load_articles(database.stories.get_story(code.story_id).article_ids)
    number = database.feedback.get_hit_place(code.number)[0] if code.kind is CodeKind.HIT else code.number
    return [database.queries.get_article(number)]


def find_target(database: "Database", target: str, official_id: str = "") -> "tuple[StoredArticle, bool]":
    """Return the article that a code (such as s12 or a53) or URL refers to, and whether it is the code of a story.

    For a story, the article is its first article that names the official ``official_id``. If ``official_id`` is empty,
    it is the first article that names any official. If no article does, it is the first article of the story. Raises
    ``UsageError`` if nothing is found.
    """
    articles = find_articles(database, target)
    code = parse_code(target)
    if not articles:
        raise UsageError(f"{target} is not known; give a code of a digest, such as a53, or the URL of an article")
    if code is None or code.kind is not CodeKind.STORY:
        return articles[0], False
    for stored in articles:
        named = {one.official_id for one in database.queries.get_findings(stored.id).mentions}
        if (official_id in named) if official_id else named:
            return stored, True
    return articles[0], True


def resolve_story(database: "Database", target: str) -> str:
    """Return the id of a story. ``target`` is the code of the story, or the code or URL of one of its articles.

    Digests show the codes (such as s12 for a story and a53 for an article). Raises ``UsageError`` if nothing is found,
    or if the article has no story yet.
    """
    code = parse_code(target)
    if code and code.kind is CodeKind.STORY:
        return database.stories.get_story(code.story_id).id
    stored, _is_story = find_target(database, target)
    if not stored.story_id:
        raise UsageError(f"article {stored.id} has no story yet; the next pass groups it")
    return stored.story_id


def _choose_official(database: "Database", stored: "StoredArticle") -> str:
    """Return the official that an article names, if it names exactly one.

    Raises ``UsageError`` if the article names none or several.
    """
    named = sorted({one.official_id for one in database.queries.get_findings(stored.id).mentions})
    if len(named) != 1:
        found = f"names {', '.join(named)}: add --official with one of them" if named else "names no official"
        raise UsageError(f"article {stored.id} {found}")
    return named[0]


def _choose_near_miss(database: "Database", stored: "StoredArticle", official: str, written: str) -> tuple[str, str]:
    """Return the official and the text that the user confirms.

    If the user has not given the official or the text, it is taken from the near misses (rejected mentions) of the
    article. Raises ``UsageError`` unless exactly one near miss fits.
    """
    if official and written:
        return official, written
    from monitor.text.fold import fold_written

    found = {
        (one.official_id, one.text)
        for one in database.queries.get_findings(stored.id).near_misses
        if (not official or one.official_id == official)
        and (not written or fold_written(one.text) == fold_written(written))
    }
    if len(found) != 1:
        options = "; ".join(f"--official {who} --written '{text}'" for who, text in sorted(found))
        raise UsageError(
            f"article {stored.id} has several near misses: {options}"
            if found
            else f"article {stored.id} has no such near miss; add --official ID and --written TEXT"
        )
    return found.pop()


def _print_result(result: "FeedbackResult", *, json: bool) -> None:
    from monitor.records.feedback import result_record

    if json:
        print_json(result_record(result))
        return
    change = result.change
    if result.is_repeated:
        print_text(f"Nothing to do: {change.what} {change.subject} counts already (change {change.id}).")
        return
    print_text(f"{change.what} {change.subject}{f': {change.after}' if change.after else ''}")
    effect = result.rescreened
    if effect.articles > 1:
        typer.echo(f"It counts for {effect.articles} articles: copies of the text and, with --story, the story.")
    if waiting := effect.withdrawn - effect.reported:
        typer.echo(f"{format_count(waiting, 'hit')} will not be reported.")
    if effect.reported:
        typer.echo(f"{format_count(effect.reported, 'hit')} was reported; the next digest retracts it.")
    if effect.added:
        typer.echo(f"{format_count(effect.added, 'hit')} will be reported, unless a digest has reported it.")
    if effect.changed:
        print_text(
            f"{format_count(effect.changed, 'hit')} on other officials, too; a digest that reported it corrects it."
        )
    if change.what != "undo":
        typer.echo(f"To undo: monitor undo {change.id}")

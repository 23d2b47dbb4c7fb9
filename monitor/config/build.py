"""Checked models -> the domain's configuration. Nothing can fail here but what ``load.py`` found before."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.config import schema
from monitor.config.relations import ALL, OUTBOX
from monitor.domain.article import Region
from monitor.domain.delivery import Channel, ChatChannel, EmailChannel, FolderChannel, Secret, WebhookChannel
from monitor.domain.digest import DigestPlan, Hold, Schedule
from monitor.domain.official import Examples, Official, Role
from monitor.domain.rule import Rule, Watch
from monitor.domain.settings import KeepPages, Settings
from monitor.domain.source import ArticleMode, Listing, Selectors, Source, SourceKind

SQLITE = "sqlite:///"


def build_settings(model: schema.SettingsModel, folder: Path) -> Settings:
    """Make relative paths start from the folder of the file."""
    return Settings(
        database=absolute_database(model.database, folder),
        timezone=model.timezone,
        contact=model.contact,
        retention=model.retention,
        backfill=model.backfill,
        keep_pages=KeepPages(model.keep_pages),
        allow_networks=tuple(model.allow_networks),
        heartbeat=model.heartbeat,
        templates=str((folder / model.templates).absolute()) if model.templates else "",
        probes=model.probes,
    )


def absolute_database(database: Secret, folder: Path) -> Secret:
    """Make the file of an SQLite URL absolute; other URLs stay as they are."""
    text = database.reveal()
    if not text.startswith(SQLITE):
        return database
    name, question, query = text.removeprefix(SQLITE).partition("?")
    return Secret(f"{SQLITE}{(folder / name).absolute()}{question}{query}")


def build_source(source_id: str, model: schema.SourceModel) -> Source:
    """Tell the kind by the key that holds the address."""
    kind, url = next(
        (kind, url)
        for kind, url in (
            (SourceKind.FEED, model.feed),
            (SourceKind.PAGE, model.page),
            (SourceKind.SITEMAP, model.sitemap),
        )
        if url
    )
    return Source(
        id=source_id,
        name=model.name or source_id,
        kind=kind,
        url=url,
        language=model.language,
        country=model.country,
        timezone=model.timezone,
        every=model.every,
        expect=model.expect,
        article=ArticleMode(model.article),
        selectors=_selectors(model.selectors),
        listing=_listing(model) if kind is SourceKind.PAGE else None,
        sitemap=model.sitemap or "" if kind is not SourceKind.SITEMAP else "",
        paused=model.paused,
        headers=tuple((name, secret.reveal()) for name, secret in model.headers.items()),
    )


def _selectors(model: schema.SelectorsModel) -> Selectors:
    published = model.published
    return Selectors(
        title=model.title,
        standfirst=model.standfirst,
        body=model.body,
        published=published.selector if published else "",
        published_format=published.format if published else "",
        authors=model.authors,
        remove=tuple(model.remove),
    )


def _listing(model: schema.SourceModel) -> Listing:
    published = model.published
    return Listing(
        items=model.items or "",
        link=model.link or "a[href]",
        title=model.title or "",
        published=published.selector if published else "",
        published_format=published.format if published else "",
        next=model.next or "",
        pages=model.pages,
    )


def build_official(official_id: str, model: schema.OfficialModel) -> Official:
    """Keep names as typed; folding is the watch engine's."""
    return Official(
        id=official_id,
        name=model.name,
        country=model.country,
        aliases=tuple(dict.fromkeys(model.aliases)),
        roles=tuple(Role(role.title, role.from_, role.until) for role in model.roles),
        exclude=tuple(model.not_),
        examples=_examples(model.examples),
    )


def _examples(model: schema.ExamplesModel) -> Examples:
    return Examples(match=tuple(model.match), reject=tuple(model.reject))


def build_rule(rule_id: str, model: schema.RuleModel, officials: Sequence[str]) -> Rule:
    """Write ``all`` out as every official of the file."""
    return Rule(
        id=rule_id,
        officials=tuple(officials) if ALL in model.officials else tuple(dict.fromkeys(model.officials)),
        query=model.query or "",
        sources=() if ALL in model.sources else tuple(dict.fromkeys(model.sources)),
        languages=tuple(model.languages),
        regions=tuple(Region(region) for region in model.regions),
        roles=model.roles,
        changes=model.changes,
        examples=_examples(model.examples),
    )


def build_watch(
    officials: Mapping[str, schema.OfficialModel], rules: Mapping[str, schema.RuleModel], synonyms: list[list[str]]
) -> Watch:
    """Put together what the watch engine is built from."""
    return Watch(
        officials=tuple(build_official(name, model) for name, model in officials.items()),
        rules=tuple(build_rule(name, model, tuple(officials)) for name, model in rules.items()),
        synonyms=tuple(tuple(words) for words in synonyms),
    )


def build_channel(channel_id: str, model: schema.ChannelModel, folder: Path) -> Channel:
    """Tell the kind by the key that is there."""
    if model.email:
        email = model.email
        return EmailChannel(channel_id, tuple(dict.fromkeys(email.to)), email.from_, email.server, email.unsubscribe)
    if model.webhook:
        return WebhookChannel(channel_id, model.webhook.url, tuple(model.webhook.secret))
    if model.chat:
        return ChatChannel(channel_id, model.chat)
    return FolderChannel(channel_id, str((folder / (model.folder or channel_id)).absolute()))


def build_channels(
    models: Mapping[str, schema.ChannelModel], digests: Mapping[str, schema.DigestModel], folder: Path
) -> tuple[Channel, ...]:
    """Add the folder channel ``outbox`` where no other channel exists, or a digest goes to it."""
    channels = [build_channel(name, model, folder) for name, model in models.items()]
    wanted = not models or any(OUTBOX in (model.to or [OUTBOX]) for model in digests.values())
    if wanted and OUTBOX not in models:
        channels.append(FolderChannel(OUTBOX, str((folder / OUTBOX).absolute())))
    return tuple(channels)


def build_digest(digest_id: str, model: schema.DigestModel, rules: Sequence[str], zone: str) -> DigestPlan:
    """Fill in the default channel, zone and title; write ``all`` out as every rule of the file."""
    at = None if isinstance(model.at, str) else model.at
    return DigestPlan(
        id=digest_id,
        rules=tuple(rules) if ALL in model.rules else tuple(dict.fromkeys(model.rules)),
        schedule=Schedule(at=at, cron=model.cron, once=model.at == "once"),
        to=tuple(dict.fromkeys(model.to or [OUTBOX])),
        timezone=model.timezone or zone,
        title=model.title or digest_id,
        hold=Hold(*model.hold) if model.hold else None,
        quiet_notice=model.quiet_notice,
        limit=model.limit,
    )

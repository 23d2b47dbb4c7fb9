"""Checked models -> the domain's configuration. Nothing can fail here but what ``load.py`` found before."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.config import schema
from monitor.config.cross_checks import ALL_KEYWORD, OUTBOX_CHANNEL_ID
from monitor.domain.article import Region
from monitor.domain.channels import Channel, ChatChannel, EmailChannel, FolderChannel, WebhookChannel
from monitor.domain.configuration import PageRetention, Settings
from monitor.domain.digest import DigestPlan, QuietHours, Schedule
from monitor.domain.secret import Secret
from monitor.domain.source import Listing, Selectors, Source, SourceKind, TextOrigin
from monitor.domain.watchlist import Examples, Official, Role, Rule, Watchlist

SQLITE_URL_PREFIX = "sqlite:///"


def build_settings(model: schema.SettingsModel, folder: Path) -> Settings:
    """Make relative paths start from the folder of the file."""
    return Settings(
        database=resolve_database_url(model.database, folder),
        timezone=model.timezone,
        user_agent_contact=model.user_agent_contact,
        retention=model.retention,
        backfill=model.backfill,
        keep_pages=PageRetention(model.keep_pages),
        allowed_networks=tuple(model.allowed_networks),
        heartbeat_url=model.heartbeat_url,
        template_dir=str((folder / model.template_dir).absolute()) if model.template_dir else "",
        probe_address=model.probe_address,
    )


def resolve_database_url(database: Secret, folder: Path) -> Secret:
    """Make the file of an SQLite URL absolute; other URLs stay as they are."""
    text = database.reveal()
    if not text.startswith(SQLITE_URL_PREFIX):
        return database
    name, question, query = text.removeprefix(SQLITE_URL_PREFIX).partition("?")
    return Secret(f"{SQLITE_URL_PREFIX}{(folder / name).absolute()}{question}{query}")


def build_source(source_id: str, model: schema.SourceModel) -> Source:
    """Tell the kind by the key that holds the address."""
    kind, url = next(
        (kind, url)
        for kind, url in (
            (SourceKind.FEED, model.feed),
            (SourceKind.LISTING, model.listing and model.listing.url),
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
        poll_interval=model.poll_interval,
        max_silence=model.max_silence,
        text_from=TextOrigin(model.text_from),
        selectors=_build_selectors(model.selectors),
        listing=_build_listing(model.listing) if model.listing else None,
        sitemap=model.sitemap or "" if kind is not SourceKind.SITEMAP else "",
        paused=model.paused,
        headers=tuple((name, secret.reveal()) for name, secret in model.headers.items()),
    )


def _build_selectors(model: schema.SelectorsModel) -> Selectors:
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


def _build_listing(model: schema.ListingModel) -> Listing:
    published = model.published
    return Listing(
        items=model.items,
        link=model.link,
        title=model.title,
        published=published.selector if published else "",
        published_format=published.format if published else "",
        next=model.next,
        max_pages=model.max_pages,
    )


def build_official(official_id: str, model: schema.OfficialModel) -> Official:
    """Keep names as typed; folding is the watch engine's."""
    return Official(
        id=official_id,
        name=model.name,
        country=model.country,
        aliases=tuple(dict.fromkeys(model.aliases)),
        roles=tuple(Role(role.title, role.from_, role.until) for role in model.roles),
        exclude_phrases=tuple(model.exclude_phrases),
        examples=_build_examples(model.examples),
    )


def _build_examples(model: schema.ExamplesModel) -> Examples:
    return Examples(match=tuple(model.match), reject=tuple(model.reject))


def build_rule(rule_id: str, model: schema.RuleModel, all_official_ids: Sequence[str]) -> Rule:
    """Write ``all`` out as every official of the file."""
    return Rule(
        id=rule_id,
        officials=tuple(all_official_ids) if ALL_KEYWORD in model.officials else tuple(dict.fromkeys(model.officials)),
        query=model.query or "",
        sources=() if ALL_KEYWORD in model.sources else tuple(dict.fromkeys(model.sources)),
        languages=tuple(model.languages),
        regions=tuple(Region(region) for region in model.regions),
        match_positions=model.match_positions,
        report_edits=model.report_edits,
        examples=_build_examples(model.examples),
    )


def build_watchlist(
    officials: Mapping[str, schema.OfficialModel], rules: Mapping[str, schema.RuleModel], synonyms: list[list[str]]
) -> Watchlist:
    """Put together what the watch engine is built from."""
    return Watchlist(
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
    wanted = not models or any(
        OUTBOX_CHANNEL_ID in (model.channels or [OUTBOX_CHANNEL_ID]) for model in digests.values()
    )
    if wanted and OUTBOX_CHANNEL_ID not in models:
        channels.append(FolderChannel(OUTBOX_CHANNEL_ID, str((folder / OUTBOX_CHANNEL_ID).absolute())))
    return tuple(channels)


def build_digest_plan(
    digest_id: str, model: schema.DigestModel, all_rule_ids: Sequence[str], default_timezone: str
) -> DigestPlan:
    """Fill in the default channel, zone and title; write ``all`` out as every rule of the file."""
    at = None if isinstance(model.at, str) else model.at
    return DigestPlan(
        id=digest_id,
        rules=tuple(all_rule_ids) if ALL_KEYWORD in model.rules else tuple(dict.fromkeys(model.rules)),
        schedule=Schedule(at=at, cron=model.cron, is_immediate=model.at == "immediately"),
        channels=tuple(dict.fromkeys(model.channels or [OUTBOX_CHANNEL_ID])),
        timezone=model.timezone or default_timezone,
        title=model.title or digest_id,
        quiet_hours=QuietHours(*model.quiet_hours) if model.quiet_hours else None,
        send_when_empty=model.send_when_empty,
        max_articles=model.max_articles,
    )

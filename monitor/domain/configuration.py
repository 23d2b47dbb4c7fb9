"""The whole configuration, after all checks."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from monitor.domain.channels import Channel
from monitor.domain.digest import DigestPlan
from monitor.domain.errors import ConfigIssue
from monitor.domain.field_types import (
    DEFAULT_DATABASE_URL,
    STRICT,
    CidrNetwork,
    Duration,
    FilePath,
    Ids,
    ProbeAddress,
    RequiredSecretText,
    RetentionPeriod,
    SecretUrl,
    ShortText,
    TimeZoneName,
    ValueMark,
    check_database_url,
    get_context,
    make_secret_validator,
)
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.translation import TranslationSettings
from monitor.domain.watchlist import Watchlist
from monitor.domain.web_settings import WebSettings


class PageRetention(StrEnum):
    """The setting that states which raw pages are kept as evidence."""

    NONE = "none"
    MATCHED = "matched"
    ALL = "all"


SQLITE_URL_PREFIX = "sqlite:///"
DEFAULT_DATABASE = Secret(DEFAULT_DATABASE_URL)


def resolve_database_url(database: Secret, folder: Path) -> Secret:
    """Return the URL of a database. If it names an SQLite file, the path of this file is made absolute.

    A relative path starts from ``folder``. Other URLs are returned unchanged.
    """
    text = database.reveal()
    if not text.startswith(SQLITE_URL_PREFIX):
        return database
    name, question, query = text.removeprefix(SQLITE_URL_PREFIX).partition("?")
    return Secret(f"{SQLITE_URL_PREFIX}{(folder / name).absolute()}{question}{query}")


def _resolve_in_context(database: Secret, info: ValidationInfo) -> Secret:
    return resolve_database_url(database, get_context(info).folder)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that apply to the whole daemon."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    database: Annotated[
        RequiredSecretText,
        ValueMark.LOGIN_IS_SECRET,
        make_secret_validator(check_database_url),
        AfterValidator(_resolve_in_context),
        Field(validate_default=True, description="SQLAlchemy URL; a relative file is next to sources.yaml"),
    ] = DEFAULT_DATABASE
    timezone: Annotated[TimeZoneName, Field(description="IANA time zone of digests without their own")] = "UTC"
    user_agent_contact: Annotated[ShortText, Field(description="address or URL shown to servers in the User-Agent")] = (
        ""
    )
    retention: Annotated[RetentionPeriod, Field(description="how long articles are kept, or forever")] = timedelta(
        days=730
    )
    backfill: Annotated[
        Duration, Field(description="how old an article of a source's first poll may be and still be reported")
    ] = timedelta(days=1)
    keep_pages: Annotated[PageRetention, Field(description="raw pages kept as evidence")] = PageRetention.MATCHED
    browser_path: Annotated[
        FilePath | Literal[""],
        Field(description="Chromium for `fetch: browser`; default: from the PATH"),
    ] = ""
    translate: Annotated[
        TranslationSettings | None, Field(description="machine translations of headlines and passages in digests")
    ] = None
    allowed_networks: Annotated[
        tuple[CidrNetwork, ...], Field(description="private networks that may be fetched from and delivered to")
    ] = ()
    heartbeat_url: Annotated[
        SecretUrl | None, Field(description="URL that is requested every minute while the daemon is healthy")
    ] = None
    operator: Annotated[
        Ids, Field(description="ids of channels that receive problems of operation, such as [ops]; readers do not")
    ] = ()
    template_dir: Annotated[FilePath, Field(description="folder of your own digest templates")] = ""
    probe_address: Annotated[
        ProbeAddress, Field(description="address and port of /livez, /readyz and /metrics, or off")
    ] = ("127.0.0.1", 9464)
    web: Annotated[WebSettings | None, Field(description="the desk, a web page for readers; {} serves it")] = None

    @property
    def link_url(self) -> str:
        """The public URL of the desk, for links in digests; empty if no URL is configured."""
        return self.web.url if self.web else ""

    @property
    def has_acting_links(self) -> bool:
        """Return whether digests contain links by which a reader gives feedback with one click."""
        return bool(self.web and self.web.url and self.web.links)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A valid configuration, as read from sources.yaml.

    ``warnings`` describe settings that are valid but probably not intended.
    """

    settings: Settings
    sources: tuple[Source, ...] = ()
    watchlist: Watchlist = field(default_factory=Watchlist)
    channels: tuple[Channel, ...] = ()
    digests: tuple[DigestPlan, ...] = ()
    warnings: tuple[ConfigIssue, ...] = ()

    @property
    def former_ids(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return two dictionaries that map former ids to present ids: one for sources, and one for officials."""
        return (
            {old: source.id for source in self.sources for old in source.formerly},
            {old: official.id for official in self.watchlist.officials for old in official.formerly},
        )

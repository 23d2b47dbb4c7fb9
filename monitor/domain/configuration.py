"""The whole configuration as the program uses it, after every check."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from monitor.domain.channels import Channel
from monitor.domain.digest import DigestPlan
from monitor.domain.errors import ConfigIssue
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.watchlist import Watchlist


class PageRetention(StrEnum):
    """Which raw pages are kept as evidence."""

    NONE = "none"
    MATCHED = "matched"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole daemon. ``database`` is a SQLAlchemy URL, made absolute.

    ``probes`` is the address and port of /livez, /readyz and /metrics, or None for no such door.
    """

    database: Secret
    timezone: str = "UTC"
    user_agent_contact: str = ""
    retention: timedelta | None = timedelta(days=730)
    backfill: timedelta = timedelta(days=1)
    keep_pages: PageRetention = PageRetention.MATCHED
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    heartbeat_url: Secret | None = None
    template_dir: str = ""
    probe_address: tuple[str, int] | None = ("127.0.0.1", 9464)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One valid sources.yaml. ``warnings`` are worth saying and no reason to stop."""

    settings: Settings
    sources: tuple[Source, ...] = ()
    watchlist: Watchlist = field(default_factory=Watchlist)
    channels: tuple[Channel, ...] = ()
    digests: tuple[DigestPlan, ...] = ()
    warnings: tuple[ConfigIssue, ...] = ()

"""The whole configuration as the program uses it, after every check."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from monitor.domain.delivery import Channel, Secret
from monitor.domain.digest import DigestPlan
from monitor.domain.errors import Fault
from monitor.domain.rule import Watch
from monitor.domain.source import Source


class KeepPages(StrEnum):
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
    contact: str = ""
    retention: timedelta | None = timedelta(days=730)
    backfill: timedelta = timedelta(days=1)
    keep_pages: KeepPages = KeepPages.MATCHED
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    heartbeat: Secret | None = None
    templates: str = ""
    probes: tuple[str, int] | None = ("127.0.0.1", 9464)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One valid sources.yaml. ``warnings`` are worth saying and no reason to stop."""

    settings: Settings
    sources: tuple[Source, ...] = ()
    watch: Watch = field(default_factory=Watch)
    channels: tuple[Channel, ...] = ()
    digests: tuple[DigestPlan, ...] = ()
    warnings: tuple[Fault, ...] = ()

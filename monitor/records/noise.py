"""Records of the report on noise."""

from datetime import datetime

from typing_extensions import TypedDict


class RuleNoiseRecord(TypedDict):
    """Hits of a rule, and how many of them readers rejected."""

    rule: str
    found: int
    rejected: int
    last_at: datetime | None


class NameNoiseRecord(TypedDict):
    """Articles in which a name or text was found, and how many of them readers rejected."""

    official: str
    text: str
    found: int
    rejected: int
    last_at: datetime | None
    forms: list[str]


class NoiseRecord(TypedDict):
    """Report, as in ``report --json``; ``never_found`` and ``always_rejected`` are configured names."""

    since: datetime
    rules: list[RuleNoiseRecord]
    officials: list[NameNoiseRecord]
    forms: list[NameNoiseRecord]
    names: list[NameNoiseRecord]
    never_found: list[NameNoiseRecord]
    always_rejected: list[NameNoiseRecord]

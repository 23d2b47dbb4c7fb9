"""JSON records of the noise report: how often rules and names were found, and how often readers rejected them."""

from datetime import datetime

from typing_extensions import TypedDict


class RuleNoiseRecord(TypedDict):
    """JSON record of a rule with the number of its hits, and the number of hits that readers have rejected."""

    rule: str
    found: int
    rejected: int
    last_at: datetime | None


class NameNoiseRecord(TypedDict):
    """JSON record of a spelling of an official's name, with the number of articles in which it was found.

    ``rejected`` is the number of articles in which readers have rejected it. ``forms`` are the kinds of its mentions,
    such as full name or short name.
    """

    official: str
    text: str
    found: int
    rejected: int
    last_at: datetime | None
    forms: list[str]


class NoiseRecord(TypedDict):
    """JSON record of the noise report, as in ``report --json``.

    ``never_found`` and ``always_rejected`` are names from the configuration.
    """

    since: datetime
    rules: list[RuleNoiseRecord]
    officials: list[NameNoiseRecord]
    forms: list[NameNoiseRecord]
    names: list[NameNoiseRecord]
    never_found: list[NameNoiseRecord]
    always_rejected: list[NameNoiseRecord]

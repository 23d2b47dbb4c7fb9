"""JSON records of the noise report."""

from datetime import datetime

from typing_extensions import TypedDict


class RuleNoiseRecord(TypedDict):
    """JSON record of a rule's hits: how many were found, and how many of them readers have rejected."""

    rule: str
    found: int
    rejected: int
    last_at: datetime | None


class NameNoiseRecord(TypedDict):
    """JSON record of the numbers of articles in which a spelling of an official was found, and in which it was
    rejected.

    Readers rejected it by verdicts. ``forms`` are the kinds of form (such as full form) of its mentions.
    """

    official: str
    text: str
    found: int
    rejected: int
    last_at: datetime | None
    forms: list[str]


class NoiseRecord(TypedDict):
    """JSON record of the noise report, as in ``report --json``.

    ``never_found`` and ``always_rejected`` are configured names.
    """

    since: datetime
    rules: list[RuleNoiseRecord]
    officials: list[NameNoiseRecord]
    forms: list[NameNoiseRecord]
    names: list[NameNoiseRecord]
    never_found: list[NameNoiseRecord]
    always_rejected: list[NameNoiseRecord]

"""Noise report: how many articles each rule, official, written form and alias found, and how many were rejected.

The rejections are verdicts of readers. A written form is a spelling of a name as articles print it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from msgspec import Struct

from monitor.domain.feedback import NameUse, RuleCount
from monitor.domain.watchlist import Official, Watchlist
from monitor.text.fold import fold_written


@dataclass(slots=True)
class NameCount:
    """The articles in which an official, or one spelling of the name, was found, and which of them readers rejected.

    ``article_ids`` includes the rejected articles. ``text`` is the spelling, or empty for an official. ``forms`` are
    the forms of the mentions, as in ``MatchForm``.
    """

    official_id: str
    text: str = ""
    article_ids: set[int] = field(default_factory=set)
    rejected_ids: set[int] = field(default_factory=set)
    last_at: datetime | None = None
    forms: set[str] = field(default_factory=set)

    @property
    def found(self) -> int:
        """Number of articles in which the name was found."""
        return len(self.article_ids)

    @property
    def rejected(self) -> int:
        """Number of articles in which readers rejected the name."""
        return len(self.rejected_ids)

    def add(self, use: NameUse) -> None:
        """Count one use of the name: a mention in an article, or a rejection by a reader if the use has no form."""
        self.article_ids.add(use.article_id)
        if use.form:
            self.forms.add(use.form)
        else:
            self.rejected_ids.add(use.article_id)
        if self.last_at is None or use.at > self.last_at:
            self.last_at = use.at


class NoiseReport(Struct, frozen=True):
    """Report on false mentions: in how many articles each entry was found, and in how many of them readers rejected it.

    The entries are the rules, officials, written forms and configured names. In each list, the entry with the most
    rejections is first. A written form is a spelling as articles print it.
    """

    rules: tuple[RuleCount, ...]
    officials: tuple[NameCount, ...]
    forms: tuple[NameCount, ...]
    names: tuple[NameCount, ...]

    @property
    def never_found(self) -> tuple[NameCount, ...]:
        """The configured names and aliases that were not found in any article."""
        return tuple(one for one in self.names if not one.found)

    @property
    def always_rejected(self) -> tuple[NameCount, ...]:
        """The configured names and aliases that readers rejected in every article in which they were found."""
        return tuple(one for one in self.names if one.found and one.found == one.rejected)


def build_noise_report(watchlist: Watchlist, rules: Sequence[RuleCount], uses: Iterable[NameUse]) -> NoiseReport:
    """Return the noise report for all configured rules and officials.

    Rules and officials that are no longer configured are included if ``rules`` or ``uses`` contain them.
    """
    by_rule = {one.rule_id: one for one in rules}
    for rule in watchlist.rules:
        by_rule.setdefault(rule.id, RuleCount(rule.id, 0, 0, None))
    officials = {official.id: NameCount(official.id) for official in watchlist.officials}
    forms: dict[tuple[str, str], NameCount] = {}
    by_official: defaultdict[str, list[tuple[str, NameUse]]] = defaultdict(list)
    fold = cache(fold_written)
    for use in uses:
        folded = fold(use.text)
        officials.setdefault(use.official_id, NameCount(use.official_id)).add(use)
        forms.setdefault((use.official_id, folded), NameCount(use.official_id, use.text)).add(use)
        by_official[use.official_id].append((folded, use))
    names = [
        _count_name(official, name, by_official[official.id])
        for official in watchlist.officials
        for name in dict.fromkeys((official.name, *official.aliases))
    ]
    return NoiseReport(
        tuple(sorted(by_rule.values(), key=lambda one: (-one.rejected, -one.found, one.rule_id))),
        _sort(officials.values()),
        _sort(forms.values()),
        _sort(names),
    )


def _sort(counts: Iterable[NameCount]) -> tuple[NameCount, ...]:
    return tuple(sorted(counts, key=lambda one: (-one.rejected, -one.found, one.official_id, one.text)))


def _count_name(official: Official, name: str, uses: Iterable[tuple[str, NameUse]]) -> NameCount:
    """Count the articles that contain a configured name of an official.

    ``uses`` are the places where articles use any name of the official, each with the printed spelling in lower case
    without diacritics. A spelling counts for ``name`` if it equals the name, or consists of the name and an ending,
    such as a case ending.
    """
    count, folded = NameCount(official.id, name), fold_written(name)
    for written, use in uses:
        if written == folded or (written.startswith(folded) and " " not in written[len(folded) :]):
            count.add(use)
    return count

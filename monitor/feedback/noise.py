"""Noise report: how many articles each rule, official, written form and alias found, and how many were rejected.

The rejections are verdicts of readers. A written form is a spelling of a name as articles print it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.feedback import FormCount, RuleCount
from monitor.domain.watchlist import Official, Watchlist
from monitor.text.fold import fold_written


@dataclass(slots=True)
class NameCount:
    """Number of articles in which an official, or one spelling of the name, was found, and how many were rejected.

    Readers reject articles by verdicts. ``found`` includes the rejected articles. ``text`` is the spelling, or empty
    for an official. ``forms`` are the forms of the mentions, as in ``MatchForm``.
    """

    official_id: str
    text: str = ""
    found: int = 0
    rejected: int = 0
    last_at: datetime | None = None
    forms: set[str] = field(default_factory=set)

    def add(self, count: FormCount) -> None:
        """Add the article counts of one written form (spelling) to this count."""
        self.found += count.accepted + count.rejected
        self.rejected += count.rejected
        self.forms |= {count.form} - {""}
        if count.last_at and (self.last_at is None or count.last_at > self.last_at):
            self.last_at = count.last_at


@dataclass(frozen=True, slots=True)
class NoiseReport:
    """Noise report: counts by rule, official, written form and configured name, the most rejected first.

    A written form is a spelling as articles print it. An article counts once for each written form that it contains, so
    the count of an official may exceed the number of articles.
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


def build_noise_report(watchlist: Watchlist, rules: Sequence[RuleCount], counts: Sequence[FormCount]) -> NoiseReport:
    """Return the noise report for all configured rules and officials.

    Rules and officials that are no longer configured are included if ``rules`` or ``counts`` contain them.
    """
    by_rule = {one.rule_id: one for one in rules}
    for rule in watchlist.rules:
        by_rule.setdefault(rule.id, RuleCount(rule.id, 0, 0, None))
    officials = {official.id: NameCount(official.id) for official in watchlist.officials}
    forms: dict[tuple[str, str], NameCount] = {}
    by_official: defaultdict[str, list[tuple[str, FormCount]]] = defaultdict(list)
    for count in counts:
        folded = fold_written(count.text)
        officials.setdefault(count.official_id, NameCount(count.official_id)).add(count)
        forms.setdefault((count.official_id, folded), NameCount(count.official_id, count.text)).add(count)
        by_official[count.official_id].append((folded, count))
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


def _count_name(official: Official, name: str, counts: Iterable[tuple[str, FormCount]]) -> NameCount:
    """Return the number of articles that contain a configured name of an official.

    ``counts`` are the written forms (spellings) of that official, with their texts in lower case without diacritics. A
    form counts for the name if it is the name, or the name with an ending, such as a case ending.
    """
    found, folded = NameCount(official.id, name), fold_written(name)
    for written, count in counts:
        if written == folded or (written.startswith(folded) and " " not in written[len(folded) :]):
            found.add(count)
    return found

"""Report on noise: how often rules, officials, written forms and aliases were found, and how often rejected."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.feedback import FormCount, RuleCount
from monitor.domain.watchlist import Official, Watchlist
from monitor.text.fold import fold_written


@dataclass(slots=True)
class NameCount:
    """Articles that a name was found in, the rejected ones included; ``forms`` are the kinds of its mentions."""

    official_id: str
    text: str = ""
    found: int = 0
    rejected: int = 0
    last_at: datetime | None = None
    forms: set[str] = field(default_factory=set)

    def add(self, count: FormCount) -> None:
        """Add the articles of one written form."""
        self.found += count.accepted + count.rejected
        self.rejected += count.rejected
        self.forms |= {count.form} - {""}
        if count.last_at and (self.last_at is None or count.last_at > self.last_at):
            self.last_at = count.last_at


@dataclass(frozen=True, slots=True)
class NoiseReport:
    """Counts by rule, official, written form and configured name, the most rejected first.

    An article counts once for each form that it has, so the sums of an official may be above the number of articles.
    """

    rules: tuple[RuleCount, ...]
    officials: tuple[NameCount, ...]
    forms: tuple[NameCount, ...]
    names: tuple[NameCount, ...]

    @property
    def never_found(self) -> tuple[NameCount, ...]:
        """The configured aliases that were not found at all."""
        return tuple(one for one in self.names if not one.found)

    @property
    def always_rejected(self) -> tuple[NameCount, ...]:
        """The configured names that were found, and rejected each time."""
        return tuple(one for one in self.names if one.found and one.found == one.rejected)


def build_noise_report(watchlist: Watchlist, rules: Sequence[RuleCount], counts: Sequence[FormCount]) -> NoiseReport:
    """Return the report for the configured rules and officials, and for former ones that were found."""
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
    """Return the count of a configured name; a form with a case ending counts for it, too."""
    found, folded = NameCount(official.id, name), fold_written(name)
    for written, count in counts:
        if written == folded or (written.startswith(folded) and " " not in written[len(folded) :]):
            found.add(count)
    return found

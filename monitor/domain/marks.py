"""Readers' marks on stories in a digest: a muted story becomes one line, and an irrelevant story is left out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from monitor.domain.digest import ReportableHit
from monitor.domain.feedback import MarkKind, StoryMark
from monitor.domain.mention import HitKind

_HIDING = {MarkKind.MUTED, MarkKind.IRRELEVANT}
_ALWAYS_SHOWN = {HitKind.CORRECTION, HitKind.WITHDRAWN}


class MarkedHits(NamedTuple):
    """The hits that a digest shows, and the hits that readers' marks hide.

    ``hidden`` maps the id of each mark to a pair: the mark, and the hits that it hides.
    """

    shown: tuple[ReportableHit, ...]
    hidden: dict[int, tuple[StoryMark, list[ReportableHit]]]

    @property
    def hidden_ids(self) -> frozenset[int]:
        """Ids of the hits that readers' marks hide."""
        return frozenset(hit.id for _mark, hits in self.hidden.values() for hit in hits)

    @property
    def must_wait(self) -> bool:
        """True if the digest would show nothing but a line about a muted story.

        Such a digest is not sent. Its hits wait until a digest has more to show.
        """
        return not self.shown and any(one.mark.kind is MarkKind.MUTED for one, _hits in self.hidden.values())


def apply_marks(hits: Iterable[ReportableHit], marks: Sequence[StoryMark], now: datetime) -> MarkedHits:
    """Separate the hits that a digest shows from the hits of stories that readers have marked as muted or irrelevant.

    Some hits of such stories are shown nevertheless: corrections, withdrawals, and hits on an official that the story
    did not name when it was marked.
    """
    by_story: dict[str, list[StoryMark]] = {}
    for one in marks:
        if one.mark.kind in _HIDING and one.is_active(now):
            by_story.setdefault(one.mark.story_id, []).append(one)
    shown: list[ReportableHit] = []
    hidden: dict[int, tuple[StoryMark, list[ReportableHit]]] = {}
    for hit in hits:
        mark = next((one for one in by_story.get(hit.story_id, ()) if _hides(one, hit)), None)
        if mark is None:
            shown.append(hit)
        else:
            hidden.setdefault(mark.mark.id, (mark, []))[1].append(hit)
    return MarkedHits(tuple(shown), hidden)


def _hides(one: StoryMark, hit: ReportableHit) -> bool:
    if one.mark.rule_id and one.mark.rule_id != hit.rule_id:
        return False
    return hit.kind not in _ALWAYS_SHOWN and one.official_ids.issuperset(hit.official_ids)

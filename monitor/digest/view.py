"""What the templates see: every text clean, every time in the reader's zone, every passage cut into marked pieces.

The field names are the documented context of template overrides (docs/digests.md).
"""

from dataclasses import dataclass

from monitor.digest.charts import DailyChart
from monitor.domain.digest import Digest

TextPiece = tuple[str, bool]  # a stretch of text, and whether it is the found name


@dataclass(frozen=True, slots=True)
class PassageView:
    """A proving passage. ``place`` is empty for the body and else says where it stands ("caption")."""

    pieces: tuple[TextPiece, ...]
    region_label: str

    @property
    def text(self) -> str:
        """The passage as plain text, the found words in square brackets."""
        return "".join(f"[{text}]" if marked else text for text, marked in self.pieces)


@dataclass(frozen=True, slots=True)
class ItemView:
    """One article. ``rules`` is empty when all articles of the digest have the same.

    ``badge`` is "Update", "Correction", "Withdrawn" or empty; ``language`` is the name of a language other than
    English, or empty; ``code`` is its code for ``lang``. ``part`` says what was read if that is not the whole article.
    """

    pieces: tuple[TextPiece, ...]
    url: str
    outlet: str
    time: str
    language_name: str
    language_code: str
    badge: str
    note: str
    extent_note: str
    rules: tuple[str, ...]
    passages: tuple[PassageView, ...]

    @property
    def title(self) -> str:
        """The headline as plain text."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class DuplicateView:
    """The same text elsewhere."""

    outlet: str
    title: str
    url: str
    language_name: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """One event: the leading article, further reports, and where else the same text stood.

    ``brief`` tells a mail to give it one line, because mail programs cut long messages.
    """

    lead: ItemView
    reports: tuple[ItemView, ...]
    also_in: tuple[DuplicateView, ...]
    other_officials: tuple[str, ...]
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class SectionView:
    """The stories of one official, or of a rule that names nobody (``post`` and ``chart`` are then empty)."""

    name: str
    position: str
    chart: DailyChart | None
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class WatchedOfficialView:
    """An official as listed when nothing was found."""

    name: str
    position: str
    chart: DailyChart | None


@dataclass(frozen=True, slots=True)
class CoverageFaultView:
    """A source that was not read as it should have been, in words."""

    outlet: str
    state: str
    detail: str
    since: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Proof of what was read. ``line`` says it in one sentence, ``warning`` names the sources at fault."""

    summary: str
    warning: str
    article_count: int
    failing_sources: tuple[CoverageFaultView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest as the templates see it. ``cut`` counts the stories that a mail leaves to its plain text part."""

    title: str
    subject: str
    summary: str
    period: str
    composed_at: str
    timezone: str
    is_overdue: bool
    notices: tuple[str, ...]
    sections: tuple[SectionView, ...]
    watched_officials: tuple[WatchedOfficialView, ...]
    story_count: int
    article_count: int
    hidden_article_count: int
    omitted_story_count: int
    coverage: CoverageView
    digest: Digest

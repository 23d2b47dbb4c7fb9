"""What the templates see: every text clean, every time in the reader's zone, every passage cut into marked pieces.

The field names are the documented context of template overrides (docs/digests.md).
"""

from dataclasses import dataclass

from monitor.digest.charts import Chart
from monitor.domain.digest import Digest

Piece = tuple[str, bool]  # a stretch of text, and whether it is the found name


@dataclass(frozen=True, slots=True)
class PassageView:
    """A proving passage. ``place`` is empty for the body and else says where it stands ("caption")."""

    pieces: tuple[Piece, ...]
    place: str

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

    pieces: tuple[Piece, ...]
    url: str
    outlet: str
    time: str
    language: str
    code: str
    badge: str
    note: str
    part: str
    rules: tuple[str, ...]
    passages: tuple[PassageView, ...]

    @property
    def title(self) -> str:
        """The headline as plain text."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class LinkView:
    """The same text elsewhere."""

    outlet: str
    title: str
    url: str
    language: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """One event: the leading article, further reports, and where else the same text stood.

    ``brief`` tells a mail to give it one line, because mail programs cut long messages.
    """

    lead: ItemView
    reports: tuple[ItemView, ...]
    also_in: tuple[LinkView, ...]
    others: tuple[str, ...]
    brief: bool = False


@dataclass(frozen=True, slots=True)
class SectionView:
    """The stories of one official, or of a rule that names nobody (``post`` and ``chart`` are then empty)."""

    name: str
    post: str
    chart: Chart | None
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class WatchedView:
    """An official as listed when nothing was found."""

    name: str
    post: str
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A source that was not read as it should have been, in words."""

    outlet: str
    state: str
    detail: str
    since: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Proof of what was read. ``line`` says it in one sentence, ``warning`` names the sources at fault."""

    line: str
    warning: str
    articles: int
    faults: tuple[FaultView, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A digest as the templates see it. ``cut`` counts the stories that a mail leaves to its plain text part."""

    title: str
    subject: str
    summary: str
    period: str
    composed: str
    zone: str
    late: bool
    notices: tuple[str, ...]
    sections: tuple[SectionView, ...]
    watched: tuple[WatchedView, ...]
    stories: int
    articles: int
    overflow: int
    cut: int
    coverage: CoverageView
    digest: Digest

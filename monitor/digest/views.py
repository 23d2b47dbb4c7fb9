"""Views: a digest as the templates use it, with charts of daily mentions.

The field names are the documented context of template overrides (docs/digests.md). A chart is a line of block
characters, which every mail program can show.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.digest import Digest
from monitor.text.numbers import format_count

SPARKLINE_CHARS = " ▁▂▃▄▅▆▇█"
MIN_CHART_DAYS = 3  # a chart of fewer days shows nothing that its label does not say


@dataclass(frozen=True, slots=True)
class DailyChart:
    """Daily counts of articles. ``label`` gives their sum; ``sparkline`` draws them with block characters.

    ``sparkline`` and ``description``, which lists the numbers, are empty until the counts span ``MIN_CHART_DAYS`` days.
    """

    sparkline: str
    total: int
    label: str
    description: str


def build_chart(daily_counts: Sequence[int]) -> DailyChart | None:
    """Return a chart of counts per day, oldest first, or None if all are zero."""
    if not any(daily_counts):
        return None
    total, today = sum(daily_counts), daily_counts[-1]
    articles = format_count(total, "article")
    days = len(daily_counts) - next(day for day, count in enumerate(daily_counts) if count)
    if days < MIN_CHART_DAYS:
        return DailyChart("", total, f"{articles} today" if today == total else f"{articles} since yesterday", "")
    peak = max(daily_counts)
    line = "".join(
        SPARKLINE_CHARS[-(-count * (len(SPARKLINE_CHARS) - 1) // peak)] if count else "·" for count in daily_counts
    )
    numbers = ", ".join(str(count) for count in daily_counts)
    description = f"Articles a day over {len(daily_counts)} days, oldest first: {numbers}."
    return DailyChart(line, total, f"{articles} in {len(daily_counts)} days, {today} today", description)


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter of a text belongs to a script that is written from right to left."""
    return next((kind != "L" for kind in map(unicodedata.bidirectional, text) if kind in {"L", "R", "AL"}), False)


TextPiece = tuple[str, bool]  # a piece of text, and whether it is a matched name


@dataclass(frozen=True, slots=True)
class PassageView:
    """Passage that proves a hit. ``region_label`` names its region ("caption") and is empty for the body.

    ``translation`` is a machine translation, or empty.
    """

    pieces: tuple[TextPiece, ...]
    region_label: str
    translation: str = ""

    @property
    def text(self) -> str:
        """Passage as plain text with the matched words in square brackets."""
        return "".join(f"[{text}]" if marked else text for text, marked in self.pieces)

    @property
    def is_rtl(self) -> bool:
        """Return whether the passage is written from right to left."""
        return is_right_to_left("".join(text for text, _ in self.pieces))


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of an article: what changed, and the text before and after it; either may be empty."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One article. ``rules`` are its rules, without one that most articles of the digest have. ``code`` names it on
    the command line.

    ``badge`` is "Update", "Correction", "Withdrawn" or empty. ``note`` describes the change in words, and is empty if
    ``changes`` show it. ``language_name`` is empty for English; ``language_code`` is for the ``lang`` attribute.
    ``extent_note`` states which part was read if it is not the whole article.
    """

    pieces: tuple[TextPiece, ...]
    code: str
    url: str
    outlet: str
    time: str
    language_name: str
    language_code: str
    badge: str
    note: str
    changes: tuple[ChangeView, ...]
    extent_note: str
    rules: tuple[str, ...]
    passages: tuple[PassageView, ...]
    translation: str = ""

    @property
    def title(self) -> str:
        """Headline as plain text."""
        return "".join(text for text, _ in self.pieces)

    @property
    def label(self) -> str:
        """Badge for plain text: empty if the headline begins with the same word, as in "Withdrawn: ..."."""
        return "" if self.title.casefold().startswith(self.badge.casefold()) else self.badge

    @property
    def is_rtl(self) -> bool:
        """Return whether the headline is written from right to left."""
        return is_right_to_left(self.title)


@dataclass(frozen=True, slots=True)
class DuplicateView:
    """The same text at another outlet; ``title`` is empty if its headline is that of the lead."""

    outlet: str
    title: str
    url: str
    language_name: str


@dataclass(frozen=True, slots=True)
class ActionView:
    """Link of a story by which a reader asks for the reason of a hit or reacts to it, such as "why"."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """One event: the leading article, further reports, and other outlets with the same text.

    ``anchor`` is its id in the digest. ``code`` names it on the command line, and ``actions`` are its links; both may
    be empty. ``passage_count`` is how many passages of the lead an email shows. ``page_url`` is where all of them are:
    the story on the web page, else the article itself, else empty. ``is_brief`` makes an email show the story in one
    line, because mail programs cut off long messages.
    """

    anchor: str
    code: str
    lead: ItemView
    reports: tuple[ItemView, ...]
    also_in: tuple[DuplicateView, ...]
    other_officials: tuple[str, ...]
    outlet_count: int
    passage_count: int = 1
    page_url: str = ""
    actions: tuple[ActionView, ...] = ()
    is_brief: bool = False

    @property
    def hidden_passage_count(self) -> int:
        """Number of passages of the lead that an email does not show."""
        return max(0, len(self.lead.passages) - self.passage_count)

    @property
    def outlet_label(self) -> str:
        """Number of outlets that report the story, or an empty text for one."""
        return format_count(self.outlet_count, "outlet") if self.outlet_count > 1 else ""


@dataclass(frozen=True, slots=True)
class StoryLink:
    """Reference to a story of the digest, which is shown at ``anchor``; that is empty if an email omits the story.

    ``outlet_label`` is the number of outlets, or the name of the only one.
    """

    title: str
    badge: str
    outlet_label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """Stories of one official, or of a rule whose hits name no official (then ``position`` and ``chart`` are empty).

    ``also_in`` are stories of other sections that name the official, too.
    """

    anchor: str
    name: str
    position: str
    chart: DailyChart | None
    stories: tuple[StoryView, ...]
    also_in: tuple[StoryLink, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """Person or rule of the digest, with the number of stories; ``anchor`` is as in ``StoryLink``."""

    name: str
    story_count: int
    anchor: str

    @property
    def label(self) -> str:
        """Name, with the number of stories if there are several."""
        return f"{self.name} {self.story_count}" if self.story_count > 1 else self.name


@dataclass(frozen=True, slots=True)
class GlanceView:
    """Overview at the head of the digest: the most important headlines, and everybody who is named in the stories."""

    headlines: tuple[StoryLink, ...]
    subjects: tuple[SubjectLink, ...]
    hidden_subject_count: int


@dataclass(frozen=True, slots=True)
class WatchedOfficialView:
    """An official as listed in a digest without stories."""

    name: str
    position: str
    chart: DailyChart | None


@dataclass(frozen=True, slots=True)
class CoverageFaultView:
    """A failing source, described for the reader; ``suggestion`` is only for the operator, else empty."""

    outlet: str
    state: str
    detail: str
    since: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Coverage of the digest. ``summary`` is one sentence; ``warning`` names the failing sources."""

    summary: str
    warning: str
    article_count: int
    failing_sources: tuple[CoverageFaultView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest as the templates use it.

    ``glance`` is None if there are few stories. ``also_named`` are officials without a section of their own: their
    stories are in the sections of others. ``omitted_story_count`` counts stories that an email has only in its text
    part.
    """

    title: str
    subject: str
    summary: str
    period: str
    composed_at: str
    timezone: str
    is_overdue: bool
    notices: tuple[str, ...]
    glance: GlanceView | None
    sections: tuple[SectionView, ...]
    also_named: tuple[SectionView, ...]
    watched_officials: tuple[WatchedOfficialView, ...]
    story_count: int
    outlet_count: int
    article_count: int
    hidden_article_count: int
    omitted_story_count: int
    coverage: CoverageView
    digest: Digest

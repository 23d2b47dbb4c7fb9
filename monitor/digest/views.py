"""Views: a digest in the form that templates use, with charts of daily mentions.

The field names are the documented context of template overrides (docs/digests.md). A chart is a line of block
characters, which every mail program can show.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.digest import Digest
from monitor.text.numbers import format_count

SPARKLINE_CHARS = " ▁▂▃▄▅▆▇█"
MIN_CHART_DAYS = 3  # a chart of fewer days shows nothing that is not in its label


@dataclass(frozen=True, slots=True)
class DailyChart:
    """A chart of the numbers of articles per day, as text.

    ``label`` states the total. ``sparkline`` draws the numbers with block characters, and ``description`` lists them.
    Both are empty if fewer than ``MIN_CHART_DAYS`` days have passed since the first article.
    """

    sparkline: str
    total: int
    label: str
    description: str


def build_chart(daily_counts: Sequence[int]) -> DailyChart | None:
    """Return a chart of counts per day, which are given oldest first; return None if all counts are zero."""
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
    """A passage that proves a hit, as templates show it.

    ``region_label`` names the region of the passage, such as "caption", or the page of a PDF document, such as "page
    3". It is empty for the body of a web page. ``translation`` is a
    machine translation, or empty.
    """

    pieces: tuple[TextPiece, ...]
    region_label: str
    translation: str = ""

    @property
    def text(self) -> str:
        """The passage as plain text, with the matched words in square brackets."""
        return "".join(f"[{text}]" if marked else text for text, marked in self.pieces)

    @property
    def is_rtl(self) -> bool:
        """Return whether the passage is written from right to left."""
        return is_right_to_left("".join(text for text, _ in self.pieces))


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of an article, as templates show it: a label such as "Headline changed", and the text before and after.

    ``before`` is empty if text was added, and ``after`` is empty if text was removed.
    """

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """An article of a digest, as templates show it.

    ``rules`` are the rules of its hits, except a rule that most articles of the digest have. ``code`` is its id on the
    command line, such as a53. ``badge`` is "Update", "Correction", "Withdrawn" or empty. ``note`` describes in words
    what changed, and is empty if ``changes`` show it. ``language_name`` is empty for English; ``language_code`` is for
    the ``lang`` attribute. ``extent_note`` states which part of the article was read, and is empty if all was read.
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
        """The headline as plain text."""
        return "".join(text for text, _ in self.pieces)

    @property
    def label(self) -> str:
        """The badge for plain text. It is empty if the headline begins with the same word, as in "Withdrawn: ..."."""
        return "" if self.title.casefold().startswith(self.badge.casefold()) else self.badge

    @property
    def is_rtl(self) -> bool:
        """Return whether the headline is written from right to left."""
        return is_right_to_left(self.title)


@dataclass(frozen=True, slots=True)
class DuplicateView:
    """An article at another outlet with the same text; ``title`` is empty if its headline is the same, too."""

    outlet: str
    title: str
    url: str
    language_name: str


@dataclass(frozen=True, slots=True)
class ActionView:
    """A link of a story by which a reader gives feedback or opens the story on the desk; ``label`` is its text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story of a digest, as templates show it: the leading article, further reports, and duplicates at other outlets.

    ``anchor`` is the id of its HTML element. ``code`` is its id on the command line, and ``actions`` are its links;
    both may be empty. ``passage_count`` is the number of passages of the leading article that an email shows.
    ``page_url`` is where all passages are: the story on the desk, else the article itself, else empty. If ``is_brief``
    is true, an email shows the story in one line, because mail programs cut off long messages.
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
        """The number of passages of the leading article that an email does not show."""
        return max(0, len(self.lead.passages) - self.passage_count)

    @property
    def outlet_label(self) -> str:
        """The number of outlets that report the story, as text; empty if only one does."""
        return format_count(self.outlet_count, "outlet") if self.outlet_count > 1 else ""


@dataclass(frozen=True, slots=True)
class StoryLink:
    """A reference to a story in another place of the digest.

    ``anchor`` is the id of the story's HTML element; it is empty if an email omits the story. ``outlet_label`` is the
    number of outlets, or the name of the outlet if it is the only one.
    """

    title: str
    badge: str
    outlet_label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of a digest: the stories of one official, or of a rule whose hits name no official.

    ``position`` and ``chart`` are empty for a rule. ``also_in`` refers to stories of other sections that name the
    official.
    """

    anchor: str
    name: str
    position: str
    chart: DailyChart | None
    stories: tuple[StoryView, ...]
    also_in: tuple[StoryLink, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """A reference to the section of an official or rule, with the number of its stories.

    ``anchor`` is the id of the section's HTML element; it is empty if an email omits the section.
    """

    name: str
    story_count: int
    anchor: str

    @property
    def label(self) -> str:
        """The name of the official or rule, with the number of stories if there are several."""
        return f"{self.name} {self.story_count}" if self.story_count > 1 else self.name


@dataclass(frozen=True, slots=True)
class GlanceView:
    """The overview at the top of a digest: the most important headlines, and all officials and rules with stories."""

    headlines: tuple[StoryLink, ...]
    subjects: tuple[SubjectLink, ...]
    hidden_subject_count: int


@dataclass(frozen=True, slots=True)
class WatchedOfficialView:
    """A watched official with position and chart, as listed in a digest without stories."""

    name: str
    position: str
    chart: DailyChart | None


@dataclass(frozen=True, slots=True)
class CoverageFaultView:
    """A source with a problem, described for the reader; ``suggestion`` is empty except in a report to the operator."""

    outlet: str
    state: str
    detail: str
    since: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The coverage of a digest: ``summary`` is one sentence with numbers, and ``warning`` names the failing sources."""

    summary: str
    warning: str
    article_count: int
    failing_sources: tuple[CoverageFaultView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest in the form that templates use.

    ``glance`` is None if the digest has few stories. ``also_named`` are the officials without stories of their own:
    stories of other sections name them. ``omitted_story_count`` is the number of stories that an email has only in its
    text part.
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

"""Views: a digest in the form that templates show, with charts of daily mentions.

The names of the fields are documented for users' own templates (docs/digests.md). A chart is a line of block
characters, because every mail program can show these.
"""

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from monitor.domain.digest import Digest
from monitor.text.numbers import format_count

SPARKLINE_CHARS = " ▁▂▃▄▅▆▇█"
MIN_CHART_DAYS = 3  # a chart of fewer days shows nothing that is not in its label


class DailyChart(Struct, frozen=True):
    """A text chart of the number of articles per day.

    ``label`` states the total. ``sparkline`` draws the numbers as block characters, and ``description`` lists them.
    ``sparkline`` and ``description`` are empty if fewer than ``MIN_CHART_DAYS`` days have passed since the first
    article.
    """

    sparkline: str
    total: int
    label: str
    description: str


def build_chart(daily_counts: Sequence[int]) -> DailyChart | None:
    """Draw a chart of the numbers of articles per day, given oldest first; return None if all are zero."""
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


def has_right_to_left_letters(text: str) -> bool:
    """Return whether a text contains a letter of a script that is written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


TextPiece = tuple[str, bool]  # a piece of text, and whether it is a matched name


class PassageView(Struct, frozen=True):
    """Passage that proves a hit, as templates show it.

    ``region_label`` names the region of the passage, such as "caption", or the page of a PDF document, such as "page
    3". It is empty for the body of a web page. ``translation`` is a machine translation, or empty.
    """

    pieces: tuple[TextPiece, ...]
    region_label: str
    translation: str = ""

    @property
    def text(self) -> str:
        """Passage as plain text, with the matched words in square brackets."""
        return "".join(f"[{text}]" if marked else text for text, marked in self.pieces)

    @property
    def is_rtl(self) -> bool:
        """True if the passage is written from right to left."""
        return is_right_to_left("".join(text for text, _ in self.pieces))


class ChangeView(Struct, frozen=True):
    """Change of an article, as templates show it.

    ``label`` is a text such as "Headline changed". ``before`` is empty if text was added, and ``after`` is empty if
    text was removed.
    """

    label: str
    before: str
    after: str


class ItemView(Struct, frozen=True):
    """Article of a digest, as templates show it.

    - ``rules`` are the rules that found its hits, except a rule that found most articles of the digest.
    - ``code`` is its id on the command line, such as a53.
    - ``badge`` is "Update", "Correction", "Withdrawn" or empty.
    - ``note`` describes in words what changed. It is empty if ``changes`` show it.
    - ``language_name`` is empty for English. ``language_code`` is for the ``lang`` attribute.
    - ``extent_note`` states which part of the article was read. It is empty if all was read.
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
        """The badge as text to show before the headline.

        It is empty if the headline itself begins with this word, as in "Withdrawn: ...".
        """
        return "" if self.title.casefold().startswith(self.badge.casefold()) else self.badge

    @property
    def is_rtl(self) -> bool:
        """True if the headline is written from right to left."""
        return is_right_to_left(self.title)


class DuplicateView(Struct, frozen=True):
    """Article with the same text at another outlet. ``title`` is empty if its headline is the same, too."""

    outlet: str
    title: str
    url: str
    language_name: str


class ActionView(Struct, frozen=True):
    """Link by which a reader gives feedback on a story or opens it on the desk. ``label`` is the link's text."""

    label: str
    url: str


class StoryView(Struct, frozen=True):
    """Story of a digest, as templates show it: the leading article, further reports, and duplicates at other outlets.

    - ``anchor`` is the id of its HTML element.
    - ``code`` is its id on the command line, and ``actions`` are its links. Both may be empty.
    - ``passage_count`` is the number of passages of the leading article that an email shows.
    - ``page_url`` leads to all passages: on the desk if there is one, otherwise in the article itself. It may be empty.
    - If ``is_brief`` is true, an email shows the story in one line, because mail programs cut off long messages.
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
        """Number of passages of the leading article that an email does not show."""
        return max(0, len(self.lead.passages) - self.passage_count)

    @property
    def outlet_label(self) -> str:
        """Number of outlets that report the story, as text. It is empty if only one does."""
        return format_count(self.outlet_count, "outlet") if self.outlet_count > 1 else ""


class StoryLink(Struct, frozen=True):
    """Reference to a story that is elsewhere in the digest.

    ``anchor`` is the id of the story's HTML element. It is empty if the email does not contain the story.
    ``outlet_label`` is the number of outlets, or the name of the only outlet.
    """

    title: str
    badge: str
    outlet_label: str
    anchor: str


class SectionView(Struct, frozen=True):
    """Section of a digest, as templates show it: the stories of one official, or of a rule whose hits name no official.

    ``position`` and ``chart`` are empty for a rule. ``also_in`` refers to stories in other sections that name the
    official.
    """

    anchor: str
    name: str
    position: str
    chart: DailyChart | None
    stories: tuple[StoryView, ...]
    also_in: tuple[StoryLink, ...] = ()


class SubjectLink(Struct, frozen=True):
    """Reference to the section of an official or rule, with the number of stories in it.

    ``anchor`` is the id of the section's HTML element. It is empty if the email does not contain the section.
    """

    name: str
    story_count: int
    anchor: str

    @property
    def label(self) -> str:
        """Name of the official or rule, with the number of stories if there are several."""
        return f"{self.name} {self.story_count}" if self.story_count > 1 else self.name


class GlanceView(Struct, frozen=True):
    """Overview at the top of a digest, as templates show it.

    It has the most important headlines, and all officials and rules with stories.
    """

    headlines: tuple[StoryLink, ...]
    subjects: tuple[SubjectLink, ...]
    hidden_subject_count: int


class WatchedOfficialView(Struct, frozen=True):
    """Watched official with position and chart, as shown in a digest without stories."""

    name: str
    position: str
    chart: DailyChart | None


class CoverageFaultView(Struct, frozen=True):
    """Source with a problem, as templates show it. ``suggestion`` is empty, except in a report to the operator."""

    outlet: str
    state: str
    detail: str
    since: str
    suggestion: str


class CoverageView(Struct, frozen=True):
    """Coverage of a digest (how completely the sources were read), as templates show it.

    ``summary`` is one sentence with numbers, and ``warning`` names the failing sources.
    """

    summary: str
    warning: str
    article_count: int
    failing_sources: tuple[CoverageFaultView, ...]


class DigestView(Struct, frozen=True):
    """Digest in the form that templates show.

    ``glance`` is None if the digest has few stories. ``also_named`` are officials who have no stories of their own but
    are named in the stories of other sections. ``omitted_story_count`` is the number of stories that an email has only
    in its text part.
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

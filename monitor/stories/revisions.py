"""What happened to an article since it was last read: nothing, a clock, a silent edit, a new headline.

Pages carry clocks, counters and shuffled boxes. What differs only in digits, in time words or in the order of its
sentences is no change; and after ``MOST_TEXT_ONLY`` changes of the text alone an article is taken to be one that
always changes (the limit of reader's update decider), so that no page can churn for ever.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice

from monitor.domain.article import Article
from monitor.domain.mention import RuleHit
from monitor.text.fold import fold

MOST_TEXT_ONLY = 24
LONGEST, MOST_SENTENCES = 40_000, 400
SHOWN_LINES = 40
SHOWN_LETTERS = 400
_SENTENCE = re.compile(r"(?<=[.!?\u3002\u104b\u17d4])[\"'”’)]*\s+|\n+")
_CLOCK = re.compile(
    r"\b(?:\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?: ?[ap]\.?m\.?)?|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|"
    r"(?:\d+|an?|one) (?:second|sec|minute|min|hour|day)s? ago|(?:just now|updated?|last updated)\b:?|"
    r"\d+ (?:giay|phut|gio|ngay) truoc|[\d.,]+[km]? (?:views?|reads?|shares?|comments?|likes?|luot xem))",
)
_CORRECTION = re.compile(
    r"\b(correction|corrected|corrects|clarification|clarifies|erratum|retraction|retracted|withdrawn|dinh chinh|"
    r"rectificatif|rectification|ralat|koreksi|correccion|berichtigung)\b|更正|訂正|勘误|정정|แก้ไขข่าว|ແກ້ໄຂຂ່າວ"
)
_LETTERS = re.compile(r"\w+")


class Change(StrEnum):
    """What kind of change a revision is; the gravest one that applies."""

    NONE = "none"
    TEXT = "text"
    HEADLINE = "headline"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Revision:
    """A change with its difference in sentences, in the order of the text. ``silent``: the page does not own up to it.

    ``lines`` begin with "- " for what went, "+ " for what came, "  " for what stands between.
    """

    change: Change
    lines: tuple[str, ...] = ()
    silent: bool = False

    @property
    def summary(self) -> str:
        """What changed, in a few words."""
        gone, come = (sum(line.startswith(sign) for line in self.lines) for sign in "-+")
        said = {Change.HEADLINE: "new headline", Change.TEXT: "text changed", Change.WITHDRAWN: "withdrawn"}
        detail = f" ({gone} sentences out, {come} in)" if self.lines else ""
        return said.get(self.change, "no change") + detail + (", without saying so" if self.silent else "")


def compare(before: Article, after: Article, text_only: int = 0) -> Revision:
    """Tell what changed between two readings of an article.

    ``text_only`` counts the revisions kept so far in which only the text changed. A second reading that holds much
    less than the first (a paywall, an error page) is no change: it says nothing about the article.
    """
    headline = _bare(before.title) != _bare(after.title) and bool(after.title)
    old, new = list(_sentences(before)), list(_sentences(after))
    if not new or (after.partial and not before.partial):
        return Revision(Change.HEADLINE, _title_lines(before, after)) if headline else Revision(Change.NONE)
    changed = _counted(old) != _counted(new)
    if not headline and (not changed or text_only >= MOST_TEXT_ONLY):
        return Revision(Change.NONE)
    lines = (*(_title_lines(before, after) if headline else ()), *_difference(old, new))
    owned = after.modified_at is not None and after.modified_at != before.modified_at
    return Revision(Change.HEADLINE if headline else Change.TEXT, tuple(lines[:SHOWN_LINES]), silent=not owned)


def admits(revision: Revision) -> bool:
    """Tell whether what came in says of itself that it corrects or withdraws something."""
    came = "\n".join(line for line in revision.lines if line.startswith("+"))
    return bool(_CORRECTION.search(fold(came).text))


def proof(hit: RuleHit) -> tuple[str, ...]:
    """Return the passages of a hit folded, so that two readings can be held against each other, figures included."""
    return tuple(sorted({_bare(passage.text) for passage in hit.passages}))


def _sentences(article: Article) -> Iterator[str]:
    text = "\n".join((article.standfirst, article.body[:LONGEST]))
    return islice((sentence.strip() for sentence in _SENTENCE.split(text) if sentence.strip()), MOST_SENTENCES)


def _bare(text: str) -> str:
    """Return what of a sentence counts: folded, without clocks and counters, words only."""
    return " ".join(_LETTERS.findall(_CLOCK.sub(" ", fold(text).text)))


def _counted(sentences: Sequence[str]) -> Counter[str]:
    bare = Counter(map(_bare, sentences))
    del bare[""]
    return bare


def _title_lines(before: Article, after: Article) -> tuple[str, ...]:
    return (f"- {before.title}", f"+ {after.title}")


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the changed sentences, each change with the sentence before it."""
    lines: list[str] = []
    matcher = SequenceMatcher(None, list(map(_bare, old)), list(map(_bare, new)), autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            if old_to > old_from:
                lines.append(f"  {old[old_to - 1][:SHOWN_LETTERS]}")
            continue
        lines += [f"- {sentence[:SHOWN_LETTERS]}" for sentence in old[old_from:old_to] if _bare(sentence)]
        lines += [f"+ {sentence[:SHOWN_LETTERS]}" for sentence in new[new_from:new_to] if _bare(sentence)]
    while lines and lines[-1].startswith("  "):
        lines.pop()
    return tuple(lines)

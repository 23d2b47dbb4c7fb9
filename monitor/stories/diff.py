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

MAX_TEXT_ONLY_REVISIONS = 24
MAX_COMPARED_CHARS, MAX_COMPARED_SENTENCES = 40_000, 400
MAX_DIFF_LINES = 40
MAX_DIFF_LINE_CHARS = 400
_SENTENCE_BREAK = re.compile(r"(?<=[.!?\u3002\u104b\u17d4])[\"'”’)]*\s+|\n+")
_VOLATILE_TEXT = re.compile(
    r"\b(?:\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?: ?[ap]\.?m\.?)?|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|"
    r"(?:\d+|an?|one) (?:second|sec|minute|min|hour|day)s? ago|(?:just now|updated?|last updated)\b:?|"
    r"\d+ (?:giay|phut|gio|ngay) truoc|[\d.,]+[km]? (?:views?|reads?|shares?|comments?|likes?|luot xem))",
)
_CORRECTION_NOTICE = re.compile(
    r"\b(correction|corrected|corrects|clarification|clarifies|erratum|retraction|retracted|withdrawn|dinh chinh|"
    r"rectificatif|rectification|ralat|koreksi|correccion|berichtigung)\b|更正|訂正|勘误|정정|แก้ไขข่าว|ແກ້ໄຂຂ່າວ"
)
_WORD = re.compile(r"\w+")


class RevisionKind(StrEnum):
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

    kind: RevisionKind
    lines: tuple[str, ...] = ()
    is_silent: bool = False

    @property
    def summary(self) -> str:
        """What changed, in a few words."""
        gone, come = (sum(line.startswith(sign) for line in self.lines) for sign in "-+")
        said = {
            RevisionKind.HEADLINE: "new headline",
            RevisionKind.TEXT: "text changed",
            RevisionKind.WITHDRAWN: "withdrawn",
        }
        detail = f" ({gone} sentences out, {come} in)" if self.lines else ""
        return said.get(self.kind, "no change") + detail + (", without saying so" if self.is_silent else "")


def compare_versions(before: Article, after: Article, text_only_count: int = 0) -> Revision:
    """Tell what changed between two readings of an article.

    ``text_only`` counts the revisions kept so far in which only the text changed. A second reading that holds much
    less than the first (a paywall, an error page) is no change: it says nothing about the article.
    """
    headline = _normalize_sentence(before.title) != _normalize_sentence(after.title) and bool(after.title)
    old, new = list(_iter_sentences(before)), list(_iter_sentences(after))
    if not new or (after.partial and not before.partial):
        return Revision(RevisionKind.HEADLINE, _diff_titles(before, after)) if headline else Revision(RevisionKind.NONE)
    changed = _count_sentences(old) != _count_sentences(new)
    if not headline and (not changed or text_only_count >= MAX_TEXT_ONLY_REVISIONS):
        return Revision(RevisionKind.NONE)
    lines = (*(_diff_titles(before, after) if headline else ()), *_diff_sentences(old, new))
    owned = after.modified_at is not None and after.modified_at != before.modified_at
    return Revision(
        RevisionKind.HEADLINE if headline else RevisionKind.TEXT, tuple(lines[:MAX_DIFF_LINES]), is_silent=not owned
    )


def has_correction_notice(revision: Revision) -> bool:
    """Tell whether what came in says of itself that it corrects or withdraws something."""
    came = "\n".join(line for line in revision.lines if line.startswith("+"))
    return bool(_CORRECTION_NOTICE.search(fold(came).text))


def normalize_passages(hit: RuleHit) -> tuple[str, ...]:
    """Return the passages of a hit folded, so that two readings can be held against each other, figures included."""
    return tuple(sorted({_normalize_sentence(passage.text) for passage in hit.passages}))


def _iter_sentences(article: Article) -> Iterator[str]:
    text = "\n".join((article.standfirst, article.body[:MAX_COMPARED_CHARS]))
    return islice(
        (sentence.strip() for sentence in _SENTENCE_BREAK.split(text) if sentence.strip()), MAX_COMPARED_SENTENCES
    )


def _normalize_sentence(text: str) -> str:
    """Return what of a sentence counts: folded, without clocks and counters, words only."""
    return " ".join(_WORD.findall(_VOLATILE_TEXT.sub(" ", fold(text).text)))


def _count_sentences(sentences: Sequence[str]) -> Counter[str]:
    bare = Counter(map(_normalize_sentence, sentences))
    del bare[""]
    return bare


def _diff_titles(before: Article, after: Article) -> tuple[str, ...]:
    return (f"- {before.title}", f"+ {after.title}")


def _diff_sentences(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the changed sentences, each change with the sentence before it."""
    lines: list[str] = []
    matcher = SequenceMatcher(
        None, list(map(_normalize_sentence, old)), list(map(_normalize_sentence, new)), autojunk=False
    )
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            if old_to > old_from:
                lines.append(f"  {old[old_to - 1][:MAX_DIFF_LINE_CHARS]}")
            continue
        lines += [
            f"- {sentence[:MAX_DIFF_LINE_CHARS]}" for sentence in old[old_from:old_to] if _normalize_sentence(sentence)
        ]
        lines += [
            f"+ {sentence[:MAX_DIFF_LINE_CHARS]}" for sentence in new[new_from:new_to] if _normalize_sentence(sentence)
        ]
    while lines and lines[-1].startswith("  "):
        lines.pop()
    return tuple(lines)

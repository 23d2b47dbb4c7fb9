"""Changes of an article: compares two versions, and reports a changed headline, a changed text or a withdrawal.

Pages contain clocks, counters and reordered boxes. Differences in times, counters or the order of sentences therefore
do not count as changes. After ``MAX_TEXT_ONLY_REVISIONS`` changes of the text alone, further changes of the text are
ignored, because such a page changes all the time. The Python library ``reader`` has the same limit.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice

from msgspec import Struct

from monitor.domain.article import Article
from monitor.domain.mention import RuleHit
from monitor.text.fold import fold
from monitor.text.tokens import SENTENCE_STOPS

MAX_TEXT_ONLY_REVISIONS = 24
MAX_COMPARED_CHARS, MAX_COMPARED_SENTENCES = 40_000, 400
MAX_DIFF_LINES = 40
MAX_DIFF_LINE_CHARS = 400
_SENTENCE_BREAK = re.compile(rf"(?<=[{SENTENCE_STOPS}])[\"'”’)]*\s+|\n+")
_VOLATILE_TEXT = re.compile(
    r"\b(?:\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?: ?[ap]\.?m\.?)?|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|"
    r"(?:\d+|an?|one) (?:second|sec|minute|min|hour|day)s? ago|(?:just now|updated?|last updated)\b:?|"
    r"\d+ (?:giay|phut|gio|ngay) truoc|[\d.,]+[km]? (?:views?|reads?|shares?|comments?|likes?|luot xem))",
)
_CORRECTION_NOTICE = re.compile(
    r"\b(correction|corrected|corrects|clarification|clarifies|erratum|dinh chinh|"
    r"rectificatif|rectification|ralat|koreksi|correccion|berichtigung)\b|更正|訂正|勘误|정정|แก้ไขข่าว|ແກ້ໄຂຂ່າວ"
)
# A label before the headline, or a sentence about the article itself. A report on withdrawn troops is not a notice.
_WITHDRAWAL_NOTICE = re.compile(
    r"^\+ \W*(?:withdrawn|retracted|retraction|retrait|depeche annulee|retractacion|retirad[oa]|"
    r"zuruckgezogen|rut bai|go bai|thu hoi bai|ditarik|dicabut|отозвано)\s*(?:[:\])|\u2013\u2014]|- |$)|"
    r"\b(?:the (?:article|story)|(?:this|our|an earlier) (?:article|story|report|text|piece|item|post|page|dispatch)) "
    r"(?:has been|have been|was|is|is being) (?:\w+ )?(?:withdrawn|retracted|removed|deleted|taken down|unpublished)\b|"
    r"\b(?:withdrawn|withdraws|retracted|retracts|retract) (?:this|its|our|the) (?:article|story|report|dispatch)\b|"
    r"\b(?:cet article|cette depeche) (?:a ete|est) (?:retiree?|supprimee?|annulee?)\b|"
    r"\b(?:este articulo|esta noticia|esta nota) (?:ha sido|fue) (?:retirad[oa]|eliminad[oa])\b|"
    r"\b(?:dieser (?:artikel|beitrag|text)|diese meldung) (?:wurde|wird) (?:zuruckgezogen|geloscht|entfernt)\b|"
    r"\b(?:bai viet|bai bao|ban tin|tin) nay da (?:duoc |bi )?(?:go|rut|xoa|thu hoi)\b|"
    r"\b(?:artikel|berita) ini (?:telah |sudah )?(?:ditarik|dicabut|dihapus)\b|"
    r"(?:статья|публикация|новость) (?:была )?(?:отозвана|удалена|снята)|"
    r"撤稿|(?:本文|此文|该文|本稿|此稿)已?被?(?:撤回|撤下|删除)|記事を(?:取り消|削除)|기사를? ?(?:철회|삭제)|"
    r"ถอนข่าว|ลบข่าว|ຖອນຂ່າວ|ລຶບຂ່າວ",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")


class RevisionKind(StrEnum):
    """Kind of a change to an article, from the least to the most serious.

    If several kinds apply, the most serious one is used.
    """

    NONE = "none"
    TEXT = "text"
    HEADLINE = "headline"
    WITHDRAWN = "withdrawn"


class Revision(Struct, frozen=True):
    """Differences between two versions of an article, in the order of the text.

    Each of ``lines`` is a sentence. The line begins with "- " if the sentence was removed, with "+ " if it was added,
    and with two spaces if the sentence is unchanged and between changes. ``is_silent`` is true if the page does not
    give a new modification date with the change.
    """

    kind: RevisionKind
    lines: tuple[str, ...] = ()
    is_silent: bool = False

    @property
    def summary(self) -> str:
        """Short description of the revision, with the numbers of removed and added sentences."""
        removed_count, added_count = (sum(line.startswith(sign) for line in self.lines) for sign in "-+")
        labels = {
            RevisionKind.HEADLINE: "new headline",
            RevisionKind.TEXT: "text changed",
            RevisionKind.WITHDRAWN: "withdrawn",
        }
        detail = f" ({removed_count} sentences removed, {added_count} added)" if self.lines else ""
        return labels.get(self.kind, "no change") + detail + (", not disclosed by the page" if self.is_silent else "")


def compare_versions(before: Article, after: Article, text_only_count: int = 0) -> Revision:
    """Compare two versions of an article and return the differences. Their kind is ``NONE`` if nothing has changed.

    ``text_only_count`` is the number of earlier revisions that changed the text alone. Only headlines are compared if
    the new version has no text, or has only a part of the text while the old version was complete. The reason may be a
    paywall or an error page, so the missing text does not show that the article was changed.
    """
    has_new_headline = _normalize_sentence(before.title) != _normalize_sentence(after.title) and bool(after.title)
    old, new = list(_iter_sentences(before)), list(_iter_sentences(after))
    if not new or (after.partial_reason and not before.partial_reason):
        return (
            Revision(RevisionKind.HEADLINE, _diff_titles(before, after))
            if has_new_headline
            else Revision(RevisionKind.NONE)
        )
    has_new_text = _count_sentences(old) != _count_sentences(new)
    if not has_new_headline and (not has_new_text or text_only_count >= MAX_TEXT_ONLY_REVISIONS):
        return Revision(RevisionKind.NONE)
    lines = (*(_diff_titles(before, after) if has_new_headline else ()), *_diff_sentences(old, new))
    is_disclosed = after.modified_at is not None and after.modified_at != before.modified_at
    return Revision(
        RevisionKind.HEADLINE if has_new_headline else RevisionKind.TEXT,
        tuple(lines[:MAX_DIFF_LINES]),
        is_silent=not is_disclosed,
    )


def find_correction_notice(revision: Revision) -> str:
    """Return the first added sentence that is a correction notice, or an empty string."""
    return _find_added(revision, _CORRECTION_NOTICE)


def find_withdrawal_notice(revision: Revision) -> str:
    """Return the first added sentence by which the outlet withdraws the article, or an empty string."""
    return _find_added(revision, _WITHDRAWAL_NOTICE)


def _find_added(revision: Revision, pattern: re.Pattern[str]) -> str:
    added = (line for line in revision.lines if line.startswith("+"))
    return next((line.removeprefix("+ ") for line in added if pattern.search(fold(line).text)), "")


def normalize_passages(hit: RuleHit) -> tuple[str, ...]:
    """Normalize the passages that satisfy a rule, so that two versions of an article can be compared."""
    return tuple(sorted({_normalize_sentence(passage.text) for passage in hit.passages}))


def _iter_sentences(article: Article) -> Iterator[str]:
    text = "\n".join((article.standfirst, article.body[:MAX_COMPARED_CHARS]))
    return islice(
        (sentence.strip() for sentence in _SENTENCE_BREAK.split(text) if sentence.strip()), MAX_COMPARED_SENTENCES
    )


def _normalize_sentence(text: str) -> str:
    """Return the words of a sentence in lower case without diacritics, and without times and counters."""
    return " ".join(_WORD.findall(_VOLATILE_TEXT.sub(" ", fold(text).text)))


def _count_sentences(sentences: Sequence[str]) -> Counter[str]:
    bare = Counter(map(_normalize_sentence, sentences))
    del bare[""]
    return bare


def _diff_titles(before: Article, after: Article) -> tuple[str, ...]:
    return (f"- {before.title}", f"+ {after.title}")


def _diff_sentences(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return the removed and added sentences as lines, with the unchanged sentence before each change as context."""
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

"""Decisions on full names: each is accepted as a mention of an official, or is rejected with the reason."""

import re
from collections.abc import Iterable, Sequence

from monitor.domain.mention import MatchForm
from monitor.language.load import han_words
from monitor.match.candidates import (
    FINDERS_AFTER_INITIAL,
    FINDERS_AFTER_NAME,
    PhoneticCandidates,
    find_syllabic_typos,
    find_typo_words,
    list_full_name_candidates,
    overlaps,
)
from monitor.match.context import ArticleFacts, MatchContext
from monitor.match.decisions.evidence import (
    HAN_WORDS_AFTER_NAME,
    HAN_WORDS_BEFORE_NAME,
    collect_full_name_evidence,
    find_agreeing_officials,
    find_support,
    score_titles,
)
from monitor.match.names.scripts import FATHER_WORDS
from monitor.match.titles.parser import find_title_after, find_title_before
from monitor.match.types import (
    MAX_CANDIDATE_OFFICIALS,
    Accepted,
    Boundary,
    Candidate,
    Candidates,
    Decision,
    Deferral,
    Deferred,
    Evidence,
    EvidenceStrength,
    ExtendedName,
    ExtensionKind,
    Rejected,
    Span,
    TitleScore,
)
from monitor.match.vocabulary import naming_convention, native_words, word_lists
from monitor.text.fold import fold_words
from monitor.text.tokens import is_unspaced

# Confidences are set by hand and only order the forms from the most to the least certain; no decision reads them.
FULL_NAME_CONFIDENCE = 0.97
NATIVE_NAME_CONFIDENCE = 0.95
"""Confidence of a full name in a script other than Latin.

It is lower than in Latin letters, because in a script without spaces the name could be a part of a longer word.
"""
SHARED_NAME_CONFIDENCE = 0.9
"""Confidence of a name that several officials have.

It is lower than for a name of one official, because only a title decides between them.
"""
DOUBTED_NAME_CONFIDENCE = 0.86
"""Confidence of a full name next to an occupation or a further name.

It is lower than for other full names, because these words suggest another person.
"""
PHONETIC_NAME_CONFIDENCE = 0.9
"""Confidence of a full name that only sounds like the configured one. It is lower than for the configured spelling."""
EXTENDED_NAME_CONFIDENCE = 0.88
"""Confidence of a full name with an initial or middle name that is not configured.

It is lower than for a name that sounds like the configured one.
"""
TYPO_CONFIDENCE = 0.8
"""Confidence of a misspelt full name. No other full name has a lower confidence.

A misspelt name may be the name of another person, even if the title next to it fits the official.
"""

_FIRST_CJK_CHARACTER = "\u2e80"
_HAN_PLACE_SUFFIX = re.compile(
    "[市省州县縣區区镇鎮村路街港岛島湖河站桥橋町郡]|大学|大學|学院|學院|机场|機場|大道|大桥|大橋"
)
_SHORT_HAN_NAME = 2
_LONGEST_HAN_WORD = 4
_MAX_HAN_TITLE_CHARS = 4
_GENERATION_SUFFIX = re.compile(r",?\s(Jr|Sr|II|III|IV)\b", re.IGNORECASE)
_SINGLE_WORD = (Deferred(Deferral.SINGLE_WORD),)
_TITLE_NEEDED = {ExtensionKind.INITIAL_FOR_FIRST_NAME, ExtensionKind.FIRST_NAME_TYPO, ExtensionKind.SOME_PARTS}


def decide_full_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide which officials the full names in an article mean, and record the decisions in the order of the text."""
    claimed: list[Span] = []
    for candidate in list_full_name_candidates(facts, candidates):
        decisions = decide_full_name(facts, candidate, context)
        if decisions is not _SINGLE_WORD:
            claimed.append((candidate.start, candidate.end))
        context.apply(facts, candidate, decisions)
    context.claimed_spans += claimed


def decide_full_name(facts: ArticleFacts, candidate: Candidate, context: MatchContext) -> tuple[Decision, ...]:
    """Decide which officials a full name in the text means, and return the decisions.

    A full name of one word is left to a later step, which examines it together with the short names.
    """
    text = facts.cased_text(candidate)
    if not text[0].isascii():
        return _decide_native_name(facts, candidate)
    officials = find_agreeing_officials(facts, candidate, candidate.official_indexes)
    if not officials:
        return (Rejected(candidate.official_indexes, "the diacritics differ from the configured name"),)
    evidence = collect_full_name_evidence(facts, candidate, officials[0])
    if rejection := reject_full_name(evidence, candidate, officials):
        support = find_support(facts, candidate, evidence, context) if evidence.is_doubt and len(officials) == 1 else ""
        if not support:
            return (rejection,)
        if rejection.namesakes or " " in text:
            reason = f"full name; {support}"
            return (Accepted(officials[0], MatchForm.FULL, DOUBTED_NAME_CONFIDENCE, reason),)
    is_tag = facts.article_text.cased[candidate.start - 1 : candidate.start] == "#"
    if not is_tag and " " not in text and "-" not in text:
        return _SINGLE_WORD
    return (_choose_official(facts, candidate, officials, context),)


def reject_full_name(evidence: Evidence, candidate: Candidate, official_indexes: tuple[int, ...]) -> Rejected | None:
    """Return a rejection if a full name does not mean an official, or None if it may mean one.

    A name is rejected if it is that of a place or of another person, if it is a part of a longer name, or if it is in a
    photo credit or byline.
    """
    boundary = evidence.boundary
    if evidence.place_or_credit:
        return Rejected(official_indexes, evidence.place_or_credit)
    if boundary.word_after:
        return Rejected(official_indexes, f"part of a longer name: ... {boundary.word_after}")
    if evidence.occupation:
        return Rejected(
            official_indexes, f"another person with this name: {evidence.occupation}", candidate.official_indexes
        )
    if boundary.word_before:
        return Rejected(official_indexes, f"part of a longer name: {boundary.word_before} ...")
    if boundary.is_joined_by_hyphen:
        return Rejected(official_indexes, "joined by a hyphen, as in names of streets and schools")
    return None


def _decide_native_name(facts: ArticleFacts, candidate: Candidate) -> tuple[Decision, ...]:
    """Decide which officials are meant by a full name in a script other than Latin, and return the decisions."""
    spaced, start, end = facts.article_text.spaced, candidate.start, candidate.end
    if not is_unspaced(facts.article_text.folded.text[start]) and not (spaced[start] == " " == spaced[end + 1]):
        return ()
    if reason := _explain_native_border(facts, start, end) or _explain_native_word(facts, candidate):
        return (Rejected(candidate.official_indexes, reason),)
    return tuple(
        Accepted(official, MatchForm.FULL, NATIVE_NAME_CONFIDENCE, "full name in its own script")
        for official in candidate.official_indexes
    )


def _explain_native_border(facts: ArticleFacts, start: int, end: int) -> str:
    """Return the reason why a name is only a part of a longer name or word, or an empty string if it is complete.

    Only the characters directly before and after the name are examined.
    """
    text = facts.article_text.folded.text
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "·" and text[start - 2 : start - 1].isalpha():
        return f"part of a longer name: {text[start - 2 : start]} ..."
    if after == "·" or (text[end - 1] >= _FIRST_CJK_CHARACTER and _HAN_PLACE_SUFFIX.match(text, end)):
        return f"part of a longer name: ... {text[end : end + 2]}"
    if "가" <= text[end - 1] <= "힣" and _continues_korean_name(text, end):
        return f"part of a longer word: ... {text[end : end + 2]}"
    return _explain_han_word(text, start, end)


def _explain_native_word(facts: ArticleFacts, candidate: Candidate) -> str:
    """Return the reason why a name in a script with spaces means a place or another person.

    The result is an empty string if the name may mean the official, and for every script without spaces.
    """
    start = candidate.start
    if is_unspaced(facts.article_text.folded.text[start]):
        return ""
    if (father := facts.article_text.word_ending_at(start - 1)) in FATHER_WORDS:
        return f"the father's name of another person: {father} ..."
    if place := facts.surrounding_text.find_place_before(start):
        return f"name of a place or thing: {place} ..."
    if place := facts.surrounding_text.find_native_place_after(candidate.end):
        return f"part of a longer name: ... {place}"
    return "also the name of a country" if facts.folded_text(candidate) in word_lists().place_names else ""


def _explain_han_word(text: str, start: int, end: int) -> str:
    """Return the reason why two Chinese characters are an ordinary word, or a part of one, and not a name.

    If the two characters can be both a name and a word, they count as a name only between two borders. A border is a
    title, a word that is common next to names, or any character that is not Chinese, such as a punctuation mark. After
    a quotation mark, a title or such a word must follow them. The result is an empty string if the characters are a
    name, or if the name does not have two Chinese characters.
    """
    name = text[start:end]
    if len(name) != _SHORT_HAN_NAME or not all(map(_is_han, name)):
        return ""
    around = text[max(0, start - _LONGEST_HAN_WORD + len(name)) : end + _LONGEST_HAN_WORD - len(name)]
    for size in range(_LONGEST_HAN_WORD, _SHORT_HAN_NAME, -1):
        for at in range(len(around) - size + 1):
            if name in around[at : at + size] and around[at : at + size] in han_words():
                return f"part of the word {around[at : at + size]}"
    if name not in han_words():
        return ""
    before, after = text[start - 1 : start], text[end : end + 1]
    has_title = text[max(0, start - _MAX_HAN_TITLE_CHARS) : start].endswith(native_words().titles)
    is_followed = text.startswith((*native_words().words_after_name, *native_words().titles), end)
    is_opening = has_title or not _is_han(before) or before in HAN_WORDS_BEFORE_NAME
    is_closing = is_followed or not _is_han(after) or after in HAN_WORDS_AFTER_NAME
    is_quoted = before in {'"', "《"} and not (has_title or is_followed)
    return "" if is_opening and is_closing and not is_quoted else "an ordinary word, without the border of a name"


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _continues_korean_name(text: str, end: int) -> bool:
    """Return whether the Korean letters directly after a name make it part of a longer word.

    The result is False for particles and titles, which Korean writes after a name without a space.
    """
    after = text[end : end + 1]
    return "가" <= after <= "힣" and not text.startswith(native_words().words_after_name, end)


def _choose_official(
    facts: ArticleFacts, candidate: Candidate, official_indexes: tuple[int, ...], context: MatchContext
) -> Decision:
    """Decide which official a full name in the text means, if any, and return the decision.

    ``official_indexes`` are the officials who have this name. If there is only one, the official is accepted except in
    three cases:

    - The name belongs to another person in this article, and no title next to it fits the official.
    - The name in the text has a different generation suffix, such as Jr.
    - Many people have this name, and the title next to it contradicts the official.
    """
    if len(official_indexes) > 1:
        return _choose_among_officials(facts, candidate, official_indexes, context)
    (official,) = official_indexes
    if official in context.namesakes:
        (score,) = score_titles(facts, candidate, official_indexes, context)
        if score.strength >= EvidenceStrength.LIKELY:
            return _accept_shared(score)
        return Rejected(official_indexes, "another person with this name is named before")
    if _is_different_generation(facts, candidate, official):
        return Rejected(official_indexes, "different generation suffix (Jr./Sr.)")
    if contradiction := _find_contradiction(facts, candidate, official, context):
        return Rejected(official_indexes, f"a name that many people have, and {contradiction}")
    return Accepted(official, MatchForm.FULL, FULL_NAME_CONFIDENCE, "full name")


def _choose_among_officials(
    facts: ArticleFacts, candidate: Candidate, official_indexes: tuple[int, ...], context: MatchContext
) -> Decision:
    """Return the decision on a full name that several officials have.

    The official with the best fitting title is accepted. If the titles fit several officials equally well, the one who
    is configured with exactly the printed name is accepted. If there is no such official, or more than one, the name is
    rejected.
    """
    scores = score_titles(facts, candidate, official_indexes[:MAX_CANDIDATE_OFFICIALS], context)
    best = max(score.strength for score in scores)
    strongest = [score for score in scores if score.strength == best]
    if len(strongest) == 1 and best >= EvidenceStrength.LIKELY:
        return _accept_shared(strongest[0])
    exact = _list_exact_officials(facts, candidate, strongest)
    if len(exact) == 1 and best > EvidenceStrength.CONTRADICTED:
        reason = "full name, printed as it is configured; other officials have it with a further name"
        return Accepted(exact[0], MatchForm.FULL, SHARED_NAME_CONFIDENCE, reason)
    reason = f"{len(official_indexes)} officials have this name, and no title, country or date fits only one of them"
    return Rejected(official_indexes, reason)


def _accept_shared(score: TitleScore) -> Accepted:
    reason = f"full name of several officials; {score.reason}"
    return Accepted(score.official_index, MatchForm.FULL, SHARED_NAME_CONFIDENCE, reason)


def _list_exact_officials(facts: ArticleFacts, candidate: Candidate, scores: Iterable[TitleScore]) -> list[int]:
    """Return the officials in ``scores`` who are configured with exactly the printed name.

    No word may be omitted or changed.
    """
    printed = facts.folded_text(candidate)
    exact = []
    for score in scores:
        names = facts.name_index.prepared_official(score.official_index).latin_names
        if any(printed == " ".join(fold_words(name)) for name in names):
            exact.append(score.official_index)
    return exact


def _find_contradiction(facts: ArticleFacts, candidate: Candidate, official_index: int, context: MatchContext) -> str:
    """Return the reason why the title next to a full name contradicts the official, or an empty string.

    The title is compared only if the name follows a naming convention in which thousands of people share a full name.
    The result is always empty for an official who is already mentioned.
    """
    is_common = naming_convention(facts.name_index.conventions[official_index]).common_short_forms
    if not is_common or official_index in context.first_accepted_at:
        return ""
    if not facts.name_index.prepared_official(official_index).official.roles:
        return ""
    before = find_title_before(facts.article_text, candidate.start).title
    if not (before.positions or find_title_after(facts.article_text.cased, candidate.end).positions):
        return ""
    (score,) = score_titles(facts, candidate, (official_index,), context)
    return score.reason if score.strength is EvidenceStrength.CONTRADICTED else ""


def _is_different_generation(facts: ArticleFacts, candidate: Candidate, official_index: int) -> bool:
    """Return whether the name in the text has a different generation suffix (Jr., Sr.) from the configured name."""
    printed = _GENERATION_SUFFIX.match(facts.article_text.cased, candidate.end)
    configured = _GENERATION_SUFFIX.search(facts.name_index.officials[official_index].name)
    return printed is not None and configured is not None and printed[1].lower() != configured[1].lower()


def decide_phonetic_names(facts: ArticleFacts, phonetic: PhoneticCandidates, context: MatchContext) -> None:
    """Decide whether full names that sound like an official's name mean the official, and record the decisions."""
    for candidate in phonetic.pairs:
        official = candidate.official_indexes[0]
        evidence = collect_full_name_evidence(facts, candidate, official)
        decision: Decision | None = reject_full_name(evidence, candidate, (official,))
        if decision is None:
            reason = f"full name, another spelling of {facts.name_index.officials[official].name!r}"
            decision = Accepted(official, MatchForm.FULL, PHONETIC_NAME_CONFIDENCE, reason)
        context.apply(facts, candidate, (decision,))
    context.claimed_spans += [(candidate.start, candidate.end) for candidate in phonetic.pairs]


def decide_typos(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide whether a first name and a family name with one typo mean an official; record the decisions."""
    claimed = sorted(context.claimed_spans)
    accepted_end = 0
    for typo in find_typo_words(facts, candidates):
        if typo.start < accepted_end or overlaps(claimed, typo.start, typo.end):
            continue
        for official in facts.name_index.find_typo_officials(typo.first_name_pattern, typo.folded_word):
            candidate = Candidate(typo.start, typo.end, (official,))
            decision = _decide_typo(facts, candidate, context)
            if isinstance(decision, Accepted):
                context.claimed_spans.append((candidate.start, candidate.end))
                accepted_end = candidate.end
            context.apply(facts, candidate, (decision,))


def decide_syllabic_typos(facts: ArticleFacts, context: MatchContext) -> None:
    """Decide on names after a title that differ from an official's name by one typo, and record the decisions.

    Only names whose words are single syllables, such as Vietnamese ones, are compared. Such a spelling is often the
    name of another person. So the title must be a position that fits exactly one of the officials, and that only one
    person holds.
    """
    claimed = sorted(context.claimed_spans)
    for candidate in find_syllabic_typos(facts, claimed):
        if overlaps(claimed, candidate.start, candidate.end):
            continue
        positions = find_title_before(facts.article_text, candidate.start).title.positions
        is_unique = any(not (one.is_vague or one.is_deputy or one.is_former) for one in positions)
        officials = find_agreeing_officials(facts, candidate, candidate.official_indexes)
        scores = score_titles(facts, candidate, officials, context)
        fitting = [score for score in scores if score.strength >= EvidenceStrength.UNDATED and is_unique]
        if len(fitting) == 1:
            (score,) = fitting
            reason = f"one typo in {facts.name_index.officials[score.official_index].name!r}; {score.reason}"
            accepted = Accepted(score.official_index, MatchForm.FULL, TYPO_CONFIDENCE, reason)
            context.apply(facts, candidate, (accepted,))
            context.claimed_spans.append((candidate.start, candidate.end))
        else:
            names = ", ".join(facts.name_index.officials[one].name for one in candidate.official_indexes[:3])
            rejected = Rejected(candidate.official_indexes, f"one typo in {names!r}, without a fitting title")
            context.apply(facts, candidate, (rejected,))


def _decide_typo(facts: ArticleFacts, candidate: Candidate, context: MatchContext) -> Decision:
    """Return the decision on a full name with one typo: it is accepted next to a fitting title, otherwise rejected."""
    (official,) = candidate.official_indexes
    name = facts.name_index.officials[official].name
    (score,) = score_titles(facts, candidate, (official,), context)
    if score.strength >= EvidenceStrength.LIKELY:
        return Accepted(official, MatchForm.FULL, TYPO_CONFIDENCE, f"one typo in {name!r}; {score.reason}")
    return Rejected((official,), f"one typo in {name!r}, without a fitting title")


def decide_extended_name(
    facts: ArticleFacts, candidate: Candidate, boundary: Boundary, context: MatchContext
) -> tuple[Candidate, Accepted | Rejected] | None:
    """Find the full name that contains a short name, and return this full name with the decision on it.

    The functions that search for a full name are tried in order, the one with the most certain result first. If the
    full name may belong to several officials, it is rejected. Otherwise the first full name with enough evidence is
    accepted. If this name is in a photo credit, in the name of a place, or next to another person's occupation, it is
    ignored, and the next function is tried. The result is None if no function finds a full name that is accepted or
    rejected.
    """
    finders = FINDERS_AFTER_INITIAL if boundary.has_initial_before else ()
    for find in finders + FINDERS_AFTER_NAME if boundary.has_name_before else finders:
        names = find(facts, candidate, boundary)
        if not names:
            continue
        names = _prefer_configured(facts, names)
        if len(names) > 1 and names[0].kind is ExtensionKind.INITIAL_FOR_FIRST_NAME:
            names = _choose_by_initial(facts, names, context)
        if len(names) > 1:
            officials = tuple(name.candidate.official_indexes[0] for name in names)
            reason = f"{len(names)} officials have this initial and family name, and nothing fits only one of them"
            return names[0].candidate._replace(official_indexes=officials), Rejected(officials, reason)
        for name in names:
            if not _is_supported(facts, name, context):
                continue
            if _is_credit_or_namesake(facts, name.candidate):
                break
            (official,) = name.candidate.official_indexes
            return name.candidate, Accepted(official, MatchForm.FULL, EXTENDED_NAME_CONFIDENCE, name.kind.value)
    return None


def _prefer_configured(facts: ArticleFacts, names: Sequence[ExtendedName]) -> Sequence[ExtendedName]:
    """Return the names that are printed exactly as they are configured for their official, including any initials.

    If there is no such name, all names are returned.
    """
    configured = [
        name
        for name in names
        if any(
            tuple(facts.folded_text(name.candidate).split()) in parts.full_forms[:1]
            for official in name.candidate.official_indexes
            for parts in facts.name_index.prepared_official(official).latin_name_parts
        )
    ]
    return configured or names


def _choose_by_initial(
    facts: ArticleFacts, names: Sequence[ExtendedName], context: MatchContext
) -> Sequence[ExtendedName]:
    """Return the names that remain possible when several officials have the printed initial and family name.

    The names with the best fitting title remain. If no title fits, or if several names have the best title, the names
    of officials who are already mentioned in the article remain.
    """
    officials = [name.candidate.official_indexes[0] for name in names]
    scores = score_titles(facts, names[0].candidate, officials[:MAX_CANDIDATE_OFFICIALS], context)
    best = max(score.strength for score in scores)
    fitting = {score.official_index for score in scores if score.strength == best >= EvidenceStrength.LIKELY}
    fitting = fitting or {official for official in officials if official in context.first_accepted_at}
    if len(fitting) > 1:
        fitting = {official for official in fitting if official in context.first_accepted_at} or fitting
    return [name for name, official in zip(names, officials, strict=True) if official in fitting]


def _is_supported(facts: ArticleFacts, name: ExtendedName, context: MatchContext) -> bool:
    """Return whether the evidence for an extended name is sufficient to accept it.

    An extended name is a full name with an initial, a nickname or a further name between its configured parts, or with
    a changed first name. Some kinds need no more evidence. The others need a fitting title next to the name. If an
    initial replaces the first name, a mention of the official elsewhere in the article is also sufficient.
    """
    (official,) = name.candidate.official_indexes
    if name.kind not in _TITLE_NEEDED:
        return True
    if name.kind is ExtensionKind.INITIAL_FOR_FIRST_NAME and official in context.first_accepted_at:
        return True
    (score,) = score_titles(facts, name.candidate, (official,), context)
    return score.strength >= EvidenceStrength.LIKELY


def _is_credit_or_namesake(facts: ArticleFacts, candidate: Candidate) -> bool:
    around = facts.surrounding_text
    return around.is_credit(candidate.start, candidate.end) or bool(
        around.find_occupation(candidate.start, candidate.end) or around.find_place_before(candidate.start)
    )

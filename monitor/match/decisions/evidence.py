"""Evidence from the text around a name: diacritics, boundaries, places, photo credits, occupations and titles."""

import re
from collections.abc import Iterable, Sequence

from monitor.language.load import uncased_given_names
from monitor.match.candidates import INITIAL, MAX_INITIAL_CHARS
from monitor.match.context import ArticleFacts, MatchContext
from monitor.match.names.index import PreparedOfficial
from monitor.match.names.scripts import PATRONYMIC_PARTICLES
from monitor.match.names.spelling import diacritics_agree, has_vietnamese_diacritics
from monitor.match.printed_letters import to_latin_letters
from monitor.match.titles.parser import find_title_after, find_title_before
from monitor.match.titles.scoring import score_title
from monitor.match.types import MAX_CANDIDATE_OFFICIALS, Boundary, Candidate, Evidence, EvidenceStrength, TitleScore
from monitor.match.vocabulary import (
    country_words,
    max_title_phrase_words,
    naming_convention,
    native_words,
    parse_words,
    sentence_openers,
    single_word_titles,
    syllable_pattern,
    title_vocabulary,
    title_words,
    word_lists,
)

_VIETNAMESE_ADDRESS_WORDS = parse_words("ông bà anh chị cô bác bộ ngài tướng phó")
_UNAMBIGUOUS_TITLES = parse_words("gen sen king queen tun pak khun chef bung dato")
_NAMELIKE_TITLES = parse_words("van le la du da di de y dan vi don bang gus san")
"""Titles and short words that can also be parts of names.

In Vietnamese, only diacritics show whether such a word is a part of a name.
"""

HAN_WORDS_AFTER_NAME = frozenset("说說称稱表在和与與对對将將会會指强強认認宣是的及同也于於向出参參访訪抵")
HAN_WORDS_BEFORE_NAME = frozenset("与與和同对對向在由被请請的及为為据據跟")
UNCASED_LETTERS = frozenset(map(chr, (*range(0x05D0, 0x06D4), *range(0x0900, 0x0E00), *range(0x10D0, 0x1100))))
"""Letters of scripts without capitals: Hebrew, Arabic, Georgian and the scripts of India."""
_LEFT_CONTEXT_CHARS = 40
_MAX_TITLE_PHRASE_CHARS = 80
_MIN_STEM_LETTERS = 4
_ENDING_LETTERS = 2
_LOWER_CASE_SEARCH_CHARS = 20_000
"""Number of characters at the start of a text in which a word in lower case is searched for, to limit the cost."""
_SECOND_GIVEN_NAME = re.compile("-([A-Z][a-z]+) [A-Z]")
"""Pattern of the second half of a given name with a hyphen, before the family name, as in "Frank-Walter Stein"."""
_STANDALONE = Boundary()
_NOT_STANDALONE = Boundary(is_standalone=False)


def find_agreeing_officials(
    facts: ArticleFacts, candidate: Candidate, official_indexes: Sequence[int]
) -> tuple[int, ...]:
    """Return the officials whose configured diacritics agree with the diacritics in the text.

    A word that is printed without diacritics agrees with every name. Vietnamese texts print all diacritics, so the
    printed and the configured ones must be equal there.
    """
    folded = facts.article_text.folded
    if folded.cased is folded.original:
        return tuple(official_indexes)
    first, last = folded.original_span(candidate.start, candidate.end)
    original = folded.original[first:last]
    if original.isascii():
        return tuple(official_indexes)
    index = facts.name_index
    if len(official_indexes) == 1 and index.officials[official_indexes[0]].name == original:
        return tuple(official_indexes)
    words = _printed_words(facts, candidate)
    is_vietnamese = facts.language.startswith("vi")
    return tuple(
        official
        for official in official_indexes
        if _name_diacritics_agree(words, index.prepared_official(official), is_strict=is_vietnamese)
    )


def _printed_words(facts: ArticleFacts, candidate: Candidate) -> list[tuple[str, str]]:
    """Return each word of a possible name as a pair: the word normalized, and the word as printed."""
    spaced, folded = facts.article_text.spaced, facts.article_text.folded
    words: list[tuple[str, str]] = []
    at = candidate.start
    for word in spaced[candidate.start + 1 : candidate.end + 1].split():
        at = spaced.index(word, at + 1) - 1
        printed = folded.original_slice(at, at + len(word))
        words.append((word, to_latin_letters(printed) if word.isascii() else printed))
        at += len(word)
    return words


def _name_diacritics_agree(words: Sequence[tuple[str, str]], prepared: PreparedOfficial, *, is_strict: bool) -> bool:
    """Return whether the diacritics of each printed word agree with the configured name of an official.

    A name that is configured without diacritics always agrees. A word that is printed without diacritics always agrees,
    too. A printed word may omit diacritics of the name, but may not add any. With ``is_strict``, or if a printed word
    has Vietnamese diacritics, it may not omit any either.
    """
    if not prepared.has_diacritics:
        return True
    is_strict = is_strict or any(has_vietnamese_diacritics(printed) for _, printed in words)
    return all(
        any(
            diacritics_agree(printed, configured, strict=is_strict)
            for configured in prepared.configured_spellings.get(folded, (printed,))
        )
        for folded, printed in words
    )


def collect_full_name_evidence(facts: ArticleFacts, candidate: Candidate, official_index: int) -> Evidence:
    """Collect the evidence that a full name means one official, or does not, from the words around the name.

    Titles are not examined. The search ends with the first evidence against the official. Fields that are not examined
    keep their default values.
    """
    around, start, end = facts.surrounding_text, candidate.start, candidate.end
    convention = facts.name_index.conventions[official_index]
    if place_or_credit := _find_place_or_credit(facts, candidate):
        return Evidence(official_index, place_or_credit=place_or_credit)
    if after := around.find_continuation_right(start, end, convention):
        return Evidence(official_index, boundary=Boundary(is_standalone=False, word_after=after))
    if occupation := around.find_occupation(start, end):
        return Evidence(official_index, occupation=occupation)
    before = around.find_continuation_left(start, end, convention)
    if before or _is_joined_by_hyphen(facts, candidate, convention):
        boundary = Boundary(is_standalone=False, word_before=before, is_joined_by_hyphen=not before)
        return Evidence(official_index, boundary=boundary)
    return Evidence(official_index)


def _find_place_or_credit(facts: ArticleFacts, candidate: Candidate) -> str:
    """Return the reason why a full name is not a mention, or an empty string if it may be one.

    A full name is not a mention if it is the name of a place or thing, or if it is in a byline or photo credit.
    """
    around, start, end = facts.surrounding_text, candidate.start, candidate.end
    if place := around.find_place_before(start):
        return f"name of a place or thing: {place} ..."
    if place := around.find_place_after(start, end):
        return f"part of a longer name: ... {place}"
    return "a byline or photo credit" if around.is_credit(start, end) else ""


def find_support(facts: ArticleFacts, candidate: Candidate, evidence: Evidence, context: MatchContext) -> str:
    """Return the reason why a full name means the official although there is evidence against it.

    The evidence against it is a further word after the name, or an occupation next to the name. The result is the first
    reason that applies:

    - In the naming convention of the name, a further word cannot make it another name.
    - The title next to the name fits the official.
    - Against an occupation only: no role is configured for the official, or the article names the official's country.
      This is not sufficient for names that consist of syllables, such as Vietnamese ones, because thousands of people
      share them.

    The result is an empty string if no reason applies.
    """
    official = evidence.official_index
    prepared, convention = facts.name_index.prepared_official(official), facts.name_index.conventions[official]
    data = naming_convention(convention)
    if evidence.boundary.word_after and not (data.syllabic or data.further_family_names):
        return "the word after it belongs to the sentence"
    (score,) = score_titles(facts, candidate, (official,), context)
    if score.strength >= EvidenceStrength.LIKELY:
        return score.reason
    if evidence.boundary.word_after or data.syllabic:
        return ""
    if not prepared.official.roles:
        return "no role is configured that the occupation could contradict"
    country = prepared.country
    if country and country in facts.countries:
        return f"the text names {prepared.official.country}"
    return ""


def _is_joined_by_hyphen(facts: ArticleFacts, candidate: Candidate, convention: str) -> bool:
    """Return whether a hyphen joins first and family name, so that the name is that of a street or school.

    The result is False in naming conventions in which a hyphen does not show this.
    """
    text = facts.cased_text(candidate)
    return (
        "-" in text
        and " " not in text
        and naming_convention(convention).hyphenated_only_in_places
        and not text.isupper()
    )


def score_titles(
    facts: ArticleFacts, candidate: Candidate, official_indexes: Iterable[int], context: MatchContext
) -> list[TitleScore]:
    """Return for each official how strongly the titles next to a name show that the official is meant."""
    before = find_title_before(facts.article_text, candidate.start)
    after = find_title_after(facts.article_text.cased, candidate.end)
    return [
        score_title(
            facts,
            facts.name_index.prepared_official(official),
            before,
            after,
            is_mentioned=official in context.first_accepted_at,
        )
        for official in official_indexes
    ]


def find_boundary(facts: ArticleFacts, candidate: Candidate) -> Boundary:
    """Return whether a short name is complete, and the words next to the name that show this.

    A name is not complete if it is part of a longer name or of a compound word, if it is the name of a place, or if it
    is in a photo credit or byline.
    """
    around = facts.surrounding_text
    if not around.is_written_as_name(candidate.start, candidate.end):
        return _NOT_STANDALONE
    left = around.word_before(candidate.start)
    has_initial = len(left) < 2 and around.has_name_before(candidate.start) and not _is_opener(facts, left, candidate)
    if has_initial and (initial := _find_unwatched_initial(facts, candidate)):
        name = f"{initial}. {facts.cased_text(candidate)}"
        return Boundary(is_standalone=False, other_bearer=name, has_initial_before=True)
    if left[:1].isupper() and _is_name_part(facts, left, candidate.start):
        name = f"{left} {facts.cased_text(candidate)}"
        return Boundary(
            is_standalone=False,
            word_before=left,
            other_bearer=name,
            has_initial_before=has_initial,
            has_name_before=True,
        )
    boundary = _find_boundary_after(facts, candidate)
    return boundary._replace(has_initial_before=True) if has_initial else boundary


def is_cased_family_name(facts: ArticleFacts, start: int, end: int) -> bool:
    """Return whether a Greek or Cyrillic word is a family name that is printed without other names.

    The word must be capitalized, and no other name may be directly before or after it.
    """
    cased = facts.article_text.cased
    right = cased[end + 1 : end + 2] if cased[end : end + 1] == " " else ""
    if not cased[start].isupper() or right.isupper() or cased[end : end + 1] == "-":
        return False
    left = cased[max(0, start - _LEFT_CONTEXT_CHARS) : start - 1].rpartition(" ")[2].rpartition("\n")[2]
    if cased[start - 1 : start] != " " or not left[:1].isupper() or not left[-1:].isalpha():
        return True
    word = left.lower()
    if word in native_words().sentence_openers or word in title_words():
        return True
    at = start - 1 - len(left)
    return facts.surrounding_text.is_sentence_start(at) and stem_occurs_in_lower_case(cased, word)


def is_uncased_family_name(facts: ArticleFacts, start: int) -> bool:
    """Return whether a family name in a script without capitals has no given name of another person before it.

    ``start`` is the offset of the family name. Given names are recognized by a list of frequent ones.
    """
    word = facts.article_text.word_ending_at(start - 1) if facts.article_text.spaced[start] == " " else ""
    return word not in uncased_given_names() and word[1:] not in uncased_given_names()


def stem_occurs_in_lower_case(cased: str, word: str) -> bool:
    """Return whether a word, in any grammatical case, occurs in lower case in the first part of a text."""
    stem = word[: max(_MIN_STEM_LETTERS, len(word) - _ENDING_LETTERS)]
    return len(stem) >= _MIN_STEM_LETTERS and cased.find(f" {stem}", 0, _LOWER_CASE_SEARCH_CHARS) >= 0


def _find_boundary_after(facts: ArticleFacts, candidate: Candidate) -> Boundary:
    """Return whether a short name is complete. If a word after it belongs to the name, return this word, too.

    The caller has checked that no other name precedes the short name. The name is complete except in these cases:

    - A word after the name continues it, or makes it the name of a place.
    - The name is the first half of a compound word.
    - A word that precedes names of places, such as "rue", is before the name.
    - The name is in a photo credit or byline.
    """
    around = facts.surrounding_text
    if word := around.find_place_after(candidate.start, candidate.end) or _find_continuation(facts, candidate):
        return Boundary(
            is_standalone=False,
            word_after=word,
            other_bearer=f"{facts.cased_text(candidate)} {word}",
            rejection=f"part of a longer name: ... {word}",
        )
    if _is_half_of_compound(facts, candidate):
        return _NOT_STANDALONE
    if around.find_place_before(candidate.start) or around.is_credit(candidate.start, candidate.end):
        return Boundary(is_standalone=False, rejection="name of a place or thing, or a credit")
    return _STANDALONE


def _find_continuation(facts: ArticleFacts, candidate: Candidate) -> str:
    """Return the word after a short name if it continues the name; otherwise return an empty string.

    In naming conventions with patronymics, the word may be a particle such as "bin".
    """
    around, convention = facts.surrounding_text, facts.name_index.conventions[candidate.official_indexes[0]]
    second = _SECOND_GIVEN_NAME.match(facts.article_text.cased, candidate.end)
    if second is not None and _is_given_name(facts, candidate):
        return second[1]
    word = around.find_continuation_right(candidate.start, candidate.end, convention)
    if word or not naming_convention(convention).patronymic_chains:
        return word
    after = around.word_after(candidate.end)
    return after if after in PATRONYMIC_PARTICLES else ""


def _is_given_name(facts: ArticleFacts, candidate: Candidate) -> bool:
    """Return whether a short name is the first or given name of all officials who have it."""
    words = tuple(facts.folded_text(candidate).split())
    prepared = map(facts.name_index.prepared_official, candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS])
    parts = [name_parts for official in prepared for name_parts in official.latin_name_parts]
    labels = [form.label for each in parts for form in each.short_forms if form.words == words]
    return bool(labels) and all("first" in label or "given" in label for label in labels)


def _is_half_of_compound(facts: ArticleFacts, candidate: Candidate) -> bool:
    """Return whether a short name is only the first half of a Vietnamese compound word.

    The result is False after a rank or a form of address, because the word then is the name of a person.
    """
    right = facts.surrounding_text.word_after(candidate.end)
    is_compound = f"{facts.folded_text(candidate)} {right.lower()}" in word_lists().compounds
    if not is_compound or not (right.islower() or facts.surrounding_text.is_headline(candidate.start)):
        return False
    title = find_title_before(facts.article_text, candidate.start).title
    return not (title.rank or title.is_addressed)  # after a rank or a form of address it is a person


def _is_name_part(facts: ArticleFacts, word: str, start: int) -> bool:
    """Return whether the capitalized word before a short name belongs to the same name."""
    at, low = start - 1 - len(word), word.lower()
    if low in country_words():
        return False
    if low in single_word_titles():
        if low in word_lists().common and _is_capitalized_anyway(facts, at, start):
            return False
        is_namelike = low in _NAMELIKE_TITLES or (
            syllable_pattern().match(low) is not None and low not in _UNAMBIGUOUS_TITLES
        )
        printed = facts.article_text.folded.original_slice(at, start - 1).lower()
        return is_namelike and printed not in _VIETNAMESE_ADDRESS_WORDS
    if low in word_lists().common or (low in title_words() and _ends_title_phrase(facts, start)):
        return False
    if low in sentence_openers(facts.language) and _is_capitalized_anyway(facts, at, start):
        return False
    return not facts.surrounding_text.is_ordinary_word(word) or not _is_capitalized_anyway(facts, at, start)


def _ends_title_phrase(facts: ArticleFacts, start: int) -> bool:
    """Return whether the words before an offset are a known phrase of titles, such as "Secretary of State"."""
    words = facts.article_text.folded.text[max(0, start - _MAX_TITLE_PHRASE_CHARS) : start - 1].split(" ")
    sizes = range(2, min(max_title_phrase_words(), len(words) - 1) + 1)
    return any(" ".join(words[-size:]) in title_vocabulary() for size in sizes)


def _is_opener(facts: ArticleFacts, word: str, candidate: Candidate) -> bool:
    """Return whether one letter before a name is a word that begins a sentence, as in "O Novákovi"."""
    is_opener = word.lower() in sentence_openers(facts.language)
    return is_opener and facts.surrounding_text.is_sentence_start(candidate.start - 1 - len(word))


def _is_capitalized_anyway(facts: ArticleFacts, at: int, start: int) -> bool:
    """Return whether any word would be capitalized at this position in the text.

    This is the case in a headline, and if a sentence starts at ``at``.
    """
    return facts.surrounding_text.is_sentence_start(at) or facts.surrounding_text.is_headline(start)


def _find_unwatched_initial(facts: ArticleFacts, candidate: Candidate) -> str:
    """Return the initial before a short name if it is not the initial of any official with this name.

    Such an initial shows that the name means a person who is not watched. Otherwise the result is an empty string.
    """
    start = candidate.start
    match = INITIAL.search(facts.article_text.cased, max(0, start - MAX_INITIAL_CHARS), start)
    if match is None or match[1].lower() in single_word_titles():
        return ""
    officials = [
        facts.name_index.prepared_official(official)
        for official in candidate.official_indexes[:MAX_CANDIDATE_OFFICIALS]
    ]
    if not all(naming_convention(official.name_parts.convention).middle_names for official in officials):
        return ""
    initials = {
        word[0]
        for official in officials
        for name_parts in official.latin_name_parts
        for words in name_parts.full_forms
        for word in words
    }
    return "" if match[1].lower() in initials else match[1]

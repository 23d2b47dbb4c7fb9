"""Names in full: each place where a whole name stands is taken, or refused with the reason kept."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from monitor.domain.mention import MatchForm
from monitor.match.decisions.context import MatchContext
from monitor.match.names.index import PhoneticWord, PreparedOfficial
from monitor.match.names.scripts import find_chain_end
from monitor.match.names.spelling import MIN_TYPO_WORD_LETTERS, is_spelling_variant, phonetic_key
from monitor.match.titles.parser import find_title_after, find_title_before
from monitor.match.titles.scoring import EvidenceStrength, score_title
from monitor.match.types import Candidate, Candidates
from monitor.match.vocabulary import naming_convention, title_words
from monitor.text.tokens import is_unspaced

_HAN_PLACE_SUFFIX = re.compile(
    "[市省州县縣區区镇鎮村路街港岛島湖河站桥橋町郡]|大学|大學|学院|學院|机场|機場|大道|大桥|大橋"
)
_GENERATION_SUFFIX = re.compile(r",?\s(Jr|Sr|II|III|IV)\b", re.IGNORECASE)
_WORD_SEPARATORS = {" ", "-"}
_CAPITALIZED_WORD = re.compile(r"(?<![A-Za-z'-])[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")


def decide_full_names(context: MatchContext, candidates: Candidates) -> None:
    """Judge every whole name that the automaton met, the leftmost and longest first."""
    roster, spaced = context.name_index, context.article_text.spaced
    places: list[Candidate] = []
    for pattern, start, end in candidates.full_names:
        seen = Candidate(start, end - 2, roster.full_name_officials(pattern))
        if context.is_written_as_name(seen):
            places.append(seen)
    for pattern, start, end in candidates.native_names:
        pad = spaced[start] == " "
        places.append(
            Candidate(start if pad else start - 1, end - 2 if pad else end - 1, roster.full_name_officials(pattern))
        )
    places.sort(key=lambda seen: (seen.start, -seen.end))
    done = 0
    for seen in places:
        if seen.start < done:
            continue
        arabic = roster.conventions[seen.official_indexes[0]] == "arabic"
        done = find_chain_end(context.article_text.cased, seen.end) if arabic else seen.end
        context.claimed_spans.append((seen.start, done))
        _decide_full_name(context, seen._replace(end=done) if arabic else seen)


def _decide_full_name(context: MatchContext, candidate: Candidate) -> None:
    cased = context.article_text.cased
    if not cased[candidate.start].isascii():
        _decide_native_name(context, candidate)
        return
    owners = context.filter_by_diacritics(candidate, candidate.official_indexes)
    if not owners:
        context.reject(candidate.official_indexes, candidate, "its marks contradict the name's")
        return
    why_not = find_full_name_rejection(context, candidate, context.name_index.conventions[owners[0]])
    if why_not:
        context.reject(owners, candidate, why_not)
        return
    if " " not in cased[candidate.start : candidate.end] and "-" not in cased[candidate.start : candidate.end]:
        context.claimed_spans.pop()  # a name of one word is judged with the short forms
        return
    _choose_official(context, candidate, owners)


def find_full_name_rejection(context: MatchContext, candidate: Candidate, convention: str) -> str:
    """Return why a whole name is not a mention of its bearer, or an empty string."""
    around, start, end = context.surrounding_text, candidate.start, candidate.end
    if place := around.find_place_before(start):
        return f"named after: {place} ..."
    if around.is_credit(start, end):
        return "a byline or photo credit"
    if word := around.find_continuation_right(start, end, convention):
        return f"part of a longer name: ... {word}"
    if occupation := around.find_occupation(start, end):
        context.namesakes.update(candidate.official_indexes)
        return f"a namesake: {occupation}"
    word = around.find_continuation_left(start, end, convention)
    return f"part of a longer name: {word} ..." if word else _find_hyphenation(context, candidate, convention)


def _find_hyphenation(context: MatchContext, candidate: Candidate, convention: str) -> str:
    """Tell whether given and family name are joined as in French names of streets and schools."""
    printed = context.printed_text(candidate)
    joined = "-" in printed and " " not in printed and not printed.isupper()
    return (
        "joined by a hyphen, as in names of streets and schools"
        if joined and naming_convention(convention).hyphenated_only_in_places
        else ""
    )


def _decide_native_name(context: MatchContext, candidate: Candidate) -> None:
    """Judge a name in another script: a dot after it or a place word makes it something else."""
    text, start, end = context.article_text.folded.text, candidate.start, candidate.end
    after = text[end : end + 1]
    if after == "·" or (text[end - 1] >= "\u2e80" and _HAN_PLACE_SUFFIX.match(text, end)):
        context.reject(candidate.official_indexes, candidate, f"part of a longer name: ... {text[end : end + 2]}")
        return
    if not is_unspaced(text[start]) and (
        context.article_text.spaced[start] != " " or context.article_text.spaced[end + 1] != " "
    ):
        return
    for owner in candidate.official_indexes:
        context.accept(owner, candidate, MatchForm.FULL, 0.95, "full name in its own script")


def _choose_official(context: MatchContext, candidate: Candidate, official_indexes: Sequence[int]) -> None:
    """Accept the one bearer of a name; where there are several, post, country and date must decide."""
    if len(official_indexes) == 1 and official_indexes[0] not in context.namesakes:
        if _is_different_generation(context, candidate, official_indexes[0]):
            context.reject(official_indexes, candidate, "of another generation")
        else:
            context.accept(official_indexes[0], candidate, MatchForm.FULL, 0.97, "full name")
        return
    before, after = (
        find_title_before(context.article_text, candidate.start),
        find_title_after(context.article_text.cased, candidate.end),
    )
    weighed = [
        score_title(context, context.name_index.prepared_official(owner), before, after)
        for owner in official_indexes[:40]
    ]
    best = max(one.strength for one in weighed)
    fitting = [one for one in weighed if one.strength == best]
    if len(fitting) == 1 and best >= EvidenceStrength.LIKELY:
        context.accept(
            fitting[0].official_index,
            candidate,
            MatchForm.FULL,
            0.9,
            f"full name shared with others; {fitting[0].reason}",
        )
    elif len(official_indexes) == 1:
        context.reject(official_indexes, candidate, "a namesake was named before")
    else:
        context.reject(
            official_indexes,
            candidate,
            f"{len(official_indexes)} watched people bear this name and nothing tells them apart",
        )


def _is_different_generation(context: MatchContext, candidate: Candidate, official_index: int) -> bool:
    """Tell whether a name goes on with Sr. where the official is a Jr., or the other way round."""
    said = _GENERATION_SUFFIX.match(context.article_text.cased, candidate.end)
    own = _GENERATION_SUFFIX.search(context.name_index.officials[official_index].name)
    return said is not None and own is not None and said[1].lower() != own[1].lower()


def find_phonetic_names(context: MatchContext) -> list[Candidate]:
    """Find whole names spelt otherwise, by sound; return where halves of names sound right, for the short forms."""
    cased, ears, listen = (
        context.article_text.cased,
        context.name_index.phonetic_cache,
        context.name_index.phonetic_word,
    )
    taken = sorted(context.claimed_spans)
    places, joined = context.article_text.find_capitalized_words()
    index = joined.index
    singles: list[tuple[int, PhoneticWord]] = []
    follows = -1
    for start in places:
        piece = joined[start : index(" ", start)]
        heard = ears.get(piece)
        if heard is None:
            heard = listen(piece)
        if not heard:
            continue
        if (
            start == follows
            and cased[start - 1] == " "
            and _decide_phonetic_pair(context, singles[-1], (start, heard), taken)
        ):
            follows = -1
        else:
            singles.append((start, heard))
            follows = start + heard.next_word_offset
    return _find_phonetic_parts(context, singles) if singles else []


def _decide_phonetic_pair(
    context: MatchContext,
    left: tuple[int, PhoneticWord],
    right: tuple[int, PhoneticWord],
    claimed_spans: list[tuple[int, int]],
) -> bool:
    """Judge two words side by side as both halves of a name."""
    (start, one), (at, two) = left, right
    owners = context.name_index.find_by_phonetic_key(f"{one.key} {two.key}")
    if not owners:
        return False
    end = at + two.printed_length
    at = bisect_left(claimed_spans, (end, 0))
    if at and claimed_spans[at - 1][1] > start:
        return False
    seen = Candidate(start, end, owners)
    for owner in owners:
        first, second = context.name_index.phonetic_parts[owner]
        convention = context.name_index.conventions[owner]
        if not (is_spelling_variant(one.word, first, convention) and is_spelling_variant(two.word, second, convention)):
            continue
        context.claimed_spans.append((seen.start, seen.end))
        if why_not := find_full_name_rejection(context, seen, convention):
            context.reject((owner,), seen, why_not)
        else:
            name = context.name_index.officials[owner].name
            context.accept(owner, seen, MatchForm.FULL, 0.9, f"full name, spelt otherwise than {name!r}")
        return True
    return False


def _find_phonetic_parts(context: MatchContext, single_words: Sequence[tuple[int, PhoneticWord]]) -> list[Candidate]:
    """Return the words that sound like half a name: of somebody named here, or beside a title and long enough."""
    said: dict[str, list[int]] = defaultdict(list)
    for owner in context.first_accepted_at:
        for half in context.name_index.phonetic_parts.get(owner, ()):
            for key in dict.fromkeys(map(phonetic_key, half)):
                said[key].append(owner)
    places: list[Candidate] = []
    known, spaced, cased = title_words(), context.article_text.spaced, context.article_text.cased
    for start, heard in single_words:
        owners = said.get(heard.key, ())
        titled = heard.is_distinctive and cased[start - 1] in _WORD_SEPARATORS
        titled = titled and spaced[max(1, start - 24) : start].rpartition(" ")[2] in known
        if not (owners or titled):
            continue
        alike = {who for who in owners if context.name_index.is_phonetic_match(heard.word, who)}
        if titled:
            alike.update(context.name_index.find_phonetic_matches(heard.word, heard.key))
        if alike:
            places.append(Candidate(start, start + heard.printed_length, tuple(sorted(alike))))
    return places


def find_typos(context: MatchContext, candidates: Candidates) -> None:
    """Find whole names whose last part has one slip of the pen, beside a post that fits."""
    cased, roster = context.article_text.cased, context.name_index
    for pattern, start, end in candidates.first_names:
        if not "A" <= cased[end - 1 : end] <= "Z" or cased[end - 2] != " ":
            continue
        match = _CAPITALIZED_WORD.match(cased, end - 1)
        if match is None or len(match.group()) < MIN_TYPO_WORD_LETTERS:
            continue
        if any(low <= start < high for low, high in context.claimed_spans[-50:]):
            continue
        rest = match.group().removesuffix("'s")
        for owner in roster.find_typo_officials(pattern, rest.lower().replace("-", "")):
            _decide_typo(
                context, Candidate(start, match.start() + len(rest), (owner,)), roster.prepared_official(owner)
            )


def _decide_typo(context: MatchContext, candidate: Candidate, prepared: PreparedOfficial) -> None:
    cased = context.article_text.cased
    evidence = score_title(
        context,
        prepared,
        find_title_before(context.article_text, candidate.start),
        find_title_after(cased, candidate.end),
    )
    if evidence.strength >= EvidenceStrength.LIKELY:
        context.claimed_spans.append((candidate.start, candidate.end))
        context.accept(
            prepared.index,
            candidate,
            MatchForm.FULL,
            0.8,
            f"one slip from {prepared.official.name!r}; {evidence.reason}",
        )
    else:
        context.reject(
            (prepared.index,), candidate, f"one slip from {prepared.official.name!r}, and no fitting post beside it"
        )

"""Decisions on short names in scripts other than Latin, and on positions without a name.

"The Lao Defence Minister" is a position without a name. It means the official who held the position on the date of the
article.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from monitor.domain.mention import MatchForm
from monitor.match.candidates import overlaps
from monitor.match.context import ArticleFacts, MatchContext
from monitor.match.decisions.evidence import (
    HAN_WORDS_AFTER_NAME,
    HAN_WORDS_BEFORE_NAME,
    UNCASED_LETTERS,
    is_cased_family_name,
    is_uncased_family_name,
)
from monitor.match.titles.parser import TITLE_WORD_PATTERN, find_title_after, find_title_before, is_title_end
from monitor.match.titles.positions import RoleFit, Title, parse_title, rate_role_fit
from monitor.match.titles.scoring import score_title
from monitor.match.types import (
    MAX_CANDIDATE_OFFICIALS,
    Accepted,
    Candidate,
    Candidates,
    Decision,
    EvidenceStrength,
    Rejected,
    Span,
)
from monitor.match.vocabulary import country_words, naming_convention, native_words, title_words
from monitor.match.word_forms import is_initial_of
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced

# Confidences are set by hand and only order the forms from the most to the least certain; no decision reads them.
FAMILY_NAME_WITH_POSITION_CONFIDENCE = 0.85
"""Confidence of a Chinese, Japanese or Korean family name before a position.

It equals the confidence of a short name in Latin letters that has no title next to it.
"""
TITLED_NAME_CONFIDENCE = 0.85
"""Confidence of a short name next to a title that fits one official only.

It equals that of a family name before a position.
"""
NATIVE_SHORT_NAME_CONFIDENCE = 0.8
"""Confidence of a short name in a script other than Latin.

It is lower than in Latin letters, because a name in a script without spaces may be part of a longer word.
"""
POSITION_CONFIDENCE = 0.6
"""Confidence of a position without a name.

It is the lowest of all, because the configured dates of a role may be wrong.
"""


OfficialsByCountry = Mapping[str, Sequence[int]]
"""Maps the key of a country to the indexes of its officials who are also searched for by their position alone."""


def decide_native_parts(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide which officials are meant by short names in scripts other than Latin, and record the decisions.

    Names next to a title are decided first, because all other names count only for an official who is already
    mentioned. Names next to a title in scripts without spaces are left to ``decide_unspaced_titled_names``.
    """
    if candidates.native_short_names:
        decide_native_titled_names(facts, candidates, context)
        if context.accepted:
            decide_native_short_names(facts, candidates, context)
    if candidates.native_names and context.accepted:
        decide_han_names_by_position(facts, context)
        decide_korean_names_by_position(facts, context)


def decide_native_titled_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide which official is meant by each short name next to a title, and record the decisions.

    Only names in scripts with spaces between words are examined, and none in Latin letters. The title may be before or
    after the name, and must fit exactly one official. The official need not be mentioned elsewhere in the article.
    """
    claimed = sorted(context.claimed_spans)
    places: dict[Span, dict[int, None]] = {}
    for pattern, start, end in candidates.native_short_names:
        first, last = start, end - 2
        if (first, last) not in places:
            if overlaps(claimed, first, first + 1) or not _can_have_title(facts, first, last):
                continue
            places[first, last] = {}
        places[first, last].update(dict.fromkeys(facts.name_index.short_name_officials(pattern)))
    for (first, last), officials in places.items():
        if len(officials) <= MAX_CANDIDATE_OFFICIALS and not context.mentioned(sorted(officials)):
            _decide_native_titled_name(facts, Candidate(first, last, tuple(officials)), context)


def _can_have_title(facts: ArticleFacts, start: int, end: int) -> bool:
    """Return whether a title may be next to a short name, judged by the word and the characters next to the name.

    This is a quick test before titles are parsed. The result is False in scripts without spaces, and if a capitalized
    word or a hyphen follows the name.
    """
    text = facts.article_text
    if text.spaced[start] != " " or is_unspaced(text.cased[start]):
        return False
    if text.cased[end : end + 1] == "-" or text.cased[end : end + 2].strip(" ")[:1].isupper():
        return False  # the word is a given name, and the family name follows
    follows = text.cased[end : end + 1] in {",", "("} or text.cased[end : end + 2] == " ("
    return follows or is_title_end(text.word_ending_at(start - 1))


def _decide_native_titled_name(facts: ArticleFacts, candidate: Candidate, context: MatchContext) -> None:
    text = facts.article_text
    before, after = find_title_before(text, candidate.start), find_title_after(text.cased, candidate.end)
    if not (before.title.positions or before.title.rank or after.positions):
        return
    prepared = [facts.name_index.prepared_official(official) for official in candidate.official_indexes]
    scores = [score_title(facts, one, before, after, is_mentioned=False) for one in prepared]
    best = max(score.strength for score in scores)
    fitting = [score for score in scores if score.strength is best]
    if best >= EvidenceStrength.LIKELY and len(fitting) == 1:
        score = fitting[0]
        form = MatchForm.WITH_TITLE if before.start < candidate.start else MatchForm.SHORT
        decision: Decision = Accepted(score.official_index, form, TITLED_NAME_CONFIDENCE, score.reason)
    else:
        decision = Rejected(tuple(score.official_index for score in fitting), fitting[0].reason)
    context.apply(facts, candidate, (decision,))


def decide_native_short_names(facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
    """Decide which official is meant by each short name in a script other than Latin, and record the decisions.

    A short name is a mention on two conditions: exactly one official with this short name is already mentioned, and the
    short name is not a part of a longer name or word.
    """
    text = facts.article_text
    claimed = sorted([*context.claimed_spans, *((one.start, one.end) for one in context.accepted)])
    for pattern, start, end in candidates.native_short_names:
        is_padded = text.spaced[start] == " "
        first, last = (start, end - 2) if is_padded else (start - 1, end - 1)
        if overlaps(claimed, first, first + 1):
            continue
        officials = context.mentioned(facts.name_index.short_name_officials(pattern))
        if len(officials) != 1:
            continue
        if text.cased[first] in UNCASED_LETTERS:
            is_separate = is_uncased_family_name(facts, first)
        elif is_padded:
            is_separate = is_cased_family_name(facts, first, last)
            is_separate = is_separate and not _has_other_initial(facts, officials[0], first, last)
        else:
            is_separate = _is_separated(text.folded.text, first, last)
        if is_separate:
            reason = "short name after the full name"
            decision = Accepted(officials[0], MatchForm.SHORT, NATIVE_SHORT_NAME_CONFIDENCE, reason)
            context.apply(facts, Candidate(first, last, tuple(officials)), (decision,))


def _has_other_initial(facts: ArticleFacts, official_index: int, start: int, end: int) -> bool:
    """Return whether the initial before or after a Cyrillic family name is not an initial of the given official.

    The result is False if there is no initial.
    """
    cased = facts.article_text.cased
    match = _INITIALS_BEFORE.search(cased, max(0, start - _MAX_INITIALS_CHARS), start) or _INITIALS_AFTER.match(
        cased, end
    )
    if match is None:
        return False
    prepared = facts.name_index.prepared_official(official_index)
    names = (
        *map(fold_key, (prepared.official.name, *prepared.official.aliases)),
        *map(" ".join, prepared.latin_name_words),
    )
    return not any(is_initial_of(match[1].lower(), name) for name in names)


def _is_separated(text: str, start: int, end: int) -> bool:
    """Return whether a short name in a script without spaces is a complete name, and not a part of a longer word.

    A border is a punctuation mark or another character that does not belong to such a script.

    - After a Chinese name, there must be a border or a word that is common after names.
    - A South-East Asian name needs a border on both sides, or on one side if it is long.
    - If a title precedes a South-East Asian name, only the border after the name is needed, and none for a long name
      that the next character does not continue.
    """
    left, right = text[start - 1 : start], text[end : end + 1]
    if text[start] >= "\u2e80":
        return left != "·" and (not right or right in HAN_WORDS_AFTER_NAME or not is_unspaced(right)) and right != "·"
    free = [not sign or not is_unspaced(sign) for sign in (left, right)]
    if text[max(0, start - _MAX_TITLE_CHARS) : start].rstrip(" ").endswith(native_words().titles):
        return free[1] or (
            end - start >= _MIN_TITLED_CHARS
            and right not in _CONTINUING_SIGNS
            and unicodedata.category(right)[0] != "M"
        )
    return all(free) or (any(free) and end - start >= _MIN_DISTINCTIVE_CHARS)


def decide_han_names_by_position(facts: ArticleFacts, context: MatchContext) -> None:
    """Decide which official is meant by each Chinese or Japanese family name directly before a position.

    The decisions are recorded. A family name is a mention on two conditions: exactly one mentioned official has this
    family name, and the text names no other person with it.
    """
    text = facts.article_text.folded.text
    claimed = sorted(context.claimed_spans)
    officials_by_family: dict[str, list[int]] = defaultdict(list)
    for official in sorted(context.first_accepted_at):
        for family in _list_family_names(facts, official):
            officials_by_family[family].append(official)
    for family, officials in officials_by_family.items():
        starts = [at for at in _find_family_name(text, family) if not overlaps(claimed, at, at + 1)]
        before_position = [at for at in starts if _HAN_POSITION.match(text, at + len(family))]
        known = set(before_position)
        has_others = any(at not in known and "\u3400" <= text[at + len(family)] <= "\u9fff" for at in starts)
        for at in before_position if len(officials) == 1 and not has_others else ():
            reason = "family name before a position, after the full name"
            decision = Accepted(officials[0], MatchForm.WITH_TITLE, FAMILY_NAME_WITH_POSITION_CONFIDENCE, reason)
            context.apply(facts, Candidate(at, at + len(family), tuple(officials)), (decision,))


def decide_korean_names_by_position(facts: ArticleFacts, context: MatchContext) -> None:
    """Decide which official is meant by each Korean family name before a position, and record the decisions.

    A family name is a mention on two conditions: elsewhere in the article, the same position follows the full name of
    the official; and no other person in the article has this family name and this position.
    """
    text = facts.article_text.folded.text
    claimed = sorted(context.claimed_spans)
    officials_by_title: dict[tuple[str, str], set[int]] = defaultdict(set)
    for mention in context.accepted:
        name = text[mention.start : mention.end].replace(" ", "")
        if _KOREAN_NAME.fullmatch(name):
            family = name[: 2 if name[:2] in native_words().two_character_family_names else 1]
            if (position := _KOREAN_POSITION.match(text, mention.end)) is not None:
                officials_by_title[family, position[1]].add(mention.official_index)
    for (family, position_word), officials in officials_by_title.items():
        other_person = re.compile(f"(?<![가-힣]){family}[가-힣]{{1,2}} ?(?:[가-힣]+ )?{position_word}")
        if len(officials) != 1 or any(
            not overlaps(claimed, at.start(), at.start() + 1) for at in other_person.finditer(text)
        ):
            continue
        (official,) = officials
        for match in re.finditer(f"(?<![가-힣]){family}(?= ?{position_word})", text):
            reason = "family name before the position given with the full name"
            decision = Accepted(official, MatchForm.WITH_TITLE, FAMILY_NAME_WITH_POSITION_CONFIDENCE, reason)
            context.apply(facts, Candidate(match.start(), match.end(), (official,)), (decision,))


def _list_family_names(facts: ArticleFacts, official_index: int) -> Iterator[str]:
    """Yield the possible family names of an official, taken from each configured name in Chinese characters."""
    prepared = facts.name_index.prepared_official(official_index)
    for name in dict.fromkeys(map(fold_key, (prepared.official.name, *prepared.official.aliases))):
        if not all("\u3400" <= char <= "\u9fff" or char == " " for char in name):
            continue
        if " " in name:
            yield name.partition(" ")[0]
        elif naming_convention(prepared.name_parts.convention).family_name_of_any_length:
            yield from (name[:size] for size in (1, 2, 3) if size < len(name))
        else:
            yield name[: 2 if name[:2] in native_words().two_character_family_names else 1]


def _find_family_name(text: str, family: str) -> Iterator[int]:
    """Yield the offsets at which a Chinese family name can be the start of a name.

    The character before the family name must not be Chinese, unless it is a word that is common before names.
    """
    at = text.find(family, 0, len(text) - 1)
    while at >= 0:
        left = text[at - 1 : at]
        if not "\u3400" <= left <= "\u9fff" or left in HAN_WORDS_BEFORE_NAME:
            yield at
        at = text.find(family, at + 1, len(text) - 1)


_INITIALS_BEFORE = re.compile(r"(?<![^\W_])([\u0400-\u042f])\. ?(?:[\u0400-\u042f]\. ?)?\Z")
_INITIALS_AFTER = re.compile(r",? ([\u0400-\u042f])\. ?[\u0400-\u042f]\.")
_MAX_INITIALS_CHARS = 7
_LEFT_CONTEXT_CHARS = 40
_MIN_DISTINCTIVE_CHARS = 5
_MAX_TITLE_CHARS = 30
_MIN_TITLED_CHARS = 4
_CONTINUING_SIGNS = frozenset("ะาำๆະາຳ")
_HAN_POSITION = re.compile(
    "(?:副|前|新|代理|国家|國家|外交|国防|國防|财政|商务|公安)?(?:主席|总书记|總書記|总统|總統|总理|總理|首相|外长|外長|防长|防長|部长|部長|大使|书记|書記|省长|省長"
    "|市长|市長|州长|将军|將軍|司令|议长|議長|委员长|委員長|知事|院长|院長|代表|幹事長|国务卿|國務卿|先生|女士|氏)"
    "|(?:外|外務|防衛|財務|法|法務|総務|経産|経済産業|農水|農林水産|国交|国土交通|厚労|厚生労働|文科|文部科学|環境|復興|(?:内閣)?官房)"
    "副?(?:相|大臣|長官)"
)
_KOREAN_NAME = re.compile("[가-힣]{2,4}")
_KOREAN_POSITION = re.compile(
    " (?:[가-힣]{2,12} )?[가-힣0-9]{0,6}?"
    "(대통령|총리|장관|차관|의원|대표|위원장|의장|지사|시장|대사|사령관|총장|실장|원장|비서관|청장|총재|후보)"
)
_WORD_GAPS = {" ", "-", "'s ", "' "}


_MAX_TITLE_RUN_WORDS = 40
"""Maximum number of adjacent title words that are parsed as one title; the longest titles in use have about 25."""
_MAX_NAME_DISTANCE_CHARS = 2
"""Maximum number of characters between a position and the name of its holder: a comma and a space."""


def decide_positions(facts: ArticleFacts, officials_by_country: OfficialsByCountry, context: MatchContext) -> None:
    """Decide which official is meant by each position without a name, and record the decisions.

    A position without a name, such as "the Lao Defence Minister", is a mention if exactly one official held it in that
    country on the date of the article.
    """
    if facts.article_date is None:
        return
    holders_by_title: dict[Title, tuple[int, ...]] = {}
    for start, end, title in _drop_named_holders(_find_titles(facts.article_text.cased), context):
        holders = holders_by_title.get(title)
        if holders is None:
            watched = (official for country in title.countries for official in officials_by_country.get(country, ()))
            holders = holders_by_title[title] = tuple(one for one in watched if _is_holder(facts, one, title))
        if len(holders) == 1:
            reason = f"position held on {facts.article_date}"
            decision = Accepted(holders[0], MatchForm.POSITION, POSITION_CONFIDENCE, reason)
            context.apply(facts, Candidate(start, end, holders), (decision,))


def _drop_named_holders(
    titles: Iterable[tuple[int, int, Title]], context: MatchContext
) -> Iterator[tuple[int, int, Title]]:
    """Yield the titles except the ones that overlap a mention or are directly before one.

    A title next to a mention belongs to the named official. ``titles`` must be in the order of the text.
    """
    mentions = sorted((mention.start, mention.end) for mention in context.accepted)
    at = last_end = 0
    for start, end, title in titles:
        while at < len(mentions) and mentions[at][0] <= end + _MAX_NAME_DISTANCE_CHARS:
            last_end = max(last_end, mentions[at][1])
            at += 1
        if last_end <= start:
            yield start, end, title


def _find_titles(cased: str) -> Iterable[tuple[int, int, Title]]:
    """Yield each title in a text that states a position, as (start, end, meaning).

    A title is a series of adjacent title words. It is omitted before a capitalized word, because this word may be the
    name of the holder.
    """
    run: list[tuple[int, int, str]] = []
    for match in TITLE_WORD_PATTERN.finditer(cased):
        word = match.group().lower()
        known = word in title_words() or word in country_words()
        joined = bool(run) and cased[run[-1][1] : match.start()] in _WORD_GAPS
        if run and not (known and joined):
            if not (joined and match.group()[0].isupper()):
                yield from _finish_run(run)
            run = []
        if known:
            run.append((match.start(), match.end(), word))
    yield from _finish_run(run)


def _finish_run(run: list[tuple[int, int, str]]) -> Iterable[tuple[int, int, Title]]:
    """Yield the title that a series of words forms, as (start, end, meaning).

    Function words at the start and end of the series are left out. Nothing is yielded if the series states no position,
    or is longer than a title can be.
    """
    if len(run) > _MAX_TITLE_RUN_WORDS:
        return
    while run and run[0][2] in {"the", "a", "an", "of", "and", "to", "in", "by", "for", "his", "her", "their"}:
        run = run[1:]
    while run and run[-1][2] in {
        "the",
        "a",
        "an",
        "of",
        "and",
        "to",
        "in",
        "by",
        "for",
        "who",
        "is",
        "was",
        "at",
        "on",
    }:
        run = run[:-1]
    if run and (title := parse_title(tuple(word for _, _, word in run))).positions:
        yield run[0][0], run[-1][1], title


def _is_holder(facts: ArticleFacts, official_index: int, title: Title) -> bool:
    """Return whether an official of the title's country held the position of the title on the date of the article."""
    prepared = facts.name_index.prepared_official(official_index)
    if prepared.country not in title.countries or title.rank:
        return False
    positions = [position for position in title.positions if not position.is_vague and not position.is_former]
    return any(
        rate_role_fit(position, role, facts.article_date) is RoleFit.CURRENT
        for position in positions
        for role in prepared.official.roles
    )

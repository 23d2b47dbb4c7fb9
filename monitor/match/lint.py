"""Checks of a watchlist: find invalid or doubtful names, roles, queries and examples.

Each problem states the id of the official or rule, and the configuration key whose value is wrong.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.domain.article import Article, Region
from monitor.domain.errors import KeyIssue, QueryError
from monitor.domain.mention import Findings
from monitor.domain.source import Source
from monitor.domain.value_parsers import suggest_similar
from monitor.domain.values import replace
from monitor.domain.watchlist import Examples, Official, Rule, Watchlist
from monitor.match.names.scripts import is_native
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import find_sentence, is_unspaced


class NameIssue(Struct, frozen=True):
    """Problem with one configured value of an official or a rule.

    - ``kind`` is "official" or "rule", and ``id`` identifies the official or rule.
    - ``field`` is the configuration key. If the value is an item of a list, ``index`` is its index, otherwise -1.
    - ``is_fatal`` is true for an error and false for a warning.
    """

    kind: str
    id: str
    field: str
    index: int
    message: str
    is_fatal: bool


def lint_names(watchlist: Watchlist) -> tuple[NameIssue, ...]:
    """Return the problems of all names and roles, such as a shared name or a role without a known position."""
    issues = [issue for official in watchlist.officials for issue in _lint_official(official)]
    return (*issues, *_lint_shared_names(watchlist))


def _lint_official(official: Official) -> Iterator[NameIssue]:
    yield from _lint_official_names(official)
    yield from _lint_exclude_phrases(official)
    if problem := _find_country_problem(official.country):
        message = f"{problem}: the name is read as first name and family name{_suggest_country(official.country)}"
        yield NameIssue("official", official.id, "country", -1, message, is_fatal=False)
    if not official.country:
        message = (
            "without a country the name is read as first name and family name, and a text about the country "
            "is no evidence; add country: with the home country"
        )
        yield NameIssue("official", official.id, "name", -1, message, is_fatal=False)
    for index, role in enumerate(official.roles):
        if not _has_position(role.title):
            message = (
                f"no position is recognized in {role.title!r}: write it as the press does, as in Minister of Finance"
            )
            yield NameIssue("official", official.id, "roles", index, message, is_fatal=False)


@lru_cache(maxsize=1000)
def _find_country_problem(country: str) -> str:
    """Return a message that a configured country is not known, or an empty text if it is known or not configured."""
    from monitor.match.vocabulary import country_keys, find_country_key  # read the language data, as few commands do

    key = find_country_key(country)
    return f"{country!r} is not a known country" if key and key not in country_keys() else ""


@lru_cache(maxsize=1000)
def _suggest_country(country: str) -> str:
    """Return the end of a message, which names a country with a similar name, or an empty text if there is none."""
    from monitor.language.countries import format_country_name
    from monitor.match.vocabulary import country_words

    return suggest_similar(country, map(format_country_name, country_words()))


@lru_cache(maxsize=10_000)
def _has_position(title: str) -> bool:
    from monitor.match.titles.positions import parse_positions  # reads the language data, which most commands omit

    return bool(parse_positions(title))


def _lint_exclude_phrases(official: Official) -> Iterator[NameIssue]:
    """Yield a warning for each exclude phrase that cancels no mention, or that cancels every mention.

    An exclude phrase is a configured phrase that cancels the mentions of an official that overlap it or are in the same
    sentence.
    """
    if not official.exclude_phrases:
        return
    from monitor.match.exclude_phrases import is_part_of_name, list_phrase_words, touches_name

    for index, phrase in enumerate(official.exclude_phrases):
        message = ""
        if not list_phrase_words(phrase):
            message = (
                f"{phrase!r} has no word, so it never cancels a mention; write words that stand with the other name"
            )
        elif is_part_of_name(official, phrase):
            message = (
                f"{phrase!r} is a part of the name itself and cancels every mention by it; add the words around it"
            )
        elif not touches_name(official, phrase) and find_sentence(phrase, 0, 1) != (0, len(phrase)):
            message = (
                f"{phrase!r} has no part of the name and is longer than a sentence, so it never cancels a mention; "
                "write words of the sentence with the name"
            )
        if message:
            yield NameIssue("official", official.id, "exclude_phrases", index, message, is_fatal=False)


def _lint_official_names(official: Official) -> Iterator[NameIssue]:
    names = (official.name, *official.aliases)
    seen: set[str] = set()
    for index, name in enumerate(names, start=-1):
        field = "name" if index < 0 else "aliases"
        key = " ".join(fold_words(name))
        for message, fatal in _lint_name(name, official, is_alias=index >= 0):
            yield NameIssue("official", official.id, field, index, message, fatal)
        if key and key in seen and name.isascii():
            yield NameIssue(
                "official",
                official.id,
                field,
                index,
                f"{name!r} is the same as another name of this official; remove it",
                is_fatal=False,
            )
        seen.add(key)


def _lint_name(name: str, official: Official, *, is_alias: bool) -> Iterator[tuple[str, bool]]:
    """Yield each problem of one name as a pair: the message, and True if the name cannot be used because of it."""
    words = fold_words(name)
    if error := find_name_error(name, official):
        yield error, True
    elif is_native(name):
        return
    elif len(words) != 1:
        yield from _lint_form_of_address(name, official)
    elif _is_risky_word(words[0]):
        yield _ORDINARY_WORD_MESSAGE.format(name=name), False
    elif not (official.country or official.roles):
        yield (
            f"{name!r} is one word, and without country or roles nothing distinguishes it from other names: add them",
            False,
        )
    elif not is_alias:
        yield (
            f"{name!r} is one word: it counts with a title, or in a text that mentions its country",
            False,
        )


def _lint_form_of_address(name: str, official: Official) -> Iterator[tuple[str, bool]]:
    from monitor.match.names.forms import find_kept_address  # reads the language data, which most commands omit

    if find_kept_address(name, official.country):
        word, _, rest = name.strip().partition(" ")
        yield f"{word!r} may be a form of address, which is no part of a name: if so, write {rest!r} in full", False


def find_name_error(name: str, official: Official) -> str:
    """Return the reason why a name cannot be used, or an empty string."""
    words = fold_words(name)
    if not any(char.isalpha() for char in fold_key(name)):
        return f"{name!r} has no letter"
    if is_native(name):
        letters = [char for char in name if char.isalpha()]
        if len(letters) < 2 or (len(letters) < 3 and is_unspaced(letters[0]) and letters[0] < "\u2e80"):
            return f"{name!r} is too short, it also occurs inside other words: give the full name"
        return ""
    if len(words) == 1 and not (official.country or official.roles) and _is_risky_word(words[0]):
        return _ORDINARY_WORD_MESSAGE.format(name=name)
    return ""


_ORDINARY_WORD_MESSAGE = "{name!r} is also an ordinary word and counts only with a title: give the full name"


def _is_risky_word(folded: str) -> bool:
    """Return whether a name of one word would give false alarms, because it is very short or also an ordinary word."""
    from monitor.match.vocabulary import is_ordinary_word  # reads the language data, which most commands omit

    return len(folded) < 3 or is_ordinary_word(folded)


def _lint_shared_names(watchlist: Watchlist) -> Iterator[NameIssue]:
    """Yield a warning for each name that an earlier official in the watchlist also has."""
    bearers: dict[str, list[tuple[Official, str, int]]] = defaultdict(list)
    for official in watchlist.officials:
        for index, name in enumerate((official.name, *official.aliases), start=-1):
            bearers[" ".join(fold_words(name)) or name].append((official, name, index))
    for same in bearers.values():
        first = same[0][0]
        for official, name, index in same[1:]:
            if official is first or not is_same_name(name, (first.name, *first.aliases)):
                continue
            field = "name" if index < 0 else "aliases"
            shared = f"{name!r} is also a name of {first.id}"
            message = f"{shared}: it counts only where position, country or date fits one of them"
            if not (official.roles and first.roles) and official.country == first.country:
                message = f"{shared}, and nothing distinguishes them: add country and roles"
            yield NameIssue("official", official.id, field, index, message, is_fatal=False)


def is_same_name(name: str, others: tuple[str, ...]) -> bool:
    """Return whether a name equals one of the other names.

    Capital letters are ignored. Diacritics are ignored if one of the two compared names has none.
    """
    folded = [other for other in others if fold_words(other) == fold_words(name)]
    return any(name.isascii() or other.isascii() or name.casefold() == other.casefold() for other in folded)


if TYPE_CHECKING:
    from monitor.match.engine import Matcher


def lint_watchlist(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Yield the errors and warnings of a watchlist: unusable names, invalid queries, and examples that fail."""
    yield from map(to_key_issue, lint_names(watchlist))
    yield from _lint_rules(watchlist)


def lint_sources(watchlist: Watchlist, sources: Sequence[Source]) -> Iterator[KeyIssue]:
    """Yield a warning for each source whose country is unknown, or in whose script some officials cannot be found."""
    for source in sources:
        if problem := _find_country_problem(source.country):
            message = (
                f"{problem}, so it says nothing about the time zone of dates and the country of posts"
                f"{_suggest_country(source.country)}"
            )
            yield KeyIssue(("sources", source.id, "country"), message, is_warning=True)
    yield from _lint_source_languages(watchlist, sources)


def _lint_source_languages(watchlist: Watchlist, sources: Sequence[Source]) -> Iterator[KeyIssue]:
    """Yield a warning for each source whose language is written in a script in which some officials cannot be found."""
    from monitor.match.names.coverage import Coverage, find_coverage, find_script_of_language

    missing: dict[str, list[Official]] = {}
    for source in sources:
        script = find_script_of_language(source.language) if source.language else ""
        if not script:
            continue
        if script not in missing:
            missing[script] = [one for one in watchlist.officials if find_coverage(one, script) is Coverage.NONE]
        if officials := missing[script]:
            message = (
                f"its texts are in {script} letters, in which {len(officials)} of {len(watchlist.officials)} officials "
                f"cannot be found, such as {officials[0].name}: add aliases in this script "
                "(monitor officials forms shows the scripts)"
            )
            yield KeyIssue(("sources", source.id, "language"), message, is_warning=True)


def find_watchlist_errors(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Yield the errors of a watchlist, without warnings.

    The language data is read only if an official without country and roles has a name of one word.
    """
    for official in watchlist.officials:
        for index, name in enumerate((official.name, *official.aliases), start=-1):
            if error := find_name_error(name, official):
                field = "name" if index < 0 else "aliases"
                yield to_key_issue(NameIssue("official", official.id, field, index, error, is_fatal=True))
    yield from _lint_rules(watchlist)


def to_key_issue(found: NameIssue) -> KeyIssue:
    """Convert the problem of a name to an issue that states the configuration key in sources.yaml."""
    index = () if found.index < 0 else (found.index,)
    return KeyIssue((f"{found.kind}s", found.id, found.field, *index), found.message, is_warning=not found.is_fatal)


def _lint_rules(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Yield an error for each invalid query and for each example that fails.

    Examples belong to officials or rules. The examples of a rule with an invalid query are not tested.
    """
    bad = []
    for rule in watchlist.rules:
        if issues := [*_lint_queries(rule, watchlist)]:
            bad.append(rule.id)
            yield from issues
    without_bad_rules = replace(watchlist, rules=tuple(rule for rule in watchlist.rules if rule.id not in bad))
    yield from _lint_examples(without_bad_rules)


def _lint_queries(rule: Rule, watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Yield an error for each invalid query of a rule: its ``query`` and its ``exclude``."""
    given = {key: text for key, text in (("query", rule.query), ("exclude", rule.exclude)) if text}
    if not given:
        return
    from monitor.match.query.evaluate import compile_query  # imported only if the watchlist has queries

    ids = [official.id for official in watchlist.officials]
    for key, text in given.items():
        try:
            compile_query(text, ids, watchlist.synonyms)
        except QueryError as error:
            yield KeyIssue(("rules", rule.id, key), f"{error.message}; write {error.expected}", error.position)


def _lint_examples(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Match the examples of officials and rules as articles, and yield an error for each example that fails.

    The watchlist is compiled only if it has examples.
    """
    given = [*(official.examples for official in watchlist.officials), *(rule.examples for rule in watchlist.rules)]
    if all(examples == Examples() for examples in given):
        return
    from monitor.match.engine import compile_watchlist

    matcher = compile_watchlist(watchlist)
    for official in watchlist.officials:
        for kind, index, text in _iter_example_texts(official.examples):
            found = any(mention.official_id == official.id for mention in _match_example(matcher, text, None).mentions)
            if found != (kind == "match"):
                path = ("officials", official.id, "examples", kind, index)
                yield KeyIssue(
                    path, _explain_failed_example(found, "official", "an alias", "a phrase under exclude_phrases")
                )
    for rule in watchlist.rules:
        for kind, index, text in _iter_example_texts(rule.examples):
            found = any(hit.rule_id == rule.id for hit in _match_example(matcher, text, rule).hits)
            if found != (kind == "match"):
                path = ("rules", rule.id, "examples", kind, index)
                yield KeyIssue(path, _explain_failed_example(found, "rule", "words with OR", "words with NOT"))


def _iter_example_texts(examples: Examples) -> Iterator[tuple[str, int, str]]:
    for kind, texts in (("match", examples.match), ("reject", examples.reject)):
        for index, text in enumerate(texts):
            yield kind, index, text


def _match_example(matcher: "Matcher", text: str, rule: Rule | None) -> Findings:
    """Match an example text against the watchlist as if it were an article, and return the findings.

    The article has a region, language and source that ``rule`` selects. ``rule`` is None for an example of an official.
    """
    regions = rule.regions if rule else ()
    region = Region.BODY if not regions or Region.BODY in regions else regions[0]
    article = Article(
        url="",
        title=text if region is Region.TITLE else "",
        standfirst=text if region is Region.STANDFIRST else "",
        dateline=text if region is Region.DATELINE else "",
        captions=(text,) if region is Region.CAPTION else (),
        body=text if region is Region.BODY else "",
        language=rule.languages[0] if rule and rule.languages else "",
    )
    return matcher.match(article, rule.sources[0] if rule and rule.sources else "")


def _explain_failed_example(is_found: bool, noun: str, fix_if_missing: str, fix_if_found: str) -> str:
    if is_found:
        return f"this text must not match, but the {noun} is found in it; add {fix_if_found}"
    return f"this text must match, but the {noun} is not found in it; add {fix_if_missing}"

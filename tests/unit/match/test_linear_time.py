"""The work of matching grows in proportion to the length of the text, whatever a hostile feed writes.

Executed lines and calls are counted, not seconds: the count does not depend on the machine or its load.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from support.adversarial_texts import OFFICIALS, RULES, TEXTS, WATCHLIST, same_family_officials, text_of_names

from monitor.domain.article import Article
from monitor.domain.mention import Findings
from monitor.domain.watchlist import Rule, Watchlist
from monitor.match.engine import MAX_MENTIONS, Matcher, compile_watchlist
from monitor.match.rules import MAX_PASSAGES

SIZE = 3_000
"""Characters of the shorter text: enough for the square of the length to outweigh the rest."""
MAX_GROWTH = 2.3
"""Growth of the count for a text of twice the length: 2 in proportion, 4 with the square; caches add a little."""
MAX_STEPS_PER_CHARACTER = 120
"""Lines and calls for one character, of the worst text here (about 60): a bound on what is done for each place."""
PUBLISHED = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """Return the engine with the watchlist that the texts aim at."""
    return compile_watchlist(WATCHLIST)


def article(text: str, language: str = "en") -> Article:
    """Return an article with a text as its body and a quarter of it as its title."""
    return Article(url="", title=text[: len(text) // 4], body=text, language=language, published_at=PUBLISHED)


def count_steps(work: Callable[[], object]) -> int:
    """Return the number of lines and calls that Python executes for a piece of work."""
    steps = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal steps
        steps += 1
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(previous)
    return steps


def count_match_steps(matcher: Matcher, text: Article) -> int:
    """Return the number of steps in which an article is matched."""
    return count_steps(lambda: matcher.match(text))


def growth(matcher: Matcher, build: Callable[[int], str], language: str = "en") -> tuple[float, float]:
    """Return by how much the count grows for a text of twice the length, and the count for one character."""
    matcher.match(article(build(2 * SIZE), language))  # fills the caches
    short, long = (count_match_steps(matcher, article(build(size), language)) for size in (SIZE, 2 * SIZE))
    return long / short, long / (2 * SIZE)


@pytest.mark.parametrize("label", TEXTS)
def test_the_work_grows_in_proportion_to_the_text(matcher: Matcher, label: str) -> None:
    """Twice the text is twice the work, for each kind of hostile text."""
    times, per_character = growth(matcher, TEXTS[label])
    assert times < MAX_GROWTH
    assert per_character < MAX_STEPS_PER_CHARACTER


@pytest.mark.parametrize("language", ["pl", "de", "vi", "zh"])
@pytest.mark.parametrize("label", ["a Latin name", "a short name", "different capitalized words", "mixed scripts"])
def test_the_work_grows_in_proportion_to_the_text_in_other_languages(
    matcher: Matcher, label: str, language: str
) -> None:
    """The search for inflected names and the rules of a language are bounded, too."""
    assert growth(matcher, TEXTS[label], language)[0] < MAX_GROWTH


def test_the_work_does_not_grow_with_the_number_of_officials_with_one_family_name() -> None:
    """Ten times the officials with one family name cost no more for each place of the name."""
    counts = []
    for number in (300, 3_000):
        officials = same_family_officials(number)
        engine = compile_watchlist(Watchlist(officials, RULES[:1]))
        text = text_of_names(officials[:60], 4 * SIZE)
        engine.match(article(text))
        counts.append(count_match_steps(engine, article(text)))
    assert counts[1] < 1.5 * counts[0]


def test_many_mentioned_officials_cost_in_proportion_to_the_text() -> None:
    """A text that names another official with the same family name each time is matched in proportion, too."""
    officials = same_family_officials(400)
    engine = compile_watchlist(Watchlist(officials, RULES[:1]))
    times, _ = growth(engine, lambda size: text_of_names(officials, 4 * size))
    assert times < MAX_GROWTH


def long_findings(matcher: Matcher) -> Iterator[Findings]:
    """Yield the findings of texts that name officials many thousand times."""
    for text in ("潘文江" * 10_000, "Wang Yi met Phan Van Giang. " * 2_000, "Giang\n" * 10_000):
        yield matcher.match(article("Wang Yi and Phan Van Giang met.\n" + text))


def test_the_findings_of_one_article_are_limited(matcher: Matcher) -> None:
    """A text that repeats names fills neither the database nor a digest; each official and hit is kept."""
    for findings in long_findings(matcher):
        assert MAX_MENTIONS <= len(findings.mentions) <= MAX_MENTIONS + len(OFFICIALS)
        assert {"pan", "wang"} <= {mention.official_id for mention in findings.mentions}
        assert all(len(hit.passages) <= MAX_PASSAGES for hit in findings.hits)


def test_the_last_official_of_a_flooded_text_is_found() -> None:
    """The limit of mentions never hides an official."""
    rule = Rule("people", officials=("all",))
    findings = compile_watchlist(Watchlist(OFFICIALS, (rule,))).match(
        article("潘文江" * 5_000 + "\nWalter Hargrove left.")
    )
    assert [hit.official_ids for hit in findings.hits] == [("pan", "hargrove")]
    assert {mention.official_id for mention in findings.mentions} == {"pan", "hargrove"}

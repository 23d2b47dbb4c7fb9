"""Matching steps alone: candidates, boundaries, evidence and the context of decisions."""

import pytest

from monitor.domain.article import Article
from monitor.domain.mention import MatchForm
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.article_text import SurroundingText, normalize_article
from monitor.match.candidates import (
    find_candidates,
    find_names_with_initial_only,
    find_names_with_initial_or_nickname,
    find_names_with_middle_name_or_typo,
    list_full_name_candidates,
    list_short_name_candidates,
)
from monitor.match.context import MAX_NEAR_MISSES, ArticleFacts, MatchContext
from monitor.match.decisions.evidence import collect_full_name_evidence, find_boundary
from monitor.match.decisions.full_names import decide_full_name, reject_full_name
from monitor.match.engine import compile_watchlist
from monitor.match.names.index import NameIndex
from monitor.match.types import Accepted, Candidate, Candidates, ExtensionKind, Rejected

HARGROVE = Official("stone", "Walter Hargrove", "United States", roles=(Role("Secretary of Defense"),))
HAI = Official("hai", "Trần Minh Hải", "Vietnam", exclude_phrases=("Hai district",))
INDEX = NameIndex((HARGROVE, HAI))


def read(body: str) -> tuple[ArticleFacts, Candidates]:
    """Return the facts and candidates of an English article."""
    text = normalize_article(Article(url="", body=body, language="en"))
    found = find_candidates(INDEX, text, "en")
    around = SurroundingText(text, found.genitive_ends, "")
    return ArticleFacts(INDEX, text, around, None, "en", found.countries), found


def last_short_name(body: str) -> tuple[ArticleFacts, Candidate]:
    """Return the facts and the last short name of an article."""
    facts, candidates = read(body)
    return facts, max(list_short_name_candidates(facts, candidates))


@pytest.mark.parametrize(
    ("body", "kind", "name"),
    [
        ("Later Walter B. Hargrove left.", ExtensionKind.INITIAL_OR_NICKNAME, "Walter B. Hargrove"),
        ("Later W. Hargrove left.", ExtensionKind.INITIAL_FOR_FIRST_NAME, "W. Hargrove"),
        ("Later Walter Brian Hargrove left.", ExtensionKind.MIDDLE_NAME, "Walter Brian Hargrove"),
        ("Later Waltre Hargrove left.", ExtensionKind.FIRST_NAME_TYPO, "Waltre Hargrove"),
    ],
)
def test_extended_names_are_candidates_of_their_own_kind(body: str, kind: ExtensionKind, name: str) -> None:
    """A search around a short name returns the longer place and its kind, without a decision."""
    facts, candidate = last_short_name(body)
    boundary = find_boundary(facts, candidate)
    searches = (
        find_names_with_initial_or_nickname,
        find_names_with_initial_only,
        find_names_with_middle_name_or_typo,
    )
    found = [one for search in searches for one in search(facts, candidate, boundary)]
    assert [(one.kind, facts.cased_text(one.candidate)) for one in found] == [(kind, name)]


@pytest.mark.parametrize(
    ("body", "is_standalone", "other_bearer", "rejection"),
    [
        ("Then Hargrove spoke.", True, "", ""),
        ("Then Peter Hargrove spoke.", False, "Peter Hargrove", ""),
        ("Then B. Hargrove spoke.", False, "B. Hargrove", ""),
        ("Then Hargrove Street flooded.", False, "Hargrove Street", "part of a longer name: ... Street"),
        ("The frigate Hargrove sailed.", False, "", "name of a place or thing, or a credit"),
    ],
)
def test_the_boundary_of_a_short_name_is_evidence_without_a_decision(
    body: str, is_standalone: bool, other_bearer: str, rejection: str
) -> None:
    """A boundary has the other person's name and the reason for a near miss."""
    boundary = find_boundary(*last_short_name(body))
    assert (boundary.is_standalone, boundary.other_bearer, boundary.rejection) == (
        is_standalone,
        other_bearer,
        rejection,
    )


def test_evidence_of_a_full_name_is_collected_before_the_decision() -> None:
    """The occupation of a namesake is a field of the evidence; the decision is a function of it."""
    facts, candidates = read("Singer Walter Hargrove sang.")
    (candidate,) = list_full_name_candidates(facts, candidates)
    evidence = collect_full_name_evidence(facts, candidate, 0)
    assert evidence.occupation == "singer"
    rejected = reject_full_name(evidence, candidate, (0,))
    assert rejected == Rejected((0,), "another person with this name: singer", namesakes=(0,))
    assert reject_full_name(evidence._replace(occupation=""), candidate, (0,)) is None


def test_a_namesake_in_the_context_makes_a_title_necessary() -> None:
    """The same full name is accepted or rejected, depending on earlier decisions only."""
    facts, candidates = read("Walter Hargrove left.")
    (candidate,) = list_full_name_candidates(facts, candidates)
    (accepted,) = decide_full_name(facts, candidate, MatchContext())
    assert isinstance(accepted, Accepted)
    (rejected,) = decide_full_name(facts, candidate, MatchContext(namesakes={0}))
    assert isinstance(rejected, Rejected)


def test_a_mention_inside_an_exclude_phrase_is_a_near_miss() -> None:
    """The record has the mention outside the phrase, and the near miss inside it."""
    facts, _ = read("In the Hai district Tran Minh Hai spoke.")
    context = MatchContext()
    decision = Accepted(1, MatchForm.FULL, 0.9, "full name")
    context.apply(facts, Candidate(20, 33, (1,)), (decision,))
    context.apply(facts, Candidate(7, 10, (1,)), (decision,))
    assert [one.start for one in context.accepted] == [20]
    assert context.first_accepted_at == {1: 20}
    assert [one.reason for one in context.rejected] == ["cancelled by the phrase 'Hai district'"]


def test_the_last_mention_before_a_place_is_found_when_steps_add_out_of_order() -> None:
    """A later step that begins again at the start of the text does not hide the mentions of an earlier one."""
    facts, _ = read("Hai")
    context = MatchContext()
    for start in (100, 300, 290, 50, 200, 40):
        context.apply(facts, Candidate(start, start + 3, (1,)), (Accepted(1, MatchForm.FULL, 0.9, "full name"),))
    assert [context.last_accepted_before(1, offset) for offset in (40, 60, 100, 250, 300, 999)] == [
        -1, 50, 50, 200, 290, 300
    ]  # fmt: skip
    assert context.last_accepted_before(0, 999) == -1


@pytest.mark.parametrize("count", [5, 1000])
def test_the_mentioned_officials_of_a_common_name_are_known_after_each_mention(count: int) -> None:
    """Few and many officials with one name are answered alike, also for officials mentioned later."""
    facts, _ = read("Hai")
    same_name = tuple(range(0, 2 * count, 2))
    context = MatchContext()
    assert not context.is_any_mentioned(same_name)
    answers = []
    index = NameIndex(tuple(Official(str(at), f"Walter{at} Hargrove") for at in range(2 * count)))
    facts = ArticleFacts(index, facts.article_text, facts.surrounding_text, None, "en", ())
    for official in (4, 3, 0):
        context.apply(facts, Candidate(0, 3, (official,)), (Accepted(official, MatchForm.FULL, 0.9, "full name"),))
        answers.append(list(context.mentioned(same_name)))
    assert answers == [[4], [4], [0, 4]]
    assert context.is_any_mentioned(same_name)


def test_near_misses_of_one_article_are_limited() -> None:
    """A text that repeats one name cannot fill the database."""
    facts, _ = read("Hai")
    context = MatchContext()
    for start in range(2 * MAX_NEAR_MISSES):
        context.apply(facts, Candidate(start, start + 1, (0, 1)), (Rejected((0, 1), "no title"),))
    assert len(context.rejected) == MAX_NEAR_MISSES


@pytest.mark.parametrize("count", [10, 60])
def test_a_full_name_is_never_taken_for_another_one_with_a_typo(count: int) -> None:
    """However many names precede or follow it."""
    watchlist = Watchlist((Official("a", "Anna Bandoro", "Italy"), Official("b", "Anna Bandora", "Italy")))
    article = Article(url="", body="Anna Bandoro spoke. " * count, language="en")
    findings = compile_watchlist(watchlist).match(article)
    assert ({one.official_id for one in findings.mentions}, findings.near_misses) == ({"a"}, ())

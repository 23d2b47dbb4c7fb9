"""The pure line over the offline news world, measured against its annotations."""

from collections.abc import Iterable
from itertools import combinations

from support.baselines import assert_floor
from support.seed_pipeline import Case, articles_by_name, cases, findings_by_document, plain

from monitor.stories.grouping import group_articles

SLACK = 25


def rate(good: int, all_: int) -> float:
    """Return a share; of nothing, all is well."""
    return good / all_ if all_ else 1.0


def wanted(case: Case) -> set[tuple[str, str]]:
    """List the mentions a careful reader finds: (official, surface form)."""
    return {(who, plain(form)) for who, forms in case.truth["mentions"].items() for form in forms}


def found(case: Case) -> set[tuple[str, str]]:
    """List the mentions the program finds."""
    return {(mention.official_id, plain(mention.text)) for mention in findings_by_document()[case.name].mentions}


def lines(pairs: Iterable[tuple[str, object]]) -> str:
    """Show what is wrong, a document a line."""
    return "\n".join(f"{name}: {what}" for name, what in pairs if what)


def test_mentions_are_found_and_nothing_else() -> None:
    """Of the mentions told, nearly all are right; of the mentions that stand there, nearly all are told."""
    right = sum(len(wanted(case) & found(case)) for case in cases())
    told, standing = sum(len(found(case)) for case in cases()), sum(len(wanted(case)) for case in cases())
    assert_floor("seeds.mentions.precision", rate(right, told), lines((c.name, found(c) - wanted(c)) for c in cases()))
    assert_floor("seeds.mentions.recall", rate(right, standing), lines((c.name, wanted(c) - found(c)) for c in cases()))


def test_people_named_only_outside_the_article_are_not_told() -> None:
    """Navigation, related news, comments and tag clouds name officials in every page; none of them counts."""
    false = {case.name: {who for who, _ in found(case)} & set(case.truth["elsewhere"]) for case in cases()}
    tempting = sum(len(case.truth["elsewhere"]) for case in cases())
    alarms = sum(len(who) for who in false.values())
    assert_floor("seeds.mentions.not_elsewhere", 1 - rate(alarms, tempting), lines(false.items()))


def test_titles_are_the_headlines() -> None:
    """The title is the article's own, whatever the page calls itself."""
    wrong = {c.name: c.article.title for c in cases() if plain(c.article.title) != plain(c.truth["title"])}
    assert_floor("seeds.titles", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_bodies_are_whole_and_clean() -> None:
    """The body holds its first and its last words, and little before or after them."""
    wrong = {}
    for case in cases():
        body, first, last = (plain(text) for text in (case.article.body, case.truth["first"], case.truth["last"]))
        before, _, after = body.partition(first)
        after = after.rpartition(last)[2] if last in body else after
        if first not in body or last not in body or len(before) > 4 * SLACK or len(after) > SLACK:
            wrong[case.name] = f"{before[-60:]!r} ... {after[:60]!r}"
    assert_floor("seeds.bodies", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_times_are_those_of_the_articles() -> None:
    """A time is right to the minute; where nothing tells it, none is told."""
    wrong = {}
    for case in cases():
        told, truth = case.article.published_at, case.published_at
        if (told is None) != (truth is None) or (told and truth and abs((told - truth).total_seconds()) >= 60):
            wrong[case.name] = f"{told} instead of {truth}"
    assert_floor("seeds.times", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def groups() -> dict[str, tuple[str, str | None]]:
    """Group every document: its story's first article, and its lead if it is a copy."""
    return group_articles(list(articles_by_name()))


def pairs(label: dict[str, str | None]) -> set[tuple[str, str]]:
    """List the pairs of documents that share a label."""
    return {(a, b) for a, b in combinations(sorted(label), 2) if label[a] is not None and label[a] == label[b]}


def hold_pairs(name: str, told: set[tuple[str, str]], truth: set[tuple[str, str]]) -> None:
    assert_floor(f"{name}.precision", rate(len(told & truth), len(told)), sorted(told - truth))
    assert_floor(f"{name}.recall", rate(len(told & truth), len(truth)), sorted(truth - told))


def test_copies_are_told_from_reports_of_their_own() -> None:
    """Agency texts with another headline, lost paragraphs, other spelling or diacritics are copies; nothing else is."""
    told = {case.name: groups()[case.name][1] or case.name for case in cases()}
    truth = {case.name: case.truth.get("copy_of") or case.name for case in cases()}
    hold_pairs("seeds.copies", pairs({**told}), pairs({**truth}))


def test_reports_of_one_event_stand_together() -> None:
    """Two editions of one article, copies, and reports by other hands and in other languages are one story."""
    told = {case.name: groups()[case.name][0] for case in cases()}
    truth = {case.name: case.truth.get("story") or case.name.removesuffix("@2") for case in cases()}
    hold_pairs("seeds.stories", pairs({**told}), pairs({**truth}))

"""The pure pipeline on the demo articles, measured against their annotations."""

from collections.abc import Iterable
from itertools import combinations

from support.baselines import assert_floor
from support.seed_pipeline import Case, articles_by_name, cases, findings_by_document, plain

from monitor.stories.grouping import group_articles

MAX_EXTRA_CHARACTERS = 25


def rate(right: int, total: int) -> float:
    """Return a share, or 1.0 if the total is zero."""
    return right / total if total else 1.0


def expected(case: Case) -> set[tuple[str, str]]:
    """Return the annotated mentions as pairs of official and spelling."""
    return {(who, plain(form)) for who, forms in case.truth["mentions"].items() for form in forms}


def found(case: Case) -> set[tuple[str, str]]:
    """Return the mentions that the program finds."""
    return {(mention.official_id, plain(mention.text)) for mention in findings_by_document()[case.name].mentions}


def lines(pairs: Iterable[tuple[str, object]]) -> str:
    """Return the wrong results, one document per line."""
    return "\n".join(f"{name}: {what}" for name, what in pairs if what)


def test_all_mentions_and_no_others_are_found() -> None:
    """Nearly all mentions found are right, and nearly all annotated mentions are found."""
    right = sum(len(expected(case) & found(case)) for case in cases())
    actual, expected_count = sum(len(found(case)) for case in cases()), sum(len(expected(case)) for case in cases())
    assert_floor(
        "seeds.mentions.precision", rate(right, actual), lines((c.name, found(c) - expected(c)) for c in cases())
    )
    assert_floor(
        "seeds.mentions.recall", rate(right, expected_count), lines((c.name, expected(c) - found(c)) for c in cases())
    )


def test_people_named_only_outside_the_article_are_not_found() -> None:
    """Navigation, related news, comments and tag clouds name officials in every page; none of them counts."""
    false = {case.name: {who for who, _ in found(case)} & set(case.truth["elsewhere"]) for case in cases()}
    elsewhere = sum(len(case.truth["elsewhere"]) for case in cases())
    false_count = sum(len(who) for who in false.values())
    assert_floor("seeds.mentions.not_elsewhere", 1 - rate(false_count, elsewhere), lines(false.items()))


def test_titles_are_the_headlines() -> None:
    """The title is the headline, whatever the title of the page."""
    wrong = {c.name: c.article.title for c in cases() if plain(c.article.title) != plain(c.truth["title"])}
    assert_floor("seeds.titles", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_bodies_are_whole_and_clean() -> None:
    """The body contains the first and last words of the text, and few characters before or after them."""
    wrong = {}
    for case in cases():
        body, first, last = (plain(text) for text in (case.article.body, case.truth["first"], case.truth["last"]))
        before, _, after = body.partition(first)
        after = after.rpartition(last)[2] if last in body else after
        if (
            first not in body
            or last not in body
            or len(before) > 4 * MAX_EXTRA_CHARACTERS
            or len(after) > MAX_EXTRA_CHARACTERS
        ):
            wrong[case.name] = f"{before[-60:]!r} ... {after[:60]!r}"
    assert_floor("seeds.bodies", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_times_are_those_of_the_articles() -> None:
    """A time is right to the minute, and missing if the document has none."""
    wrong = {}
    for case in cases():
        actual, truth = case.article.published_at, case.published_at
        if (actual is None) != (truth is None) or (actual and truth and abs((actual - truth).total_seconds()) >= 60):
            wrong[case.name] = f"{actual} instead of {truth}"
    assert_floor("seeds.times", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def groups() -> dict[str, tuple[str, str | None]]:
    """Group every document: its story's first article, and its original if it is a duplicate."""
    return group_articles(list(articles_by_name()))


def pairs(label: dict[str, str | None]) -> set[tuple[str, str]]:
    """Return the pairs of documents that share a label."""
    return {(a, b) for a, b in combinations(sorted(label), 2) if label[a] is not None and label[a] == label[b]}


def assert_pairs(name: str, actual: set[tuple[str, str]], truth: set[tuple[str, str]]) -> None:
    assert_floor(f"{name}.precision", rate(len(actual & truth), len(actual)), sorted(actual - truth))
    assert_floor(f"{name}.recall", rate(len(actual & truth), len(truth)), sorted(truth - actual))


def test_duplicates_are_distinguished_from_other_reports() -> None:
    """Agency texts with another headline, spelling or length are duplicates; other texts are not."""
    actual = {case.name: groups()[case.name][1] or case.name for case in cases()}
    truth = {case.name: case.truth.get("copy_of") or case.name for case in cases()}
    assert_pairs("seeds.copies", pairs({**actual}), pairs({**truth}))


def test_reports_of_one_event_are_one_story() -> None:
    """Two editions of one article, duplicates, and reports by other authors and in other languages are one story."""
    actual = {case.name: groups()[case.name][0] for case in cases()}
    truth = {case.name: case.truth.get("story") or case.name.removesuffix("@2") for case in cases()}
    assert_pairs("seeds.stories", pairs({**actual}), pairs({**truth}))

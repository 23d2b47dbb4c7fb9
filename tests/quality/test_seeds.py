"""The pure line over the offline news world, measured against its annotations."""

from collections.abc import Iterable

from floors import hold
from seedline import Case, cases, plain, screened

SLACK = 25


def rate(good: int, all_: int) -> float:
    """Return a share; of nothing, all is well."""
    return good / all_ if all_ else 1.0


def wanted(case: Case) -> set[tuple[str, str]]:
    """List the mentions a careful reader finds: (official, surface form)."""
    return {(who, plain(form)) for who, forms in case.truth["mentions"].items() for form in forms}


def found(case: Case) -> set[tuple[str, str]]:
    """List the mentions the program finds."""
    return {(mention.official_id, plain(mention.text)) for mention in screened()[case.name].mentions}


def lines(pairs: Iterable[tuple[str, object]]) -> str:
    """Show what is wrong, a document a line."""
    return "\n".join(f"{name}: {what}" for name, what in pairs if what)


def test_mentions_are_found_and_nothing_else() -> None:
    """Of the mentions told, nearly all are right; of the mentions that stand there, nearly all are told."""
    right = sum(len(wanted(case) & found(case)) for case in cases())
    told, standing = sum(len(found(case)) for case in cases()), sum(len(wanted(case)) for case in cases())
    hold("seeds.mentions.precision", rate(right, told), lines((c.name, found(c) - wanted(c)) for c in cases()))
    hold("seeds.mentions.recall", rate(right, standing), lines((c.name, wanted(c) - found(c)) for c in cases()))


def test_people_named_only_outside_the_article_are_not_told() -> None:
    """Navigation, related news, comments and tag clouds name officials in every page; none of them counts."""
    false = {case.name: {who for who, _ in found(case)} & set(case.truth["elsewhere"]) for case in cases()}
    tempting = sum(len(case.truth["elsewhere"]) for case in cases())
    alarms = sum(len(who) for who in false.values())
    hold("seeds.mentions.not_elsewhere", 1 - rate(alarms, tempting), lines(false.items()))


def test_titles_are_the_headlines() -> None:
    """The title is the article's own, whatever the page calls itself."""
    wrong = {c.name: c.article.title for c in cases() if plain(c.article.title) != plain(c.truth["title"])}
    hold("seeds.titles", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_bodies_are_whole_and_clean() -> None:
    """The body holds its first and its last words, and little before or after them."""
    wrong = {}
    for case in cases():
        body, first, last = (plain(text) for text in (case.article.body, case.truth["first"], case.truth["last"]))
        before, _, after = body.partition(first)
        after = after.rpartition(last)[2] if last in body else after
        if first not in body or last not in body or len(before) > 4 * SLACK or len(after) > SLACK:
            wrong[case.name] = f"{before[-60:]!r} ... {after[:60]!r}"
    hold("seeds.bodies", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))


def test_times_are_those_of_the_articles() -> None:
    """A time is right to the minute; where nothing tells it, none is told."""
    wrong = {}
    for case in cases():
        told, truth = case.article.published_at, case.published_at
        if (told is None) != (truth is None) or (told and truth and abs((told - truth).total_seconds()) >= 60):
            wrong[case.name] = f"{told} instead of {truth}"
    hold("seeds.times", 1 - rate(len(wrong), len(cases())), lines(wrong.items()))

"""What is wrong or doubtful in a watch list, said where it stands: names, queries, and the user's own examples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.domain.article import Article, Region
from monitor.domain.errors import KeyIssue, QueryError
from monitor.domain.mention import Findings
from monitor.domain.official import Examples
from monitor.domain.rule import Rule, Watchlist
from monitor.match import names

if TYPE_CHECKING:
    from monitor.match.rules import Matcher


def lint_watchlist(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Yield remarks on names that cannot work, queries that cannot be read, and examples that do not hold."""
    for found in names.lint_names(watchlist):
        index = () if found.index < 0 else (found.index,)
        yield KeyIssue((f"{found.kind}s", found.id, found.field, *index), found.message, is_warning=not found.is_fatal)
    bad = []
    for rule in watchlist.rules:
        if (remark := _lint_query(rule, watchlist)) is not None:
            bad.append(rule.id)
            yield remark
    good = replace(watchlist, rules=tuple(rule for rule in watchlist.rules if rule.id not in bad))
    yield from _lint_examples(good)


def _lint_query(rule: Rule, watchlist: Watchlist) -> KeyIssue | None:
    if not rule.query:
        return None
    from monitor.match.evaluate import compile_query  # loaded for those who write queries

    try:
        compile_query(rule.query, [official.id for official in watchlist.officials], watchlist.synonyms)
    except QueryError as error:
        return KeyIssue(("rules", rule.id, "query"), f"{error.message}; write {error.expected}", error.position)
    return None


def _lint_examples(watchlist: Watchlist) -> Iterator[KeyIssue]:
    """Screen each example as if it were an article; nothing is compiled where there are none."""
    given = [*(official.examples for official in watchlist.officials), *(rule.examples for rule in watchlist.rules)]
    if all(examples == Examples() for examples in given):
        return
    from monitor.match.rules import (
        compile_watchlist,
    )  # the engine is long to load, and most watch lists have no examples

    watcher = compile_watchlist(watchlist)
    for official in watchlist.officials:
        for kind, index, text in _iter_example_texts(official.examples):
            found = any(mention.official_id == official.id for mention in _match_example(watcher, text, None).mentions)
            if found != (kind == "match"):
                path = ("officials", official.id, "examples", kind, index)
                yield KeyIssue(path, _explain_failed_example(found, "official", "an alias", "a phrase under not"))
    for rule in watchlist.rules:
        for kind, index, text in _iter_example_texts(rule.examples):
            found = any(hit.rule_id == rule.id for hit in _match_example(watcher, text, rule).hits)
            if found != (kind == "match"):
                path = ("rules", rule.id, "examples", kind, index)
                yield KeyIssue(path, _explain_failed_example(found, "rule", "words with OR", "words with NOT"))


def _iter_example_texts(examples: Examples) -> Iterator[tuple[str, int, str]]:
    for kind, texts in (("match", examples.match), ("reject", examples.reject)):
        for index, text in enumerate(texts):
            yield kind, index, text


def _match_example(matcher: "Matcher", text: str, rule: Rule | None) -> Findings:
    """Screen a text as the body, or as the region, language and source that the rule asks for."""
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

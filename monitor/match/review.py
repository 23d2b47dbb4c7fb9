"""What is wrong or doubtful in a watch list, said where it stands: names, queries, and the user's own examples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.domain.article import Article, Region
from monitor.domain.errors import QueryError, Remark
from monitor.domain.mention import Findings
from monitor.domain.official import Examples
from monitor.domain.rule import Rule, Watch
from monitor.match import names

if TYPE_CHECKING:
    from monitor.match.rules import Watcher


def review_watch(watch: Watch) -> Iterator[Remark]:
    """Yield remarks on names that cannot work, queries that cannot be read, and examples that do not hold."""
    for found in names.review(watch):
        index = () if found.index < 0 else (found.index,)
        yield Remark((f"{found.kind}s", found.id, found.field, *index), found.message, warning=not found.fatal)
    bad = []
    for rule in watch.rules:
        if (remark := _query(rule, watch)) is not None:
            bad.append(rule.id)
            yield remark
    good = replace(watch, rules=tuple(rule for rule in watch.rules if rule.id not in bad))
    yield from _examples(good)


def _query(rule: Rule, watch: Watch) -> Remark | None:
    if not rule.query:
        return None
    from monitor.match.evaluate import compile_query  # loaded for those who write queries

    try:
        compile_query(rule.query, [official.id for official in watch.officials], watch.synonyms)
    except QueryError as error:
        return Remark(("rules", rule.id, "query"), f"{error.message}; write {error.expected}", error.position)
    return None


def _examples(watch: Watch) -> Iterator[Remark]:
    """Screen each example as if it were an article; nothing is compiled where there are none."""
    given = [*(official.examples for official in watch.officials), *(rule.examples for rule in watch.rules)]
    if all(examples == Examples() for examples in given):
        return
    from monitor.match.rules import compile_watch  # the engine is long to load, and most watch lists have no examples

    watcher = compile_watch(watch)
    for official in watch.officials:
        for kind, index, text in _texts(official.examples):
            found = any(mention.official_id == official.id for mention in _screen(watcher, text, None).mentions)
            if found != (kind == "match"):
                path = ("officials", official.id, "examples", kind, index)
                yield Remark(path, _verdict(found, "official", "an alias", "a phrase under not"))
    for rule in watch.rules:
        for kind, index, text in _texts(rule.examples):
            found = any(hit.rule_id == rule.id for hit in _screen(watcher, text, rule).hits)
            if found != (kind == "match"):
                path = ("rules", rule.id, "examples", kind, index)
                yield Remark(path, _verdict(found, "rule", "words with OR", "words with NOT"))


def _texts(examples: Examples) -> Iterator[tuple[str, int, str]]:
    for kind, texts in (("match", examples.match), ("reject", examples.reject)):
        for index, text in enumerate(texts):
            yield kind, index, text


def _screen(watcher: "Watcher", text: str, rule: Rule | None) -> Findings:
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
    return watcher.screen(article, rule.sources[0] if rule and rule.sources else "")


def _verdict(found: bool, noun: str, more: str, less: str) -> str:
    if found:
        return f"this text must not match, but the {noun} is found in it; add {less}"
    return f"this text must match, but the {noun} is not found in it; add {more}"

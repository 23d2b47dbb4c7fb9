"""Evaluation of the rules on one article, and the passages that prove a hit."""

from collections.abc import Iterable

from monitor.domain.article import Article
from monitor.domain.mention import Passage
from monitor.domain.watchlist import Rule
from monitor.match.article_text import NormalizedArticle
from monitor.match.types import Span
from monitor.text.tokens import find_sentence

MAX_PASSAGES = 5


def _drop_position_spans(spans: dict[str, list[Span]], position_spans: set[Span]) -> dict[str, list[Span]]:
    """Return places without those of posts alone, which only rules that ask for them count."""
    return {
        who: kept for who, places in spans.items() if (kept := [one for one in places if one not in position_spans])
    }


def _is_rule_applicable(rule: Rule, article: Article, source_id: str) -> bool:
    """Tell whether a rule wants to hear of this source and language at all."""
    if rule.sources and source_id and source_id not in rule.sources:
        return False
    return not rule.languages or article.language.partition("-")[0].lower() in rule.languages


def _is_counted(rule: Rule, article_text: NormalizedArticle, span: Span) -> bool:
    return not rule.regions or article_text.region_at(span[0]) in rule.regions


def build_passages(article: Article, article_text: NormalizedArticle, spans: Iterable[Span]) -> tuple[Passage, ...]:
    """Return the sentences around the places, each once, with the places in it marked."""
    texts = dict(article.regions())
    found: dict[tuple[object, int, int], list[Span]] = {}
    for span in sorted(spans):
        region, start, end = article_text.locate_in_region(*span)
        if len(found) >= MAX_PASSAGES and not any(
            one[0] is region and one[1] <= start and end <= one[2] for one in found
        ):
            continue
        found.setdefault((region, *find_sentence(texts[region], start, end)), []).append((start, end))
    return tuple(
        Passage(texts[region][start:end], region, start, end, tuple(sorted(set(marks))))  # type: ignore[index,arg-type] # keys are regions
        for (region, start, end), marks in list(found.items())[:MAX_PASSAGES]
    )

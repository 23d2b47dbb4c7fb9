"""Suggestions for edits of sources.yaml, made from the verdicts of readers.

Suggestions are shown with their effect on stored articles, and never applied without the user. For a rejected mention,
an exclude phrase is suggested: a phrase that cancels each mention in it. For a confirmed mention, an alias or a
position with its date is suggested. Each edit is first tried on the article of the verdict, and is not suggested if it
does not help there. In addition, an example text is suggested, with which `monitor check` verifies later that the
correction still works.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from monitor.domain.article import Article, StoredArticle
from monitor.domain.feedback import VERDICT_REASON_PREFIX, Verdict, VerdictKind
from monitor.domain.mention import Findings
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.article_text import normalize_article
from monitor.match.engine import Matcher, compile_watchlist
from monitor.match.titles.parser import parse_title_before
from monitor.store.database import Database
from monitor.text.fold import fold, fold_key, fold_written
from monitor.text.sanitize import truncate_text
from monitor.text.tokens import find_sentence, is_unspaced

BACKTEST_PERIOD = timedelta(days=90)
MAX_BACKTEST_ARTICLES = 20_000
MAX_SUGGESTIONS, MAX_NEIGHBOURS, MAX_SHOWN = 3, 3, 5
MAX_EXAMPLE_CHARS = 300
_WORD = re.compile(r"\w+(?:['’.-]\w+)*\.?")


class SuggestionKind(StrEnum):
    """Kind of a suggestion: the key of an official in sources.yaml to which a value would be added."""

    EXCLUDE_PHRASE = "exclude_phrases"
    ALIAS = "aliases"
    ROLE = "roles"
    EXAMPLE = "examples"


class AffectedArticle(Struct, frozen=True):
    """Article in which a suggested edit changes whether the official is mentioned at all."""

    id: int
    title: str
    url: str


class Effect(Struct, frozen=True):
    """Effect that a suggested edit would have had on stored articles.

    - ``examined`` is the number of articles on which the edit was tried.
    - ``added`` is the number of articles that would newly mention the official; ``articles_added`` lists them.
    - ``silenced`` is the number of articles that would no longer mention the official. In ``rejected`` of these
      articles, readers had rejected the official; ``others_silenced`` lists the others.
    """

    examined: int = 0
    silenced: int = 0
    rejected: int = 0
    added: int = 0
    others_silenced: tuple[AffectedArticle, ...] = ()
    articles_added: tuple[AffectedArticle, ...] = ()


class Suggestion(Struct, frozen=True):
    """Value that is suggested for a list in an official's entry in sources.yaml, and the effect of adding it.

    ``path`` is the path of the list within the entry. ``value`` is a text, or a mapping for a role.
    """

    kind: SuggestionKind
    official_id: str
    path: tuple[str, ...]
    value: str | dict[str, str]
    verdict_id: int
    effect: Effect = field(default_factory=Effect)


class SuggestionService:
    """Service that makes suggestions for the officials of one watchlist. It uses the verdicts in one database."""

    def __init__(self, database: Database, watchlist: Watchlist) -> None:
        self._database = database
        self._officials = {official.id: official for official in watchlist.officials}

    def suggest(self, verdict: Verdict, now: datetime) -> list[Suggestion]:
        """Return at most ``MAX_SUGGESTIONS`` edits of sources.yaml that a reader's verdict suggests.

        Each suggestion states the effect that the edit would have had on stored articles. The result is empty if the
        official is not in the watchlist any more, or if no edit helps.
        """
        official = self._officials.get(verdict.official_id)
        if official is None:
            return []
        articles = self._database.queries.load_articles([verdict.article_id])
        found = articles[0] if articles else None
        if verdict.kind is VerdictKind.REJECTED:
            return self._suggest_phrases(official, verdict, found, now)[:MAX_SUGGESTIONS]
        return self._suggest_names(official, verdict, found, now)[:MAX_SUGGESTIONS]

    def _suggest_phrases(
        self, official: Official, verdict: Verdict, stored: StoredArticle | None, now: datetime
    ) -> list[Suggestion]:
        """Return suggestions for a rejected mention: an exclude phrase and an example.

        An exclude phrase cancels each mention in it. The list is empty if no phrase is suitable. A suitable phrase
        occurs in every sentence that readers rejected for this official with the same spelling and reason, and in no
        sentence that they confirmed. If several phrases are suitable, the result is the one that removes all mentions
        of the official from the fewest other articles.
        """
        group = [
            one
            for one in self._database.feedback.list_verdicts(official_id=official.id, limit=1000)
            if one.reason == verdict.reason and one.written == verdict.written
        ]
        rejected = [one for one in group if one.kind is VerdictKind.REJECTED]
        confirmed = [
            one.sentence
            for one in self._database.feedback.list_verdicts(official_id=official.id, limit=1000)
            if one.kind is VerdictKind.CONFIRMED
        ]
        sentences = [self._list_sentences(one) for one in rejected]
        if not sentences or not sentences[0]:
            return []
        articles = self._load_mentioning(official.id, now)
        best: tuple[int, Suggestion] | None = None
        for name, sentence in self._list_sentences(verdict):
            for phrase in propose_phrases(name, sentence):
                folded = fold_written(phrase)
                is_common = all(any(folded in fold_written(text) for _name, text in one) for one in sentences)
                if not is_common or any(folded in fold_written(text) for text in confirmed):
                    continue
                edited = replace(official, exclude_phrases=(*official.exclude_phrases, phrase))
                if stored and _names(edited, stored) and not verdict.written:
                    continue
                with_phrase = (one for one in articles if folded in _fold_article(one.article))
                effect = backtest_official(official, edited, with_phrase)
                effect = self._count_rejected(official.id, replace(effect, examined=len(articles)))
                others = effect.silenced - effect.rejected
                if effect.silenced and (best is None or others < best[0]):
                    kind = SuggestionKind.EXCLUDE_PHRASE
                    best = others, Suggestion(kind, official.id, (str(kind),), phrase, verdict.id, effect)
        if best is None:
            return []
        suggestion = best[1]
        edited = replace(official, exclude_phrases=(*official.exclude_phrases, str(suggestion.value)))
        return [suggestion, *_suggest_example(edited, verdict, "reject")]

    def _suggest_names(
        self, official: Official, verdict: Verdict, stored: StoredArticle | None, now: datetime
    ) -> list[Suggestion]:
        """Return suggestions for a confirmed mention: a position, an alias and an example text.

        With the position or the alias, the matcher would find the mention. A position or alias is left out if it is
        already configured, or if the matcher would still not find the mention with it. The example is the sentence of
        the mention, which `monitor check` verifies later. It is suggested only together with a position or an alias.
        """
        if stored is None:
            return []
        suggestions: list[Suggestion] = []
        example: list[Suggestion] = []
        written = find_written(stored.article, verdict.written)
        role = find_role(stored, verdict.written)
        edits: list[tuple[SuggestionKind, str | dict[str, str], Official]] = []
        if role is not None and role.title not in {one.title for one in official.roles}:
            keys = {"title": role.title, "from": f"{role.from_on:%Y-%m-%d}"}
            edits.append((SuggestionKind.ROLE, keys, replace(official, roles=(*official.roles, role))))
        if written and written not in {official.name, *official.aliases}:
            aliases = (*official.aliases, written)
            edits.append((SuggestionKind.ALIAS, written, replace(official, aliases=aliases)))
        for kind, value, edited in edits:
            if not _names(edited, stored, verdict.written):
                continue
            articles = self._load_candidates(verdict.written, now)
            effect = replace(backtest_official(official, edited, articles), examined=len(articles))
            suggestions.append(Suggestion(kind, official.id, (str(kind),), value, verdict.id, effect))
            example = example or _suggest_example(edited, verdict, "match")
        return [*suggestions, *example]

    def _list_sentences(self, verdict: Verdict) -> list[tuple[str, str]]:
        """Return a pair for each mention that verdicts have rejected: its spelling and its sentence.

        If the article was deleted, spelling and sentence are taken from the verdict itself.
        """
        articles = self._database.queries.load_articles([verdict.article_id])
        if not articles:
            return [(verdict.written, verdict.sentence)] if verdict.written else []
        texts = dict(articles[0].article.regions())
        found = [
            (one.text, texts[one.region][slice(*find_sentence(texts[one.region], one.start, one.end))])
            for one in self._database.queries.get_findings(verdict.article_id).near_misses
            if one.official_id == verdict.official_id
            and one.reason.startswith(VERDICT_REASON_PREFIX)
            and one.region in texts
        ]
        return found or ([(verdict.written, verdict.sentence)] if verdict.written else [])

    def _load_mentioning(self, official_id: str, now: datetime) -> list[StoredArticle]:
        """Return articles on which an exclude phrase for an official is tried.

        These are the newest articles that mention the official, and all articles in which readers rejected the
        official.
        """
        wanted = ArticleFilter(official_id=official_id, since_at=now - BACKTEST_PERIOD, limit=MAX_BACKTEST_ARTICLES)
        articles = {one.id: one for one in self._database.queries.list_articles(wanted)}
        missing = [number for number in self._list_rejected(official_id) if number not in articles]
        articles |= {one.id: one for one in self._database.queries.load_articles(missing)}
        return list(articles.values())

    def _load_candidates(self, written: str, now: datetime) -> list[StoredArticle]:
        """Return the newest articles that contain the text of a proposed alias or position.

        In these articles, the alias or position might lead to further mentions.
        """
        since = now - BACKTEST_PERIOD
        found = self._database.queries.search(f'"{written}"', 2_000)
        return [one for one in found if one.first_seen_at >= since]

    def _list_rejected(self, official_id: str) -> list[int]:
        verdicts = self._database.feedback.list_verdicts(official_id=official_id, limit=10_000)
        rejected = [one for one in verdicts if one.kind is VerdictKind.REJECTED]
        return list(self._database.feedback.list_same_text(one.root_id for one in rejected))

    def _count_rejected(self, official_id: str, effect: Effect) -> Effect:
        rejected = set(self._list_rejected(official_id))
        others = tuple(one for one in effect.others_silenced if one.id not in rejected)
        return replace(effect, rejected=effect.silenced - len(others), others_silenced=others)


def propose_phrases(name: str, sentence: str) -> Iterator[str]:
    """Yield phrases of a sentence that consist of a name and some adjacent words, the shortest phrases first.

    At most ``MAX_NEIGHBOURS`` words are added to the name. In a script without spaces between words, characters are
    added instead. Nothing is yielded if the sentence does not contain the name.
    """
    start = sentence.find(name)
    if start < 0 or not name:
        return
    end = start + len(name)
    if is_unspaced(name[0]):
        for extra in range(1, MAX_NEIGHBOURS + 1):
            for left in range(extra + 1):
                phrase = sentence[max(0, start - left) : end + extra - left].strip()
                if len(phrase) > len(name):
                    yield phrase
        return
    words = [match.span() for match in _WORD.finditer(sentence)]
    first = next((at for at, span in enumerate(words) if span[1] > start), len(words))
    last = max((at for at, span in enumerate(words) if span[0] < end), default=-1)
    for extra in range(1, MAX_NEIGHBOURS + 1):
        for left in range(extra + 1):
            low, high = first - left, last + extra - left
            if low >= 0 and high < len(words):
                yield sentence[words[low][0] : words[high][1]].rstrip(".")


def backtest_official(before: Official, after: Official, articles: Iterable[StoredArticle]) -> Effect:
    """Return the effect of a configuration edit: which articles no longer mention an official, and which newly do.

    ``before`` and ``after`` are the official without and with the edit. Verdicts of readers are not applied.
    """
    matchers = [compile_watchlist(Watchlist((one,))) for one in (before, after)]
    silenced: list[AffectedArticle] = []
    added: list[AffectedArticle] = []
    for stored in articles:
        was, is_now = (bool(_match(matcher, stored).mentions) for matcher in matchers)
        if was is not is_now:
            affected = AffectedArticle(stored.id, stored.article.title, stored.article.url)
            (silenced if was else added).append(affected)
    return Effect(
        silenced=len(silenced), added=len(added), others_silenced=tuple(silenced), articles_added=tuple(added)
    )


def find_written(article: Article, folded: str) -> str:
    """Return a text as it is spelled in an article, or an empty text if the article does not contain it.

    ``folded`` is the text in lower case without diacritics.
    """
    for _region, text in article.regions():
        folded_text = fold(text)
        at = folded_text.text.find(folded)
        if at >= 0:
            return " ".join(folded_text.original_slice(at, at + len(folded)).split())
    return ""


def find_role(stored: StoredArticle, folded: str) -> Role | None:
    """Return a role made from the title before a text in an article, or None if no title precedes the text.

    The text is given in lower case without diacritics. The role begins on the date of the article.
    """
    text = normalize_article(stored.article)
    at = text.folded.text.find(folded)
    if at < 0:
        return None
    title = parse_title_before(text, at)
    if title.start == at or not title.title.positions:
        return None
    printed = " ".join(text.folded.original_slice(title.start, at).split())
    return Role(printed, (stored.article.published_at or stored.first_seen_at).date())


def _suggest_example(edited: Official, verdict: Verdict, key: str) -> list[Suggestion]:
    """Return a suggestion to add the sentence of a verdict as an example text, as a list with at most one item.

    ``key`` is ``match`` if the official must be found in the example, or ``reject`` if not. The example is suggested
    only if it is new, and if the matcher gives this result with the edited entry of the official.
    """
    sentence = truncate_text(verdict.sentence, MAX_EXAMPLE_CHARS)
    known = edited.examples.reject if key == "reject" else edited.examples.match
    if not sentence or sentence in known:
        return []
    is_named = bool(compile_watchlist(Watchlist((edited,))).match(Article("", body=sentence)).mentions)
    if is_named is (key == "reject"):
        return []
    path = (str(SuggestionKind.EXAMPLE), key)
    return [Suggestion(SuggestionKind.EXAMPLE, edited.id, path, sentence, verdict.id)]


def _names(official: Official, stored: StoredArticle, written: str = "") -> bool:
    """Return whether an article mentions an official.

    If ``written`` is given (in lower case without diacritics), only mentions that contain this text count.
    """
    mentions = _match(compile_watchlist(Watchlist((official,))), stored).mentions
    return any(not written or written in fold_written(one.text) for one in mentions)


def _match(matcher: Matcher, stored: StoredArticle) -> Findings:
    return matcher.match(stored.article, stored.source_id, stored.first_seen_at)


def _fold_article(article: Article) -> str:
    return " ".join(fold_key("\n".join(text for _region, text in article.regions())).split())


def select_verdicts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the newest verdict for each combination of official, kind, text and reason.

    One suggestion is enough for all verdicts with the same combination. ``verdicts`` must be sorted newest first.
    """
    chosen: dict[tuple[str, ...], Verdict] = {}
    for verdict in verdicts:
        chosen.setdefault((verdict.official_id, verdict.kind, verdict.written, verdict.reason), verdict)
    return list(chosen.values())

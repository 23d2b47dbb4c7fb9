"""Suggestions from verdicts are tried in a backtest; one that does not work is left out."""

from datetime import date

import pytest
from support.feedback_desk import BEN, HARBOUR, WATCHLIST, FeedbackDesk

from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Role, Rule, Watchlist
from monitor.feedback.suggestions import Suggestion, SuggestionKind, SuggestionService, propose_phrases

RACE = "On Friday the mare Ada Lovell won the third race of the day. The track was wet after a night of rain."
VET = "A vet looked after the mare Ada Lovell for a week, and the stable paid the bill in three parts last winter."
GENERAL = Official("kam", "Kamphone Sida", "Laos", roles=(Role("Minister of Health", date(2020, 1, 1)),))
APPOINTED = (
    "Laos has a new Minister of Public Works. Minister of Public Works Sida visited the bridge over the Nam Ou and "
    "told the engineers to finish it before the rains."
)


def suggest(desk: FeedbackDesk, watchlist: Watchlist = WATCHLIST) -> list[Suggestion]:
    """Return the suggestions for the newest verdict."""
    verdict = desk.database.feedback.list_verdicts()[0]
    return SuggestionService(desk.database, watchlist).suggest(verdict, desk.now)


def test_rejections_suggest_the_phrase_that_they_share(desk: FeedbackDesk) -> None:
    """It silences the rejected articles and no other; the example keeps the correction."""
    race, vet = desk.add(RACE, "Racing"), desk.add(VET, "A vet", outlet="post")
    desk.add(HARBOUR)
    for article in (race, vet):
        desk.reject(article)
    phrase, example = suggest(desk)
    kind = SuggestionKind.EXCLUDE_PHRASE
    assert (phrase.kind, phrase.path, phrase.value) == (kind, ("exclude_phrases",), "mare Ada Lovell")
    assert (phrase.effect.examined, phrase.effect.silenced, phrase.effect.rejected) == (3, 2, 2)
    assert phrase.effect.others_silenced == ()
    assert (example.path, "mare Ada Lovell" in str(example.value)) == (("examples", "reject"), True)


def test_a_phrase_that_silences_others_shows_them(desk: FeedbackDesk) -> None:
    """With the numbers of rejected and other articles."""
    desk.add("Ada Lovell said nothing. It rained on the valley for three days.", "Rain")
    desk.reject(desk.add("Ada Lovell said no. The orchestra of the town was not asked to play again.", "Music"))
    phrase, *_ = suggest(desk)
    assert phrase.effect.silenced >= phrase.effect.rejected == 1
    assert len(phrase.effect.others_silenced) == phrase.effect.silenced - 1


def test_a_confirmed_name_suggests_an_alias_that_finds_it(desk: FeedbackDesk) -> None:
    """As the article prints it, with the articles that it would find."""
    article = desk.add("The barge of Lady Lovelace sank off Northport. The crew of five was saved.", "A barge")
    desk.confirm(article, "ada", "Lady Lovelace")
    alias, example = suggest(desk)
    assert (alias.kind, alias.value, alias.effect.added) == (SuggestionKind.ALIAS, "Lady Lovelace", 1)
    assert example.path == ("examples", "match")


def test_a_confirmed_name_with_a_new_title_suggests_a_dated_position(desk: FeedbackDesk) -> None:
    """The position begins on the day of the article."""
    watchlist = Watchlist((GENERAL, BEN), (Rule("people", ("kam",)),))
    desk.configure(watchlist)
    article = desk.add(APPOINTED, "A bridge")
    assert desk.waiting() == set()
    desk.confirm(article, "kam", "Sida")
    role = suggest(desk, watchlist)[0]
    assert role.kind is SuggestionKind.ROLE
    published = desk.database.queries.get_article(article).article.published_at
    assert published is not None
    assert role.value == {"title": "Minister of Public Works", "from": f"{published:%Y-%m-%d}"}


def test_nothing_is_suggested_that_would_not_help(desk: FeedbackDesk) -> None:
    """A name alone in its sentence has no neighbours; a former official has no entry."""
    article = desk.add("Ada Lovell.", "Ada Lovell")
    desk.reject(article)
    assert suggest(desk) == []
    assert suggest(desk, replace(WATCHLIST, officials=(BEN,))) == []


@pytest.mark.parametrize(
    ("name", "sentence", "phrases"),
    [
        ("Giang", "He left Bac Giang today.", ["Giang today", "Bac Giang"]),
        ("Giang", "Giang", []),
        ("王毅", "副王毅路上", ["王毅路", "副王毅"]),
    ],
)
def test_phrases_hold_the_name_and_its_neighbours(name: str, sentence: str, phrases: list[str]) -> None:
    """The shortest first; characters in a script without spaces."""
    assert list(propose_phrases(name, sentence))[: len(phrases) or 1] == phrases

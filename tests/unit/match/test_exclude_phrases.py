"""Phrases that cancel a mention: with punctuation, without the name, and phrases that `check` warns of."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.match.engine import compile_watchlist
from monitor.match.lint import lint_names


def watch(phrase: str, name: str = "Aleksandr Volkov", country: str = "Russia") -> Watchlist:
    return Watchlist((Official("o", name, country, exclude_phrases=(phrase,)),), (Rule("r", ("o",)),))


def mentions(watchlist: Watchlist, text: str) -> list[str]:
    return [one.text for one in compile_watchlist(watchlist).match(Article("u", body=text, language="en")).mentions]


@pytest.mark.parametrize(
    "phrase",
    [
        "Aleksandr Volkov, 19",
        "aleksandr volkov 19",
        "Volkov, 19, won",
        "Aleksandr Volkov – 19",
        "won the regional race",
    ],
)
def test_punctuation_and_capitals_do_not_matter(phrase: str) -> None:
    """Only the mention that the phrase touches, or that is in the sentence of the phrase, is cancelled."""
    text = (
        "On Sunday Aleksandr Volkov, 19, won the regional race in Kazan. Minister Aleksandr Volkov was there, he said."
    )
    assert mentions(watch(phrase), text) == ["Aleksandr Volkov"]
    assert mentions(watch("a phrase of another text"), text) == ["Aleksandr Volkov"] * 2


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Aleksandr Volkov (born 2004)", "Aleksandr Volkov (born 2004) won."),
        ("race/Aleksandr Volkov", "The race / Aleksandr Volkov won."),
        ("pianist", "“A pianist must practise”, Aleksandr Volkov said."),
    ],
)
def test_brackets_dots_and_quotes(phrase: str, text: str) -> None:
    """Each text has one mention, which is cancelled."""
    assert mentions(watch(phrase), text) == []
    assert mentions(watch("other"), text) != []


def test_scripts_without_spaces() -> None:
    """The vowel signs of Lao count, and a Chinese phrase may be anywhere in the sentence."""
    lao = "ແຂວງ ຄຳລຽງ ອຸທະໄກສອນ ມາ"
    assert mentions(watch("ແຂວງ ຄຳລຽງ", "ຄຳລຽງ ອຸທະໄກສອນ", "Laos"), lao) == []
    assert mentions(watch("ແຂວງ ຄຳລວງ", "ຄຳລຽງ ອຸທະໄກສອນ", "Laos"), lao) != []
    assert mentions(watch("钢琴比赛", "王毅", "China"), "王毅说他赢得了钢琴比赛。") == []


@pytest.mark.parametrize(
    ("phrase", "warning"),
    [
        ("...", "has no word, so it never cancels"),
        ("the race. Then he", "is longer than a sentence, so it never cancels"),
        ("Aleksandr Volkov,", "is a part of the name itself and cancels every mention"),
        ("Volkov", "is a part of the name itself and cancels every mention"),
        ("Aleksandr Volkov. He won", ""),
        ("won the regional race", ""),
    ],
)
def test_a_phrase_that_cancels_nothing_or_everything_is_a_warning(phrase: str, warning: str) -> None:
    """The warning is at the phrase, with what to write instead."""
    found = [one for one in lint_names(watch(phrase)) if one.field == "exclude_phrases"]
    assert [(one.index, one.is_fatal, warning in one.message) for one in found] == (
        [(0, False, True)] if warning else []
    )

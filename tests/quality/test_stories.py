"""Stories and copies measured on labelled reports of the project's own, as the stream that they are."""

from pathlib import Path

from quality.measures import copies, stories
from support.baselines import assert_floors

DATA = Path(__file__).parent / "stories"


def test_reports_of_one_event_are_one_story() -> None:
    """Reports in fourteen languages, look-alikes of one day, and events that develop over days."""
    score = stories(DATA / "articles.jsonl")
    assert_floors("stories.articles", score.values, score.shown)


def test_copies_are_found_and_look_alikes_are_not_copies() -> None:
    """Verbatim, shortened, with a new lead, in house style, and merged with another text."""
    score = copies(DATA / "articles.jsonl")
    assert_floors("stories.copies", score.values, score.shown)


def test_headlines_without_a_text_are_grouped() -> None:
    """Headlines are all there is of many feeds."""
    score = stories(DATA / "headlines.jsonl")
    assert_floors("stories.headlines", score.values, score.shown)

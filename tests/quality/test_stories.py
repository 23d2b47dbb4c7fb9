"""Stories and duplicates in labelled reports of the project, grouped as a stream."""

from pathlib import Path

from quality.measures import duplicates, stories
from support.baselines import assert_floors

DATA = Path(__file__).parent / "stories"


def test_reports_of_one_event_are_one_story() -> None:
    """The reports are in fourteen languages, with look-alikes of one day, and events that develop over days."""
    score = stories(DATA / "articles.jsonl")
    assert_floors("stories.articles", score.values, score.shown)


def test_duplicates_are_found_and_look_alikes_are_not_duplicates() -> None:
    """The duplicates are verbatim, shortened, with a new lead, in house style, or merged with another text."""
    score = duplicates(DATA / "articles.jsonl")
    assert_floors("stories.copies", score.values, score.shown)


def test_headlines_without_a_text_are_grouped() -> None:
    """Many feeds contain only headlines."""
    score = stories(DATA / "headlines.jsonl")
    assert_floors("stories.headlines", score.values, score.shown)

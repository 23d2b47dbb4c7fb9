"""Stories and duplicates in labelled reports of the project, grouped as a stream."""

from pathlib import Path

import pytest
from quality.measures import cross_language_pairs, duplicates, stories
from support.baselines import assert_floors

DATA = Path(__file__).parent / "stories"
EDITED = Path(__file__).parent / "edited"


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


@pytest.mark.parametrize("half", ["developed", "scored"])
def test_short_reports_about_one_person_are_grouped_by_event(half: str) -> None:
    """Each person has three to five events in three days, and outlets report them from different angles."""
    score = stories(DATA / f"short-{half}.jsonl")
    assert_floors(f"stories.short.{half}", score.values, score.shown)


@pytest.mark.parametrize("half", ["developed", "scored"])
def test_look_alike_events_are_separate_stories(half: str) -> None:
    """The reports are in many languages, with look-alikes of one week, chains over one place, and undated reports."""
    score = stories(EDITED / f"stories-{half}.jsonl")
    assert_floors(f"stories.edited.{half}", score.values, score.shown)


@pytest.mark.parametrize("half", ["developed", "scored"])
def test_reports_in_two_languages_are_one_story(half: str) -> None:
    """They have countries, kinds of events, numbers and sounds of names in common."""
    score = cross_language_pairs(EDITED / f"stories-{half}.jsonl")
    assert_floors(f"stories.edited.{half}.cross_language", score.values)

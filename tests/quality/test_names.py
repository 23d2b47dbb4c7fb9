"""Mentions of people measured on labelled passages: which officials are found, and in which spellings.

``names/`` beside this file holds other people, countries and outlets than those the engine was written with. Before
anything was mended for them, the first 99 cases (h...) gave precision 0.990, recall 0.960, spellings 0.939; the 60
harder ones that followed (k...) gave 0.923, 0.923 and 0.866. ``people/`` was written later, with 62 other officials: as
first seen its 89 passages gave precision 1.000, recall 0.918, spellings 0.838. ``abroad/`` followed, with 45 more in
nineteen languages: its 54 passages as first seen gave 1.000, 0.946 and 0.816. ``passages/`` and ``documents/`` hold
invented people and are not used to mend the engine; their README files say how they came about.
"""

from pathlib import Path

import pytest
from quality.measures import Score, document_stories, documents, passages
from support.baselines import assert_floors, tags_with_floors

HERE = Path(__file__).parent


def held(prefix: str, score: Score) -> None:
    """Hold the floors of a measured set."""
    assert_floors(prefix, score.values, score.shown)


def held_by_tag(prefix: str, folder: Path) -> None:
    """Hold the floors of a folder of passages: those of single tags, and those of the passages without such a tag."""
    tags = tags_with_floors(prefix)
    for tag in tags:
        score = passages(folder, tag)
        held(f"{prefix}[{tag}]", score)
    held(prefix, passages(folder, other_tags=tags))


def test_other_people_of_other_countries() -> None:
    """The engine finds people it was not written for: sixteen countries, eight languages, their traps."""
    held_by_tag("names.own", HERE / "names")


def test_people_in_many_scripts() -> None:
    """The engine finds people in their own scripts, in other transcriptions, and by parts and initials."""
    held_by_tag("names.people", HERE / "people")


def test_names_with_the_endings_and_letters_of_other_countries() -> None:
    """The engine finds names declined, respelt, with articles and fathers, and beside titles in other scripts."""
    held_by_tag("names.abroad", HERE / "abroad")


def test_invented_people_of_thirty_countries() -> None:
    """The engine finds people that nobody has ever heard of, and is not misled by namesakes, places and words."""
    held_by_tag("names.passages", HERE / "passages")


def test_whole_documents() -> None:
    """Every mention in an article is found in plain text, which has no marks of what is outside the article."""
    held("names.documents", documents(HERE / "documents", HERE / "passages" / "officials.yaml"))


@pytest.mark.parametrize("dated", [True, False])
def test_two_reports_of_one_visit_are_one_story(dated: bool) -> None:
    """Other reports by the same people on the same ties are stories of their own."""
    held(f"documents.stories.{'dated' if dated else 'undated'}", document_stories(HERE / "documents", dated=dated))

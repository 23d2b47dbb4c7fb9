"""Extraction on own pages in the styles of many publishing systems: floors for bodies, titles, days and captions."""

import json
from pathlib import Path

from quality.measures import extracted, extraction, headlines, layouts
from support.baselines import assert_floors

PAGES = Path(__file__).parent / "pages"
LAYOUTS = Path(__file__).parent / "layouts" / "cases.txt"
HEADLINES = Path(__file__).parent / "headlines"


def test_bodies_titles_days_and_captions_are_right() -> None:
    """The text is the whole article without other text, the headline has no outlet, and the day is right or missing."""
    truth = json.loads((PAGES / "truth.json").read_text(encoding="utf-8"))
    score = extraction(truth, extracted(truth, lambda key: (PAGES / f"{key}.html").read_bytes()))
    assert_floors("extraction", score.values, score.shown)


def test_every_page_is_labelled() -> None:
    """Every page in the folder has a truth."""
    truth = json.loads((PAGES / "truth.json").read_text(encoding="utf-8"))
    assert {path.stem for path in PAGES.glob("*.html")} == set(truth)


def test_the_headline_is_chosen_among_claims() -> None:
    """The headline that readers see is chosen, whatever the metadata, other headings and the feed state."""
    score = headlines(HEADLINES / "cases.json")
    assert_floors("headlines", score.values, score.shown)


def test_the_headline_is_chosen_in_the_styles_of_many_outlets() -> None:
    """With kickers, labels, times, logos and names in headings and metadata."""
    score = headlines(HEADLINES / "outlets.json")
    assert_floors("headlines.outlets", score.values, score.shown)


def test_the_text_is_whole_in_many_layouts() -> None:
    """Site builders, plugins and editors name and nest the boxes of a page in many ways."""
    score = layouts(LAYOUTS)
    assert_floors("layouts", score.values, score.shown)

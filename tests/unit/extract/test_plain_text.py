"""Plain texts saved from pages: what stands behind the article is left out."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.boilerplate import find_article_end

FIRST = (
    "VIENTIANE — The two ministries agreed on Monday to open a second training ground for their engineers near Paksan."
)
SECOND = "The officers will spend six weeks there every autumn, and their instructors will come from both countries."
LAST = "The first course is to begin in October, when the rains are over and the road is open again."
NEWS = "Prime Minister Somebody Else opens the harvest festival"
LONG = "Prime Minister Somebody Else said at the opening that the harvest had been good in all of the provinces."


def test_the_signature_of_the_agency_ends_the_article() -> None:
    """A crumb that stood before the headline, and the teasers after it, are no part of it."""
    before = f"Home Politics & Law\n\nEngineers train together\n\n{FIRST}\n\n{SECOND}\n\n{LAST} — DNA/DN"
    text = f"{before}\n\nPolitics & Law\n\n{NEWS}\n\n{LONG}"
    assert text[: find_article_end(text)] == before


def test_a_label_of_other_news_ends_the_article() -> None:
    """Buttons and related headlines after the text are nobody's mention."""
    tail = f"Share:\nTrending\nRelated news\n{NEWS}\n\n{LONG}"
    text = f"BANNER\nLog in\nEngineers train together\n\n{SECOND}\n\n{LAST}\n\n{tail}"
    assert NEWS not in text[: find_article_end(text)]
    assert text[: find_article_end(text)].endswith(LAST)


def test_headlines_printed_twice_end_the_article() -> None:
    """A line without a full stop that stands twice in a row is a teaser's headline."""
    text = f"{SECOND}\n\n{LAST}\n\n{NEWS}\n\n{NEWS}\n\n{LONG}"
    assert text[: find_article_end(text)] == f"{SECOND}\n\n{LAST}"


def test_a_text_without_anything_behind_it_is_whole() -> None:
    """Captions, credits and short lines inside do not end it."""
    text = f"Engineers train together\n{SECOND}\nA class at work (Photo: DNA)\ntt.jpg\n{LAST}\n{FIRST}"
    assert find_article_end(text) == len(text)


@given(
    st.lists(st.sampled_from([FIRST, SECOND, LAST, NEWS, "", "Share:", "x.jpg", "1/2/2026", "DNA", "…"]), max_size=12)
)
def test_the_end_lies_inside_the_text(lines: list[str]) -> None:
    """Whatever the lines."""
    text = "\n".join(lines)
    assert 0 <= find_article_end(text) <= len(text)

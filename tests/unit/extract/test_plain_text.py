"""End of the article in plain text saved from pages."""

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


def test_an_agency_signature_ends_the_article() -> None:
    """Repeated header text and teasers after it are dropped."""
    before = f"Home Politics & Law\n\nEngineers train together\n\n{FIRST}\n\n{SECOND}\n\n{LAST} — DNA/DN"
    text = f"{before}\n\nPolitics & Law\n\n{NEWS}\n\n{LONG}"
    assert text[: find_article_end(text)] == before


def test_a_label_of_related_news_ends_the_article() -> None:
    """Buttons and related headlines after the text are dropped."""
    tail = f"Share:\nTrending\nRelated news\n{NEWS}\n\n{LONG}"
    text = f"BANNER\nLog in\nEngineers train together\n\n{SECOND}\n\n{LAST}\n\n{tail}"
    assert NEWS not in text[: find_article_end(text)]
    assert text[: find_article_end(text)].endswith(LAST)


def test_a_headline_printed_twice_ends_the_article() -> None:
    """A line without a full stop that is repeated directly is the headline of a teaser."""
    text = f"{SECOND}\n\n{LAST}\n\n{NEWS}\n\n{NEWS}\n\n{LONG}"
    assert text[: find_article_end(text)] == f"{SECOND}\n\n{LAST}"


def test_a_text_with_nothing_after_it_is_kept_whole() -> None:
    """Captions, credits and short lines within the text do not end it."""
    text = f"Engineers train together\n{SECOND}\nA class at work (Photo: DNA)\ntt.jpg\n{LAST}\n{FIRST}"
    assert find_article_end(text) == len(text)


@given(
    st.lists(st.sampled_from([FIRST, SECOND, LAST, NEWS, "", "Share:", "x.jpg", "1/2/2026", "DNA", "…"]), max_size=12)
)
def test_the_end_is_within_the_text(lines: list[str]) -> None:
    """The offset is never outside the text, whatever the lines are."""
    text = "\n".join(lines)
    assert 0 <= find_article_end(text) <= len(text)

"""Plain texts saved from pages: what stands around the article is left out."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.plain import article_end, extract_text

FIRST = (
    "VIENTIANE — The two ministries agreed on Monday to open a second training ground for their engineers near Paksan."
)
SECOND = "The officers will spend six weeks there every autumn, and their instructors will come from both countries."
LAST = "The first course is to begin in October, when the rains are over and the road is open again."
NEWS = "Prime Minister Somebody Else opens the harvest festival"
LONG = "Prime Minister Somebody Else said at the opening that the harvest had been good in all of the provinces."


def test_headline_date_and_end_are_found() -> None:
    """A crumb before and teasers after are cut; headline, date, standfirst, dateline and agency are told apart."""
    text = "\n\n".join(
        [
            "Home Politics & Law",
            "Engineers train together",
            "February 14, 2026 - 17:32",
            "A second training ground opens next autumn for the engineers of both armies.",
            "Engineers at work near Paksan. — DNA/DN Photo",
            FIRST,
            SECOND,
            f"{LAST} — DNA/DN",
            "Politics & Law",
            NEWS,
            LONG,
        ]
    )
    article = extract_text(text)
    assert article.title == "Engineers train together"
    assert article.published_at == datetime(2026, 2, 14, 17, 32, tzinfo=UTC)
    assert article.standfirst.startswith("A second training ground")
    assert article.captions == ("Engineers at work near Paksan. — DNA/DN Photo",)
    assert (article.dateline, article.agency) == ("VIENTIANE —", "DNA/DN")
    assert article.body.split("\n") == [FIRST.removeprefix("VIENTIANE — "), SECOND, LAST]


def test_a_label_of_other_news_ends_the_article() -> None:
    """Buttons and related headlines after the text are nobody's mention."""
    tail = f"Share:\nTrending\nRelated news\n{NEWS}\n\n{LONG}"
    text = f"BANNER\nLog in\nEngineers train together\n\n{SECOND}\n\n{LAST}\n\n{tail}"
    assert NEWS not in text[: article_end(text)]
    assert text[: article_end(text)].endswith(LAST)
    assert extract_text(text).body == f"{SECOND}\n{LAST}"


def test_headlines_printed_twice_end_the_article() -> None:
    """A line without a full stop that stands twice in a row is a teaser's headline."""
    text = f"{SECOND}\n\n{LAST}\n\n{NEWS}\n\n{NEWS}\n\n{LONG}"
    assert text[: article_end(text)] == f"{SECOND}\n\n{LAST}"


def test_captions_printed_twice_or_below_a_file_name_are_captions() -> None:
    """What collectors keep of pictures is told apart from the text."""
    caption = "General A (L) meets General B in Vientiane on Monday."
    article = extract_text(
        f"Engineers train together\n{SECOND}\n{caption}\n{caption}\ntt.jpg\nA class at work\n{LAST}\nDNA"
    )
    assert article.captions == (caption, "A class at work")
    assert article.body == f"{SECOND}\n{LAST}"
    assert article.agency == "DNA"


def test_a_text_without_headline_keeps_all_of_itself() -> None:
    """A date glued to the first line by a collector is taken off; nothing is made a title."""
    article = extract_text(f" date 2025-03-05 {FIRST}\n{SECOND}\n{LAST}")
    assert article.title == ""
    assert article.published_at == datetime(2025, 3, 5, tzinfo=UTC)
    assert article.dateline == "VIENTIANE —"


@given(
    st.lists(st.sampled_from([FIRST, SECOND, LAST, NEWS, "", "Share:", "x.jpg", "1/2/2026", "DNA", "…"]), max_size=12)
)
def test_any_order_of_lines_gives_parts_of_the_text(lines: list[str]) -> None:
    """Whatever the lines, the end lies inside the text and the body is made of its lines."""
    text = "\n".join(lines)
    assert 0 <= article_end(text) <= len(text)
    assert all(line in text for line in extract_text(text).body.split("\n"))

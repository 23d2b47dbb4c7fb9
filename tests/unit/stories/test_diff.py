"""What counts as a change of an article, and what a reader sees of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article, Region
from monitor.domain.mention import Passage, RuleHit
from monitor.stories.diff import (
    MAX_TEXT_ONLY_REVISIONS,
    RevisionKind,
    compare_versions,
    has_correction_notice,
    normalize_passages,
)

BODY = """Minister Keo Somphone opened the bridge on Thursday. It cost 41 million dollars.
The bridge is 900 metres long. Work began in 2022.
Updated: 14:05, 1,204 views, 5 minutes ago."""
BEFORE = Article("https://a.example/1", title="Bridge opens", body=BODY)


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        BODY.replace("14:05", "15:40").replace("1,204 views", "9,8k views").replace("5 minutes ago", "2 hours ago"),
        BODY.replace("Updated: 14:05, 1,204 views, 5 minutes ago.", "Last updated 05/03/2026 9:15 pm"),
        BODY.replace(" ", "\u00a0"),
        "\n".join(reversed(BODY.split("\n"))),
        BODY.replace("opened the bridge", "opened  the bridge"),
    ],
)
def test_clocks_counters_and_order_are_no_change(body: str) -> None:
    """A page that ticks, counts its readers or shuffles its paragraphs says nothing new."""
    assert compare_versions(BEFORE, replace(BEFORE, body=body)).kind is RevisionKind.NONE


def test_a_silent_edit() -> None:
    """A figure changes and the page does not say so; the difference shows the sentence before and after."""
    revision = compare_versions(BEFORE, replace(BEFORE, body=BODY.replace("41 million", "61 million")))
    assert revision.kind is RevisionKind.TEXT
    assert revision.is_silent
    assert revision.lines == (
        "  Minister Keo Somphone opened the bridge on Thursday.",
        "- It cost 41 million dollars.",
        "+ It cost 61 million dollars.",
    )
    assert revision.summary == "text changed (1 sentences out, 1 in), without saying so"


def test_an_edit_that_is_owned_up_to() -> None:
    """A new time of modification makes it an open edit."""
    after = replace(BEFORE, body=BODY + "\nA guard was hurt.", modified_at=datetime(2026, 3, 6, tzinfo=UTC))
    assert not compare_versions(BEFORE, after).is_silent


def test_a_new_headline() -> None:
    """It counts whatever the text does; capitals and quotes alone do not make one."""
    revision = compare_versions(BEFORE, replace(BEFORE, title="Bridge opens late"))
    assert revision.kind is RevisionKind.HEADLINE
    assert revision.lines[:2] == ("- Bridge opens", "+ Bridge opens late")
    assert compare_versions(BEFORE, replace(BEFORE, title="BRIDGE OPENS")).kind is RevisionKind.NONE


def test_a_page_that_always_changes() -> None:
    """After two dozen changes of the text alone, only a headline counts."""
    after = replace(BEFORE, body=BODY + "\nAnother sentence.")
    assert compare_versions(BEFORE, after, MAX_TEXT_ONLY_REVISIONS - 1).kind is RevisionKind.TEXT
    assert compare_versions(BEFORE, after, MAX_TEXT_ONLY_REVISIONS).kind is RevisionKind.NONE
    assert (
        compare_versions(BEFORE, replace(after, title="Other"), MAX_TEXT_ONLY_REVISIONS).kind is RevisionKind.HEADLINE
    )


def test_a_paywall_is_no_edit() -> None:
    """A second reading that got less than the article tells nothing about it."""
    assert compare_versions(BEFORE, replace(BEFORE, body="Subscribe.", partial="paywall")).kind is RevisionKind.NONE
    assert compare_versions(BEFORE, replace(BEFORE, body="")).kind is RevisionKind.NONE


def test_a_page_that_admits_its_correction() -> None:
    """A correction says so in what came in, in any of the languages read; what it says otherwise does not count."""
    for words in ("Correction: the day was wrong.", "Bài viết đã được đính chính.", "更正：日期有误。"):
        assert has_correction_notice(compare_versions(BEFORE, replace(BEFORE, body=f"{BODY}\n{words}")))
    assert not has_correction_notice(compare_versions(BEFORE, replace(BEFORE, body=BODY + "\nAnother sentence.")))


def test_a_figure_beside_a_mention_is_part_of_the_proof() -> None:
    """Passages are compared with their figures, whatever their order, spacing and marks."""

    def hit(*texts: str) -> RuleHit:
        return RuleHit("r", ("o",), tuple(Passage(text, Region.BODY, 0, len(text)) for text in texts))

    assert normalize_passages(hit("Văn sent 300 men.", "b")) == normalize_passages(hit("b", "Van  sent 300 men"))
    assert normalize_passages(hit("Van sent 300 men.")) != normalize_passages(hit("Van sent 500 men."))


def test_a_long_difference_is_cut() -> None:
    """A rewritten article shows its first changes, each within reason."""
    after = replace(BEFORE, body="\n".join(f"Sentence {'very ' * 90}{number} new." for number in range(500)))
    revision = compare_versions(BEFORE, after)
    assert len(revision.lines) == 40
    assert max(map(len, revision.lines)) <= 402


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=40))
def test_any_two_readings_can_be_compared(old: str, new: str, title: str) -> None:
    """No text breaks it, and a text is never changed against itself."""
    one, other = Article("u", title=title, body=old), Article("u", title=title, body=new)
    assert compare_versions(one, one).kind is RevisionKind.NONE
    assert compare_versions(one, other).kind in set(RevisionKind)

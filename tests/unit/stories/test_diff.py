"""Changes of an article: what counts as a change, and how it is described."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article, Region
from monitor.domain.mention import Passage, RuleHit
from monitor.domain.values import replace
from monitor.stories.diff import (
    MAX_TEXT_ONLY_REVISIONS,
    RevisionKind,
    compare_versions,
    find_correction_notice,
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
def test_times_counters_and_order_are_ignored(body: str) -> None:
    """A page with a changed clock, counter or paragraph order has not changed."""
    assert compare_versions(BEFORE, replace(BEFORE, body=body)).kind is RevisionKind.NONE


def test_a_silent_edit_is_reported() -> None:
    """A figure changed without a new modification time; the difference shows the sentence before and after."""
    revision = compare_versions(BEFORE, replace(BEFORE, body=BODY.replace("41 million", "61 million")))
    assert revision.kind is RevisionKind.TEXT
    assert revision.is_silent
    assert revision.lines == (
        "  Minister Keo Somphone opened the bridge on Thursday.",
        "- It cost 41 million dollars.",
        "+ It cost 61 million dollars.",
    )
    assert revision.summary == "text changed (1 sentences removed, 1 added), not disclosed by the page"


def test_an_edit_with_a_new_modification_time_is_not_silent() -> None:
    """The page discloses the edit by its modification time."""
    after = replace(BEFORE, body=BODY + "\nA guard was hurt.", modified_at=datetime(2026, 3, 6, tzinfo=UTC))
    assert not compare_versions(BEFORE, after).is_silent


def test_a_new_headline_is_reported() -> None:
    """It is reported whatever the text does; a change of capitals and quotes alone is not one."""
    revision = compare_versions(BEFORE, replace(BEFORE, title="Bridge opens late"))
    assert revision.kind is RevisionKind.HEADLINE
    assert revision.lines[:2] == ("- Bridge opens", "+ Bridge opens late")
    assert compare_versions(BEFORE, replace(BEFORE, title="BRIDGE OPENS")).kind is RevisionKind.NONE


def test_text_changes_are_ignored_after_a_limit() -> None:
    """After two dozen changes of the text alone only a new headline is reported."""
    after = replace(BEFORE, body=BODY + "\nAnother sentence.")
    assert compare_versions(BEFORE, after, MAX_TEXT_ONLY_REVISIONS - 1).kind is RevisionKind.TEXT
    assert compare_versions(BEFORE, after, MAX_TEXT_ONLY_REVISIONS).kind is RevisionKind.NONE
    assert (
        compare_versions(BEFORE, replace(after, title="Other"), MAX_TEXT_ONLY_REVISIONS).kind is RevisionKind.HEADLINE
    )


def test_a_partial_version_is_not_an_edit() -> None:
    """A second version with less text than the article is not evidence of a change."""
    assert (
        compare_versions(BEFORE, replace(BEFORE, body="Subscribe.", partial_reason="paywall")).kind is RevisionKind.NONE
    )
    assert compare_versions(BEFORE, replace(BEFORE, body="")).kind is RevisionKind.NONE


def test_correction_notices_are_recognised() -> None:
    """The notice must be in the added text, in any of the supported languages."""
    for words in ("Correction: the day was wrong.", "Bài viết đã được đính chính.", "更正：日期有误。"):
        assert find_correction_notice(compare_versions(BEFORE, replace(BEFORE, body=f"{BODY}\n{words}")))
    assert not find_correction_notice(compare_versions(BEFORE, replace(BEFORE, body=BODY + "\nAnother sentence.")))


def test_passages_are_compared_with_their_figures() -> None:
    """Order, spacing and diacritics of the passages are ignored."""

    def hit(*texts: str) -> RuleHit:
        return RuleHit("r", ("o",), tuple(Passage(text, Region.BODY, 0, len(text)) for text in texts))

    assert normalize_passages(hit("Văn sent 300 men.", "b")) == normalize_passages(hit("b", "Van  sent 300 men"))
    assert normalize_passages(hit("Van sent 300 men.")) != normalize_passages(hit("Van sent 500 men."))


def test_a_long_difference_is_truncated() -> None:
    """A rewritten article shows its first changes, each of limited length."""
    after = replace(BEFORE, body="\n".join(f"Sentence {'very ' * 90}{number} new." for number in range(500)))
    revision = compare_versions(BEFORE, after)
    assert len(revision.lines) == 40
    assert max(map(len, revision.lines)) <= 402


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=40))
def test_any_two_versions_can_be_compared(old: str, new: str, title: str) -> None:
    """No text causes an error, and a text never differs from itself."""
    one, other = Article("u", title=title, body=old), Article("u", title=title, body=new)
    assert compare_versions(one, one).kind is RevisionKind.NONE
    assert compare_versions(one, other).kind in set(RevisionKind)

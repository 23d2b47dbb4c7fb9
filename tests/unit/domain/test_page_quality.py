"""Page quality of a source, and the detection of layout changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.poll_state import (
    MAX_OUTLIER_STREAK,
    UNKNOWN_PAGE_QUALITY,
    PageQuality,
    PollState,
    SourceState,
    min_outlier_streak,
    update_page_quality,
)
from monitor.domain.source_health import accept_layout_change, effective_poll_state, notice_due, with_notice
from monitor.domain.values import replace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD, ODD = 0.85, 0.3


def read(pages: PageQuality, *confidences: float, at: datetime = NOW, accepted: bool = False) -> PageQuality:
    """Return the page quality after reading pages an hour apart."""
    for number, confidence in enumerate(confidences):
        url = f"https://x.example/{number}"
        pages = update_page_quality(pages, confidence, url, at + number * HOUR, is_accepted=accepted)
    return pages


USUAL = read(UNKNOWN_PAGE_QUALITY, *[GOOD] * 10)
CHANGED = read(USUAL, *[ODD] * 5)


def test_nine_pages_are_not_enough_to_learn() -> None:
    """The usual confidence is learned from ten pages."""
    assert read(UNKNOWN_PAGE_QUALITY, *[GOOD] * 9).usual == 0
    assert read(UNKNOWN_PAGE_QUALITY, *[GOOD] * 4, *[ODD] * 5).layout_changed_at is None
    assert USUAL.usual == GOOD


def test_single_outliers_change_nothing() -> None:
    """Up to four outliers in a row are ignored; a brief report is not an outlier."""
    assert read(USUAL, *[ODD] * 4, GOOD, *[0.0] * 4, GOOD).layout_changed_at is None
    assert read(USUAL, *[ODD] * 4).usual == GOOD
    assert read(USUAL, *[0.6] * 20).layout_changed_at is None


def test_several_outliers_in_a_row_are_a_layout_change() -> None:
    """It starts with the first of them; pages without any text count, too."""
    assert CHANGED.layout_changed_at == NOW
    assert CHANGED.current_confidence == ODD
    assert read(USUAL, *[0.0] * 5).layout_changed_at == NOW


def test_sources_with_many_outliers_need_a_longer_streak() -> None:
    """A source with many videos is not reported at every few of them."""
    mixed = read(UNKNOWN_PAGE_QUALITY, *[GOOD, GOOD, ODD] * 30)
    assert mixed.layout_changed_at is None
    assert read(mixed, *[ODD] * 6).layout_changed_at is None
    assert read(mixed, *[ODD] * MAX_OUTLIER_STREAK).layout_changed_at is not None


def test_a_layout_change_ends_after_three_normal_pages() -> None:
    """A single normal page does not end it."""
    assert read(CHANGED, GOOD, ODD, GOOD, GOOD).layout_changed_at == NOW
    fixed = read(CHANGED, GOOD, GOOD, GOOD, at=NOW + DAY)
    assert (fixed.layout_changed_at, fixed.layout_restored_at, fixed.usual) == (None, NOW + DAY + 2 * HOUR, GOOD)


def test_a_layout_change_is_learned_only_if_accepted() -> None:
    """After acceptance the new confidence is usual, and can change again."""
    lasting = read(CHANGED, *[ODD] * 500)
    assert (lasting.usual, lasting.layout_changed_at) == (GOOD, NOW)
    learned = read(lasting, ODD, accepted=True)
    assert (learned.usual, learned.layout_changed_at) == (ODD, None)
    assert read(learned, *[0.1] * MAX_OUTLIER_STREAK).layout_changed_at is not None


def test_pages_without_any_text_are_reported() -> None:
    """Once accepted, they cannot get worse."""
    empty = read(UNKNOWN_PAGE_QUALITY, *[0.0] * 10)
    assert empty.layout_changed_at is not None
    assert "hardly any article text" in effective_poll_state(PollState("daily", page_quality=empty)).detail
    assert read(read(empty, 0.0, accepted=True), *[0.0] * 100).layout_changed_at is None
    assert read(empty, GOOD, GOOD, GOOD).usual == GOOD


@given(st.lists(st.floats(0, 1), max_size=60))
def test_the_usual_confidence_stays_between_0_and_1(confidences: list[float]) -> None:
    """This holds for every sequence of pages."""
    pages = read(UNKNOWN_PAGE_QUALITY, *confidences)
    assert 0 <= pages.usual <= 1
    assert 0 <= pages.outlier_share <= 1
    assert len(pages.recent) <= 10
    assert 5 <= min_outlier_streak(pages.outlier_share) <= MAX_OUTLIER_STREAK


def test_a_layout_change_is_a_state_with_evidence_and_suggestion() -> None:
    """The detail has confidence, time and page; the suggestion has the command."""
    memory = effective_poll_state(PollState("daily", page_quality=CHANGED))
    assert (memory.state, memory.state_since_at) == (SourceState.FAILING, NOW)
    assert "layout changed" in memory.detail
    assert "confidence 0.30, usually 0.85, since 2026-03-01 12:00 UTC, e.g. https://x.example/4" in memory.detail
    assert "monitor extract --source daily https://x.example/4" in memory.suggestion
    assert "selectors:" in memory.suggestion
    assert effective_poll_state(memory) == memory


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        (SourceState.QUIET, SourceState.FAILING),
        (SourceState.MOVED, SourceState.FAILING),
        (SourceState.GAP, SourceState.GAP),
        (SourceState.BLOCKED, SourceState.BLOCKED),
        (SourceState.PAUSED, SourceState.PAUSED),
    ],
)
def test_the_worst_problem_is_the_state(state: SourceState, seen: SourceState) -> None:
    """Missed articles and blocked access precede badly read pages; silence and redirects follow."""
    memory = PollState("daily", state=state, detail="why", page_quality=CHANGED)
    assert effective_poll_state(memory).state is seen


def poll(memory: PollState, at: datetime) -> tuple[PollState, str, str]:
    """Apply the end of a poll to the state; return kind and text of the notice, too."""
    memory = accept_layout_change(memory, at)
    notice = notice_due(memory, at, "The Daily")
    kind, text = (notice.kind, notice.text) if notice else ("", "")
    return with_notice(memory, notice, at), kind, text


def test_a_layout_change_is_reported_repeated_daily_and_ended() -> None:
    """Like every other problem."""
    memory, kinds = PollState("daily", page_quality=CHANGED, state_since_at=NOW - 90 * DAY), []
    for hours in (0, 1, 25, 26):
        memory, kind, _ = poll(memory, NOW + hours * HOUR)
        kinds.append(kind)
    memory, kind, text = poll(replace(memory, page_quality=read(CHANGED, *[GOOD] * 3, at=NOW + 2 * DAY)), NOW + 3 * DAY)
    assert "The Daily is read again since 2026-03-03 14:00" in text
    assert [*kinds, kind, poll(memory, NOW + 4 * DAY)[1]] == ["change", "", "reminder", "", "recovery", ""]


def test_a_layout_change_is_accepted_after_a_week_of_notices() -> None:
    """The last notice states that it is accepted as usual."""
    memory, kinds = PollState("daily", page_quality=CHANGED), []
    for day in range(9):
        memory, kind, text = poll(memory, NOW + day * DAY)
        kinds.append(kind)
        if day == 7:
            assert "This is accepted as usual from now on" in text
            assert "confidence 0.30, usually 0.85" in text
    assert kinds == ["change", *["reminder"] * 6, "recovery", ""]
    assert effective_poll_state(memory).state is SourceState.OK
    assert memory.accepted_at == CHANGED.layout_changed_at


def test_an_unreported_old_layout_change_is_reported_for_a_week() -> None:
    """Even if the program did not run for a month."""
    memory, kinds = PollState("daily", page_quality=CHANGED), []
    for day in (30, 31, 36, 37):
        memory, kind, _ = poll(memory, NOW + day * DAY)
        kinds.append(kind)
    assert kinds == ["change", "reminder", "reminder", "recovery"]


def failing(memory: PollState, at: datetime, failures: float = 2.0) -> PollState:
    """Return the state after failed polls since a time."""
    return replace(memory, state=SourceState.FAILING, state_since_at=at, failures=failures, detail="404")


def read_again(memory: PollState, at: datetime) -> PollState:
    """Return the state after successful polls since a time."""
    return replace(memory, state=SourceState.OK, state_since_at=at, failures=0.0, detail="")


def test_a_layout_change_after_another_problem_is_reported_at_once() -> None:
    """The reader does not have to wait for the daily reminder."""
    memory, *_ = poll(failing(PollState("daily", page_quality=CHANGED), NOW - DAY), NOW)
    memory, kind, text = poll(read_again(memory, NOW + HOUR), NOW + HOUR)
    assert (kind, memory.first_reported_at) == ("change", NOW + HOUR)
    assert "layout changed" in text
    assert poll(memory, NOW + 2 * HOUR)[1] == ""


def test_a_failure_during_a_layout_change_is_reported_at_once() -> None:
    """A single light failure in between is not reported."""
    memory, *_ = poll(PollState("daily", page_quality=CHANGED), NOW)
    memory, kind, _ = poll(failing(memory, NOW + HOUR, failures=0.25), NOW + HOUR)
    assert kind == ""
    memory, kind, _ = poll(read_again(memory, NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert kind == ""
    memory, kind, text = poll(failing(memory, NOW + 3 * HOUR), NOW + 4 * HOUR)
    assert kind == "change"
    assert "404" in text


def test_a_problem_without_a_stored_start_is_not_reported_again() -> None:
    """After an update the next notice is the daily reminder."""
    memory, *_ = poll(failing(PollState("daily"), NOW), NOW)
    assert poll(replace(memory, reported_since_at=None), NOW + HOUR)[1] == ""


def test_a_layout_change_is_not_accepted_while_polls_fail() -> None:
    """While the source cannot be read, no notice about its pages is sent."""
    memory = PollState("daily", state=SourceState.FAILING, failures=2.0, detail="404", page_quality=CHANGED)
    memory, _, text = poll(memory, NOW)
    assert "404" in text
    memory, _, _ = poll(memory, NOW + 10 * DAY)
    assert memory.accepted_at is None

"""Domain values survive a column, and their types may grow."""

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import digest, found, message

from monitor.domain.delivery import RenderedDigest
from monitor.domain.digest import Digest
from monitor.domain.mention import Findings
from monitor.domain.poll_state import PollState, SourceState
from monitor.domain.secret import Secret
from monitor.store.column_types import from_json, to_json

MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
LENGTHS = st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1000)).map(
    lambda length: timedelta(seconds=length.total_seconds())
)


@given(
    st.builds(
        PollState,
        st.text(),
        state=st.sampled_from(SourceState),
        detail=st.text(),
        next_poll_at=MOMENTS,
        last_new_at=MOMENTS,
        interval=LENGTHS,
        failures=st.floats(0, 100),
        polls=st.integers(0, 10**9),
    )
)
def test_a_poll_state_is_restored_from_json(memory: PollState) -> None:
    """Every field, with any value."""
    assert from_json(PollState, to_json(memory)) == memory


@pytest.mark.parametrize(
    ("kind", "value"), [(Digest, digest("d")), (Findings, found("r")), (RenderedDigest, message("k").rendered)]
)
def test_nested_values_are_restored_from_json(kind: type[object], value: object) -> None:
    """Tuples, enums and records inside records."""
    assert from_json(kind, to_json(value)) == value


def test_times_of_day_and_dates_are_restored_from_json() -> None:
    """Each with its own type."""
    assert from_json(tuple[time, ...], to_json((time(22), time(6, 30)))) == (time(22), time(6, 30))
    assert from_json(date, to_json(date(2026, 2, 28))) == date(2026, 2, 28)
    assert from_json(tuple[datetime, ...], to_json((datetime(2026, 1, 1, tzinfo=UTC),))) == (
        datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_missing_fields_get_defaults_and_unknown_ones_are_ignored() -> None:
    """A type may get and lose fields without a migration."""
    text = json.dumps({"source_id": "a", "etag": "x", "of_tomorrow": [1]})
    assert from_json(PollState, text) == PollState("a", etag="x")


def test_a_secret_cannot_be_encoded() -> None:
    """Nor can any other type without a JSON form."""
    for value in (Secret("password"), object(), {1}):
        with pytest.raises(TypeError, match="has no JSON form"):
            to_json(value)
    with pytest.raises(TypeError, match="has no JSON form"):
        from_json(Secret, "1")

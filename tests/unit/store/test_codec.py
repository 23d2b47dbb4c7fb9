"""Domain values survive a column, and their types may grow."""

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.store.samples import digest, found, message

from monitor.domain.delivery import Rendered, Secret
from monitor.domain.digest import Digest, Hold
from monitor.domain.mention import Findings
from monitor.domain.source import SourceMemory, SourceState
from monitor.store.codec import dumps, loads

MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
LENGTHS = st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1000)).map(
    lambda length: timedelta(seconds=length.total_seconds())
)


@given(
    st.builds(
        SourceMemory,
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
def test_a_memory_comes_back(memory: SourceMemory) -> None:
    """Whatever is in it."""
    assert loads(SourceMemory, dumps(memory)) == memory


@pytest.mark.parametrize(
    ("kind", "value"), [(Digest, digest("d")), (Findings, found("r")), (Rendered, message("k").rendered)]
)
def test_nested_values_come_back(kind: type[object], value: object) -> None:
    """Tuples, enums and records inside records."""
    assert loads(kind, dumps(value)) == value


def test_times_of_day_and_dates_come_back() -> None:
    """As what they were."""
    hold = Hold(time(22), time(6, 30))
    assert loads(Hold, dumps(hold)) == hold
    assert loads(date, dumps(date(2026, 2, 28))) == date(2026, 2, 28)
    assert loads(tuple[datetime, ...], dumps((datetime(2026, 1, 1, tzinfo=UTC),))) == (
        datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_a_type_may_grow_and_shrink() -> None:
    """A field unknown to this version is left out; one that was not written takes its default."""
    text = json.dumps({"source_id": "a", "etag": "x", "of_tomorrow": [1]})
    assert loads(SourceMemory, text) == SourceMemory("a", etag="x")


def test_a_secret_is_never_written() -> None:
    """Nor anything else that has no form in JSON."""
    for value in (Secret("password"), object(), {1}):
        with pytest.raises(TypeError, match="has no JSON form"):
            dumps(value)
    with pytest.raises(TypeError, match="has no JSON form"):
        loads(Secret, "1")

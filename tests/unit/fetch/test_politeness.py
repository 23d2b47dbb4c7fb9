"""Politeness: how many requests to a host may start now."""

import asyncio

from monitor.fetch.politeness import HostLimiter


def free_counts(limiter: HostLimiter, *, is_own: bool = False) -> list[int]:
    """Return the free requests of a host before, during and after a request to it."""

    async def request() -> list[int]:
        counts = [limiter.free_request_count("daily.example")]
        async with limiter.slot("daily.example", is_own=is_own):
            counts.append(limiter.free_request_count("daily.example"))
        return [*counts, limiter.free_request_count("daily.example")]

    return asyncio.run(request())


def test_a_host_in_its_delay_has_no_free_request() -> None:
    """After a request starts, the next one may start only after the delay."""
    assert free_counts(HostLimiter(2, delay_seconds=1000.0)) == [1, 0, 0]


def test_a_host_without_a_delay_has_as_many_as_it_may_have_at_a_time() -> None:
    """A host of the user's own network is limited by the number of concurrent requests only."""
    assert free_counts(HostLimiter(2, delay_seconds=1000.0), is_own=True) == [1, 1, 2]


def test_a_host_with_a_delay_that_is_over_has_one() -> None:
    """Two requests at once would make the second one wait."""
    assert free_counts(HostLimiter(2, delay_seconds=0.001)) == [1, 1, 1]

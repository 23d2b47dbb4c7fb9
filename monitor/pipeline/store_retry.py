"""Retries of writes while the database cannot be reached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from monitor.domain.errors import StoreError
from monitor.store.database import Database

T = TypeVar("T")
RETRY_DELAYS_SECONDS = (1, 2, 4, 8, 16, 32, 64)  # two minutes, below the leases of sources and pages
Sleep = Callable[[float], Awaitable[None]]


async def run_with_retries(
    database: Database, work: Callable[..., T], *args: object, sleep: Sleep = asyncio.sleep
) -> T:
    """Call a store method that writes, and return its result. If the call fails, repeat it after some seconds.

    Raises the last ``StoreError`` if all attempts fail.
    """
    for delay in RETRY_DELAYS_SECONDS:
        try:
            return await database.run(work, *args)
        except StoreError:
            await sleep(delay)
    return await database.run(work, *args)

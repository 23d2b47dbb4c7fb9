"""robots.txt: decides whether the pages of articles may be fetched.

The robots.txt of an origin is fetched once a day. If its server fails, it is fetched again soon; until then, pages must
wait, because the rules are not known.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from monitor.domain.fetch_result import Blocked, Failed, Fetched, FetchResult
from monitor.text.urls import canonicalize_url

if TYPE_CHECKING:
    from protego import Protego

_RULES_TTL_SECONDS = 86_400.0  # RFC 9309 limits the use of a cached file to 24 hours
_ERROR_TTL_SECONDS = 600.0
_MAX_CACHED_ORIGINS = 2_000
_MAX_ROBOTS_BYTES = 512_000  # RFC 9309 requires parsers to accept at least 500 KiB


class RobotsDecision(Struct, frozen=True):
    """Decision whether one page may be fetched, and the delay between requests in seconds.

    The delay is 0 if robots.txt demands none. If the rules cannot be read now, ``unknown_reason`` is the reason, and
    the page must wait. If they were read, ``unknown_reason`` is empty.
    """

    is_allowed: bool = True
    crawl_delay_seconds: float = 0.0
    unknown_reason: str = ""


class _CachedRules(Struct, frozen=True):
    expires_at: float
    rules: "Protego | None"
    error: str = ""


class RobotsChecker:
    """Checker that decides by robots.txt whether pages may be fetched (RFC 9309). It caches the rules of each origin.

    An origin without a robots.txt has no rules. If the server of an origin fails, its pages must wait.
    """

    def __init__(self, user_agent: str, fetch: Callable[[str], Awaitable[FetchResult]]) -> None:
        self._user_agent, self._fetch = user_agent, fetch
        self._rules_by_origin: dict[str, _CachedRules] = {}
        self._origin_locks: dict[str, asyncio.Lock] = {}

    async def check(self, url: str) -> RobotsDecision:
        """Decide whether a page may be fetched. The robots.txt of its origin is fetched first if it is not cached."""
        parts = urlsplit(canonicalize_url(url))
        origin = f"{parts.scheme}://{parts.netloc}"
        cached = self._rules_by_origin.get(origin)
        if cached is None or cached.expires_at < time.monotonic():
            async with self._origin_locks.setdefault(origin, asyncio.Lock()):
                cached = self._rules_by_origin.get(origin)
                if cached is None or cached.expires_at < time.monotonic():
                    cached = self._cache_rules(origin, await self._fetch(f"{origin}/robots.txt"))
            self._origin_locks.pop(origin, None)
        if cached.error:
            return RobotsDecision(is_allowed=False, unknown_reason=cached.error)
        if cached.rules is None:
            return RobotsDecision()
        return RobotsDecision(
            cached.rules.can_fetch(url, self._user_agent), cached.rules.crawl_delay(self._user_agent) or 0.0
        )

    def _cache_rules(self, origin: str, result: FetchResult) -> _CachedRules:
        if len(self._rules_by_origin) >= _MAX_CACHED_ORIGINS:
            self._rules_by_origin.clear()
        rules = self._rules_by_origin[origin] = _parse_rules(result, time.monotonic())
        return rules


def _parse_rules(result: FetchResult, now: float) -> _CachedRules:
    """Return the rules of an origin, from the result of fetching its robots.txt.

    If the server failed, the rules contain the error, and the pages of the origin must wait. If the server sent a bot
    wall instead of robots.txt, the origin has no rules.
    """
    if isinstance(result, Fetched):
        from protego import Protego

        text = result.body[:_MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")
        return _CachedRules(now + _RULES_TTL_SECONDS, None if text.lstrip().startswith("<") else Protego.parse(text))
    if isinstance(result, Failed) and (result.status == 0 or result.status >= 500 or result.status == 429):
        return _CachedRules(now + _ERROR_TTL_SECONDS, None, result.reason)
    return _CachedRules(now + (_ERROR_TTL_SECONDS if isinstance(result, Blocked) else _RULES_TTL_SECONDS), None)

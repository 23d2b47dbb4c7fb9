"""robots.txt for pages: asked once a day and origin, obeyed; a server in trouble is waited for, not ignored."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from monitor.domain.fetch_result import Blocked, Failed, Fetched, FetchResult
from monitor.text.urls import canonicalize_url

_RULES_TTL_SECONDS = 86_400.0
_ERROR_TTL_SECONDS = 600.0
_MAX_CACHED_ORIGINS = 2_000
_MAX_ROBOTS_BYTES = 512_000


@dataclass(frozen=True, slots=True)
class RobotsDecision:
    """Whether a page may be fetched, the rest the host asks for in seconds, and why that cannot be known now."""

    is_allowed: bool = True
    crawl_delay_seconds: float = 0.0
    unknown_reason: str = ""


@dataclass(frozen=True, slots=True)
class _CachedRules:
    expires_at: float
    rules: Protego | None
    error: str = ""


class RobotsChecker:
    """Remembers the rules of each origin (RFC 9309: none for 4xx, wait for 5xx)."""

    def __init__(self, user_agent: str, fetch: Callable[[str], Awaitable[FetchResult]]) -> None:
        self._user_agent, self._fetch = user_agent, fetch
        self._rules_by_origin: dict[str, _CachedRules] = {}
        self._origin_locks: dict[str, asyncio.Lock] = {}

    async def check(self, url: str) -> RobotsDecision:
        """Say whether a page may be fetched; asks the origin for its robots.txt if that is not known."""
        parts = urlsplit(canonicalize_url(url))
        origin = f"{parts.scheme}://{parts.netloc}"
        found = self._rules_by_origin.get(origin)
        if found is None or found.expires_at < time.monotonic():
            async with self._origin_locks.setdefault(origin, asyncio.Lock()):
                found = self._rules_by_origin.get(origin)
                if found is None or found.expires_at < time.monotonic():
                    found = self._cache_rules(origin, await self._fetch(f"{origin}/robots.txt"))
            self._origin_locks.pop(origin, None)
        if found.error:
            return RobotsDecision(is_allowed=False, unknown_reason=found.error)
        if found.rules is None:
            return RobotsDecision()
        return RobotsDecision(
            found.rules.can_fetch(url, self._user_agent), found.rules.crawl_delay(self._user_agent) or 0.0
        )

    def _cache_rules(self, origin: str, outcome: FetchResult) -> _CachedRules:
        if len(self._rules_by_origin) >= _MAX_CACHED_ORIGINS:
            self._rules_by_origin.clear()
        rules = self._rules_by_origin[origin] = _parse_rules(outcome, time.monotonic())
        return rules


def _parse_rules(outcome: FetchResult, now: float) -> _CachedRules:
    """Read an answer. Only a broken or silent server makes us wait; a wall before robots.txt sets no rules."""
    if isinstance(outcome, Fetched):
        text = outcome.body[:_MAX_ROBOTS_BYTES].decode("utf-8-sig", "replace")
        return _CachedRules(now + _RULES_TTL_SECONDS, None if text.lstrip().startswith("<") else Protego.parse(text))
    if isinstance(outcome, Failed) and (outcome.status == 0 or outcome.status >= 500 or outcome.status == 429):
        return _CachedRules(now + _ERROR_TTL_SECONDS, None, outcome.reason)
    return _CachedRules(now + (_ERROR_TTL_SECONDS if isinstance(outcome, Blocked) else _RULES_TTL_SECONDS), None)

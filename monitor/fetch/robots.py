"""robots.txt for pages: asked once a day and origin, obeyed; a server in trouble is waited for, not ignored."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from monitor.domain.exchange import Blocked, Failed, Fetched, Outcome
from monitor.text.urls import canonical_url

_KEEP_SECONDS = 86_400.0
_KEEP_TROUBLE_SECONDS = 600.0
_KEEP_ORIGINS = 2_000
_LONGEST = 512_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a page may be fetched, the rest the host asks for in seconds, and why that cannot be known now."""

    allowed: bool = True
    delay: float = 0.0
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Rules:
    until: float
    rules: Protego | None
    trouble: str = ""


class Robots:
    """Remembers the rules of each origin (RFC 9309: none for 4xx, wait for 5xx)."""

    def __init__(self, agent: str, read: Callable[[str], Awaitable[Outcome]]) -> None:
        self._agent, self._read = agent, read
        self._known: dict[str, _Rules] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def judge(self, url: str) -> Verdict:
        """Say whether a page may be fetched; asks the origin for its robots.txt if that is not known."""
        parts = urlsplit(canonical_url(url))
        origin = f"{parts.scheme}://{parts.netloc}"
        found = self._known.get(origin)
        if found is None or found.until < time.monotonic():
            async with self._asking.setdefault(origin, asyncio.Lock()):
                found = self._known.get(origin)
                if found is None or found.until < time.monotonic():
                    found = self._remember(origin, await self._read(f"{origin}/robots.txt"))
            self._asking.pop(origin, None)
        if found.trouble:
            return Verdict(allowed=False, unknown=found.trouble)
        if found.rules is None:
            return Verdict()
        return Verdict(found.rules.can_fetch(url, self._agent), found.rules.crawl_delay(self._agent) or 0.0)

    def _remember(self, origin: str, outcome: Outcome) -> _Rules:
        if len(self._known) >= _KEEP_ORIGINS:
            self._known.clear()
        rules = self._known[origin] = _read_rules(outcome, time.monotonic())
        return rules


def _read_rules(outcome: Outcome, now: float) -> _Rules:
    """Read an answer. Only a broken or silent server makes us wait; a wall before robots.txt sets no rules."""
    if isinstance(outcome, Fetched):
        text = outcome.body[:_LONGEST].decode("utf-8-sig", "replace")
        return _Rules(now + _KEEP_SECONDS, None if text.lstrip().startswith("<") else Protego.parse(text))
    if isinstance(outcome, Failed) and (outcome.status == 0 or outcome.status >= 500 or outcome.status == 429):
        return _Rules(now + _KEEP_TROUBLE_SECONDS, None, outcome.reason)
    return _Rules(now + (_KEEP_TROUBLE_SECONDS if isinstance(outcome, Blocked) else _KEEP_SECONDS), None)

"""Browser for pages that need JavaScript (extra ``browser``): one Chromium, with a separate context for each page.

Chromium is driven by Playwright. ``HttpFetcher`` fetches the document of the page, and the browser gets the document
from there. Requests of the page's scripts go through ``GuardedProxy``. Pictures, fonts, media, frames and trackers are
not requested.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Failed, FailureCause, FailureWeight, Fetched, FetchResult
from monitor.domain.values import replace
from monitor.fetch.address_guard import AddressGuard
from monitor.fetch.guarded_proxy import GuardedProxy

EXTRA_MISSING = (
    "its pages are read with a browser, and the extra `browser` is not installed; install it with: "
    "pip install 'monitor[browser]'"
)
CHROMIUM_MISSING = (
    "its pages are read with a browser, and Chromium is not installed; install it with: apt install chromium, or: "
    "playwright install chromium"
)
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BLOCKED_TYPES = frozenset({"image", "media", "font", "texttrack", "eventsource", "manifest", "ping", "other"})
_TRACKERS = frozenset(
    {
        "adnxs.com",
        "amazon-adsystem.com",
        "chartbeat.com",
        "clarity.ms",
        "cookielaw.org",
        "criteo.com",
        "doubleclick.net",
        "facebook.net",
        "google-analytics.com",
        "googleadservices.com",
        "googlesyndication.com",
        "googletagmanager.com",
        "hm.baidu.com",
        "hotjar.com",
        "matomo.cloud",
        "mc.yandex.ru",
        "mixpanel.com",
        "newrelic.com",
        "nr-data.net",
        "onetrust.com",
        "outbrain.com",
        "permutive.com",
        "piano.io",
        "quantserve.com",
        "scorecardresearch.com",
        "segment.io",
        "sentry.io",
        "taboola.com",
    }
)
_CHROMIUM_ARGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--js-flags=--max-old-space-size=256",
)


class BrowserLimits(Struct, frozen=True):
    """Limits for rendering one page: times in seconds, lengths in bytes.

    They are documented in docs/special-sources.md. ``memory_bytes`` is the limit for all processes of the browser
    together.
    """

    load_seconds: float = 15.0
    settle_seconds: float = 6.0
    transfer_bytes: int = 20_000_000
    document_bytes: int = 10_000_000
    memory_bytes: int = 1_500_000_000
    requests: int = 150
    concurrent_pages: int = 2
    pages_per_browser: int = 50
    idle_seconds: float = 120.0


class BrowserRenderer:
    """Renderer of pages in one Chromium browser.

    The browser is started for the first page. It is ended when no page was rendered for some time, after a number of
    pages, and when it exceeds a limit. ``executable`` is the path of Chromium. If it is empty, the Chromium on the PATH
    is used, or the one that Playwright has installed.
    """

    def __init__(
        self, guard: AddressGuard, user_agent: str, executable: str = "", limits: BrowserLimits | None = None
    ) -> None:
        self._guard, self._user_agent, self._executable = guard, user_agent, executable
        self._limits = limits or BrowserLimits()
        self.slots = asyncio.Semaphore(self._limits.concurrent_pages)
        self._starting = asyncio.Lock()
        self._playwright: Any = None
        self._browser: Any = None
        self._mark = ""
        self._page_count = self._open_count = 0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def render(
        self, page: Fetched, headers: Sequence[tuple[str, str]] = (), cookies: Sequence[dict[str, Any]] = ()
    ) -> FetchResult:
        """Run the scripts of a fetched page, and return the page with the resulting HTML.

        Of the configured ``headers``, only cookies are used, and they are sent only to the origin of the page.
        ``cookies`` come from a cookie file, in the format of Playwright. Each of these cookies is sent to its own
        domain.
        """
        try:
            import playwright.async_api as library
        except ImportError:
            return Blocked(EXTRA_MISSING, problem=PageProblem.NEEDS_BROWSER_EXTRA)
        self._open_count += 1
        watcher: asyncio.Task[None] | None = None
        try:
            browser = await self._start(library)
            watcher = asyncio.create_task(self._watch_memory(self._mark))
            async with asyncio.timeout(self._limits.load_seconds + self._limits.settle_seconds + 5):
                return await self._render(library, browser, page, [*_to_cookies(page.url, headers), *cookies])
        except (TimeoutError, library.TimeoutError):
            await self._kill()
            return Failed(
                "the page does not become ready in the browser", FailureWeight.SOFT, cause=FailureCause.TIMEOUT
            )
        except library.Error as error:
            return self._to_failure(str(error))
        finally:
            if watcher:
                watcher.cancel()
            self._open_count -= 1
            await self._retire()

    async def aclose(self) -> None:
        """End the browser."""
        if self._idle_timer:
            self._idle_timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._kill()

    async def _start(self, library: Any) -> Any:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                await self._kill()
                mark = f"--monitor-browser={secrets.token_hex(8)}"
                executable = self._executable or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
                self._playwright = await library.async_playwright().start()
                self._browser = await self._playwright.chromium.launch(
                    executable_path=executable,
                    args=[*_CHROMIUM_ARGS, mark],
                    chromium_sandbox=os.geteuid() != 0,  # as root, Chromium refuses to run in its sandbox
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
                self._mark, self._page_count = mark, 0
            self._page_count += 1
            return self._browser

    async def _render(
        self, library: Any, browser: Any, page: Fetched, cookies: Sequence[dict[str, Any]]
    ) -> FetchResult:
        async with GuardedProxy(self._guard, urlsplit(page.url).hostname or "", self._limits.transfer_bytes) as proxy:
            context = await browser.new_context(
                user_agent=self._user_agent,
                accept_downloads=False,
                service_workers="block",
                proxy={
                    "server": f"http://127.0.0.1:{proxy.port}",
                    "username": "monitor",
                    "password": proxy.password,
                },
            )
            try:
                await context.add_cookies(cookies)
                await context.route("**/*", _RequestFilter(page, self._limits.requests))
                tab = await context.new_page()
                await tab.goto(page.url, wait_until="domcontentloaded", timeout=self._limits.load_seconds * 1_000)
                with contextlib.suppress(library.TimeoutError):  # a page that never finishes loading is read as it is
                    await tab.wait_for_load_state("networkidle", timeout=self._limits.settle_seconds * 1_000)
                length = await tab.evaluate("document.documentElement.outerHTML.length")
                if length > self._limits.document_bytes:
                    return Failed("the page becomes too long in the browser", cause=FailureCause.TOO_LONG)
                html, url = await tab.content(), tab.url
            finally:
                with contextlib.suppress(library.Error):
                    await context.close()
        return replace(page, body=html.encode("utf-8", "replace"), content_type="text/html; charset=utf-8", url=url)

    def _to_failure(self, text: str) -> FetchResult:
        if "executable doesn't exist" in text.lower() or "ENOENT" in text:
            return Blocked(CHROMIUM_MISSING, problem=PageProblem.NEEDS_BROWSER_EXTRA)
        if "has been closed" in text or "crash" in text.lower():
            reason = (
                f"the page needs more than {self._limits.memory_bytes // 1_000_000} MB in the browser, or crashes it"
            )
            return Failed(reason, FailureWeight.SOFT)
        return Failed(f"the browser cannot show the page: {text.splitlines()[0][:200]}", FailureWeight.SOFT)

    async def _watch_memory(self, mark: str) -> None:
        """Kill the browser when its processes together need more memory than allowed.

        The processes are recognized by ``mark`` in their command lines.
        """
        while True:
            await asyncio.sleep(0.25)
            processes = await asyncio.to_thread(find_process_tree, mark)
            if await asyncio.to_thread(measure_memory, processes) > self._limits.memory_bytes:
                kill_processes(processes)
                return

    async def _retire(self) -> None:
        """End the browser if it has rendered many pages. Otherwise set a timer that ends it if no page follows soon.

        While other pages are open, do nothing.
        """
        if self._idle_timer:
            self._idle_timer.cancel()
        if self._open_count:
            return
        if self._page_count >= self._limits.pages_per_browser:
            await self._kill()
            return
        loop = asyncio.get_running_loop()
        self._idle_timer = loop.call_later(self._limits.idle_seconds, self._end_idle_browser)

    def _end_idle_browser(self) -> None:
        if not self._open_count:
            task = asyncio.create_task(self._kill())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _kill(self) -> None:
        """End the browser and its driver; kill their processes if they do not end by themselves."""
        browser, driver, mark = self._browser, self._playwright, self._mark
        self._browser = self._playwright = None
        for part in filter(None, (browser and browser.close, driver and driver.stop)):
            with contextlib.suppress(Exception):  # the process has ended already, or hangs
                async with asyncio.timeout(3):
                    await part()
        if mark:
            kill_processes(await asyncio.to_thread(find_process_tree, mark))


class _RequestFilter:
    """Handler of all requests that a page makes in the browser.

    The first navigation gets the document that was already fetched. Requests that are not needed, and requests beyond
    the maximum number, are aborted.
    """

    def __init__(self, page: Fetched, max_requests: int) -> None:
        self._page, self._left, self._is_given = page, max_requests, False

    async def __call__(self, route: Any, request: Any) -> None:
        """Answer, abort or permit one request."""
        self._left -= 1
        if request.is_navigation_request():
            await self._navigate(route, request)
        elif self._left < 0 or request.resource_type in _BLOCKED_TYPES or _is_tracker(request.url):
            await route.abort("blockedbyclient")
        else:
            await route.continue_()

    async def _navigate(self, route: Any, request: Any) -> None:
        """Handle a navigation.

        The first navigation is answered with the document that was already fetched. Later navigations, which scripts
        start, are permitted. Navigations in frames are aborted, and so are all navigations after too many requests.
        """
        if request.frame.parent_frame is not None or self._left < 0:
            await route.abort("blockedbyclient")
        elif not self._is_given:
            self._is_given = True
            headers = {"content-type": self._page.content_type or "text/html; charset=utf-8"}
            await route.fulfill(status=200, headers=headers, body=self._page.body)
        else:
            await route.continue_()


def is_html(page: Fetched) -> bool:
    """Return whether a response is an HTML page, judged by its content type or the beginning of its body."""
    start = page.body[:1_024].lstrip().lower()
    return "html" in page.content_type or start.startswith((b"<!doctype html", b"<html"))


def _is_tracker(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == name or host.endswith(f".{name}") for name in _TRACKERS)


def _to_cookies(url: str, headers: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Convert the cookies in the configured headers to the format of Playwright.

    The cookies are sent only to the host of the page.
    """
    texts = [value for name, value in headers if name.lower() == "cookie"]
    return [
        {"name": name, "value": morsel.coded_value, "url": url}
        for text in texts
        for name, morsel in SimpleCookie(text).items()
    ]


def find_process_tree(mark: str) -> list[int]:
    """Return the ids of all processes that have ``mark`` in their command line, and of all their descendants.

    The result is empty on systems without ``/proc``.
    """
    if not mark:
        return []
    parents: dict[int, int] = {}
    roots: set[int] = set()
    for folder in Path("/proc").iterdir() if Path("/proc/self/stat").exists() else ():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if mark.encode() in (folder / "cmdline").read_bytes():
                roots.add(pid)
    found = set(roots)
    while added := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= added
    return sorted(found)


def measure_memory(processes: Sequence[int]) -> int:
    """Return the number of bytes of memory that processes use together.

    It is the sum of the proportional set sizes (PSS): shared memory is divided among the processes that share it.
    """
    total = 0
    for pid in processes:
        with contextlib.suppress(OSError, ValueError, IndexError):
            rows = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
            total += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) * 1_024
    return total


def kill_processes(processes: Sequence[int]) -> None:
    """Kill processes immediately, by SIGKILL."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, 9)

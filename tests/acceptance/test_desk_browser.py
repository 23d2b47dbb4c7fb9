"""The desk in a real Chromium: every page, the keyboard alone, without JavaScript, hostile texts, print."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.browser import requires_browser
from support.rows import draft, found, kept, source

from monitor.config.load import load_configuration
from monitor.domain.values import replace
from monitor.store.database import Database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, requires_browser, pytest.mark.xdist_group("browser")]
ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "tests" / "support" / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]
ARABIC = "وزير الدفاع يستقبل فان فان جيانغ في فينتيان صباح الاثنين"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HEADLINE = "PM HUN MANET URGES NEIGHBOURS"
HANG_SECONDS = 120


@dataclass(frozen=True)
class Served:
    """The desk of the demo, served by the program."""

    url: str
    folder: Path
    arabic: int
    hostile: int
    story: str

    def login_address(self) -> str:
        return run_monitor(self.folder, "readers", "link").strip()

    @property
    def pages(self) -> list[str]:
        pages = [
            "/",
            "/?by=story",
            "/?by=outlet",
            f"/story/{self.story}",
            f"/article/{self.hostile}",
            f"/article/{self.arabic}",
        ]
        pages += [
            "/article/50",
            "/people",
            "/people/phan-van-giang?span=7d",
            "/successions",
            "/search?q=minister",
            "/search?q=%28",
        ]
        pages += ["/sources", "/sources/lan-xang", "/digests", "/digests/2", "/digests/next/today", "/changes"]
        return [*pages, "/outbox", "/status", "/me", "/rules", "/add-source"]


def run_monitor(folder: Path, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run the demo, add an Arabic and a hostile article, and serve the desk."""
    home = tmp_path_factory.mktemp("desk")
    run_monitor(home, "demo")
    folder = home / "demo"
    arabic, hostile = add_articles(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "sources.yaml"
    text = config.read_text(encoding="utf-8")
    settings = f"settings:\n  web: {{listen: '127.0.0.1:{port}'}}"
    config.write_text(text.replace("settings:", settings, 1), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "web"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("The desk: ")
    yield Served(f"http://127.0.0.1:{port}", folder, arabic, hostile, largest_story(folder))
    process.terminate()
    process.wait(HANG_SECONDS)


def largest_story(folder: Path) -> str:
    """Return the id of the story with most articles."""
    with closing(sqlite3.connect(folder / "demo.db")) as connection:
        query = "SELECT story_id FROM article WHERE story_id != '' GROUP BY story_id ORDER BY count(*) DESC LIMIT 1"
        return str(connection.execute(query).fetchone()[0])


def add_articles(folder: Path) -> tuple[int, int]:
    """Store an article in Arabic, and one with scripts in its headline and text; both are hits in stories."""
    database = Database.open(f"sqlite:///{folder}/demo.db")
    now = datetime.now(UTC)
    configured = load_configuration(folder / "sources.yaml", {}).sources
    database.sources.register([*configured, source()], now)
    arabic = draft("arabic", body=f"{ARABIC}\n{ARABIC}")
    hostile = draft("hostile", body=f"{SCRIPT}\nSome Body {SCRIPT}")
    drafts = [
        replace(arabic, article=replace(arabic.article, title=ARABIC, language="ar")),
        replace(hostile, article=replace(hostile.article, title=SCRIPT, url="javascript:alert(3)")),
    ]
    stored = [one for one in kept(database, *drafts, now=now) if one.source_id == "times"]
    findings = [
        (stored[0], found("people", official="phan-van-giang", text=ARABIC[:10])),
        (stored[1], found("people", official="to-lam", text=SCRIPT[:9])),
    ]
    database.findings.save(findings, now)
    with database._connections.write_transaction() as connection:
        for number, one in enumerate(stored, start=900):
            at = now.isoformat()[:26] + "Z"
            row = (f"s{number}", one.article.title, at, at)
            connection.exec_driver_sql("INSERT INTO story VALUES (?, ?, ?, ?, '')", row)
            connection.exec_driver_sql("UPDATE article SET story_id = ? WHERE id = ?", (f"s{number}", one.id))
    database.close()
    return stored[0].id, stored[1].id


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def session(browser: "Browser", served: Served) -> Any:
    """Log in once, by the one-time address; return the cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.login_address())
    page.click("button.main")
    page.wait_for_url(f"{served.url}/")
    state = context.storage_state()
    context.close()
    return state


def submit(page: "Page", selector: str, text: str | None = None) -> None:
    """Click the first button that matches, and wait until the page that answers the form is loaded.

    A click alone returns before the answer has replaced the page. For a change by a script of the page, wait with a
    locator.
    """
    with page.expect_navigation():
        page.locator(selector, has_text=text).first.click()


def watch(page: "Page", served: Served) -> list[str]:
    """Return a list that grows with errors: in the console, requests to other places, dialogs."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith(served.url) else errors.append(f"request to {one.url}"))

    def refuse(dialog: Any) -> None:
        errors.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)
    return errors


@pytest.mark.parametrize(
    ("scheme", "width", "has_axe"),
    [("light", 1280, True), ("dark", 390, True), ("light", 390, False), ("dark", 1280, False)],
)
def test_every_page_is_accessible_and_loads_nothing_from_elsewhere(
    browser: "Browser", served: Served, session: Any, scheme: Any, width: int, has_axe: bool
) -> None:
    """WCAG 2.2 AA, no error in the console, no request to other places, no sideways scroll, no script of others."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, storage_state=session, bypass_csp=has_axe
    )
    page = context.new_page()
    errors = watch(page, served)
    for path in served.pages:
        page.goto(served.url + path)
        if path.startswith("/search?q=%28"):
            errors[:] = [error for error in errors if "422" not in error]  # the answer to a query with an error
        assert errors == [], (path, errors)
        scroll = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert scroll[0] <= scroll[1], (path, scroll)
        if has_axe:
            page.evaluate(AXE)
            result = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
            assert [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]] == [], path
    context.close()


def test_texts_have_their_language_and_direction(browser: "Browser", served: Served, session: Any) -> None:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{served.url}/article/{served.arabic}")
    heading = page.locator("h1 bdi")
    assert heading.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert heading.get_attribute("lang") == "ar"
    assert page.locator(".region p").first.evaluate("e => getComputedStyle(e).direction") == "rtl"
    for outlet, language in (("lan-xang", "lo"), ("jianghe", "zh"), ("song-hong", "vi")):
        page.goto(f"{served.url}/sources/{outlet}")
        page.locator("[data-open]").first.click()
        page.locator(f"h1 bdi[lang={language}]").wait_for()
    context.close()


def test_a_triage_session_with_the_keyboard_alone(browser: "Browser", served: Served) -> None:
    """From the login to "not this person" to the next digest, and the undo."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.login_address())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    page.goto(f"{served.url}/?by=story")
    for _ in range(100):
        page.keyboard.press("j")
        if HEADLINE in (page.locator("[data-row].current h3").text_content() or ""):
            break
    page.locator("[data-row].current:focus").wait_for()
    preview = context.new_page()
    preview.goto(f"{served.url}/digests/next/today")
    assert "taken back" not in preview.locator("main").inner_text().lower()
    page.bring_to_front()  # a page in the background may not move its focus
    focused_field = page.locator(".current details[open] :is(select, input):focus")
    page.keyboard.press("n")
    focused_field.wait_for()
    page.keyboard.press("Escape")
    focused_field.wait_for(state="detached")
    page.keyboard.press("n")
    focused_field.wait_for()  # the menu moves the focus only after it has opened
    page.locator(".current details[open] button.main").focus()
    page.keyboard.press("Enter")
    page.locator(".done", has_text="Rejected").wait_for()
    preview.reload()
    assert "taken back" in preview.locator("main").inner_text().lower()
    page.keyboard.press("z")
    page.wait_for_url("**done=*")
    preview.reload()
    assert "taken back" not in preview.locator("main").inner_text().lower()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"{served.url}/changes")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    context.close()


def test_the_key_z_undoes_the_last_change_on_the_page(browser: "Browser", served: Served, session: Any) -> None:
    """Not the first one on it; a message is shown if there is none."""
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{served.url}/?by=story")
    for keys, shown in (("jf", "Followed"), ("jm", "Muted"), ("ki", "Marked as irrelevant")):  # the last is in between
        for key in keys:
            page.keyboard.press(key)
        page.locator(".done", has_text=shown).wait_for()
    page.keyboard.press("z")
    page.wait_for_url("**done=*")
    page.locator(".notice.good", has_text="irrelevant story").wait_for()
    page.keyboard.press("z")
    page.locator("#live", has_text="Nothing to undo").wait_for()
    page.goto(f"{served.url}/changes")
    for _ in ("mute", "follow"):
        submit(page, "td button", "Undo")
    context.close()


def current(page: "Page") -> bool:
    return page.locator("[data-row].current").count() > 0


def test_single_keys_can_be_turned_off(browser: "Browser", served: Served, session: Any) -> None:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{served.url}/me")
    page.uncheck("input[name=keys]")
    submit(page, "text=Save")
    page.goto(f"{served.url}/")
    page.keyboard.press("j")
    assert not current(page)
    page.goto(f"{served.url}/me")
    page.check("input[name=keys]")
    submit(page, "text=Save")
    context.close()


def test_the_morning_without_javascript(browser: "Browser", served: Served, session: Any) -> None:
    """Every action is a form: reject, undo, mute, these are read."""
    context: BrowserContext = browser.new_context(java_script_enabled=False, storage_state=session)
    page = context.new_page()
    page.goto(f"{served.url}/?by=story")
    stories = page.locator("article.story")
    story = page.locator("article.story", has_text="HUN MANET")
    before = story.inner_text()
    story.locator("summary", has_text="Not this person").click()
    submit(page, "article.story:has-text('HUN MANET') .pop button.main")
    assert story.inner_text() != before
    submit(page, ".notice.good button", "Undo")
    assert story.inner_text() == before
    submit(page, "article.story:has-text('HUN MANET') button", "Mute")
    assert "Hidden: 1 muted" in page.locator("main").inner_text()
    submit(page, "button", "I have read these 20")
    rest = stories.count()
    assert 0 < rest < 20
    submit(page, "button", f"I have read these {rest}")
    assert "Nothing new" in page.locator("main").inner_text()
    submit(page, ".notice.good button", "Undo")
    assert stories.count() == rest
    context.close()


class Foreign(BaseHTTPRequestHandler):
    """Another site on another port of this machine, which posts a form and frames the desk."""

    target = ""

    def do_GET(self) -> None:
        body = (
            f"<form method=post action='{self.target}/me'><input name=theme value=dark></form>"
            f"<iframe src='{self.target}/'></iframe><script>document.forms[0].submit()</script>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_a_source_is_added_with_a_preview(browser: "Browser", served: Served, session: Any) -> None:
    """The preview follows each edit of a selector; the page with it is accessible on a phone."""
    news = "".join(f"<li><a href='/{number}'>Headline {number}</a></li>" for number in range(3))

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f"<p>{'The minister opened a bridge over the river. ' * 30}</p>" if self.path != "/news" else news
            body = f"<html><title>Daily {self.path}</title><ul>{text}</ul></html>".encode()
            self.send_response(404 if "robots" in self.path else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(
        color_scheme="dark", viewport={"width": 390, "height": 900}, storage_state=session, bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"{served.url}/add-source?url=http://127.0.0.1:{server.server_port}/news")
    page.click("text=Find feeds")
    page.click("text=Use selectors")
    page.fill("[name=list_items]", "li.wrong")
    page.locator("[name=list_items]").blur()
    page.wait_for_selector("#preview .notice.bad")
    page.fill("[name=list_items]", "li")
    page.locator("[name=list_items]").blur()
    page.wait_for_selector("text=3 articles in the list")
    page.locator("#preview", has_text="The minister opened a bridge").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]] == []
    page.fill("[name=name]", "Daily News")
    page.click("text=Write to sources.yaml")
    page.wait_for_url("**/sources?added=*")
    assert "items: li" in (served.folder / "sources.yaml").read_text(encoding="utf-8")
    context.close()
    server.shutdown()
    server.server_close()


def test_another_site_can_neither_post_nor_frame(browser: "Browser", served: Served, session: Any) -> None:
    """Its requests carry the cookie of this machine, because cookies know no ports."""
    Foreign.target = served.url
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    with page.expect_response(lambda one: one.url.endswith("/me")) as answer:
        page.goto(f"http://127.0.0.1:{server.server_port}/")
    assert answer.value.status == 403
    check = context.new_page()
    check.goto(f"{served.url}/")
    assert check.locator("html").get_attribute("data-theme") is None
    context.close()
    server.shutdown()


def test_after_the_logout_the_back_button_shows_nothing(browser: "Browser", served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.login_address())
    page.click("button.main")
    page.wait_for_url(f"{served.url}/")
    page.goto(f"{served.url}/people")
    submit(page, "text=Log out")
    page.go_back()
    page.wait_for_url("**/login**")
    assert "Phan" not in page.content()
    context.close()


def test_a_digest_prints_as_a_press_review(browser: "Browser", served: Served, session: Any) -> None:
    """Pages with numbers, addresses spelled out, and no buttons."""
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{served.url}/digests/2")
    page.emulate_media(media="print")
    assert page.locator("button:visible, nav:visible, .button:visible").count() == 0
    assert page.locator(".address:visible").count() > 0
    assert page.pdf().startswith(b"%PDF")
    context.close()


def test_the_rules_are_edited_with_a_check_while_typing(browser: "Browser", served: Served, session: Any) -> None:
    """A fault leads to its line; an edit of somebody else is not lost; the save is reviewed and undone."""
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    errors = watch(page, served)
    file = served.folder / "sources.yaml"
    before = file.read_text(encoding="utf-8")
    page.goto(f"{served.url}/rules")
    text = page.locator("#text")
    typed = text.input_value()
    text.fill(typed.replace("report_edits: true", "report_edit: true"))
    page.locator("#faults .bad").wait_for()
    page.locator("#faults a").first.click()
    line = typed[: typed.index("report_edits")].count("\n") + 1
    page.locator("#place", has_text=f"Line {line},").wait_for()
    text.fill(typed.replace("report_edits: true", "report_edits: true  # mine"))
    file.write_text(before + "# theirs\n", encoding="utf-8")
    page.locator(".editor button.main").click()
    page.locator(".notice.bad", has_text="Somebody else").wait_for()
    errors[:] = [error for error in errors if "409" not in error]  # the answer to a conflict
    page.locator(".versions", has_text="# theirs").wait_for()
    page.evaluate(AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    assert [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]] == []
    submit(page, "button", "Add the changes that only the others made")
    page.locator(".editor button.main").click()
    submit(page, "button", "Save")
    assert "done=" in page.url
    wanted = before.replace("report_edits: true", "report_edits: true  # mine") + "# theirs\n"
    assert file.read_text(encoding="utf-8") == wanted
    submit(page, ".notice.good button")
    assert file.read_text(encoding="utf-8") == before + "# theirs\n"
    file.write_text(before, encoding="utf-8")
    assert errors == []
    context.close()

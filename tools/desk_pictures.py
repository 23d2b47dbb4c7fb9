"""Take the pictures of the desk and of the digest in docs/, on the demo world: python tools/desk_pictures.py."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PERSON = "phan-van-giang"
PICTURES = {
    "desk": ("/", "light", 1100, 760),
    "desk-phone": ("/?by=story", "dark", 390, 760),
    "desk-people": ("/people", "dark", 1100, 620),
    "desk-person": (f"/people/{PERSON}", "light", 1100, 760),
    "desk-search": ("/search?q=border", "light", 1100, 760),
    "desk-sources": ("/sources", "dark", 1100, 620),
}
"""Address, theme, width and height of the pictures that need no action before."""


def start_desk(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the demo and its desk in a folder. Return the process, and the address that logs in."""
    command = [sys.executable, "-m", "monitor", "demo", str(folder), "--serve", "--listen", "127.0.0.1:8797"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - a fixed command
    for line in process.stdout or ():
        if found := re.search(r"http://\S+/login/\S+", line):
            return process, found[0]
    raise SystemExit("the demo ended without a desk")


def take_pictures(browser: Browser, login_address: str, folder: Path) -> None:
    """Log in, and take every picture of the desk."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(login_address)
    page.click("button.main")
    page.wait_for_selector("h1")
    session = context.storage_state()
    base = login_address.partition("/login/")[0]

    def open_page(scheme: str, width: int, height: int) -> Page:
        size = {"width": width, "height": height}
        opened = browser.new_context(storage_state=session, color_scheme=scheme, viewport=size)  # type: ignore[arg-type]
        return opened.new_page()

    for name, (path, scheme, width, height) in PICTURES.items():
        page = open_page(scheme, width, height)
        page.goto(base + path)
        page.screenshot(path=DOCS / f"{name}.png")
    page = open_page("dark", 1100, 760)
    page.goto(f"{base}/people/{PERSON}")
    page.goto(base + str(page.get_attribute("#newest ~ ul a, section[aria-labelledby=newest] a", "href")))
    page.screenshot(path=DOCS / "desk-article.png")
    take_pictures_of_rules(open_page("light", 1280, 860), open_page("dark", 1280, 860), base, folder / "sources.yaml")


def take_pictures_of_rules(light: Page, dark: Page, base: str, file: Path) -> None:
    """Take the pictures of the editor: with an error, of the review, and of a conflict."""
    light.goto(f"{base}/rules")
    text = light.input_value("#text")
    light.fill("#text", text.replace("country: Vietnam", "contry: Vietnam", 1))
    light.wait_for_selector("#faults .bad")
    light.click("#faults a")
    light.screenshot(path=DOCS / "desk-rules.png")
    rule = "rules:\n  border-talks:\n    query: border AND (talks OR patrol)   # tried on the desk\n"
    dark.goto(f"{base}/rules")
    dark.fill("#text", text.replace("rules:\n", rule, 1).replace("[people, border]", "[people, border, border-talks]"))
    dark.click(".editor button.main")
    dark.wait_for_selector("#rehearsal")
    dark.screenshot(path=DOCS / "desk-review.png")
    before = file.read_text(encoding="utf-8")
    mine = text.replace("name: Army Review", "name: The Army Review")
    light.goto(f"{base}/rules")
    theirs = before.replace("name: Army Review", "name: Army Review Weekly").replace("backfill: 2d", "backfill: 3d")
    file.write_text(theirs, encoding="utf-8")
    light.fill("#text", mine)
    light.click(".editor button.main")
    light.wait_for_selector(".versions")
    light.screenshot(path=DOCS / "desk-conflict.png")
    file.write_text(before, encoding="utf-8")


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        folder = Path(home) / "demo"
        process, login_address = start_desk(folder)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            take_pictures(browser, login_address, folder)
            page = browser.new_page(viewport={"width": 760, "height": 1050})
            page.goto((folder / "digest.html").as_uri())
            page.screenshot(path=DOCS / "digest.png")
        finally:
            browser.close()
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()

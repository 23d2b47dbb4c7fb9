"""Printed dates: the date of the article is found, and no other date on the page.

`printed_dates.json` has the body of each page, written for this project in the markup of the system that it names;
`{h}` is replaced by the headline and `{t}` by the text.
"""

import json
from pathlib import Path

import pytest

from monitor.extract.extractor import explain_page

PAGES = json.loads((Path(__file__).parent / "printed_dates.json").read_text(encoding="utf-8"))
TEXT = "".join(
    f"<p>The council spoke about the new plan {letter} in the evening and had a long debate until late at night.</p>"
    for letter in "abcdef"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page["name"])
def test_the_day_that_readers_see_is_found(page: dict[str, str]) -> None:
    """Days of events, comments, other articles and the site are not taken for it."""
    body = page["body"].replace("{h}", "<h1>The plan of the town</h1>").replace("{t}", TEXT)
    html = f"<html lang={page['language']}><head><title>The plan of the town</title></head><body>{body}</body></html>"
    found = explain_page(html.encode(), "https://town.example/plan", "text/html; charset=utf-8").local_published_at
    assert (f"{found:%Y-%m-%d}" if found else "") == page["published"]

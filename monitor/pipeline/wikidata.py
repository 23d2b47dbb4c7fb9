"""Reader of people from Wikidata over HTTP: one request for each person and each post."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from monitor.domain.fetch_result import Fetched, FetchPurpose, FetchRequest
from monitor.domain.imported_people import ImportNote
from monitor.domain.ports import Fetcher
from monitor.parse.people_wikidata import WikidataPeople, is_wikidata_item
from monitor.text.encoding import decode

WIKIDATA_URL = "https://www.wikidata.org"
_MAX_FAILURES = 3
"""Number of consecutive failed requests after which no further requests are sent."""
_NOT_FOUND = 404


class WikidataReader:
    """Reader of Wikidata items, given their ids.

    ``url`` is the address of a copy of Wikidata. If it is empty, Wikidata itself is read.
    """

    def __init__(self, fetcher: Fetcher, url: str = "") -> None:
        self._fetcher, self._url = fetcher, (url or WIKIDATA_URL).rstrip("/")
        self._failures = 0

    async def read(self, people: WikidataPeople, ids: Sequence[str]) -> list[ImportNote]:
        """Read the Wikidata items of the given people and of their posts, and add the data to ``people``.

        Return a note for each item that cannot be read.
        """
        notes = []
        for key in dict.fromkeys(ids):
            item = await self._fetch(key)
            if isinstance(item, str):
                notes.append(ImportNote(key, item, is_left_out=True))
            elif not people.add(item, key, lambda _countries: True):
                notes.append(ImportNote(key, "is not a person (an item with instance of: human)", is_left_out=True))
        for key in sorted(people.missing_posts):
            item = await self._fetch(key)
            if isinstance(item, str):
                notes.append(ImportNote(key, f"the title of this post is not known: {item}"))
            else:
                people.add_post({**item, "id": key})  # a merged item has another id
        return notes

    async def _fetch(self, key: str) -> dict[str, Any] | str:
        """Fetch an item, and return it, or the reason why it cannot be read."""
        if self._failures >= _MAX_FAILURES:
            return f"is not requested, because {_MAX_FAILURES} requests in a row failed"
        url = f"{self._url}/wiki/Special:EntityData/{key}.json"
        result = await self._fetcher.fetch(FetchRequest(url, FetchPurpose.API, is_large=True))
        if not isinstance(result, Fetched):
            is_missing = getattr(result, "status", 0) == _NOT_FOUND
            self._failures = 0 if is_missing else self._failures + 1
            return f"cannot be read: {getattr(result, 'reason', 'the response was empty')}"
        self._failures = 0
        item = next(_iter_items(decode(result.body, result.content_type)), None)
        return item if item is not None else f"{url} is not the JSON of an item of Wikidata"


def _iter_items(text: str) -> Iterator[dict[str, Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    entities = document.get("entities") if isinstance(document, dict) else None
    for item in entities.values() if isinstance(entities, dict) else ():
        if isinstance(item, dict) and is_wikidata_item(item):
            yield item

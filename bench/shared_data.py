"""Quality on the shared development data: a table of measures and values, in addition to the floors of tests/quality.

The data are next to the checkout and not part of it, so no test needs them. Their folder is the argument or
MONITOR_SHARED; the default is ../shared. Exits with 1 if the folder or a part of it is missing.
"""

import argparse
import gzip
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from frame import ROOT
from quality.measures import Score, Truth, document_stories, documents, extracted, extraction, passages, rate, stories

from monitor.domain.source import Feed, Source
from monitor.parse import fast_xml
from monitor.parse.feedparser_backend import parse_with_feedparser
from monitor.text.encoding import decode

URL = "https://daily.example/section/feed.xml"
SOURCE = Source("daily", "Daily", feed=URL)
Scores = Iterator[tuple[str, Score]]


def measure_extraction(shared: Path) -> Scores:
    """Yield the scores of all pages, and of the half that was not used to develop the extraction."""
    folder = shared / "eval" / "extraction"
    truth: Truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    marked = {key: {name: value for name, value in page.items() if value} for key, page in truth.items()}
    marked = {key: page | {"text": page.get("text", "")} for key, page in marked.items()}
    found = extracted(marked, lambda key: gzip.decompress((folder / "pages" / f"{key}.html.gz").read_bytes()))
    yield "extraction", extraction(marked, found)
    unseen = {key: page for key, page in marked.items() if hashlib.sha256(key.encode()).digest()[0] % 2}
    yield "extraction.unseen", extraction(unseen, found)


def measure_stories(shared: Path) -> Scores:
    """Yield the scores of full articles, of each half of their stories, and of headlines."""
    folder = shared / "eval" / "stories"
    for name, half in (("articles", None), ("articles.half_0", 0), ("articles.half_1", 1)):
        yield f"stories.{name}", stories(folder / "articles.jsonl", half)
    yield "stories.headlines", stories(folder / "titles.jsonl")


def measure_names(shared: Path) -> Scores:
    """Yield the scores of the labelled passages."""
    yield "names.passages", passages(shared / "eval" / "names")


def measure_documents(shared: Path) -> Scores:
    """Yield the scores of the real documents: their mentions, and the grouping of reports of one event."""
    folder = shared / "seeds"
    annotations = yaml.safe_load((folder / "annotations.yaml").read_text(encoding="utf-8"))
    with TemporaryDirectory() as temporary:
        officials = Path(temporary, "officials.yaml")
        officials.write_text(yaml.safe_dump({"officials": annotations["officials"]}), encoding="utf-8")
        yield "documents.names", documents(folder, officials)
    for name, dated in (("dated", True), ("undated", False)):
        yield f"documents.stories.{name}", document_stories(folder, dated=dated)


def measure_feeds(shared: Path) -> Scores:
    """Yield the number of feeds that the fast parser reads, and the share with the same result as feedparser.

    Most of the feeds lack a title or a link, which alone would send them to feedparser; this check is disabled here.
    """
    files = sorted((shared / "eval" / "feeds").rglob("*.xml"))
    if not files:
        raise FileNotFoundError(f"{shared / 'eval' / 'feeds'} contains no feed")
    expect, fast_xml._require = fast_xml._require, lambda _: None  # noqa: SLF001 - disables the check, see the docstring
    try:
        texts = {path: decode(path.read_bytes()) for path in files}
        read = {path: fast_xml.parse_fast_xml(text, URL, SOURCE) for path, text in texts.items()}
    finally:
        fast_xml._require = expect  # noqa: SLF001 - as above
    answered = {path: feed for path, feed in read.items() if feed is not None}
    wrong = [
        path.name for path, one in answered.items() if differs(one, parse_with_feedparser(texts[path], URL, SOURCE))
    ]
    agreed = 1 - rate(len(wrong), len(answered)) if answered else 0.0
    yield "feeds", Score({"files": len(files), "answered": len(answered), "agreed": agreed}, tuple(wrong))


def differs(one: Feed, other: Feed) -> bool:
    """Return whether two readings of a feed differ in what is stored."""
    return any(getattr(one, name) != getattr(other, name) for name in ("title", "url", "language", "ttl", "entries"))


PARTS: tuple[tuple[str, Callable[[Path], Scores]], ...] = (
    ("eval/extraction", measure_extraction),
    ("eval/stories", measure_stories),
    ("eval/names", measure_names),
    ("seeds", measure_documents),
    ("eval/feeds", measure_feeds),
)


def main() -> int:
    """Print the measures of every part of the data; return 1 if any part is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("MONITOR_SHARED", ROOT.parent / "shared"))
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="the data (default: %(default)s)")
    parser.add_argument("--wrong", action="store_true", help="print the wrong results, too")
    options: Any = parser.parse_args()
    if not options.folder.is_dir():
        print(f"The shared data are missing: there is no folder {options.folder}.", file=sys.stderr)
        return 1
    missing = [name for name, _ in PARTS if not (options.folder / name).is_dir()]
    print(f"| {'measure':36} | {'value':>8} |\n| {'-' * 36} | {'-' * 7}: |")
    for name, measure in PARTS:
        for prefix, score in measure(options.folder) if name not in missing else ():
            for what, value in score.values.items():
                shown = f"{value:8.4f}" if isinstance(value, float) else f"{value:8}"
                print(f"| {f'{prefix}.{what}':36} | {shown} |", flush=True)
            if options.wrong and score.wrong:
                print(score.shown, file=sys.stderr)
    for name in missing:
        print(f"Missing in {options.folder}: {name}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

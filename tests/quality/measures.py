"""Measures of quality on a folder of labelled data.

The tests use the project's own data, bench/shared_data.py other data. Every function returns a ``Score``: the measures
by name, and a line for each wrong result.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from monitor.cli.extract import explanation_record
from monitor.cli.stories import number_duplicate_ids, read_article, read_articles
from monitor.config.load import parse_configuration
from monitor.domain.article import Article
from monitor.extract.extractor import explain_page
from monitor.extract.feed_content import html_to_text
from monitor.match.engine import Matcher, compile_watchlist
from monitor.stories.grouping import group_articles

Pairs = set[tuple[str, str, str]]
Truth = dict[str, dict[str, Any]]

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_TITLES = re.compile(
    r"(?:(?:vietnam's|lao|vietnamese|senior|lieutenant|lieut|lieu|general|gen|colonel|prime|minister|pm|president|party"
    r"|secretary|defence|deputy|attaché|of|việt|nam|national|and|laos)\.?\s)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Score:
    """Measures by name, and the wrong results."""

    values: dict[str, float]
    wrong: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Wrong results, one per line."""
        return "\n".join(self.wrong)


def rate(good: float, total: float) -> float:
    """Return a share, or 1.0 if the total is zero."""
    return good / total if total else 1.0


def harmonic(precision: float, recall: float) -> float:
    """Return the F1 of precision and recall."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


# Names


def load_matcher(path: Path) -> Matcher:
    """Return the matcher of a file in the form of sources.yaml. Raises ``ConfigError`` for an unknown key."""
    return compile_watchlist(parse_configuration(path.read_bytes(), path, {}).watchlist)


def plain_name(text: str) -> str:
    """Return a spelling for comparison: composed, without invisible characters, possessive and case."""
    composed = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    return re.sub(r"(['’]s|['’])$", "", re.sub(r"\s+", " ", composed).strip().casefold())


def _published(value: object) -> datetime | None:
    if isinstance(value, date | str):
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    return None


def _match_passages(
    folder: Path, tag: str | None, other_tags: Collection[str]
) -> Iterator[tuple[str, Pairs, Pairs, set[str]]]:
    """Yield for each passage its name, the expected and the found mentions, and the officials that may be missing.

    Only passages with ``tag`` are read, if it is given, and none with one of ``other_tags``.
    """
    matcher = load_matcher(folder / "officials.yaml")
    for line in (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        tags = set(case["tags"])
        if (tag and tag not in tags) or tags.intersection(other_tags):
            continue
        article = Article(
            url="",
            title=case.get("title", ""),
            body=case["text"],
            language=case["language"],
            published_at=_published(case["published"]),
        )
        name = case["id"]
        expected = {(name, who, plain_name(text)) for who, texts in case["expect"].items() for text in texts}
        found = {(name, one.official_id, plain_name(one.text)) for one in matcher.match(article).mentions}
        yield name, expected, found, set(case.get("either", ()))


def passages(folder: Path, tag: str | None = None, other_tags: Collection[str] = ()) -> Score:
    """Measure the officials found in labelled passages, and the spellings reported for them.

    Only passages with ``tag`` are measured, if it is given, and none with one of ``other_tags``.
    """
    right = false = missed = spelled = spellings = 0
    wrong: list[str] = []
    for name, expected, found, optional in _match_passages(folder, tag, other_tags):
        people, reported = {one[1] for one in expected} - optional, {one[1] for one in found} - optional
        right, false, missed = (
            right + len(people & reported),
            false + len(reported - people),
            missed + len(people - reported),
        )
        spelled, spellings = spelled + len(expected & found), spellings + len(expected)
        if people != reported or expected - found:
            wrong.append(f"{name}: missed {sorted(expected - found)}, false {sorted(reported - people)}")
    precision, recall = rate(right, right + false), rate(right, right + missed)
    values = {"precision": precision, "recall": recall, "f1": harmonic(precision, recall)}
    return Score(values | {"spellings": rate(spelled, spellings)}, tuple(wrong))


def documents(folder: Path, officials: Path) -> Score:
    """Measure the spellings found in whole documents; officials named outside the article are ignored."""
    truth = yaml.safe_load((folder / "annotations.yaml").read_text(encoding="utf-8"))["documents"]
    matcher = load_matcher(officials)
    right = expected_count = found_count = 0
    wrong: list[str] = []
    for name, document in truth.items():
        text = (folder / name).read_text(encoding="utf-8")
        article = Article(url="", body=text, published_at=_published(document["published"]))
        found = {(one.official_id, plain_name(one.text)) for one in matcher.match(article).mentions}
        expected = {(who, _without_title(text)) for who, texts in document["mentions"].items() for text in texts}
        counted = {one for one in found if one[0] not in document["elsewhere"]}
        right, expected_count, found_count = (
            right + len(expected & counted),
            expected_count + len(expected),
            found_count + len(counted),
        )
        if expected != counted:
            wrong.append(f"{name}: missed {sorted(expected - counted)}, false {sorted(counted - expected)}")
    precision, recall = rate(right, found_count), rate(right, expected_count)
    return Score({"precision": precision, "recall": recall, "f1": harmonic(precision, recall)}, tuple(wrong))


def _without_title(text: str) -> str:
    return plain_name(_TITLES.sub("", text))


# Stories and duplicates


def b_cubed(truth: list[str], found: list[str]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F1 (Bagga and Baldwin, 1998) of labels side by side."""
    common, true, reported = Counter(zip(truth, found, strict=True)), Counter(truth), Counter(found)
    precision = sum(common[pair] / reported[pair[1]] for pair in zip(truth, found, strict=True)) / len(truth)
    recall = sum(common[pair] / true[pair[0]] for pair in zip(truth, found, strict=True)) / len(truth)
    return precision, recall, harmonic(precision, recall)


def stories(path: Path, half: int | None = None) -> Score:
    """Measure the grouping of a file's articles in their order, or of every second story of it."""
    rows = _rows(path)
    chosen = set(sorted({row["story"] for row in rows})[half or 0 :: 1 if half is None else 2])
    kept = [place for place, row in enumerate(rows) if row["story"] in chosen]
    articles = number_duplicate_ids(read_articles(path))
    groups = group_articles([articles[place] for place in kept])
    truth, found = [rows[place]["story"] for place in kept], [story for story, _ in groups.values()]
    wrong = _split_or_joined([(articles[place][0], rows[place]["story"]) for place in kept], found)
    return Score(dict(zip(("precision", "recall", "f1"), b_cubed(truth, found), strict=True)), tuple(wrong))


def cross_language_pairs(path: Path) -> Score:
    """Measure how many pairs of reports of one event in two languages are in one story."""
    rows, groups = _rows(path), group_articles(number_duplicate_ids(read_articles(path)))
    placed = [(row["story"], row["language"], story) for row, (story, _) in zip(rows, groups.values(), strict=True)]
    pairs = [(one, other) for one, other in combinations(placed, 2) if one[0] == other[0] and one[1] != other[1]]
    return Score({"recall": rate(sum(one[2] == other[2] for one, other in pairs), len(pairs))})


def _split_or_joined(labelled: list[tuple[str, str]], found: list[str]) -> Iterator[str]:
    """Yield each story of the truth that was split, and each found story that joins several."""
    for label, others in (("split", found), ("joined", [story for _, story in labelled])):
        keys = [story for _, story in labelled] if label == "split" else found
        for key in dict.fromkeys(keys):
            members = [place for place, one in enumerate(keys) if one == key]
            if len({others[place] for place in members}) > 1:
                yield f"{label} {key}: " + ", ".join(f"{labelled[place][0]}={others[place]}" for place in members)


def duplicates(path: Path) -> Score:
    """Measure the pairs of duplicates: articles with one ``copy_of`` and the article that it names."""
    rows, groups = _rows(path), group_articles(number_duplicate_ids(read_articles(path)))
    truth = {row["id"]: row.get("copy_of") or row["id"] for row in rows}
    return _pairs(truth, {name: lead or name for name, (_, lead) in groups.items()})


def document_stories(folder: Path, *, dated: bool) -> Score:
    """Measure the pairs of documents that are grouped as reports of one event."""
    truth = yaml.safe_load((folder / "annotations.yaml").read_text(encoding="utf-8"))["documents"]
    lines = [
        {"id": name, "text": (folder / name).read_text(encoding="utf-8")}
        | ({"published": str(one["published"])} if dated and one["published"] else {})
        for name, one in truth.items()
    ]
    groups = group_articles([read_article(json.dumps(line)) for line in lines])
    return _pairs({name: one["story"] for name, one in truth.items()}, {n: story for n, (story, _) in groups.items()})


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _pairs(truth: dict[str, str], found: dict[str, str]) -> Score:
    """Measure a grouping by the pairs of articles that share a label."""
    true, reported = _labelled_pairs(truth), _labelled_pairs(found)
    wrong = [f"missed {pair}" for pair in sorted(true - reported)] + [
        f"false {pair}" for pair in sorted(reported - true)
    ]
    precision, recall = rate(len(true & reported), len(reported)), rate(len(true & reported), len(true))
    return Score({"precision": precision, "recall": recall, "f1": harmonic(precision, recall)}, tuple(wrong))


def _labelled_pairs(labels: dict[str, str]) -> set[tuple[str, str]]:
    return {(one, other) for one, other in combinations(sorted(labels), 2) if labels[one] == labels[other]}


# Extraction


def extracted(truth: Truth, read: Callable[[str], bytes]) -> Truth:
    """Extract every page of the truth like the command line; ``read`` returns the bytes of a page."""
    return {key: explanation_record(explain_page(read(key), "")) for key in truth}


def extraction(truth: Truth, found: Truth) -> Score:
    """Measure bodies (runs of four words), headlines, days of publication, and captions where they are labelled."""
    rates = {key: _body(page["text"], str(found[key]["text"])) for key, page in truth.items() if page["text"]}
    precision, recall = mean(one[0] for one in rates.values()), mean(one[1] for one in rates.values())
    wrong = [f"{key}: body precision {p:.3f}, recall {r:.3f}" for key, (p, r) in rates.items() if min(p, r) < 1]
    values = {"precision": precision, "recall": recall, "f1": harmonic(precision, recall)}
    for measured in (_titles(truth, found), _dates(truth, found), _captions(truth, found)):
        values |= measured.values
        wrong += measured.wrong
    return Score(values, tuple(wrong))


def _body(true: str, found: str) -> tuple[float, float]:
    """Return precision and recall of one body."""
    expected, found_items = _shingles(true), _shingles(found)
    common = sum((expected & found_items).values())
    return common / sum(found_items.values()) if found_items else 0.0, common / sum(expected.values())


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count runs of four words; a shorter text counts as one."""
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def _plain(text: object) -> str:
    """Fold a title or caption for comparison."""
    return re.sub(r"\W+", " ", unicodedata.normalize("NFKC", str(text or ""))).strip().lower()


def _titles(truth: Truth, found: Truth) -> Score:
    titled = [key for key, page in truth.items() if page.get("title")]
    wrong = [key for key in titled if _plain(found[key]["title"]) != _plain(truth[key]["title"])]
    shown = tuple(f"{key}: title {found[key]['title']!r}" for key in wrong)
    return Score({"titles": 1 - rate(len(wrong), len(titled)) if titled else 1.0}, shown)


def headlines(path: Path) -> Score:
    """Measure the titles of small pages that are built from claims about the headline.

    Titles are compared with their case and punctuation. If no title is expected, the first words of
    the text are right.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    wrong: list[str] = []
    for case in data["cases"]:
        paragraphs = data["texts"][case["language"]]
        entry = Article(url=_HEADLINE_URL, title=case["feed"]) if "feed" in case else None
        found = explain_page(_page_with_claims(case, paragraphs), _HEADLINE_URL, entry=entry).article.title
        found = found or case.get("feed", "")
        is_right = found == case["title"] if case["title"] else paragraphs[0].startswith(found.rstrip(".…"))
        wrong += [] if is_right else [f"{case['id']} ({case['kind']}): {found!r} instead of {case['title']!r}"]
    return Score({"right": 1 - rate(len(wrong), len(data["cases"]))}, tuple(wrong))


_HEADLINE_URL = "https://www.example.org/2026/05/04/article-17"


def _page_with_claims(case: dict[str, str], paragraphs: list[str]) -> bytes:
    """Return the HTML of a page with the claims of a case in its head, and the paragraphs in its body."""
    names = {"og": 'property="og:title"', "twitter": 'name="twitter:title"', "site": 'property="og:site_name"'}
    head = [f"<title>{case.get('document', '')}</title>"]
    head += [f'<meta {name} content="{case[key]}">' for key, name in names.items() if key in case]
    if "json_ld" in case:
        claim = json.dumps({"@type": "NewsArticle", "headline": case["json_ld"]})
        head.append(f'<script type="application/ld+json">{claim}</script>')
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    body = case["page"].replace("{text}", f'<div class="entry-content">{text}</div>')
    return f'<html lang="{case["language"]}"><head>{"".join(head)}</head><body>{body}</body></html>'.encode()


def layouts(path: Path) -> Score:
    """Measure bodies and captions of small pages in one file, in which marks around the texts are the labels.

    ``=== name: difficulty`` begins a page. Text of the article is between ``⟦`` and ``⟧``, a caption between ``⟪`` and
    ``⟫``. A page is whole if its text has exactly the letters and digits of the labelled text.
    """
    parts = re.split(r"^=== ([\w-]+): .*\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    pages = dict(zip(parts[::2], parts[1::2], strict=True))
    truth: Truth = {
        name: {
            "text": "\n".join(map(_read_marked, re.findall("⟦(.*?)⟧", page))),
            "captions": list(map(_read_marked, re.findall("⟪(.*?)⟫", page))),
        }
        for name, page in pages.items()
    }
    found = extracted(truth, lambda name: re.sub("[⟦⟧⟪⟫]", "", pages[name]).encode())
    wrong: list[str] = []
    for name, page in truth.items():
        expected, actual = ("".join(filter(str.isalnum, text)) for text in (page["text"], str(found[name]["text"])))
        wrong += [] if expected == actual else [f"{name}: {found[name]['text']}"]
    captions = _captions(truth, found)
    rates = [_body(page["text"], str(found[name]["text"])) for name, page in truth.items()]
    values = {"precision": mean(one[0] for one in rates), "recall": mean(one[1] for one in rates)}
    values |= {"whole": 1 - rate(len(wrong), len(pages))} | captions.values
    return Score(values, (*wrong, *captions.wrong))


def _read_marked(html: str) -> str:
    """Return the text of a marked piece of HTML, without readings above ideographs."""
    return html_to_text(html).replace("\n", "")


def _dates(truth: Truth, found: Truth) -> Score:
    """Measure days of publication; a day found on a page without one is wrong."""
    days = {key: str(found[key]["published"] or "")[:10] for key, page in truth.items() if "published" in page}
    dated = {key: str(truth[key]["published"] or "")[:10] for key in days}
    labelled = [key for key in days if dated[key]]
    right = sum(days[key] == dated[key] for key in labelled)
    wrong = {key: day for key, day in days.items() if day and day != dated[key]}
    shown = tuple(f"{key}: published {days[key]!r}" for key in days if days[key] != dated[key])
    return Score(
        {"dates.right": rate(right, len(labelled)), "dates.not_wrong": 1 - len(wrong) / max(1, len(days))}, shown
    )


def _captions(truth: Truth, found: Truth) -> Score:
    """Measure whole captions on the pages with labelled captions."""
    labelled = [key for key, page in truth.items() if "captions" in page]
    if not labelled:
        return Score({})
    right = expected = found_count = 0
    shown = []
    for key in labelled:
        true, found_items = (
            Counter(map(_plain, truth[key]["captions"])),
            Counter(map(_plain, _lines(found[key]["captions"]))),
        )
        right, expected, found_count = (
            right + sum((true & found_items).values()),
            expected + true.total(),
            found_count + found_items.total(),
        )
        shown += [f"{key}: captions {list(found_items)}"] if true != found_items else []
    return Score(
        {"captions.precision": rate(right, found_count), "captions.recall": rate(right, expected)}, tuple(shown)
    )


def _lines(captions: str | Iterable[str]) -> list[str]:
    return captions.split("\n") if isinstance(captions, str) else list(captions)

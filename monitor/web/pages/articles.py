"""Page of an article: its text with the mentions marked, why it was reported or not, and its versions."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence

from fastapi import APIRouter
from msgspec import Struct
from msgspec.structs import asdict
from starlette.responses import Response

from monitor.domain.article import Region, StoredArticle
from monitor.domain.desk_models import ArticlePage
from monitor.domain.errors import UsageError
from monitor.domain.mention import Findings, Mention, NearMiss
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule
from monitor.records.articles import VersionChange
from monitor.records.explanation import explain_article
from monitor.records.values import encode_json
from monitor.records.versions import list_version_changes
from monitor.store.database import Database
from monitor.text.sanitize import sanitize
from monitor.web.page import Number, PageDependency, find_done
from monitor.web.translations import load_translations

router = APIRouter()
MAX_SHOWN_CHARS = 60_000
"""Maximum number of characters of a text that the page shows. A longer text is cut off, with a note."""


class MarkedPiece(Struct, frozen=True):
    """Piece of an article's text, which may be marked as a finding.

    ``kind`` is "mention", "miss" for a near miss (a rejected mention), or empty. ``number`` is the number of its
    footnote, or 0 without a footnote.
    """

    text: str
    kind: str = ""
    number: int = 0


class Footnote(Struct, frozen=True):
    """Footnote that explains a mention or a near miss (rejected mention).

    ``count`` is the number of its occurrences.
    """

    number: int
    official_id: str
    text: str
    reason: str
    is_mention: bool
    form: str = ""
    confidence: float = 0.0
    count: int = 1


class RegionText(Struct, frozen=True):
    """Paragraphs of one region of an article, such as the body."""

    region: Region
    paragraphs: tuple[tuple[MarkedPiece, ...], ...]


class ArticleView(Struct, frozen=True):
    """Data that the page of an article shows.

    - ``verdict`` is a sentence that states why the article was reported or not.
    - ``silent_rules`` has a pair for each rule without a hit: the id of the rule, and the reason.
    - ``changes`` are the edits of the article since it was first read.
    - ``is_cut_off`` is true if the article is too long to be shown as a whole.
    """

    data: ArticlePage
    regions: tuple[RegionText, ...]
    footnotes: tuple[Footnote, ...]
    verdict: str
    silent_rules: tuple[tuple[str, str], ...]
    changes: tuple[VersionChange, ...]
    is_cut_off: bool


def number_findings(findings: Findings) -> tuple[list[Footnote], dict[tuple[object, ...], int]]:
    """Return the footnotes for an article, and a dictionary that maps each finding to the number of its footnote.

    A finding is a mention or a near miss (rejected mention). Findings with the same official, text and reason share a
    footnote. The footnotes of mentions are first.
    """
    footnotes: dict[tuple[object, ...], Footnote] = {}
    numbers: dict[tuple[object, ...], int] = {}
    found: list[Mention | NearMiss] = [*findings.mentions, *findings.near_misses]
    for one in found:
        is_mention = isinstance(one, Mention)
        key = (is_mention, one.official_id, one.text, one.reason)
        if before := footnotes.get(key):
            footnotes[key] = replace(before, count=before.count + 1)
        else:
            footnotes[key] = Footnote(
                number=len(footnotes) + 1,
                official_id=one.official_id,
                text=one.text,
                reason=one.reason,
                is_mention=is_mention,
                form=one.form if isinstance(one, Mention) else "",
                confidence=one.confidence if isinstance(one, Mention) else 0.0,
            )
        numbers[is_mention, one.region, one.start, one.end, one.official_id] = footnotes[key].number
    return list(footnotes.values()), numbers


def mark_regions(
    stored: StoredArticle, findings: Findings, numbers: dict[tuple[object, ...], int]
) -> tuple[tuple[RegionText, ...], bool]:
    """Return the text of each region of an article with the findings marked, and whether the text was cut off.

    Regions are parts of an article, such as the body. Findings are mentions and near misses (rejected mentions).
    """
    regions, left = [], MAX_SHOWN_CHARS
    for region, text in stored.article.regions():
        shown = text[:left]
        left -= len(shown)
        spans = [
            (one.start, one.end, kind, numbers[kind == "mention", one.region, one.start, one.end, one.official_id])
            for kind, group in (("mention", findings.mentions), ("miss", findings.near_misses))
            for one in group
            if one.region is region
        ]
        pieces = list(_split(shown, spans))
        regions.append(RegionText(region, tuple(_split_paragraphs(pieces))))
        if left <= 0:
            break
    return tuple(regions), left <= 0


def _split(text: str, spans: Sequence[tuple[int, int, str, int]]) -> Iterator[MarkedPiece]:
    """Yield the marked and unmarked pieces of a text. ``spans`` are the parts to mark.

    Marked pieces cannot overlap. If two spans begin at the same offset, a mention is marked rather than a near miss,
    and otherwise the longer one. A span that begins within an earlier span is ignored.
    """
    position = 0
    for start, end, kind, number in sorted(spans, key=lambda one: (one[0], one[2] != "mention", -one[1])):
        if start < position or end > len(text) or start >= end:
            continue
        if start > position:
            yield MarkedPiece(text[position:start])
        yield MarkedPiece(text[start:end], kind, number)
        position = end
    if position < len(text):
        yield MarkedPiece(text[position:])


def _split_paragraphs(pieces: Sequence[MarkedPiece]) -> Iterator[tuple[MarkedPiece, ...]]:
    """Yield the paragraphs of a text, each as a tuple of pieces. Newlines separate paragraphs.

    The text is sanitized only here, because sanitizing it earlier would change the offsets of the findings.
    """
    paragraph: list[MarkedPiece] = []
    for piece in pieces:
        lines = [piece.text] if piece.kind else piece.text.split("\n")
        for number, line in enumerate(lines):
            if number:
                if any(part.text.strip() for part in paragraph):
                    yield tuple(paragraph)
                paragraph = []
            if line:
                paragraph.append(MarkedPiece(sanitize(line), piece.kind, piece.number))
    if any(part.text.strip() for part in paragraph):
        yield tuple(paragraph)


def load_article(database: Database, article_id: int, rules: Sequence[Rule]) -> ArticleView:
    """Read the data that the page of an article shows. Raises ``UsageError`` if the article does not exist."""
    data = database.desk.load_article_page(article_id)
    footnotes, numbers = number_findings(data.findings)
    regions, is_cut_off = mark_regions(data.stored, data.findings, numbers)
    verdict, silent_rules = explain_article(data.stored, data.findings, data.hits, rules)
    versions = database.queries.list_versions(article_id) if data.stored.version_count else []
    return ArticleView(
        data=data,
        regions=regions,
        footnotes=tuple(footnotes),
        verdict=verdict,
        silent_rules=tuple(silent_rules),
        changes=tuple(list_version_changes(data.stored, versions)),
        is_cut_off=is_cut_off,
    )


@router.get("/article/{article_id}")
async def article(page: PageDependency, article_id: Number) -> Response:
    """Show the page of an article."""
    rules = page.snapshot.configuration.watchlist.rules
    view = await page.read(load_article, page.context.database, article_id, rules)
    verdicts = await page.read(
        page.context.database.feedback.list_verdicts, view.data.stored.duplicate_of or article_id
    )
    stored, settings = view.data.stored.article, page.snapshot.configuration.settings.translate
    passages = await page.read(page.context.database.desk.load_passages, [hit.id for hit in view.data.hits])
    found = (passage.text for of_hit in passages.values() for passage in of_hit)
    texts = [(stored.language, text) for text in (stored.title, *found)]
    translations = await page.read(load_translations, page.context.database, texts, settings)
    return await page.render(
        "article.html",
        view=view,
        verdicts=verdicts,
        done=await find_done(page),
        title_translation=translations.pop(stored.title, ""),
        translations_in=lambda paragraph: find_translations(paragraph, translations),
    )


def find_translations(paragraph: Sequence[MarkedPiece], translations: Mapping[str, str]) -> list[str]:
    """Return the translations of the passages that a paragraph contains."""
    text = "".join(piece.text for piece in paragraph)
    return [translation for passage, translation in translations.items() if sanitize(passage) in text]


@router.get("/article/{article_id}/evidence")
async def evidence(page: PageDependency, article_id: Number) -> Response:
    """Download the stored raw page of an article and its records in the evidence chain as a ZIP file.

    It is always a download, because a page of another site must not be opened under the address of the desk.
    """
    body = await page.read(_build_evidence, page.context.database, article_id)
    headers = {
        "Content-Disposition": f'attachment; filename="evidence-{article_id}.zip"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(body, media_type="application/octet-stream", headers=headers)


def _build_evidence(database: Database, article_id: int) -> bytes:
    snapshot = database.page_snapshots.get_page_snapshot(article_id)
    if snapshot is None:
        raise UsageError(f"no page of article {article_id} is kept")
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.bin", snapshot.body)
        facts = {"url": snapshot.url, "status": snapshot.status, "headers": [list(one) for one in snapshot.headers]}
        facts |= {"captured_at": snapshot.captured_at, "sha256": snapshot.sha256}
        archive.writestr("page.json", encode_json(facts))
        for proof in database.evidence.list_proofs(article_id):
            archive.writestr(f"record-{proof.record_id}.json", encode_json(asdict(proof)))
    return output.getvalue()

"""Input documents of ``monitor match``: web pages, plain text and JSON records, which are read as articles."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from monitor.domain.errors import InputError, UsageError
from monitor.text.compression import decompress_gzip

if TYPE_CHECKING:
    from monitor.domain.article import Article

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_PAGE_BYTES = 50_000_000  # length after decompression
STANDARD_INPUT = Path("-")
_DOCUMENT_SUFFIXES = (".html", ".htm", ".html.gz", ".txt", ".json", ".jsonl")


class InputDocument(Struct, frozen=True):
    """An article to be matched. ``id`` is the id of its JSON record, or the name of the file without suffix."""

    id: str
    article: "Article"


def read_documents(files: Sequence[Path]) -> Iterator[InputDocument]:
    """Yield the documents in files and folders. The files of a folder are read in the order of their names.

    The name ``-`` means plain text from standard input. Raises ``UsageError`` for a file that cannot be read or has an
    unknown type, and ``InputError`` with file and line for invalid content.
    """
    for file in files:
        if file == STANDARD_INPUT:
            yield _build_text_document("stdin", sys.stdin.buffer.read())
        elif file.is_dir():
            yield from read_documents(sorted(path for path in file.iterdir() if path.name.endswith(_DOCUMENT_SUFFIXES)))
        else:
            yield from _read_file(file)


def read_page_content(file: Path) -> bytes:
    """Return the content of a file that contains a page and may be compressed by gzip.

    Raises ``UsageError`` if the file cannot be read, and ``InputError`` if it is damaged or longer than
    ``MAX_PAGE_BYTES``.
    """
    page = decompress_gzip(_read_bytes(file), MAX_PAGE_BYTES)
    if page.is_cut_off:
        raise InputError(f"{file}: the gzip file is damaged or not complete")
    if page.is_too_long or len(page.content) > MAX_PAGE_BYTES:
        raise InputError(f"{file}: the page is longer than {MAX_PAGE_BYTES // 1_000_000} MB")
    return page.content


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def _read_file(file: Path) -> Iterator[InputDocument]:
    stem = file.name.partition(".")[0] if file.name.endswith(".html.gz") else file.stem
    if file.name.endswith((".html", ".htm", ".html.gz")):
        from monitor.extract.extractor import extract_page

        yield InputDocument(stem, extract_page(read_page_content(file), ""))
    elif file.suffix == ".jsonl":
        lines = _read_bytes(file).decode("utf-8", "replace").rstrip("\n").split("\n")
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _parse_record(line, f"{file}:{number}", f"{stem}:{number}" if len(lines) > 1 else stem)
    elif file.suffix == ".json":
        yield _parse_record(_read_bytes(file).decode("utf-8", "replace"), str(file), stem)
    elif file.suffix == ".txt":
        yield _build_text_document(stem, _read_bytes(file))
    else:
        raise UsageError(f"{file}: unknown file type; use {', '.join(_DOCUMENT_SUFFIXES)}")


def _build_text_document(name: str, content: bytes) -> InputDocument:
    """Build a document from plain text.

    If the text was saved from a web page, teasers of other articles at its end are removed.
    """
    from monitor.domain.article import Article
    from monitor.extract.boilerplate import find_article_end
    from monitor.extract.line_breaks import unwrap_lines

    body = unwrap_lines(content.decode("utf-8-sig", "replace").replace("\r\n", "\n"))
    return InputDocument(name, Article(url="", body=body[: find_article_end(body)]))


def _parse_record(text: str, where: str, default_id: str) -> InputDocument:
    """Build a document from a JSON record.

    Its keys are optional: id, title, standfirst, dateline, captions, text, url, published and language. ``where`` is
    the file and line for error messages. ``default_id`` is used if the record has no id. Raises ``InputError`` if the
    record is not valid.
    """
    from monitor.domain.article import Article

    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: is not valid JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(record, dict) or not isinstance(record.get("text", ""), str):
        raise InputError(f'{where}: must be an object with "text", and "id", "title", "url", "published", "language"')
    article = Article(
        url=_text_field(record, "url"),
        title=_text_field(record, "title"),
        standfirst=_text_field(record, "standfirst"),
        dateline=_text_field(record, "dateline"),
        captions=tuple(map(str, record.get("captions") or ())),
        body=_text_field(record, "text"),
        language=_text_field(record, "language"),
        published_at=_parse_time(record.get("published"), where),
    )
    return InputDocument(str(record.get("id") or default_id), article)


def _text_field(record: dict[str, Any], key: str) -> str:
    return _LONE_SURROGATE.sub("\ufffd", str(record.get(key) or ""))


def _parse_time(value: object, where: str) -> datetime | None:
    """Return the time in an ISO 8601 text. For an empty value, return None. A time without a zone is read as UTC.

    Raises ``InputError`` if the text is invalid. ``where`` is the file and line for the error message.
    """
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f'{where}: "published" must be a time such as 2026-02-05T09:30:00Z, not {value!r}') from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

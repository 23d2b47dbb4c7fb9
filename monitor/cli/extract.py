"""Command ``monitor extract``: show the article on a page, and the reason why each text belongs to it or does not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, load_config, print_json, print_text, run_async
from monitor.cli.input_documents import read_page_content
from monitor.domain.errors import MonitorError, UsageError
from monitor.domain.values import replace

if TYPE_CHECKING:
    from monitor.domain.article import Article
    from monitor.domain.configuration import Configuration
    from monitor.domain.source import Source
    from monitor.extract.extractor import ExtractionExplanation


PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz", ".pdf")
TargetsArgument = Annotated[
    list[str], typer.Argument(metavar="FILE|FOLDER|URL...", help="Pages to extract.", show_default=False)
]
SelectorsOption = Annotated[
    str, typer.Option("--source", metavar="ID", help="Use this source's selectors.", show_default=False)
]


class InputPage(Struct, frozen=True):
    """A page whose article is to be extracted. ``name`` is the URL, or the name of the file without suffix."""

    name: str
    body: bytes
    url: str = ""
    content_type: str = ""


def extract(
    targets: TargetsArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    source: SelectorsOption = "",
    json: JsonOption = False,
) -> None:
    """Show the article that is extracted from each page; --json prints one line per page."""
    from monitor.extract.extractor import explain_page

    fetches = any(target.startswith(("http://", "https://")) for target in targets)
    has_settings = source or (fetches and config.exists())  # such as the networks that may be fetched from
    configuration = load_config(config, resolve_secrets=bool(source)) if has_settings else None
    chosen = find_source(configuration, source) if configuration and source else None
    many = len(targets) > 1 or any(Path(target).is_dir() for target in targets)
    for page in read_pages(targets, configuration, chosen):
        explanation = explain_page(page.body, page.url, page.content_type, chosen)
        if json:
            print_json(explanation_record(explanation) | ({"id": page.name} if many else {}))
        else:
            print_text(f"{page.name}\n{format_explanation(explanation)}")


def find_source(configuration: "Configuration", source_id: str) -> "Source":
    """Return the source with this id. If there is none, raise ``UsageError`` with a list of all ids."""
    for source in configuration.sources:
        if source.id == source_id:
            return source
    raise UsageError(f"There is no source '{source_id}'. There are: {', '.join(s.id for s in configuration.sources)}.")


def read_pages(
    targets: list[str], configuration: "Configuration | None", source: "Source | None" = None
) -> Iterator[InputPage]:
    """Yield the page of each target: a URL, a file, or each page in a folder.

    Raises ``UsageError`` if a file does not exist, and ``MonitorError`` if a page cannot be fetched.
    """
    for target in targets:
        path = Path(target)
        if target.startswith(("http://", "https://")):
            yield run_async(fetch_page(target, configuration, source))
        elif path.is_dir():
            files = sorted(file for file in path.iterdir() if file.name.lower().endswith(PAGE_SUFFIXES))
            yield from map(read_page_file, files)
        elif path.is_file():
            yield read_page_file(path)
        else:
            raise UsageError(f"There is no file, folder or URL '{target}'.")


def read_page_file(path: Path) -> InputPage:
    """Read the page in a file, which may be compressed by gzip.

    Raises ``InputError`` if the file is damaged or too long.
    """
    body = read_page_content(path)
    name = path.name
    suffix = next((s for s in sorted(PAGE_SUFFIXES, key=len, reverse=True) if name.lower().endswith(s)), path.suffix)
    return InputPage(name[: len(name) - len(suffix)] if suffix else name, body)


async def fetch_page(url: str, configuration: "Configuration | None", source: "Source | None" = None) -> InputPage:
    """Fetch a page in the same way as the daemon, with its limits and with the headers of the source.

    Raises ``MonitorError`` if the page cannot be fetched.
    """
    from monitor.domain.fetch_result import Fetched
    from monitor.domain.source import FetchMethod
    from monitor.fetch.client import HttpFetcher
    from monitor.pipeline.article_pages import page_request

    settings = configuration.settings if configuration else None
    networks = settings.allowed_networks if settings else ()
    fetcher = HttpFetcher(settings.user_agent_contact if settings else "", networks, lambda: datetime.now(UTC))
    try:
        fetcher.browser_path = settings.browser_path if settings else ""
        uses_browser = source is not None and source.fetch is FetchMethod.BROWSER
        result = await fetcher.fetch(replace(page_request(source, url), uses_browser=uses_browser))
    finally:
        await fetcher.aclose()
    if not isinstance(result, Fetched):
        raise MonitorError(f"{url} could not be read: {getattr(result, 'reason', type(result).__name__)}")
    return InputPage(result.url, result.body, result.url, result.content_type)


def join_article_text(article: "Article") -> str:
    """Return the text of an article: standfirst, dateline and body. Title and captions are left out."""
    body = " ".join(filter(None, (article.dateline, article.body)))
    return "\n".join(filter(None, (article.standfirst, body)))


def explanation_record(explanation: "ExtractionExplanation") -> dict[str, object]:
    """Return the JSON record that ``extract --json`` prints.

    The time ``published`` is in the time zone of the page, so that it can be compared with the page.
    """
    article = explanation.article
    return {
        "url": article.url or article.canonical_url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "standfirst": article.standfirst,
        "text": join_article_text(article),
        "captions": article.captions,
        "published": explanation.local_published_at.isoformat() if explanation.local_published_at else None,
        "modified": article.modified_at,
        "authors": article.authors,
        "agency": article.agency,
        "section": article.section,
        "language": article.language,
        "confidence": article.confidence,
        "dateline": article.dateline,
        "partial_reason": article.partial_reason,
    }


def format_explanation(explanation: "ExtractionExplanation") -> str:
    """Return lines for the user: the confidence, and each text with its region (or "dropped") and the reason.

    Regions are parts of an article, such as the headline or the body.
    """
    article = explanation.article
    lines = [
        f"  confidence {article.confidence:.2f}, body in: {explanation.body_css_path or 'nothing found'}",
        *(
            f"  {label}: {value}"
            for label, value in (("partial", article.partial_reason), ("agency", article.agency))
            if value
        ),
    ]
    ordered = sorted(explanation.reasons, key=lambda reason: reason.region == "dropped")
    lines += [f"  {reason.region:<11}{reason.reason:<26.25}{reason.text[:90]}" for reason in ordered]
    return "\n".join(lines)

"""Press review: a digest as a document to pass on, with contents, all passages, and the addresses as visible text."""

from monitor.digest.presenter import present_digest
from monitor.digest.templating import render_template
from monitor.domain.digest import Digest
from monitor.domain.errors import UsageError
from monitor.text.sanitize import single_line

MISSING_EXTRA = "a press review as {} needs the extra `press`; install it with: pip install 'monitor[press]'"


def render_markdown(digest: Digest, template_dir: str = "") -> str:
    """Render the press review of a digest as Markdown."""
    return render_template("press.md", template_dir, view=present_digest(digest))[0]


def build_pdf(digest: Digest, template_dir: str = "") -> bytes:
    """Build the press review as a PDF document.

    Raises ``UsageError`` if the extra ``press`` (a set of optional packages) is not installed.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: the package is there, but not the library Pango of the system
        reason = MISSING_EXTRA.format("PDF") if isinstance(error, ImportError) else _describe_missing_library(error)
        raise UsageError(reason) from error
    page, _ = render_template("press.html", template_dir, view=present_digest(digest))
    return bytes(HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf())


def _describe_missing_library(error: OSError) -> str:
    needed = "the library Pango of the system (on Debian: libpango-1.0-0 and libpangoft2-1.0-0)"
    return f"a press review as PDF needs {needed}: {single_line(str(error).partition(chr(10))[0])}"


def build_docx(digest: Digest) -> bytes:
    """Build the press review as a Word document.

    Raises ``UsageError`` if the extra ``press`` (a set of optional packages) is not installed.
    """
    try:
        from monitor.digest.press_docx import build_document
    except ImportError as error:
        raise UsageError(MISSING_EXTRA.format("Word document")) from error
    return build_document(present_digest(digest))

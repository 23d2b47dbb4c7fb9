"""Page Status: the problems and how to solve them, and the state of the daemon, the database and the workers."""

from collections.abc import Sequence

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from monitor.pipeline.status_report import StatusReport, find_problems, read_status_report, summarize_sources
from monitor.web.page import Page, PageDependency

router = APIRouter()


class StatusView(Struct, frozen=True):
    """Data that the page Status shows."""

    report: StatusReport
    problems: Sequence[str]
    summary: str


def load_status(page: Page) -> StatusView:
    """Read the data that the page Status shows: the status report, the problems in it, and a summary of the sources."""
    report = read_status_report(page.context.database, page.now, with_sources=False)
    return StatusView(report, tuple(find_problems(report, page.zone)), summarize_sources(report.totals))


@router.get("/status")
async def status(page: PageDependency) -> Response:
    """Show the health of the program."""
    return await page.render("status.html", view=await page.read(load_status, page))

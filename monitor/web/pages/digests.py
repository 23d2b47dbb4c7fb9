"""Pages of the digests: the list of sent digests, one digest as it was sent, and a preview of the next digest."""

from collections.abc import Sequence

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from monitor.digest.links import remove_markers
from monitor.digest.presenter import present_digest
from monitor.digest.render import render_page
from monitor.digest.views import DigestView
from monitor.domain.desk_models import DeliveryLine
from monitor.domain.digest import Digest, DigestPlan
from monitor.domain.errors import UsageError
from monitor.domain.read_models import DigestSummary
from monitor.pipeline.compose_digests import DigestComposer
from monitor.store.database import Database
from monitor.web.page import Number, Page, PageDependency
from monitor.web.security import DOCUMENT_POLICY

router = APIRouter()
DIGESTS_PER_PAGE = 50


class DigestPage(Struct, frozen=True):
    """Data that the page of a digest shows: the digest, its values for the templates, and its deliveries."""

    digest: Digest
    view: DigestView
    deliveries: tuple[DeliveryLine, ...]


def load_digest(database: Database, digest_id: int) -> DigestPage:
    """Read a digest and its deliveries. Raises ``UsageError`` if the digest does not exist."""
    digest = database.deliveries.get_digest(digest_id)
    deliveries = database.desk.list_deliveries(200, digest_id=digest_id)
    return DigestPage(digest, present_digest(digest), tuple(deliveries))


def find_plan(plans: Sequence[DigestPlan], plan_id: str) -> DigestPlan:
    """Return the digest plan (configured digest) with this id. Raises ``UsageError`` if there is none."""
    for plan in plans:
        if plan.id == plan_id:
            return plan
    raise UsageError(f"there is no digest {plan_id!r}")


@router.get("/digests")
async def digests(page: PageDependency) -> Response:
    """Show the digests that were sent, newest first."""
    plan, before = page.parameter("name"), page.number("before", 2**62, 1, 2**62)
    found = await page.read(_list_digests, page.context.database, plan, before)
    next_id = found[DIGESTS_PER_PAGE - 1].id if len(found) > DIGESTS_PER_PAGE else None
    plans = page.snapshot.configuration.digests
    return await page.render(
        "digests.html", digests=found[:DIGESTS_PER_PAGE], plans=plans, plan=plan, next_id=next_id, before=before
    )


def _list_digests(database: Database, plan_id: str, before_id: int) -> list[DigestSummary]:
    return database.deliveries.list_digests(
        plan_id, DIGESTS_PER_PAGE + 1, with_deliveries_only=True, before_id=before_id
    )


@router.get("/digests/next/{plan_id}")
async def next_digest(page: PageDependency, plan_id: str) -> Response:
    """Show the digest that would be sent now. Nothing is stored."""
    plan = find_plan(page.snapshot.configuration.digests, plan_id)
    digest = await preview(page, plan)
    view = await page.read(present_digest, digest)
    return await page.render("digest.html", view=view, number=None, plan=plan, deliveries=())


async def preview(page: Page, plan: DigestPlan) -> Digest:
    """Compose the digest that would be sent now, without storing it."""
    composer: DigestComposer = page.request.app.state.composer
    digest, _ = await composer.preview(plan, page.snapshot.configuration)
    return digest


@router.get("/digests/{digest_id}")
async def digest(page: PageDependency, digest_id: Number) -> Response:
    """Show a digest as it was composed."""
    found = await page.read(load_digest, page.context.database, digest_id)
    return await page.render("digest.html", view=found.view, number=digest_id, plan=None, deliveries=found.deliveries)


@router.get("/digests/{digest_id}/{form}")
async def digest_form(page: PageDependency, digest_id: Number, form: str) -> Response:
    """Show a digest in one of the formats in which it was sent: HTML, text or JSON."""
    if form not in {"page", "text", "json"}:
        raise UsageError(f"a digest has no form {form[:20]!r}")
    text, kind = await page.read(_render_form, page.context.database, digest_id, form)
    return Response(text, media_type=f"{kind}; charset=utf-8", headers={"Content-Security-Policy": DOCUMENT_POLICY})


def _render_form(database: Database, digest_id: Number, form: str) -> tuple[str, str]:
    found = load_digest(database, digest_id)
    if form == "page":
        return render_page(found.digest), "text/html"
    if not found.deliveries:
        raise UsageError(f"digest {digest_id} was not sent")
    rendered = database.deliveries.get_delivery(found.deliveries[-1].id).message.rendered
    return (remove_markers(rendered.text), "text/plain") if form == "text" else (rendered.payload, "application/json")

"""Page Outbox: a list of the deliveries (messages to recipients) with buttons to send them again or cancel them."""

from fastapi import APIRouter
from starlette.responses import Response

from monitor.domain.delivery import DeliveryState
from monitor.domain.desk_models import DeliveryLine
from monitor.domain.readers import Right
from monitor.store.database import Database
from monitor.web.page import BadRequest, Number, PageDependency

router = APIRouter()
DELIVERIES_PER_PAGE = 100


@router.get("/outbox")
async def outbox(page: PageDependency) -> Response:
    """Show the deliveries, newest first."""
    state, before = page.parameter("state"), page.number("before", 2**62, 1, 2**62)
    if state and state not in set(DeliveryState):
        raise BadRequest(f"state={state[:40]!r} is not one of {', '.join(DeliveryState)}")
    states = (DeliveryState(state),) if state else ()
    found = await page.read(_list_deliveries, page.context.database, states, before)
    next_id = found[DELIVERIES_PER_PAGE - 1].id if len(found) > DELIVERIES_PER_PAGE else None
    return await page.render(
        "outbox.html",
        deliveries=found[:DELIVERIES_PER_PAGE],
        state=state,
        states=tuple(DeliveryState),
        counts=await page.read(page.context.database.deliveries.count_outbox),
        next_id=next_id,
        before=before,
    )


def _list_deliveries(database: Database, states: tuple[DeliveryState, ...], before_id: int) -> list[DeliveryLine]:
    return database.desk.list_deliveries(DELIVERIES_PER_PAGE + 1, states=states, before_id=before_id)


@router.post("/outbox/{delivery_id}/resend")
async def resend(page: PageDependency, delivery_id: Number) -> Response:
    """Queue a delivery to be sent again.

    The delivery keeps its key, by which receivers can recognize a repetition.
    """
    await page.form(Right.OPERATE)
    await page.context.run(page.context.database.deliveries.resend, delivery_id, page.now)
    await page.record("resend", f"delivery {delivery_id}")
    return page.redirect(f"/outbox#d{delivery_id}")


@router.post("/outbox/{delivery_id}/cancel")
async def cancel(page: PageDependency, delivery_id: Number) -> Response:
    """Cancel a pending delivery."""
    await page.form(Right.OPERATE)
    await page.context.run(page.context.database.deliveries.cancel, delivery_id, page.now)
    await page.record("cancel", f"delivery {delivery_id}")
    return page.redirect(f"/outbox#d{delivery_id}")

"""Signed links in digests. Opening a link only shows what the link would do; a button on the page makes the change."""

import hmac
import time
from datetime import datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.responses import HTMLResponse, Response

from monitor.digest.compose import merge_passages
from monitor.digest.links import DigestLink, LinkPurpose, read_link
from monitor.domain.desk_models import DeliveryLine, StoryLine
from monitor.domain.errors import MonitorError, UsageError
from monitor.domain.feedback import MarkKind, RejectionReason, Way
from monitor.store.database import Database
from monitor.text import numbers
from monitor.web.api.requests import RateLimiter
from monitor.web.context import DeskContext
from monitor.web.page import (
    REASONS,
    FormRefused,
    LoginRequired,
    find_identity,
    get_context,
    parse_number,
    read_form,
)
from monitor.web.pages.today import PassageLine, choose_passages
from monitor.web.templating import render

router = APIRouter()
NONCE_SECONDS = 1800
ACTS_PER_DAY, DAY_SECONDS = 20, 86_400.0
LINK_READER_NAME = "a reader"  # digests and pages show it instead of the address, which is not for other readers
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
_acts = RateLimiter(ACTS_PER_DAY, period=DAY_SECONDS)


class LinkView(Struct, frozen=True):
    """Data that the page of a signed link shows: the delivery, the story and the passages that the link is about.

    ``has_ended`` is true if the link has expired.
    """

    link: DigestLink
    delivery: DeliveryLine
    story: StoryLine | None
    title: str
    passages: tuple[PassageLine, ...]
    has_ended: bool


def make_nonce(token: str, key: str, now: float) -> str:
    """Return a nonce (a code for one link and a short time) for the form on the page of a link.

    ``is_nonce`` accepts it for 30 minutes.
    """
    moment = str(int(now))
    return f"{moment}.{hmac.new(key.encode(), f'nonce {token} {moment}'.encode(), sha256).hexdigest()}"


def is_nonce(nonce: str, token: str, key: str, now: float) -> bool:
    """Return whether ``make_nonce`` made this nonce for this link within the last 30 minutes."""
    moment = nonce.partition(".")[0]
    made_at = numbers.parse_number(moment, 12)
    if made_at is None or not 0 <= now - made_at <= NONCE_SECONDS:
        return False
    return hmac.compare_digest(nonce.encode(), make_nonce(token, key, float(made_at)).encode())


def load_link(database: Database, link: DigestLink, now: datetime) -> LinkView:
    """Read the data that is shown on the page of a signed link in a digest.

    Raises ``UsageError`` if the delivery with which the digest was sent does not exist any more.
    """
    delivery = database.desk.find_delivery(link.delivery)
    story = database.desk.get_story(link.story_id) if link.story_id else None
    if story and story.merged_into:
        story = database.desk.get_story(story.merged_into)
    passages: tuple[PassageLine, ...] = ()
    title = story.title if story else ""
    if link.article_id:
        lines = database.desk.load_lines([link.article_id])
        hits = database.queries.list_article_hits(link.article_id)
        passages_of = database.desk.load_passages([hit.id for hit in hits])
        found = merge_passages((hit.official_ids, passages_of.get(hit.id, ())) for hit in hits)
        line = lines.get(link.article_id)
        title = line.title if line else title
        passages = choose_passages(found, line.language if line else "", 3)
    return LinkView(link, delivery, story, title, passages, now.date() >= link.ends_on)


async def open_link(request: Request, token: str, *purposes: LinkPurpose) -> tuple[DeskContext, LinkView]:
    """Check the signature and the purpose of a link in a digest.

    Return a pair: the context of the desk, and the data that the page of the link shows.

    Raises ``UsageError`` if the link is not valid. The message is the same for every reason, so that it does not help
    to guess links.
    """
    context = get_context(request)
    link = read_link(token, context.signing_key) if len(token) < 400 else None
    if link is None or link.purpose not in purposes:
        raise UsageError("this link is not valid")
    try:
        return context, await context.read(load_link, context.database, link, context.clock())
    except UsageError as error:
        raise UsageError("this link is not valid") from error


def show(context: DeskContext, token: str, view: LinkView, **more: object) -> Response:
    """Return the page that a link in a digest opens. ``more`` has additional values for its template."""
    empty: dict[str, object] = {"error": "", "done": None, "sentence": ""}
    text = render(
        "link.html",
        token=token,
        view=view,
        nonce=make_nonce(token, context.signing_key, time.time()),
        reasons=REASONS,
        desk_url=context.settings.public_url,
        **(empty | more),
    )
    return HTMLResponse(text, headers=PRIVATE)


@router.api_route("/l/unsubscribe/{token}", methods=["GET", "HEAD"])
async def show_unsubscribe(request: Request, token: str) -> Response:
    """Show a page with a button that unsubscribes the target of a delivery (such as a mail address) from a digest."""
    context, view = await open_link(request, token, LinkPurpose.UNSUBSCRIBE)
    return show(context, token, view, person="")


@router.post("/l/unsubscribe/{token}")
async def unsubscribe(request: Request, token: str) -> Response:
    """Unsubscribe the target of a delivery (such as a mail address) from its digest plan, or subscribe it again.

    Mail programs send "List-Unsubscribe=One-Click" (RFC 8058), either as ``multipart/form-data`` or URL-encoded.
    """
    context, view = await open_link(request, token, LinkPurpose.UNSUBSCRIBE)
    fields = await request.form(max_files=0, max_fields=10)
    one = view.delivery
    if fields.get("undo"):
        if not is_nonce(str(fields.get("nonce", "")), token, context.signing_key, time.time()):
            raise FormRefused("this page is older than 30 minutes; open the link again")
        await context.run(context.database.digests.subscribe, one.plan_id, one.channel_id, one.target)
        return show(context, token, view, person="", sentence="You receive this digest again.")
    now = context.clock()
    await context.run(context.database.digests.unsubscribe, one.plan_id, one.channel_id, one.target, now)
    return show(
        context, token, view, person="", sentence="You do not receive this digest any more.", done="unsubscribed"
    )


@router.api_route("/l/{token}", methods=["GET", "HEAD"])
async def show_link(request: Request, token: str) -> Response:
    """Show what a link in a digest would do, with a button that does it.

    Therefore, a mail scanner that only opens the link changes nothing.
    """
    context, view = await open_link(request, token, LinkPurpose.REJECT, LinkPurpose.MUTE)
    return show(context, token, view, person=await name_official(context, view))


async def name_official(context: DeskContext, view: LinkView) -> str:
    """Return the name of the official whose mention a link rejects.

    The name is empty for links with another purpose.
    """
    return (await context.snapshot()).name_official(view.link.official_id) if view.link.official_id else ""


@router.post("/l/{token}")
async def act(request: Request, token: str) -> Response:
    """Make the change that a link in a digest offers, or undo it, and show the result."""
    context, view = await open_link(request, token, LinkPurpose.REJECT, LinkPurpose.MUTE)
    links = context.settings.links
    if links is None or (links.login and await find_identity(request) is None):
        raise LoginRequired(f"/l/{token}")
    fields = await read_form(request)
    if not is_nonce(fields.get("nonce", ""), token, context.signing_key, time.time()):
        raise FormRefused("this page is older than 30 minutes; open the link again")
    name = await name_official(context, view)
    if view.has_ended:
        return show(context, token, view, person=name)
    try:
        _acts.count(view.link.delivery)
        change_id, sentence = await _perform(context, view, fields)
    except MonitorError as error:
        return show(context, token, view, person=name, error=str(error))
    return show(context, token, view, person=name, sentence=sentence, done=change_id)


async def _perform(context: DeskContext, view: LinkView, fields: dict[str, str]) -> tuple[int | None, str]:
    """Make the change that a link in a digest offers, or undo it if the form asks for this.

    Return a pair: the id of the change, with which it can be undone, and a sentence that describes the result. After an
    undo, the id is None.
    """
    service = await context.feedback()
    one = view.delivery
    login = f"a reader of {one.plan_id} ({one.target})"[:200]
    actor = await service.get_actor(login, Way.LINK, name=LINK_READER_NAME)
    if undo := fields.get("undo", ""):
        change = await context.read(context.database.feedback.get_change, parse_number("undo", undo))
        if change.login != actor.reader.login or change.way is not Way.LINK:
            raise UsageError("this link does not undo that")
        await service.undo(change.id, actor)
        return None, "Undone."
    link = view.link
    if link.purpose is LinkPurpose.MUTE:
        result = await service.mark(link.story_id, MarkKind.MUTED, actor, plan_id=one.plan_id)
        return result.change.id, f"Further reports of this story are muted in {one.plan_id}."
    reason = fields.get("reason", "")
    chosen = RejectionReason(reason) if reason in set(RejectionReason) else RejectionReason.OTHER
    result = await service.reject(link.article_id, link.official_id, actor, reason=chosen)
    return result.change.id, "Rejected. The next digest takes the report back."

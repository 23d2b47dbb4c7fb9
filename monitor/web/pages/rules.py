"""Page Rules: the editor of the configuration files. Before a save, it shows a check, a rehearsal and the difference.

A rehearsal is a trial run of the edited rules on stored articles.
"""

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import HTMLResponse, Response

from monitor.domain.configuration_edits import CheckedEdit, ComparedTexts, EditConflict, EditNotAllowed, OpenedFile
from monitor.domain.errors import ConfigError, MonitorError, UsageError
from monitor.domain.feedback import Way
from monitor.domain.read_models import ArticleFilter
from monitor.domain.readers import Right
from monitor.domain.values import replace
from monitor.insight.search import Search, make_rule
from monitor.pipeline.rehearsal import Rehearsal
from monitor.web.editing import get_editing, refuse_edit
from monitor.web.page import BadRequest, Page, PageDependency, find_done, parse_number
from monitor.web.pages.search import show_search
from monitor.web.rehearsals import run_until_left
from monitor.web.security import MAX_BODY_BYTES
from monitor.web.templating import make_url, render

router = APIRouter()
REHEARSAL_DAYS = (7, 30, 90)
PART_CHARS = 50_000
"""Number of characters after which a new part of a file begins, at the next entry. Without parts, the page of a file
with 10,000 sources would have a size of one megabyte."""
MAX_SENT_BYTES = MAX_BODY_BYTES - 50_000
"""Maximum length in bytes of a text that is submitted in a form. In a form, most non-ASCII letters take six or nine
bytes."""


class FilePart(Struct, frozen=True):
    """Part of a file that the page shows. ``number`` counts from 1, and ``count`` is the number of all parts.

    ``start`` is the index of the first line, and ``end`` the index after the last line.
    """

    number: int
    count: int
    start: int
    end: int


def split_file(text: str) -> list[FilePart]:
    """Split a file into the parts in which it is shown. A short file is one part.

    Each further part begins at an entry of a section, or at any line if the previous part would otherwise be too long.
    """
    starts, chars = [0], 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        is_entry = line[:3].strip() and not line.startswith("#")
        if (chars > PART_CHARS and is_entry) or chars > 2 * PART_CHARS:
            starts.append(index)
            chars = 0
        chars += len(line) + 1
    ends = [*starts[1:], len(lines)]
    return [FilePart(number, len(starts), *span) for number, span in enumerate(zip(starts, ends, strict=True), 1)]


class TypedEdit(Struct, frozen=True):
    """Fields of the editor's form: the file, the typed text, and the tag of the file when it was opened.

    The tag identifies the content of the file. If a long file is edited in parts, ``typed`` is the text of one part,
    and ``text`` is the whole file with this part inserted.
    """

    name: str
    text: str
    tag: str
    part: FilePart | None = None
    typed: str = ""

    @property
    def text_hash(self) -> str:
        """The hash of the whole text. A save must contain it, so that only a text that was reviewed is saved."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def shown(self) -> str:
        """The text in the form of the editor: the typed part of a long file, or the whole text."""
        return self.typed if self.part else self.text


async def read_edit(page: Page) -> tuple[dict[str, str], TypedEdit]:
    """Return a pair for the submitted form of the editor: all its fields, and the edit that they describe.

    If the form has only a part of a long file, the edit has the whole file with this part inserted. Raises the errors
    of ``Page.form``.
    """
    fields = await page.form(Right.CONFIGURE)
    text = fields.get("text", "").replace("\r\n", "\n")  # browsers send all line ends so
    edit = TypedEdit(fields.get("file", "")[:300], text, fields.get("tag", "")[:64])
    if fields.get("part"):
        base = await page.read(get_editing(page.request).editor.recall, edit.name, edit.tag)
        part = choose_part(split_file(base), parse_number("part", fields["part"]))
        lines = base.split("\n")
        edit = replace(edit, text="\n".join([*lines[: part.start], text, *lines[part.end :]]), part=part, typed=text)
    return fields, edit


def choose_part(parts: Sequence[FilePart], number: int) -> FilePart:
    """Return the part of a file with the given number. If there is none, return the part with the nearest number."""
    return parts[min(max(number, 1), len(parts)) - 1]


def choose_shown_part(page: Page, text: str) -> FilePart | None:
    """Return the part of a file that the URL selects, or None if the file is short and shown as a whole.

    If the URL has the parameter ``find``, the result is the first part that contains the value of the parameter.
    Otherwise, the parameter ``part`` is the number of the part.
    """
    parts = split_file(text)
    if len(parts) == 1:
        return None
    if (wanted := page.parameter("find")) and (at := text.casefold().find(wanted.casefold())) >= 0:
        line = text.count("\n", 0, at)
        return next(part for part in parts if part.start <= line < part.end)
    return choose_part(parts, parse_number("part", page.parameter("part") or "1"))


def span_of(part: FilePart | None, shown: str) -> tuple[int, int]:
    """Return the lines of a file that the editor shows: a pair of the index of the first, and the index after the last.

    ``shown`` is the text in the editor. ``part`` is the part of the file in its place, or None if the editor shows the
    whole file.
    """
    start = part.start if part else 0
    return start, start + shown.count("\n") + 1


async def show_editor(
    page: Page,
    edit: TypedEdit | None = None,
    *,
    name: str = "",
    checked: CheckedEdit | None = None,
    conflict: ComparedTexts | None = None,
    status: int = 200,
) -> Response:
    """Return the page of the editor. If ``edit`` is given, the page shows the text that the reader has typed."""
    opened = await page.read(get_editing(page.request).editor.open, edit.name if edit else name)
    saved = await page.read(page.context.database.key_values.get_saved_configuration)
    text = edit.text if edit else opened.text
    part = edit.part if edit else choose_shown_part(page, text)
    lines = text.split("\n")
    shown = edit.shown if edit else "\n".join(lines[part.start : part.end]) if part else text
    if opened.issues and not edit:
        checked = CheckedEdit(opened.tag, opened.issues)
    return await page.render(
        "rules.html",
        status,
        opened=replace(opened, refusal=refuse_edit(page.snapshot, opened)),
        text=shown,
        part=part,
        line_count=len(lines),
        find=page.parameter("find")[:100],
        tag=edit.tag if edit else opened.tag,
        is_too_long=len(quote_plus(shown)) > MAX_SENT_BYTES,
        checked=checked,
        lines=lines,
        typed_span=span_of(part, shown),
        conflict=conflict,
        saved=saved,
        done=await find_done(page),
    )


@router.get("/rules")
async def rules(page: PageDependency) -> Response:
    """Show a configuration file. A reader with the right to configure can edit it."""
    return await show_editor(page, name=page.parameter("file"))


@router.post("/rules/edit")
async def edit_again(page: PageDependency) -> Response:
    """Show the editor with the typed text again, because the reader has returned to it from the review page."""
    _fields, edit = await read_edit(page)
    return await show_editor(page, edit)


@router.post("/rules/check")
async def check(page: PageDependency) -> Response:
    """Show the errors and warnings of the typed text. The script of the page requests only this part of the page."""
    _fields, edit = await read_edit(page)
    checked = await page.read(get_editing(page.request).editor.check, edit.name, edit.text)
    if page.request.headers.get("x-fragment"):
        values = {"checked": checked, "lines": edit.text.split("\n")}
        values["typed_span"] = span_of(edit.part, edit.shown)
        return HTMLResponse(render("rules_faults.html", **values), headers={"X-Fragment": "1"})
    return await show_editor(page, edit, checked=checked)


@router.post("/rules/review")
async def review(page: PageDependency) -> Response:
    """Show the page on which the reader reviews an edit before it is saved.

    It shows the difference from the file, and which hits in stored articles the edited rules would add and remove.
    """
    fields, edit = await read_edit(page)
    days = parse_number("days", fields.get("days", "") or str(REHEARSAL_DAYS[1]))
    return await show_review(page, edit, days)


@router.post("/rules/search")
async def save_search(page: PageDependency) -> Response:
    """Add a rule for a search to the text of the main configuration file, and show the edit on the review page.

    Nothing is saved yet. If the rule cannot be added, for example because its id is used, show the search again.
    """
    fields = await page.form(Right.CONFIGURE)
    try:
        proposed = await propose_rule(page, fields)
    except (BadRequest, ConfigError, UsageError) as error:
        return await show_search(page, fields, rule_fault=str(error))
    return await show_review(page, TypedEdit(proposed.name, proposed.text, proposed.tag), REHEARSAL_DAYS[1])


async def propose_rule(page: Page, fields: Mapping[str, str]) -> OpenedFile:
    """Return the main configuration file, with a new rule added to its text. Nothing is saved.

    ``fields`` are the fields of the search form; the rule finds what this search finds. Raises ``BadRequest``,
    ``ConfigError`` or ``UsageError`` if the rule cannot be added.
    """
    wanted = ArticleFilter(
        source_id=fields.get("source", ""), rule_id=fields.get("rule", ""), official_id=fields.get("person", "")
    )
    search = Search(fields.get("q", "").strip(), replace(wanted, language=fields.get("language", "").lower()))
    rule_id = fields.get("id", "").strip()
    if not rule_id:
        raise BadRequest("the rule needs an id, such as river-floods")
    if not search.text and not wanted.official_id:
        raise BadRequest("a rule needs a query or a person")
    return await page.read(get_editing(page.request).editor.propose_rule, rule_id, make_rule(search, ""))


async def show_review(page: Page, edit: TypedEdit, days: int, *, status: int = 200) -> Response:
    """Return the page on which an edit is reviewed before it is saved.

    If the text has errors, or if the file was changed meanwhile, return the editor instead.
    """
    opened = await page.read(get_editing(page.request).editor.open, edit.name)
    if opened.tag != edit.tag:
        return await show_conflict(page, edit, opened)
    checked = await page.read(get_editing(page.request).editor.check, edit.name, edit.text)
    if checked.errors:
        return await show_editor(page, edit, checked=checked, status=422)
    rehearsal, problem = await rehearse_edit(page, checked, days)
    return await page.render(
        "rules_review.html",
        status,
        opened=replace(opened, refusal=refuse_edit(page.snapshot, opened)),
        edit=edit,
        checked=checked,
        days=days,
        periods=REHEARSAL_DAYS,
        rehearsal=rehearsal,
        problem=problem,
    )


async def show_conflict(page: Page, edit: TypedEdit, opened: OpenedFile) -> Response:
    """Return the page of the editor, because the file was changed after the reader had opened it.

    The page has the typed text, and a comparison of three texts: the file as it was opened, the file as it is now, and
    the typed text.
    """
    compared = await page.read(get_editing(page.request).editor.compare, edit.name, edit.text, edit.tag)
    return await show_editor(page, TypedEdit(edit.name, edit.text, opened.tag), conflict=compared, status=409)


async def rehearse_edit(page: Page, checked: CheckedEdit, days: int) -> tuple[Rehearsal | None, str]:
    """Try an edit of the configuration on the stored articles of the last ``days`` days, without saving the edit.

    Return a pair: the rehearsal, which has the hits that the edit would add and remove, and an empty text. If the
    rehearsal is not possible, or if the edit changes neither people nor rules, the pair is None and the reason. For a
    text with errors, the pair is None and an empty text.
    """
    configuration = checked.configuration
    if configuration is None:
        return None, ""
    if configuration.watchlist == page.snapshot.configuration.watchlist:
        return None, "The edit changes neither people nor rules."
    try:
        return await run_until_left(
            page.request, get_editing(page.request).rehearsals.run(configuration, days, page.now)
        ), ""
    except MonitorError as error:  # the edit can be saved without a rehearsal
        return None, f"The rehearsal was not possible: {error}."


@router.post("/rules/save")
async def save(page: PageDependency) -> Response:
    """Save an edited text. If the reader has not reviewed exactly this text, show the review page instead."""
    fields, edit = await read_edit(page)
    if fields.get("seen") != edit.text_hash:
        return await show_review(page, edit, REHEARSAL_DAYS[1])
    opened = await page.read(get_editing(page.request).editor.open, edit.name)
    if refusal := refuse_edit(page.snapshot, opened):
        raise EditNotAllowed(f"nothing was saved: {refusal}")
    service = await page.context.feedback()
    actor = await service.get_actor(page.account.login, Way.PAGE)
    is_confirmed = fields.get("confirmed") == "on"
    try:
        change = (
            await get_editing(page.request)
            .service(page.context, page.snapshot)
            .save(edit.name, edit.text, edit.tag, actor, is_confirmed=is_confirmed)
        )
    except EditConflict:
        return await show_conflict(page, edit, await page.read(get_editing(page.request).editor.open, edit.name))
    except ConfigError as error:
        checked = CheckedEdit(edit.tag, error.issues, error.warnings)
        return await show_editor(page, edit, checked=checked, status=422)
    part = edit.part.number if edit.part else ""
    return page.redirect(make_url("/rules", file=edit.name if not opened.is_main else "", part=part, done=change.id))

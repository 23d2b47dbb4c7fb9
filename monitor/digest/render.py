"""Digest rendering: email HTML, plain text, web page, webhook payload, Atom feed and chat paragraphs.

The email HTML is limited to the size that mail programs show. All other formats are complete.
"""

import hashlib
from collections.abc import Sequence

from monitor.digest.payload import build_payload, encode_payload, format_utc
from monitor.digest.presenter import present_digest
from monitor.digest.templating import MAX_REFERENCES, render_template
from monitor.digest.views import DigestView, ItemView, SectionView, StoryLink, StoryView
from monitor.domain.delivery import RenderedDigest
from monitor.domain.digest import Digest, DigestStory
from monitor.domain.values import replace
from monitor.text.sanitize import truncate_text

MAX_QUOTE_CHARS = 280


def _format_source_line(item: ItemView, story: StoryView) -> str:
    return ", ".join(part for part in (item.outlet, item.time, story.outlet_label) if part)


def _format_changes(item: ItemView) -> list[str]:
    """Return lines of plain text that describe the changes of an article.

    The text before a change and the text after it are on separate lines.
    """
    lines = [item.note] if item.note else []
    for change in item.changes:
        lines.append(f"{change.label}:")
        lines += [f"- {truncate_text(change.before, MAX_QUOTE_CHARS)}"] if change.before else []
        lines += [f"+ {truncate_text(change.after, MAX_QUOTE_CHARS)}"] if change.after else []
    return lines


def _format_story(section: SectionView, story: StoryView) -> str:
    lead = story.lead
    badge = f"{lead.label.upper()}: " if lead.label else ""
    lines = [f"{section.name}: {badge}{lead.title}", _format_source_line(lead, story), *_format_changes(lead)]
    lines += [f"“{truncate_text(passage.text, MAX_QUOTE_CHARS)}”" for passage in lead.passages[:1]]
    return "\n".join(line for line in [*lines, lead.url] if line)


def render_chat_paragraphs(view: DigestView) -> tuple[str, ...]:
    """Render a digest as paragraphs of plain text: a head, one paragraph for each story, and the failing sources."""
    prefix = "OVERDUE: " if view.is_overdue else ""
    head = "\n".join([f"{prefix}{view.title}, {view.period} ({view.timezone})", view.summary, *view.notices])
    stories = [_format_story(section, story) for section in view.sections for story in section.stories]
    faults = [
        ". ".join(
            part
            for part in (
                f"{fault.outlet}: {fault.state}{f', {fault.detail}' if fault.detail else ''}",
                f"Suggestion: {fault.suggestion}" if fault.suggestion else "",
            )
            if part
        )
        for fault in view.coverage.failing_sources
    ]
    return (head, *stories, *(["\n".join(["Sources with problems:", *faults])] if faults else []))


# With more bytes than the first limit, stories have one line each. With more than the second, they are omitted. Gmail
# cuts off at 102 KB.
MAX_FULL_STORIES_HTML_BYTES, MAX_HTML_BYTES = 56_000, 92_000
MAX_ALSO_NAMED = 60  # maximum number of officials without a section of their own that an email lists
SIGNED_LINK_BYTES = 110  # number of bytes by which a signed link is longer than its marker, with its tags
MAX_THREADED_STORIES = 5  # a digest with more stories than this starts no mail thread


def _estimate_html_bytes(story: StoryView) -> tuple[int, int]:
    """Return two estimated lengths of a story's HTML in bytes: shown in full, and reduced to one line.

    The estimates are too high rather than too low, so that no email becomes too long.
    """
    lead, items = story.lead, (story.lead, *story.reports)
    brief = 360 + _count_bytes(lead.title, lead.url, lead.outlet, lead.extent_note)
    changes = sum(300 + _count_bytes(change.before, change.after) for item in items for change in item.changes)
    passages = [*lead.passages[: story.passage_count]]
    if story.passage_count > 1:
        passages += [passage for item in story.reports[:2] for passage in item.passages[:1]]
    quoted = sum(150 + 30 * len(passage.pieces) + _count_bytes(passage.text) for passage in passages)
    reports = sum(
        320 + 30 * len(item.pieces) + _count_bytes(item.title, item.url, item.outlet) for item in story.reports
    )
    copies = sum(30 + _count_bytes(copy.url, copy.outlet, copy.title) for copy in story.also_in[:12])
    head = 150 + 30 * len(lead.pieces) + _count_bytes(*story.other_officials, *lead.rules, story.page_url)
    actions = sum(SIGNED_LINK_BYTES + _count_bytes(action.label, action.url) for action in story.actions[:-1])
    head, brief = head + actions, brief + actions
    return head + brief + changes + quoted + reports + copies, brief


def _count_bytes(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _fit_to_mail_size(view: DigestView) -> DigestView:
    """Shorten the view of a digest so that its HTML fits into one email.

    As many of the first stories as possible are shown in full, and the next ones in one line each. The last ones are
    left out of the HTML and appear only in the plain-text part of the email.
    """
    view = replace(view, also_named=view.also_named[:MAX_ALSO_NAMED])
    shown = [link for one in (*view.sections, *view.also_named) for link in one.also_in[:MAX_REFERENCES]]
    overhead = sum(160 + _count_bytes(section.name) for section in view.also_named)
    overhead += sum(40 + _count_bytes(link.title) for link in shown)
    used, cut, sections = 7_500 + overhead, 0, list[SectionView]()
    for section in view.sections:
        kept = []
        used += 600
        for story in section.stories:
            full, brief = _estimate_html_bytes(story)
            if used + full <= MAX_FULL_STORIES_HTML_BYTES:
                used += full
                kept.append(story)
            elif used + brief <= MAX_HTML_BYTES:
                used += brief
                kept.append(replace(story, is_brief=True))
            else:
                cut += 1
        if kept:
            sections.append(replace(section, stories=tuple(kept)))
    return _drop_dead_anchors(replace(view, sections=tuple(sections), omitted_story_count=cut))


def _drop_dead_anchors(view: DigestView) -> DigestView:
    """Turn links to stories and sections that are not in the email into plain text: the links would lead nowhere."""
    present = {one.anchor for one in (*view.sections, *view.also_named)}
    present |= {story.anchor for section in view.sections for story in section.stories}

    def keep(links: tuple[StoryLink, ...]) -> tuple[StoryLink, ...]:
        return tuple(link if link.anchor in present else replace(link, anchor="") for link in links)

    glance = view.glance and replace(
        view.glance,
        headlines=keep(view.glance.headlines),
        subjects=tuple(one if one.anchor in present else replace(one, anchor="") for one in view.glance.subjects),
    )
    sections = tuple(replace(section, also_in=keep(section.also_in)) for section in view.sections)
    also_named = tuple(replace(section, also_in=keep(section.also_in)) for section in view.also_named)
    return replace(view, glance=glance, sections=sections, also_named=also_named)


def _build_thread_id(digest: Digest, story: DigestStory) -> str:
    """Return the id of a story's mail thread. It is the same in all digests of one digest plan."""
    return "story-" + hashlib.sha256(f"{digest.plan_id}\0{story.id}".encode()).hexdigest()[:32]


def render_digest(
    digest: Digest, template_dir: str = "", web_url: str = "", *, with_page: bool = False, with_links: bool = False
) -> RenderedDigest:
    """Render a digest in all output formats.

    ``template_dir`` is a folder with the user's own versions of templates (``digest.html``, ``story.html``,
    ``digest.txt`` and others). ``web_url`` is the address of the desk, to which stories link, or empty. If
    ``with_page`` is true, the web page for the folder channel is also rendered. If ``with_links`` is true, stories have
    markers, which ``links.py`` replaces by signed feedback links when the digest is sent.
    """
    view = present_digest(digest, web_url, with_links=with_links)
    mail_view = _fit_to_mail_size(view)
    text, text_problem = render_template("digest.txt", template_dir, view=view)
    html, html_problem = render_template("digest.html", template_dir, view=mail_view, page=False)
    stories = digest.stories if len(digest.stories) <= MAX_THREADED_STORIES else ()
    return RenderedDigest(
        view.subject,
        text,
        html,
        encode_payload(build_payload(digest)),
        tuple(_build_thread_id(digest, story) for story in stories),
        render_chat_paragraphs(view),
        page=render_template("digest.html", template_dir, view=view, page=True)[0] if with_page else "",
        template_problems=tuple(problem for problem in (text_problem, html_problem) if problem),
    )


def render_page(digest: Digest, template_dir: str = "", web_url: str = "") -> str:
    """Render a digest as a web page with all stories in full. The page's content security policy forbids scripts."""
    page, _ = render_template("digest.html", template_dir, view=present_digest(digest, web_url), page=True)
    return page


def render_atom(digests: Sequence[Digest], digest_id: str, title: str, url: str = "", template_dir: str = "") -> str:
    """Render sent digests, given newest first, as an Atom feed with one entry for each story."""
    entries: list[dict[str, object]] = []
    for digest in digests:
        view = present_digest(digest)
        for section in view.sections:
            for story in section.stories:
                html, _ = render_template("entry.html", template_dir, story=story, page=False)
                key = hashlib.sha256(f"{format_utc(digest.window.start_at)}\0{story.lead.url}".encode()).hexdigest()[
                    :24
                ]
                head = f"{story.lead.badge}: " if story.lead.badge else ""
                entries.append(
                    {
                        "title": f"{head}{story.lead.title}",
                        "key": key,
                        "updated": format_utc(digest.composed_at),
                        "section": section.name,
                        "story": story,
                        "html": html,
                    }
                )
    updated = format_utc(max(digest.composed_at for digest in digests)) if digests else "1970-01-01T00:00:00Z"
    feed, _ = render_template(
        "digest.atom", template_dir, id=digest_id, title=title, url=url, updated=updated, entries=entries
    )
    return feed

"""A digest as short paragraphs of plain text, one a story, for chat services."""

from monitor.digest.view import DigestView, ItemView, SectionView, StoryView
from monitor.text.visible import truncate_text

MAX_QUOTE_CHARS = 280  # characters


def _format_source_line(item: ItemView, story: StoryView) -> str:
    more = len(story.reports) + len(story.also_in)
    parts = (item.outlet, item.time, f"{more} more {'report' if more == 1 else 'reports'}" if more else "")
    return ", ".join(part for part in parts if part)


def _format_story(section: SectionView, story: StoryView) -> str:
    lead = story.lead
    badge = f"{lead.badge.upper()}: " if lead.badge else ""
    lines = [f"{section.name}: {badge}{lead.title}", _format_source_line(lead, story), lead.note]
    lines += [f"“{truncate_text(passage.text, MAX_QUOTE_CHARS)}”" for passage in lead.passages[:1]]
    return "\n".join(line for line in [*lines, lead.url] if line)


def render_chat_paragraphs(view: DigestView) -> tuple[str, ...]:
    """Return the digest's head, one paragraph a story, and the proof of coverage."""
    late = "LATE: " if view.is_overdue else ""
    head = "\n".join([f"{late}{view.title}, {view.period} ({view.timezone})", view.summary, *view.notices])
    stories = [_format_story(section, story) for section in view.sections for story in section.stories]
    faults = [
        ". ".join(
            part
            for part in (
                f"{fault.outlet}: {fault.state}{f', {fault.detail}' if fault.detail else ''}",
                f"What helps: {fault.suggestion}" if fault.suggestion else "",
            )
            if part
        )
        for fault in view.coverage.failing_sources
    ]
    return (head, *stories, *(["\n".join(["Sources not read as they should be:", *faults])] if faults else []))

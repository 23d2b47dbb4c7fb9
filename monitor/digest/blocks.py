"""A digest as short paragraphs of plain text, one a story, for chat services."""

from monitor.digest.view import ItemView, SectionView, StoryView, View
from monitor.text.visible import clip

QUOTE = 280  # characters


def _where(item: ItemView, story: StoryView) -> str:
    more = len(story.reports) + len(story.also_in)
    parts = (item.outlet, item.time, f"{more} more {'report' if more == 1 else 'reports'}" if more else "")
    return ", ".join(part for part in parts if part)


def _story(section: SectionView, story: StoryView) -> str:
    lead = story.lead
    badge = f"{lead.badge.upper()}: " if lead.badge else ""
    lines = [f"{section.name}: {badge}{lead.title}", _where(lead, story), lead.note]
    lines += [f"“{clip(passage.text, QUOTE)}”" for passage in lead.passages[:1]]
    return "\n".join(line for line in [*lines, lead.url] if line)


def blocks(view: View) -> tuple[str, ...]:
    """Return the digest's head, one paragraph a story, and the proof of coverage."""
    late = "LATE: " if view.late else ""
    head = "\n".join([f"{late}{view.title}, {view.period} ({view.zone})", view.summary, *view.notices])
    stories = [_story(section, story) for section in view.sections for story in section.stories]
    faults = [
        ". ".join(
            part
            for part in (
                f"{fault.outlet}: {fault.state}{f', {fault.detail}' if fault.detail else ''}",
                f"What helps: {fault.remedy}" if fault.remedy else "",
            )
            if part
        )
        for fault in view.coverage.faults
    ]
    return (head, *stories, *(["\n".join(["Sources not read as they should be:", *faults])] if faults else []))

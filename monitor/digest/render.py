"""A digest in every form a channel may want: mail, plain text, web page, data, Atom feed.

The templates are sandboxed and may be overridden from a folder; a faulty override never costs a digest, it is
rendered with the template it replaces and the reader is told.
"""

import hashlib
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.digest.blocks import blocks
from monitor.digest.payload import describe, encode, iso
from monitor.digest.present import present
from monitor.digest.view import SectionView, StoryView, View
from monitor.domain.delivery import Rendered
from monitor.domain.digest import Digest, DigestStory
from monitor.text.visible import visible

FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Noto Sans','Noto Sans Lao',Helvetica,Arial,sans-serif"
WIDTH = 72  # columns of the plain text part
FULL, WHOLE = 56_000, 92_000  # bytes of HTML: where stories become one line, and where they end; Gmail cuts at 102 KB
MOST_QUOTES = 3
THREADED = 5  # stories: a longer digest belongs to no conversation


def _columns(text: str) -> int:
    """Count the columns a terminal needs."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _fold(text: str, indent: str = "") -> str:
    """Wrap for the plain text part; further lines begin with ``indent``."""
    lines = textwrap.wrap(
        visible(text), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return f"\n{indent}".join(lines)


def _escapes(name: str | None) -> bool:
    return name is None or not name.endswith(".txt")


@lru_cache(maxsize=8)
def _environment(folder: str) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [PackageLoader("monitor.digest")]
    if folder:
        loaders.insert(0, FileSystemLoader(folder))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders), autoescape=_escapes, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters.update(fold=_fold, width=_columns)
    environment.globals["font"] = FONT
    return environment


def _fill(name: str, folder: str, **context: Any) -> tuple[str, str]:
    """Fill a template; if an override fails, the built-in one with a sentence on what was wrong."""
    try:
        return _environment(folder).get_template(name).render(context), ""
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        if not folder:
            raise
        where = f" line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        fault = f"The template {name}{where} in the templates folder failed ({error}); the built-in one was used."
        return _environment("").get_template(name).render(context), fault


def _weigh(story: StoryView) -> tuple[int, int]:
    """Estimate a story's bytes of HTML in full and as one line."""
    texts = [story.lead.title, story.lead.url, story.lead.note]
    brief = 420 + sum(len(text.encode()) for text in texts)
    passages = sum(180 + 2 * len(p.text.encode()) for p in story.lead.passages[:3])
    reports = sum(460 + len(item.url) + 2 * len(item.title.encode()) for item in story.reports)
    quoted = sum(180 + 2 * len(p.text.encode()) for item in story.reports[:2] for p in item.passages[:1])
    copies = sum(100 + len(copy.url) + len(copy.outlet.encode()) for copy in story.also_in[:12])
    return brief + 700 + passages + reports + quoted + copies, brief


def _fitted(view: View) -> View:
    """Fit a view into one mail: the first stories in full, then one line each, the rest in the text part."""
    used, cut, sections = 9_000, 0, list[SectionView]()
    for section in view.sections:
        kept = []
        used += 3_200 if section.chart else 700
        for story in section.stories:
            full, brief = _weigh(story)
            if used + full <= FULL:
                used += full
                kept.append(story)
            elif used + brief <= WHOLE:
                used += brief
                kept.append(replace(story, brief=True))
            else:
                cut += 1
        if kept:
            sections.append(replace(section, stories=tuple(kept)))
    return replace(view, sections=tuple(sections), cut=cut)


def _quotes(view: View) -> int:
    """Say how many passages a story shows: a long digest is to be read quickly."""
    return MOST_QUOTES if view.stories <= THREADED else 2


def _root(digest: Digest, story: DigestStory) -> str:
    """Name the conversation of a story: stable over all digests of the same name."""
    return "story-" + hashlib.sha256(f"{digest.id}\0{story.id}".encode()).hexdigest()[:32]


def render(digest: Digest, templates: str = "") -> Rendered:
    """Render a digest. ``templates`` is a folder of overrides (``digest.html``, ``story.html``, ``digest.txt`` ...)."""
    view = present(digest)
    text, text_fault = _fill("digest.txt", templates, view=view)
    html, html_fault = _fill("digest.html", templates, view=_fitted(view), quotes=_quotes(view), page=False)
    faults = tuple(fault for fault in (text_fault, html_fault) if fault)
    if faults:
        return render(replace(digest, notices=(*digest.notices, *faults)))
    stories = digest.stories if len(digest.stories) <= THREADED else ()
    references = tuple(_root(digest, story) for story in stories)
    return Rendered(view.subject, text, html, encode(describe(digest)), references, blocks(view))


def render_page(digest: Digest, templates: str = "") -> str:
    """Render a digest as a web page: every story in full, and a policy under which no script runs."""
    page, _ = _fill("digest.html", templates, view=present(digest), quotes=MOST_QUOTES, page=True)
    return page


def render_atom(digests: Sequence[Digest], digest_id: str, title: str, url: str = "", templates: str = "") -> str:
    """Render past digests, newest first, as an Atom feed with one entry a story."""
    entries: list[dict[str, object]] = []
    for digest in digests:
        view = present(digest)
        for section in view.sections:
            for story in section.stories:
                html, _ = _fill("entry.html", templates, story=story, quotes=_quotes(view))
                key = hashlib.sha256(f"{iso(digest.window.start_at)}\0{story.lead.url}".encode()).hexdigest()[:24]
                head = f"{story.lead.badge}: " if story.lead.badge else ""
                entries.append(
                    {
                        "title": f"{head}{story.lead.title}",
                        "key": key,
                        "updated": iso(digest.composed_at),
                        "section": section.name,
                        "story": story,
                        "html": html,
                    }
                )
    updated = iso(max(digest.composed_at for digest in digests)) if digests else "1970-01-01T00:00:00Z"
    feed, _ = _fill("digest.atom", templates, id=digest_id, title=title, url=url, updated=updated, entries=entries)
    return feed

"""The offline news world of ``seeds/``: outlets and their articles, rendered as their servers would give them.

An outlet is a folder: ``outlet.yaml`` (name, language, addresses), Jinja templates for its pages and its feed, and
``articles/*.html``, each a fragment under a YAML head. Times are written as ages ("3h", "2d") and filled in when the
world opens, so it is always today's news. ``NAME@2.html`` replaces ``NAME.html`` in the second edition, and a head
with ``edition: 2`` appears in it: that is how a correction comes about.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

SEEDS_FOLDER = Path(__file__).parents[1] / "seeds"
SECOND_EDITION = 2
AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet as ``outlet.yaml`` describes it; ``pages`` maps a path to the template that fills it."""

    id: str
    name: str
    language: str
    article: str
    pages: Mapping[str, str]
    types: Mapping[str, str]
    zone: timezone
    encoding: str = "utf-8"
    form: Literal["NFC", "NFD"] = "NFC"

    @property
    def folder(self) -> Path:
        """Where its templates and articles lie."""
        return SEEDS_FOLDER / "outlets" / self.id


@dataclass(frozen=True, slots=True)
class Resource:
    """One answer of a server."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Edition:
    """All that an outlet serves at one time: resources by path, and its articles' paths by their name in the
    annotations (``outlet/slug``, with ``@2`` when the text is of the second edition).
    """

    resources: Mapping[str, Resource]
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArticleTemplate:
    """One article as it lies on disk: its head, its body, and the editions of the world it stands in."""

    slug: str
    metadata: Mapping[str, Any]
    body: str
    first_edition: int
    last_edition: int | None = None


def load_outlets() -> list[Outlet]:
    """Read every outlet's description, in the order of their folders."""
    outlets = []
    for path in sorted((SEEDS_FOLDER / "outlets").glob("*/outlet.yaml")):
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
        fields["zone"] = timezone(timedelta(hours=fields.get("zone", 7)))
        outlets.append(Outlet(id=path.parent.name, **fields))
    return outlets


def parse_age(text: str) -> timedelta:
    """Read "3h", "45m" or "2d"."""
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if found is None:
        raise ValueError(f"an age looks like 3h, 45m or 2d, not {text!r}")
    return timedelta(**{AGE_UNITS[found[2]]: int(found[1])})


def load_article_templates(outlet: Outlet) -> list[ArticleTemplate]:
    """Read an outlet's articles, both editions of those that have two."""
    fragments = []
    for path in sorted((outlet.folder / "articles").glob("*.html")):
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        fields = yaml.safe_load(head)
        slug, _, second = path.stem.partition("@")
        replaced = path.with_name(f"{slug}@2.html").exists() and not second
        first = int(second or fields.get("edition", 1))
        fragments.append(ArticleTemplate(slug, fields, body.strip(), first, 1 if replaced else None))
    return fragments


def render_outlet(outlet: Outlet, base_url: str, started_at: datetime, edition: int) -> Edition:
    """Render one edition of an outlet. ``base`` is its address without a slash at the end."""
    now = started_at.astimezone(outlet.zone)
    environment = _build_environment(outlet, now)
    articles = [
        _render_article(environment, outlet, fragment, base_url, now)
        for fragment in load_article_templates(outlet)
        if fragment.first_edition <= edition <= (fragment.last_edition or edition)
    ]
    articles.sort(key=lambda article: article["published"] or now - timedelta(hours=10), reverse=True)
    shared = {"outlet": outlet, "base": base_url, "articles": articles, "now": now, "edition": edition}
    rendered = {article["path"]: ("page.html", {"article": article}) for article in articles}
    rendered |= {path: (name, {}) for path, name in outlet.pages.items()}
    resources = {
        path: _encode_resource(outlet, name, environment.get_template(name).render(shared | extra))
        for path, (name, extra) in rendered.items()
    }
    resources["/robots.txt"] = Resource("text/plain", b"User-agent: *\nDisallow: /search\n")
    return Edition(resources, {article["document"]: article["path"] for article in articles})


def _build_environment(outlet: Outlet, now: datetime) -> Environment:
    environment = Environment(loader=FileSystemLoader(outlet.folder), undefined=StrictUndefined, autoescape=True)
    environment.globals["ago"] = lambda text: now - parse_age(text)
    environment.filters["date"] = lambda moment, pattern: moment.strftime(pattern)
    environment.filters["rss"] = format_datetime
    environment.filters["iso"] = lambda moment: moment.isoformat(timespec="seconds")
    return environment


def _render_article(
    environment: Environment, outlet: Outlet, template: ArticleTemplate, base_url: str, now: datetime
) -> dict[str, Any]:
    """Join head and body into what the templates see; absent fields of the head are empty."""
    fields = {"title": "", "summary": "", "section": "", "agency": "", "author": "", "image": "", "caption": ""}
    fields |= template.metadata
    published = now - parse_age(fields["published"]) if fields.get("published") else None
    path = outlet.article.format(slug=template.slug, date=(published or now).strftime("%Y/%m/%d"))
    updated = now - parse_age(fields["updated"]) if fields.get("updated") else published
    body = environment.from_string(template.body).render()
    document = f"{outlet.id}/{template.slug}" + ("@2" if template.first_edition == SECOND_EDITION else "")
    known = {"document": document, "slug": template.slug, "path": path, "url": base_url + path, "body": body}
    return fields | known | {"published": published, "updated": updated}


def _encode_resource(outlet: Outlet, template_name: str, text: str) -> Resource:
    encoding = outlet.encoding if template_name.endswith(".html") else "utf-8"
    kind = outlet.types.get(template_name, f"text/html; charset={encoding}")
    return Resource(kind, unicodedata.normalize(outlet.form, text).encode(encoding, "xmlcharrefreplace"))
